#include "storage/outqueue.h"

#include "storage/edge.h"
#include "storage/peer.h"

#define JOB_ARENA_BYTES (256 << 10)
#define BODY_ARENA_BYTES (8 << 20) /* an activity is bounded to 1 MiB when it is made */

static struct key ledger_key_of(uint64_t subject, peer_id peer, uint64_t seq)
{
    struct key key = key_ids(subject, peer.v);
    key_add_u64(&key, seq);
    return key;
}

enum err outqueue_add_body(struct txn *txn, struct bytes json, int64_t now_ms, uint64_t *out_body)
{
    OutBody body = OUT_BODY__INIT;
    body.json.data = (uint8_t *)json.p;
    body.json.len = json.n;
    uint64_t id;
    enum err e = id_next(txn, now_ms, &id);
    if (e)
        return e;
    struct key key = key_id(id);
    e = record_add(txn, TABLE_OUTBODY, key_bytes(&key), &body.base);
    if (!e)
        *out_body = id;
    return e;
}

static enum err body_get(struct txn *txn, uint64_t id, struct arena *arena, OutBody **out)
{
    struct key key = key_id(id);
    return record_get(txn, TABLE_OUTBODY, key_bytes(&key), &out_body__descriptor, arena, out);
}

enum err outqueue_body(struct txn *txn, uint64_t body, struct arena *arena, struct bytes *out)
{
    OutBody *record;
    enum err e = body_get(txn, body, arena, &record);
    if (!e)
        *out = (struct bytes){record->json.data, record->json.len};
    return e;
}

/* One job more (+1) or less (-1) names the body; without a job it goes. */
static enum err body_refer(struct txn *txn, uint64_t id, int by)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(BODY_ARENA_BYTES);
    OutBody *body;
    enum err e = body_get(txn, id, &arena, &body);
    if (e)
        return e;
    if (by < 0 && body->references == 0)
        return ERR_CORRUPT;
    body->references += (uint32_t)by;
    struct key key = key_id(id);
    if (body->references == 0)
        return engine_del(txn, TABLE_OUTBODY, key_bytes(&key));
    return record_put(txn, TABLE_OUTBODY, key_bytes(&key), &body->base);
}

/* The first job makes the peer due, at the time its health says. */
static enum err peer_gets_job(struct txn *txn, peer_id peer)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(JOB_ARENA_BYTES);
    PeerHealth *health;
    if (counter_get(txn, COUNTER_QUEUED, peer.v) == 0) {
        enum err e = peer_health(txn, peer, &arena, &health);
        if (!e)
            e = peer_due_set(txn, peer, health->next_attempt_ms);
        if (e)
            return e;
    }
    return counter_add(txn, COUNTER_QUEUED, peer.v, 1);
}

static enum err peer_loses_job(struct txn *txn, peer_id peer)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(JOB_ARENA_BYTES);
    PeerHealth *health;
    enum err e = counter_add(txn, COUNTER_QUEUED, peer.v, -1);
    if (e || counter_get(txn, COUNTER_QUEUED, peer.v) > 0)
        return e;
    e = peer_health(txn, peer, &arena, &health);
    return e ? e : peer_due_clear(txn, peer, health->next_attempt_ms);
}

static enum err ledger_open(struct txn *txn, peer_id peer, const OutJob *job)
{
    Delivery line = DELIVERY__INIT;
    line.state = DELIVERY_STATE__QUEUED;
    line.activity_type = job->activity_type;
    line.inbox = job->inbox;
    line.queued_ms = job->queued_ms;
    line.next_attempt_ms = job->next_attempt_ms;
    struct key key = ledger_key_of(job->subject, peer, job->seq);
    return record_add(txn, TABLE_LEDGER, key_bytes(&key), &line.base);
}

enum err outqueue_add(struct txn *txn, peer_id peer, OutJob *job, int64_t now_ms)
{
    struct key key = key_id(peer.v);
    struct bytes any;
    enum err e = engine_get(txn, TABLE_PEER, key_bytes(&key), &any);
    if (e)
        return e;
    e = body_refer(txn, job->body, 1);
    if (e)
        return e;
    e = id_next(txn, now_ms, &job->seq);
    if (e)
        return e;
    job->queued_ms = now_ms;
    key = key_ids(peer.v, job->seq);
    e = record_add(txn, TABLE_OUTQUEUE, key_bytes(&key), &job->base);
    if (e)
        return e;
    if (job->subject && (e = ledger_open(txn, peer, job)))
        return e;
    e = peer_gets_job(txn, peer);
    return e ? e : counter_add(txn, COUNTER_DELIVERY, DELIVERY_STATE__QUEUED, 1);
}

