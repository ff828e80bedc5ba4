/*
 * account - a new clinician, service or group of ours, with its actor and both key pairs; and the
 * instance actor, which signs what the node does for itself.
 */
#include "federation/act/common.h"

#include "federation/key.h"
#include "storage/account.h"
#include "storage/base/clock.h"
#include "storage/meta.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ACCOUNT_NAME_MAX 30

struct account_local {
    struct mutation mutation;
    Actor *actor;
    Account *account; /* NULL: the instance actor */
    PrivateKeys *keys;
    int64_t now_ms;
    actor_id id; /* out */
};

/* Names that would be mistaken for the node's own paths or voice. */
static bool is_reserved(const char *name)
{
    static const char *const reserved[] = {"actor", "inbox", "admin", "administrator",
                                           "root",  "ward",  "users", "instance"};
    for (size_t i = 0; i < COUNT(reserved); i++)
        if (strcasecmp(reserved[i], name) == 0)
            return true;
    return false;
}

static enum err check_name(const char *name, struct why *why)
{
    size_t n = strlen(name);
    if (n == 0 || n > ACCOUNT_NAME_MAX)
        return why_set(why, ERR_INVALID, "a name has 1 to %d characters", ACCOUNT_NAME_MAX);
    for (size_t i = 0; i < n; i++)
        if (!isascii((unsigned char)name[i]) ||
            (!islower((unsigned char)name[i]) && !isdigit((unsigned char)name[i]) &&
             name[i] != '_'))
            return why_set(why, ERR_INVALID, "a name is made of a-z, 0-9 and _");
    return is_reserved(name) ? why_set(why, ERR_INVALID, "the name %s is reserved", name) : OK;
}

static ActorKey *key_record(struct arena *arena, const char *id, int64_t now_ms)
{
    ActorKey *key = arena_alloc(arena, sizeof *key);
    actor_key__init(key);
    key->id = (char *)id;
    key->learnt_ms = now_ms;
    return key;
}

/* Both key pairs: their private halves into `keys`, the public ones into the actor. */
static void make_keys(struct arena *arena, Actor *actor, PrivateKeys *keys, int64_t now_ms)
{
    AUTO(private_key_free) struct private_key *rsa = private_key_generate(KEY_RSA);
    AUTO(private_key_free) struct private_key *ed = private_key_generate(KEY_ED25519);
    AUTO(public_key_free) struct public_key *rsa_public = private_key_public(rsa);
    AUTO(public_key_free) struct public_key *ed_public = private_key_public(ed);

    keys->rsa_pem = private_key_pem(rsa, arena);
    keys->rsa_id = arena_printf(arena, "%s#main-key", actor->uri);
    keys->ed25519_pem = private_key_pem(ed, arena);
    keys->ed25519_id = arena_printf(arena, "%s#ed25519-key", actor->uri);
    keys->created_ms = now_ms;

    actor->n_keys = 2;
    actor->keys = arena_calloc(arena, 2, sizeof *actor->keys);
    actor->keys[0] = key_record(arena, keys->rsa_id, now_ms);
    actor->keys[0]->pem = public_key_pem(rsa_public, arena);
    actor->keys[1] = key_record(arena, keys->ed25519_id, now_ms);
    actor->keys[1]->multibase = public_key_multikey(ed_public, arena);
}

static void make_actor(const struct federation *fed, struct arena *arena, const char *uri,
                       Actor *actor, int64_t now_ms)
{
    const char *base = federation_base(fed, arena);
    actor->uri = (char *)uri;
    actor->url = (char *)uri;
    actor->inbox = arena_printf(arena, "%s/inbox", uri);
    actor->shared_inbox = arena_printf(arena, "%s/inbox", base);
    actor->outbox = arena_printf(arena, "%s/outbox", uri);
    actor->followers = arena_printf(arena, "%s/followers", uri);
    actor->following = arena_printf(arena, "%s/following", uri);
    actor->featured = arena_printf(arena, "%s/featured", uri);
    actor->created_ms = now_ms;
    actor->fetched_ms = now_ms;
}

