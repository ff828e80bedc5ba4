#include "node/stream/news.h"

#include "federation/audience.h"
#include "storage/notification.h"
#include "tests/support/scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ALL "read write"

static const char *const streams[] = {"user",         "user:notification", "public",
                                      "public:local", "public:remote",     "public:media",
                                      "hashtag",      "hashtag:local",     "direct"};

/* The last one, but for the notification that a post made. */
static Event *last_event(struct txn *txn, struct arena *arena)
{
    uint64_t last;
    Event *event;
    assert_int_equal(event_last(txn, &last), OK);
    do {
        assert_int_equal(event_next(txn, --last, arena, &event), OK);
    } while (event->kind == EVENT_KIND__EVENT_NOTIFICATION && event->post);
    return event;
}

/* What it is to a reader on a stream: "event payload", or "" for nothing. */
static char *told(struct scene *s, const char *stream, actor_id who, const char *scopes)
{
    static const struct config config;
    struct api api = {.fed = &s->node.fed, .config = &config};
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    AUTO(news_close) struct news news;
    struct news_reader reader = {who, scopes};
    struct channel channel;
    struct news_item item;
    assert_int_equal(channel_read(stream, "icu", NULL, &channel, NULL), OK);
    assert_int_equal(news_open(&news, &api, txn, last_event(txn, &arena)), OK);
    char *out = NULL;
    int n = -1;
    if (news_for(&news, &channel, &reader, &item))
        n = asprintf(&out, "%s %.*s", item.event, (int)item.payload.n,
                     (const char *)item.payload.p);
    if (n < 0)
        out = strdup("");
    return out;
}

static void assert_told(struct scene *s, const char *stream, actor_id who, const char *begins)
{
    char *text = told(s, stream, who, ALL);
    if (strncmp(text, begins, strlen(begins)) != 0 || (!*begins && *text))
        fail_msg("%s of %llu: told %.80s, wanted %s", stream, (unsigned long long)who.v, text,
                 begins);
    free(text);
}

static void a_post_goes_where_it_stands(void **state)
{
    struct scene *s = *state;
    scene_follow(s, s->cat, s->ann);
    scene_post(s, s->ann, VISIBILITY__PUBLIC, "hello #icu");
    actor_id nobody = {0};
    assert_told(s, "user", s->cat, "update {\"id\"");
    assert_told(s, "user", s->ann, "update ");
    assert_told(s, "public", nobody, "update ");
    assert_told(s, "public:local", nobody, "update ");
    assert_told(s, "hashtag", nobody, "update ");
    assert_told(s, "hashtag:local", s->cat, "update ");
    assert_told(s, "public:remote", nobody, "");
    assert_told(s, "public:media", nobody, "");
    assert_told(s, "user:notification", s->cat, "");
    assert_told(s, "direct", s->cat, "");
}

/* Whatever happens to a post, of whatever audience, on whatever stream. */
static void nobody_is_told_of_what_they_may_not_read(void **state)
{
    struct scene *s = *state;
    actor_id readers[] = {{0}, s->ann, s->cat};
    scene_follow(s, s->cat, s->bob.id);
    for (int v = VISIBILITY__PUBLIC; v <= VISIBILITY__LOCAL; v++) {
        post_id id =
            scene_post(s, s->ann, (Visibility)v, v == VISIBILITY__DIRECT ? "@cat #icu" : "#icu");
        AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
        bool may[COUNT(readers)];
        Post *post;
        struct txn *txn = store_write(&s->node.store);
        assert_int_equal(post_get(txn, id, &arena, &post), OK);
        for (size_t r = 0; r < COUNT(readers); r++)
            may[r] = audience_may_read(txn, post, readers[r]);
        for (int step = 0; step < 3; step++) {
            if (step == 1)
                assert_int_equal(post_edit(txn, post, post->published_ms + 1), OK);
            if (step == 2)
                assert_int_equal(post_delete(txn, id, post->published_ms + 2), OK);
            else
                assert_int_equal(
                    event_add_post(txn,
                                   step ? EVENT_KIND__EVENT_POST_EDITED : EVENT_KIND__EVENT_POST,
                                   post, post->published_ms),
                    OK);
            store_commit(&txn);
            for (size_t r = 0; r < COUNT(readers); r++)
                for (size_t c = 0; c < COUNT(streams); c++) {
                    char *text = told(s, streams[c], readers[r], ALL);
                    if (*text && !may[r])
                        fail_msg("visibility %d, %s, reader %zu: %.60s", v, streams[c], r, text);
                    free(text);
                }
            txn = store_write(&s->node.store);
        }
        store_commit(&txn);
    }
}

