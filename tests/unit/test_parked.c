#include "storage/parked.h"

#include "storage/edge.h"
#include "storage/seen.h"
#include "tests/support/builders.h"
#include "tests/support/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ARENA_BYTES (1 << 20)
#define CAROL "https://peer.example/users/carol"
#define NOTE "https://peer.example/note/1"

static uint64_t park(struct txn *txn, const char *needs, uint64_t peer)
{
    Parked parked = PARKED__INIT;
    parked.needs = (char *)needs;
    parked.peer = peer;
    assert_int_equal(parked_put(txn, &parked, WANT_KIND__OBJECT_DOCUMENT, BUILD_NOW_MS), OK);
    return parked.id;
}

static Want *want_of(struct txn *txn, const char *uri, struct arena *arena)
{
    Want *want = NULL;
    assert_int_equal(want_get(txn, uri, arena, &want), OK);
    return want;
}

/* How many wants are due, whenever. */
static int due_count(struct txn *txn)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    int64_t due_ms = -1;
    uint8_t hash[KEY_HASH_BYTES] = {0};
    Want *want;
    int n = 0;
    while (want_due_next(txn, &due_ms, hash, &arena, &want) == OK)
        n++;
    return n;
}

static void items_under_one_uri_share_a_want_and_the_last_takes_it_along(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    uint64_t first = park(txn, CAROL, 1), second = park(txn, CAROL, 2), next;
    Want *want;
    park(txn, NOTE, 1);
    assert_int_equal(due_count(txn), 2);
    assert_int_equal(parked_next(txn, CAROL, 0, &next), OK);
    assert_true(next == first);
    assert_int_equal(parked_next(txn, CAROL, next, &next), OK);
    assert_true(next == second);
    assert_int_equal(parked_next(txn, CAROL, next, &next), ERR_NOTFOUND);
    assert_int_equal(want_del(txn, CAROL), ERR_INVALID);
    assert_int_equal(parked_del(txn, first), OK);
    assert_true(want_of(txn, CAROL, &arena)->next_attempt_ms == BUILD_NOW_MS);
    assert_int_equal(parked_del(txn, second), OK);
    assert_int_equal(want_get(txn, CAROL, &arena, &want), ERR_NOTFOUND);
    assert_int_equal(due_count(txn), 1);
    assert_int_equal(parked_del(txn, second), ERR_NOTFOUND);
}

static void t63_a_peer_cannot_park_more_than_its_quota(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    uint64_t one = 0;
    Parked more = PARKED__INIT;
    more.needs = (char *)CAROL;
    more.peer = 7;
    for (int i = 0; i < PARKED_PER_PEER_MAX; i++)
        one = park(txn, NOTE, 7);
    assert_int_equal(parked_put(txn, &more, WANT_KIND__ACTOR_DOCUMENT, BUILD_NOW_MS), ERR_LIMIT);
    park(txn, CAROL, 8);
    assert_int_equal(parked_del(txn, one), OK);
    assert_int_equal(parked_put(txn, &more, WANT_KIND__ACTOR_DOCUMENT, BUILD_NOW_MS), OK);
    more.needs = (char *)"";
    more.peer = 8;
    assert_int_equal(parked_put(txn, &more, WANT_KIND__ACTOR_DOCUMENT, BUILD_NOW_MS), ERR_INVALID);
}

static void a_want_is_due_at_its_next_attempt_only(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    int64_t due_ms = -1;
    uint8_t hash[KEY_HASH_BYTES] = {0};
    park(txn, CAROL, 1);
    park(txn, NOTE, 1);
    Want *want = want_of(txn, CAROL, &arena);
    want->attempts = 1;
    want->next_attempt_ms = BUILD_NOW_MS + 60000;
    assert_int_equal(want_put(txn, want), OK);
    assert_int_equal(due_count(txn), 2);
    assert_int_equal(want_due_next(txn, &due_ms, hash, &arena, &want), OK);
    assert_string_equal(want->uri, NOTE);
    assert_true(due_ms == BUILD_NOW_MS);
    assert_int_equal(want_due_next(txn, &due_ms, hash, &arena, &want), OK);
    assert_string_equal(want->uri, CAROL);
    assert_true(due_ms == BUILD_NOW_MS + 60000);
}

static void t20_a_failed_want_is_a_negative_cache_until_it_is_dropped(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    uint64_t item = park(txn, CAROL, 1);
    Want *want = want_of(txn, CAROL, &arena);
    want->failed_ms = BUILD_NOW_MS - 60000;
    assert_int_equal(want_put(txn, want), OK);
    assert_int_equal(due_count(txn), 0);
    assert_int_equal(parked_del(txn, item), OK);
    assert_true(want_of(txn, CAROL, &arena)->failed_ms == BUILD_NOW_MS - 60000);
    /* whoever parks under it waits until it may be fetched again */
    park(txn, CAROL, 1);
    want = want_of(txn, CAROL, &arena);
    assert_true(want->failed_ms == 0);
    assert_true(want->next_attempt_ms == BUILD_NOW_MS - 60000 + WANT_FAILED_MS);
    assert_int_equal(due_count(txn), 1);
}

