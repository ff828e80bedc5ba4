/*
 * block - who wants nothing to do with whom, and who does not want to read whom (mute).
 *
 * A block ends the follows both ways and hides each from the other. Its target is not told unless
 * the blocker says so: a block is a fact about the blocker, and what one server is told another
 * may show. Unfollowing and removing a follower are told, as ever. A mute is never told.
 *
 * Source   ActivityPub #block-activity-outbox; threats T42, T68
 */
#include "federation/act/group.h"

#include "storage/account.h"
#include "storage/base/clock.h"
#include "storage/mute.h"

#include <stdio.h>
#include <string.h>

#define UNQUEUE_LOOKS_MAX 10000 /* jobs of one peer looked at in one transaction */

/* ---- what waits for somebody who may not have it any more ---- */

static bool is_restricted(const OutJob *job, actor_id author)
{
    return job->actor == author.v && job->subject && strcmp(job->activity_type, "Delete") != 0 &&
           (job->visibility == VISIBILITY__FOLLOWERS || job->visibility == VISIBILITY__DIRECT);
}

/* An inbox of their own is theirs alone; a shared one may stand for others of that host too. */
static bool may_still_go(struct txn *txn, const OutJob *job, const Actor *reader,
                         struct arena *arena)
{
    Post *post;
    if (post_get(txn, (post_id){job->subject}, arena, &post))
        return true; /* its Delete has cancelled, or will cancel, what there is */
    return strcmp(job->inbox, reader->inbox) == 0
               ? audience_may_read(txn, post, (actor_id){reader->id})
               : audience_may_host_read(txn, post, reader->host);
}

enum err act_unqueue_reader(struct txn *txn, actor_id author, actor_id reader_id, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    Actor *reader;
    peer_id peer;
    uint64_t after = 0;
    enum err e = actor_get(txn, reader_id, &arena, &reader);
    if (e || !reader->host[0])
        return e;
    e = peer_find(txn, reader->host, &peer);
    for (unsigned looks = 0; !e && looks < UNQUEUE_LOOKS_MAX; looks++) {
        AUTO(arena_clear) struct arena scratch = ARENA_INIT(4 * 1024 * 1024);
        OutJob *job;
        e = outqueue_next(txn, peer, after, &scratch, &job);
        if (e)
            break;
        after = job->seq;
        if (is_restricted(job, author) && strcmp(job->inbox, audience_inbox(reader)) == 0 &&
            !may_still_go(txn, job, reader, &scratch))
            e = outqueue_end(txn, peer, job->seq, DELIVERY_STATE__CANCELLED, 0,
                             "nobody there may read it any more", now_ms);
    }
    return e == ERR_NOTFOUND ? OK : e;
}

/* ---- remote door ---- */

struct block_state {
    actor_id ours;
};

