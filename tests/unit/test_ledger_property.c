/* Whatever is done here and answered there: the ledger adds up (threats.md section 3, rule 7). */
#include "federation/delivery_job.h"

#include "federation/act/act.h"
#include "federation/policy.h"
#include "storage/base/clock.h"
#include "storage/check.h"
#include "storage/edge.h"
#include "storage/outqueue.h"
#include "storage/post.h"
#include "tests/support/remote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEEDS 4
#define STEPS 200
#define REMOTES 4
#define POSTS 12
#define HOUR ((int64_t)3600 * 1000)

struct world {
    struct node node;
    struct remote remote[REMOTES];
    actor_id ann;
    post_id post[POSTS]; /* the last ones; some are gone */
    unsigned posts;
    uint64_t seed;
    int64_t now_ms;
    uint64_t ended[DELIVERY_STATE__CANCELLED + 1]; /* seen by the test */
};

static const struct by by = {.who = "test"};

/* xorshift64*: the same sequence everywhere. */
static unsigned pick(struct world *w, unsigned below)
{
    w->seed ^= w->seed >> 12;
    w->seed ^= w->seed << 25;
    w->seed ^= w->seed >> 27;
    return (unsigned)((w->seed * 2685821657736338717ull) >> 33) % below;
}

/* What an act may answer; anything else is a fault of the code. */
static void allowed(enum err e)
{
    if (e == ERR_CORRUPT || e == ERR_STORE || e == ERR_LATER || e == ERR_LIMIT)
        fail_msg("an act answered %s", err_name(e));
}

static void write_post(struct world *w)
{
    char text[128];
    struct remote *to = &w->remote[pick(w, REMOTES)];
    snprintf(text, sizeof text, "hello @%s@%s", to->name, to->host);
    struct post_draft draft = {.author = w->ann,
                               .source = pick(w, 2) ? text : "hello",
                               .visibility = (Visibility)pick(w, 5),
                               .in_reply_to = w->post[pick(w, POSTS)]};
    post_id id;
    enum err e = act_post_local(&w->node.fed, &draft, NULL, &by, &id, NULL);
    allowed(e);
    if (!e)
        w->post[w->posts++ % POSTS] = id;
}

static void act(struct world *w)
{
    struct federation *fed = &w->node.fed;
    post_id post = w->post[pick(w, POSTS)], boost;
    actor_id other = w->remote[pick(w, REMOTES)].id;
    switch (pick(w, 9)) {
    case 0:
        allowed(act_edit_local(fed, w->ann, post, "edited", NULL, NULL, &by, NULL));
        break;
    case 1:
        allowed(act_delete_local(fed, w->ann, post, &by, NULL));
        break;
    case 2:
        allowed(act_boost_local(fed, w->ann, post, &by, &boost, NULL));
        break;
    case 3:
        allowed(act_unboost_local(fed, w->ann, post, &by, NULL));
        break;
    case 4:
        allowed(act_follow_local(fed, w->ann, other, &by, NULL));
        break;
    case 5:
        allowed(act_unfollow_local(fed, w->ann, other, &by, NULL));
        break;
    default:
        write_post(w);
    }
}

static void decide(struct world *w)
{
    const char *host = w->remote[pick(w, REMOTES)].host;
    struct peer_terms terms = {.expires_ms = -1, .scope = (int)pick(w, 3)};
    switch (pick(w, 4)) {
    case 0:
        allowed(policy_set_peer(&w->node.fed, host, PEER_STATE__BLOCKED, &by, NULL));
        break;
    case 1:
        allowed(policy_forget_peer(&w->node.fed, host, &by, NULL));
        break;
    default:
        allowed(policy_allow_peer(&w->node.fed, host, &terms, &by, NULL));
    }
}

