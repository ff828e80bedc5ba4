/*
 * quote - a post of ours that quotes another (FEP-044f): only what may be quoted, never for more
 * people than that was for, and with the consent of its author, who is asked when the post goes
 * out.
 */
#include "storage/quote.h"
#include "federation/act/approval.h"
#include "federation/act/post.h"

/* Nobody quotes what is not for everyone but its author, and not for more people than it was for.
 */
static enum err check_audience(const Post *quoted, const Post *post, struct why *why)
{
    bool is_open =
        quoted->visibility == VISIBILITY__PUBLIC || quoted->visibility == VISIBILITY__UNLISTED;
    if (is_open)
        return OK;
    if (quoted->author != post->author)
        return why_set(why, ERR_DENIED, "that post is not for everyone: it cannot be quoted");
    bool is_within = quoted->visibility == VISIBILITY__FOLLOWERS &&
                     quoted->audience_of == post->audience_of && !quoted->n_audience_also &&
                     quoted->visibility == post->visibility;
    if (quoted->visibility == VISIBILITY__LOCAL)
        is_within = post->visibility == VISIBILITY__LOCAL;
    return is_within ? OK
                     : why_set(why, ERR_DENIED,
                               "a quote of that post cannot be for others than the post itself");
}

enum err act_quote_choose(struct txn *txn, post_id chosen, struct arena *arena, Post *post,
                          struct why *why)
{
    Post *quoted;
    if (!chosen.v)
        return OK;
    enum err e = post_get(txn, chosen, arena, &quoted);
    if (!e && quoted->boost_of)
        e = post_get(txn, (post_id){quoted->boost_of}, arena, &quoted);
    if (!e && !audience_may_read(txn, quoted, (actor_id){post->author}))
        e = ERR_NOTFOUND;
    if (!e)
        e = check_audience(quoted, post, why);
    if (e)
        return e;
    if (consent_judge(txn, quoted, CONSENT_QUOTE, (actor_id){post->author}) == CONSENT_NO)
        return why_set(why, ERR_DENIED, "its author does not want it quoted");
    post->quote_of = quoted->id;
    post->quote_uri = quoted->uri;
    return OK;
}

/* A quote of a post of ours that needs no answer carries its authorization from the start. */
enum err act_quote_authorize(struct txn *txn, Post *post, struct arena *arena)
{
    Consent *consent;
    Actor *owner;
    if (post->quote_approval != APPROVAL__APPROVED || post->quote_approval_uri[0])
        return OK;
    enum err e =
        consent_find(txn, (post_id){post->quote_of}, CONSENT_QUOTE, post->uri, arena, &consent);
    if (!e)
        e = actor_get(txn, (actor_id){consent->owner}, arena, &owner);
    if (e)
        return e == ERR_NOTFOUND ? OK : e;
    post->quote_approval_uri = (char *)consent_uri(owner, consent, arena);
    e = post_set_consent(txn, post);
    return e ? e
             : act_notify(txn, owner, NOTIFICATION_TYPE__QUOTED, (actor_id){post->author},
                          (post_id){post->id}, post->received_ms);
}

static bool is_asked_elsewhere(struct txn *txn, const Post *post, enum consent_kind kind)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    Approval state = kind == CONSENT_QUOTE ? post->quote_approval : post->reply_approval;
    actor_id owner = consent_owner(txn, post, kind);
    Actor *actor;
    return state == APPROVAL__ASKED && owner.v && actor_get(txn, owner, &arena, &actor) == OK &&
           actor->host[0];
}

/* A reply that waits for consent goes to whom it answers only; a quote says that it waits. */
enum err act_post_send(struct txn *txn, const struct federation *fed, const Post *post,
                       const Actor *who, int64_t now_ms)
{
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    if (post->visibility == VISIBILITY__LOCAL)
        return OK;
    if (consent_is_hidden(post))
        return is_asked_elsewhere(txn, post, CONSENT_REPLY)
                   ? act_consent_request(txn, fed, post, CONSENT_REPLY, now_ms)
                   : OK;
    enum err e = document_create(post, who, &json);
    if (!e)
        e = act_post_queue(txn, fed, post, "Create", arena_printf(&arena, "%s/activity", post->uri),
                           buf_bytes(&json), now_ms);
    if (e || !is_asked_elsewhere(txn, post, CONSENT_QUOTE))
        return e;
    return act_consent_request(txn, fed, post, CONSENT_QUOTE, now_ms);
}
