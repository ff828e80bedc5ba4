#include "federation/proof.h"

#include "federation/policy.h"
#include "storage/actor.h"
#include "storage/parked.h"

#include <string.h>

#define OWNER_ARENA_BYTES ((size_t)1024 * 1024)
#define KEY_REFETCH_MS (5 * 60 * 1000) /* one key of one actor, at most this often (T20) */

struct question {
    const struct federation *fed;
    struct txn *txn;
    int64_t now_ms;
    struct proof proof;
    struct proof_trust *out;
};

/* Whose object is it, and do we talk to them? Nothing is looked up before. */
static enum err check_owner(struct question *q, struct why *why)
{
    const struct federation_config *config = q->fed->config;
    struct proof_trust *out = q->out;
    enum uri_allow allow = config->insecure_http ? URI_HTTP_TOO : URI_HTTPS_ONLY;
    if (!q->proof.owner)
        return why_set(why, ERR_DENIED, "the object has no owner");
    if (uri_check(q->proof.owner, allow, why) || uri_host(q->proof.owner, out->host))
        return ERR_DENIED;
    if (!uri_same_host(q->proof.key_id, q->proof.owner))
        return why_set(why, ERR_DENIED, "the proof's key is not on its owner's host");
    if (strcmp(out->host, config->host) == 0)
        return why_set(why, ERR_DENIED, "the object claims to be ours");
    out->owner = q->proof.owner;
    out->created_ms = q->proof.created_ms;
    return policy_admit(q->txn, config, out->host, q->now_ms, &out->peer, why);
}

/* The key that the owner's own document lists under this id. */
static enum err owner_key(const Actor *owner, const char *key_id, struct public_key **out,
                          struct why *why)
{
    for (size_t i = 0; i < owner->n_keys; i++)
        if (strcmp(owner->keys[i]->id, key_id) == 0 && owner->keys[i]->multibase[0])
            return public_key_parse_multikey(owner->keys[i]->multibase, out, why);
    return why_set(why, ERR_NOTFOUND, "its owner has no such key");
}

static enum proof_verdict ask_for_owner(struct question *q, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(OWNER_ARENA_BYTES);
    Want *want;
    if (want_get(q->txn, q->proof.owner, &arena, &want) == OK && want->failed_ms) {
        why_set(why, ERR_DENIED, "the proof's key could not be fetched");
        return PROOF_NONE;
    }
    q->out->needs = q->proof.owner;
    return PROOF_NEEDS;
}

static enum proof_verdict check_key(struct question *q, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(OWNER_ARENA_BYTES);
    AUTO(public_key_free) struct public_key *key = NULL;
    Actor *owner;
    if (actor_find(q->txn, q->proof.owner, &q->out->who) ||
        actor_get(q->txn, q->out->who, &arena, &owner))
        return ask_for_owner(q, why);
    if (owner->suspended_ms || owner->deleted_ms) {
        why_set(why, ERR_DENIED, "the actor is suspended or deleted");
        return PROOF_NONE;
    }
    enum err e = owner_key(owner, q->proof.key_id, &key, why);
    if (!e)
        e = proof_verify(&q->proof, key, q->now_ms, why);
    if (!e)
        return PROOF_VALID;
    int64_t learnt =
        owner->fetched_ms > owner->key_refetched_ms ? owner->fetched_ms : owner->key_refetched_ms;
    /* They may have a new key: one look, then the answer stands. */
    return q->now_ms - learnt < KEY_REFETCH_MS ? PROOF_NONE : ask_for_owner(q, why);
}

enum proof_verdict proof_trust(const struct federation *fed, struct txn *txn, struct bytes json,
                               int64_t now_ms, struct arena *arena, struct proof_trust *out,
                               struct why *why)
{
    struct question q = {.fed = fed, .txn = txn, .now_ms = now_ms, .out = out};
    *out = (struct proof_trust){.needs = NULL};
    if (proof_parse(json, arena, &q.proof, why) || check_owner(&q, why))
        return PROOF_NONE;
    return check_key(&q, why);
}