static void a_want_can_be_without_parked_items_and_is_dropped_by_hand(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    uint8_t hash[KEY_HASH_BYTES] = {0};
    Want want = WANT__INIT, *found;
    want.uri = (char *)CAROL;
    want.next_attempt_ms = 5;
    assert_int_equal(want_put(txn, &want), OK);
    assert_int_equal(due_count(txn), 1);
    want.failed_ms = 5;
    assert_int_equal(want_put(txn, &want), OK);
    assert_int_equal(due_count(txn), 0);
    assert_int_equal(want_next(txn, hash, &arena, &found), OK);
    assert_string_equal(found->uri, CAROL);
    assert_int_equal(want_next(txn, hash, &arena, &found), ERR_NOTFOUND);
    assert_int_equal(want_del(txn, CAROL), OK);
    assert_int_equal(want_del(txn, CAROL), ERR_NOTFOUND);
}

static void t25_an_activity_seen_twice_is_told_from_another_with_its_id(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    uint8_t digest[32] = {1}, other[32] = {2};
    bool same = false;
    assert_false(seen_has(txn, CAROL));
    assert_int_equal(seen_add(txn, CAROL, digest, 1, &same), OK);
    assert_int_equal(seen_add(txn, CAROL, digest, 2, &same), ERR_EXISTS);
    assert_true(same);
    assert_int_equal(seen_add(txn, CAROL, other, 2, &same), ERR_EXISTS);
    assert_false(same);
    assert_true(seen_has(txn, CAROL));
}

static void what_was_seen_long_ago_is_forgotten_in_steps(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    uint8_t digest[32] = {1}, hash[KEY_HASH_BYTES] = {0};
    char uri[64];
    bool same;
    unsigned left = 0;
    for (int i = 0; i < 50; i++) {
        snprintf(uri, sizeof uri, "https://peer.example/act/%d", i);
        assert_int_equal(seen_add(txn, uri, digest, i, &same), OK);
    }
    while (seen_expire(txn, hash, 7, 30) == OK)
        ;
    for (int i = 0; i < 50; i++) {
        snprintf(uri, sizeof uri, "https://peer.example/act/%d", i);
        assert_true(seen_has(txn, uri) == (i >= 30));
        left += seen_has(txn, uri);
    }
    assert_int_equal(left, 20);
}

/* The fetcher writes "failed" first and tells what waits afterwards: a stop in between must not
 * leave requests that were answered 2xx, and their sender's key, behind a door that nobody opens.
 */
static void what_still_waits_under_a_failed_want_is_fetched_again(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    uint64_t waits = park(txn, CAROL, 1);
    Want *want = want_of(txn, CAROL, &arena);
    want->failed_ms = BUILD_NOW_MS;
    want->attempts = 6;
    assert_int_equal(want_put(txn, want), OK);
    assert_int_equal(due_count(txn), 0);
    assert_int_equal(want_forgive(txn, CAROL, BUILD_NOW_MS + WANT_FAILED_MS), OK);
    want = want_of(txn, CAROL, &arena);
    assert_int_equal(want->failed_ms, 0);
    assert_int_equal(want->attempts, 0);
    assert_int_equal(want->next_attempt_ms, BUILD_NOW_MS + WANT_FAILED_MS);
    assert_int_equal(due_count(txn), 1);

    want->failed_ms = BUILD_NOW_MS;
    assert_int_equal(want_put(txn, want), OK);
    assert_int_equal(parked_del(txn, waits), OK);
    assert_int_equal(want_forgive(txn, CAROL, BUILD_NOW_MS), OK);
    assert_int_equal(want_get(txn, CAROL, &arena, &want), ERR_NOTFOUND);
    assert_int_equal(want_forgive(txn, CAROL, BUILD_NOW_MS), ERR_NOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_under_one_uri_share_a_want_and_the_last_takes_it_along),
        cmocka_unit_test(t63_a_peer_cannot_park_more_than_its_quota),
        cmocka_unit_test(a_want_is_due_at_its_next_attempt_only),
        cmocka_unit_test(t20_a_failed_want_is_a_negative_cache_until_it_is_dropped),
        cmocka_unit_test(a_want_can_be_without_parked_items_and_is_dropped_by_hand),
        cmocka_unit_test(what_still_waits_under_a_failed_want_is_fetched_again),
        cmocka_unit_test(what_was_seen_long_ago_is_forgotten_in_steps),
        cmocka_unit_test(t25_an_activity_seen_twice_is_told_from_another_with_its_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
