#include "storage/outqueue.h"

#include "storage/edge.h"
#include "storage/peer.h"
#include "tests/support/builders.h"
#include "tests/support/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ARENA_BYTES (1 << 20)
#define SUBJECT 4711

static OutJob job_for(uint64_t body, uint64_t subject)
{
    OutJob job = OUT_JOB__INIT;
    job.inbox = (char *)"https://a.example/inbox";
    job.activity_type = (char *)"Create";
    job.body = body;
    job.subject = subject;
    return job;
}

static void jobs_of_a_peer_come_in_the_order_they_were_added(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    peer_id a = build_peer(txn, "a.example"), b = build_peer(txn, "b.example");
    uint64_t seq[3] = {build_job(txn, a, 0), build_job(txn, a, 0), 0}, after = 0;
    build_job(txn, b, 0);
    seq[2] = build_job(txn, a, 0);
    OutJob *job;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(outqueue_next(txn, a, after, &arena, &job), OK);
        assert_true(job->seq == seq[i]);
        after = job->seq;
    }
    assert_int_equal(outqueue_next(txn, a, after, &arena, &job), ERR_NOTFOUND);
    peer_id at = {0};
    uint64_t queued;
    assert_int_equal(outqueue_peer_next(txn, &at, &queued), OK);
    assert_true(at.v == a.v && queued == 3);
    assert_int_equal(outqueue_peer_next(txn, &at, &queued), OK);
    assert_true(at.v == b.v && queued == 1);
    assert_int_equal(outqueue_peer_next(txn, &at, &queued), ERR_NOTFOUND);
}

static void a_body_lives_as_long_as_a_job_names_it(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    peer_id a = build_peer(txn, "a.example"), b = build_peer(txn, "b.example");
    uint64_t body;
    struct bytes json;
    assert_int_equal(outqueue_add_body(txn, bytes_of("{\"a\":1}"), 1, &body), OK);
    OutJob for_a = job_for(body, 0), for_b = job_for(body, 0), lost = job_for(body + 99, 0);
    assert_int_equal(outqueue_add(txn, a, &for_a, 1), OK);
    assert_int_equal(outqueue_add(txn, b, &for_b, 1), OK);
    assert_int_equal(outqueue_add(txn, a, &lost, 1), ERR_NOTFOUND);
    assert_int_equal(outqueue_add(txn, (peer_id){5}, &lost, 1), ERR_NOTFOUND);
    assert_int_equal(outqueue_end(txn, a, for_a.seq, DELIVERY_STATE__DELIVERED, 202, "", 2), OK);
    assert_int_equal(outqueue_body(txn, body, &arena, &json), OK);
    assert_true(bytes_equal(json, bytes_of("{\"a\":1}")));
    assert_int_equal(outqueue_end(txn, b, for_b.seq, DELIVERY_STATE__EXPIRED, 0, "", 2), OK);
    assert_int_equal(outqueue_body(txn, body, &arena, &json), ERR_NOTFOUND);
}

static void hastened_jobs_wait_no_longer(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    peer_id a = build_peer(txn, "a.example");
    uint64_t first = build_job(txn, a, 0), second = build_job(txn, a, 0), after = 0;
    OutJob *job;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(outqueue_get(txn, a, i ? second : first, &arena, &job), OK);
        job->next_attempt_ms = 900;
        assert_int_equal(outqueue_retry(txn, a, job, 403, "", 900), OK);
    }
    assert_int_equal(outqueue_hasten(txn, a, 1, &after), OK);
    assert_true(after == first);
    assert_int_equal(outqueue_get(txn, a, second, &arena, &job), OK);
    assert_int_equal(job->next_attempt_ms, 900); /* bounded: one at a time was asked for */
    assert_int_equal(outqueue_hasten(txn, a, 9, &after), ERR_NOTFOUND);
    assert_int_equal(outqueue_get(txn, a, second, &arena, &job), OK);
    assert_int_equal(job->next_attempt_ms, 0);
}

