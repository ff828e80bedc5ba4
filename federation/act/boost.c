/*
 * boost - an Announce: a post record without content that stands in its author's stream. One for
 * one actor and post, and only of what everyone may read (or one's own followers-only post) (T47).
 */
#include "federation/act/approval.h"
#include "federation/act/group.h"

#include "federation/act/relay.h"
#include "storage/base/clock.h"

#include <stdio.h>

struct boost_state {
    post_id post;
    Visibility visibility;
};

static bool may_boost(const Post *post, actor_id who)
{
    if (post->boost_of)
        return false;
    switch (post->visibility) {
    case VISIBILITY__PUBLIC:
    case VISIBILITY__UNLISTED:
        return true;
    case VISIBILITY__FOLLOWERS: /* but not what is for another's followers */
        return post->author == who.v && !post->audience_of && !post->n_audience_also;
    case VISIBILITY__LOCAL:
        return post->author == who.v;
    default:
        return false;
    }
}

/* Record, edge, notification; ERR_EXISTS: boosted before. `boost` gets its id. */
static enum err boost_store(struct txn *txn, Post *boost, const Post *post, int64_t now_ms,
                            struct arena *arena)
{
    struct edge_key key = {EDGE_BOOST, boost->author, post->id};
    Actor *author;
    if (edge_has(txn, key))
        return ERR_EXISTS;
    enum err e = actor_get(txn, (actor_id){post->author}, arena, &author);
    if (!e)
        e = post_add(txn, boost, now_ms);
    if (e)
        return e;
    Edge edge = EDGE__INIT;
    edge.uri = boost->uri;
    edge.created_ms = now_ms;
    edge.post = boost->id;
    e = edge_add(txn, key, &edge);
    return e ? e
             : act_notify(txn, author, NOTIFICATION_TYPE__BOOST, (actor_id){boost->author},
                          (post_id){post->id}, now_ms);
}

static void set_list(struct arena *arena, const struct as2_list *list, size_t *n, char ***out)
{
    *n = list->n;
    *out = arena_calloc(arena, list->n, sizeof **out);
    for (size_t i = 0; i < list->n; i++)
        (*out)[i] = (char *)list->item[i];
}

static enum err boost_remote_apply(struct txn *txn, struct act *act)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4 * 1024 * 1024);
    const struct boost_state *state = act->state;
    Post *post;
    enum err e = post_get(txn, state->post, &arena, &post);
    if (e == ERR_NOTFOUND || act_is_undone(txn, act)) {
        act->outcome = "ignored: deleted or undone before it came";
        return OK;
    }
    if (e)
        return e;
    Post boost = POST__INIT;
    boost.uri = (char *)act->activity->id;
    boost.type = (char *)"Announce";
    boost.author = act->who.v;
    boost.boost_of = post->id;
    boost.visibility = state->visibility;
    boost.published_ms = act->activity->published_ms;
    boost.received_ms = act->now_ms;
    set_list(&arena, &act->activity->to, &boost.n_to, &boost.to);
    set_list(&arena, &act->activity->cc, &boost.n_cc, &boost.cc);
    e = boost_store(txn, &boost, post, act->now_ms, &arena);
    act->outcome = e == ERR_EXISTS ? "boosted before" : "boosted";
    return e == ERR_EXISTS || e == ERR_DENIED ? OK : e;
}

/* A peer that was blocked does not come back through another one's boosts (T86). */
static bool is_of_shut_out_host(struct act *act, struct txn *txn, const Post *post,
                                struct arena *arena)
{
    Actor *author;
    peer_id peer;
    if (actor_get(txn, (actor_id){post->author}, arena, &author))
        return true;
    return author->suspended_ms || author->deleted_ms ||
           (author->host[0] &&
            policy_admit(txn, act->fed->config, author->host, act->now_ms, &peer, NULL));
}

/* Does the author of ours want it boosted by them? */
static bool is_consented(const struct act *act, struct txn *txn, const Post *post)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    Consent *consent;
    return !post->is_local || consent_judge(txn, post, CONSENT_BOOST, act->who) == CONSENT_YES ||
           (consent_find(txn, (post_id){post->id}, CONSENT_BOOST, act->activity->id, &arena,
                         &consent) == OK &&
            consent->state == APPROVAL__APPROVED && consent->who == act->who.v);
}

