#include "node/cli/shown.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct shown_quote quoted;

/* What a command writes about `post`: malloc'd. */
static char *show(const Post *post, bool is_json)
{
    char *text = NULL;
    size_t n;
    FILE *file = open_memstream(&text, &n);
    struct output out;
    output_init(&out, file, is_json);
    output_begin(&out, OUTPUT_THING);
    assert_int_equal(shown_post(&out, post, &quoted), OK);
    output_end(&out);
    output_clear(&out);
    fclose(file);
    return text;
}

static void expect_line(const Post *post, const char *line)
{
    char *text = show(post, false);
    char *expected = NULL;
    assert_true(asprintf(&expected, "text: %s\n", line) > 0);
    assert_string_equal(text, expected);
    free(expected);
    free(text);
}

static void expect_json(const Post *post, const char *part)
{
    char *text = show(post, true);
    if (!strstr(text, part))
        fail_msg("%s is not in %s", part, text);
    free(text);
}

static Post post_of(const char *type, const char *html)
{
    Post post = POST__INIT;
    post.uri = (char *)"https://a.example/1";
    post.url = (char *)"https://a.example/@u/1";
    post.type = (char *)type;
    post.content_html = (char *)html;
    return post;
}

static void a_note_is_its_text(void **state)
{
    (void)state;
    Post post = post_of("Note", "<p>one &amp; all</p><p>two</p>");
    expect_line(&post, "one & all / two");
    expect_json(&post, "\"text\":\"one & all\\ntwo\",\"translations\":{},\"poll\":null,"
                       "\"starts\":null,\"ends\":null,\"location\":null,\"attachments\":[],"
                       "\"quote\":null,\"approval\":null,\"shortened\":false,\"original\":null");
}

static void a_warning_comes_before_the_text(void **state)
{
    (void)state;
    Post post = post_of("Note", "<p>blood</p>");
    post.summary = (char *)"surgery";
    expect_line(&post, "[CW: surgery] / blood");
    expect_json(&post, "\"cw\":\"surgery\"");
}

static void a_poll_has_its_counts_and_end(void **state)
{
    (void)state;
    PollOption yes = POLL_OPTION__INIT, no = POLL_OPTION__INIT, *options[] = {&yes, &no};
    Poll poll = POLL__INIT;
    Post post = post_of("Question", "<p>tea?</p>");
    yes.name = (char *)"yes", yes.votes = 3;
    no.name = (char *)"no \"thanks\"";
    poll.options = options, poll.n_options = 2;
    poll.ends_ms = 1767312000000;
    poll.voters = 3;
    post.poll = &poll;
    expect_line(&post, "tea? / [poll, one of: yes (3), no \"thanks\" (0); until 2026-01-02 00:00; "
                       "3 voters]");
    expect_json(&post, "\"poll\":{\"multiple\":false,\"ends\":\"2026-01-02T00:00:00.000Z\","
                       "\"closed\":null,\"voters\":3,\"options\":[{\"name\":\"yes\",\"votes\":3},"
                       "{\"name\":\"no \\\"thanks\\\"\",\"votes\":0}]}");
    poll.closed_ms = 1;
    poll.is_multiple = true;
    expect_line(&post, "tea? / [poll, any of: yes (3), no \"thanks\" (0); closed; 3 voters]");
}

static void an_event_has_time_place_and_a_link(void **state)
{
    (void)state;
    Post post = post_of("Event", "");
    post.name = (char *)"Round";
    post.starts_ms = 1767312000000;
    post.ends_ms = post.starts_ms + 3600000;
    post.location = (char *)"Hall";
    expect_line(&post, "Round / [2026-01-02 00:00 to 2026-01-02 01:00, Hall] / "
                       "https://a.example/@u/1");
    expect_json(&post, "\"starts\":\"2026-01-02T00:00:00.000Z\",\"ends\":"
                       "\"2026-01-02T01:00:00.000Z\",\"location\":\"Hall\"");
    post.starts_ms = post.ends_ms = 0;
    expect_line(&post, "Round / [Hall] / https://a.example/@u/1");
}

static void articles_pages_and_videos_link_to_the_original(void **state)
{
    (void)state;
    static const char *const types[] = {"Article", "Page", "Video", "Audio", "Image"};
    for (size_t i = 0; i < COUNT(types); i++) {
        Post post = post_of(types[i], "<p>x</p>");
        post.name = (char *)"Title";
        expect_line(&post, "Title / x / https://a.example/@u/1");
        post.url = (char *)"";
        expect_json(&post, "\"title\":\"Title\"");
        expect_json(&post, "\"original\":\"https://a.example/1\"");
    }
}

static void what_was_shortened_says_so_and_where_the_rest_is(void **state)
{
    (void)state;
    Post post = post_of("Note", "<p>x</p>");
    post.is_cut = true;
    expect_line(&post, "x / (shortened) https://a.example/@u/1");
    expect_json(&post, "\"shortened\":true,\"original\":\"https://a.example/@u/1\"");
}

