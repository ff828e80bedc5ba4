#include "federation/consent.h"

#include "federation/uri.h"
#include "storage/actor.h"
#include "storage/edge.h"
#include "storage/notification.h"
#include "storage/parked.h"
#include "storage/quote.h"
#include "storage/stream.h"

#include <string.h>

#define CONSENT_ARENA_BYTES ((size_t)4 * 1024 * 1024)
#define JUDGED_AGAIN_MAX 1000 /* posts that had come before this one */
#define JUDGED_DEPTH_MAX 32   /* replies to replies: one arena and some stack each */

/* ---- may they? ---- */

static bool is_open(const Post *post)
{
    return post->visibility == VISIBILITY__PUBLIC || post->visibility == VISIBILITY__UNLISTED;
}

static bool is_mentioned(const Post *post, actor_id who)
{
    for (size_t i = 0; i < post->n_mentions; i++)
        if (post->mentions[i]->actor == who.v)
            return true;
    return false;
}

static const Interaction *what_is_said(const Post *post, enum consent_kind kind)
{
    const InteractionPolicy *policy = post->policy;
    if (!policy)
        return NULL;
    switch (kind) {
    case CONSENT_REPLY:
        return policy->reply;
    case CONSENT_BOOST:
        return policy->boost;
    case CONSENT_QUOTE:
        return policy->quote;
    default:
        return policy->like;
    }
}

static uint32_t bits_of(struct txn *txn, const Post *target, actor_id who)
{
    uint32_t bits = CONSENT_EVERYONE;
    if (edge_has(txn, (struct edge_key){EDGE_FOLLOW, who.v, target->author}))
        bits |= CONSENT_FOLLOWERS;
    if (edge_has(txn, (struct edge_key){EDGE_FOLLOW, target->author, who.v}))
        bits |= CONSENT_FOLLOWED;
    return is_mentioned(target, who) ? bits | CONSENT_MENTIONED : bits;
}

/* Nothing is said: open, but a quote is an answer only those servers give that know the question.
 */
static enum consent_answer judge_silence(const Post *target, enum consent_kind kind)
{
    return kind == CONSENT_QUOTE && !target->is_local ? CONSENT_ASK : CONSENT_YES;
}

/* Whom they follow, their node knows; that somebody is in a collection, it must attest. */
static enum consent_answer judge_elsewhere(const Interaction *said, enum consent_kind kind,
                                           uint32_t bits)
{
    const uint32_t certain = CONSENT_EVERYONE | CONSENT_MENTIONED;
    bool is_attested = kind == CONSENT_REPLY || kind == CONSENT_QUOTE;
    if (said->automatic & bits & certain)
        return CONSENT_YES;
    bits |= CONSENT_FOLLOWED;
    if (said->automatic & bits)
        return is_attested ? CONSENT_ASK : CONSENT_YES;
    return said->manual & bits ? CONSENT_ASK : CONSENT_NO;
}

enum consent_answer consent_judge(struct txn *txn, const Post *target, enum consent_kind kind,
                                  actor_id who)
{
    const Interaction *said = what_is_said(target, kind);
    if (who.v == target->author)
        return CONSENT_YES;
    if (edge_has(txn, (struct edge_key){EDGE_BLOCK, target->author, who.v}) ||
        (kind == CONSENT_QUOTE && !is_open(target)))
        return CONSENT_NO;
    if (kind == CONSENT_REPLY && is_mentioned(target, who))
        return CONSENT_YES; /* whoever was spoken to may answer */
    if (!said)
        return judge_silence(target, kind);
    uint32_t bits = bits_of(txn, target, who);
    if (!target->is_local)
        return judge_elsewhere(said, kind, bits);
    return said->automatic & bits ? CONSENT_YES : said->manual & bits ? CONSENT_ASK : CONSENT_NO;
}

/* ---- what is shown ---- */

bool consent_is_hidden(const Post *post)
{
    return post->reply_approval == APPROVAL__ASKED || post->reply_approval == APPROVAL__DECLINED;
}

bool consent_has_quote(const Post *post)
{
    return post->quote_of && (post->quote_approval == APPROVAL__NOT_NEEDED ||
                              post->quote_approval == APPROVAL__APPROVED);
}

/* The post that is answered or quoted. ERR_NOTFOUND: not here. */
static enum err get_target(struct txn *txn, const Post *post, enum consent_kind kind,
                           struct arena *arena, Post **out)
{
    post_id id = {kind == CONSENT_QUOTE ? post->quote_of : post->in_reply_to};
    const char *uri = kind == CONSENT_QUOTE ? post->quote_uri : post->in_reply_to_uri;
    enum err e = id.v ? OK : uri[0] ? post_find(txn, uri, &id) : ERR_NOTFOUND;
    if (!e)
        e = post_get(txn, id, arena, out);
    return !e && (*out)->boost_of ? ERR_NOTFOUND : e;
}

