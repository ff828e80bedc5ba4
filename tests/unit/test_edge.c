#include "storage/edge.h"

#include "tests/support/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static char follow_uri[] = "https://a.example/follows/1";
static char other_uri[] = "https://a.example/follows/2";

static Edge edge_of(char *uri)
{
    Edge edge = EDGE__INIT;
    edge.uri = uri;
    edge.created_ms = 5;
    return edge;
}

static void assert_same_edge(struct edge_key a, struct edge_key b)
{
    assert_int_equal(a.kind, b.kind);
    assert_true(a.who == b.who && a.whom == b.whom);
}

static void an_edge_is_found_from_both_ends_and_by_its_uri(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4096);
    const struct edge_key key = {EDGE_FOLLOW, 7, 9};
    Edge edge = edge_of(follow_uri), *got;

    assert_int_equal(edge_add(txn, key, &edge), OK);
    assert_int_equal(edge_add(txn, key, &edge), ERR_EXISTS);
    assert_int_equal(edge_get(txn, key, &arena, &got), OK);
    assert_string_equal(got->uri, follow_uri);

    struct edge_key at = {EDGE_FOLLOW, 7, 0};
    assert_int_equal(edge_next(txn, &at), OK);
    assert_int_equal(at.whom, 9);
    assert_int_equal(edge_next(txn, &at), ERR_NOTFOUND);
    at = (struct edge_key){EDGE_FOLLOW, 0, 9};
    assert_int_equal(edge_rev_next(txn, &at), OK);
    assert_int_equal(at.who, 7);
    assert_int_equal(edge_rev_next(txn, &at), ERR_NOTFOUND);

    struct edge_key found;
    assert_int_equal(edge_find(txn, follow_uri, &found), OK);
    assert_same_edge(found, key);
    assert_int_equal(edge_find(txn, other_uri, &found), ERR_NOTFOUND);
}

static void a_deleted_edge_leaves_nothing(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    const struct edge_key key = {EDGE_FOLLOW, 7, 9};
    Edge edge = edge_of(follow_uri);
    struct edge_key found, at = {EDGE_FOLLOW, 0, 9};

    assert_int_equal(edge_add(txn, key, &edge), OK);
    assert_int_equal(edge_del(txn, key), OK);
    assert_false(edge_has(txn, key));
    assert_int_equal(edge_find(txn, follow_uri, &found), ERR_NOTFOUND);
    assert_int_equal(edge_rev_next(txn, &at), ERR_NOTFOUND);
    assert_int_equal(counter_get(txn, COUNTER_FOLLOWERS, 9), 0);
    assert_int_equal(edge_del(txn, key), ERR_NOTFOUND);
}

static void walks_stay_within_their_kind_and_owner(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    Edge edge = EDGE__INIT;
    static const uint64_t whom[] = {1, 255, 256, 1ULL << 63, UINT64_MAX};
    for (size_t i = 0; i < COUNT(whom); i++)
        assert_int_equal(edge_add(txn, (struct edge_key){EDGE_LIKE, 7, whom[i]}, &edge), OK);
    assert_int_equal(edge_add(txn, (struct edge_key){EDGE_LIKE, 8, 2}, &edge), OK);
    assert_int_equal(edge_add(txn, (struct edge_key){EDGE_BOOST, 7, 2}, &edge), OK);

    struct edge_key at = {EDGE_LIKE, 7, 0};
    for (size_t i = 0; i < COUNT(whom); i++) {
        assert_int_equal(edge_next(txn, &at), OK);
        assert_true(at.whom == whom[i]);
    }
    assert_int_equal(edge_next(txn, &at), ERR_NOTFOUND);
}

static void counters_follow_the_edges_they_count(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    Edge edge = EDGE__INIT;
    for (uint64_t who = 1; who <= 3; who++) {
        assert_int_equal(edge_add(txn, (struct edge_key){EDGE_FOLLOW, who, 9}, &edge), OK);
        assert_int_equal(edge_add(txn, (struct edge_key){EDGE_LIKE, who, 50}, &edge), OK);
        assert_int_equal(edge_put(txn, (struct edge_key){EDGE_BOOST, who, 50}, &edge), OK);
        assert_int_equal(edge_put(txn, (struct edge_key){EDGE_BOOST, who, 50}, &edge), OK);
    }
    assert_int_equal(edge_del(txn, (struct edge_key){EDGE_LIKE, 2, 50}), OK);
    assert_int_equal(counter_get(txn, COUNTER_FOLLOWERS, 9), 3);
    assert_int_equal(counter_get(txn, COUNTER_FOLLOWING, 1), 1);
    assert_int_equal(counter_get(txn, COUNTER_LIKES, 50), 2);
    assert_int_equal(counter_get(txn, COUNTER_BOOSTS, 50), 3);
}

static void a_counter_never_goes_below_zero(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    assert_int_equal(counter_add(txn, COUNTER_PARKED, 3, 2), OK);
    assert_int_equal(counter_add(txn, COUNTER_PARKED, 3, -5), OK);
    assert_int_equal(counter_get(txn, COUNTER_PARKED, 3), 0);
    assert_int_equal(counter_add(txn, COUNTER_PARKED, 3, INT64_MIN), OK);
    assert_int_equal(counter_get(txn, COUNTER_PARKED, 3), 0);
}

static void t42_an_undo_by_uri_finds_only_the_edge_that_took_the_uri_first(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    const struct edge_key first = {EDGE_FOLLOW, 7, 9}, second = {EDGE_FOLLOW, 8, 9};
    Edge edge = edge_of(follow_uri);
    struct edge_key found;
    assert_int_equal(edge_add(txn, first, &edge), OK);
    assert_int_equal(edge_add(txn, second, &edge), OK);
    assert_int_equal(edge_del(txn, second), OK);
    assert_int_equal(edge_find(txn, follow_uri, &found), OK);
    assert_same_edge(found, first);
}

