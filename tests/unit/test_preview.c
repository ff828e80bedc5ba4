/* What the link in a post of ours leads to: which links are looked at, and what their page says. */
#include "federation/preview.h"
#include "storage/card.h"
#include "storage/post.h"
#include "tests/support/scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define PAGE "https://page.example/potassium?a=1&b=2"

static const char *const hosts[] = {"page.example"};
static const struct federation_config listing = {.preview_hosts = hosts, .preview_host_count = 1};

static enum err read_head(const char *html, struct arena *arena, Card *out)
{
    return preview_read(bytes_of(html), PAGE, arena, out);
}

static void a_page_is_shown_as_it_describes_itself(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    Card card;
    assert_int_equal(read_head("<head><title>Plain</title>"
                               "<meta name=description content='What &lt;b&gt; to\ndo'>"
                               "<meta property='og:title' content='Potassium &amp; you'>"
                               "<meta property='og:title' content='second'>"
                               "<meta property='og:site_name' content='Guidelines'>"
                               "<meta property='og:image' content='https://page.example/p.png'>"
                               "</head><body><meta property='og:description' content='late'>",
                               &arena, &card),
                     OK);
    assert_string_equal(card.url, PAGE);
    assert_string_equal(card.title, "Potassium & you");
    assert_string_equal(card.description, "What <b> to do");
    assert_string_equal(card.provider, "Guidelines");
    assert_string_equal(card.image_url, "https://page.example/p.png");
    assert_int_equal(read_head("<title>Low\n potassium</title>", &arena, &card), OK);
    assert_string_equal(card.title, "Low potassium");
    assert_string_equal(card.provider, "page.example");
}

static void what_is_no_text_or_no_address_is_left_out(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    Card card;
    char text[2 * PREVIEW_TEXT_MAX_BYTES + 16] = "<title>";
    assert_int_equal(read_head("<body><title>in the body</title>", &arena, &card), ERR_NOTFOUND);
    assert_int_equal(read_head("", &arena, &card), ERR_NOTFOUND);
    assert_int_equal(read_head("<title>\xff\xfe</title>", &arena, &card), ERR_INVALID);
    assert_int_equal(read_head("<title>a\xe2\x80\xae\x1b[31m</title>"
                               "<meta property='og:image' content='javascript:alert(1)'>",
                               &arena, &card),
                     OK);
    assert_string_equal(card.title, "a[31m");
    assert_string_equal(card.image_url, "");
    memset(text + 7, 'x', sizeof text - 8);
    text[sizeof text - 1] = '\0';
    assert_int_equal(read_head(text, &arena, &card), OK);
    assert_int_equal(strlen(card.title), PREVIEW_LINE_MAX_CHARACTERS);
}

static void only_the_very_hosts_that_are_named_are_asked(void **state)
{
    (void)state;
    assert_true(preview_is_listed(&listing, PAGE));
    assert_true(preview_is_listed(&listing, "https://PAGE.example:443/"));
    const char *const others[] = {"https://sub.page.example/", "https://page.example.evil.example/",
                                  "http://page.example/",      "https://page.example:8443/",
                                  "https://a@page.example/",   "https://page.example@10.0.0.1/",
                                  "https://other.example/",    "javascript:page.example"};
    for (size_t i = 0; i < COUNT(others); i++)
        assert_false(preview_is_listed(&listing, others[i]));
    assert_false(preview_is_listed(&(struct federation_config){.host = STORE_HOST}, PAGE));
}

static void the_first_link_counts_names_and_hashtags_do_not(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    assert_string_equal(
        preview_link("<p><a class=\"u-url mention\" href=\"https://a.example/\">@a</a> "
                     "<a href=\"https://page.example/potassium?a=1&amp;b=2\" rel=\"x\">p</a>"
                     "<a href=\"https://c.example/\">c</a></p>",
                     &arena),
        PAGE);
    assert_null(
        preview_link("<p><a class=\"mention hashtag\" href=\"/tags/a\">#a</a></p>", &arena));
}

/* ---- posts ---- */

static post_id write_post(struct scene *s, const char *text)
{
    return scene_post(s, s->ann, VISIBILITY__PUBLIC, text);
}

static void list_hosts(struct scene *s)
{
    struct federation_config *config = (struct federation_config *)s->node.fed.config;
    config->preview_hosts = hosts;
    config->preview_host_count = COUNT(hosts);
}

/* The link that waits; "" none. */
static const char *waits(struct scene *s, struct arena *arena)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    post_id at = {0};
    CardWanted *wanted;
    return card_wanted_next(txn, &at, arena, &wanted) ? "" : wanted->url;
}

struct outcome {
    struct mutation mutation;
    post_id post;
};

static enum err outcome_apply(struct txn *txn, struct mutation *m)
{
    Card card = CARD__INIT;
    card.url = (char *)PAGE;
    card.title = (char *)"Potassium";
    return card_settle(txn, container_of(m, struct outcome, mutation)->post, PAGE, &card);
}

static bool has_card(struct scene *s, post_id post)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    Post *stored;
    assert_int_equal(post_get(txn, post, &arena, &stored), OK);
    return stored->card != NULL;
}

static void edit(struct scene *s, post_id post, const char *text)
{
    struct edit_draft draft = {.source = text, .syntax = MARKUP_PLAIN, .is_sensitive = -1};
    assert_int_equal(
        act_edit_draft_local(&s->node.fed, s->ann, post, &draft, NULL, &scene_by, NULL), OK);
}

static void a_post_waits_for_its_card_only_where_that_is_wanted(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    write_post(s, "Read " PAGE);
    assert_string_equal(waits(s, &arena), "");
    list_hosts(s);
    write_post(s, "Read https://other.example/ and " PAGE);
    assert_string_equal(waits(s, &arena), "");
    write_post(s, "Read " PAGE);
    assert_string_equal(waits(s, &arena), PAGE);
}

static void an_edit_keeps_the_card_of_the_same_link_alone(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    list_hosts(s);
    struct outcome outcome = {.mutation = {.apply = outcome_apply}};
    outcome.post = write_post(s, "Read " PAGE);
    assert_int_equal(writer_run(s->node.fed.writer, &outcome.mutation), OK);
    assert_true(has_card(s, outcome.post));
    assert_string_equal(waits(s, &arena), "");
    assert_int_equal(writer_run(s->node.fed.writer, &outcome.mutation), ERR_NOTFOUND);
    edit(s, outcome.post, "Do read " PAGE);
    assert_true(has_card(s, outcome.post));
    edit(s, outcome.post, "Read https://page.example/other");
    assert_false(has_card(s, outcome.post));
    assert_string_equal(waits(s, &arena), "https://page.example/other");
    edit(s, outcome.post, "No link");
    assert_string_equal(waits(s, &arena), "");
}

static void what_is_deleted_waits_no_more(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    list_hosts(s);
    post_id post = write_post(s, "Read " PAGE);
    assert_int_equal(act_delete_local(&s->node.fed, s->ann, post, &scene_by, NULL), OK);
    assert_string_equal(waits(s, &arena), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_shown_as_it_describes_itself),
        cmocka_unit_test(what_is_no_text_or_no_address_is_left_out),
        cmocka_unit_test(only_the_very_hosts_that_are_named_are_asked),
        cmocka_unit_test(the_first_link_counts_names_and_hashtags_do_not),
        SCENE(a_post_waits_for_its_card_only_where_that_is_wanted),
        SCENE(an_edit_keeps_the_card_of_the_same_link_alone),
        SCENE(what_is_deleted_waits_no_more),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