actor_id consent_owner(struct txn *txn, const Post *post, enum consent_kind kind)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(CONSENT_ARENA_BYTES);
    Post *target;
    return (actor_id){get_target(txn, post, kind, &arena, &target) ? 0 : target->author};
}

bool consent_may_see(struct txn *txn, const Post *post, actor_id reader)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(CONSENT_ARENA_BYTES);
    Post *target;
    if (!reader.v || reader.v == post->author)
        return reader.v != 0;
    if (get_target(txn, post, CONSENT_REPLY, &arena, &target))
        return false;
    /* elsewhere it may be shown: whom it names there is not kept from it here */
    return reader.v == target->author || (!target->is_local && is_mentioned(post, reader));
}

/* ---- where two posts meet ---- */

/* By who could have given it; others of that host take nothing back. */
static bool was_taken_back(struct txn *txn, const char *uri, actor_id owner)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    Tombstone *tombstone;
    return uri[0] && tombstone_get(txn, uri, &arena, &tombstone) == OK && tombstone->by == owner.v;
}

/* What our author answered before, or the policy says now. */
static Approval state_here(struct txn *txn, const Post *target, enum consent_kind kind,
                           const Post *post)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    enum consent_answer answer = consent_judge(txn, target, kind, (actor_id){post->author});
    Consent *consent;
    if (consent_find(txn, (post_id){target->id}, kind, post->uri, &arena, &consent) == OK &&
        consent->who == post->author)
        return consent->state;
    if (answer == CONSENT_NO)
        return APPROVAL__DECLINED;
    bool is_settled = answer == CONSENT_YES && post->is_local; /* others ask first, then quote */
    return is_settled ? APPROVAL__APPROVED : APPROVAL__ASKED;
}

static Approval place_reply(struct txn *txn, const Post *post, const Post *target)
{
    if (consent_judge(txn, target, CONSENT_REPLY, (actor_id){post->author}) == CONSENT_YES)
        return consent_is_hidden(target) ? APPROVAL__ASKED : APPROVAL__NOT_NEEDED;
    if (target->is_local)
        return state_here(txn, target, CONSENT_REPLY, post);
    if (was_taken_back(txn, post->reply_approval_uri, (actor_id){target->author}))
        return APPROVAL__DECLINED;
    return post->reply_approval == APPROVAL__NOT_NEEDED ? APPROVAL__ASKED : post->reply_approval;
}

static Approval place_quote(struct txn *txn, const Post *post, const Post *target)
{
    if (target->author == post->author)
        return APPROVAL__NOT_NEEDED;
    if (!is_open(target) ||
        was_taken_back(txn, post->quote_approval_uri, (actor_id){target->author}))
        return APPROVAL__DECLINED;
    if (target->is_local)
        return state_here(txn, target, CONSENT_QUOTE, post);
    return post->quote_approval == APPROVAL__NOT_NEEDED ? APPROVAL__ASKED : post->quote_approval;
}

enum err consent_place(struct txn *txn, Post *post)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(2 * CONSENT_ARENA_BYTES);
    Post *target;
    if (post->boost_of)
        return OK;
    enum err e = get_target(txn, post, CONSENT_REPLY, &arena, &target);
    if (!e)
        post->reply_approval = place_reply(txn, post, target);
    if (e && e != ERR_NOTFOUND)
        return e;
    if (!post->quote_uri[0])
        return OK;
    e = get_target(txn, post, CONSENT_QUOTE, &arena, &target);
    if (!e)
        post->quote_approval = place_quote(txn, post, target);
    else if (post->quote_approval == APPROVAL__NOT_NEEDED)
        post->quote_approval = APPROVAL__ASKED; /* until it is here */
    return e == ERR_NOTFOUND ? OK : e;
}

/* ---- what follows ---- */

const char *consent_uri(const Actor *owner, const Consent *consent, struct arena *arena)
{
    return arena_printf(arena, "%s/approvals/%llu", owner->uri, (unsigned long long)consent->id);
}

static const char *kind_name(uint32_t kind)
{
    static const char *const name[] = {"", "reply", "boost", "quote", "like"};
    return kind < COUNT(name) ? name[kind] : "";
}