static void a_replaced_edge_is_found_by_its_new_uri_only(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    const struct edge_key key = {EDGE_FOLLOW, 7, 9};
    Edge before = edge_of(follow_uri), after = edge_of(other_uri);
    struct edge_key found;
    assert_int_equal(edge_put(txn, key, &before), OK);
    assert_int_equal(edge_put(txn, key, &after), OK);
    assert_int_equal(edge_find(txn, follow_uri, &found), ERR_NOTFOUND);
    assert_int_equal(edge_find(txn, other_uri, &found), OK);
    assert_int_equal(counter_get(txn, COUNTER_FOLLOWERS, 9), 1);
}

static void what_has_an_order_is_walked_both_ways_until_it_is_taken_back(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    struct edge_key at = {.kind = EDGE_BOOKMARK, .who = 7};
    uint64_t order = UINT64_MAX, expected[] = {100, 50, 70};
    for (size_t i = 0; i < COUNT(expected); i++) {
        Edge edge = EDGE__INIT;
        edge.order = i + 1;
        assert_int_equal(edge_add(txn, (struct edge_key){EDGE_BOOKMARK, 7, expected[i]}, &edge),
                         OK);
    }
    for (size_t i = COUNT(expected); i-- > 0;) {
        assert_int_equal(edge_order_next(txn, &at, EDGE_ORDER_OLDER, &order), OK);
        assert_true(at.whom == expected[i] && order == i + 1);
    }
    assert_int_equal(edge_order_next(txn, &at, EDGE_ORDER_OLDER, &order), ERR_NOTFOUND);
    assert_int_equal(edge_del(txn, (struct edge_key){EDGE_BOOKMARK, 7, 50}), OK);
    assert_int_equal(edge_order_next(txn, &at, EDGE_ORDER_NEWER, &order), OK);
    assert_true(at.whom == 70 && order == 3);
    Edge moved = EDGE__INIT;
    moved.order = 9;
    assert_int_equal(edge_put(txn, (struct edge_key){EDGE_BOOKMARK, 7, 70}, &moved), OK);
    assert_int_equal(edge_order_next(txn, &at, EDGE_ORDER_NEWER, &order), OK);
    assert_true(at.whom == 70 && order == 9);
    assert_int_equal(edge_order_next(txn, &at, EDGE_ORDER_NEWER, &order), ERR_NOTFOUND);
    at = (struct edge_key){.kind = EDGE_LIKE, .who = 7};
    assert_int_equal(edge_order_next(txn, &at, EDGE_ORDER_OLDER, &(uint64_t){UINT64_MAX}),
                     ERR_NOTFOUND);
}

static void a_follow_that_asks_to_be_told_is_found_from_whom_it_follows(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    const struct edge_key follow = {EDGE_FOLLOW, 7, 9}, told = {EDGE_NOTIFY, 7, 9};
    Edge edge = edge_of(follow_uri);
    edge.notify = true;
    assert_int_equal(edge_add(txn, follow, &edge), OK);
    assert_true(edge_has(txn, told));
    edge.notify = false;
    assert_int_equal(edge_put(txn, follow, &edge), OK);
    assert_false(edge_has(txn, told));
    edge.notify = true;
    assert_int_equal(edge_put(txn, follow, &edge), OK);
    assert_true(edge_has(txn, told));
    assert_int_equal(edge_del(txn, follow), OK);
    assert_false(edge_has(txn, told));
}

static void edges_are_walked_downwards_too(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    struct edge_key out = {EDGE_BLOCK, 7, UINT64_MAX}, in = {EDGE_BLOCK, UINT64_MAX, 9};
    Edge edge = EDGE__INIT;
    for (uint64_t id = 9; id < 12; id++) {
        assert_int_equal(edge_add(txn, (struct edge_key){EDGE_BLOCK, 7, id}, &edge), OK);
        assert_int_equal(edge_add(txn, (struct edge_key){EDGE_BLOCK, id, 9}, &edge), OK);
        assert_int_equal(edge_add(txn, (struct edge_key){EDGE_MUTE, 7, id}, &edge), OK);
    }
    for (uint64_t id = 11; id >= 9; id--) {
        assert_int_equal(edge_below(txn, &out), OK);
        assert_true(out.whom == id);
        assert_int_equal(edge_rev_below(txn, &in), OK);
        assert_true(in.who == id);
    }
    assert_int_equal(edge_below(txn, &out), ERR_NOTFOUND);
    assert_int_equal(edge_rev_below(txn, &in), OK); /* 7 */
    assert_int_equal(edge_rev_below(txn, &in), ERR_NOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_follow_that_asks_to_be_told_is_found_from_whom_it_follows),
        cmocka_unit_test(edges_are_walked_downwards_too),
        cmocka_unit_test(an_edge_is_found_from_both_ends_and_by_its_uri),
        cmocka_unit_test(a_deleted_edge_leaves_nothing),
        cmocka_unit_test(walks_stay_within_their_kind_and_owner),
        cmocka_unit_test(counters_follow_the_edges_they_count),
        cmocka_unit_test(a_counter_never_goes_below_zero),
        cmocka_unit_test(t42_an_undo_by_uri_finds_only_the_edge_that_took_the_uri_first),
        cmocka_unit_test(a_replaced_edge_is_found_by_its_new_uri_only),
        cmocka_unit_test(what_has_an_order_is_walked_both_ways_until_it_is_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
