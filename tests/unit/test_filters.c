#include "federation/filters.h"

#include "storage/base/clock.h"
#include "tests/support/builders.h"
#include "tests/support/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OWNER 7

struct scene {
    struct store store;
    struct txn *txn;
    struct arena arena;
};

static int open_scene(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    s->arena = (struct arena)ARENA_INIT(16 << 20);
    s->store = store_open();
    s->txn = store_write(&s->store);
    *state = s;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *s = *state;
    arena_clear(&s->arena);
    txn_end(&s->txn);
    store_close(&s->store);
    free(s);
    return 0;
}

static void add_filter(struct scene *s, const char *text, bool is_whole_word, FilterAction action,
                       int64_t expires_ms)
{
    FilterKeyword keyword = FILTER_KEYWORD__INIT, *keywords[] = {&keyword};
    Filter filter = FILTER__INIT;
    keyword.text = (char *)text;
    keyword.is_whole_word = is_whole_word;
    filter.owner = OWNER;
    filter.title = (char *)"title";
    filter.contexts = FILTER_HOME | FILTER_PUBLIC;
    filter.action = action;
    filter.expires_ms = expires_ms;
    filter.keywords = keywords;
    filter.n_keywords = 1;
    assert_int_equal(filter_add(s->txn, &filter, BUILD_NOW_MS), OK);
}

/* How many filters match a post, at BUILD_NOW_MS. */
static size_t matches(struct scene *s, unsigned contexts, const Post *post)
{
    struct filters *filters;
    struct filter_hit *hits;
    size_t n;
    assert_int_equal(filters_load(s->txn, (actor_id){OWNER}, BUILD_NOW_MS, &s->arena, &filters),
                     OK);
    assert_int_equal(filters_match(filters, contexts, post, &s->arena, &hits, &n), OK);
    return n;
}

static Post post_of(const char *html)
{
    Post post = POST__INIT;
    post.id = 99;
    post.author = 8;
    post.content_html = (char *)html;
    return post;
}

static bool finds(struct scene *s, const char *keyword, bool is_whole_word, const char *html)
{
    Post post = post_of(html);
    bool found;
    add_filter(s, keyword, is_whole_word, FILTER_ACTION__WARN, 0);
    found = matches(s, FILTER_HOME, &post) == 1;
    assert_int_equal(filter_del_all(s->txn, (actor_id){OWNER}), OK);
    return found;
}

static void case_and_form_of_letters_make_no_difference(void **state)
{
    struct scene *s = *state;
    assert_true(finds(s, "linezolid", false, "<p>LINEZOLID is short</p>"));
    assert_true(finds(s, "STRASSE", true, "<p>in der Straße</p>"));
    assert_true(finds(s, "caf\xc3\xa9", true, "<p>at the cafe\xcc\x81 now</p>"));
    assert_true(finds(s, "ward", true, "<p>\xef\xbd\x97\xef\xbd\x81\xef\xbd\x92\xef\xbd\x84</p>"));
    assert_true(finds(s, "\xce\xa3\xce\x8a\xce\xa3\xce\xa5\xce\xa6\xce\x9f\xce\xa3", true,
                      "<p>\xcf\x83\xce\xaf\xcf\x83\xcf\x85\xcf\x86\xce\xbf\xcf\x82</p>"));
    assert_true(finds(s, "a & b", false, "<p>a &amp; b</p>"));
    assert_false(finds(s, "amp", false, "<p>a &amp; b</p>"));
    assert_false(finds(s, "span", false, "<p><span>text</span></p>"));
}

static void a_whole_word_is_not_found_inside_another(void **state)
{
    struct scene *s = *state;
    assert_false(finds(s, "ward", true, "<p>wardrobe, steward, rewarded</p>"));
    assert_true(finds(s, "ward", false, "<p>wardrobe</p>"));
    assert_true(finds(s, "ward", true, "<p>steward and (ward)!</p>"));
    assert_true(finds(s, "#icu", true, "<p>look:#icu</p>"));
    assert_false(finds(s, "#icu", true, "<p>#icus</p>"));
    assert_true(finds(s, "night shift", true, "<p>the night shift.</p>"));
    assert_true(finds(s, "\xf0\x9f\x92\x89", true, "<p>jab\xf0\x9f\x92\x89jab</p>"));
    assert_true(finds(s, "\xe7\x97\x85", true, "<p>\xe7\x9c\x8b\xe7\x97\x85\xe4\xba\xba</p>"));
}

