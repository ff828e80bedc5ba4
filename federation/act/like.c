/*
 * like - one like for one actor and post, whatever was sent (T48).
 */
#include "federation/act/react.h"

#include "federation/consent.h"
#include "storage/base/clock.h"

#include <stdio.h>

struct like_state {
    post_id post;
};

static enum err like_remote_apply(struct txn *txn, struct act *act)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(2 * 1024 * 1024);
    const struct like_state *state = act->state;
    Post *post;
    Actor *author;
    enum err e = post_get(txn, state->post, &arena, &post);
    if (e == ERR_NOTFOUND || act_is_undone(txn, act)) {
        act->outcome = "ignored: deleted or undone before it came";
        return OK;
    }
    if (!e)
        e = actor_get(txn, (actor_id){post->author}, &arena, &author);
    if (e)
        return e;
    Edge edge = EDGE__INIT;
    edge.uri = (char *)(act->activity->id ? act->activity->id : "");
    edge.created_ms = act->now_ms;
    e = edge_add(txn, (struct edge_key){EDGE_LIKE, act->who.v, post->id}, &edge);
    act->outcome = e == ERR_EXISTS ? "liked before" : "liked";
    if (e)
        return e == ERR_EXISTS ? OK : e;
    return act_notify(txn, author, NOTIFICATION_TYPE__LIKE, act->who, state->post, act->now_ms);
}

enum act_verdict act_like_remote(struct act *act, struct txn *txn, struct act_answer *answer,
                                 struct why *why)
{
    return act->activity->content ? act_react_remote(act, txn, answer, why)
                                  : act_like_plain(act, txn, answer, why);
}

enum act_verdict act_like_plain(struct act *act, struct txn *txn, struct act_answer *answer,
                                struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(2 * 1024 * 1024);
    struct like_state *state = arena_alloc(&act->arena, sizeof *state);
    Post *post;

    if (!act->activity->object_id) {
        answer->status = 400;
        why_set(why, ERR_INVALID, "%s without an object", act->activity->type);
        return ACT_REJECT;
    }
    if (act_need_post(act, txn, act->activity->object_id, answer, &state->post) == ACT_NEEDS)
        return ACT_NEEDS;
    if (!state->post.v)
        return ACT_DONE;
    if (post_get(txn, state->post, &arena, &post) || !audience_may_read(txn, post, act->who)) {
        act->outcome = "ignored: likes a post it may not read";
        return ACT_DONE;
    }
    if (post->is_local && consent_judge(txn, post, CONSENT_LIKE, act->who) != CONSENT_YES) {
        act->outcome = "ignored: its author does not want it liked by them";
        return ACT_DONE;
    }
    act->state = state;
    act->apply = like_remote_apply;
    return ACT_DONE;
}

/* ---- local doors ---- */

struct like_local {
    struct mutation mutation;
    struct federation *fed;
    actor_id who;
    post_id post;
    int64_t now_ms;
};

static enum err get_liker_and_post(struct txn *txn, const struct like_local *like,
                                   struct arena *arena, Actor **who, Post **post, Actor **author)
{
    enum err e = actor_get(txn, like->who, arena, who);
    if (!e)
        e = post_get(txn, like->post, arena, post);
    if (!e && (*post)->boost_of)
        e = post_get(txn, (post_id){(*post)->boost_of}, arena, post);
    if (!e && !audience_may_read(txn, *post, like->who))
        e = ERR_NOTFOUND; /* private means: it does not exist */
    return e ? e : actor_get(txn, (actor_id){(*post)->author}, arena, author);
}

static enum err like_local_apply(struct txn *txn, struct mutation *m)
{
    struct like_local *like = container_of(m, struct like_local, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(2 * 1024 * 1024);
    Actor *who, *author;
    Post *post;
    enum err e = get_liker_and_post(txn, like, &arena, &who, &post, &author);
    if (!e && consent_judge(txn, post, CONSENT_LIKE, like->who) != CONSENT_YES)
        e = ERR_DENIED;
    if (e)
        return e;

    Edge edge = EDGE__INIT;
    edge.created_ms = like->now_ms;
    edge.uri = (char *)act_new_uri(txn, who, "likes", like->now_ms, &arena);
    if (!edge.uri)
        return ERR_STORE;
    e = id_next(txn, like->now_ms, &edge.order);
    if (!e)
        e = edge_add(txn, (struct edge_key){EDGE_LIKE, who->id, post->id}, &edge);
    if (!e)
        e = act_notify(txn, author, NOTIFICATION_TYPE__LIKE, like->who, (post_id){post->id},
                       like->now_ms);
    if (e || !author->host[0])
        return e;
    struct plain_activity activity = {
        .id = edge.uri, .type = "Like", .actor = who->uri, .object = post->uri, .to = author->uri};
    return act_queue_plain(txn, like->fed, &activity, like->who, (actor_id){author->id}, post->id,
                           like->now_ms);
}

static enum err unlike_local_apply(struct txn *txn, struct mutation *m)
{
    struct like_local *like = container_of(m, struct like_local, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(2 * 1024 * 1024);
    Actor *who, *author;
    Post *post;
    Edge *edge;
    enum err e = get_liker_and_post(txn, like, &arena, &who, &post, &author);
    if (e)
        return e;
    struct edge_key key = {EDGE_LIKE, who->id, post->id};
    e = edge_get(txn, key, &arena, &edge);
    if (!e)
        e = edge_del(txn, key);
    if (e || !author->host[0])
        return e;
    struct plain_activity inner = {
        .id = edge->uri, .type = "Like", .actor = who->uri, .object = post->uri};
    struct plain_activity undo = {.id = act_new_uri(txn, who, "undos", like->now_ms, &arena),
                                  .type = "Undo",
                                  .actor = who->uri,
                                  .inner = &inner,
                                  .to = author->uri};
    return act_queue_plain(txn, like->fed, &undo, like->who, (actor_id){author->id}, post->id,
                           like->now_ms);
}

static enum err run_like(struct like_local *like, const char *name, const struct by *by,
                         struct why *why)
{
    char object[32];
    snprintf(object, sizeof object, "post %llu", (unsigned long long)like->post.v);
    enum err e = act_run(like->fed, &like->mutation, by, name, object);
    if (e == ERR_NOTFOUND)
        return why_set(why, e, "there is no such post, or no like of it to take back");
    if (e == ERR_EXISTS)
        return why_set(why, e, "that post is liked already");
    if (e == ERR_DENIED)
        return why_set(why, e, "its author does not want it liked");
    return e ? why_set(why, e, "the store refused: %s", err_name(e)) : OK;
}

enum err act_like_local(struct federation *fed, actor_id who, post_id post, const struct by *by,
                        struct why *why)
{
    struct like_local like = {{.apply = like_local_apply}, fed, who, post, clock_ms()};
    return run_like(&like, "like.create", by, why);
}

enum err act_unlike_local(struct federation *fed, actor_id who, post_id post, const struct by *by,
                          struct why *why)
{
    struct like_local like = {{.apply = unlike_local_apply}, fed, who, post, clock_ms()};
    return run_like(&like, "like.delete", by, why);
}
