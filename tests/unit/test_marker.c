#include "storage/marker.h"

#include "storage/check.h"
#include "storage/conversation.h"
#include "storage/stream.h"
#include "tests/support/builders.h"
#include "tests/support/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void hear(void *context, const char *table, const char *key, const char *what)
{
    (void)table;
    (void)key;
    const char *const known[] = {"of no actor of ours", "is not in its stream DIRECT"};
    for (size_t i = 0; i < COUNT(known); i++)
        if (strstr(what, known[i]))
            *(const char **)context = known[i];
}

static uint64_t wrong(struct store *store, const char **said)
{
    struct check_report report;
    assert_int_equal(check_store(store->engine, hear, said, &report), OK);
    return report.wrong;
}

static void a_marker_counts_its_versions(void **state)
{
    AUTO(store_close) struct store store = store_open();
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    struct txn *txn = store_write(&store);
    actor_id ann = build_actor(txn, "ann", "");
    Marker *marker;
    (void)state;
    assert_int_equal(marker_get(txn, ann, MARKER_HOME, &arena, &marker), ERR_NOTFOUND);
    assert_int_equal(marker_put(txn, ann, MARKER_HOME, 7, 1000), OK);
    assert_int_equal(marker_put(txn, ann, MARKER_HOME, 9, 2000), OK);
    assert_int_equal(marker_get(txn, ann, MARKER_HOME, &arena, &marker), OK);
    assert_int_equal(marker->last_read, 9);
    assert_int_equal(marker->version, 2);
    assert_int_equal(marker_get(txn, ann, MARKER_NOTIFICATIONS, &arena, &marker), ERR_NOTFOUND);
    store_commit(&txn);
}

static void promise_24_markers_and_conversations_are_of_ours(void **state)
{
    AUTO(store_close) struct store store = store_open();
    const char *said = "";
    ConversationMark mark = CONVERSATION_MARK__INIT;
    struct txn *txn = store_write(&store);
    actor_id ann = build_actor(txn, "ann", ""), bob = build_actor(txn, "bob", "peer.example");
    (void)state;
    assert_int_equal(marker_put(txn, ann, MARKER_HOME, 7, 1000), OK);
    assert_int_equal(conversation_put(txn, ann, (post_id){5}, &mark), OK);
    store_commit(&txn);
    assert_int_equal(wrong(&store, &said), 0);
    txn = store_write(&store);
    assert_int_equal(marker_put(txn, bob, MARKER_HOME, 7, 1000), OK);
    store_commit(&txn);
    assert_int_equal(wrong(&store, &said), 1);
    assert_string_equal(said, "of no actor of ours");
    txn = store_write(&store);
    assert_int_equal(conversation_put(txn, bob, (post_id){5}, &mark), OK);
    store_commit(&txn);
    assert_int_equal(wrong(&store, &said), 2);
}

static void direct_posts_have_a_stream_for_each_of_whom_they_concern(void **state)
{
    AUTO(store_close) struct store store = store_open();
    struct txn *txn = store_write(&store);
    actor_id ann = build_actor(txn, "ann", ""), bob = build_actor(txn, "bob", "peer.example");
    struct build_post with = {.uri = "https://ward.example/1", .author = ann, .mentions = {bob}};
    (void)state;
    with.visibility = VISIBILITY__DIRECT;
    post_id direct = build_post(txn, &with);
    with.uri = "https://ward.example/2";
    with.visibility = VISIBILITY__FOLLOWERS;
    post_id other = build_post(txn, &with);
    assert_true(stream_has(txn, (struct stream_key){STREAM_DIRECT, ann.v}, direct));
    assert_true(stream_has(txn, (struct stream_key){STREAM_DIRECT, bob.v}, direct));
    assert_false(stream_has(txn, (struct stream_key){STREAM_DIRECT, ann.v}, other));
    assert_false(stream_has(txn, (struct stream_key){STREAM_DIRECT, bob.v}, other));
    assert_int_equal(stream_del(txn, (struct stream_key){STREAM_DIRECT, bob.v}, direct), OK);
    store_commit(&txn);
    const char *said = "";
    assert_int_equal(wrong(&store, &said), 1);
    assert_string_equal(said, "is not in its stream DIRECT");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_marker_counts_its_versions),
        cmocka_unit_test(promise_24_markers_and_conversations_are_of_ours),
        cmocka_unit_test(direct_posts_have_a_stream_for_each_of_whom_they_concern),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
