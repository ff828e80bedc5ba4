/*
 * follow - who follows whom. A follow of someone elsewhere is a request until they accept; the
 * relation is made only from our own pending record (T43), never from what an Accept says.
 */
#include "federation/act/approval.h"
#include "federation/act/group.h"
#include "federation/act/relay.h"
#include "federation/featured.h"

#include "storage/account.h"
#include "storage/base/clock.h"
#include "storage/domain_block.h"

#include <stdio.h>
#include <string.h>

/* ---- what the remote doors work on ---- */

struct follow_state {
    actor_id local;      /* ours */
    struct edge_key key; /* Accept, Reject: the pending edge meant */
};

enum err act_queue_answer(struct txn *txn, const struct federation *fed, const char *type,
                          const Actor *ours, const Actor *theirs, const char *follow_uri,
                          int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    struct plain_activity follow = {.id = follow_uri && *follow_uri ? follow_uri : NULL,
                                    .type = "Follow",
                                    .actor = theirs->uri,
                                    .object = ours->uri};
    struct plain_activity answer = {
        .id = act_new_uri(txn, ours, strcmp(type, "Accept") == 0 ? "accepts" : "rejects", now_ms,
                          &arena),
        .type = type,
        .actor = ours->uri,
        .inner = &follow,
        .to = theirs->uri};
    return act_queue_plain(txn, fed, &answer, (actor_id){ours->id}, (actor_id){theirs->id}, 0,
                           now_ms);
}

/* Both ends of a pair of actors. */
static enum err get_pair(struct txn *txn, actor_id a, actor_id b, struct arena *arena,
                         Actor **out_a, Actor **out_b)
{
    enum err e = actor_get(txn, a, arena, out_a);
    return e ? e : actor_get(txn, b, arena, out_b);
}

/* ---- remote door: Follow ---- */

static enum err follow_remote_apply(struct txn *txn, struct act *act)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    const struct follow_state *state = act->state;
    struct edge_key follow = {EDGE_FOLLOW, act->who.v, state->local.v};
    struct edge_key request = {EDGE_FOLLOW_REQUEST, act->who.v, state->local.v};
    const char *uri = act->activity->id ? act->activity->id : "";
    Actor *ours, *theirs;
    enum err e = get_pair(txn, state->local, act->who, &arena, &ours, &theirs);
    if (e)
        return e;
    if (act_is_undone(txn, act)) {
        act->outcome = "ignored: undone before it came";
        return OK;
    }
    if (edge_has(txn, (struct edge_key){EDGE_BLOCK, state->local.v, act->who.v}) ||
        domain_block_has(txn, state->local, theirs->host) ||
        edge_has(txn, (struct edge_key){EDGE_BAN, act->who.v, state->local.v})) {
        act->outcome = "refused: blocked";
        return act_queue_answer(txn, act->fed, "Reject", ours, theirs, uri, act->now_ms);
    }
    Edge edge = EDGE__INIT;
    edge.uri = (char *)uri;
    edge.created_ms = act->now_ms;
    if (ours->is_locked && !ours->is_instance && !edge_has(txn, follow)) {
        act->outcome = "follow requested";
        e = edge_put(txn, request, &edge);
        return e ? e
                 : act_notify(txn, ours, NOTIFICATION_TYPE__FOLLOW_REQUEST, act->who, (post_id){0},
                              act->now_ms);
    }
    act->outcome = "followed";
    e = edge_del(txn, request); /* asked while the account was locked, and it is open now */
    if (!e || e == ERR_NOTFOUND)
        e = edge_put(txn, follow, &edge);
    if (!e)
        e = act_notify(txn, ours, NOTIFICATION_TYPE__FOLLOW, act->who, (post_id){0}, act->now_ms);
    return e ? e : act_queue_answer(txn, act->fed, "Accept", ours, theirs, uri, act->now_ms);
}

/* A relay that we follow may follow the node itself. */
static bool is_followed_back(struct txn *txn, const struct act *act, actor_id whom)
{
    actor_id instance;
    return actor_instance(txn, &instance) == OK && instance.v == whom.v &&
           act_relay_is_known(txn, act->who);
}

