#include "federation/backfill.h"

#include "federation/resolve.h"
#include "storage/base/clock.h"
#include "storage/edge.h"
#include "storage/parked.h"
#include "storage/post.h"
#include "tests/support/scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define ROOT "https://peer.example/notes/root"
#define REPLY "https://peer.example/notes/reply"
#define CONTEXT "https://peer.example/context/1"

/* A note of Bob's, `age_ms` old, that names Ann. */
static char *note(const char *uri, const char *parent, int64_t age_ms)
{
    char date[64];
    time_t at = (time_t)((clock_ms() - age_ms) / 1000);
    struct tm tm;
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&at, &tm));
    return json_format(
        "{\"id\":\"%s\",\"type\":\"Note\",\"attributedTo\":\"" BOB "\",\"content\":\"x\","
        "\"published\":\"%s\",\"to\":[\"" AS_PUBLIC "\"],\"cc\":[\"" ANN
        "\"],\"context\":\"" CONTEXT "\"%s%s%s}",
        uri, date, parent ? ",\"inReplyTo\":\"" : "", parent ? parent : "", parent ? "\"" : "");
}

/* What the fetcher would hand over. Frees. */
static void comes(struct scene *s, const char *uri, WantKind kind, char *json)
{
    struct fetched fetched = {.status = 200, .uri = uri, .body = bytes_of(json)};
    resolve_fetched(&s->node.fed, uri, kind, OK, &fetched, NULL);
    free(json);
}

static void fails(struct scene *s, const char *uri, WantKind kind, enum err e, int status)
{
    struct fetched fetched = {.status = status, .uri = uri};
    struct why why = {"no"};
    resolve_fetched(&s->node.fed, uri, kind, e, &fetched, &why);
}

static bool is_wanted(struct scene *s, const char *uri)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    uint64_t id = 0;
    return backfill_wants(txn, uri, &id) == OK;
}

static Backfill *of_post(struct scene *s, const char *uri, struct arena *arena)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    Backfill *backfill;
    Post *post;
    post_id id;
    assert_int_equal(post_find(txn, uri, &id), OK);
    assert_int_equal(post_get(txn, id, arena, &post), OK);
    assert_int_equal(backfill_find(txn, (post_id){post->thread_root}, arena, &backfill), OK);
    return backfill;
}

static void says(struct scene *s, char *json)
{
    assert_int_equal(scene_send(s, &s->bob, "Create", json, ""), 202);
    free(json);
}

static char *collection(const char *items)
{
    return json_format(
        "{\"id\":\"" CONTEXT "\",\"type\":\"OrderedCollection\",\"orderedItems\":[%s]}", items);
}

static void ancestors_come_first_then_the_context_and_what_is_missing_is_counted(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    says(s, note(REPLY, ROOT, 0));
    assert_true(is_wanted(s, ROOT));
    assert_false(is_wanted(s, CONTEXT));
    comes(s, ROOT, WANT_KIND__OBJECT_DOCUMENT, note(ROOT, NULL, 60000));
    assert_true(is_wanted(s, CONTEXT));
    comes(s, CONTEXT, WANT_KIND__COLLECTION_DOCUMENT,
          collection("\"" ROOT
                     "\",\"https://peer.example/notes/a\",\"https://evil.example/notes/b\","
                     "\"https://nobody.example/c\",\"https://peer.example/notes/d\""));
    fails(s, "https://peer.example/notes/a", WANT_KIND__OBJECT_DOCUMENT, ERR_NOTFOUND, 404);
    fails(s, "https://evil.example/notes/b", WANT_KIND__OBJECT_DOCUMENT, ERR_LATER, 0);
    assert_int_equal(of_post(s, ROOT, &arena)->ended_ms, 0);
    comes(s, "https://peer.example/notes/d", WANT_KIND__OBJECT_DOCUMENT,
          note("https://peer.example/notes/d", REPLY, 60000));

    Backfill *b = of_post(s, REPLY, &arena);
    assert_true(b->ended_ms > 0);
    assert_int_equal(b->came, 2);
    assert_int_equal(b->n_missing, 3);
    for (size_t i = 0; i < b->n_missing; i++) {
        const BackfillMissing *m = b->missing[i];
        assert_int_equal(m->posts, 1);
        assert_int_equal(m->reason, strncmp(m->host, "peer", 4) == 0 ? BACKFILL_REASON__MISSING_GONE
                                    : strncmp(m->host, "evil", 4) == 0
                                        ? BACKFILL_REASON__MISSING_UNREACHABLE
                                        : BACKFILL_REASON__MISSING_NO_PEER);
    }
    assert_int_equal(node_rows(&s->node, TABLE_BACKFILL_ITEM), 0);
    assert_int_equal(node_rows(&s->node, TABLE_BACKFILL_BY), 0);
    assert_int_equal(node_rows(&s->node, TABLE_WANT_DUE), 0);
}

