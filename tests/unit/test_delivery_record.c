#include "federation/delivery_job.h"

#include "storage/check.h"
#include "storage/edge.h"
#include "storage/meta.h"
#include "storage/notification.h"
#include "storage/outqueue.h"
#include "storage/peer.h"
#include "storage/post.h"
#include "tests/support/builders.h"
#include "tests/support/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define NOW BUILD_NOW_MS
#define MINUTE ((int64_t)60 * 1000)
#define HOUR (60 * MINUTE)

static const struct federation_config config = {
    .host = STORE_HOST,
    .queue_life_ms = 30 * 24 * HOUR,
    .refusal_patience_ms = 48 * HOUR,
    .back_off_ms = {MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR},
    .back_off_count = 5,
};

struct world {
    struct store store;
    struct arena arena;
    struct federation fed;
    actor_id ann;
    peer_id peer;
    uint64_t seq;
};

static struct world world_open(void)
{
    struct world w = {.store = store_open(), .arena = ARENA_INIT(1 << 20)};
    w.fed.config = &config;
    struct txn *txn = store_write(&w.store);
    w.ann = build_actor(txn, "ann", "");
    w.peer = build_peer(txn, "one.example");
    uint64_t body;
    OutJob job = OUT_JOB__INIT;
    assert_int_equal(outqueue_add_body(txn, bytes_of("{}"), NOW, &body), OK);
    job.body = body;
    job.actor = w.ann.v;
    job.activity_type = (char *)"Create";
    job.inbox = (char *)"https://one.example/inbox";
    assert_int_equal(outqueue_add(txn, w.peer, &job, NOW), OK);
    w.seq = job.seq;
    store_commit(&txn);
    return w;
}

static void world_close(struct world *w)
{
    arena_clear(&w->arena);
    store_close(&w->store);
}

/* Records an answer as the loop would, at `now_ms`. */
static void answer(struct world *w, int status, bool both, int64_t now_ms)
{
    OutJob job = OUT_JOB__INIT;
    job.seq = w->seq;
    struct delivery_job d = {.fed = &w->fed,
                             .peer = w->peer,
                             .job = &job,
                             .host = "one.example",
                             .outcome = OUTCOME_JUDGED,
                             .answer = {status, -1, both},
                             .now_ms = now_ms};
    d.verdict = retry_judge(&d.answer);
    why_set(&d.why, OK, "answered %d", status);
    struct txn *txn = store_write(&w->store);
    assert_int_equal(delivery_record_apply(txn, &d.mutation), OK);
    store_commit(&txn);
}

static uint64_t ended(struct world *w, DeliveryState as)
{
    AUTO(txn_end) struct txn *txn = store_read(&w->store);
    return counter_get(txn, COUNTER_DELIVERY, (uint64_t)as);
}

static unsigned told(struct world *w)
{
    AUTO(txn_end) struct txn *txn = store_read(&w->store);
    unsigned n = 0;
    Notification *one;
    for (uint64_t before = UINT64_MAX;
         notification_next(txn, w->ann, before, &w->arena, &one) == OK; before = one->id)
        n++;
    return n;
}

static PeerHealth *health(struct world *w)
{
    AUTO(txn_end) struct txn *txn = store_read(&w->store);
    PeerHealth *out;
    assert_int_equal(peer_health(txn, w->peer, &w->arena, &out), OK);
    return out;
}

static OutJob *job_of(struct world *w)
{
    AUTO(txn_end) struct txn *txn = store_read(&w->store);
    OutJob *out;
    assert_int_equal(outqueue_get(txn, w->peer, w->seq, &w->arena, &out), OK);
    return out;
}

static void t98_delivered_ends_the_job_and_says_nothing(void **state)
{
    (void)state;
    AUTO(world_close) struct world w = world_open();
    answer(&w, 202, false, NOW);
    assert_int_equal(ended(&w, DELIVERY_STATE__DELIVERED), 1);
    assert_int_equal(told(&w), 0);
    assert_true(health(&w)->last_success_ms == NOW);
    answer(&w, 202, false, NOW); /* T99: recorded again after a crash */
    assert_int_equal(ended(&w, DELIVERY_STATE__DELIVERED), 1);
}

static void t98_a_refusal_ends_the_job_and_the_author_is_told(void **state)
{
    (void)state;
    static const int status[] = {400, 405, 410, 413, 415, 422};
    for (size_t i = 0; i < COUNT(status); i++) {
        AUTO(world_close) struct world w = world_open();
        answer(&w, status[i], false, NOW);
        assert_int_equal(ended(&w, DELIVERY_STATE__REFUSED), 1);
        assert_int_equal(told(&w), 1);
        assert_int_equal(health(&w)->failures, 0);
    }
}