/* Some job of some peer is sent and answered, or found forbidden, as the delivery loop would. */
static void answer(struct world *w)
{
    static const int status[] = {202, 200, 410, 400, 401, 403, 404, 429, 500, 503, 0};
    struct delivery_job d = {.context = w};
    peer_id peer;
    uint64_t seq = 0;
    {
        AUTO(txn_end) struct txn *txn = store_read(&w->node.store);
        AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)1024 * 1024);
        OutJob *job;
        if (peer_find(txn, w->remote[pick(w, REMOTES)].host, &peer))
            return;
        for (unsigned skip = pick(w, 3) + 1; skip; skip--)
            if (outqueue_next(txn, peer, seq, &arena, &job) == OK)
                seq = job->seq;
        if (!seq)
            return;
        assert_int_equal(delivery_job_load(&d, &w->node.fed, txn, peer, seq, w->now_ms), OK);
    }
    if (d.outcome == OUTCOME_SEND) {
        d.outcome = OUTCOME_JUDGED;
        d.answer = (struct answer){status[pick(w, COUNT(status))], -1, true};
        d.verdict = retry_judge(&d.answer);
        why_set(&d.why, OK, "answered %d", d.answer.status);
    }
    if (pick(w, 8) == 0) { /* the admin gives up on the peer while it is under way */
        uint64_t left, before = node_rows(&w->node, TABLE_OUTQUEUE);
        DeliveryState as = pick(w, 2) ? DELIVERY_STATE__EXPIRED : DELIVERY_STATE__CANCELLED;
        struct txn *txn = store_write(&w->node.store);
        assert_int_equal(outqueue_cancel(txn, peer, as, 2, "given up", w->now_ms, &left), OK);
        store_commit(&txn);
        w->ended[as] += before - node_rows(&w->node, TABLE_OUTQUEUE);
    }
    d.mutation.apply = delivery_record_apply;
    for (int i = 0; i < 2; i++) { /* and once more: the store was asked twice */
        assert_int_equal(writer_run(w->node.fed.writer, &d.mutation), OK);
        if (d.is_over)
            w->ended[d.ended_as]++;
        if (d.outcome == OUTCOME_JUDGED && d.verdict != VERDICT_DELIVERED)
            break; /* a second failure would be a second attempt */
    }
    delivery_job_clear(&d);
}

static bool is_waiting(const Delivery *line)
{
    return line->state == DELIVERY_STATE__QUEUED || line->state == DELIVERY_STATE__RETRY;
}

/* Every line of the ledger waits if and only if its job is queued. */
static uint64_t waiting_lines(struct world *w, struct txn *txn)
{
    AUTO(range_close) struct range range = {0};
    AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)64 * 1024 * 1024);
    struct bytes none = {NULL, 0}, key, value;
    uint64_t waiting = 0;
    (void)w;
    assert_int_equal(range_open(txn, TABLE_LEDGER, none, none, RANGE_UP, &range), OK);
    while (range_next(&range, &key, &value) == OK) {
        Delivery *line;
        OutJob *job;
        size_t at = 8;
        uint64_t peer, seq;
        assert_int_equal(record_decode(&delivery__descriptor, value, &arena, &line), OK);
        assert_int_equal(key_read_u64(key, &at, &peer), OK);
        assert_int_equal(key_read_u64(key, &at, &seq), OK);
        enum err e = outqueue_get(txn, (peer_id){peer}, seq, &arena, &job);
        assert_int_equal(e, is_waiting(line) ? OK : ERR_NOTFOUND);
        assert_int_equal(is_waiting(line), line->ended_ms == 0);
        waiting += is_waiting(line);
    }
    return waiting;
}

static uint64_t jobs_with_a_subject(struct txn *txn)
{
    AUTO(range_close) struct range range = {0};
    AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)64 * 1024 * 1024);
    struct bytes none = {NULL, 0}, key, value;
    uint64_t n = 0;
    assert_int_equal(range_open(txn, TABLE_OUTQUEUE, none, none, RANGE_UP, &range), OK);
    while (range_next(&range, &key, &value) == OK) {
        OutJob *job;
        assert_int_equal(record_decode(&out_job__descriptor, value, &arena, &job), OK);
        n += job->subject != 0;
    }
    return n;
}

