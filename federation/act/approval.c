/*
 * approval - answers to who wants to interact with a post: ours to them, theirs to us. What a
 * remote author answers is believed for our own pending request only (T43), and an authorization
 * only as its origin serves it.
 */
#include "federation/act/approval.h"

#include "federation/act/post.h"
#include "federation/document/authorization.h"
#include "storage/base/clock.h"
#include "storage/quote.h"

#include <stdio.h>
#include <string.h>

#define APPROVAL_ARENA_BYTES ((size_t)16 * 1024 * 1024)

/* ---- our answer ---- */

static enum err queue_json(struct txn *txn, const struct federation *fed, const Actor *from,
                           actor_id to, const char *type, const char *uri, uint64_t subject,
                           struct bytes json, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    AUTO(destinations_clear) struct destinations list = {0};
    OutJob job = OUT_JOB__INIT;
    size_t queued;
    enum err e = destinations_add_actor(txn, &list, to, &arena);
    if (e)
        return e;
    job.actor = from->id;
    job.activity_type = (char *)type;
    job.activity_uri = (char *)uri;
    job.object = job.subject = subject;
    job.visibility = VISIBILITY__PUBLIC; /* goes to one who may read it */
    return destinations_queue(txn, fed, &list, json, &job, now_ms, &queued);
}

enum err act_consent_send(struct txn *txn, const struct federation *fed, const Consent *consent,
                          int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(APPROVAL_ARENA_BYTES);
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    bool is_yes = consent->state == APPROVAL__APPROVED;
    Actor *owner, *who;
    Post *target;
    if (consent->state == APPROVAL__ASKED)
        return OK;
    enum err e = actor_get(txn, (actor_id){consent->owner}, &arena, &owner);
    if (!e)
        e = actor_get(txn, (actor_id){consent->who}, &arena, &who);
    if (!e)
        e = post_get(txn, (post_id){consent->target}, &arena, &target);
    if (e || !who->host[0])
        return e;
    struct consent_reply reply = {
        .id = act_new_uri(txn, owner, is_yes ? "accepts" : "rejects", now_ms, &arena),
        .type = is_yes ? "Accept" : "Reject",
        .owner = owner->uri,
        .who = who->uri,
        .consent = consent,
        .target = target->uri,
        .result = is_yes ? consent_uri(owner, consent, &arena) : NULL};
    e = reply.id ? document_consent_reply(&reply, &json) : ERR_STORE;
    return e ? e
             : queue_json(txn, fed, owner, (actor_id){who->id}, reply.type, reply.id, 0,
                          buf_bytes(&json), now_ms);
}

static enum err tell(struct txn *txn, const Post *post, enum consent_kind kind, actor_id by,
                     int64_t now_ms)
{
    Approval state = kind == CONSENT_QUOTE ? post->quote_approval : post->reply_approval;
    bool is_yes = state == APPROVAL__APPROVED;
    Notification notification = NOTIFICATION__INIT;
    notification.type = NOTIFICATION_TYPE__APPROVAL_ANSWERED;
    notification.from = by.v;
    notification.post = post->id;
    notification.text =
        (char *)(kind == CONSENT_QUOTE ? is_yes ? "quote approved" : "quote declined"
                 : is_yes              ? "reply approved"
                                       : "reply declined");
    enum err e = notification_add(txn, (actor_id){post->author}, &notification, now_ms);
    return e == ERR_EXISTS ? OK : e;
}

enum err act_consent_landed(struct txn *txn, const struct federation *fed, const Post *post,
                            enum consent_kind kind, actor_id by, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(APPROVAL_ARENA_BYTES);
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    bool is_new = kind == CONSENT_REPLY; /* it had not left yet, but to who was asked */
    const char *type = is_new ? "Create" : "Update";
    Actor *author;
    enum err e = tell(txn, post, kind, by, now_ms);
    if (e || consent_is_hidden(post))
        return e;
    e = actor_get(txn, (actor_id){post->author}, &arena, &author);
    if (!e)
        e = is_new ? document_create(post, author, &json)
                   : document_update_at(post, author, now_ms, &json);
    if (!e && is_new)
        e = act_notify_mentions(txn, post, now_ms);
    const char *uri = is_new
                          ? arena_printf(&arena, "%s/activity", post->uri)
                          : arena_printf(&arena, "%s#updates/%lld", post->uri, (long long)now_ms);
    return e ? e : act_post_queue(txn, fed, post, type, uri, buf_bytes(&json), now_ms);
}