static void old_posts_that_are_fetched_are_no_news(void **state)
{
    struct scene *s = *state;
    says(s, note(REPLY, ROOT, 0));
    assert_int_equal(scene_notified(s, s->ann, NOTIFICATION_TYPE__MENTION), 1);
    comes(s, ROOT, WANT_KIND__OBJECT_DOCUMENT, note(ROOT, NULL, 2 * BACKFILL_NOTIFY_MS));
    assert_int_equal(scene_notified(s, s->ann, NOTIFICATION_TYPE__MENTION), 1);
    comes(s, CONTEXT, WANT_KIND__COLLECTION_DOCUMENT,
          collection("\"https://peer.example/notes/y\""));
    comes(s, "https://peer.example/notes/y", WANT_KIND__OBJECT_DOCUMENT,
          note("https://peer.example/notes/y", ROOT, BACKFILL_NOTIFY_MS / 2));
    assert_int_equal(scene_notified(s, s->ann, NOTIFICATION_TYPE__MENTION), 2);
}

static void what_was_deleted_is_not_brought_back(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    assert_int_equal(scene_send(s, &s->bob, "Delete", "\"" ROOT "\"", ""), 202);
    says(s, note(REPLY, ROOT, 0));
    assert_false(is_wanted(s, ROOT));
    fails(s, CONTEXT, WANT_KIND__COLLECTION_DOCUMENT, ERR_DENIED, 403);
    Backfill *b = of_post(s, REPLY, &arena);
    assert_true(b->ended_ms > 0);
    assert_int_equal(b->n_missing, 2); /* the root is gone, the context is not for us */
}

static void a_thread_is_looked_for_once_and_not_for_ever(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    says(s, note(REPLY, ROOT, 0));
    comes(s, ROOT, WANT_KIND__OBJECT_DOCUMENT, note(ROOT, NULL, 60000));
    comes(s, CONTEXT, WANT_KIND__COLLECTION_DOCUMENT, collection("\"" ROOT "\""));
    says(s, note("https://peer.example/notes/more", ROOT, 0));
    assert_false(is_wanted(s, CONTEXT));

    struct txn *txn = store_write(&s->node.store);
    Backfill *b;
    assert_int_equal(backfill_get(txn, of_post(s, ROOT, &arena)->id, &arena, &b), OK);
    b->ended_ms -= BACKFILL_AGAIN_MS;
    assert_int_equal(backfill_put(txn, b), OK);
    store_commit(&txn);
    says(s, note("https://peer.example/notes/again", ROOT, 0));
    assert_true(is_wanted(s, CONTEXT));

    txn = store_write(&s->node.store);
    assert_int_equal(
        backfill_sweep(txn, &s->node.fed, BACKFILL_TICK, clock_ms() + BACKFILL_LIFE_MS + 1000), OK);
    store_commit(&txn);
    assert_false(is_wanted(s, CONTEXT));
    b = of_post(s, ROOT, &arena);
    assert_int_equal(b->missing[0]->reason, BACKFILL_REASON__MISSING_UNREACHABLE);
    assert_int_equal(node_rows(&s->node, TABLE_BACKFILL_RUN), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(ancestors_come_first_then_the_context_and_what_is_missing_is_counted),
        SCENE(old_posts_that_are_fetched_are_no_news),
        SCENE(what_was_deleted_is_not_brought_back),
        SCENE(a_thread_is_looked_for_once_and_not_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
