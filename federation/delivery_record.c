#include "federation/delivery_job.h"
#include "federation/delivery_letter.h"
#include "storage/actor.h"
#include "storage/notification.h"
#include "storage/outqueue.h"
#include "storage/peer.h"
#include "storage/post.h"

#include <string.h>

#define ALARM_MS (60 * 60 * 1000) /* a peer that fails for so long needs a human (T54) */
#define RECORD_ARENA_BYTES ((size_t)512 * 1024)
#define SUCCESS_STEP_MS 60000 /* how finely "last success" is kept: it costs a write */

enum err delivery_expedite(struct txn *txn, uint64_t peer, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(DELIVERY_HEALTH_BYTES);
    PeerHealth *health;
    enum err e = peer_health(txn, (peer_id){peer}, &arena, &health);
    if (e)
        return e;
    if (health->next_attempt_ms <= now_ms)
        return OK; /* due anyway */
    health->next_attempt_ms = now_ms;
    return peer_put_health(txn, (peer_id){peer}, health);
}

enum err delivery_heard(struct txn *txn, uint64_t peer, SignatureScheme proved, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(DELIVERY_HEALTH_BYTES);
    PeerHealth *health;
    enum err e = peer_health(txn, (peer_id){peer}, &arena, &health);
    if (e)
        return e;
    int64_t silent_ms = now_ms - health->heard_ms;
    bool upgrades =
        health->scheme == SIGNATURE_SCHEME__UNTRIED && proved > SIGNATURE_SCHEME__CAVAGE;
    bool is_early = health->failing_since_ms && health->next_attempt_ms > now_ms &&
                    silent_ms >= DELIVERY_HEARD_EVERY_MS;
    /* while it fails, heard_ms is the time of the last early probe */
    bool is_news = silent_ms < 0 ||
                   (silent_ms >= DELIVERY_HEARD_NOTE_MS && (is_early || !health->failing_since_ms));
    if (!upgrades && !is_news)
        return OK;
    if (upgrades)
        health->scheme = proved;
    if (is_early)
        health->next_attempt_ms = now_ms;
    if (is_news)
        health->heard_ms = now_ms;
    return peer_put_health(txn, (peer_id){peer}, health);
}

enum err delivery_advertised(struct txn *txn, uint64_t peer, SignatureScheme understood)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(DELIVERY_HEALTH_BYTES);
    PeerHealth *health;
    if (understood <= SIGNATURE_SCHEME__CAVAGE)
        return OK;
    enum err e = peer_health(txn, (peer_id){peer}, &arena, &health);
    if (e || health->scheme != SIGNATURE_SCHEME__UNTRIED)
        return e;
    health->scheme = understood;
    return peer_put_health(txn, (peer_id){peer}, health);
}

/* Of what the author wrote themselves, not of a like: that is worth a letter. */
static enum err write_letter(struct txn *txn, const OutJob *job, const Actor *author,
                             const char *text, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(RECORD_ARENA_BYTES);
    Post *post;
    enum err e = post_get(txn, (post_id){job->subject}, &arena, &post);
    if (e == ERR_NOTFOUND)
        return strcmp(job->activity_type, "Delete") == 0
                   ? delivery_letter(txn, author, "", text, now_ms)
                   : OK;
    return e || post->author != author->id || post->boost_of
               ? e
               : delivery_letter(txn, author, post->uri, text, now_ms);
}

enum err delivery_tell(struct txn *txn, const OutJob *job, const char *text, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(RECORD_ARENA_BYTES);
    Actor *author;
    if (job->is_forwarded)
        return OK; /* not theirs: its author's node answers for it */
    enum err e = actor_get(txn, (actor_id){job->actor}, &arena, &author);
    if (e || author->host[0] || author->is_instance)
        return e == ERR_NOTFOUND ? OK : e;
    Notification notification = NOTIFICATION__INIT;
    notification.type = NOTIFICATION_TYPE__NOT_DELIVERED;
    notification.from = job->actor;
    notification.post = job->subject;
    notification.text = (char *)text;
    e = notification_add(txn, (actor_id){job->actor}, &notification, now_ms);
    if (e == ERR_NOTFOUND) { /* the post is gone: a Delete is not delivered */
        notification.post = 0;
        e = notification_add(txn, (actor_id){job->actor}, &notification, now_ms);
    }
    if (!e)
        e = write_letter(txn, job, author, text, now_ms);
    return e == ERR_EXISTS ? OK : e;
}

/* ---- what an attempt did to the job ---- */

static enum err end(struct txn *txn, struct delivery_job *d, const OutJob *job, DeliveryState state)
{
    d->is_over = true;
    d->ended_as = state;
    enum err e = outqueue_end(txn, d->peer, job->seq, state, (uint32_t)d->answer.status,
                              state == DELIVERY_STATE__DELIVERED ? "" : d->why.text, d->now_ms);
    if (e || state == DELIVERY_STATE__DELIVERED)
        return e;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(RECORD_ARENA_BYTES);
    const char *text =
        arena_printf(&arena,
                     state == DELIVERY_STATE__REFUSED ? "%s refused this %s: %s"
                                                      : "for %s this %s was cancelled: %s",
                     d->host, job->activity_type, d->why.text);
    return text ? delivery_tell(txn, job, text, d->now_ms) : ERR_LIMIT;
}