static void attachments_are_their_descriptions(void **state)
{
    (void)state;
    Attachment image = ATTACHMENT__INIT, file = ATTACHMENT__INIT, *list[] = {&image, &file};
    Post post = post_of("Note", "");
    image.url = (char *)"https://a.example/i.png";
    image.media_type = (char *)"image/png";
    image.description = (char *)"an x-ray";
    file.url = (char *)"https://a.example/f";
    post.attachments = list, post.n_attachments = 2;
    expect_line(&post, "[image: an x-ray] / [file: https://a.example/f]");
    expect_json(&post,
                "\"attachments\":[{\"url\":\"https://a.example/i.png\",\"media_type\":"
                "\"image/png\",\"description\":\"an x-ray\"},{\"url\":\"https://a.example/f\""
                ",\"media_type\":null,\"description\":null}]");
}

static void a_quote_is_shown_as_its_author_allows(void **state)
{
    (void)state;
    Post post = post_of("Note", "<p>see</p>"), other = post_of("Note", "<p>one</p><p>two</p>");
    char words[300] = "";
    post.quote_uri = (char *)"https://b.example/2";
    expect_line(&post, "see / quotes https://b.example/2");
    expect_json(&post, "\"quote\":{\"uri\":\"https://b.example/2\",\"state\":null,"
                       "\"author\":null,\"text\":null},\"approval\":null");
    post.quote_approval = APPROVAL__ASKED;
    expect_line(&post, "see / quotes https://b.example/2 (waiting for approval)");
    expect_json(&post, "\"state\":\"asked\",\"author\":null");
    post.quote_approval = APPROVAL__DECLINED;
    expect_line(&post, "see / quotes https://b.example/2 (not approved)");
    post.quote_approval = APPROVAL__APPROVED;
    quoted = (struct shown_quote){"bob@b.example", &other};
    expect_line(&post, "see / quotes bob@b.example: one two (https://b.example/2)");
    expect_json(&post, "\"state\":\"approved\",\"author\":\"bob@b.example\",\"text\":"
                       "\"one\\ntwo\"}");
    memset(words, 'a', 199);
    memcpy(words + 199, "\xc3\xa9z", 3); /* the cut is within a letter */
    other.content_html = words;
    char *line = show(&post, false);
    assert_non_null(strstr(line, "aaa... (https://b.example/2)"));
    free(line);
    quoted = (struct shown_quote){NULL, NULL};
}

static void a_reply_says_that_it_waits(void **state)
{
    (void)state;
    Post post = post_of("Note", "<p>me first</p>");
    post.reply_approval = APPROVAL__ASKED;
    expect_line(&post, "me first / (waiting for approval)");
    expect_json(&post, "\"quote\":null,\"approval\":\"asked\"");
    post.reply_approval = APPROVAL__DECLINED;
    expect_line(&post, "me first / (not approved)");
    post.reply_approval = APPROVAL__APPROVED;
    expect_line(&post, "me first");
}

static void translations_are_told_in_json(void **state)
{
    (void)state;
    LanguageText de = LANGUAGE_TEXT__INIT, fr = LANGUAGE_TEXT__INIT, *list[] = {&de, &fr};
    Post post = post_of("Note", "<p>bed</p>");
    de.language = (char *)"de", de.content_html = (char *)"<p>Bett</p>";
    fr.language = (char *)"fr", fr.content_html = (char *)"<p>lit</p>";
    post.translations = list, post.n_translations = 2;
    expect_line(&post, "bed");
    expect_json(&post, "\"translations\":{\"de\":\"Bett\",\"fr\":\"lit\"}");
}

static void t83_no_word_of_a_stranger_acts_on_the_terminal(void **state)
{
    (void)state;
    PollOption option = POLL_OPTION__INIT, *options[] = {&option};
    Poll poll = POLL__INIT;
    Post post = post_of("Question", "<p>a\xE2\x80\xAE</p>");
    option.name = (char *)"\x1b[2J\n";
    poll.options = options, poll.n_options = 1;
    post.poll = &poll;
    char *text = show(&post, false);
    assert_null(strchr(text, '\x1b'));
    assert_null(strstr(text, "\xE2\x80\xAE"));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_note_is_its_text),
        cmocka_unit_test(a_warning_comes_before_the_text),
        cmocka_unit_test(a_poll_has_its_counts_and_end),
        cmocka_unit_test(an_event_has_time_place_and_a_link),
        cmocka_unit_test(articles_pages_and_videos_link_to_the_original),
        cmocka_unit_test(what_was_shortened_says_so_and_where_the_rest_is),
        cmocka_unit_test(attachments_are_their_descriptions),
        cmocka_unit_test(a_quote_is_shown_as_its_author_allows),
        cmocka_unit_test(a_reply_says_that_it_waits),
        cmocka_unit_test(translations_are_told_in_json),
        cmocka_unit_test(t83_no_word_of_a_stranger_acts_on_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