static void of_a_deleted_post_only_the_id_is_told(void **state)
{
    struct scene *s = *state;
    post_id id = scene_post(s, s->ann, VISIBILITY__PUBLIC, "hello #icu");
    struct txn *txn = store_write(&s->node.store);
    assert_int_equal(post_delete(txn, id, 1), OK);
    store_commit(&txn);
    char wanted[64];
    snprintf(wanted, sizeof wanted, "delete %llu", (unsigned long long)id.v);
    static const char *const where[] = {"user", "public", "public:local", "hashtag"};
    for (size_t i = 0; i < COUNT(where); i++) {
        char *text = told(s, where[i], s->ann, ALL);
        assert_string_equal(text, wanted);
        free(text);
    }
    assert_told(s, "user", s->cat, "");
    assert_told(s, "public:remote", s->ann, "");
}

static void what_is_long_past_is_no_news(void **state)
{
    struct scene *s = *state;
    post_id id = scene_post(s, s->ann, VISIBILITY__PUBLIC, "hello");
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    Post *post;
    struct txn *txn = store_write(&s->node.store);
    assert_int_equal(post_get(txn, id, &arena, &post), OK);
    for (int i = 0; i < 2; i++) {
        int64_t at_ms = id_time_ms(id.v) + NEWS_AGE_MAX_MS + i;
        assert_int_equal(event_add_post(txn, EVENT_KIND__EVENT_POST, post, at_ms), OK);
        store_commit(&txn);
        assert_told(s, "public", s->cat, i ? "" : "update ");
        txn = store_write(&s->node.store);
    }
    store_commit(&txn);
}

static void t110_a_notification_is_its_owners_with_the_scope(void **state)
{
    struct scene *s = *state;
    struct txn *txn = store_write(&s->node.store);
    Notification n = NOTIFICATION__INIT;
    n.type = NOTIFICATION_TYPE__FOLLOW;
    n.from = s->cat.v;
    assert_int_equal(notification_add(txn, s->ann, &n, 1), OK);
    store_commit(&txn);
    assert_told(s, "user", s->ann, "notification {");
    assert_told(s, "user:notification", s->ann, "notification {");
    assert_told(s, "public", s->ann, "");
    for (size_t i = 0; i < COUNT(streams); i++)
        assert_told(s, streams[i], s->cat, "");
    char *text = told(s, "user", s->ann, "read:statuses");
    assert_string_equal(text, "");
    free(text);
}

static void a_direct_post_is_told_as_its_conversation(void **state)
{
    struct scene *s = *state;
    scene_post(s, s->ann, VISIBILITY__DIRECT, "@cat hello");
    assert_told(s, "direct", s->cat, "conversation {\"id\"");
    assert_told(s, "direct", s->ann, "conversation {\"id\"");
    assert_told(s, "public", s->cat, "");
    assert_told(s, "direct", (actor_id){s->bob.id.v}, "");
}

static void changed_filters_are_told_to_whose_they_are(void **state)
{
    struct scene *s = *state;
    struct txn *txn = store_write(&s->node.store);
    assert_int_equal(event_add_for(txn, EVENT_KIND__EVENT_FILTERS, s->ann, 0, 1), OK);
    store_commit(&txn);
    assert_told(s, "user", s->ann, "filters_changed ");
    assert_told(s, "user", s->cat, "");
    assert_told(s, "user:notification", s->ann, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(a_post_goes_where_it_stands),
        SCENE(nobody_is_told_of_what_they_may_not_read),
        SCENE(of_a_deleted_post_only_the_id_is_told),
        SCENE(what_is_long_past_is_no_news),
        SCENE(t110_a_notification_is_its_owners_with_the_scope),
        SCENE(a_direct_post_is_told_as_its_conversation),
        SCENE(changed_filters_are_told_to_whose_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
