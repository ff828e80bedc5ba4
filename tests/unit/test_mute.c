#include "storage/mute.h"

#include "storage/edge.h"
#include "tests/support/store.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1700000000000)

static const actor_id ann = {7};

static void mute(struct txn *txn, uint64_t whom, int64_t until_ms, bool hides_notifications)
{
    Edge edge = EDGE__INIT;
    edge.until_ms = until_ms;
    edge.hides_notifications = hides_notifications;
    assert_int_equal(edge_put(txn, (struct edge_key){EDGE_MUTE, ann.v, whom}, &edge), OK);
}

static void a_mute_that_has_ended_is_as_if_it_were_not_there(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4096);
    const actor_id bob = {8}, cat = {9}, dan = {10};
    Edge *edge;
    mute(txn, bob.v, 0, true);
    mute(txn, cat.v, NOW_MS, true);
    assert_true(mute_holds(txn, ann, bob, NOW_MS));
    assert_true(mute_holds(txn, ann, cat, NOW_MS - 1));
    assert_true(mute_hides_notifications(txn, ann, cat, NOW_MS - 1));
    assert_false(mute_holds(txn, ann, cat, NOW_MS));
    assert_false(mute_hides_notifications(txn, ann, cat, NOW_MS));
    assert_int_equal(mute_get(txn, ann, cat, NOW_MS, &arena, &edge), ERR_NOTFOUND);
    assert_int_equal(mute_get(txn, ann, cat, NOW_MS - 1, &arena, &edge), OK);
    assert_false(mute_holds(txn, ann, dan, NOW_MS));
    assert_false(mute_holds(txn, bob, ann, NOW_MS));
}

static void a_mute_may_spare_notifications(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    mute(txn, 8, 0, false);
    assert_true(mute_holds(txn, ann, (actor_id){8}, NOW_MS));
    assert_false(mute_hides_notifications(txn, ann, (actor_id){8}, NOW_MS));
}

static void only_what_has_ended_is_removed_and_in_steps(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    uint8_t at[MUTE_CURSOR_BYTES] = {0};
    Edge block = EDGE__INIT;
    int steps = 0;
    block.until_ms = 1; /* means nothing there */
    for (uint64_t whom = 10; whom < 22; whom++)
        mute(txn, whom, whom % 3 == 0 ? 0 : whom % 3 == 1 ? NOW_MS : NOW_MS + 1, true);
    assert_int_equal(edge_put(txn, (struct edge_key){EDGE_BLOCK, ann.v, 10}, &block), OK);
    while (mute_expire(txn, at, 5, NOW_MS) == OK)
        steps++;
    assert_int_equal(steps, 2);
    for (uint64_t whom = 10; whom < 22; whom++)
        assert_int_equal(edge_has(txn, (struct edge_key){EDGE_MUTE, ann.v, whom}), whom % 3 != 1);
    assert_true(edge_has(txn, (struct edge_key){EDGE_BLOCK, ann.v, 10}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mute_that_has_ended_is_as_if_it_were_not_there),
        cmocka_unit_test(a_mute_may_spare_notifications),
        cmocka_unit_test(only_what_has_ended_is_removed_and_in_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
