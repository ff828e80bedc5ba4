#include "federation/group.h"

#include "federation/audience.h"
#include "federation/consent.h"
#include "federation/document/activity.h"
#include "federation/uri.h"
#include "storage/actor.h"
#include "storage/base/log.h"
#include "storage/edge.h"
#include "storage/outqueue.h"
#include "storage/peer.h"

#include <string.h>

#define GROUP_ARENA_BYTES ((size_t)1024 * 1024)
#define ENVELOPE_MAX_BYTES 8192 /* what an Announce adds to the activity in it */

bool group_is_restricted(const Post *post)
{
    return post->group && post->audience_of == post->group;
}

bool group_has_member_at(struct txn *txn, const Actor *group, const char *host)
{
    struct edge_key key = {.kind = EDGE_FOLLOW, .whom = group->id};
    while (edge_rev_next(txn, &key) == OK) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(GROUP_ARENA_BYTES);
        Actor *member;
        if (actor_get(txn, (actor_id){key.who}, &arena, &member) == OK &&
            strcmp(member->host, host) == 0)
            return true;
    }
    return false;
}

static bool has(struct txn *txn, enum edge_kind kind, uint64_t who, uint64_t whom)
{
    return edge_has(txn, (struct edge_key){kind, who, whom});
}

bool group_admits(struct txn *txn, const Actor *group, actor_id author)
{
    if (group->deleted_ms || group->suspended_ms)
        return false;
    if (has(txn, EDGE_BAN, author.v, group->id) || has(txn, EDGE_BLOCK, group->id, author.v))
        return false;
    return (!group->is_locked && !group->is_members_only) ||
           has(txn, EDGE_FOLLOW, author.v, group->id);
}

static bool is_ours(struct txn *txn, uint64_t id)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(GROUP_ARENA_BYTES);
    Actor *actor;
    return id && actor_get(txn, (actor_id){id}, &arena, &actor) == OK && !actor->host[0];
}

static bool is_group(struct txn *txn, uint64_t id)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(GROUP_ARENA_BYTES);
    Actor *actor;
    return id && actor_get(txn, (actor_id){id}, &arena, &actor) == OK &&
           actor->type == ACTOR_TYPE__GROUP;
}

bool group_is_hosted(struct txn *txn, const Post *post)
{
    return group_is_restricted(post) && is_ours(txn, post->group);
}

actor_id group_of_note(struct txn *txn, const struct as2_note *note, const Post *post)
{
    const struct as2_list *lists[] = {&note->audience, &note->to, &note->cc};
    if (is_group(txn, post->audience_of))
        return (actor_id){post->audience_of};
    for (size_t i = 0; i < COUNT(lists); i++)
        for (size_t j = 0; j < lists[i]->n; j++) {
            actor_id id;
            if (actor_find(txn, lists[i]->item[j], &id) == OK && is_group(txn, id.v))
                return id;
        }
    for (size_t i = 0; i < post->n_mentions; i++)
        if (is_group(txn, post->mentions[i]->actor))
            return (actor_id){post->mentions[i]->actor};
    return (actor_id){0};
}

static bool list_names(char *const *list, size_t n, const Actor *group)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], group->uri) == 0 ||
            (group->followers[0] && strcmp(list[i], group->followers) == 0))
            return true;
    return false;
}

bool group_is_named(const Post *post, const Actor *group)
{
    for (size_t i = 0; i < post->n_mentions; i++)
        if (post->mentions[i]->actor == group->id)
            return true;
    return list_names(post->to, post->n_to, group) || list_names(post->cc, post->n_cc, group);
}

/* Something that can be handed on: to everyone, or to the group's members alone. */
static bool is_shareable(const Post *post)
{
    return post->visibility == VISIBILITY__PUBLIC || post->visibility == VISIBILITY__UNLISTED ||
           (post->visibility == VISIBILITY__FOLLOWERS && group_is_restricted(post));
}

