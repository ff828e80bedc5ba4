/*
 * delete - a post goes, by its stored author; or an actor goes, by itself. What was never seen here
 * leaves a tombstone when sender and object share a host, so that a Create that comes later
 * stays away (T40, T41).
 */
#include "federation/act/approval.h"
#include "federation/act/post.h"

#include "federation/act/group.h"
#include "storage/base/clock.h"
#include "storage/stream.h"

#include <stdio.h>
#include <string.h>

#define ACTOR_POSTS_PER_DELETE                                                                     \
    1000 /* in one transaction; more than that stays hidden by deleted_ms */

struct delete_state {
    const char *uri;
};

static enum err leave_tombstone(struct txn *txn, const struct act *act, const char *uri)
{
    Tombstone tombstone = TOMBSTONE__INIT;
    tombstone.uri = (char *)uri;
    tombstone.host = (char *)act->who_host;
    tombstone.by = act->who.v;
    tombstone.deleted_ms = act->now_ms;
    enum err e = tombstone_add(txn, &tombstone);
    return e == ERR_EXISTS ? OK : e;
}

static enum err delete_post_apply(struct txn *txn, struct act *act)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(2 * 1024 * 1024);
    const struct delete_state *state = act->state;
    Post *post;
    post_id id;
    enum err e = post_find(txn, state->uri, &id);
    if (e == ERR_NOTFOUND) {
        bool is_approval;
        e = act_consent_taken_back(txn, act->fed, state->uri, act->who, act->now_ms, &is_approval);
        if (e)
            return e;
        if (!uri_same_host(state->uri, act->activity->actor)) {
            act->outcome = "ignored: not theirs";
            return OK;
        }
        act->outcome = is_approval ? "approval taken back" : "tombstone left";
        return leave_tombstone(txn, act, state->uri);
    }
    if (!e)
        e = post_get(txn, id, &arena, &post);
    if (e)
        return e;
    if (post->author != act->who.v) {
        act->outcome = "ignored: not the author";
        return act_group_expel_remote(txn, act, post);
    }
    act->outcome = "deleted";
    e = group_distribute(txn, act->fed, post, "Delete", act->body, act->now_ms);
    return e ? e : post_delete(txn, id, act->now_ms);
}

enum err act_delete_posts_of(struct txn *txn, actor_id who, int64_t now_ms, bool *out_more)
{
    *out_more = false;
    for (unsigned i = 0; i < ACTOR_POSTS_PER_DELETE; i++) {
        struct stream stream;
        struct stream_key key = {STREAM_AUTHOR, who.v};
        post_id id;
        enum err e = stream_open(txn, &key, 1, (struct page){.limit = 1}, &stream);
        if (e)
            return e;
        e = stream_next(&stream, &id);
        stream_close(&stream);
        if (e)
            return e == ERR_NOTFOUND ? OK : e;
        e = post_delete(txn, id, now_ms);
        if (e)
            return e;
    }
    *out_more = true;
    return OK;
}

enum err act_delete_edges_of(struct txn *txn, actor_id who)
{
    static const enum edge_kind kinds[] = {EDGE_FOLLOW, EDGE_FOLLOW_REQUEST};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct edge_key out = {kinds[i], who.v, 0}, in = {kinds[i], 0, who.v};
        enum err e;
        while ((e = edge_next(txn, &out)) == OK)
            if ((e = edge_del(txn, out)))
                return e;
        if (e != ERR_NOTFOUND)
            return e;
        while ((e = edge_rev_next(txn, &in)) == OK)
            if ((e = edge_del(txn, in)))
                return e;
        if (e != ERR_NOTFOUND)
            return e;
    }
    return OK;
}

enum err act_delete_actor(struct txn *txn, actor_id who, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    Actor *actor;
    enum err e = actor_get(txn, who, &arena, &actor);
    if (e || actor->deleted_ms)
        return e;
    actor->deleted_ms = now_ms;
    e = actor_put(txn, actor, now_ms);
    if (!e)
        e = act_delete_edges_of(txn, who);
    bool has_more; /* they stay hidden */
    return e ? e : act_delete_posts_of(txn, who, now_ms, &has_more);
}

static enum err delete_actor_apply(struct txn *txn, struct act *act)
{
    act->outcome = "actor deleted";
    return act_delete_actor(txn, act->who, act->now_ms);
}

enum act_verdict act_delete_remote(struct act *act, struct txn *txn, struct act_answer *answer,
                                   struct why *why)
{
    (void)txn;
    struct delete_state *state = arena_alloc(&act->arena, sizeof *state);
    state->uri = act->activity->object_id;
    if (!state->uri) {
        answer->status = 400;
        why_set(why, ERR_INVALID, "Delete without an object");
        return ACT_REJECT;
    }
    act->state = state;
    act->apply =
        strcmp(state->uri, act->activity->actor) == 0 ? delete_actor_apply : delete_post_apply;
    return ACT_DONE;
}

/* ---- local door ---- */

struct delete_local {
    struct mutation mutation;
    struct federation *fed;
    actor_id who;
    post_id post;
    int64_t now_ms;
};

static enum err delete_local_apply(struct txn *txn, struct mutation *m)
{
    struct delete_local *del = container_of(m, struct delete_local, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4 * 1024 * 1024);
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    Post *post;
    Actor *who;
    enum err e = post_get(txn, del->post, &arena, &post);
    if (!e)
        e = actor_get(txn, del->who, &arena, &who);
    if (e)
        return e;
    if (post->author != del->who.v)
        return ERR_DENIED;
    if (post->boost_of)
        return ERR_INVALID;
    e = document_delete(post, who, &json);
    if (!e) /* before the post goes: its audience is read from it */
        e = act_post_queue(txn, del->fed, post, "Delete",
                           arena_printf(&arena, "%s#delete", post->uri), buf_bytes(&json),
                           del->now_ms);
    return e ? e : post_delete(txn, del->post, del->now_ms);
}

enum err act_delete_local(struct federation *fed, actor_id who, post_id post, const struct by *by,
                          struct why *why)
{
    struct delete_local del = {.mutation = {.apply = delete_local_apply},
                               .fed = fed,
                               .who = who,
                               .post = post,
                               .now_ms = clock_ms()};
    char object[32];
    snprintf(object, sizeof object, "post %llu", (unsigned long long)post.v);
    enum err e = act_run(fed, &del.mutation, by, "post.delete", object);
    if (e == ERR_NOTFOUND)
        return why_set(why, e, "there is no such post");
    if (e == ERR_INVALID)
        return why_set(why, e, "that is a boost: take it back with unboost");
    if (e == ERR_DENIED)
        return why_set(why, e, "only its author can delete a post");
    return e ? why_set(why, e, "the store refused: %s", err_name(e)) : OK;
}
