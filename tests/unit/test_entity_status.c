/* What the API answers of a post is whole, whatever the record lacks or holds. */
#include "node/api/entity.h"
#include "tests/support/scene.h"

#include <jansson.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static json_t *render(struct scene *s, actor_id reader, const Post *post)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(8 << 20);
    AUTO(buf_clear) struct buf json = BUF_INIT(1 << 20);
    static struct api api;
    struct jw w = {.buf = &json};
    struct view view = {.txn = txn,
                        .arena = &arena,
                        .api = &api,
                        .fed = &s->node.fed,
                        .base = "https://" STORE_HOST,
                        .reader = reader};
    assert_int_equal(entity_status(&w, NULL, &view, post), OK);
    assert_int_equal(jw_finish(&w), OK);
    json_t *doc = json_loadb((const char *)json.p, json.n, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(doc);
    return doc;
}

static const char *text(const json_t *doc, const char *name)
{
    const char *value = json_string_value(json_object_get(doc, name));
    return value ? value : "(none)";
}

static void an_empty_post_has_all_that_apps_need(void **state)
{
    static const char *const texts[] = {"id",      "uri",        "created_at",
                                        "content", "visibility", "spoiler_text"};
    static const char *const lists[] = {"media_attachments", "mentions", "tags", "emojis",
                                        "filtered"};
    static const char *const numbers[] = {"reblogs_count", "favourites_count", "replies_count",
                                          "quotes_count"};
    static const char *const flags[] = {"sensitive", "favourited", "reblogged",
                                        "muted",     "bookmarked", "pinned"};
    static const char *const nulls[] = {"in_reply_to_id", "in_reply_to_account_id",
                                        "reblog",         "poll",
                                        "card",           "language",
                                        "edited_at",      "quote"};
    struct scene *s = *state;
    Post post = POST__INIT;
    post.id = 7;
    post.author = s->ann.v;
    json_auto_t *doc = render(s, s->ann, &post);
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_true(json_is_string(json_object_get(doc, texts[i])));
    for (size_t i = 0; i < COUNT(lists); i++)
        assert_true(json_is_array(json_object_get(doc, lists[i])));
    for (size_t i = 0; i < COUNT(numbers); i++)
        assert_true(json_is_integer(json_object_get(doc, numbers[i])));
    for (size_t i = 0; i < COUNT(flags); i++)
        assert_true(json_is_boolean(json_object_get(doc, flags[i])));
    for (size_t i = 0; i < COUNT(nulls); i++)
        assert_true(json_is_null(json_object_get(doc, nulls[i])));
    assert_true(json_is_object(json_object_get(doc, "account")));
}

static void what_others_wrote_stays_in_its_place(void **state)
{
    struct scene *s = *state;
    Post post = POST__INIT;
    char *tags[] = {(char *)"caf\xc3\xa9"};
    post.id = 8;
    post.author = s->ann.v;
    post.visibility = VISIBILITY__LOCAL;
    post.type = (char *)"Article";
    post.name = (char *)"<script>\"&";
    post.content_html = (char *)"<p>x</p>";
    post.summary = (char *)"\",\"id\":\"1\x01";
    post.tags = tags;
    post.n_tags = 1;
    post.in_reply_to = 99;
    json_auto_t *doc = render(s, s->cat, &post);
    assert_string_equal(text(doc, "id"), "8");
    assert_string_equal(text(doc, "visibility"), "private");
    assert_string_equal(text(doc, "spoiler_text"), post.summary);
    assert_string_equal(text(doc, "content"),
                        "<p><strong>&lt;script&gt;&quot;&amp;</strong></p><p>x</p>");
    const json_t *tag = json_array_get(json_object_get(doc, "tags"), 0);
    assert_string_equal(text(tag, "url"), "https://" STORE_HOST "/tags/caf%C3%A9");
    assert_null(json_object_get(doc, "pinned"));
    assert_null(json_object_get(doc, "text"));
    assert_true(json_is_null(json_object_get(doc, "in_reply_to_id")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(an_empty_post_has_all_that_apps_need),
        SCENE(what_others_wrote_stays_in_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