enum err consent_ask(struct txn *txn, const Consent *consent, int64_t now_ms)
{
    Notification notification = NOTIFICATION__INIT;
    if (consent->state != APPROVAL__ASKED || consent->owner == consent->who)
        return OK;
    notification.type = NOTIFICATION_TYPE__APPROVAL_ASKED;
    notification.from = consent->who;
    notification.post = consent->target;
    notification.text = (char *)kind_name(consent->kind);
    enum err e = notification_add(txn, (actor_id){consent->owner}, &notification, now_ms);
    return e == ERR_EXISTS ? OK : e;
}

enum err consent_want(struct txn *txn, const char *uri, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    Want *known, want = WANT__INIT;
    enum err e = want_get(txn, uri, &arena, &known);
    if (e != ERR_NOTFOUND)
        return e; /* under way, or it failed lately */
    want.uri = (char *)uri;
    want.kind = WANT_KIND__OBJECT_DOCUMENT;
    want.next_attempt_ms = want.created_ms = now_ms;
    return want_put(txn, &want);
}

/* Another of its host had asked about it before it came: what was answered them counts no more.
 * ERR_EXISTS: it was its author. */
static enum err take_over(struct txn *txn, Consent *consent, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    Consent *known;
    enum err e = consent_find(txn, (post_id){consent->target}, (enum consent_kind)consent->kind,
                              consent->object, &arena, &known);
    if (e)
        return e;
    if (known->who == consent->who)
        return ERR_EXISTS;
    consent->id = known->id;
    consent->created_ms = now_ms;
    return consent_put(txn, consent, now_ms);
}

/* Of a post of ours: there is a record of it, whoever interacts. A quote by others gets its own
 * when they ask. */
static enum err keep_record(struct txn *txn, const Post *post, const Post *target,
                            enum consent_kind kind, Approval state, int64_t now_ms)
{
    Consent consent = CONSENT__INIT;
    if (state == APPROVAL__NOT_NEEDED || (kind == CONSENT_QUOTE && !post->is_local))
        return OK;
    consent.owner = target->author;
    consent.kind = kind;
    consent.target = target->id;
    consent.who = post->author;
    consent.object = post->uri;
    consent.request_type = (char *)"Create";
    consent.state = state;
    enum err e = consent_put(txn, &consent, now_ms);
    if (e == ERR_EXISTS)
        e = take_over(txn, &consent, now_ms);
    return e == ERR_EXISTS ? OK : e ? e : consent_ask(txn, &consent, now_ms);
}

static enum err settle_one(struct txn *txn, const Post *post, enum consent_kind kind,
                           int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(CONSENT_ARENA_BYTES);
    bool is_quote = kind == CONSENT_QUOTE;
    Approval state = is_quote ? post->quote_approval : post->reply_approval;
    const char *given = is_quote ? post->quote_approval_uri : post->reply_approval_uri;
    Post *target;
    enum err e = get_target(txn, post, kind, &arena, &target);
    if (e == ERR_NOTFOUND) /* an authorization can be judged once its post is here */
        return is_quote && state == APPROVAL__ASKED && given[0]
                   ? consent_want(txn, post->quote_uri, now_ms)
                   : OK;
    if (e)
        return e;
    if (!is_quote && consent_is_hidden(target))
        return OK; /* it waits with that one, and there is nothing to say before */
    if (target->is_local)
        return keep_record(txn, post, target, kind, state, now_ms);
    return state == APPROVAL__ASKED && given[0] && !post->is_local
               ? consent_want(txn, given, now_ms)
               : OK;
}

static bool takes_uri(Approval *state, char **uri, char *given)
{
    if (!given[0] || strcmp(*uri, given) == 0)
        return false;
    *uri = given;
    if (*state != APPROVAL__NOT_NEEDED)
        *state = APPROVAL__ASKED;
    return true;
}

enum err consent_update(struct txn *txn, Post *stored, const Post *update, int64_t now_ms)
{
    if (stored->is_local || update->updated_ms < stored->updated_ms)
        return OK;
    bool has_new =
        takes_uri(&stored->quote_approval, &stored->quote_approval_uri, update->quote_approval_uri);
    has_new |=
        takes_uri(&stored->reply_approval, &stored->reply_approval_uri, update->reply_approval_uri);
    if (!has_new)
        return OK;
    enum err e = consent_place(txn, stored);
    if (!e)
        e = post_set_consent(txn, stored);
    if (!e)
        e = settle_one(txn, stored, CONSENT_REPLY, now_ms);
    return e ? e : settle_one(txn, stored, CONSENT_QUOTE, now_ms);
}

static enum err judge_stream(struct txn *txn, struct stream_key key, unsigned depth,
                             int64_t now_ms);

