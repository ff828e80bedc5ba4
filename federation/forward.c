#include "federation/forward.h"

#include "federation/audience.h"
#include "federation/consent.h"
#include "federation/proof.h"
#include "storage/edge.h"
#include "storage/outqueue.h"
#include "storage/post.h"

#include <string.h>

#define FORWARD_ARENA_BYTES                                                                        \
    ((size_t)64 * 1024 * 1024) /* as act_post_queue: every follower's inbox */
#define FORWARD_OWNERS_MAX 3   /* of what it answers, of the thread, of both */
#define SCRATCH_BYTES ((size_t)2 * 1024 * 1024)

struct forward {
    const char *by_host;
    bool is_delete, is_create;
};

/* ---- is it one of those? ---- */

static bool names_followers_of_ours(const struct act *act, const struct as2_list *list)
{
    static const char suffix[] = "/followers";
    for (size_t i = 0; i < list->n; i++) {
        const char *path = federation_own_path(act->fed, list->item[i]);
        size_t n = path ? strlen(path) : 0;
        if (n > sizeof suffix && strcmp(path + n - (sizeof suffix - 1), suffix) == 0)
            return true;
    }
    return false;
}

static bool was_passed_on(const struct act *act, struct txn *txn)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SCRATCH_BYTES);
    struct ledger_key key = {0};
    Delivery *line;
    post_id post;
    if (post_find(txn, act->activity->object_id, &post))
        return false;
    key.subject = post.v;
    return ledger_next(txn, &key, &arena, &line) == OK;
}

void forward_judge(struct act *act, struct txn *txn, const char *by_host)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SCRATCH_BYTES);
    const struct as2_activity *activity = act->activity;
    const struct as2_note *note = activity->note;
    bool is_create = strcmp(activity->type, "Create") == 0;
    bool is_delete = strcmp(activity->type, "Delete") == 0;
    struct proof_trust trust;
    if (!activity->object_id || !act->apply ||
        (!is_create && !is_delete && strcmp(activity->type, "Update") != 0))
        return;
    if (!names_followers_of_ours(act, &activity->to) &&
        !names_followers_of_ours(act, &activity->cc) &&
        !(note && names_followers_of_ours(act, &note->audience)) &&
        (is_create || !was_passed_on(act, txn)))
        return;
    if (proof_trust(act->fed, txn, act->body, act->now_ms, &arena, &trust, NULL) != PROOF_VALID ||
        trust.who.v != act->who.v)
        return;
    struct forward *forward = arena_alloc(&act->arena, sizeof *forward);
    if (!forward)
        return;
    *forward = (struct forward){.by_host = arena_strdup(&act->arena, by_host),
                                .is_delete = is_delete,
                                .is_create = is_create};
    if (!act->arena.is_full) /* else it stays here: that it was stored is what counts */
        act->forward = forward;
}

/* ---- to whom? ---- */

struct owners { /* of ours, whose followers may have an interest */
    Actor *item[FORWARD_OWNERS_MAX];
    size_t n;
};

/* A person of ours who did not shut its author out. */
static enum err add_owner(struct txn *txn, const struct act *act, uint64_t id, struct arena *arena,
                          struct owners *owners)
{
    Actor *actor;
    for (size_t i = 0; i < owners->n; i++)
        if (owners->item[i]->id == id)
            return OK;
    enum err e = actor_get(txn, (actor_id){id}, arena, &actor);
    if (e)
        return e == ERR_NOTFOUND ? OK : e;
    if (actor->host[0] == '\0' && actor->type != ACTOR_TYPE__GROUP && !actor->deleted_ms &&
        !actor->suspended_ms &&
        !edge_has(txn, (struct edge_key){EDGE_BLOCK, actor->id, act->who.v}))
        owners->item[owners->n++] = actor;
    return OK;
}

static enum err add_author(struct txn *txn, const struct act *act, uint64_t post_of_ours,
                           struct arena *arena, struct owners *owners)
{
    AUTO(arena_clear) struct arena scratch = ARENA_INIT(SCRATCH_BYTES);
    Post *post;
    if (!post_of_ours)
        return OK;
    enum err e = post_get(txn, (post_id){post_of_ours}, &scratch, &post);
    if (e)
        return e == ERR_NOTFOUND ? OK : e;
    return post->is_local ? add_owner(txn, act, post->author, arena, owners) : OK;
}

static enum err find_owners(struct txn *txn, const struct act *act, const Post *post,
                            struct arena *arena, struct owners *out)
{
    if (!post->in_reply_to)
        return OK; /* it begins a thread: nothing of ours is in it */
    enum err e = add_author(txn, act, post->in_reply_to, arena, out);
    if (!e && post->thread_root != post->in_reply_to)
        e = add_author(txn, act, post->thread_root, arena, out);
    if (!e && post->audience_of)
        e = add_owner(txn, act, post->audience_of, arena, out);
    return e;
}

