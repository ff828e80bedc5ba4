#include "federation/delivery_patrol.h"

#include "federation/delivery_job.h"
#include "federation/policy.h"
#include "storage/audit.h"
#include "storage/base/clock.h"
#include "storage/outqueue.h"
#include "storage/peer.h"

#include <pthread.h>
#include <stdio.h>

#define EVERY_MS 60000
#define AGAIN_MS 250 /* a round that left something undone is followed by another */
#define PEERS_AT_A_TIME 256
#define OPEN_MAX 4     /* steps the writer has at a time */
#define STEP_JOBS 128  /* changed in one transaction ... */
#define STEP_WALK 8192 /* ... of so many looked at */
#define STEP_ARENA_BYTES ((size_t)64 * 1024 * 1024)

enum sweep_kind { SWEEP_LATE, SWEEP_EXPIRED, SWEEP_FORBIDDEN };

/* One step: one peer, one mutation. */
struct sweep {
    struct mutation mutation;
    struct delivery_patrol *patrol;
    peer_id peer;
    enum sweep_kind kind;
    uint64_t after_seq; /* where to begin */
    int64_t now_ms;
    bool has_more; /* set by apply */
};

struct delivery_patrol {
    /* constant */
    struct federation *fed;
    struct http_loop *loop;

    /* delivery thread only */
    enum { RESTING, WALKING, WAITING } state;
    int64_t rested_mono_ms, rest_ms;
    peer_id peer;          /* how far this round came */
    int64_t round_ms;      /* when it began */
    int64_t told_until_ms; /* authors were told of all that was queued before that */

    /* under mu */
    pthread_mutex_t mu;
    unsigned open;
    bool is_undone; /* a step failed, or there was more than fits one */
};

/* What a step works with. */
struct step {
    struct sweep *sweep;
    const struct federation_config *config;
    struct txn *txn;
    struct arena *arena;
    const Peer *peer;
    const PeerHealth *health;
    unsigned changed;
};

static enum err say_late(struct step *s, OutJob *job)
{
    if (job->is_author_told || s->sweep->now_ms - job->queued_ms < s->config->late_notice_ms)
        return OK;
    const char *text = arena_printf(s->arena, "this %s has not reached %s yet; it is tried again",
                                    job->activity_type, s->peer->host);
    if (!text)
        return ERR_LIMIT;
    enum err e = delivery_tell(s->txn, job, text, s->sweep->now_ms);
    if (e)
        return e;
    s->changed++;
    job->is_author_told = true;
    int64_t next = job->next_attempt_ms > s->health->next_attempt_ms ? job->next_attempt_ms
                                                                     : s->health->next_attempt_ms;
    return outqueue_retry(s->txn, s->sweep->peer, job, s->health->last_status,
                          s->health->last_error, next);
}

static enum err end(struct step *s, const OutJob *job, DeliveryState state, const char *reason)
{
    s->changed++;
    enum err e = outqueue_end(s->txn, s->sweep->peer, job->seq, state, s->health->last_status,
                              reason, s->sweep->now_ms);
    const char *text = arena_printf(s->arena, "this %s did not reach %s: %s", job->activity_type,
                                    s->peer->host, reason);
    if (e)
        return e;
    return text ? delivery_tell(s->txn, job, text, s->sweep->now_ms) : ERR_LIMIT;
}

static enum err treat(struct step *s, OutJob *job)
{
    struct why why = {{0}};
    enum err e;
    switch (s->sweep->kind) {
    case SWEEP_LATE:
        return say_late(s, job);
    case SWEEP_EXPIRED:
        if (!retry_is_expired(s->config, job, s->health->failures, s->sweep->now_ms))
            return OK;
        return end(s, job, DELIVERY_STATE__EXPIRED,
                   "given up, it could not be reached for too long");
    default:
        e = policy_may_send(s->txn, s->config, s->sweep->peer, job->visibility, s->sweep->now_ms,
                            &why);
        return e == ERR_DENIED ? end(s, job, DELIVERY_STATE__CANCELLED, why.text) : e;
    }
}