/* It was answered, and not well: it waits alone, or its patience is over. */
static enum err wait_alone(struct txn *txn, struct delivery_job *d, OutJob *job)
{
    if (!job->refused_since_ms)
        job->refused_since_ms = d->now_ms;
    job->next_attempt_ms = retry_patience_ms(d->fed->config, job, d->now_ms);
    if (!job->next_attempt_ms)
        return end(txn, d, job, DELIVERY_STATE__REFUSED);
    job->attempts++;
    return outqueue_retry(txn, d->peer, job, (uint32_t)d->answer.status, d->why.text,
                          job->next_attempt_ms);
}

/*
 * The peer failed. When it took something since this job was queued and answers this one with 500,
 * the job is likely the reason: it steps aside for a while, so that it is not all that is ever
 * tried.
 */
static enum err wait_with_peer(struct txn *txn, struct delivery_job *d, OutJob *job,
                               const PeerHealth *health)
{
    job->attempts++;
    job->next_attempt_ms = 0;
    if (d->answer.status == 500 && health->last_success_ms > job->queued_ms)
        job->next_attempt_ms =
            retry_next_ms(d->fed->config, job->attempts, &d->answer, d->now_ms, 0);
    int64_t next = job->next_attempt_ms > health->next_attempt_ms ? job->next_attempt_ms
                                                                  : health->next_attempt_ms;
    return outqueue_retry(txn, d->peer, job, (uint32_t)d->answer.status, d->why.text, next);
}

/* ---- what it tells about the peer ---- */

/* Requests that were under way together fail together: that is one failure, not eight. */
static void note_failure(struct delivery_job *d, PeerHealth *health, uint32_t random)
{
    if (health->failures && health->next_attempt_ms > d->now_ms)
        return;
    d->has_failed_anew = health->failures == 0;
    if (!health->failing_since_ms)
        health->failing_since_ms = d->now_ms;
    health->failures++;
    d->is_alarming = !health->is_alarmed && d->now_ms - health->failing_since_ms >= ALARM_MS;
    health->is_alarmed = health->is_alarmed || d->is_alarming;
    health->next_attempt_ms =
        retry_next_ms(d->fed->config, health->failures, &d->answer, d->now_ms, random);
}

/* Any answer that is about the job shows that the peer lives. */
static bool note_success(struct delivery_job *d, PeerHealth *health)
{
    bool is_stale = d->now_ms - health->last_success_ms >= SUCCESS_STEP_MS ||
                    d->now_ms < health->last_success_ms;
    d->has_recovered = health->failing_since_ms != 0;
    bool changes = is_stale || d->has_recovered || health->failures || health->next_attempt_ms;
    health->failures = 0;
    health->is_alarmed = false;
    health->failing_since_ms = health->next_attempt_ms = 0;
    health->last_success_ms = d->now_ms;
    health->last_error = (char *)"";
    return changes;
}

static enum err record_peer(struct txn *txn, struct delivery_job *d, PeerHealth *health)
{
    bool changes = health->scheme != d->known;
    health->scheme = d->known;
    if (d->outcome == OUTCOME_JUDGED) {
        if (d->verdict == VERDICT_LATER) {
            note_failure(d, health, (uint32_t)d->job->seq ^ (uint32_t)d->now_ms);
            health->last_error = d->why.text;
            changes = true;
        } else if (d->answer.status) { /* 0: refused by ourselves, says nothing of the peer */
            changes = note_success(d, health) || changes;
        }
        changes = changes || health->last_status != (uint32_t)d->answer.status;
        health->last_status = (uint32_t)d->answer.status;
    }
    return changes ? peer_put_health(txn, d->peer, health) : OK;
}

static enum err record_job(struct txn *txn, struct delivery_job *d, OutJob *job,
                           const PeerHealth *health)
{
    if (d->outcome == OUTCOME_CANCELLED)
        return end(txn, d, job, DELIVERY_STATE__CANCELLED);
    switch (d->verdict) {
    case VERDICT_DELIVERED:
        return end(txn, d, job, DELIVERY_STATE__DELIVERED);
    case VERDICT_REFUSED:
        return end(txn, d, job, DELIVERY_STATE__REFUSED);
    case VERDICT_PATIENCE:
        return wait_alone(txn, d, job);
    default:
        return wait_with_peer(txn, d, job, health);
    }
}

enum err delivery_record_apply(struct txn *txn, struct mutation *m)
{
    struct delivery_job *d = container_of(m, struct delivery_job, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(RECORD_ARENA_BYTES);
    PeerHealth *health;
    OutJob *job;
    d->has_failed_anew = d->has_recovered = d->is_over = false;

    enum err e = peer_health(txn, d->peer, &arena, &health);
    if (!e)
        e = record_peer(txn, d, health);
    if (e)
        return e == ERR_NOTFOUND ? OK : e; /* the peer was forgotten, its queue with it */
    e = outqueue_get(txn, d->peer, d->job->seq, &arena, &job);
    if (e == ERR_NOTFOUND)
        return OK; /* cancelled while it was under way */
    return e ? e : record_job(txn, d, job, health);
}