/* Sets what the post says of its approval; *out_changed: it said something else. */
static enum err set_state(struct txn *txn, Post *post, enum consent_kind kind, Approval state,
                          const char *uri, int64_t now_ms, bool *out_changed)
{
    bool is_quote = kind == CONSENT_QUOTE;
    Approval *now = is_quote ? &post->quote_approval : &post->reply_approval;
    char **given = is_quote ? &post->quote_approval_uri : &post->reply_approval_uri;
    *out_changed = *now != state || (uri && strcmp(*given, uri) != 0);
    *now = state;
    if (uri)
        *given = (char *)uri;
    enum err e = post_set_consent(txn, post);
    return e || is_quote || !*out_changed ? e : consent_spread(txn, post, now_ms);
}

/* Does this post stand in that relation to what the consent is about? */
static bool is_about(const Post *post, const Consent *consent)
{
    return post->author == consent->who &&
           (consent->kind == CONSENT_QUOTE   ? post->quote_of == consent->target
            : consent->kind == CONSENT_REPLY ? post->in_reply_to == consent->target
                                             : false);
}

enum err act_consent_take(struct txn *txn, const struct federation *fed, const Consent *consent,
                          int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(APPROVAL_ARENA_BYTES);
    enum consent_kind kind = (enum consent_kind)consent->kind;
    bool is_changed;
    Actor *owner;
    Post *post;
    post_id id;
    enum err e = post_find(txn, consent->object, &id);
    if (!e)
        e = post_get(txn, id, &arena, &post);
    if (e || !is_about(post, consent))
        return e == ERR_NOTFOUND ? OK : e;
    bool was_open = kind == CONSENT_REPLY && consent->state != APPROVAL__DECLINED &&
                    !consent_is_hidden(post); /* asking about it does not hide it */
    e = actor_get(txn, (actor_id){consent->owner}, &arena, &owner);
    if (!e)
        e = set_state(txn, post, kind, was_open ? post->reply_approval : consent->state,
                      consent->state == APPROVAL__APPROVED ? consent_uri(owner, consent, &arena)
                                                           : NULL,
                      now_ms, &is_changed);
    if (e || !is_changed || consent->state == APPROVAL__ASKED)
        return e;
    if (post->is_local)
        return act_consent_landed(txn, fed, post, kind, (actor_id){owner->id}, now_ms);
    if (kind == CONSENT_QUOTE && consent->state == APPROVAL__APPROVED)
        return act_notify(txn, owner, NOTIFICATION_TYPE__QUOTED, (actor_id){post->author}, id,
                          now_ms);
    return kind == CONSENT_REPLY && consent->state == APPROVAL__APPROVED
               ? act_notify_mentions(txn, post, now_ms)
               : OK;
}

/* ---- asking ---- */

enum err act_consent_request(struct txn *txn, const struct federation *fed, const Post *post,
                             enum consent_kind kind, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(APPROVAL_ARENA_BYTES);
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    bool is_quote = kind == CONSENT_QUOTE;
    const char *type = is_quote ? "QuoteRequest" : "ReplyRequest";
    actor_id owner = consent_owner(txn, post, kind);
    Actor *author, *asked;
    enum err e = actor_get(txn, (actor_id){post->author}, &arena, &author);
    if (!e)
        e = actor_get(txn, owner, &arena, &asked);
    const char *id =
        arena_printf(&arena, "%s#%s", post->uri, is_quote ? "quote-request" : "reply-request");
    if (!e)
        e = document_request(id, type, post, author,
                             is_quote ? post->quote_uri : post->in_reply_to_uri, asked->uri, &json);
    return e ? e
             : queue_json(txn, fed, author, owner, type, id, post->id, buf_bytes(&json), now_ms);
}

/* ---- their answer ---- */

struct approval_state {
    post_id post; /* ours, that waits */
    enum consent_kind kind;
    const char *result;
    bool is_yes;
};

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* Our request by its id; a reply may also be answered by its own URI (GoToSocial before 0.20). */
bool act_is_approval(const struct act *act)
{
    const struct as2_activity *activity = act->activity;
    const char *path =
        activity->object_id ? federation_own_path(act->fed, activity->object_id) : NULL;
    bool is_request =
        activity->object_kind == AS2_OBJECT_ACTIVITY && ends_with(activity->inner->type, "Request");
    return is_request || (path && (strstr(path, "/posts/") != NULL));
}