/* Who does not ask is told that it does not count. */
static enum err boost_refuse_apply(struct txn *txn, struct act *act)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4 * 1024 * 1024);
    const struct boost_state *state = act->state;
    Consent refused = CONSENT__INIT;
    Post *post;
    act->outcome = "refused: its author does not want it boosted";
    enum err e = post_get(txn, state->post, &arena, &post);
    if (e)
        return e == ERR_NOTFOUND ? OK : e;
    refused.owner = post->author;
    refused.kind = CONSENT_BOOST;
    refused.target = post->id;
    refused.who = act->who.v;
    refused.object = (char *)act->activity->id;
    refused.state = APPROVAL__DECLINED;
    return act_consent_send(txn, act->fed, &refused, act->now_ms);
}

enum act_verdict act_boost_remote(struct act *act, struct txn *txn, struct act_answer *answer,
                                  struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(2 * 1024 * 1024);
    struct boost_state *state = arena_alloc(&act->arena, sizeof *state);
    const struct as2_activity *activity = act->activity;
    Post *post;
    Actor *who;

    if (!activity->id || !activity->object_id) {
        answer->status = 400;
        why_set(why, ERR_INVALID, "Announce without %s", activity->id ? "an object" : "an id");
        return ACT_REJECT;
    }
    if (activity->object_kind == AS2_OBJECT_ACTIVITY)
        return act_announced_remote(act, txn, answer, why);
    if (act_need_post(act, txn, activity->object_id, answer, &state->post) == ACT_NEEDS)
        return ACT_NEEDS;
    if (!state->post.v)
        return ACT_DONE;
    if (act_relay_is_accepted(txn, act->who)) { /* it passes on, it says nothing of its own */
        act->outcome = "relayed";
        return ACT_DONE;
    }
    if (post_get(txn, state->post, &arena, &post) || actor_get(txn, act->who, &arena, &who) ||
        !may_boost(post, act->who) || !audience_may_read(txn, post, act->who)) {
        act->outcome = "ignored: boosts a post that is not for everyone";
        return ACT_DONE;
    }
    if (is_of_shut_out_host(act, txn, post, &arena)) {
        act->outcome = "ignored: boosts what a host said that is no peer";
        return ACT_DONE;
    }
    if (who->type == ACTOR_TYPE__GROUP && group_is_named(post, who))
        return act_announced_post(act);
    state->visibility = audience_visibility(&activity->to, &activity->cc, who->followers);
    if (state->visibility == VISIBILITY__DIRECT)
        state->visibility = VISIBILITY__FOLLOWERS; /* an Announce without addresses */
    act->state = state;
    act->apply = is_consented(act, txn, post) ? boost_remote_apply : boost_refuse_apply;
    return ACT_DONE;
}

/* ---- local doors ---- */

struct boost_local {
    struct mutation mutation;
    struct federation *fed;
    actor_id who;
    post_id post;
    int64_t now_ms;
    post_id boost; /* out */
};

static enum err get_post_to_boost(struct txn *txn, const struct boost_local *b, struct arena *arena,
                                  Actor **who, Post **post)
{
    enum err e = actor_get(txn, b->who, arena, who);
    if (!e)
        e = post_get(txn, b->post, arena, post);
    if (!e && (*post)->boost_of)
        e = post_get(txn, (post_id){(*post)->boost_of}, arena, post);
    if (!e && !audience_may_read(txn, *post, b->who))
        e = ERR_NOTFOUND;
    return e;
}

/* To the booster's followers and to the author. */
static enum err boost_queue(struct txn *txn, struct boost_local *b, const Post *boost,
                            const Actor *who, const Post *post, const char *type, struct buf *json)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024 * 1024);
    AUTO(destinations_clear) struct destinations list = {0};
    enum err e = destinations_add_audience(txn, &list, boost, &arena);
    if (!e && !edge_has(txn, (struct edge_key){EDGE_BLOCK, who->id, post->author}))
        e = destinations_add_actor(txn, &list, (actor_id){post->author}, &arena);
    if (e)
        return e;
    OutJob job = OUT_JOB__INIT;
    size_t queued;
    job.actor = who->id;
    job.activity_type = (char *)type;
    job.activity_uri = boost->uri;
    job.object = boost->id;
    job.subject = boost->id;
    job.visibility = boost->visibility;
    return destinations_queue(txn, b->fed, &list, buf_bytes(json), &job, b->now_ms, &queued);
}

static enum err boost_local_apply(struct txn *txn, struct mutation *m)
{
    struct boost_local *b = container_of(m, struct boost_local, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4 * 1024 * 1024);
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    Actor *who, *author;
    Post *post;
    uint64_t id;
    enum err e = get_post_to_boost(txn, b, &arena, &who, &post);
    if (!e && (!may_boost(post, b->who) ||
               consent_judge(txn, post, CONSENT_BOOST, b->who) != CONSENT_YES))
        e = ERR_DENIED;
    if (!e)
        e = actor_get(txn, (actor_id){post->author}, &arena, &author);
    if (!e)
        e = id_next(txn, b->now_ms, &id);
    if (e)
        return e;

