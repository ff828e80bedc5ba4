/*
 * mark - what one of ours keeps for themselves about a post: a bookmark; silence about its thread.
 * Nobody is told, so nothing is sent and the audit log does not say which.
 */
#include "federation/act/common.h"

#include "storage/base/clock.h"

struct mark {
    struct mutation mutation;
    enum edge_kind kind; /* BOOKMARK; THREAD_MUTE */
    actor_id who;
    post_id post;
    bool is_set;
    int64_t now_ms;
};

/* The post itself, or the beginning of its thread. */
static enum err find_target(struct txn *txn, const struct mark *mark, uint64_t *out)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(8 * 1024 * 1024);
    Post *post, *root;
    enum err e = post_get(txn, mark->post, &arena, &post);
    if (!e && post->boost_of)
        e = post_get(txn, (post_id){post->boost_of}, &arena, &post);
    if (!e && mark->is_set && !audience_may_read(txn, post, mark->who))
        e = ERR_NOTFOUND;
    if (e)
        return e;
    *out = mark->kind == EDGE_BOOKMARK ? post->id : post->thread_root;
    return mark->kind == EDGE_BOOKMARK ? OK : post_get(txn, (post_id){*out}, &arena, &root);
}

static enum err mark_apply(struct txn *txn, struct mutation *m)
{
    struct mark *mark = container_of(m, struct mark, mutation);
    struct edge_key key = {.kind = mark->kind, .who = mark->who.v};
    Edge edge = EDGE__INIT;
    enum err e = find_target(txn, mark, &key.whom);
    if (e || !mark->is_set)
        return e ? e : edge_del(txn, key);
    edge.created_ms = mark->now_ms;
    if (mark->kind == EDGE_BOOKMARK)
        e = id_next(txn, mark->now_ms, &edge.order);
    return e ? e : edge_add(txn, key, &edge);
}

static enum err run_mark(struct federation *fed, struct mark *mark, const char *name,
                         const struct by *by, struct why *why)
{
    mark->mutation.apply = mark_apply;
    mark->now_ms = clock_ms();
    enum err e = act_run(fed, &mark->mutation, by, name, NULL);
    if (e == ERR_NOTFOUND)
        return why_set(why, e, "there is no such post, or nothing to take back");
    if (e == ERR_EXISTS)
        return why_set(why, e, "it is so already");
    return e ? why_set(why, e, "the store refused: %s", err_name(e)) : OK;
}

enum err act_bookmark_local(struct federation *fed, actor_id who, post_id post, const struct by *by,
                            struct why *why)
{
    struct mark mark = {.kind = EDGE_BOOKMARK, .who = who, .post = post, .is_set = true};
    return run_mark(fed, &mark, "bookmark.create", by, why);
}

enum err act_unbookmark_local(struct federation *fed, actor_id who, post_id post,
                              const struct by *by, struct why *why)
{
    struct mark mark = {.kind = EDGE_BOOKMARK, .who = who, .post = post};
    return run_mark(fed, &mark, "bookmark.delete", by, why);
}

enum err act_mute_thread_local(struct federation *fed, actor_id who, post_id post,
                               const struct by *by, struct why *why)
{
    struct mark mark = {.kind = EDGE_THREAD_MUTE, .who = who, .post = post, .is_set = true};
    return run_mark(fed, &mark, "thread.mute", by, why);
}

enum err act_unmute_thread_local(struct federation *fed, actor_id who, post_id post,
                                 const struct by *by, struct why *why)
{
    struct mark mark = {.kind = EDGE_THREAD_MUTE, .who = who, .post = post};
    return run_mark(fed, &mark, "thread.unmute", by, why);
}
