/*
 * move - somebody goes on elsewhere. Nobody here is made to follow anyone: whoever follows the old
 * account gets an offer, and answers it.
 *
 * A Move is believed when the old account sent it, names itself, and the target names the old
 * account in turn, both as fetched after the Move came (T45). A target that moved on itself, or
 * back, is none; nor is a second Move within a week.
 *
 * Source   ActivityStreams 2.0 Move; FEP-7628; threats T45
 */
#include "federation/act/common.h"

#include "storage/account.h"
#include "storage/base/clock.h"

#include <stdio.h>
#include <string.h>

#define MOVE_COOL_DOWN_MS ((int64_t)7 * 24 * 60 * 60 * 1000)
#define OFFERS_LOOKED_AT_MAX 100000 /* notifications of one account */

static bool is_named_by(const Actor *target, const char *uri)
{
    for (size_t i = 0; i < target->n_also_known_as; i++)
        if (strcmp(target->also_known_as[i], uri) == 0)
            return true;
    return false;
}

/* Is `target` where `old` may go? Everything but who says so. */
static enum err check_target(const Actor *old, const Actor *target, struct why *why)
{
    if (old->id == target->id)
        return why_set(why, ERR_DENIED, "it moves to itself");
    if (target->deleted_ms || target->suspended_ms)
        return why_set(why, ERR_DENIED, "the target is gone");
    if (target->moved_to[0])
        return why_set(why, ERR_DENIED, "the target has moved itself");
    if (!is_named_by(target, old->uri))
        return why_set(why, ERR_DENIED,
                       "the target does not name the account as an alias of its own");
    return OK;
}

/* Everyone here who follows `old` is asked. */
static enum err offer(struct txn *txn, actor_id old, const char *target, int64_t now_ms)
{
    struct edge_key key = {.kind = EDGE_FOLLOW, .whom = old.v};
    enum err e;
    while ((e = edge_rev_next(txn, &key)) == OK) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
        Actor *follower;
        e = actor_get(txn, (actor_id){key.who}, &arena, &follower);
        if (!e)
            e = act_notify_text(txn, follower, NOTIFICATION_TYPE__MOVED, old, (post_id){0}, target,
                                now_ms);
        if (e)
            return e;
    }
    return e == ERR_NOTFOUND ? OK : e;
}

/* ---- remote door ---- */

struct move_state {
    actor_id target;
    const char *target_uri;
};

static bool is_cooling_down(const Actor *old, int64_t now_ms)
{
    return old->moved_ms && now_ms - old->moved_ms < MOVE_COOL_DOWN_MS;
}

static enum err move_remote_apply(struct txn *txn, struct act *act)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(2 * 1024 * 1024);
    const struct move_state *state = act->state;
    Actor *old, *target;
    enum err e = actor_get(txn, act->who, &arena, &old);
    if (!e)
        e = actor_get(txn, state->target, &arena, &target);
    if (e)
        return e;
    if (check_target(old, target, NULL) || is_cooling_down(old, act->now_ms)) {
        act->outcome = "ignored: the move does not hold";
        return OK;
    }
    act->outcome = "moved: the followers are asked";
    old->moved_to = (char *)state->target_uri;
    old->moved_ms = act->now_ms;
    e = actor_put(txn, old, act->now_ms);
    return e ? e : offer(txn, act->who, state->target_uri, act->now_ms);
}

/* The actor as fetched after the Move came; NULL: `answer` says what is needed, or act->outcome why
 * it is ignored. */
static Actor *fresh(struct act *act, struct txn *txn, const char *uri, struct arena *arena,
                    struct act_answer *answer, enum act_verdict *verdict)
{
    char host[URI_HOST_BYTES];
    peer_id peer;
    actor_id id;
    Actor *actor = NULL;
    Want *want;

    *verdict = ACT_DONE;
    bool is_known = actor_find(txn, uri, &id) == OK && actor_get(txn, id, arena, &actor) == OK;
    if (federation_own_path(act->fed, uri)) {
        act->outcome = "ignored: moves to nobody here";
        return is_known ? actor : NULL;
    }
    if (uri_host(uri, host) ||
        policy_admit(txn, act->fed->config, host, act->now_ms, &peer, NULL)) {
        act->outcome = "ignored: moves to a host that is no peer";
        return NULL;
    }
    if (is_known && actor->fetched_ms >= act->received_ms)
        return actor;
    if (want_get(txn, uri, arena, &want) == OK && want->failed_ms) {
        act->outcome = "ignored: one end of the move cannot be fetched";
        return NULL;
    }
    answer->needs = uri;
    answer->needs_kind = WANT_KIND__ACTOR_DOCUMENT;
    *verdict = ACT_NEEDS;
    return NULL;
}

