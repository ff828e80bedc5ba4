/*
 * group - what is done with a group of ours: members and posts go, moderators come and go.
 */
#include "federation/act/group.h"

#include "storage/base/clock.h"

#include <stdio.h>

/* ---- what both doors do ---- */

enum err act_group_notify(struct txn *txn, actor_id whom, const Actor *group, post_id post,
                          const char *text, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    Actor *actor;
    enum err e = actor_get(txn, whom, &arena, &actor);
    if (e || actor->host[0])
        return e; /* remote people are told by their own node */
    Notification notification = NOTIFICATION__INIT;
    notification.type = NOTIFICATION_TYPE__GROUP_CHANGED;
    notification.from = group->id;
    notification.post = post.v;
    notification.text = (char *)text;
    e = notification_add(txn, whom, &notification, now_ms);
    return e == ERR_EXISTS ? OK : e;
}

enum err act_group_told_out(struct txn *txn, actor_id ours, actor_id by, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    Actor *group;
    enum err e = actor_get(txn, by, &arena, &group);
    if (e || group->type != ACTOR_TYPE__GROUP)
        return e;
    return act_group_notify(txn, ours, group, (post_id){0}, "removed from the group", now_ms);
}

static enum err drop_edge(struct txn *txn, struct edge_key key)
{
    enum err e = edge_del(txn, key);
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err put_edge(struct txn *txn, enum edge_kind kind, actor_id who, const Actor *group,
                         int64_t now_ms)
{
    Edge edge = EDGE__INIT;
    edge.created_ms = now_ms;
    return edge_add(txn, (struct edge_key){kind, who.v, group->id}, &edge);
}

/* Their follow, or their wish to: *out is NULL when there is neither. */
static enum err find_membership(struct txn *txn, const Actor *group, actor_id member,
                                struct arena *arena, Edge **out)
{
    struct edge_key key = {EDGE_FOLLOW, member.v, group->id};
    enum err e = edge_get(txn, key, arena, out);
    if (e == ERR_NOTFOUND) {
        key.kind = EDGE_FOLLOW_REQUEST;
        e = edge_get(txn, key, arena, out);
    }
    if (e == ERR_NOTFOUND)
        *out = NULL;
    return e == ERR_NOTFOUND ? OK : e;
}

enum err act_group_remove_apply(struct txn *txn, const struct federation *fed, const Actor *group,
                                actor_id member, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(2 * 1024 * 1024);
    Actor *who;
    Edge *membership;
    enum err e = actor_get(txn, member, &arena, &who);
    if (!e)
        e = find_membership(txn, group, member, &arena, &membership);
    if (!e)
        e = drop_edge(txn, (struct edge_key){EDGE_FOLLOW, member.v, group->id});
    if (!e)
        e = drop_edge(txn, (struct edge_key){EDGE_FOLLOW_REQUEST, member.v, group->id});
    if (!e)
        e = drop_edge(txn, (struct edge_key){EDGE_MODERATOR, member.v, group->id});
    if (!e)
        e = put_edge(txn, EDGE_BAN, member, group, now_ms);
    if (e)
        return e;
    if (!who->host[0])
        return act_group_notify(txn, member, group, (post_id){0}, "removed from the group", now_ms);
    e = group_cancel_host(txn, group, who, now_ms);
    if (e || !membership)
        return e;
    return act_queue_answer(txn, fed, "Reject", group, who, membership->uri, now_ms);
}

enum err act_group_expel_apply(struct txn *txn, const struct federation *fed, const Actor *group,
                               const Post *post, struct bytes activity, int64_t now_ms)
{
    /* before the post goes: whom to tell is read from it */
    enum err e = group_distribute(txn, fed, post, "Delete", activity, now_ms);
    if (!e)
        e = group_expel(txn, post->uri, group, now_ms);
    if (e || !post->is_local)
        return e;
    return act_group_notify(txn, (actor_id){post->author}, group, (post_id){post->id},
                            "taken out of the group", now_ms);
}

enum err act_group_expel_remote(struct txn *txn, struct act *act, const Post *post)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    Actor *group;
    if (!post->group || !edge_has(txn, (struct edge_key){EDGE_MODERATOR, act->who.v, post->group}))
        return OK;
    enum err e = actor_get(txn, (actor_id){post->group}, &arena, &group);
    if (e || group->host[0])
        return e;
    act->outcome = "taken out of the group by a moderator";
    e = act_group_expel_apply(txn, act->fed, group, post, act->body, act->now_ms);
    return e == ERR_EXISTS ? OK : e;
}