enum err group_settle(struct txn *txn, Post *post)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(2 * GROUP_ARENA_BYTES);
    Actor *group, *author;
    if (!post->group)
        return OK;
    enum err e = actor_get(txn, (actor_id){post->group}, &arena, &group);
    if (!e)
        e = actor_get(txn, (actor_id){post->author}, &arena, &author);
    if (e)
        return e;
    bool is_announced_first = group->host[0] && author->host[0];
    if (group->type == ACTOR_TYPE__GROUP && is_shareable(post) && !is_announced_first &&
        group_admits(txn, group, (actor_id){author->id}))
        return OK;
    if (!group->host[0] && group_is_restricted(post))
        return ERR_DENIED;
    post->group = 0;
    return OK;
}

/* ---- in and out ---- */

static bool is_sought_by_ours(struct txn *txn, enum edge_kind kind, actor_id actor)
{
    struct edge_key key = {.kind = kind, .whom = actor.v};
    while (edge_rev_next(txn, &key) == OK)
        if (is_ours(txn, key.who))
            return true;
    return false;
}

bool group_is_followed_here(struct txn *txn, actor_id actor)
{
    return is_sought_by_ours(txn, EDGE_FOLLOW, actor);
}

bool group_is_wanted(struct txn *txn, actor_id actor)
{
    return group_is_followed_here(txn, actor) || is_sought_by_ours(txn, EDGE_FOLLOW_REQUEST, actor);
}

/* Under this name a tombstone says that the one is out of the other; no URI has a space. */
static const char *expulsion(const char *uri, const Actor *group, struct arena *arena)
{
    return arena_printf(arena, "%s %s", uri, group->uri);
}

bool group_is_expelled(struct txn *txn, const char *uri, const Actor *group)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    const char *name = expulsion(uri, group, &arena);
    Tombstone *tombstone;
    return name && tombstone_get(txn, name, &arena, &tombstone) == OK;
}

enum err group_enter(struct txn *txn, post_id post, const Actor *group)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4 * GROUP_ARENA_BYTES);
    Post *stored;
    enum err e = post_get(txn, post, &arena, &stored);
    if (e)
        return e;
    if (group_is_expelled(txn, stored->uri, group))
        return ERR_DENIED;
    return post_set_group(txn, post, (actor_id){group->id});
}

static bool is_of_interest_here(struct txn *txn, const Post *post)
{
    for (size_t i = 0; i < post->n_mentions; i++)
        if (is_ours(txn, post->mentions[i]->actor))
            return true;
    return group_is_followed_here(txn, (actor_id){post->author});
}

static enum err remember_expulsion(struct txn *txn, const char *uri, const Actor *group,
                                   int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    Tombstone tombstone = TOMBSTONE__INIT;
    tombstone.uri = (char *)expulsion(uri, group, &arena);
    tombstone.host = group->host;
    tombstone.by = group->id;
    tombstone.deleted_ms = now_ms;
    return tombstone.uri ? tombstone_add(txn, &tombstone) : ERR_LIMIT;
}

enum err group_expel(struct txn *txn, const char *uri, const Actor *group, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4 * GROUP_ARENA_BYTES);
    Post *post;
    post_id id;
    enum err e = remember_expulsion(txn, uri, group, now_ms);
    if (!e)
        e = post_find(txn, uri, &id);
    if (!e)
        e = post_get(txn, id, &arena, &post);
    if (e)
        return e == ERR_NOTFOUND ? OK : e;
    if (post->group != group->id)
        return OK;
    bool stays = post->is_local || (!group_is_restricted(post) && is_of_interest_here(txn, post));
    return stays ? post_leave_group(txn, id) : post_delete(txn, id, now_ms);
}

/* ---- handing on ---- */

static const char *announce_uri(struct txn *txn, const Actor *group, int64_t now_ms,
                                struct arena *arena)
{
    uint64_t id;
    if (id_next(txn, now_ms, &id))
        return NULL;
    return arena_printf(arena, "%s/announces/%llu", group->uri, (unsigned long long)id);
}

static enum err queue_announce(struct txn *txn, const struct federation *fed, const Actor *group,
                               const struct destinations *list, const struct announce *announce,
                               const OutJob *like, int64_t now_ms)
{
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    OutJob job = *like;
    size_t queued;
    enum err e = document_announce_activity(group, announce, &json);
    if (e)
        return e;
    job.actor = group->id;
    job.activity_uri = (char *)announce->id;
    return destinations_queue(txn, fed, list, buf_bytes(&json), &job, now_ms, &queued);
}

