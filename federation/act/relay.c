/*
 * relay - public posts go to, and come from, a server that passes them on.
 *
 * The node follows the relay, as its instance actor. Two kinds are in use. Of a Mastodon relay one
 * follows the public collection at its inbox, and it takes the activities themselves; of a LitePub
 * relay one follows the actor, it follows back, and takes Announces. What a relay announces is
 * fetched from its origin, if that is a host we talk to, and stands there as any public post: a
 * relay boosts nothing. What it forwards is believed as far as any forwarded thing is (proof.h).
 *
 * Source   FEP-ae0c; threats T43, T53
 */
#include "federation/act/relay.h"

#include "federation/act/common.h"
#include "storage/base/clock.h"

#include <stdio.h>
#include <string.h>

#define RELAY_IS_ACCEPTED 1 /* Edge.post */
#define STYLE_MASTODON "mastodon"
#define STYLE_LITEPUB "litepub"

/* The edge to a relay, asked for or accepted. */
static enum err get_relay(struct txn *txn, actor_id relay, struct arena *arena,
                          struct edge_key *key, Edge **out)
{
    actor_id instance;
    enum err e = actor_instance(txn, &instance);
    if (e)
        return e;
    *key = (struct edge_key){EDGE_RELAY, instance.v, relay.v};
    return edge_get(txn, *key, arena, out);
}

bool act_relay_is_known(struct txn *txn, actor_id relay)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    struct edge_key key;
    Edge *edge;
    return get_relay(txn, relay, &arena, &key, &edge) == OK;
}

bool act_relay_is_accepted(struct txn *txn, actor_id relay)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    struct edge_key key;
    Edge *edge;
    return get_relay(txn, relay, &arena, &key, &edge) == OK && edge->post == RELAY_IS_ACCEPTED;
}

/* ---- remote door: its Accept or Reject ---- */

static enum err accepted_apply(struct txn *txn, struct act *act)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    struct edge_key key;
    Edge *edge;
    enum err e = get_relay(txn, act->who, &arena, &key, &edge);
    if (e)
        return e == ERR_NOTFOUND ? OK : e;
    act->outcome = "relay accepted";
    edge->post = RELAY_IS_ACCEPTED;
    return edge_put(txn, key, edge);
}

static enum err rejected_apply(struct txn *txn, struct act *act)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    struct edge_key key;
    Edge *edge;
    enum err e = get_relay(txn, act->who, &arena, &key, &edge);
    if (!e)
        e = edge_del(txn, key);
    act->outcome = "relay rejected";
    return e == ERR_NOTFOUND ? OK : e;
}

/* Does it answer the follow that we sent to this relay: by its id, or, embedded, as the node's? */
static bool answers_ours(struct txn *txn, const struct act *act, const struct edge_key *key)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    const struct as2_activity *activity = act->activity;
    const struct as2_activity *inner =
        activity->object_kind == AS2_OBJECT_ACTIVITY ? activity->inner : NULL;
    struct edge_key named;
    Actor *instance;
    if (activity->object_id && edge_find(txn, activity->object_id, &named) == OK)
        return named.kind == key->kind && named.who == key->who && named.whom == key->whom;
    return inner && inner->actor && strcmp(inner->type, "Follow") == 0 &&
           actor_get(txn, (actor_id){key->who}, &arena, &instance) == OK &&
           strcmp(inner->actor, instance->uri) == 0;
}

bool act_relay_answered(struct act *act, struct txn *txn)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    struct edge_key key;
    Edge *edge;
    if (get_relay(txn, act->who, &arena, &key, &edge) || !answers_ours(txn, act, &key))
        return false;
    act->apply = strcmp(act->activity->type, "Accept") == 0 ? accepted_apply : rejected_apply;
    return true;
}

/* ---- what goes to it ---- */

static enum err announce(struct txn *txn, const struct federation *fed, const Post *post,
                         actor_id instance_id, actor_id relay, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    Actor *instance;
    enum err e = actor_get(txn, instance_id, &arena, &instance);
    if (e)
        return e;
    struct plain_activity activity = {.id = act_new_uri(txn, instance, "relayed", now_ms, &arena),
                                      .type = "Announce",
                                      .actor = instance->uri,
                                      .object = post->uri,
                                      .to = AS2_PUBLIC};
    return act_queue_plain(txn, fed, &activity, instance_id, relay, post->id, now_ms);
}

enum err act_relay_post(struct txn *txn, const struct federation *fed, const Post *post,
                        struct destinations *list, int64_t now_ms, struct arena *arena)
{
    struct edge_key key = {.kind = EDGE_RELAY};
    actor_id instance;
    if (post->visibility != VISIBILITY__PUBLIC || !post->is_local)
        return OK;
    enum err e = actor_instance(txn, &instance);
    if (e)
        return e == ERR_NOTFOUND ? OK : e;
    key.who = instance.v;
    while ((e = edge_next(txn, &key)) == OK) {
        AUTO(arena_clear) struct arena scratch = ARENA_INIT(64 * 1024);
        actor_id relay = {key.whom};
        Edge *edge;
        e = edge_get(txn, key, &scratch, &edge);
        if (!e && edge->post == RELAY_IS_ACCEPTED)
            e = strcmp(edge->content, STYLE_LITEPUB) == 0
                    ? announce(txn, fed, post, instance, relay, now_ms)
                    : destinations_add_actor(txn, list, relay, arena);
        if (e)
            return e;
    }
    return e == ERR_NOTFOUND ? OK : e;
}