static bool is_named(const struct act *act, const char *collection)
{
    const struct as2_activity *activity = act->activity;
    return as2_list_has(&activity->to, collection) || as2_list_has(&activity->cc, collection) ||
           (activity->note && as2_list_has(&activity->note->audience, collection));
}

/* Who follows the owner and may read it: what it answers may be for fewer than it asks for. */
static enum err add_followers(struct txn *txn, struct destinations *list, const Post *post,
                              uint64_t owner, struct arena *arena)
{
    struct edge_key key = {.kind = EDGE_FOLLOW, .whom = owner};
    enum err e;
    while ((e = edge_rev_next(txn, &key)) == OK) {
        if (!audience_may_read(txn, post, (actor_id){key.who}))
            continue;
        e = destinations_add_actor(txn, list, (actor_id){key.who}, arena);
        if (e && e != ERR_NOTFOUND)
            return e;
    }
    return e == ERR_NOTFOUND ? OK : e;
}

/* Collects the inboxes; *out_signer is 0 when nobody of ours has a reason to pass it on. */
static enum err find_destinations(struct txn *txn, const struct act *act, const Post *post,
                                  struct arena *arena, struct destinations *list,
                                  actor_id *out_signer)
{
    AUTO(arena_clear) struct arena scratch = ARENA_INIT(SCRATCH_BYTES);
    struct owners owners = {.n = 0};
    bool is_delete = act->forward->is_delete, is_create = act->forward->is_create;
    bool is_open = audience_may_read(txn, post, (actor_id){0});
    enum err e = find_owners(txn, act, post, &scratch, &owners);
    *out_signer = (actor_id){0};
    for (size_t i = 0; !e && i < owners.n && !is_delete; i++) {
        bool is_edit_of_private = !is_create && !is_open;
        if (!is_edit_of_private && !is_named(act, owners.item[i]->followers))
            continue;
        e = add_followers(txn, list, post, owners.item[i]->id, arena);
        if (!out_signer->v)
            *out_signer = (actor_id){owners.item[i]->id};
    }
    if (!e && !out_signer->v && owners.n && !is_create)
        *out_signer = (actor_id){owners.item[0]->id};
    /* who has it hears that it is gone; but new words only who may read them (T68) */
    if (!e && out_signer->v && (is_delete || (!is_create && is_open)))
        e = destinations_add_ledger(txn, list, (post_id){post->id}, arena);
    return e;
}

/* Who has it already: its author, who brought it, and whom it names. */
static void leave_out_who_has_it(const struct act *act, struct destinations *list)
{
    const struct as2_list *const named[] = {&act->activity->to, &act->activity->cc};
    char host[URI_HOST_BYTES];
    destinations_leave_out(list, act->who_host);
    destinations_leave_out(list, act->forward->by_host);
    for (size_t i = 0; i < COUNT(named); i++)
        for (size_t k = 0; k < named[i]->n; k++)
            if (uri_host(named[i]->item[k], host) == OK)
                destinations_leave_out(list, host);
}

/* ---- queueing ---- */

static enum err queue_for(struct txn *txn, const struct act *act, const Post *post)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(FORWARD_ARENA_BYTES);
    AUTO(destinations_clear) struct destinations list = {0};
    bool is_open =
        post->visibility == VISIBILITY__PUBLIC || post->visibility == VISIBILITY__UNLISTED;
    OutJob job = OUT_JOB__INIT;
    actor_id signer;
    size_t queued;
    enum err e = find_destinations(txn, act, post, &arena, &list, &signer);
    if (e || !signer.v)
        return e;
    leave_out_who_has_it(act, &list);
    job.actor = signer.v;
    job.activity_type = (char *)act->activity->type;
    job.activity_uri = (char *)(act->activity->id ? act->activity->id : "");
    job.object = post->id;
    job.subject = post->id;
    job.is_forwarded = true;
    job.visibility = act->forward->is_delete ? VISIBILITY__PUBLIC
                     : is_open               ? post->visibility
                                             : VISIBILITY__FOLLOWERS;
    return destinations_queue(txn, act->fed, &list, act->body, &job, act->now_ms, &queued);
}

enum err forward_queue(struct txn *txn, struct act *act)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SCRATCH_BYTES);
    post_id id;
    Post *post;
    enum err e = post_find(txn, act->activity->object_id, &id);
    if (!e)
        e = post_get(txn, id, &arena, &post);
    if (e)
        return e == ERR_NOTFOUND ? OK : e; /* it was not stored */
    if (consent_is_hidden(post) && !act->forward->is_delete)
        return OK; /* it waits for approval: only whom it answers may have it */
    if (post->author != act->who.v || post->visibility == VISIBILITY__DIRECT ||
        post->visibility == VISIBILITY__LOCAL)
        return OK;
    return queue_for(txn, act, post);
}