/* A thread's first post as a boost of it, for servers that know no other Announce. It has no line
 * in the ledger: some that understood the first one refuse this one. */
static enum err queue_boost(struct txn *txn, const struct federation *fed, const Actor *group,
                            const struct destinations *list, const Post *post, int64_t now_ms,
                            struct arena *arena)
{
    OutJob job = OUT_JOB__INIT;
    struct announce announce = {.id = announce_uri(txn, group, now_ms, arena),
                                .is_open = true,
                                .published_ms = now_ms,
                                .object = post->uri};
    job.activity_type = (char *)"Announce";
    job.object = post->id;
    job.visibility = post->visibility;
    return announce.id ? queue_announce(txn, fed, group, list, &announce, &job, now_ms) : ERR_STORE;
}

static enum err collect(struct txn *txn, const Post *post, bool is_known, struct destinations *list,
                        struct arena *arena)
{
    enum err e = destinations_add_followers(txn, list, (actor_id){post->group}, arena);
    if (!e && is_known)
        e = destinations_add_ledger(txn, list, (post_id){post->id}, arena);
    if (!e && is_known)
        e = destinations_add_fetched(txn, list, (post_id){post->id}, arena);
    return e;
}

enum err group_distribute(struct txn *txn, const struct federation *fed, const Post *post,
                          const char *type, struct bytes activity, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * GROUP_ARENA_BYTES);
    AUTO(destinations_clear) struct destinations list = {0};
    bool is_delete = strcmp(type, "Delete") == 0, is_new = strcmp(type, "Create") == 0;
    Actor *group;
    if (!post->group || !is_shareable(post) || (consent_is_hidden(post) && !is_delete))
        return OK;
    enum err e = actor_get(txn, (actor_id){post->group}, &arena, &group);
    if (e || group->host[0] || group->deleted_ms)
        return e;
    if (activity.n + ENVELOPE_MAX_BYTES > DOCUMENT_MAX_BYTES) {
        log_warn("group.too_large", STR("post", post->uri), STR("group", group->uri));
        return OK;
    }
    e = collect(txn, post, !is_new, &list, &arena);
    if (!e && !activity.n)
        return group_is_restricted(post)
                   ? OK
                   : queue_boost(txn, fed, group, &list, post, now_ms, &arena);
    if (e)
        return e;
    OutJob job = OUT_JOB__INIT;
    struct announce announce = {.id = announce_uri(txn, group, now_ms, &arena),
                                .is_open = !group_is_restricted(post),
                                .published_ms = now_ms,
                                .activity = activity};
    job.activity_type = (char *)type;
    job.object = job.subject = post->id;
    job.visibility = is_delete ? VISIBILITY__PUBLIC : post->visibility;
    e = announce.id ? queue_announce(txn, fed, group, &list, &announce, &job, now_ms) : ERR_STORE;
    if (e == ERR_LIMIT) { /* found before anything was queued: its author made it so */
        log_warn("group.too_large", STR("post", post->uri), STR("group", group->uri));
        return OK;
    }
    if (e || !is_new || !announce.is_open || post->in_reply_to_uri[0])
        return e;
    return queue_boost(txn, fed, group, &list, post, now_ms, &arena);
}

/* ---- a member goes ---- */

/* What hands posts on; not answers to follows, and not what takes posts back. */
static bool is_of_group(const OutJob *job, const Actor *group)
{
    return job->actor == group->id && job->object && strcmp(job->activity_type, "Delete") != 0;
}

enum err group_cancel_host(struct txn *txn, const Actor *group, const Actor *member, int64_t now_ms)
{
    peer_id peer;
    uint64_t seq = 0;
    if (!member->host[0] || group_has_member_at(txn, group, member->host))
        return OK;
    enum err e = peer_find(txn, member->host, &peer);
    while (!e) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(GROUP_ARENA_BYTES);
        OutJob *job;
        e = outqueue_next(txn, peer, seq, &arena, &job);
        if (e)
            break;
        seq = job->seq;
        if (is_of_group(job, group))
            e = outqueue_end(txn, peer, seq, DELIVERY_STATE__CANCELLED, 0,
                             "nobody there is a member any more", now_ms);
    }
    return e == ERR_NOTFOUND ? OK : e;
}