/* ---- where a post of ours belongs ---- */

static bool is_member(struct txn *txn, uint64_t who, const Actor *group)
{
    return edge_has(txn, (struct edge_key){EDGE_FOLLOW, who, group->id});
}

/* May it be in this group, as it is addressed so far? */
static enum err check_group(struct txn *txn, const Actor *group, const Post *post, struct why *why)
{
    bool is_closed = group->is_members_only || group->is_locked;
    if (group->type != ACTOR_TYPE__GROUP)
        return why_set(why, ERR_INVALID, "%s is no group", group->username);
    if (post->visibility == VISIBILITY__DIRECT || post->visibility == VISIBILITY__LOCAL)
        return why_set(why, ERR_INVALID, "what is posted to a group is not direct or local");
    if (post->visibility == VISIBILITY__FOLLOWERS &&
        (post->audience_of ? post->audience_of != group->id : !group->is_members_only))
        return why_set(why, ERR_INVALID, "followers are others than the group's members");
    if (group->host[0] ? is_closed && !is_member(txn, post->author, group)
                       : !group_admits(txn, group, (actor_id){post->author}))
        return why_set(why, ERR_DENIED, "only members post to this group: ward follow first");
    return OK;
}

static enum err enter(struct txn *txn, const Actor *group, struct arena *arena, Post *post)
{
    post->group = group->id;
    if (group->is_members_only) {
        post->visibility = VISIBILITY__FOLLOWERS;
        post->audience_of = group->id;
    }
    return act_mention_has(post, group->id)
               ? OK
               : act_mention_add(txn, (actor_id){group->id}, false, arena, post);
}

static enum err try_group(struct txn *txn, uint64_t id, struct arena *arena, Post *post,
                          struct why *why)
{
    AUTO(arena_clear) struct arena scratch = ARENA_INIT(1024 * 1024);
    Actor *group;
    enum err e = actor_get(txn, (actor_id){id}, &scratch, &group);
    if (!e)
        e = check_group(txn, group, post, why);
    return e ? e : enter(txn, group, arena, post);
}

enum err act_group_choose(struct txn *txn, actor_id wanted, const Post *parent, struct arena *arena,
                          Post *post, struct why *why)
{
    if (wanted.v)
        return try_group(txn, wanted.v, arena, post, why);
    enum err e =
        parent && parent->group ? try_group(txn, parent->group, arena, post, NULL) : ERR_INVALID;
    for (size_t i = 0; (e == ERR_INVALID || e == ERR_DENIED) && i < post->n_mentions; i++)
        if (post->mentions[i]->actor)
            e = try_group(txn, post->mentions[i]->actor, arena, post, NULL);
    return e == ERR_INVALID || e == ERR_DENIED ? OK : e;
}

/* ---- local doors ---- */

struct group_local {
    struct mutation mutation;
    struct federation *fed;
    actor_id group, whom;
    post_id post;
    int64_t now_ms;
};

static enum err get_group(struct txn *txn, const struct group_local *g, struct arena *arena,
                          Actor **out)
{
    enum err e = actor_get(txn, g->group, arena, out);
    if (e)
        return e;
    return (*out)->type == ACTOR_TYPE__GROUP && !(*out)->host[0] && !(*out)->deleted_ms
               ? OK
               : ERR_NOTFOUND;
}

