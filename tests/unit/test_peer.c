#include "storage/peer.h"

#include "storage/edge.h"
#include "storage/outqueue.h"
#include "tests/support/builders.h"
#include "tests/support/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ARENA_BYTES (1 << 20)

static void a_peer_is_made_once_and_found_by_host(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    peer_id first = build_peer(txn, "a.example"), again = build_peer(txn, "a.example"), found;
    Peer *peer;
    assert_true(first.v == again.v);
    assert_int_equal(peer_find(txn, "a.example", &found), OK);
    assert_int_equal(peer_find(txn, "b.example", &found), ERR_NOTFOUND);
    assert_int_equal(peer_get(txn, first, &arena, &peer), OK);
    assert_int_equal(peer->state, PEER_STATE__UNKNOWN);
    assert_true(peer->created_ms == BUILD_NOW_MS);
    peer->state = PEER_STATE__ALLOWED;
    assert_int_equal(peer_put(txn, peer, BUILD_NOW_MS + 1), OK);
    peer->host = (char *)"c.example";
    assert_int_equal(peer_put(txn, peer, BUILD_NOW_MS + 1), ERR_INVALID);
    peer->id = 0;
    peer->host = (char *)"a.example";
    assert_int_equal(peer_put(txn, peer, BUILD_NOW_MS), ERR_EXISTS);
}

static void peers_are_due_in_order_of_time_and_only_with_jobs(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    peer_id a = build_peer(txn, "a.example"), b = build_peer(txn, "b.example");
    peer_id idle = build_peer(txn, "idle.example"), at = {0};
    int64_t due_ms = -1;
    PeerHealth health = PEER_HEALTH__INIT;
    build_job(txn, a, 0);
    uint64_t b_job = build_job(txn, b, 0);
    build_job(txn, a, 0);
    health.next_attempt_ms = 500;
    assert_int_equal(peer_put_health(txn, a, &health), OK);
    assert_int_equal(peer_put_health(txn, idle, &health), OK);
    health.next_attempt_ms = 300;
    assert_int_equal(peer_put_health(txn, b, &health), OK);
    assert_int_equal(peer_due_next(txn, &due_ms, &at), OK);
    assert_true(due_ms == 300 && at.v == b.v);
    assert_int_equal(peer_due_next(txn, &due_ms, &at), OK);
    assert_true(due_ms == 500 && at.v == a.v);
    assert_int_equal(peer_due_next(txn, &due_ms, &at), ERR_NOTFOUND);
    assert_int_equal(outqueue_end(txn, b, b_job, DELIVERY_STATE__DELIVERED, 202, "", BUILD_NOW_MS),
                     OK);
    due_ms = -1;
    assert_int_equal(peer_due_next(txn, &due_ms, &at), OK);
    assert_true(at.v == a.v);
    assert_int_equal(peer_due_next(txn, &due_ms, &at), ERR_NOTFOUND);
    /* a job for a peer whose health has a time is due at that time */
    build_job(txn, idle, 0);
    due_ms = 400;
    at.v = 0;
    assert_int_equal(peer_due_next(txn, &due_ms, &at), OK);
    assert_true(due_ms == 500);
}

static void a_peer_with_jobs_stays_and_one_without_can_go(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    peer_id peer = build_peer(txn, "a.example"), found;
    PeerHealth health = PEER_HEALTH__INIT, *none;
    uint64_t job = build_job(txn, peer, 0);
    assert_int_equal(peer_put_health(txn, peer, &health), OK);
    assert_int_equal(peer_del(txn, peer), ERR_INVALID);
    assert_int_equal(outqueue_end(txn, peer, job, DELIVERY_STATE__CANCELLED, 0, "", 1), OK);
    assert_int_equal(peer_del(txn, peer), OK);
    assert_int_equal(peer_find(txn, "a.example", &found), ERR_NOTFOUND);
    assert_int_equal(peer_put_health(txn, peer, &health), ERR_NOTFOUND);
    assert_int_equal(peer_health(txn, peer, &arena, &none), OK);
    assert_true(none->next_attempt_ms == 0 && none->failures == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_peer_is_made_once_and_found_by_host),
        cmocka_unit_test(peers_are_due_in_order_of_time_and_only_with_jobs),
        cmocka_unit_test(a_peer_with_jobs_stays_and_one_without_can_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