static enum err audit(struct step *s)
{
    char reason[64];
    bool is_expiry = s->sweep->kind == SWEEP_EXPIRED;
    if (s->changed == 0 || s->sweep->kind == SWEEP_LATE)
        return OK;
    snprintf(reason, sizeof reason, "%u queued activities %s", s->changed,
             is_expiry ? "expired" : "cancelled");
    AuditRecord record = AUDIT_RECORD__INIT;
    record.who = (char *)"node";
    record.act = (char *)(is_expiry ? "delivery.expire" : "delivery.cancel");
    record.object = s->peer->host;
    record.outcome = (char *)"done";
    record.reason = reason;
    return audit_add(s->txn, &record, s->sweep->now_ms);
}

static enum err walk_jobs(struct step *s)
{
    uint64_t after = s->sweep->after_seq;
    unsigned looked_at = 0;
    enum err e = OK;
    while (!e && s->changed < STEP_JOBS && looked_at++ < STEP_WALK) {
        OutJob *job;
        e = outqueue_next(s->txn, s->sweep->peer, after, s->arena, &job);
        if (e == ERR_NOTFOUND)
            return OK;
        if (e)
            return e;
        /* FIFO: behind the first that is young enough there is nothing late and nothing expired */
        int64_t age_ms = s->sweep->now_ms - job->queued_ms;
        if (s->sweep->kind == SWEEP_LATE && age_ms < s->config->late_notice_ms)
            return OK;
        if (s->sweep->kind == SWEEP_EXPIRED && age_ms < s->config->queue_life_ms)
            return OK;
        after = job->seq;
        e = treat(s, job);
    }
    s->sweep->has_more = s->changed == STEP_JOBS;
    return e;
}

static enum err sweep_apply(struct txn *txn, struct mutation *m)
{
    struct sweep *sweep = container_of(m, struct sweep, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(STEP_ARENA_BYTES);
    Peer *peer;
    PeerHealth *health;
    sweep->has_more = false;
    enum err e = peer_get(txn, sweep->peer, &arena, &peer);
    if (!e)
        e = peer_health(txn, sweep->peer, &arena, &health);
    if (e)
        return e == ERR_NOTFOUND ? OK : e;
    struct step step = {sweep, sweep->patrol->fed->config, txn, &arena, peer, health, 0};
    e = walk_jobs(&step);
    return e ? e : audit(&step);
}

static void sweep_done(struct mutation *m, enum err e)
{
    struct sweep *sweep = container_of(m, struct sweep, mutation);
    struct delivery_patrol *patrol = sweep->patrol;
    pthread_mutex_lock(&patrol->mu);
    patrol->open--;
    patrol->is_undone = patrol->is_undone || e || sweep->has_more;
    http_loop_wake(patrol->loop); /* under the lock: after it the patrol may be gone */
    pthread_mutex_unlock(&patrol->mu);
    xfree(&sweep);
}

static void push(struct delivery_patrol *patrol, enum sweep_kind kind, uint64_t after_seq)
{
    struct sweep *sweep = xcalloc(1, sizeof *sweep);
    *sweep = (struct sweep){.mutation = {.apply = sweep_apply, .done = sweep_done},
                            .patrol = patrol,
                            .peer = patrol->peer,
                            .kind = kind,
                            .after_seq = after_seq,
                            .now_ms = patrol->round_ms};
    pthread_mutex_lock(&patrol->mu);
    patrol->open++;
    pthread_mutex_unlock(&patrol->mu);
    if (writer_push(patrol->fed->writer, &sweep->mutation) == OK)
        return;
    xfree(&sweep);
    pthread_mutex_lock(&patrol->mu);
    patrol->open--;
    patrol->is_undone = true;
    pthread_mutex_unlock(&patrol->mu);
}

static unsigned open_steps(struct delivery_patrol *patrol)
{
    pthread_mutex_lock(&patrol->mu);
    unsigned open = patrol->open;
    pthread_mutex_unlock(&patrol->mu);
    return open;
}

/* A seq is an id and carries its time: the first that was queued at `ms`. */
static uint64_t first_seq(int64_t ms)
{
    return ms > 0 ? (uint64_t)ms << 16 : 0;
}

/* patrol->peer has jobs: is there anything to do with them? */
static enum err look_at(struct delivery_patrol *patrol, struct txn *txn)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)512 * 1024);
    const struct federation_config *config = patrol->fed->config;
    OutJob *job;
    enum err e =
        policy_may_send(txn, config, patrol->peer, VISIBILITY__PUBLIC, patrol->round_ms, NULL);
    if (e == ERR_DENIED) {
        push(patrol, SWEEP_FORBIDDEN, 0);
        return OK;
    }
    if (!e)
        e = outqueue_next(txn, patrol->peer, 0, &arena, &job);
    if (e)
        return e == ERR_NOTFOUND ? OK : e;
    if (patrol->round_ms - job->queued_ms >= config->queue_life_ms)
        push(patrol, SWEEP_EXPIRED, 0);

    uint64_t told = first_seq(patrol->told_until_ms);
    e = outqueue_next(txn, patrol->peer, told, &arena, &job);
    if (!e && patrol->round_ms - job->queued_ms >= config->late_notice_ms)
        push(patrol, SWEEP_LATE, told);
    return e == ERR_NOTFOUND ? OK : e;
}