static enum err account_apply(struct txn *txn, struct mutation *m)
{
    struct account_local *a = container_of(m, struct account_local, mutation);
    Actor actor = *a->actor; /* copies: the ids are filled in, and apply may run again */
    enum err e;

    if (a->account) {
        Account account = *a->account;
        e = account_add(txn, &actor, &account, a->keys, a->now_ms);
    } else {
        e = actor_put(txn, &actor, a->now_ms);
        if (!e)
            e = account_put_keys(txn, (actor_id){actor.id}, a->keys);
        if (!e)
            e = meta_put_u64(txn, "instance_actor", actor.id);
    }
    a->id = (actor_id){actor.id};
    return e;
}

enum err act_account_create(struct federation *fed, const struct account_draft *draft,
                            const struct by *by, actor_id *out, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    Actor actor = ACTOR__INIT;
    Account account = ACCOUNT__INIT;
    PrivateKeys keys = PRIVATE_KEYS__INIT;
    struct account_local a = {{.apply = account_apply}, &actor, &account, &keys, clock_ms(), {0}};
    enum err e = check_name(draft->name, why);
    if (e)
        return e;
    const char *uri =
        arena_printf(&arena, "%s/users/%s", federation_base(fed, &arena), draft->name);
    make_actor(fed, &arena, uri, &actor, a.now_ms);
    actor.type = draft->type;
    actor.username = (char *)draft->name;
    actor.display_name = (char *)(draft->display_name ? draft->display_name : draft->name);
    actor.is_discoverable = true;
    actor.is_members_only = draft->is_members_only;
    actor.is_locked = draft->is_locked || draft->is_members_only;
    make_keys(&arena, &actor, &keys, a.now_ms);
    account.name = (char *)draft->name;
    account.role = draft->role;
    account.language = (char *)"en";
    account.created_ms = a.now_ms;
    if (draft->password) {
        const char *hashed;
        e = password_hash(draft->password, &arena, &hashed);
        if (e)
            return why_set(why, e, "the password cannot be stored");
        account.password = (char *)hashed;
    }
    e = act_run(fed, &a.mutation, by, "account.create", draft->name);
    if (e == ERR_EXISTS)
        return why_set(why, e, "the name %s is, or was, taken", draft->name);
    if (e)
        return why_set(why, e, "the store refused: %s", err_name(e));
    *out = a.id;
    return OK;
}

enum err act_instance_create(struct federation *fed, const struct by *by, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    Actor actor = ACTOR__INIT;
    PrivateKeys keys = PRIVATE_KEYS__INIT;
    struct account_local a = {{.apply = account_apply}, &actor, NULL, &keys, clock_ms(), {0}};
    const char *uri = arena_printf(&arena, "%s/actor", federation_base(fed, &arena));

    make_actor(fed, &arena, uri, &actor, a.now_ms);
    actor.type = ACTOR_TYPE__APPLICATION;
    actor.username = (char *)fed->config->host; /* as other servers do: it cannot be a person's */
    actor.display_name = (char *)fed->config->host;
    actor.is_instance = true;
    actor.is_locked = true;
    make_keys(&arena, &actor, &keys, a.now_ms);
    enum err e = act_run(fed, &a.mutation, by, "node.init", fed->config->host);
    return e ? why_set(why, e, "the store refused: %s", err_name(e)) : OK;
}

/* ---- told to others ---- */

static enum err queue_for(struct txn *txn, const struct federation *fed, const Actor *who,
                          const char *type, const char *uri, const struct destinations *list,
                          const struct buf *json, int64_t now_ms)
{
    OutJob job = OUT_JOB__INIT;
    size_t queued;
    job.actor = who->id;
    job.activity_type = (char *)type;
    job.activity_uri = (char *)uri;
    job.visibility = VISIBILITY__PUBLIC; /* what anyone may read of the actor anyway */
    return destinations_queue(txn, fed, list, buf_bytes(json), &job, now_ms, &queued);
}