static void t98_401_403_404_are_refusals_after_48_hours(void **state)
{
    (void)state;
    static const int status[] = {401, 403, 404};
    for (size_t i = 0; i < COUNT(status); i++) {
        AUTO(world_close) struct world w = world_open();
        int64_t now = NOW;
        unsigned n = 0;
        while (ended(&w, DELIVERY_STATE__REFUSED) == 0) {
            answer(&w, status[i], true, now);
            assert_int_equal(health(&w)->failures, 0);
            if (ended(&w, DELIVERY_STATE__REFUSED))
                break;
            assert_int_equal(told(&w), 0);
            now = job_of(&w)->next_attempt_ms;
            assert_true(++n < 100);
        }
        assert_true(now - NOW == 48 * HOUR);
        assert_int_equal(told(&w), 1);
    }
}

static void a_failure_is_the_peers_and_counted_once(void **state)
{
    (void)state;
    AUTO(world_close) struct world w = world_open();
    answer(&w, 503, false, NOW);
    answer(&w, 503, false, NOW + 5); /* was under way at the same time */
    assert_int_equal(health(&w)->failures, 1);
    assert_true(health(&w)->failing_since_ms == NOW);
    assert_true(health(&w)->next_attempt_ms >= NOW + MINUTE);
    assert_int_equal(job_of(&w)->attempts, 2);
    assert_true(job_of(&w)->next_attempt_ms == 0);
    answer(&w, 0, false, NOW + 2 * MINUTE);
    assert_int_equal(health(&w)->failures, 2);
    answer(&w, 403, false, NOW + HOUR); /* it lives */
    assert_int_equal(health(&w)->failures, 0);
    assert_true(health(&w)->failing_since_ms == 0 && health(&w)->next_attempt_ms == 0);
}

static void t54_an_operator_is_told_once_of_a_peer_that_fails_for_an_hour(void **state)
{
    (void)state;
    AUTO(world_close) struct world w = world_open();
    int64_t now = NOW;
    for (; now < NOW + HOUR; now += 10 * HOUR / 60) {
        answer(&w, 0, false, now);
        assert_false(health(&w)->is_alarmed);
    }
    for (unsigned more = 0; more < 3; more++, now = health(&w)->next_attempt_ms) {
        now = now > health(&w)->next_attempt_ms ? now : health(&w)->next_attempt_ms;
        answer(&w, 0, false, now);
    }
    assert_true(health(&w)->is_alarmed);
    answer(&w, 202, false, now);
    assert_false(health(&w)->is_alarmed);
}

static void a_job_that_a_living_peer_chokes_on_steps_aside(void **state)
{
    (void)state;
    AUTO(world_close) struct world w = world_open();
    PeerHealth alive = PEER_HEALTH__INIT;
    alive.last_success_ms = NOW + 10;
    struct txn *txn = store_write(&w.store);
    assert_int_equal(peer_put_health(txn, w.peer, &alive), OK);
    store_commit(&txn);
    answer(&w, 500, false, NOW + 20);
    assert_true(job_of(&w)->next_attempt_ms > NOW + 20);
}

static void hearing_from_a_failing_peer_makes_one_early_probe(void **state)
{
    (void)state;
    AUTO(world_close) struct world w = world_open();
    PeerHealth dead = PEER_HEALTH__INIT;
    dead.failures = 9;
    dead.failing_since_ms = NOW - 24 * HOUR;
    dead.next_attempt_ms = NOW + 3 * HOUR;
    struct txn *txn = store_write(&w.store);
    assert_int_equal(peer_put_health(txn, w.peer, &dead), OK);
    assert_int_equal(delivery_heard(txn, w.peer.v, SIGNATURE_SCHEME__RFC9421, NOW), OK);
    store_commit(&txn);
    assert_true(health(&w)->next_attempt_ms == NOW);
    assert_int_equal(health(&w)->failures, 9); /* it may be deaf while it talks */
    assert_int_equal(health(&w)->scheme, SIGNATURE_SCHEME__RFC9421);

    answer(&w, 0, false, NOW + 1);
    int64_t next_ms = health(&w)->next_attempt_ms;
    txn = store_write(&w.store);
    assert_int_equal(delivery_heard(txn, w.peer.v, SIGNATURE_SCHEME__RFC9421, NOW + MINUTE), OK);
    store_commit(&txn);
    assert_true(health(&w)->next_attempt_ms == next_ms);
}

