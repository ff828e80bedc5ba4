/*
 * undo - takes back a follow, like, reaction, boost or block. What is undone is looked up in the
 * store by its id, or by what it did; an inline object only says where to look (T42). One that has
 * not come yet leaves a tombstone, so that the order of arrival does not matter.
 */
#include "federation/act/react.h"

#include <string.h>

struct undo_state {
    const char *uri; /* of what is undone; NULL: the sender gave none */
};

/* Without an id that we know: by type, actor and object of the inline activity. */
static bool find_by_content(struct txn *txn, struct act *act, struct edge_key *out)
{
    const struct as2_activity *inner =
        act->activity->object_kind == AS2_OBJECT_ACTIVITY ? act->activity->inner : NULL;
    actor_id whom;
    post_id post;

    if (!inner || !inner->object_id ||
        (inner->actor && strcmp(inner->actor, act->activity->actor) != 0))
        return false;
    if (strcmp(inner->type, "Follow") == 0 && actor_find(txn, inner->object_id, &whom) == OK) {
        *out = (struct edge_key){EDGE_FOLLOW, act->who.v, whom.v};
        if (!edge_has(txn, *out))
            out->kind = EDGE_FOLLOW_REQUEST;
        return edge_has(txn, *out);
    }
    if (strcmp(inner->type, "Block") == 0 && actor_find(txn, inner->object_id, &whom) == OK) {
        *out = (struct edge_key){EDGE_BLOCK, act->who.v, whom.v};
        return edge_has(txn, *out);
    }
    if (post_find(txn, inner->object_id, &post))
        return false;
    *out = (struct edge_key){EDGE_REACTION, act->who.v, post.v};
    if (act_reaction_is(txn, *out, inner))
        return true;
    if (act_reaction_of(inner, &act->arena))
        return false;
    bool is_like = strcmp(inner->type, "Like") == 0 || strcmp(inner->type, "EmojiReact") == 0;
    enum edge_kind kind = is_like                                ? EDGE_LIKE
                          : strcmp(inner->type, "Announce") == 0 ? EDGE_BOOST
                                                                 : 0;
    *out = (struct edge_key){kind, act->who.v, post.v};
    return kind && edge_has(txn, *out);
}

static bool is_undoable(const struct edge_key *key, actor_id who)
{
    return key->who == who.v && (key->kind == EDGE_FOLLOW || key->kind == EDGE_FOLLOW_REQUEST ||
                                 key->kind == EDGE_LIKE || key->kind == EDGE_BOOST ||
                                 key->kind == EDGE_REACTION || key->kind == EDGE_BLOCK);
}

static enum err undo_apply(struct txn *txn, struct act *act)
{
    const struct undo_state *state = act->state;
    struct edge_key key;
    enum err e;

    bool found = state->uri && edge_find(txn, state->uri, &key) == OK;
    if (found && !is_undoable(&key, act->who)) {
        act->outcome = "ignored: undoes what another did";
        return OK;
    }
    if (!found)
        found = find_by_content(txn, act, &key);
    if (found) {
        act->outcome = "undone";
        e = key.kind == EDGE_BOOST ? act_boost_undo_store(txn, key, act->now_ms)
                                   : edge_del(txn, key);
        if (!e && key.kind == EDGE_FOLLOW)
            e = act_unqueue_reader(txn, (actor_id){key.whom}, act->who, act->now_ms);
        return e == ERR_NOTFOUND ? OK : e;
    }
    act->outcome = "ignored: nothing to undo";
    if (!state->uri || !uri_same_host(state->uri, act->activity->actor))
        return OK;
    Tombstone tombstone = TOMBSTONE__INIT;
    tombstone.uri = (char *)act_undo_mark(state->uri, act->activity->actor, &act->arena);
    if (!tombstone.uri)
        return ERR_LIMIT;
    tombstone.host = (char *)act->who_host;
    tombstone.by = act->who.v;
    tombstone.deleted_ms = act->now_ms;
    e = tombstone_add(txn, &tombstone);
    return e == ERR_EXISTS ? OK : e;
}

enum act_verdict act_undo_remote(struct act *act, struct txn *txn, struct act_answer *answer,
                                 struct why *why)
{
    (void)txn;
    struct undo_state *state = arena_alloc(&act->arena, sizeof *state);
    if (act->activity->object_kind == AS2_OBJECT_NONE) {
        answer->status = 400;
        why_set(why, ERR_INVALID, "Undo without an object");
        return ACT_REJECT;
    }
    state->uri = act->activity->object_id;
    act->state = state;
    act->apply = undo_apply;
    return ACT_DONE;
}