enum act_verdict act_follow_remote(struct act *act, struct txn *txn, struct act_answer *answer,
                                   struct why *why)
{
    (void)answer;
    (void)why;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    struct follow_state *state = arena_alloc(&act->arena, sizeof *state);
    const char *object = act->activity->object_id;
    Account *account;

    if (!object || actor_find(txn, object, &state->local) ||
        (account_get(txn, state->local, &arena, &account) &&
         !is_followed_back(txn, act, state->local))) {
        act->outcome = "ignored: follows nobody here";
        return ACT_DONE;
    }
    act->state = state;
    act->apply = follow_remote_apply;
    return ACT_DONE;
}

/* ---- remote doors: Accept, Reject ---- */

/* Our pending (or, for a Reject, made) follow that the activity answers; ERR_NOTFOUND: none. */
static enum err find_own_follow(struct txn *txn, const struct act *act, struct edge_key *out)
{
    const struct as2_activity *activity = act->activity;
    const struct as2_activity *inner =
        activity->object_kind == AS2_OBJECT_ACTIVITY ? activity->inner : NULL;
    actor_id local;

    if (activity->object_id && edge_find(txn, activity->object_id, out) == OK)
        return (out->kind == EDGE_FOLLOW || out->kind == EDGE_FOLLOW_REQUEST) &&
                       out->whom == act->who.v
                   ? OK
                   : ERR_NOTFOUND;
    /* Some servers answer with another id than ours: the pair of actors then says which. */
    if (!inner || !inner->actor || !inner->object_id || strcmp(inner->type, "Follow") != 0 ||
        strcmp(inner->object_id, activity->actor) != 0 || actor_find(txn, inner->actor, &local))
        return ERR_NOTFOUND;
    *out = (struct edge_key){EDGE_FOLLOW_REQUEST, local.v, act->who.v};
    if (edge_has(txn, *out))
        return OK;
    out->kind = EDGE_FOLLOW;
    return edge_has(txn, *out) ? OK : ERR_NOTFOUND;
}

static enum err accept_apply(struct txn *txn, struct act *act)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    struct edge_key key = ((struct follow_state *)act->state)->key;
    Edge *edge;
    Actor *ours;

    key.kind = EDGE_FOLLOW_REQUEST;
    enum err e = edge_get(txn, key, &arena, &edge);
    if (e == ERR_NOTFOUND) {
        act->outcome = "ignored: nothing pending";
        return OK;
    }
    if (!e)
        e = actor_get(txn, (actor_id){key.who}, &arena, &ours);
    if (!e)
        e = edge_del(txn, key);
    if (!e)
        e = featured_want_first(txn, act->who, act->now_ms);
    if (e)
        return e;
    key.kind = EDGE_FOLLOW;
    e = edge_put(txn, key, edge);
    act->outcome = "follow accepted";
    if (!e && edge->post) { /* whom they moved away from: now nothing is lost */
        e = act_unfollow_store(txn, act->fed, (actor_id){key.who}, (actor_id){edge->post},
                               act->now_ms);
        e = e == ERR_NOTFOUND ? OK : e;
    }
    return e ? e
             : act_notify(txn, ours, NOTIFICATION_TYPE__FOLLOW_ACCEPTED, act->who, (post_id){0},
                          act->now_ms);
}

static enum err reject_apply(struct txn *txn, struct act *act)
{
    struct edge_key key = ((struct follow_state *)act->state)->key;

    act->outcome = "follow rejected";
    key.kind = EDGE_FOLLOW_REQUEST;
    enum err e = edge_del(txn, key);
    if (e && e != ERR_NOTFOUND)
        return e;
    key.kind = EDGE_FOLLOW;
    e = edge_del(txn, key);
    if (e)
        return e == ERR_NOTFOUND ? OK : e;
    return act_group_told_out(txn, (actor_id){key.who}, act->who, act->now_ms);
}