static void every_text_of_a_post_is_looked_at(void **state)
{
    struct scene *s = *state;
    Post empty = post_of("");
    PollOption option = POLL_OPTION__INIT, *options[] = {&option};
    Poll poll = POLL__INIT;
    Attachment attachment = ATTACHMENT__INIT, *attachments[] = {&attachment};
    option.name = attachment.description = (char *)"an MRI scan";
    poll.options = options;
    poll.n_options = 1;
    Post by_name = empty, by_summary = empty, by_poll = empty, by_alt = empty;
    by_name.name = by_summary.summary = (char *)"an MRI scan";
    by_poll.poll = &poll;
    by_alt.attachments = attachments;
    by_alt.n_attachments = 1;
    add_filter(s, "mri", true, FILTER_ACTION__WARN, 0);
    const Post *with[] = {&by_name, &by_summary, &by_poll, &by_alt};
    for (size_t i = 0; i < COUNT(with); i++)
        assert_int_equal(matches(s, FILTER_HOME, with[i]), 1);
    assert_int_equal(matches(s, FILTER_HOME, &empty), 0);
}

static void hostile_keywords_and_texts_do_no_harm(void **state)
{
    struct scene *s = *state;
    static const char *const keywords[] = {".*",
                                           "(",
                                           "[a-",
                                           "\\",
                                           "%s%n",
                                           "\xff\xfe",
                                           "\xc3",
                                           "\xed\xa0\x80",
                                           " ",
                                           "\n",
                                           "\xe2\x80\x8d",
                                           "\xcc\x81",
                                           "\xef\xb7\xba",
                                           "a\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81"};
    char *large = malloc(600001);
    memset(large, 'a', 600000);
    large[600000] = '\0';
    for (size_t i = 0; i < COUNT(keywords); i++) {
        assert_false(finds(s, keywords[i], i % 2 == 0, "<p>text</p>"));
        (void)finds(s, keywords[i], i % 2, large);
    }
    assert_true(finds(s, "aaaa", false, large));
    assert_false(finds(s, "aaaa", true, large));
    for (size_t i = 0; i + 6 < 600000; i += 6) /* as long as it can get when it is folded */
        memcpy(large + i, "\xef\xb7\xba\xef\xb7\xba", 6);
    assert_false(finds(s, "aaaa", true, large));
    free(large);
}

static void an_expired_filter_does_nothing(void **state)
{
    struct scene *s = *state;
    Post post = post_of("<p>word</p>");
    struct filters *filters;
    add_filter(s, "word", true, FILTER_ACTION__HIDE, BUILD_NOW_MS);
    assert_int_equal(matches(s, FILTER_HOME, &post), 0);
    assert_int_equal(filters_load(s->txn, (actor_id){OWNER}, BUILD_NOW_MS, &s->arena, &filters),
                     OK);
    assert_false(filters_hide(filters, FILTER_HOME, &post));
    add_filter(s, "word", true, FILTER_ACTION__HIDE, BUILD_NOW_MS + 1);
    assert_int_equal(matches(s, FILTER_HOME, &post), 1);
}

static void a_filter_works_where_it_shall_and_hides_only_when_it_says_so(void **state)
{
    struct scene *s = *state;
    Post post = post_of("<p>word</p>"), own = post;
    struct filters *filters;
    own.author = OWNER;
    add_filter(s, "word", true, FILTER_ACTION__WARN, 0);
    add_filter(s, "word", true, FILTER_ACTION__BLUR, 0);
    assert_int_equal(filters_load(s->txn, (actor_id){OWNER}, BUILD_NOW_MS, &s->arena, &filters),
                     OK);
    assert_false(filters_hide(filters, FILTER_HOME, &post));
    add_filter(s, "word", true, FILTER_ACTION__HIDE, 0);
    assert_int_equal(filters_load(s->txn, (actor_id){OWNER}, BUILD_NOW_MS, &s->arena, &filters),
                     OK);
    assert_true(filters_hide(filters, FILTER_HOME, &post));
    assert_false(filters_hide(filters, FILTER_THREAD, &post));
    assert_false(filters_hide(filters, FILTER_HOME, &own));
    assert_int_equal(matches(s, FILTER_HOME, &post), 3);
    assert_int_equal(matches(s, FILTER_THREAD, &post), 0);
    assert_int_equal(matches(s, FILTER_HOME, &own), 0);
}

static void a_single_post_can_be_filtered(void **state)
{
    struct scene *s = *state;
    Post post = post_of("<p>word</p>"), other = post;
    FilterPost entry = FILTER_POST__INIT, *entries[] = {&entry};
    Filter filter = FILTER__INIT;
    other.id = 100;
    entry.post = post.id;
    filter.owner = OWNER;
    filter.title = (char *)"title";
    filter.contexts = FILTER_HOME;
    filter.posts = entries;
    filter.n_posts = 1;
    assert_int_equal(filter_add(s->txn, &filter, BUILD_NOW_MS), OK);
    assert_int_equal(matches(s, FILTER_HOME, &post), 1);
    assert_int_equal(matches(s, FILTER_HOME, &other), 0);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(case_and_form_of_letters_make_no_difference),
        SCENE(a_whole_word_is_not_found_inside_another),
        SCENE(every_text_of_a_post_is_looked_at),
        SCENE(hostile_keywords_and_texts_do_no_harm),
        SCENE(an_expired_filter_does_nothing),
        SCENE(a_filter_works_where_it_shall_and_hides_only_when_it_says_so),
        SCENE(a_single_post_can_be_filtered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