enum err outqueue_get(struct txn *txn, peer_id peer, uint64_t seq, struct arena *arena,
                      OutJob **out)
{
    struct key key = key_ids(peer.v, seq);
    return record_get(txn, TABLE_OUTQUEUE, key_bytes(&key), &out_job__descriptor, arena, out);
}

enum err outqueue_next(struct txn *txn, peer_id peer, uint64_t after, struct arena *arena,
                       OutJob **out)
{
    if (after == UINT64_MAX || peer.v == UINT64_MAX)
        return ERR_NOTFOUND;
    AUTO(range_close) struct range range = {0};
    struct key lo = key_ids(peer.v, after + 1), hi = key_id(peer.v + 1);
    struct bytes key, value;
    enum err e = range_open(txn, TABLE_OUTQUEUE, key_bytes(&lo), key_bytes(&hi), RANGE_UP, &range);
    if (e)
        return e;
    e = range_next(&range, &key, &value);
    return e ? e : record_decode(&out_job__descriptor, value, arena, out);
}

/* What an attempt or an end writes into the ledger. */
struct ledger_change {
    DeliveryState state;
    uint32_t attempts, status;
    const char *why;
    int64_t next_attempt_ms, ended_ms;
};

static enum err ledger_update(struct txn *txn, peer_id peer, const OutJob *job,
                              const struct ledger_change *change)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(JOB_ARENA_BYTES);
    struct key key = ledger_key_of(job->subject, peer, job->seq);
    Delivery *line;
    enum err e =
        record_get(txn, TABLE_LEDGER, key_bytes(&key), &delivery__descriptor, &arena, &line);
    if (e)
        return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
    line->state = change->state;
    line->attempts = change->attempts;
    line->last_status = change->status;
    line->why = (char *)(change->why ? change->why : "");
    line->next_attempt_ms = change->next_attempt_ms;
    line->ended_ms = change->ended_ms;
    return record_put(txn, TABLE_LEDGER, key_bytes(&key), &line->base);
}

enum err outqueue_retry(struct txn *txn, peer_id peer, const OutJob *job, uint32_t status,
                        const char *why, int64_t next_attempt_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(JOB_ARENA_BYTES);
    OutJob *old;
    enum err e = outqueue_get(txn, peer, job->seq, &arena, &old);
    if (e)
        return e;
    if (old->body != job->body || old->subject != job->subject)
        return ERR_INVALID;
    struct key key = key_ids(peer.v, job->seq);
    e = record_put(txn, TABLE_OUTQUEUE, key_bytes(&key), &job->base);
    if (e || !job->subject)
        return e;
    return ledger_update(txn, peer, job,
                         &(struct ledger_change){.state = DELIVERY_STATE__RETRY,
                                                 .attempts = job->attempts,
                                                 .status = status,
                                                 .why = why,
                                                 .next_attempt_ms = next_attempt_ms});
}

static bool is_end(DeliveryState state)
{
    return state == DELIVERY_STATE__DELIVERED || state == DELIVERY_STATE__REFUSED ||
           state == DELIVERY_STATE__EXPIRED || state == DELIVERY_STATE__CANCELLED;
}

enum err outqueue_end(struct txn *txn, peer_id peer, uint64_t seq, DeliveryState state,
                      uint32_t status, const char *why, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(JOB_ARENA_BYTES);
    OutJob *job;
    if (!is_end(state))
        return ERR_INVALID;
    enum err e = outqueue_get(txn, peer, seq, &arena, &job);
    if (e)
        return e;
    struct key key = key_ids(peer.v, seq);
    if ((e = engine_del(txn, TABLE_OUTQUEUE, key_bytes(&key))))
        return e;
    if ((e = body_refer(txn, job->body, -1)))
        return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
    if ((e = peer_loses_job(txn, peer)))
        return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
    if ((e = counter_add(txn, COUNTER_DELIVERY, (uint64_t)state, 1)) || !job->subject)
        return e;
    /* delivered and refused are answers to one more attempt; the others are decided here */
    bool attempted = state == DELIVERY_STATE__DELIVERED || state == DELIVERY_STATE__REFUSED;
    return ledger_update(txn, peer, job,
                         &(struct ledger_change){.state = state,
                                                 .attempts = job->attempts + attempted,
                                                 .status = status,
                                                 .why = why,
                                                 .ended_ms = now_ms});
}

