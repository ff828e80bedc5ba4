#include "federation/forwarded.h"

#include "federation/policy.h"
#include "federation/proof.h"
#include "storage/actor.h"
#include "storage/parked.h"
#include "storage/post.h"

#include <string.h>

#define SCRATCH_BYTES ((size_t)2 * 1024 * 1024)

struct matter {
    const struct federation *fed;
    struct txn *txn;
    const struct forwarded *in;
    const struct as2_activity *activity;
    struct forwarded_answer *out;
    struct why *why;
};

static enum forwarded_verdict refused(struct matter *m, const char *text)
{
    why_set(m->why, ERR_DENIED, "%s", text);
    return FORWARDED_REFUSED;
}

/* ---- without a proof ---- */

static bool is_at(const char *uri, const char *host)
{
    char at[URI_HOST_BYTES];
    return uri && uri_host(uri, at) == OK && strcmp(at, host) == 0;
}

static bool names_host(const struct as2_list *list, const char *host)
{
    for (size_t i = 0; i < list->n; i++)
        if (is_at(list->item[i], host))
            return true;
    return false;
}

/* Is who brought it addressed, or answered? Then there is a reason to have passed it on. */
static bool has_part(const struct as2_activity *activity, const char *host)
{
    const struct as2_note *note = activity->note;
    return names_host(&activity->to, host) || names_host(&activity->cc, host) ||
           (note && (names_host(&note->to, host) || names_host(&note->cc, host) ||
                     names_host(&note->audience, host) || is_at(note->in_reply_to, host)));
}

static bool has_part_in_stored(struct matter *m, const char *host)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SCRATCH_BYTES);
    Post *post;
    if (!m->out->post.v || post_get(m->txn, m->out->post, &arena, &post))
        return false;
    const struct as2_list to = {(const char **)post->to, post->n_to};
    const struct as2_list cc = {(const char **)post->cc, post->n_cc};
    return names_host(&to, host) || names_host(&cc, host) || is_at(post->in_reply_to_uri, host);
}

static bool is_actor_shut_out(struct matter *m)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SCRATCH_BYTES);
    actor_id id;
    Actor *actor;
    return actor_find(m->txn, m->activity->actor, &id) == OK &&
           (actor_get(m->txn, id, &arena, &actor) || actor->suspended_ms || actor->deleted_ms);
}

static enum forwarded_verdict fetch_object(struct matter *m)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SCRATCH_BYTES);
    const char *uri = m->activity->object_id;
    Tombstone *tombstone;
    Want *want;
    if (m->in->fetched && strcmp(m->in->fetched, uri) == 0)
        return FORWARDED_FETCHED;
    if (tombstone_get(m->txn, uri, &arena, &tombstone) == OK)
        return FORWARDED_FETCHED; /* deleted, and stays so */
    if (want_get(m->txn, uri, &arena, &want) == OK && want->failed_ms)
        return refused(m, "what it is about could not be fetched");
    m->out->needs = uri;
    m->out->needs_kind = WANT_KIND__OBJECT_DOCUMENT;
    return FORWARDED_NEEDS;
}

/* Does the stored post say already what this Update says? */
static bool is_as_new(struct matter *m)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SCRATCH_BYTES);
    const struct as2_note *note = m->activity->note;
    Post *post;
    return note && note->updated_ms && post_get(m->txn, m->out->post, &arena, &post) == OK &&
           post->updated_ms >= note->updated_ms;
}

static enum forwarded_verdict ask_origin(struct matter *m)
{
    const struct as2_activity *activity = m->activity;
    const struct federation_config *config = m->fed->config;
    bool is_create = strcmp(activity->type, "Create") == 0;
    bool is_update = strcmp(activity->type, "Update") == 0;
    bool is_delete = strcmp(activity->type, "Delete") == 0;
    if (!activity->object_id || (!is_create && !is_update && !is_delete) ||
        strcmp(activity->object_id, activity->actor) == 0)
        return refused(m, "the key is not the actor's, and there is no proof");
    if (!uri_same_host(activity->object_id, activity->actor) ||
        uri_check(activity->object_id, config->insecure_http ? URI_HTTP_TOO : URI_HTTPS_ONLY, NULL))
        return refused(m, "the object's id is not on its actor's host");
    if (post_find(m->txn, activity->object_id, &m->out->post))
        m->out->post = (post_id){0};
    if (!has_part(activity, m->in->by_host) && !has_part_in_stored(m, m->in->by_host))
        return refused(m, "the key is not the actor's, and who brought it has no part in it");
    if (policy_admit(m->txn, config, m->out->host, m->in->now_ms, &m->out->peer, m->why))
        return FORWARDED_REFUSED;
    if (is_actor_shut_out(m))
        return refused(m, "the actor is suspended or deleted");
    if (is_create ? m->out->post.v != 0
                  : (is_delete && !m->out->post.v) || (is_update && m->out->post.v && is_as_new(m)))
        return FORWARDED_FETCHED; /* nothing to ask for */
    return fetch_object(m);
}

/* ---- both ---- */

/* Would it be recognised, had it been here before? */
static bool is_fresh(const struct forwarded *in, const struct proof_trust *trust)
{
    return in->activity->id && trust->created_ms &&
           in->now_ms - trust->created_ms < FORWARDED_AGE_MAX_MS;
}

enum forwarded_verdict forwarded_judge(const struct federation *fed, struct txn *txn,
                                       const struct forwarded *in, struct arena *arena,
                                       struct forwarded_answer *out, struct why *why)
{
    struct matter m = {fed, txn, in, in->activity, out, why};
    struct proof_trust trust;
    *out = (struct forwarded_answer){.needs = NULL};
    if (!in->activity->actor || uri_host(in->activity->actor, out->host))
        return refused(&m, "the activity has no actor");
    if (strcmp(out->host, fed->config->host) == 0)
        return refused(&m, "the activity claims to be ours");
    if (in->activity->id && !uri_same_host(in->activity->id, in->activity->actor))
        return refused(&m, "the activity's id is not on its actor's host");

    enum proof_verdict verdict =
        in->json.n ? proof_trust(fed, txn, in->json, in->now_ms, arena, &trust, why) : PROOF_NONE;
    /* the proof is over these very bytes: whose they are, and whose we read them to be */
    if (verdict != PROOF_NONE && strcmp(trust.owner, in->activity->actor) != 0)
        return refused(&m, "the proof is not the actor's");
    if (verdict == PROOF_NONE || !is_fresh(in, &trust))
        return ask_origin(&m);
    out->who = trust.who;
    out->peer = trust.peer;
    out->needs = trust.needs;
    out->needs_kind = WANT_KIND__ACTOR_DOCUMENT;
    return verdict == PROOF_VALID ? FORWARDED_PROVED : FORWARDED_NEEDS;
}
