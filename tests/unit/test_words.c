#include "storage/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARENA_BYTES (4 << 20)

/* The words of a text, between bars. */
static const char *cut(struct arena *arena, enum words_use use, const char *text)
{
    struct words words = {.arena = arena, .use = use, .max = 64};
    char *all = arena_strdup(arena, "|");
    assert_int_equal(words_add(&words, text), OK);
    for (size_t i = 0; i < words.n; i++)
        all = arena_printf(arena, "%s%s|", all, words.item[i]);
    return all;
}

static void must_be(enum words_use use, const char *text, const char *wanted)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    assert_string_equal(cut(&arena, use, text), wanted);
}

/* Both are found by each other. */
static void must_be_same(const char *a, const char *b)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    assert_string_equal(cut(&arena, WORDS_STORED, a), cut(&arena, WORDS_STORED, b));
}

static void words_end_at_blanks_signs_and_apostrophes(void **state)
{
    (void)state;
    must_be(WORDS_STORED, "Give 2.5 mg, not 25! (q4h)", "|give|2.5|mg|not|25|q4h|");
    must_be(WORDS_STORED, "don't l'h\xC3\xB4pital l\xE2\x80\x99\xC3\xA9t\xC3\xA9",
            "|don|t|l|hopital|l|ete|");
    must_be(WORDS_STORED, "anna.mueller_2@clinic.example", "|anna|mueller|2|clinic|example|");
    must_be(WORDS_STORED, "1,000 1. 3.", "|1,000|1|3|");
    must_be(WORDS_STORED, " \t.,;", "|");
}

static void case_and_accents_are_no_difference(void **state)
{
    (void)state;
    must_be_same("M\xC3\xBCller", "MULLER");
    must_be_same("u\xCC\x88"
                 "bel",
                 "\xC3\xBC"
                 "bel"); /* a combining mark, or one letter */
    must_be_same("Stra\xC3\x9F"
                 "e",
                 "STRASSE");
    must_be_same("\xC5\x81\xC3\xB3"
                 "d\xC5\xBA",
                 "lodz");
    must_be_same("S\xC3\xB8ren", "soren");
    must_be_same("\xEF\xAC\x81"
                 "brosis",
                 "fibrosis");                       /* the ligature fi */
    must_be_same("\xEF\xBC\xA1\xEF\xBC\xA2", "ab"); /* full-width letters */
}

static void turkish_i_with_and_without_a_dot_find_each_other(void **state)
{
    (void)state;
    must_be_same("\xC4\xB0STANBUL", "istanbul");
    must_be_same("\xC4\xB1stanbul", "ISTANBUL");
}

static void greek_and_cyrillic_fold(void **state)
{
    (void)state;
    must_be_same("\xCE\x9F\xCE\x94\xCE\x9F\xCE\xA3", "\xCE\xBF\xCE\xB4\xCF\x8C\xCF\x82");
    must_be_same("\xD0\x81\xD0\xBB\xD0\xBA\xD0\xB0", "\xD0\xB5\xD0\xBB\xD0\xBA\xD0\xB0");
}

static void points_of_hebrew_and_arabic_are_no_difference(void **state)
{
    (void)state;
    /* shalom, with points and without */
    must_be_same("\xD7\xA9\xD6\xB8\xD7\x81\xD7\x9C\xD7\x95\xD6\xB9\xD7\x9D",
                 "\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D");
    /* kitab, with vowels and a tatweel, and without; ahmad, with hamza and without */
    must_be_same("\xD9\x83\xD9\x90\xD8\xAA\xD9\x80\xD9\x8E\xD8\xA7\xD8\xA8",
                 "\xD9\x83\xD8\xAA\xD8\xA7\xD8\xA8");
    must_be_same("\xD8\xA3\xD8\xAD\xD9\x85\xD8\xAF", "\xD8\xA7\xD8\xAD\xD9\x85\xD8\xAF");
}

static void chinese_is_found_by_characters_and_pairs(void **state)
{
    (void)state;
    must_be(WORDS_STORED, "\xE4\xB8\x9C\xE4\xBA\xAC\xE9\x83\xBD",
            "|\xE4\xB8\x9C|\xE4\xB8\x9C\xE4\xBA\xAC|\xE4\xBA\xAC|\xE4\xBA\xAC\xE9\x83\xBD|"
            "\xE9\x83\xBD|");
    must_be(WORDS_ASKED, "\xE4\xBA\xAC\xE9\x83\xBD", "|\xE4\xBA\xAC\xE9\x83\xBD|");
    must_be(WORDS_ASKED, "\xE4\xBA\xAC", "|\xE4\xBA\xAC|");
    must_be(WORDS_SPOKEN, "\xE4\xBA\xAC\xE9\x83\xBD!", "|\xE4\xBA\xAC|\xE9\x83\xBD|");
    /* a Latin word inside stays one */
    must_be(WORDS_ASKED, "\xE7\x94\xA8MRI\xE6\x9F\xA5", "|\xE7\x94\xA8|mri|\xE6\x9F\xA5|");
}