enum err outqueue_cancel(struct txn *txn, peer_id peer, DeliveryState state, unsigned max,
                         const char *why, int64_t now_ms, uint64_t *out_left)
{
    for (unsigned i = 0; i < max; i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(JOB_ARENA_BYTES);
        OutJob *job;
        enum err e = outqueue_next(txn, peer, 0, &arena, &job);
        if (e == ERR_NOTFOUND)
            break;
        if (!e)
            e = outqueue_end(txn, peer, job->seq, state, 0, why, now_ms);
        if (e)
            return e;
    }
    *out_left = counter_get(txn, COUNTER_QUEUED, peer.v);
    return OK;
}

enum err outqueue_hasten(struct txn *txn, peer_id peer, unsigned max, uint64_t *after)
{
    for (unsigned i = 0; i < max; i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(JOB_ARENA_BYTES);
        OutJob *job;
        enum err e = outqueue_next(txn, peer, *after, &arena, &job);
        if (e)
            return e;
        *after = job->seq;
        if (!job->next_attempt_ms)
            continue;
        struct key key = key_ids(peer.v, job->seq);
        job->next_attempt_ms = 0;
        if ((e = record_put(txn, TABLE_OUTQUEUE, key_bytes(&key), &job->base)))
            return e;
    }
    return OK;
}

enum err outqueue_cancel_subject(struct txn *txn, uint64_t subject, const char *why, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(JOB_ARENA_BYTES);
    struct ledger_key key = {.subject = subject};
    Delivery *line;
    enum err e;
    while ((e = ledger_next(txn, &key, &arena, &line)) == OK) {
        bool waits = line->state == DELIVERY_STATE__QUEUED || line->state == DELIVERY_STATE__RETRY;
        if (waits && (e = outqueue_end(txn, (peer_id){key.peer}, key.seq, DELIVERY_STATE__CANCELLED,
                                       0, why, now_ms)))
            return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
        arena_clear(&arena);
    }
    return e == ERR_NOTFOUND ? OK : e;
}

enum err outqueue_peer_next(struct txn *txn, peer_id *peer, uint64_t *out_queued)
{
    if (peer->v == UINT64_MAX)
        return ERR_NOTFOUND;
    AUTO(range_close) struct range range = {0};
    struct key lo = key_id(peer->v + 1);
    struct bytes key;
    enum err e =
        range_open(txn, TABLE_OUTQUEUE, key_bytes(&lo), (struct bytes){0}, RANGE_UP, &range);
    if (e)
        return e;
    e = range_next(&range, &key, NULL);
    if (e)
        return e;
    size_t at = 0;
    e = key_read_u64(key, &at, &peer->v);
    if (!e)
        *out_queued = counter_get(txn, COUNTER_QUEUED, peer->v);
    return e;
}

enum err ledger_next(struct txn *txn, struct ledger_key *key, struct arena *arena, Delivery **out)
{
    AUTO(range_close) struct range range = {0};
    struct key lo = ledger_key_of(key->subject, (peer_id){key->peer}, key->seq);
    struct key hi = key_id(key->subject + 1);
    struct bytes found, value;
    if (key->subject == UINT64_MAX)
        return ERR_NOTFOUND;
    key_add_u8(&lo, 0); /* the first key after it */
    enum err e = range_open(txn, TABLE_LEDGER, key_bytes(&lo), key_bytes(&hi), RANGE_UP, &range);
    if (!e)
        e = range_next(&range, &found, &value);
    if (!e)
        e = record_decode(&delivery__descriptor, value, arena, out);
    if (e)
        return e;
    size_t at = 8;
    e = key_read_u64(found, &at, &key->peer);
    return e ? e : key_read_u64(found, &at, &key->seq);
}