enum act_verdict act_move_remote(struct act *act, struct txn *txn, struct act_answer *answer,
                                 struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4 * 1024 * 1024);
    const struct as2_activity *activity = act->activity;
    struct move_state *state = arena_alloc(&act->arena, sizeof *state);
    enum act_verdict verdict;
    struct why reason = {""};

    (void)why;
    if (!activity->object_id || strcmp(activity->object_id, activity->actor) != 0 ||
        !activity->target) {
        act->outcome = "ignored: moves somebody else, or nowhere";
        return ACT_DONE;
    }
    Actor *target = fresh(act, txn, activity->target, &arena, answer, &verdict);
    Actor *old = target ? fresh(act, txn, activity->actor, &arena, answer, &verdict) : NULL;
    if (!old)
        return verdict;
    if (old->moved_to[0] && strcmp(old->moved_to, activity->target) != 0)
        act->outcome = "ignored: its own document says otherwise";
    else if (check_target(old, target, &reason))
        act->outcome = arena_strdup(&act->arena, reason.text);
    else if (is_cooling_down(old, act->now_ms))
        act->outcome = "ignored: it moved lately";
    else {
        state->target = (actor_id){target->id};
        state->target_uri = arena_strdup(&act->arena, target->uri);
        act->state = state;
        act->apply = move_remote_apply;
    }
    return ACT_DONE;
}

/* ---- local doors: an account of ours ---- */

struct move_local {
    struct mutation mutation;
    struct federation *fed;
    actor_id who, other;
    const char *uri; /* of an alias */
    bool is_named;
    int64_t now_ms;
    struct why why; /* out */
};

static enum err get_own(struct txn *txn, actor_id who, struct arena *arena, Actor **out)
{
    Account *account;
    enum err e = account_get(txn, who, arena, &account);
    if (!e)
        e = actor_get(txn, who, arena, out);
    return e || !(*out)->deleted_ms ? e : ERR_NOTFOUND;
}

static enum err alias_apply(struct txn *txn, struct mutation *m)
{
    struct move_local *l = container_of(m, struct move_local, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(2 * 1024 * 1024);
    Actor *who;
    size_t n = 0;
    enum err e = get_own(txn, l->who, &arena, &who);
    if (e)
        return e;
    if (is_named_by(who, l->uri) == l->is_named)
        return l->is_named ? ERR_EXISTS : ERR_NOTFOUND;
    if (l->is_named && who->n_also_known_as >= AS2_ALIASES_MAX)
        return why_set(&l->why, ERR_LIMIT, "an account has at most %d aliases", AS2_ALIASES_MAX);
    char **names = arena_calloc(&arena, who->n_also_known_as + 1, sizeof *names);
    for (size_t i = 0; i < who->n_also_known_as; i++)
        if (strcmp(who->also_known_as[i], l->uri) != 0)
            names[n++] = who->also_known_as[i];
    if (l->is_named)
        names[n++] = (char *)l->uri;
    who->also_known_as = names;
    who->n_also_known_as = n;
    return act_actor_changed(txn, l->fed, who, l->now_ms);
}

static enum err queue_move(struct txn *txn, const struct move_local *l, const Actor *who,
                           const Actor *target)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024 * 1024);
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    AUTO(destinations_clear) struct destinations list = {0};
    struct plain_activity move = {.id = act_new_uri(txn, who, "moves", l->now_ms, &arena),
                                  .type = "Move",
                                  .actor = who->uri,
                                  .object = who->uri,
                                  .target = target->uri,
                                  .to = who->followers};
    OutJob job = OUT_JOB__INIT;
    size_t queued;
    enum err e = document_plain(&move, &json);
    if (!e)
        e = destinations_add_followers(txn, &list, l->who, &arena);
    if (e)
        return e;
    job.actor = who->id;
    job.activity_type = (char *)move.type;
    job.activity_uri = (char *)move.id;
    job.visibility = VISIBILITY__PUBLIC; /* the profile says it to anyone */
    return destinations_queue(txn, l->fed, &list, buf_bytes(&json), &job, l->now_ms, &queued);
}