static uint64_t counted(struct txn *txn, DeliveryState state)
{
    return counter_get(txn, COUNTER_DELIVERY, (uint64_t)state);
}

static void assert_adds_up(struct world *w)
{
    uint64_t waiting = node_rows(&w->node, TABLE_OUTQUEUE);
    AUTO(txn_end) struct txn *txn = store_read(&w->node.store);
    uint64_t delivered = counted(txn, DELIVERY_STATE__DELIVERED),
             refused = counted(txn, DELIVERY_STATE__REFUSED),
             expired = counted(txn, DELIVERY_STATE__EXPIRED),
             cancelled = counted(txn, DELIVERY_STATE__CANCELLED);
    assert_int_equal(delivered + refused + expired + cancelled,
                     counted(txn, DELIVERY_STATE__QUEUED) - waiting);
    assert_int_equal(delivered, w->ended[DELIVERY_STATE__DELIVERED]);
    assert_int_equal(refused, w->ended[DELIVERY_STATE__REFUSED]);
    assert_int_equal(expired, w->ended[DELIVERY_STATE__EXPIRED]);
    /* what policy forbids is cancelled when it is queued already */
    assert_true(cancelled >= w->ended[DELIVERY_STATE__CANCELLED]);
    assert_int_equal(waiting_lines(w, txn), jobs_with_a_subject(txn));
}

static void complain(void *context, const char *table, const char *key, const char *what)
{
    print_error("seed %llu: %s %s: %s\n", *(unsigned long long *)context, table, key, what);
}

static void open_world(struct world *w, uint64_t seed)
{
    static const char *const hosts[REMOTES] = {"a.example", "b.example", "b.example", "c.example"};
    static const char *const names[REMOTES] = {"al", "bea", "ben", "cy"};
    *w = (struct world){.seed = seed, .now_ms = 1700000000000};
    clock_set(w->now_ms);
    node_open(&w->node);
    w->node.config.refusal_patience_ms = 48 * HOUR;
    w->node.config.back_off_ms[0] = HOUR;
    w->node.config.back_off_count = 1;
    w->node.config.queue_life_ms = 30 * 24 * HOUR;
    w->ann = node_account(&w->node, "ann");
    for (size_t i = 0; i < REMOTES; i++) {
        node_allow(&w->node, hosts[i]);
        remote_create(&w->node, &w->remote[i], hosts[i], names[i]);
        Edge edge = EDGE__INIT;
        struct txn *txn = store_write(&w->node.store);
        assert_int_equal(
            edge_add(txn, (struct edge_key){EDGE_FOLLOW, w->remote[i].id.v, w->ann.v}, &edge), OK);
        store_commit(&txn);
    }
}

static void close_world(struct world *w)
{
    struct check_report report;
    assert_int_equal(check_store(w->node.store.engine, complain, &w->seed, &report), OK);
    assert_int_equal(report.wrong, 0);
    for (size_t i = 0; i < REMOTES; i++)
        remote_clear(&w->remote[i]);
    node_close(&w->node);
    clock_set(-1);
}

static void the_ledger_adds_up_whatever_is_done_and_answered(void **state)
{
    (void)state;
    uint64_t ended = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world w;
        open_world(&w, seed * 7919);
        for (unsigned step = 0; step < STEPS; step++) {
            unsigned what = pick(&w, 10);
            if (what < 4)
                act(&w);
            else if (what < 5)
                decide(&w);
            else
                answer(&w);
            w.now_ms += (int64_t)pick(&w, 8) * HOUR;
            clock_set(w.now_ms);
            if (step % 10 == 0)
                assert_adds_up(&w);
        }
        assert_adds_up(&w);
        for (size_t i = 0; i < COUNT(w.ended); i++)
            ended += w.ended[i] > 0;
        close_world(&w);
    }
    assert_true(ended >= 4); /* it did not pass because nothing happened */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ledger_adds_up_whatever_is_done_and_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