static enum err find_asked(struct txn *txn, struct act *act, struct approval_state *state)
{
    const char *id = act->activity->object_id;
    char *uri = id ? uri_without_fragment(id, &act->arena) : NULL;
    const struct as2_activity *inner = act->activity->inner;
    if (!uri)
        return ERR_NOTFOUND;
    if (ends_with(uri, "/activity"))
        uri[strlen(uri) - strlen("/activity")] = '\0';
    bool is_quote =
        ends_with(id, "#quote-request") || (act->activity->object_kind == AS2_OBJECT_ACTIVITY &&
                                            strcmp(inner->type, "QuoteRequest") == 0);
    state->kind = is_quote ? CONSENT_QUOTE : CONSENT_REPLY;
    return post_find(txn, uri, &state->post);
}

static enum err answered_apply(struct txn *txn, struct act *act)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(APPROVAL_ARENA_BYTES);
    const struct approval_state *state = act->state;
    bool is_quote = state->kind == CONSENT_QUOTE, is_changed;
    Post *post;
    enum err e = post_get(txn, state->post, &arena, &post);
    if (e)
        return e == ERR_NOTFOUND ? OK : e;
    Approval now = is_quote ? post->quote_approval : post->reply_approval;
    bool is_open = now == APPROVAL__ASKED || (!state->is_yes && now == APPROVAL__APPROVED);
    if (!post->is_local || !is_open || consent_owner(txn, post, state->kind).v != act->who.v) {
        act->outcome = "ignored: answers nothing that was asked of them";
        return OK;
    }
    if (state->is_yes && state->result) { /* kept, and believed once it was fetched */
        act->outcome = "approved: to be verified";
        e = set_state(txn, post, state->kind, APPROVAL__ASKED, state->result, act->now_ms,
                      &is_changed);
        return e ? e : consent_want(txn, state->result, act->now_ms);
    }
    act->outcome = state->is_yes ? "approved" : "declined";
    e = set_state(txn, post, state->kind, state->is_yes ? APPROVAL__APPROVED : APPROVAL__DECLINED,
                  state->is_yes ? act->activity->id : NULL, act->now_ms, &is_changed);
    return e ? e : act_consent_landed(txn, act->fed, post, state->kind, act->who, act->now_ms);
}

static enum act_verdict answered(struct act *act, struct txn *txn, bool is_yes)
{
    struct approval_state *state = arena_calloc(&act->arena, 1, sizeof *state);
    const char *result = act->activity->result;
    if (find_asked(txn, act, state)) {
        act->outcome = "ignored: answers no request of ours";
        return ACT_DONE;
    }
    state->is_yes = is_yes;
    state->result = result;
    if (is_yes && (result ? !uri_same_host(result, act->activity->actor)
                          : state->kind == CONSENT_QUOTE || !act->activity->id)) {
        act->outcome = "ignored: an approval without an authorization of theirs";
        return ACT_DONE;
    }
    act->state = state;
    act->apply = answered_apply;
    return ACT_DONE;
}

enum act_verdict act_approval_accept(struct act *act, struct txn *txn, struct act_answer *answer,
                                     struct why *why)
{
    (void)answer;
    (void)why;
    return answered(act, txn, true);
}

enum act_verdict act_approval_reject(struct act *act, struct txn *txn, struct act_answer *answer,
                                     struct why *why)
{
    (void)answer;
    (void)why;
    return answered(act, txn, false);
}

/* ---- authorizations that come and go ---- */

struct given {
    struct mutation mutation;
    struct federation *fed;
    const struct as2_document *authorization;
    int64_t now_ms;
};

static enum err given_apply(struct txn *txn, struct mutation *m)
{
    struct given *g = container_of(m, struct given, mutation);
    enum consent_kind kind;
    post_id id = {0};
    enum err e;
    while ((e = consent_match(txn, g->authorization, &id, &kind)) == OK) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(APPROVAL_ARENA_BYTES);
        bool is_changed;
        Post *post;
        e = post_get(txn, id, &arena, &post);
        if (!e)
            e = set_state(txn, post, kind, APPROVAL__APPROVED, NULL, g->now_ms, &is_changed);
        if (!e && post->is_local)
            e = act_consent_landed(txn, g->fed, post, kind, consent_owner(txn, post, kind),
                                   g->now_ms);
        else if (!e && kind == CONSENT_REPLY)
            e = act_notify_mentions(txn, post, g->now_ms);
        if (e)
            return e;
    }
    return e == ERR_NOTFOUND ? OK : e;
}

enum err act_consent_given(struct federation *fed, const struct as2_document *authorization)
{
    struct given g = {{.apply = given_apply}, fed, authorization, clock_ms()};
    enum err e = writer_run(fed->writer, &g.mutation);
    if (!e && fed->wake_delivery)
        fed->wake_delivery(fed);
    return e;
}