static enum err edge_forget(struct txn *txn, enum edge_kind kind, actor_id who, actor_id whom)
{
    enum err e = edge_del(txn, (struct edge_key){kind, who.v, whom.v});
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err forget_follows(struct txn *txn, actor_id a, actor_id b)
{
    enum err e = edge_forget(txn, EDGE_FOLLOW, a, b);
    if (!e)
        e = edge_forget(txn, EDGE_FOLLOW_REQUEST, a, b);
    if (!e)
        e = edge_forget(txn, EDGE_FOLLOW, b, a);
    return e ? e : edge_forget(txn, EDGE_FOLLOW_REQUEST, b, a);
}

static enum err block_remote_apply(struct txn *txn, struct act *act)
{
    const struct block_state *state = act->state;
    if (act_is_undone(txn, act)) {
        act->outcome = "ignored: undone before it came";
        return OK;
    }
    Edge edge = EDGE__INIT;
    edge.uri = (char *)(act->activity->id ? act->activity->id : "");
    edge.created_ms = act->now_ms;
    enum err e = edge_add(txn, (struct edge_key){EDGE_BLOCK, act->who.v, state->ours.v}, &edge);
    act->outcome = e == ERR_EXISTS ? "blocked before" : "blocked";
    if (e && e != ERR_EXISTS)
        return e;
    e = forget_follows(txn, act->who, state->ours);
    return e ? e : act_unqueue_reader(txn, state->ours, act->who, act->now_ms);
}

enum act_verdict act_block_remote(struct act *act, struct txn *txn, struct act_answer *answer,
                                  struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    struct block_state *state = arena_alloc(&act->arena, sizeof *state);
    Account *account;

    if (!act->activity->object_id) {
        answer->status = 400;
        why_set(why, ERR_INVALID, "Block without an object");
        return ACT_REJECT;
    }
    if (act_group_is_target(txn, act->activity->target)) /* FEP-1b12: out of a group */
        return act_moderate_remote(act, txn, answer, why);
    if (actor_find(txn, act->activity->object_id, &state->ours) ||
        account_get(txn, state->ours, &arena, &account)) {
        act->outcome = "ignored: blocks nobody here";
        return ACT_DONE;
    }
    act->state = state;
    act->apply = block_remote_apply;
    return ACT_DONE;
}

/* ---- local doors ---- */

struct block_local {
    struct mutation mutation;
    struct federation *fed;
    actor_id who, whom;
    enum edge_kind kind; /* EDGE_BLOCK, EDGE_MUTE */
    enum act_block_telling telling;
    const struct mute_terms *terms; /* of a mute; NULL: the usual ones, once */
    int64_t now_ms;
};

static enum err get_pair(struct txn *txn, const struct block_local *b, struct arena *arena,
                         Actor **who, Actor **whom)
{
    Account *account;
    enum err e = account_get(txn, b->who, arena, &account);
    if (!e)
        e = actor_get(txn, b->who, arena, who);
    return e ? e : actor_get(txn, b->whom, arena, whom);
}

/* The follows between them, and the other side is told of each. */
static enum err part_ways(struct txn *txn, const struct block_local *b)
{
    enum err e = act_unfollow_store(txn, b->fed, b->who, b->whom, b->now_ms);
    if (!e || e == ERR_NOTFOUND)
        e = act_reject_store(txn, b->fed, b->who, b->whom, b->now_ms);
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err mute_apply(struct txn *txn, const struct block_local *b)
{
    Edge edge = EDGE__INIT;
    if (!b->terms && mute_holds(txn, b->who, b->whom, b->now_ms))
        return ERR_EXISTS;
    edge.created_ms = b->now_ms;
    edge.until_ms = b->terms ? b->terms->until_ms : 0;
    edge.hides_notifications = !b->terms || b->terms->hides_notifications;
    return edge_put(txn, (struct edge_key){EDGE_MUTE, b->who.v, b->whom.v}, &edge);
}

/* Edge.uri is set exactly when the target's node was told: so an unblock tells it too. */
static enum err block_local_apply(struct txn *txn, struct mutation *m)
{
    struct block_local *b = container_of(m, struct block_local, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(2 * 1024 * 1024);
    Actor *who, *whom;
    Edge edge = EDGE__INIT;
    enum err e = get_pair(txn, b, &arena, &who, &whom);
    if (e || b->kind == EDGE_MUTE)
        return e ? e : mute_apply(txn, b);
    bool tells = b->telling == ACT_BLOCK_TOLD && whom->host[0];
    edge.created_ms = b->now_ms;
    if (tells && !(edge.uri = (char *)act_new_uri(txn, who, "blocks", b->now_ms, &arena)))
        return ERR_STORE;
    e = edge_add(txn, (struct edge_key){EDGE_BLOCK, b->who.v, b->whom.v}, &edge);
    if (!e)
        e = part_ways(txn, b);
    if (!e)
        e = act_unqueue_reader(txn, b->who, b->whom, b->now_ms);
    if (e || !tells)
        return e;
    struct plain_activity block = {
        .id = edge.uri, .type = "Block", .actor = who->uri, .object = whom->uri, .to = whom->uri};
    return act_queue_plain(txn, b->fed, &block, b->who, b->whom, 0, b->now_ms);
}

static enum err unblock_local_apply(struct txn *txn, struct mutation *m)
{
    struct block_local *b = container_of(m, struct block_local, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(2 * 1024 * 1024);
    struct edge_key key = {b->kind, b->who.v, b->whom.v};
    Actor *who, *whom;
    Edge *edge;
    enum err e = get_pair(txn, b, &arena, &who, &whom);
    if (!e)
        e = edge_get(txn, key, &arena, &edge);
    if (!e)
        e = edge_del(txn, key);
    if (e || !edge->uri[0])
        return e;
    struct plain_activity block = {
        .id = edge->uri, .type = "Block", .actor = who->uri, .object = whom->uri};
    struct plain_activity undo = {.id = act_new_uri(txn, who, "undos", b->now_ms, &arena),
                                  .type = "Undo",
                                  .actor = who->uri,
                                  .inner = &block,
                                  .to = whom->uri};
    return act_queue_plain(txn, b->fed, &undo, b->who, b->whom, 0, b->now_ms);
}

static enum err run_block(struct block_local *b, const char *name, const struct by *by,
                          struct why *why)
{
    char object[64];
    if (b->who.v == b->whom.v)
        return why_set(why, ERR_INVALID, "nobody can block or mute themselves");
    b->now_ms = clock_ms();
    snprintf(object, sizeof object, "actor %llu -> actor %llu", (unsigned long long)b->who.v,
             (unsigned long long)b->whom.v);
    enum err e = act_run(b->fed, &b->mutation, by, name, object);
    if (e == ERR_NOTFOUND)
        return why_set(why, e, "there is nothing to take back");
    if (e == ERR_EXISTS)
        return why_set(why, e, "that is so already");
    return e ? why_set(why, e, "the store refused: %s", err_name(e)) : OK;
}

enum err act_block_local(struct federation *fed, actor_id who, actor_id whom,
                         enum act_block_telling telling, const struct by *by, struct why *why)
{
    struct block_local b = {.mutation = {.apply = block_local_apply},
                            .fed = fed,
                            .who = who,
                            .whom = whom,
                            .kind = EDGE_BLOCK,
                            .telling = telling};
    return run_block(&b, "block.create", by, why);
}

enum err act_unblock_local(struct federation *fed, actor_id who, actor_id whom, const struct by *by,
                           struct why *why)
{
    struct block_local b = {.mutation = {.apply = unblock_local_apply},
                            .fed = fed,
                            .who = who,
                            .whom = whom,
                            .kind = EDGE_BLOCK};
    return run_block(&b, "block.delete", by, why);
}

enum err act_mute_on_terms_local(struct federation *fed, actor_id who, actor_id whom,
                                 const struct mute_terms *terms, const struct by *by,
                                 struct why *why)
{
    struct block_local b = {.mutation = {.apply = block_local_apply},
                            .fed = fed,
                            .who = who,
                            .whom = whom,
                            .kind = EDGE_MUTE,
                            .terms = terms};
    return run_block(&b, "mute.create", by, why);
}

enum err act_mute_local(struct federation *fed, actor_id who, actor_id whom, const struct by *by,
                        struct why *why)
{
    return act_mute_on_terms_local(fed, who, whom, NULL, by, why);
}

enum err act_unmute_local(struct federation *fed, actor_id who, actor_id whom, const struct by *by,
                          struct why *why)
{
    struct block_local b = {.mutation = {.apply = unblock_local_apply},
                            .fed = fed,
                            .who = who,
                            .whom = whom,
                            .kind = EDGE_MUTE};
    return run_block(&b, "mute.delete", by, why);
}