static enum err remove_local_apply(struct txn *txn, struct mutation *m)
{
    struct group_local *g = container_of(m, struct group_local, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    Actor *group;
    enum err e = get_group(txn, g, &arena, &group);
    return e ? e : act_group_remove_apply(txn, g->fed, group, g->whom, g->now_ms);
}

static enum err unban_local_apply(struct txn *txn, struct mutation *m)
{
    struct group_local *g = container_of(m, struct group_local, mutation);
    return edge_del(txn, (struct edge_key){EDGE_BAN, g->whom.v, g->group.v});
}

static enum err appoint_local_apply(struct txn *txn, struct mutation *m)
{
    struct group_local *g = container_of(m, struct group_local, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    Actor *group;
    enum err e = get_group(txn, g, &arena, &group);
    return e ? e : put_edge(txn, EDGE_MODERATOR, g->whom, group, g->now_ms);
}

static enum err dismiss_local_apply(struct txn *txn, struct mutation *m)
{
    struct group_local *g = container_of(m, struct group_local, mutation);
    return edge_del(txn, (struct edge_key){EDGE_MODERATOR, g->whom.v, g->group.v});
}

/* In whose name a post is taken out: a moderator of ours, whom others can look up; else the group
 * itself. */
static enum err find_moderator(struct txn *txn, Actor *group, struct arena *arena, Actor **out)
{
    struct edge_key key = {.kind = EDGE_MODERATOR, .whom = group->id};
    *out = group;
    enum err e;
    while ((e = edge_rev_next(txn, &key)) == OK) {
        Actor *actor;
        e = actor_get(txn, (actor_id){key.who}, arena, &actor);
        if (e)
            return e;
        if (!actor->host[0] && !actor->deleted_ms) {
            *out = actor;
            return OK;
        }
    }
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err delete_post_local_apply(struct txn *txn, struct mutation *m)
{
    struct group_local *g = container_of(m, struct group_local, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(8 * 1024 * 1024);
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    Actor *group, *moderator;
    Post *post;
    enum err e = get_group(txn, g, &arena, &group);
    if (!e)
        e = post_get(txn, g->post, &arena, &post);
    if (!e && post->group != group->id)
        e = ERR_NOTFOUND;
    if (!e)
        e = find_moderator(txn, group, &arena, &moderator);
    if (e)
        return e;
    struct plain_activity gone = {.id = act_new_uri(txn, moderator, "deletes", g->now_ms, &arena),
                                  .type = "Delete",
                                  .actor = moderator->uri,
                                  .object = post->uri,
                                  .audience = group->uri,
                                  .to = group_is_restricted(post) ? group->followers : AS2_PUBLIC};
    e = gone.id ? document_plain(&gone, &json) : ERR_STORE;
    return e ? e : act_group_expel_apply(txn, g->fed, group, post, buf_bytes(&json), g->now_ms);
}

static enum err run_group(struct group_local *g, enum err (*apply)(struct txn *, struct mutation *),
                          const char *name, const struct by *by, struct why *why)
{
    char object[64];
    g->mutation.apply = apply;
    snprintf(object, sizeof object, "group %llu: %s %llu", (unsigned long long)g->group.v,
             g->post.v ? "post" : "actor", (unsigned long long)(g->post.v ? g->post.v : g->whom.v));
    enum err e = act_run(g->fed, &g->mutation, by, name, object);
    if (e == ERR_NOTFOUND)
        return why_set(why, e, "there is no such group here, or nothing like that in it");
    if (e == ERR_EXISTS)
        return why_set(why, e, "that is so already");
    return e ? why_set(why, e, "the store refused: %s", err_name(e)) : OK;
}

static enum err run_whom(struct federation *fed, actor_id group, actor_id whom,
                         enum err (*apply)(struct txn *, struct mutation *), const char *name,
                         const struct by *by, struct why *why)
{
    struct group_local g = {.fed = fed, .group = group, .whom = whom, .now_ms = clock_ms()};
    return run_group(&g, apply, name, by, why);
}

enum err act_group_remove_local(struct federation *fed, actor_id group, actor_id member,
                                const struct by *by, struct why *why)
{
    return run_whom(fed, group, member, remove_local_apply, "group.remove", by, why);
}

enum err act_group_unban_local(struct federation *fed, actor_id group, actor_id whom,
                               const struct by *by, struct why *why)
{
    return run_whom(fed, group, whom, unban_local_apply, "group.unban", by, why);
}

enum err act_group_appoint_local(struct federation *fed, actor_id group, actor_id whom,
                                 const struct by *by, struct why *why)
{
    return run_whom(fed, group, whom, appoint_local_apply, "group.appoint", by, why);
}

enum err act_group_dismiss_local(struct federation *fed, actor_id group, actor_id whom,
                                 const struct by *by, struct why *why)
{
    return run_whom(fed, group, whom, dismiss_local_apply, "group.dismiss", by, why);
}

enum err act_group_delete_post_local(struct federation *fed, actor_id group, post_id post,
                                     const struct by *by, struct why *why)
{
    struct group_local g = {.fed = fed, .group = group, .post = post, .now_ms = clock_ms()};
    return run_group(&g, delete_post_local_apply, "group.delete_post", by, why);
}
