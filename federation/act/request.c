/*
 * request - somebody asks whether they may quote, answer, boost or like a post of ours. The answer
 * is the policy's at once, or its author's later; asked twice, the same answer is given.
 */
#include "federation/act/approval.h"

#include "federation/act/post.h"
#include "storage/base/clock.h"

#include <string.h>

struct request_state {
    post_id target;
    enum consent_kind kind;
    Post *reply; /* it came with the request; NULL: it comes by itself */
};

static enum consent_kind kind_of(const char *type)
{
    return strcmp(type, "QuoteRequest") == 0      ? CONSENT_QUOTE
           : strcmp(type, "ReplyRequest") == 0    ? CONSENT_REPLY
           : strcmp(type, "AnnounceRequest") == 0 ? CONSENT_BOOST
                                                  : CONSENT_LIKE;
}

/* What was answered before stands; what waits may be allowed by now. */
static enum err judge(struct txn *txn, const struct act *act, const Post *target,
                      const struct request_state *state, Consent *consent)
{
    static const Approval answer[] = {[CONSENT_YES] = APPROVAL__APPROVED,
                                      [CONSENT_ASK] = APPROVAL__ASKED,
                                      [CONSENT_NO] = APPROVAL__DECLINED};
    bool is_new = !consent->id || consent->who != act->who.v;
    bool waits = is_new || consent->state == APPROVAL__ASKED;
    consent->owner = target->author;
    consent->kind = state->kind;
    consent->target = target->id;
    consent->who = act->who.v;
    consent->object = (char *)act->activity->instrument;
    consent->request = (char *)(act->activity->id ? act->activity->id : "");
    consent->request_type = (char *)act->activity->type;
    if (waits)
        consent->state = answer[consent_judge(txn, target, state->kind, act->who)];
    if (waits && consent->state != APPROVAL__ASKED)
        consent->answered_ms = act->now_ms;
    enum err e = consent_put(txn, consent, act->now_ms);
    return e || !is_new ? e : consent_ask(txn, consent, act->now_ms);
}

/* Whose it is, is known once it is here; until then, who asks first is believed. */
static bool is_anothers(struct txn *txn, const struct act *act, const Consent *consent)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4 * 1024 * 1024);
    Post *post;
    post_id id;
    if (post_find(txn, act->activity->instrument, &id) == OK &&
        post_get(txn, id, &arena, &post) == OK)
        return post->author != act->who.v;
    return consent->id && consent->who != act->who.v;
}

static enum err request_apply(struct txn *txn, struct act *act)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4 * 1024 * 1024);
    const struct request_state *state = act->state;
    Consent fresh = CONSENT__INIT, *known;
    Post *target;
    enum err e = post_get(txn, state->target, &arena, &target);
    if (e == ERR_NOTFOUND) {
        act->outcome = "ignored: deleted meanwhile";
        return OK;
    }
    if (!e)
        e = consent_find(txn, state->target, state->kind, act->activity->instrument, &arena,
                         &known);
    if (e && e != ERR_NOTFOUND)
        return e;
    Consent *consent = e ? &fresh : known;
    if (is_anothers(txn, act, consent)) {
        act->outcome = "ignored: asks about another's post";
        return OK;
    }
    e = judge(txn, act, target, state, consent);
    if (!e && state->reply && consent->state != APPROVAL__DECLINED) {
        Post reply = *state->reply;
        e = act_post_store(txn, &reply, act->now_ms);
        e = e == ERR_EXISTS || e == ERR_DENIED ? OK : e;
    }
    if (!e)
        e = act_consent_take(txn, act->fed, consent, act->now_ms);
    act->outcome = consent->state == APPROVAL__ASKED      ? "asked"
                   : consent->state == APPROVAL__APPROVED ? "approved"
                                                          : "declined";
    return e ? e : act_consent_send(txn, act->fed, consent, act->now_ms);
}

/* An embedded reply is believed when it is the sender's own, and answers what it is asked about. */
static bool is_their_reply(const struct act *act)
{
    const struct as2_note *note = act->activity->instrument_note;
    return note && note->id && note->in_reply_to && note->attributed_to &&
           strcmp(note->id, act->activity->instrument) == 0 &&
           strcmp(note->in_reply_to, act->activity->object_id) == 0 &&
           strcmp(note->attributed_to, act->activity->actor) == 0;
}

enum act_verdict act_request_remote(struct act *act, struct txn *txn, struct act_answer *answer,
                                    struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4 * 1024 * 1024);
    const struct as2_activity *activity = act->activity;
    struct request_state *state = arena_alloc(&act->arena, sizeof *state);
    Post *target;
    if (!activity->object_id || !activity->instrument) {
        answer->status = 400;
        why_set(why, ERR_INVALID, "%s without an object and an instrument", activity->type);
        return ACT_REJECT;
    }
    if (!uri_same_host(activity->instrument, activity->actor)) {
        answer->status = 403;
        why_set(why, ERR_DENIED, "the instrument is not on its actor's host");
        return ACT_REJECT;
    }
    *state = (struct request_state){.kind = kind_of(activity->type)};
    if (post_find(txn, activity->object_id, &state->target) ||
        post_get(txn, state->target, &arena, &target) || !target->is_local || target->boost_of ||
        !audience_may_read(txn, target, act->who)) {
        act->outcome = "ignored: asks about no post of ours that it may read";
        return ACT_DONE;
    }
    if (state->kind == CONSENT_REPLY && is_their_reply(act) &&
        act_post_from_note(act, txn, activity->instrument_note, act->who, &state->reply, NULL))
        state->reply = NULL; /* it cannot be shown; the request is answered all the same */
    act->state = state;
    act->apply = request_apply;
    return ACT_DONE;
}