static void japanese_kana_keep_their_voice_marks(void **state)
{
    (void)state;
    must_be(WORDS_ASKED, "\xE3\x81\x8C\xE3\x82\x93", "|\xE3\x81\x8C\xE3\x82\x93|");
    must_be_same("\xE3\x81\x8B\xE3\x82\x99", "\xE3\x81\x8C");             /* ka + voice mark, ga */
    must_be_same("\xEF\xBD\xB1\xEF\xBD\xB2", "\xE3\x82\xA2\xE3\x82\xA4"); /* half-width a i */
}

static void thai_is_cut_into_characters_with_their_vowel_signs(void **state)
{
    (void)state;
    /* "thi": a consonant with two marks is one character */
    must_be(WORDS_SPOKEN, "\xE0\xB8\x97\xE0\xB8\xB5\xE0\xB9\x88\xE0\xB8\x81",
            "|\xE0\xB8\x97\xE0\xB8\xB5\xE0\xB9\x88|\xE0\xB8\x81|");
}

static void korean_words_are_found_without_their_particles(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    const char *stored =
        cut(&arena, WORDS_STORED, "\xEC\x84\x9C\xEC\x9A\xB8\xEC\x97\x90\xEC\x84\x9C");
    assert_non_null(strstr(stored, cut(&arena, WORDS_ASKED, "\xEC\x84\x9C\xEC\x9A\xB8")));
}

static void an_emoji_is_a_word_whatever_its_colour(void **state)
{
    (void)state;
    must_be(WORDS_STORED, "ok \xF0\x9F\x91\x8D\xF0\x9F\x8F\xBD!", "|ok|\xF0\x9F\x91\x8D|");
    must_be_same("\xE2\x9D\xA4\xEF\xB8\x8F", "\xE2\x9D\xA4"); /* with and without its variation */
}

static void names_are_found_by_how_words_begin(void **state)
{
    (void)state;
    must_be(WORDS_OF_NAME, "\xE6\x9D\x8E\xE6\x98\x8E Li",
            "|\xE6\x9D\x8E\xE6\x98\x8E|\xE6\x98\x8E|li|");
    must_be(WORDS_OF_TYPED, "\xE6\x9D\x8E\xE6\x98\x8E", "|\xE6\x9D\x8E\xE6\x98\x8E|");
}

static void markup_is_no_text_and_blocks_end_words(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    struct words words = {.arena = &arena, .use = WORDS_STORED, .max = 64};
    static const char *const wanted[] = {"one", "two", "three", "a", "b", "bob", "fish", "chips"};
    assert_int_equal(
        words_add_html(&words, "<p class=\"x\">o<b>ne</b><br>two</p><p>three</p><pre>a&lt;b</pre>"
                               "@<span>bob</span> fish&amp;chips"),
        OK);
    assert_int_equal(words.n, COUNT(wanted));
    for (size_t i = 0; i < COUNT(wanted); i++)
        assert_string_equal(words.item[i], wanted[i]);
}

static void sizes_are_bounded(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)64 << 20);
    struct words words = {.arena = &arena, .use = WORDS_STORED, .max = 3};
    assert_int_equal(words_add(&words, "a b c d"), OK);
    assert_int_equal(words.n, 3);
    size_t n = 3 * WORDS_TEXT_MAX_BYTES;
    AUTO(xfree) char *big = xcalloc(n + 1, 1);
    memset(big, 'x', n);
    words = (struct words){.arena = &arena, .use = WORDS_STORED, .max = 8};
    assert_int_equal(words_add(&words, big), OK);
    assert_int_equal(words.n, 1);
    assert_int_equal(strlen(words.item[0]), WORD_MAX_BYTES);
    for (size_t i = 0; i + 3 <= n; i += 3)
        memcpy(big + i, "\xE4\xB8\x9C", 3); /* cut between characters */
    words.n = 0;
    assert_int_equal(words_add_html(&words, big), OK);
    assert_int_equal(words.n, 8);
}

static void a_set_has_each_word_once(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    struct words words = {.arena = &arena, .use = WORDS_STORED, .max = 64};
    assert_int_equal(words_add(&words, "b a b c a"), OK);
    words_sort(&words);
    assert_int_equal(words.n, 3);
    assert_string_equal(words.item[0], "a");
    assert_true(words_contain(&words, "c"));
    assert_false(words_contain(&words, "d"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_end_at_blanks_signs_and_apostrophes),
        cmocka_unit_test(case_and_accents_are_no_difference),
        cmocka_unit_test(turkish_i_with_and_without_a_dot_find_each_other),
        cmocka_unit_test(greek_and_cyrillic_fold),
        cmocka_unit_test(points_of_hebrew_and_arabic_are_no_difference),
        cmocka_unit_test(chinese_is_found_by_characters_and_pairs),
        cmocka_unit_test(japanese_kana_keep_their_voice_marks),
        cmocka_unit_test(thai_is_cut_into_characters_with_their_vowel_signs),
        cmocka_unit_test(korean_words_are_found_without_their_particles),
        cmocka_unit_test(an_emoji_is_a_word_whatever_its_colour),
        cmocka_unit_test(names_are_found_by_how_words_begin),
        cmocka_unit_test(markup_is_no_text_and_blocks_end_words),
        cmocka_unit_test(sizes_are_bounded),
        cmocka_unit_test(a_set_has_each_word_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