static void walk(struct delivery_patrol *patrol)
{
    AUTO(txn_end) struct txn *txn = NULL;
    uint64_t queued;
    enum err e = engine_read_begin(patrol->fed->engine, &txn);
    for (unsigned i = 0; !e && i < PEERS_AT_A_TIME && open_steps(patrol) < OPEN_MAX; i++) {
        e = outqueue_peer_next(txn, &patrol->peer, &queued);
        if (!e)
            e = look_at(patrol, txn);
    }
    if (e)
        patrol->state = WAITING;
    if (e && e != ERR_NOTFOUND) {
        pthread_mutex_lock(&patrol->mu);
        patrol->is_undone = true;
        pthread_mutex_unlock(&patrol->mu);
    }
}

static void end_round(struct delivery_patrol *patrol)
{
    pthread_mutex_lock(&patrol->mu);
    bool is_undone = patrol->is_undone;
    patrol->is_undone = false;
    pthread_mutex_unlock(&patrol->mu);
    if (!is_undone)
        patrol->told_until_ms = patrol->round_ms - patrol->fed->config->late_notice_ms;
    patrol->rest_ms = is_undone ? AGAIN_MS : EVERY_MS;
    patrol->rested_mono_ms = clock_mono_ms();
    patrol->state = RESTING;
}

bool delivery_patrol_step(struct delivery_patrol *patrol)
{
    if (patrol->state == RESTING) {
        if (clock_mono_ms() - patrol->rested_mono_ms < patrol->rest_ms)
            return patrol->rest_ms < EVERY_MS;
        patrol->state = WALKING;
        patrol->peer = (peer_id){0};
        patrol->round_ms = clock_ms();
    }
    if (patrol->state == WALKING)
        walk(patrol);
    if (patrol->state == WAITING && open_steps(patrol) == 0)
        end_round(patrol);
    return patrol->state != RESTING;
}

void delivery_patrol_now(struct delivery_patrol *patrol)
{
    patrol->rest_ms = 0;
}

struct delivery_patrol *delivery_patrol_create(struct federation *fed, struct http_loop *loop)
{
    struct delivery_patrol *patrol = xcalloc(1, sizeof *patrol);
    patrol->fed = fed;
    patrol->loop = loop;
    pthread_mutex_init(&patrol->mu, NULL);
    return patrol;
}

void delivery_patrol_free(struct delivery_patrol **patrol)
{
    if (!*patrol)
        return;
    while (open_steps(*patrol) > 0)
        http_loop_turn((*patrol)->loop, AGAIN_MS);
    pthread_mutex_destroy(&(*patrol)->mu);
    xfree(patrol);
}