static enum act_verdict answer_remote(struct act *act, struct txn *txn,
                                      enum err (*apply)(struct txn *, struct act *))
{
    struct follow_state *state = arena_alloc(&act->arena, sizeof *state);
    if (find_own_follow(txn, act, &state->key)) {
        if (act_relay_answered(act, txn))
            return ACT_DONE;
        act->outcome = "ignored: answers no follow of ours";
        return ACT_DONE;
    }
    act->state = state;
    act->apply = apply;
    return ACT_DONE;
}

enum act_verdict act_accept_remote(struct act *act, struct txn *txn, struct act_answer *answer,
                                   struct why *why)
{
    if (act_is_approval(act))
        return act_approval_accept(act, txn, answer, why);
    return answer_remote(act, txn, accept_apply);
}

enum act_verdict act_reject_remote(struct act *act, struct txn *txn, struct act_answer *answer,
                                   struct why *why)
{
    if (act_is_approval(act))
        return act_approval_reject(act, txn, answer, why);
    return answer_remote(act, txn, reject_apply);
}

/* ---- local doors ---- */

struct follow_local {
    struct mutation mutation;
    struct federation *fed;
    actor_id who, whom;
    const struct follow_terms *terms;
    int64_t now_ms;
    struct why why; /* out: what a person can do about it */
};

/* Who blocks whom: neither may follow the other. */
static enum err check_blocks(struct txn *txn, const Actor *who, const Actor *whom, struct why *why)
{
    if (edge_has(txn, (struct edge_key){EDGE_BLOCK, who->id, whom->id}))
        return why_set(why, ERR_DENIED, "they are blocked: ward unblock first");
    if (!whom->host[0] && edge_has(txn, (struct edge_key){EDGE_BLOCK, whom->id, who->id}))
        return why_set(why, ERR_DENIED, "they cannot be followed");
    if (domain_block_has(txn, (actor_id){who->id}, whom->host))
        return why_set(why, ERR_DENIED, "their host is blocked by the one who wants to follow");
    if (edge_has(txn, (struct edge_key){EDGE_BAN, who->id, whom->id}))
        return why_set(why, ERR_DENIED, "the group removed them: ward group unban first");
    return OK;
}

static enum err follow_someone_here(struct txn *txn, const Actor *who, const Actor *whom,
                                    const Edge *edge, int64_t now_ms)
{
    struct edge_key key = {whom->is_locked ? EDGE_FOLLOW_REQUEST : EDGE_FOLLOW, who->id, whom->id};
    enum err e = edge_put(txn, key, edge);
    return e ? e
             : act_notify(txn, whom,
                          whom->is_locked ? NOTIFICATION_TYPE__FOLLOW_REQUEST
                                          : NOTIFICATION_TYPE__FOLLOW,
                          (actor_id){who->id}, (post_id){0}, now_ms);
}

enum err act_follow_store(struct txn *txn, const struct federation *fed, actor_id who_id,
                          actor_id whom_id, actor_id instead_of, int64_t now_ms, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    struct edge_key request = {EDGE_FOLLOW_REQUEST, who_id.v, whom_id.v};
    Actor *who, *whom;
    enum err e = get_pair(txn, who_id, whom_id, &arena, &who, &whom);
    if (e)
        return e;
    if (edge_has(txn, (struct edge_key){EDGE_FOLLOW, who_id.v, whom_id.v}))
        return ERR_EXISTS;
    e = check_blocks(txn, who, whom, why);
    if (e)
        return e;

    Edge edge = EDGE__INIT;
    edge.created_ms = now_ms;
    edge.post = instead_of.v;
    edge.uri = (char *)act_new_uri(txn, who, "follows", now_ms, &arena);
    if (!edge.uri)
        return ERR_STORE;
    if (!whom->host[0])
        return follow_someone_here(txn, who, whom, &edge, now_ms);

    peer_id peer;
    e = policy_admit(txn, fed->config, whom->host, now_ms, &peer, NULL);
    if (e)
        return e;

    Edge *pending; /* asked before: ask again under the same id, the answer will name it */
    if (edge_get(txn, request, &arena, &pending) == OK) {
        edge = *pending;
        edge.post = instead_of.v;
    }
    e = edge_put(txn, request, &edge);
    if (e)
        return e;
    struct plain_activity follow = {
        .id = edge.uri, .type = "Follow", .actor = who->uri, .object = whom->uri, .to = whom->uri};
    return act_queue_plain(txn, fed, &follow, who_id, whom_id, 0, now_ms);
}