static enum err move_apply(struct txn *txn, struct mutation *m)
{
    struct move_local *l = container_of(m, struct move_local, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(2 * 1024 * 1024);
    Actor *who, *target;
    enum err e = get_own(txn, l->who, &arena, &who);
    if (!e && l->other.v)
        e = actor_get(txn, l->other, &arena, &target);
    if (e)
        return e;
    if (!l->other.v) {
        if (!who->moved_to[0])
            return ERR_NOTFOUND;
        who->moved_to = (char *)"";
        return act_actor_changed(txn, l->fed, who, l->now_ms);
    }
    if (who->moved_to[0])
        return why_set(&l->why, ERR_DENIED, "it has moved to %s: --undo first", who->moved_to);
    e = check_target(who, target, &l->why);
    if (e)
        return e;
    who->moved_to = target->uri;
    who->moved_ms = l->now_ms;
    e = act_actor_changed(txn, l->fed, who, l->now_ms);
    if (!e)
        e = queue_move(txn, l, who, target);
    return e ? e : offer(txn, l->who, target->uri, l->now_ms);
}

/* ---- local doors: who is asked ---- */

/* The newest offer about `old`. */
static enum err find_offer(struct txn *txn, actor_id who, actor_id old, struct arena *arena,
                           Notification **out)
{
    uint64_t before = UINT64_MAX;
    for (unsigned looks = 0; looks < OFFERS_LOOKED_AT_MAX; looks++) {
        AUTO(arena_clear) struct arena scratch = ARENA_INIT(64 * 1024);
        Notification *found;
        enum err e = notification_next(txn, who, before, &scratch, &found);
        if (e)
            return e;
        before = found->id;
        if (found->type == NOTIFICATION_TYPE__MOVED && found->from == old.v)
            return notification_get(txn, who, (notification_id){found->id}, arena, out);
    }
    return ERR_NOTFOUND;
}

static enum err dismiss_apply(struct txn *txn, struct mutation *m)
{
    struct move_local *l = container_of(m, struct move_local, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    Notification *found;
    enum err e = find_offer(txn, l->who, l->other, &arena, &found);
    return e ? e : notification_del(txn, l->who, (notification_id){found->id});
}

/* Follows the new one first; the old one goes when the new one has said yes (follow.c). */
static enum err accept_apply(struct txn *txn, struct mutation *m)
{
    struct move_local *l = container_of(m, struct move_local, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4 * 1024 * 1024);
    Actor *old, *target;
    Notification *found;
    actor_id id;
    enum err e = find_offer(txn, l->who, l->other, &arena, &found);
    if (!e)
        e = actor_get(txn, l->other, &arena, &old);
    if (!e)
        e = actor_find(txn, found->text, &id);
    if (!e)
        e = actor_get(txn, id, &arena, &target);
    if (!e)
        e = check_target(old, target, &l->why);
    if (!e)
        e = act_follow_store(txn, l->fed, l->who, id, l->other, l->now_ms, &l->why);
    if (e && e != ERR_EXISTS)
        return e;
    e = OK;
    if (edge_has(txn, (struct edge_key){EDGE_FOLLOW, l->who.v, id.v}))
        e = act_unfollow_store(txn, l->fed, l->who, l->other, l->now_ms);
    if (e && e != ERR_NOTFOUND)
        return e;
    return notification_del(txn, l->who, (notification_id){found->id});
}

static enum err run_move(struct move_local *l, enum err (*apply)(struct txn *, struct mutation *),
                         const char *name, const struct by *by, struct why *why)
{
    char object[64];
    l->mutation.apply = apply;
    l->now_ms = clock_ms();
    snprintf(object, sizeof object, "actor %llu%s%.0llu", (unsigned long long)l->who.v,
             l->other.v ? " -> actor " : "", (unsigned long long)l->other.v);
    enum err e = act_run(l->fed, &l->mutation, by, name, l->uri ? l->uri : object);
    if (e && l->why.text[0])
        return why_set(why, e, "%s", l->why.text);
    if (e == ERR_NOTFOUND)
        return why_set(why, e, "there is no such account, alias, move or offer");
    if (e == ERR_EXISTS)
        return why_set(why, e, "that is so already");
    if (e == ERR_DENIED)
        return why_set(why, e, "their host is no peer of ours: ward peer allow HOST first");
    return e ? why_set(why, e, "the store refused: %s", err_name(e)) : OK;
}

enum err act_alias_local(struct federation *fed, actor_id who, const char *uri, bool is_named,
                         const struct by *by, struct why *why)
{
    struct move_local l = {.fed = fed, .who = who, .uri = uri, .is_named = is_named};
    return run_move(&l, alias_apply, is_named ? "account.alias" : "account.unalias", by, why);
}

enum err act_move_local(struct federation *fed, actor_id who, actor_id target, const struct by *by,
                        struct why *why)
{
    struct move_local l = {.fed = fed, .who = who, .other = target};
    return run_move(&l, move_apply, target.v ? "account.move" : "account.unmove", by, why);
}

enum err act_moved_accept_local(struct federation *fed, actor_id who, actor_id old,
                                const struct by *by, struct why *why)
{
    struct move_local l = {.fed = fed, .who = who, .other = old};
    return run_move(&l, accept_apply, "moved.accept", by, why);
}

enum err act_moved_dismiss_local(struct federation *fed, actor_id who, actor_id old,
                                 const struct by *by, struct why *why)
{
    struct move_local l = {.fed = fed, .who = who, .other = old};
    return run_move(&l, dismiss_apply, "moved.dismiss", by, why);
}