static void the_ledger_tells_what_became_of_a_job(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    peer_id a = build_peer(txn, "a.example");
    uint64_t seq = build_job(txn, a, SUBJECT);
    struct ledger_key key = {.subject = SUBJECT};
    Delivery *line;
    OutJob *job;
    assert_int_equal(ledger_next(txn, &key, &arena, &line), OK);
    assert_true(key.peer == a.v && key.seq == seq);
    assert_int_equal(line->state, DELIVERY_STATE__QUEUED);

    assert_int_equal(outqueue_get(txn, a, seq, &arena, &job), OK);
    job->attempts = 1;
    job->next_attempt_ms = 900;
    assert_int_equal(outqueue_retry(txn, a, job, 503, "busy", 900), OK);
    key = (struct ledger_key){.subject = SUBJECT};
    assert_int_equal(ledger_next(txn, &key, &arena, &line), OK);
    assert_int_equal(line->state, DELIVERY_STATE__RETRY);
    assert_int_equal(line->last_status, 503);
    assert_true(line->next_attempt_ms == 900);

    assert_int_equal(outqueue_end(txn, a, seq, DELIVERY_STATE__REFUSED, 410, "gone", 1000), OK);
    key = (struct ledger_key){.subject = SUBJECT};
    assert_int_equal(ledger_next(txn, &key, &arena, &line), OK);
    assert_int_equal(line->state, DELIVERY_STATE__REFUSED);
    assert_int_equal(line->attempts, 2);
    assert_string_equal(line->why, "gone");
    assert_true(line->ended_ms == 1000 && line->next_attempt_ms == 0);
    assert_int_equal(ledger_next(txn, &key, &arena, &line), ERR_NOTFOUND);
}

static void a_job_ends_once_and_the_counters_add_up(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    peer_id a = build_peer(txn, "a.example");
    uint64_t seq = build_job(txn, a, SUBJECT);
    OutJob *job;
    build_job(txn, a, SUBJECT);
    assert_int_equal(outqueue_get(txn, a, seq, &arena, &job), OK);
    assert_int_equal(outqueue_end(txn, a, seq, DELIVERY_STATE__RETRY, 0, "", 2), ERR_INVALID);
    assert_int_equal(outqueue_end(txn, a, seq, DELIVERY_STATE__DELIVERED, 202, "", 2), OK);
    assert_int_equal(outqueue_end(txn, a, seq, DELIVERY_STATE__REFUSED, 400, "", 3), ERR_NOTFOUND);
    assert_int_equal(outqueue_retry(txn, a, job, 500, "", 9), ERR_NOTFOUND);
    assert_true(counter_get(txn, COUNTER_DELIVERY, DELIVERY_STATE__QUEUED) == 2);
    assert_true(counter_get(txn, COUNTER_DELIVERY, DELIVERY_STATE__DELIVERED) == 1);
    assert_true(counter_get(txn, COUNTER_DELIVERY, DELIVERY_STATE__REFUSED) == 0);
    assert_true(counter_get(txn, COUNTER_QUEUED, a.v) == 1);
}

static void a_queue_is_cancelled_in_batches_and_by_subject(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    peer_id a = build_peer(txn, "a.example"), b = build_peer(txn, "b.example"), at = {0};
    uint64_t left = 0, queued;
    int64_t due_ms = -1;
    for (int i = 0; i < 5; i++)
        build_job(txn, a, SUBJECT + 1);
    build_job(txn, b, SUBJECT);
    build_job(txn, a, SUBJECT);
    assert_int_equal(outqueue_cancel_subject(txn, SUBJECT, "deleted", 5), OK);
    assert_true(counter_get(txn, COUNTER_QUEUED, a.v) == 5);
    assert_true(counter_get(txn, COUNTER_QUEUED, b.v) == 0);
    assert_int_equal(outqueue_cancel(txn, a, DELIVERY_STATE__CANCELLED, 3, "blocked", 5, &left),
                     OK);
    assert_true(left == 2);
    assert_int_equal(outqueue_cancel(txn, a, DELIVERY_STATE__EXPIRED, 3, "30 days", 5, &left), OK);
    assert_true(left == 0);
    assert_int_equal(outqueue_peer_next(txn, &at, &queued), ERR_NOTFOUND);
    assert_int_equal(peer_due_next(txn, &due_ms, &at), ERR_NOTFOUND);
    assert_true(counter_get(txn, COUNTER_DELIVERY, DELIVERY_STATE__CANCELLED) == 5);
    assert_true(counter_get(txn, COUNTER_DELIVERY, DELIVERY_STATE__EXPIRED) == 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_of_a_peer_come_in_the_order_they_were_added),
        cmocka_unit_test(a_body_lives_as_long_as_a_job_names_it),
        cmocka_unit_test(hastened_jobs_wait_no_longer),
        cmocka_unit_test(the_ledger_tells_what_became_of_a_job),
        cmocka_unit_test(a_job_ends_once_and_the_counters_add_up),
        cmocka_unit_test(a_queue_is_cancelled_in_batches_and_by_subject),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