    char *to[] = {(char *)AS2_PUBLIC}, *cc[] = {author->uri, who->followers};
    char *narrow[] = {who->followers};
    Post boost = POST__INIT;
    boost.id = id;
    boost.uri = arena_printf(&arena, "%s/posts/%llu", who->uri, (unsigned long long)id);
    boost.type = (char *)"Announce";
    boost.author = who->id;
    boost.boost_of = post->id;
    boost.visibility = post->visibility;
    boost.published_ms = b->now_ms;
    boost.received_ms = b->now_ms;
    boost.is_local = true;
    boost.to = post->visibility == VISIBILITY__FOLLOWERS ? narrow : to;
    boost.n_to = 1;
    if (post->visibility != VISIBILITY__FOLLOWERS) {
        boost.cc = cc;
        boost.n_cc = 2;
    }
    e = boost_store(txn, &boost, post, b->now_ms, &arena);
    if (e)
        return e;
    b->boost = (post_id){boost.id};
    if (post->visibility == VISIBILITY__LOCAL)
        return OK; /* boosts of what never leaves the node stay here too */
    e = document_announce(&boost, who, post->uri, &json);
    return e ? e : boost_queue(txn, b, &boost, who, post, "Announce", &json);
}

enum err act_boost_undo_store(struct txn *txn, struct edge_key key, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(256 * 1024);
    Edge *edge;
    enum err e = edge_get(txn, key, &arena, &edge);
    if (!e)
        e = edge_del(txn, key);
    if (!e && edge->post)
        e = post_delete(txn, (post_id){edge->post}, now_ms);
    return e;
}

static enum err unboost_local_apply(struct txn *txn, struct mutation *m)
{
    struct boost_local *b = container_of(m, struct boost_local, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4 * 1024 * 1024);
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    Actor *who;
    Post *post, *boost;
    Edge *edge;
    enum err e = get_post_to_boost(txn, b, &arena, &who, &post);
    if (e)
        return e;
    struct edge_key key = {EDGE_BOOST, b->who.v, post->id};
    e = edge_get(txn, key, &arena, &edge);
    if (!e)
        e = post_get(txn, (post_id){edge->post}, &arena, &boost);
    if (e)
        return e;
    if (boost->visibility == VISIBILITY__LOCAL)
        return act_boost_undo_store(txn, key, b->now_ms);
    struct plain_activity inner = {
        .id = boost->uri, .type = "Announce", .actor = who->uri, .object = post->uri};
    struct plain_activity undo = {.id = act_new_uri(txn, who, "undos", b->now_ms, &arena),
                                  .type = "Undo",
                                  .actor = who->uri,
                                  .inner = &inner,
                                  .to = who->followers};
    e = document_plain(&undo, &json);
    if (!e)
        e = boost_queue(txn, b, boost, who, post, "Undo", &json);
    return e ? e : act_boost_undo_store(txn, key, b->now_ms);
}

static enum err run_boost(struct boost_local *b, const char *name, const struct by *by,
                          struct why *why)
{
    char object[32];
    snprintf(object, sizeof object, "post %llu", (unsigned long long)b->post.v);
    enum err e = act_run(b->fed, &b->mutation, by, name, object);
    if (e == ERR_NOTFOUND)
        return why_set(why, e, "there is no such post, or no boost of it to take back");
    if (e == ERR_EXISTS)
        return why_set(why, e, "that post is boosted already");
    if (e == ERR_DENIED)
        return why_set(why, e, "that post is not for everyone to boost");
    return e ? why_set(why, e, "the store refused: %s", err_name(e)) : OK;
}

enum err act_boost_local(struct federation *fed, actor_id who, post_id post, const struct by *by,
                         post_id *out, struct why *why)
{
    struct boost_local b = {{.apply = boost_local_apply}, fed, who, post, clock_ms(), {0}};
    enum err e = run_boost(&b, "boost.create", by, why);
    if (!e)
        *out = b.boost;
    return e;
}

enum err act_unboost_local(struct federation *fed, actor_id who, post_id post, const struct by *by,
                           struct why *why)
{
    struct boost_local b = {{.apply = unboost_local_apply}, fed, who, post, clock_ms(), {0}};
    return run_boost(&b, "boost.delete", by, why);
}