enum err act_actor_changed(struct txn *txn, const struct federation *fed, Actor *actor,
                           int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024 * 1024);
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    AUTO(destinations_clear) struct destinations list = {0};
    actor->updated_ms = now_ms > actor->updated_ms ? now_ms : actor->updated_ms + 1;
    enum err e = actor_put(txn, actor, now_ms);
    if (!e)
        e = document_update_actor(actor, actor->updated_ms, &json);
    if (!e)
        e = destinations_add_followers(txn, &list, (actor_id){actor->id}, &arena);
    if (e)
        return e;
    const char *uri =
        arena_printf(&arena, "%s#updates/%lld", actor->uri, (long long)actor->updated_ms);
    return queue_for(txn, fed, actor, "Update", uri, &list, &json, now_ms);
}

/* ---- delete ---- */

struct account_removal {
    struct mutation mutation;
    struct federation *fed;
    actor_id who;
    int64_t now_ms;
    bool has_more; /* out */
};

/* Every inbox of a host that we may talk to: whoever may have heard of the actor. */
static enum err add_everyone(struct txn *txn, const struct federation *fed, int64_t now_ms,
                             struct destinations *list, struct arena *arena)
{
    actor_id after = {0};
    for (;;) {
        AUTO(arena_clear) struct arena scratch = ARENA_INIT(4 * 1024 * 1024);
        Actor *actor;
        peer_id peer;
        enum err e = actor_next(txn, after, &scratch, &actor);
        if (e)
            return e == ERR_NOTFOUND ? OK : e;
        after.v = actor->id;
        if (!actor->host[0] ||
            policy_admit(txn, fed->config, actor->host, now_ms, &peer, NULL) != OK)
            continue;
        e = destinations_add_actor(txn, list, after, arena);
        if (e)
            return e;
    }
}

/* The decision: from here on the account is gone, whatever happens to the rest. */
static enum err account_removal_apply(struct txn *txn, struct mutation *m)
{
    struct account_removal *r = container_of(m, struct account_removal, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024 * 1024);
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    AUTO(destinations_clear) struct destinations list = {0};
    Actor *actor;
    enum err e = actor_get(txn, r->who, &arena, &actor);
    if (!e)
        e = add_everyone(txn, r->fed, r->now_ms, &list, &arena);
    if (!e)
        e = account_del(txn, r->who, r->now_ms);
    if (!e)
        e = act_delete_edges_of(txn, r->who);
    if (e)
        return e;
    struct plain_activity gone = {.id = arena_printf(&arena, "%s#delete", actor->uri),
                                  .type = "Delete",
                                  .actor = actor->uri,
                                  .object = actor->uri,
                                  .to = AS2_PUBLIC};
    e = document_plain(&gone, &json);
    return e ? e : queue_for(txn, r->fed, actor, "Delete", gone.id, &list, &json, r->now_ms);
}

/* The consequences, a piece at a time. Nothing of a dry run: there the account is still here. */
static enum err posts_removal_apply(struct txn *txn, struct mutation *m)
{
    struct account_removal *r = container_of(m, struct account_removal, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    Actor *actor;
    r->has_more = false;
    enum err e = actor_get(txn, r->who, &arena, &actor);
    if (e || !actor->deleted_ms)
        return e;
    return act_delete_posts_of(txn, r->who, r->now_ms, &r->has_more);
}

enum err act_account_delete(struct federation *fed, actor_id who, const struct by *by,
                            struct why *why)
{
    struct account_removal r = {{.apply = account_removal_apply}, fed, who, clock_ms(), true};
    char object[32];
    snprintf(object, sizeof object, "actor %llu", (unsigned long long)who.v);
    enum err e = act_run(fed, &r.mutation, by, "account.delete", object);
    r.mutation = (struct mutation){.apply = posts_removal_apply};
    while (!e && r.has_more)
        e = writer_run(fed->writer, &r.mutation);
    if (e == ERR_NOTFOUND)
        return why_set(why, e, "there is no such account");
    return e ? why_set(why, e, "the store refused: %s", err_name(e)) : OK;
}
