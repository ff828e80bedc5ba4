/*
 * moderate - what moderators do from another node to a group of ours: Block of a member, Remove of
 * a member or a post (FEP-1b12). A Delete of another's post is in delete.c. Who moderates is
 * decided here on the command line alone: an Add or Remove of moderators changes nothing (T46).
 */
#include "federation/act/group.h"

#include <string.h>

struct moderate_state {
    actor_id group, member;
    post_id post;
};

/* The group of ours that a target means: its own URI or that of its followers. */
static bool find_target(struct txn *txn, const char *target, struct arena *arena, Actor **out)
{
    actor_id id;
    if (!target)
        return false;
    char *uri = arena_strdup(arena, target);
    char *slash = uri ? strrchr(uri, '/') : NULL;
    if (slash && strcmp(slash, "/followers") == 0)
        *slash = '\0';
    return uri && actor_find(txn, uri, &id) == OK && actor_get(txn, id, arena, out) == OK &&
           (*out)->type == ACTOR_TYPE__GROUP && !(*out)->host[0];
}

bool act_group_is_target(struct txn *txn, const char *target)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    Actor *group;
    return find_target(txn, target, &arena, &group);
}

static enum err expel(struct txn *txn, struct act *act, const Actor *group, post_id id)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4 * 1024 * 1024);
    Post *post;
    enum err e = post_get(txn, id, &arena, &post);
    if (e || post->group != group->id)
        return e == ERR_NOTFOUND ? OK : e;
    act->outcome = "taken out of the group by a moderator";
    return act_group_expel_apply(txn, act->fed, group, post, act->body, act->now_ms);
}

static enum err moderate_apply(struct txn *txn, struct act *act)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    const struct moderate_state *state = act->state;
    Actor *group;
    enum err e = actor_get(txn, state->group, &arena, &group);
    if (e)
        return e;
    if (!edge_has(txn, (struct edge_key){EDGE_MODERATOR, act->who.v, group->id})) {
        act->outcome = "ignored: no moderator of the group";
        return OK;
    }
    act->outcome = "removed from the group by a moderator";
    e = state->member.v ? act_group_remove_apply(txn, act->fed, group, state->member, act->now_ms)
                        : expel(txn, act, group, state->post);
    return e == ERR_EXISTS ? OK : e;
}

enum act_verdict act_moderate_remote(struct act *act, struct txn *txn, struct act_answer *answer,
                                     struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    struct moderate_state *state = arena_calloc(&act->arena, 1, sizeof *state);
    const char *object = act->activity->object_id;
    Actor *group;
    (void)answer;
    (void)why;
    act->outcome = "ignored: not from a group of ours";
    if (!state || !object || !find_target(txn, act->activity->target, &arena, &group))
        return ACT_DONE;
    state->group = (actor_id){group->id};
    if (actor_find(txn, object, &state->member) && post_find(txn, object, &state->post)) {
        act->outcome = "ignored: nobody and nothing known here";
        return ACT_DONE;
    }
    act->state = state;
    act->apply = moderate_apply;
    return ACT_DONE;
}