/* On the follow, or on what was asked: the answer keeps them. */
static enum err terms_apply(struct txn *txn, const struct follow_local *f)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    const struct follow_terms *terms = f->terms;
    struct edge_key key = {EDGE_FOLLOW, f->who.v, f->whom.v};
    Edge *edge;
    if (!edge_has(txn, key))
        key.kind = EDGE_FOLLOW_REQUEST;
    enum err e = edge_get(txn, key, &arena, &edge);
    if (e)
        return e;
    if (terms->boosts != ACT_FOLLOW_AS_BEFORE)
        edge->hide_boosts = terms->boosts == ACT_FOLLOW_WITHOUT;
    if (terms->notify != ACT_FOLLOW_AS_BEFORE)
        edge->notify = terms->notify == ACT_FOLLOW_WITH;
    if (terms->sets_languages) {
        edge->languages = (char **)terms->languages;
        edge->n_languages = terms->language_count;
    }
    return edge_put(txn, key, edge);
}

static enum err follow_local_apply(struct txn *txn, struct mutation *m)
{
    struct follow_local *f = container_of(m, struct follow_local, mutation);
    f->why = (struct why){""};
    enum err e = act_follow_store(txn, f->fed, f->who, f->whom, (actor_id){0}, f->now_ms, &f->why);
    if (!f->terms || (e && e != ERR_EXISTS))
        return e;
    return terms_apply(txn, f);
}

enum err act_unfollow_store(struct txn *txn, const struct federation *fed, actor_id who_id,
                            actor_id whom_id, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    struct edge_key key = {EDGE_FOLLOW, who_id.v, whom_id.v};
    Actor *who, *whom;
    Edge *edge;
    enum err e = get_pair(txn, who_id, whom_id, &arena, &who, &whom);
    if (e)
        return e;
    e = edge_get(txn, key, &arena, &edge);
    if (e == ERR_NOTFOUND) {
        key.kind = EDGE_FOLLOW_REQUEST;
        e = edge_get(txn, key, &arena, &edge);
    }
    if (!e)
        e = edge_del(txn, key);
    if (e || !whom->host[0])
        return e;
    struct plain_activity follow = {
        .id = edge->uri, .type = "Follow", .actor = who->uri, .object = whom->uri};
    struct plain_activity undo = {.id = act_new_uri(txn, who, "undos", now_ms, &arena),
                                  .type = "Undo",
                                  .actor = who->uri,
                                  .inner = &follow,
                                  .to = whom->uri};
    return act_queue_plain(txn, fed, &undo, who_id, whom_id, 0, now_ms);
}

static enum err unfollow_local_apply(struct txn *txn, struct mutation *m)
{
    struct follow_local *f = container_of(m, struct follow_local, mutation);
    return act_unfollow_store(txn, f->fed, f->who, f->whom, f->now_ms);
}

/* `who` asked, `whom` (ours) answers: the pending edge becomes a follow, or goes. */
static enum err answer_local(struct txn *txn, const struct federation *fed, actor_id whom_id,
                             actor_id who_id, const char *type, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    bool accepts = strcmp(type, "Accept") == 0;
    struct edge_key key = {EDGE_FOLLOW_REQUEST, who_id.v, whom_id.v};
    Actor *who, *whom;
    Edge *edge;
    enum err e = get_pair(txn, who_id, whom_id, &arena, &who, &whom);
    if (e)
        return e;
    e = edge_get(txn, key, &arena, &edge);
    if (e == ERR_NOTFOUND && !accepts) { /* a made follow can be taken back: remove the follower */
        key.kind = EDGE_FOLLOW;
        e = edge_get(txn, key, &arena, &edge);
    }
    if (!e)
        e = edge_del(txn, key);
    if (e)
        return e;
    if (accepts) {
        key.kind = EDGE_FOLLOW;
        e = edge_put(txn, key, edge);
        if (!e)
            e = act_notify(txn, who, NOTIFICATION_TYPE__FOLLOW_ACCEPTED, whom_id, (post_id){0},
                           now_ms);
    }
    if (e || !who->host[0])
        return e;
    return act_queue_answer(txn, fed, type, whom, who, edge->uri, now_ms);
}