static void what_a_peer_advertises_is_believed_while_nothing_is_known(void **state)
{
    (void)state;
    static const struct {
        SignatureScheme known, says, then;
    } rows[] = {
        {SIGNATURE_SCHEME__UNTRIED, SIGNATURE_SCHEME__RFC9421, SIGNATURE_SCHEME__RFC9421},
        {SIGNATURE_SCHEME__UNTRIED, SIGNATURE_SCHEME__RFC9421_ED25519,
         SIGNATURE_SCHEME__RFC9421_ED25519},
        {SIGNATURE_SCHEME__UNTRIED, SIGNATURE_SCHEME__UNTRIED, SIGNATURE_SCHEME__UNTRIED},
        /* tried there, and refused */
        {SIGNATURE_SCHEME__CAVAGE, SIGNATURE_SCHEME__RFC9421, SIGNATURE_SCHEME__CAVAGE},
        {SIGNATURE_SCHEME__RFC9421_ED25519, SIGNATURE_SCHEME__RFC9421,
         SIGNATURE_SCHEME__RFC9421_ED25519},
        {SIGNATURE_SCHEME__RFC9421, SIGNATURE_SCHEME__RFC9421_ED25519, SIGNATURE_SCHEME__RFC9421},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(world_close) struct world w = world_open();
        PeerHealth before = PEER_HEALTH__INIT;
        before.scheme = rows[i].known;
        struct txn *txn = store_write(&w.store);
        assert_int_equal(peer_put_health(txn, w.peer, &before), OK);
        assert_int_equal(delivery_advertised(txn, w.peer.v, rows[i].says), OK);
        store_commit(&txn);
        assert_int_equal(health(&w)->scheme, rows[i].then);
    }
}

static void of_what_is_passed_on_nobody_here_is_told(void **state)
{
    (void)state;
    AUTO(world_close) struct world w = world_open();
    struct txn *txn = store_write(&w.store);
    OutJob job = OUT_JOB__INIT;
    job.actor = w.ann.v;
    job.is_forwarded = true;
    assert_int_equal(delivery_tell(txn, &job, "lost", NOW), OK);
    Notification *notification;
    assert_int_equal(notification_next(txn, w.ann, UINT64_MAX, &w.arena, &notification),
                     ERR_NOTFOUND);
    store_commit(&txn);
}

static void hear(void *context, const char *table, const char *key, const char *what)
{
    (void)context;
    fail_msg("%s %s %s", table, key, what);
}

/* The post, and the account that writes letters. */
static post_id world_with_letters(struct world *w, struct txn *txn)
{
    actor_id node = build_actor(txn, "one.node", "");
    post_id post =
        build_post(txn, &(struct build_post){.uri = "https://ward.example/users/ann/posts/1",
                                             .author = w->ann});
    assert_int_equal(meta_put_u64(txn, "instance_actor", node.v), OK);
    return post;
}

static void who_has_only_an_app_gets_a_letter_once(void **state)
{
    (void)state;
    AUTO(world_close) struct world w = world_open();
    struct txn *txn = store_write(&w.store);
    OutJob job = OUT_JOB__INIT;
    Notification *one;
    Post *letter;
    job.actor = w.ann.v;
    job.activity_type = (char *)"Create";
    job.subject = world_with_letters(&w, txn).v;
    for (int i = 0; i < 2; i++)
        assert_int_equal(delivery_tell(txn, &job, "one.example refused <it>", NOW), OK);
    store_commit(&txn);
    assert_int_equal(told(&w), 2); /* that it was not delivered, and the letter */
    txn = store_read(&w.store);
    assert_int_equal(notification_next(txn, w.ann, UINT64_MAX, &w.arena, &one), OK);
    assert_int_equal(one->type, NOTIFICATION_TYPE__MENTION);
    assert_int_equal(post_get(txn, (post_id){one->post}, &w.arena, &letter), OK);
    assert_int_equal(letter->visibility, VISIBILITY__DIRECT);
    assert_non_null(strstr(letter->content_html, "one.example refused &lt;it&gt;"));
    assert_non_null(strstr(letter->content_html, "/users/ann/posts/1"));
    txn_end(&txn);
    struct check_report report;
    assert_int_equal(check_store(w.store.engine, hear, NULL, &report), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t98_delivered_ends_the_job_and_says_nothing),
        cmocka_unit_test(t98_a_refusal_ends_the_job_and_the_author_is_told),
        cmocka_unit_test(t98_401_403_404_are_refusals_after_48_hours),
        cmocka_unit_test(a_failure_is_the_peers_and_counted_once),
        cmocka_unit_test(t54_an_operator_is_told_once_of_a_peer_that_fails_for_an_hour),
        cmocka_unit_test(a_job_that_a_living_peer_chokes_on_steps_aside),
        cmocka_unit_test(hearing_from_a_failing_peer_makes_one_early_probe),
        cmocka_unit_test(what_a_peer_advertises_is_believed_while_nothing_is_known),
        cmocka_unit_test(of_what_is_passed_on_nobody_here_is_told),
        cmocka_unit_test(who_has_only_an_app_gets_a_letter_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