enum err act_consent_taken_back(struct txn *txn, const struct federation *fed, const char *uri,
                                actor_id who, int64_t now_ms, bool *out_found)
{
    post_id id = {0};
    enum err e;
    *out_found = false;
    while ((e = authorized_next(txn, uri, &id)) == OK) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(APPROVAL_ARENA_BYTES);
        bool is_changed;
        Post *post;
        e = post_get(txn, id, &arena, &post);
        if (e)
            return e;
        bool is_quote = strcmp(post->quote_approval_uri, uri) == 0;
        enum consent_kind kind = is_quote ? CONSENT_QUOTE : CONSENT_REPLY;
        if (consent_owner(txn, post, kind).v != who.v)
            continue;
        *out_found = true;
        e = set_state(txn, post, kind, APPROVAL__DECLINED, NULL, now_ms, &is_changed);
        if (!e && post->is_local && is_changed)
            e = act_consent_landed(txn, fed, post, kind, who, now_ms);
        if (e)
            return e;
    }
    return e == ERR_NOTFOUND ? OK : e;
}

/* ---- local doors ---- */

struct approval_local {
    struct mutation mutation;
    struct federation *fed;
    actor_id owner;
    uint64_t id;
    Approval state; /* wanted */
    int64_t now_ms;
};

/* Whoever may have seen the authorization hears that it is gone. */
static enum err queue_revocation(struct txn *txn, const struct approval_local *a,
                                 const Consent *consent, struct arena *arena)
{
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    AUTO(destinations_clear) struct destinations list = {0};
    Actor *owner;
    size_t queued;
    enum err e = actor_get(txn, a->owner, arena, &owner);
    if (e)
        return e;
    const char *uri = consent_uri(owner, consent, arena);
    struct plain_activity gone = {.id = arena_printf(arena, "%s#delete", uri),
                                  .type = "Delete",
                                  .actor = owner->uri,
                                  .object = uri,
                                  .to = AS2_PUBLIC};
    e = document_plain(&gone, &json);
    if (!e)
        e = destinations_add_actor(txn, &list, (actor_id){consent->who}, arena);
    if (!e)
        e = destinations_add_followers(txn, &list, a->owner, arena);
    if (!e)
        e = destinations_add_ledger(txn, &list, (post_id){consent->target}, arena);
    if (e)
        return e;
    OutJob job = OUT_JOB__INIT;
    job.actor = owner->id;
    job.activity_type = (char *)"Delete";
    job.activity_uri = (char *)gone.id;
    job.object = consent->id;
    job.visibility = VISIBILITY__PUBLIC;
    return destinations_queue(txn, a->fed, &list, buf_bytes(&json), &job, a->now_ms, &queued);
}

static enum err approval_local_apply(struct txn *txn, struct mutation *m)
{
    struct approval_local *a = container_of(m, struct approval_local, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024 * 1024);
    Consent *consent;
    enum err e = consent_get(txn, a->owner, a->id, &arena, &consent);
    if (e)
        return e;
    if (consent->state == a->state)
        return ERR_EXISTS;
    bool is_revoked = consent->state == APPROVAL__APPROVED && a->state == APPROVAL__DECLINED;
    consent->state = a->state;
    consent->answered_ms = a->now_ms;
    e = consent_put(txn, consent, a->now_ms);
    if (!e)
        e = act_consent_take(txn, a->fed, consent, a->now_ms);
    if (e)
        return e;
    return is_revoked ? queue_revocation(txn, a, consent, &arena)
                      : act_consent_send(txn, a->fed, consent, a->now_ms);
}

static enum err run_approval(struct federation *fed, actor_id owner, uint64_t id, Approval state,
                             const char *name, const struct by *by, struct why *why)
{
    struct approval_local a = {{.apply = approval_local_apply}, fed, owner, id, state, clock_ms()};
    char object[32];
    snprintf(object, sizeof object, "approval %llu", (unsigned long long)id);
    enum err e = act_run(fed, &a.mutation, by, name, object);
    if (e == ERR_NOTFOUND)
        return why_set(why, e, "there is no such request: ward approval list NAME");
    if (e == ERR_EXISTS)
        return why_set(why, e, "that was answered so already");
    return e ? why_set(why, e, "the store refused: %s", err_name(e)) : OK;
}

enum err act_approve_local(struct federation *fed, actor_id owner, uint64_t id, const struct by *by,
                           struct why *why)
{
    return run_approval(fed, owner, id, APPROVAL__APPROVED, "approval.accept", by, why);
}

enum err act_decline_local(struct federation *fed, actor_id owner, uint64_t id, const struct by *by,
                           struct why *why)
{
    return run_approval(fed, owner, id, APPROVAL__DECLINED, "approval.reject", by, why);
}