enum err act_reject_store(struct txn *txn, const struct federation *fed, actor_id whom,
                          actor_id who, int64_t now_ms)
{
    enum err e = answer_local(txn, fed, whom, who, "Reject", now_ms);
    return e ? e : act_unqueue_reader(txn, whom, who, now_ms);
}

static enum err accept_local_apply(struct txn *txn, struct mutation *m)
{
    struct follow_local *f = container_of(m, struct follow_local, mutation);
    return answer_local(txn, f->fed, f->whom, f->who, "Accept", f->now_ms);
}

static enum err reject_local_apply(struct txn *txn, struct mutation *m)
{
    struct follow_local *f = container_of(m, struct follow_local, mutation);
    return act_reject_store(txn, f->fed, f->whom, f->who, f->now_ms);
}

static enum err run_follow(struct follow_local *f, const char *name, const struct by *by,
                           struct why *why)
{
    char object[64];
    f->now_ms = clock_ms();
    snprintf(object, sizeof object, "actor %llu -> actor %llu", (unsigned long long)f->who.v,
             (unsigned long long)f->whom.v);
    enum err e = act_run(f->fed, &f->mutation, by, name, object);
    if (e == ERR_NOTFOUND)
        return why_set(why, e, "there is no such follow or request");
    if (e == ERR_EXISTS)
        return why_set(why, e, "that is so already");
    if (e == ERR_DENIED && f->why.text[0])
        return why_set(why, e, "%s", f->why.text);
    if (e == ERR_DENIED)
        return why_set(why, e, "their host is no peer of ours: ward peer allow HOST first");
    return e ? why_set(why, e, "the store refused: %s", err_name(e)) : OK;
}

static enum err run_pair(struct federation *fed, actor_id who, actor_id whom,
                         enum err (*apply)(struct txn *, struct mutation *), const char *name,
                         const struct by *by, struct why *why)
{
    struct follow_local f = {.mutation = {.apply = apply}, .fed = fed, .who = who, .whom = whom};
    return run_follow(&f, name, by, why);
}

enum err act_follow_on_terms_local(struct federation *fed, actor_id who, actor_id whom,
                                   const struct follow_terms *terms, const struct by *by,
                                   struct why *why)
{
    struct follow_local f = {.mutation = {.apply = follow_local_apply},
                             .fed = fed,
                             .who = who,
                             .whom = whom,
                             .terms = terms};
    if (who.v == whom.v)
        return why_set(why, ERR_INVALID, "nobody can follow themselves");
    if (terms && terms->language_count > FOLLOW_LANGUAGES_MAX)
        return why_set(why, ERR_INVALID, "more than %d languages", FOLLOW_LANGUAGES_MAX);
    for (size_t i = 0; terms && i < terms->language_count; i++)
        if (!act_is_language(terms->languages[i]))
            return why_set(why, ERR_INVALID, "\"%.40s\" is no language", terms->languages[i]);
    return run_follow(&f, "follow.create", by, why);
}

enum err act_follow_local(struct federation *fed, actor_id who, actor_id whom, const struct by *by,
                          struct why *why)
{
    return act_follow_on_terms_local(fed, who, whom, NULL, by, why);
}

enum err act_unfollow_local(struct federation *fed, actor_id who, actor_id whom,
                            const struct by *by, struct why *why)
{
    return run_pair(fed, who, whom, unfollow_local_apply, "follow.delete", by, why);
}

enum err act_accept_local(struct federation *fed, actor_id whom, actor_id who, const struct by *by,
                          struct why *why)
{
    return run_pair(fed, who, whom, accept_local_apply, "follow.accept", by, why);
}

enum err act_reject_local(struct federation *fed, actor_id whom, actor_id who, const struct by *by,
                          struct why *why)
{
    return run_pair(fed, who, whom, reject_local_apply, "follow.reject", by, why);
}