/* ---- local doors ---- */

struct relay_local {
    struct mutation mutation;
    struct federation *fed;
    actor_id relay;
    enum act_relay_style style;
    int64_t now_ms;
    struct why why; /* out */
};

static const char *style_name(enum act_relay_style style)
{
    return style == ACT_RELAY_LITEPUB ? STYLE_LITEPUB : STYLE_MASTODON;
}

/* The Follow of a relay, also as part of its Undo. */
static struct plain_activity follow_of(const Edge *edge, const Actor *instance, const Actor *relay)
{
    bool is_litepub = strcmp(edge->content, STYLE_LITEPUB) == 0;
    return (struct plain_activity){.id = edge->uri,
                                   .type = "Follow",
                                   .actor = instance->uri,
                                   .object = is_litepub ? relay->uri : AS2_PUBLIC,
                                   .to = relay->uri};
}

static enum err check_room(struct txn *txn, struct relay_local *l, actor_id instance)
{
    struct edge_key key = {.kind = EDGE_RELAY, .who = instance.v};
    unsigned n = 0;
    while (edge_next(txn, &key) == OK)
        n++;
    return n < RELAYS_MAX ? OK : why_set(&l->why, ERR_LIMIT, "more than %d relays", RELAYS_MAX);
}

static enum err add_apply(struct txn *txn, struct mutation *m)
{
    struct relay_local *l = container_of(m, struct relay_local, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(2 * 1024 * 1024);
    Edge edge = EDGE__INIT;
    Actor *instance, *relay;
    actor_id id;
    peer_id peer;
    enum err e = actor_instance(txn, &id);
    if (!e)
        e = actor_get(txn, id, &arena, &instance);
    if (!e)
        e = actor_get(txn, l->relay, &arena, &relay);
    if (e)
        return e;
    if (!relay->host[0])
        return why_set(&l->why, ERR_INVALID, "a relay is another server");
    e = policy_admit(txn, l->fed->config, relay->host, l->now_ms, &peer, &l->why);
    if (!e)
        e = check_room(txn, l, id);
    if (e)
        return e;
    edge.uri = (char *)act_new_uri(txn, instance, "follows", l->now_ms, &arena);
    edge.created_ms = l->now_ms;
    edge.content = (char *)style_name(l->style);
    if (!edge.uri)
        return ERR_STORE;
    e = edge_add(txn, (struct edge_key){EDGE_RELAY, id.v, l->relay.v}, &edge);
    if (e)
        return e;
    struct plain_activity follow = follow_of(&edge, instance, relay);
    return act_queue_plain(txn, l->fed, &follow, id, l->relay, 0, l->now_ms);
}

static enum err remove_apply(struct txn *txn, struct mutation *m)
{
    struct relay_local *l = container_of(m, struct relay_local, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(2 * 1024 * 1024);
    struct edge_key key;
    Actor *instance, *relay;
    Edge *edge;
    enum err e = get_relay(txn, l->relay, &arena, &key, &edge);
    if (!e)
        e = actor_get(txn, (actor_id){key.who}, &arena, &instance);
    if (!e)
        e = actor_get(txn, l->relay, &arena, &relay);
    if (!e)
        e = edge_del(txn, key);
    if (e)
        return e;
    e = edge_del(txn, (struct edge_key){EDGE_FOLLOW, l->relay.v, key.who}); /* it followed back */
    if (e && e != ERR_NOTFOUND)
        return e;
    struct plain_activity follow = follow_of(edge, instance, relay);
    follow.to = NULL;
    struct plain_activity undo = {.id = act_new_uri(txn, instance, "undos", l->now_ms, &arena),
                                  .type = "Undo",
                                  .actor = instance->uri,
                                  .inner = &follow,
                                  .to = relay->uri};
    return act_queue_plain(txn, l->fed, &undo, (actor_id){key.who}, l->relay, 0, l->now_ms);
}

static enum err run_relay(struct relay_local *l, const char *name, const struct by *by,
                          struct why *why)
{
    char object[32];
    l->now_ms = clock_ms();
    snprintf(object, sizeof object, "actor %llu", (unsigned long long)l->relay.v);
    enum err e = act_run(l->fed, &l->mutation, by, name, object);
    if (e && l->why.text[0])
        return why_set(why, e, "%s", l->why.text);
    if (e == ERR_NOTFOUND)
        return why_set(why, e, "there is no such relay");
    if (e == ERR_EXISTS)
        return why_set(why, e, "that relay is there already");
    return e ? why_set(why, e, "the store refused: %s", err_name(e)) : OK;
}

enum err act_relay_add_local(struct federation *fed, actor_id relay, enum act_relay_style style,
                             const struct by *by, struct why *why)
{
    struct relay_local l = {
        .mutation = {.apply = add_apply}, .fed = fed, .relay = relay, .style = style};
    return run_relay(&l, "relay.add", by, why);
}

enum err act_relay_remove_local(struct federation *fed, actor_id relay, const struct by *by,
                                struct why *why)
{
    struct relay_local l = {.mutation = {.apply = remove_apply}, .fed = fed, .relay = relay};
    return run_relay(&l, "relay.remove", by, why);
}
