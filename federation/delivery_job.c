#include "federation/delivery_job.h"

#include "federation/audience.h"
#include "federation/policy.h"
#include "federation/synchronize.h"
#include "storage/account.h"
#include "storage/base/clock.h"
#include "storage/follow_digest.h"
#include "storage/outqueue.h"
#include "storage/peer.h"
#include "storage/post.h"

#include <string.h>

#define JOB_ARENA_BYTES ((size_t)8 * 1024 * 1024) /* a body of 1 MiB and what decoding it takes */
#define SIGN_ARENA_BYTES ((size_t)64 * 1024)
#define ANSWER_MAX_BYTES ((size_t)64 * 1024) /* read and thrown away: the status is what counts */

static enum err load_peer(struct delivery_job *job, struct txn *txn)
{
    Peer *peer;
    PeerHealth *health;
    enum err e = peer_get(txn, job->peer, &job->arena, &peer);
    if (!e)
        e = peer_health(txn, job->peer, &job->arena, &health);
    if (e)
        return e;
    job->host = peer->host;
    job->pin = peer->pin_sha256;
    job->known = job->scheme = health->scheme;
    return OK;
}

/* One read in the usual case: somebody there follows the author. */
static bool has_followers_there(struct txn *txn, const struct delivery_job *job, const Post *post)
{
    struct follow_digest digest;
    return post->visibility == VISIBILITY__FOLLOWERS && !post->audience_of &&
           follow_digest_get(txn, (actor_id){post->author}, job->host, &digest) == OK &&
           digest.count > 0;
}

/* May the host still read what it was queued for? Follows end and people are blocked while a job
 * waits (T68). What is queued on another's behalf is the queuer's to judge. */
static bool may_still_go(struct txn *txn, const struct delivery_job *job)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(JOB_ARENA_BYTES);
    const OutJob *j = job->job;
    Post *post;
    bool is_said =
        strcmp(j->activity_type, "Create") == 0 || strcmp(j->activity_type, "Update") == 0;
    if (!j->subject || !is_said ||
        (j->visibility != VISIBILITY__FOLLOWERS && j->visibility != VISIBILITY__DIRECT))
        return true;
    return post_get(txn, (post_id){j->subject}, &arena, &post) != OK || post->author != j->actor ||
           has_followers_there(txn, job, post) || audience_may_host_read(txn, post, job->host);
}

static enum err load_synchronization(struct delivery_job *job, struct txn *txn)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(JOB_ARENA_BYTES);
    Actor *actor;
    if (!job->job->is_to_followers)
        return OK;
    enum err e = actor_get(txn, (actor_id){job->job->actor}, &arena, &actor);
    if (!e)
        job->synchronization = synchronize_field(txn, actor, job->host, &job->arena);
    return e;
}

enum err delivery_job_load(struct delivery_job *job, struct federation *fed, struct txn *txn,
                           peer_id peer, uint64_t seq, int64_t now_ms)
{
    job->fed = fed;
    job->peer = peer;
    job->now_ms = now_ms;
    job->arena.max_bytes = JOB_ARENA_BYTES;
    enum err e = outqueue_get(txn, peer, seq, &job->arena, &job->job);
    if (!e)
        e = load_peer(job, txn);
    if (e)
        return e;

    e = policy_may_send(txn, fed->config, peer, job->job->visibility, now_ms, &job->why);
    if (e == ERR_DENIED) {
        job->outcome = OUTCOME_CANCELLED;
        return OK;
    }
    if (!e && !may_still_go(txn, job)) {
        why_set(&job->why, ERR_DENIED, "nobody there may read it any more");
        job->outcome = OUTCOME_CANCELLED;
        return OK;
    }
    if (!e)
        e = outqueue_body(txn, job->job->body, &job->arena, &job->body);
    if (!e)
        e = load_synchronization(job, txn);
    if (e)
        return e;
    e = account_keys(txn, (actor_id){job->job->actor}, &job->arena, &job->keys);
    if (e == ERR_NOTFOUND) {
        why_set(&job->why, e, "its author has no key any more");
        job->outcome = OUTCOME_CANCELLED;
        return OK;
    }
    return e;
}

static enum err make_call(struct delivery_job *job)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SIGN_ARENA_BYTES);
    const struct outgoing sign = {.method = "POST",
                                  .uri = job->job->inbox,
                                  .body = job->body,
                                  .scheme = job->scheme,
                                  .keys = job->keys,
                                  .now_ms = clock_ms(),
                                  .synchronization = job->synchronization};
    struct signature_lines signature;
    enum err e = outgoing_sign(&sign, &arena, &signature, &job->why);
    if (e)
        return e;

    const char *lines[SIGNATURE_MAX_LINES + 2];
    size_t n = 0;
    for (; n < signature.n; n++)
        lines[n] = signature.line[n];
    lines[n++] = "Content-Type: application/activity+json";
    lines[n++] = "Accept: application/activity+json, application/json";
    /* no minimum rate: a busy peer may think for longer than 5 s before its first byte */
    const struct http_request request = {.uri = job->job->inbox,
                                         .body = job->body,
                                         .lines = lines,
                                         .line_count = n,
                                         .answer_max_bytes = ANSWER_MAX_BYTES,
                                         .pin_sha256 = job->pin};
    http_call_free(&job->http);
    return http_call_create(job->fed->config, &request, &job->http, &job->why);
}

void delivery_job_sign(struct delivery_job *job)
{
    enum err e = make_call(job);
    if (!e)
        return;
    job->outcome = OUTCOME_JUDGED;
    job->answer = (struct answer){.retry_after_ms = -1};
    /* an inbox or a key that is none stays so; anything else may pass */
    job->verdict = e == ERR_INVALID || e == ERR_DENIED ? VERDICT_REFUSED : VERDICT_LATER;
}

bool delivery_job_judge(struct delivery_job *job)
{
    const struct http_answer *a = http_call_answer(job->http);
    const struct outgoing_lesson lesson = {.known = job->known,
                                           .used = job->scheme,
                                           .is_second = job->is_second,
                                           .status = a->status,
                                           .accept_signature = a->accept_signature};
    job->known = outgoing_learn(&lesson);
    job->now_ms = clock_ms();
    job->answer = (struct answer){.status = a->status,
                                  .retry_after_ms = retry_after_parse(a->retry_after, job->now_ms),
                                  .tried_both_schemes = job->is_second};
    job->verdict = retry_judge(&job->answer);
    if (job->verdict == VERDICT_OTHER_SCHEME) {
        job->is_second = true;
        job->scheme = outgoing_other(job->scheme);
        return true;
    }
    job->outcome = OUTCOME_JUDGED;
    if (a->status == 0)
        why_set(&job->why, OK, "%s", a->why.text);
    else
        why_set(&job->why, OK, "answered %d", a->status);
    return false;
}

void delivery_job_clear(struct delivery_job *job)
{
    void *context = job->context;
    http_call_free(&job->http);
    arena_clear(&job->arena);
    *job = (struct delivery_job){.context = context};
}
