/*
 * pin - the posts an actor shows first: the collection `featured`. Only its owner adds to it, and
 * only what they wrote for everyone (T46).
 */
#include "federation/act/post.h"
#include "federation/featured.h"

#include "storage/base/clock.h"

#include <stdio.h>
#include <string.h>

static bool is_for_everyone(const Post *post)
{
    return !post->boost_of &&
           (post->visibility == VISIBILITY__PUBLIC || post->visibility == VISIBILITY__UNLISTED);
}

static unsigned count_pins(struct txn *txn, actor_id who)
{
    struct edge_key key = {EDGE_PIN, who.v, 0};
    unsigned n = 0;
    while (n < FEATURED_MAX && edge_next(txn, &key) == OK)
        n++;
    return n;
}

/* ---- remote door ---- */

enum err act_pin_store(struct txn *txn, actor_id who, post_id id, int64_t now_ms,
                       const char **outcome)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4 * 1024 * 1024);
    struct edge_key key = {EDGE_PIN, who.v, id.v};
    Edge edge = EDGE__INIT;
    Post *post;
    enum err e = post_get(txn, id, &arena, &post);
    if (e && e != ERR_NOTFOUND)
        return e;
    if (e || post->author != who.v || !is_for_everyone(post)) {
        *outcome = "ignored: pins what is not theirs, or not for everyone";
        return OK;
    }
    if (count_pins(txn, who) >= FEATURED_MAX) {
        *outcome = "ignored: pins too much";
        return OK;
    }
    edge.created_ms = now_ms;
    e = edge_add(txn, key, &edge);
    *outcome = e == ERR_EXISTS ? "pinned before" : "pinned";
    return e == ERR_EXISTS ? OK : e;
}

struct pin_state {
    const char *uri;
    post_id post;
    bool is_add;
};

/* An Add from after it may have come before it: their collection tells. */
static enum err unpin_remote(struct txn *txn, struct act *act, const Actor *who)
{
    const struct pin_state *state = act->state;
    post_id post;
    enum err e = post_find(txn, state->uri, &post);
    if (!e)
        e = edge_del(txn, (struct edge_key){EDGE_PIN, act->who.v, post.v});
    act->outcome = e == ERR_NOTFOUND ? "ignored: was not pinned" : "unpinned";
    if (!e || e == ERR_NOTFOUND)
        e = featured_remember_removed(txn, who, state->uri, act->now_ms);
    return e ? e : featured_want(txn, who, act->now_ms);
}

static enum err pin_remote_apply(struct txn *txn, struct act *act)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    const struct pin_state *state = act->state;
    Actor *who;
    enum err e = actor_get(txn, act->who, &arena, &who);
    if (e)
        return e;
    if (!state->is_add)
        return unpin_remote(txn, act, who);
    if (!featured_was_removed(txn, who, state->uri))
        return act_pin_store(txn, act->who, state->post, act->now_ms, &act->outcome);
    act->outcome = "removed once: their collection is asked";
    return featured_want(txn, who, act->now_ms);
}

enum act_verdict act_pin_remote(struct act *act, struct txn *txn, struct act_answer *answer,
                                struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    const struct as2_activity *activity = act->activity;
    struct pin_state *state = arena_alloc(&act->arena, sizeof *state);
    bool is_add = strcmp(activity->type, "Add") == 0;
    Actor *who;

    if (actor_get(txn, act->who, &arena, &who) || !activity->target || !who->featured[0] ||
        strcmp(activity->target, who->featured) != 0) {
        act->outcome = "ignored: a collection that is not theirs";
        return is_add ? ACT_DONE : act_moderate_remote(act, txn, answer, why);
    }
    if (!activity->object_id || !uri_same_host(activity->object_id, activity->actor)) {
        act->outcome = "ignored: no post of theirs"; /* Mastodon features hashtags so, too */
        return ACT_DONE;
    }
    *state = (struct pin_state){.uri = activity->object_id, .is_add = is_add};
    if (is_add && act_need_post(act, txn, activity->object_id, answer, &state->post) == ACT_NEEDS)
        return ACT_NEEDS;
    if (is_add && !state->post.v)
        return ACT_DONE;
    act->state = state;
    act->apply = pin_remote_apply;
    return ACT_DONE;
}

/* ---- local doors ---- */

struct pin_local {
    struct mutation mutation;
    struct federation *fed;
    actor_id who;
    post_id post;
    bool is_add;
    int64_t now_ms;
};

static enum err pin_local_apply(struct txn *txn, struct mutation *m)
{
    struct pin_local *pin = container_of(m, struct pin_local, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(8 * 1024 * 1024);
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    struct edge_key key = {EDGE_PIN, pin->who.v, pin->post.v};
    Edge edge = EDGE__INIT;
    Post *post;
    Actor *who;
    enum err e = post_get(txn, pin->post, &arena, &post);
    if (!e)
        e = actor_get(txn, pin->who, &arena, &who);
    if (e)
        return e;
    if (post->author != pin->who.v || !is_for_everyone(post))
        return ERR_DENIED;
    edge.created_ms = pin->now_ms;
    if (pin->is_add && !edge_has(txn, key) && count_pins(txn, pin->who) >= ACT_PINS_MAX)
        return ERR_LIMIT;
    e = pin->is_add ? edge_add(txn, key, &edge) : edge_del(txn, key);
    if (e)
        return e;
    struct plain_activity activity = {.id = act_new_uri(txn, who, "pins", pin->now_ms, &arena),
                                      .type = pin->is_add ? "Add" : "Remove",
                                      .actor = who->uri,
                                      .object = post->uri,
                                      .target = who->featured,
                                      .to = who->followers};
    e = activity.id ? document_plain(&activity, &json) : ERR_STORE;
    return e ? e
             : act_post_queue(txn, pin->fed, post, activity.type, activity.id, buf_bytes(&json),
                              pin->now_ms);
}

static enum err run_pin(struct pin_local *pin, const char *name, const struct by *by,
                        struct why *why)
{
    char object[32];
    snprintf(object, sizeof object, "post %llu", (unsigned long long)pin->post.v);
    enum err e = act_run(pin->fed, &pin->mutation, by, name, object);
    if (e == ERR_NOTFOUND)
        return why_set(why, e, "there is no such post, or it is not pinned");
    if (e == ERR_EXISTS)
        return why_set(why, e, "that post is pinned already");
    if (e == ERR_DENIED)
        return why_set(why, e, "only one's own posts for everyone can be pinned");
    if (e == ERR_LIMIT)
        return why_set(why, e, "%d posts are pinned already", ACT_PINS_MAX);
    return e ? why_set(why, e, "the store refused: %s", err_name(e)) : OK;
}

enum err act_pin_local(struct federation *fed, actor_id who, post_id post, const struct by *by,
                       struct why *why)
{
    struct pin_local pin = {{.apply = pin_local_apply}, fed, who, post, true, clock_ms()};
    return run_pin(&pin, "pin.create", by, why);
}

enum err act_unpin_local(struct federation *fed, actor_id who, post_id post, const struct by *by,
                         struct why *why)
{
    struct pin_local pin = {{.apply = pin_local_apply}, fed, who, post, false, clock_ms()};
    return run_pin(&pin, "pin.delete", by, why);
}