/* A post that came before what it answers or quotes is judged now, and what answers it. */
static enum err judge_again(struct txn *txn, post_id id, unsigned depth, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(CONSENT_ARENA_BYTES);
    Post *post;
    enum err e = post_get(txn, id, &arena, &post);
    if (e)
        return e;
    bool was_hidden = consent_is_hidden(post);
    if (!post->is_local)
        e = consent_place(txn, post);
    if (!e)
        e = post_set_consent(txn, post);
    if (!e)
        e = settle_one(txn, post, CONSENT_REPLY, now_ms);
    if (!e)
        e = settle_one(txn, post, CONSENT_QUOTE, now_ms);
    if (e || was_hidden == consent_is_hidden(post) || depth == JUDGED_DEPTH_MAX)
        return e;
    return judge_stream(txn, (struct stream_key){STREAM_REPLY, post->id}, depth + 1, now_ms);
}

static enum err judge_stream(struct txn *txn, struct stream_key key, unsigned depth, int64_t now_ms)
{
    AUTO(stream_close) struct stream stream = {0};
    post_id id[16];
    uint64_t before = 0;
    size_t n = 0;
    for (unsigned done = 0; done < JUDGED_AGAIN_MAX; done += (unsigned)n) {
        enum err e =
            stream_open(txn, &key, 1, (struct page){.before = before, .limit = COUNT(id)}, &stream);
        for (n = 0; !e && n < COUNT(id) && (e = stream_next(&stream, &id[n])) == OK; n++)
            before = id[n].v;
        stream_close(&stream);
        if (e && e != ERR_NOTFOUND)
            return e;
        for (size_t i = 0; i < n; i++)
            if ((e = judge_again(txn, id[i], depth, now_ms)))
                return e;
        if (n < COUNT(id))
            break;
    }
    return OK;
}

enum err consent_settle(struct txn *txn, const Post *post, int64_t now_ms)
{
    if (post->boost_of)
        return OK;
    enum err e = settle_one(txn, post, CONSENT_REPLY, now_ms);
    if (!e)
        e = settle_one(txn, post, CONSENT_QUOTE, now_ms);
    if (!e && ((post->policy && post->policy->reply) || consent_is_hidden(post)))
        e = consent_spread(txn, post, now_ms);
    return e ? e : judge_stream(txn, (struct stream_key){STREAM_QUOTE, post->id}, 0, now_ms);
}

enum err consent_spread(struct txn *txn, const Post *post, int64_t now_ms)
{
    return judge_stream(txn, (struct stream_key){STREAM_REPLY, post->id}, 0, now_ms);
}

/* ---- authorizations of others ---- */

static bool is_said_by(struct txn *txn, const char *uri, actor_id owner)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(CONSENT_ARENA_BYTES);
    Actor *actor;
    return uri && actor_get(txn, owner, &arena, &actor) == OK && strcmp(actor->uri, uri) == 0;
}

static bool is_authorized(struct txn *txn, const struct as2_document *a, const Post *post,
                          enum consent_kind kind)
{
    bool is_quote = kind == CONSENT_QUOTE;
    const char *type = is_quote ? "QuoteAuthorization" : "ReplyAuthorization";
    const char *given = is_quote ? post->quote_approval_uri : post->reply_approval_uri;
    const char *target = is_quote ? post->quote_uri : post->in_reply_to_uri;
    Approval state = is_quote ? post->quote_approval : post->reply_approval;
    actor_id owner = consent_owner(txn, post, kind);
    return state == APPROVAL__ASKED && strcmp(given, a->id) == 0 && a->type &&
           strcmp(a->type, type) == 0 && a->interaction_target &&
           strcmp(a->interaction_target, target) == 0 && a->attributed_to &&
           uri_same_host(a->id, a->attributed_to) && is_said_by(txn, a->attributed_to, owner) &&
           !was_taken_back(txn, a->id, owner);
}

enum err consent_match(struct txn *txn, const struct as2_document *a, post_id *id,
                       enum consent_kind *out_kind)
{
    enum err e;
    if (!a->id || !a->interacting_object)
        return ERR_NOTFOUND;
    while ((e = authorized_next(txn, a->id, id)) == OK) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(CONSENT_ARENA_BYTES);
        Post *post;
        e = post_get(txn, *id, &arena, &post);
        if (e)
            return e;
        if (strcmp(post->uri, a->interacting_object) != 0)
            continue;
        *out_kind = is_authorized(txn, a, post, CONSENT_QUOTE) ? CONSENT_QUOTE : CONSENT_REPLY;
        if (*out_kind == CONSENT_QUOTE || is_authorized(txn, a, post, CONSENT_REPLY))
            return OK;
    }
    return e;
}
