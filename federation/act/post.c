/*
 * post - a Create of something shown: by a clinician of ours, or by a peer.
 *
 * A crash before the commit leaves nothing; after it, the post, its place in every timeline, its
 * jobs and its ledger lines are there together.
 */
#include "federation/act/post.h"

#include "federation/act/approval.h"
#include "federation/act/group.h"
#include "federation/act/relay.h"
#include "federation/act/vote.h"
#include "federation/backfill.h"
#include "federation/consent.h"
#include "federation/preview.h"
#include "federation/sanitize.h"
#include "storage/account.h"
#include "storage/base/clock.h"
#include "storage/idempotency.h"
#include "storage/narrow.h"
#include "storage/scheduled.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- shared by both doors ---- */

enum err act_notify_mentions(struct txn *txn, const Post *post, int64_t now_ms)
{
    for (size_t i = 0; i < post->n_mentions; i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
        Actor *whom;
        actor_id id = {post->mentions[i]->actor};
        if (!id.v || (consent_is_hidden(post) && !consent_may_see(txn, post, id)))
            continue; /* whom it answers is asked, the others are not told yet */
        enum err e = actor_get(txn, (actor_id){post->mentions[i]->actor}, &arena, &whom);
        if (!e &&
            (whom->type == ACTOR_TYPE__GROUP ||
             (group_is_restricted(post) && !audience_may_read(txn, post, (actor_id){whom->id}))))
            continue;
        if (!e)
            e = act_notify(txn, whom, NOTIFICATION_TYPE__MENTION, (actor_id){post->author},
                           (post_id){post->id}, now_ms);
        if (e)
            return e;
    }
    return OK;
}

enum err act_post_store_quietly(struct txn *txn, Post *post, int64_t now_ms)
{
    enum err e = group_settle(txn, post);
    if (!e)
        e = consent_place(txn, post);
    if (!e)
        e = post_add(txn, post, now_ms);
    return e ? e : consent_settle(txn, post, now_ms);
}

static bool is_mentioned(const Post *post, uint64_t who)
{
    for (size_t i = 0; i < post->n_mentions; i++)
        if (post->mentions[i]->actor == who)
            return true;
    return false;
}

/* Who asked to be told of what the author writes: of posts, not of what they say to others. */
static enum err notify_followers(struct txn *txn, const Post *post, int64_t now_ms)
{
    struct edge_key key = {EDGE_NOTIFY, 0, post->author};
    enum err e = OK;
    if (post->in_reply_to_uri[0] || post->in_reply_to)
        return OK;
    while (!e && (e = edge_rev_next(txn, &key)) == OK) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
        Actor *whom;
        actor_id who = {key.who};
        if (is_mentioned(post, key.who) || !audience_may_read(txn, post, who))
            continue;
        e = actor_get(txn, who, &arena, &whom);
        if (!e)
            e = act_notify(txn, whom, NOTIFICATION_TYPE__POSTED, (actor_id){post->author},
                           (post_id){post->id}, now_ms);
    }
    return e == ERR_NOTFOUND ? OK : e;
}

enum err act_post_store(struct txn *txn, Post *post, int64_t now_ms)
{
    enum err e = act_post_store_quietly(txn, post, now_ms);
    if (!e)
        e = act_notify_mentions(txn, post, now_ms);
    return e ? e : notify_followers(txn, post, now_ms);
}

static Mention *mention_new(struct arena *arena, const Actor *actor)
{
    Mention *mention = arena_alloc(arena, sizeof *mention);
    if (!mention)
        return NULL;
    mention__init(mention);
    mention->actor = actor->id;
    mention->uri = arena_strdup(arena, actor->uri);
    mention->handle = (char *)actor_handle(actor, arena);
    return mention->uri && mention->handle ? mention : NULL;
}

enum err act_mention_add(struct txn *txn, actor_id id, bool is_ours_only, struct arena *arena,
                         Post *post)
{
    AUTO(arena_clear) struct arena scratch = ARENA_INIT(1024 * 1024);
    Actor *actor;
    enum err e = actor_get(txn, id, &scratch, &actor);
    if (e || (is_ours_only && actor->host[0]))
        return e;
    Mention *mention = mention_new(arena, actor);
    if (mention)
        post->mentions[post->n_mentions++] = mention;
    return mention ? OK : ERR_LIMIT;
}

bool act_mention_has(const Post *post, uint64_t actor)
{
    for (size_t i = 0; i < post->n_mentions; i++)
        if (post->mentions[i]->actor == actor)
            return true;
    return false;
}

/* ---- remote door ---- */

static enum err post_remote_apply(struct txn *txn, struct act *act)
{
    /* A copy: post_add fills in ids, and apply may run again. */
    Post post = *(const Post *)act->state;
    enum err e = act_post_store(txn, &post, act->now_ms);
    act->outcome = e == ERR_EXISTS ? "duplicate"
                   : e == ERR_DENIED
                       ? "ignored: deleted before it came, or not for its author to post"
                       : "stored";
    if (!e)
        e = backfill_consider(txn, act->fed, &post, act->now_ms);
    if (!e)
        e = group_distribute(txn, act->fed, &post, "Create", act->body, act->now_ms);
    return e == ERR_EXISTS || e == ERR_DENIED ? OK : e;
}

enum act_verdict act_check_note(const struct act *act, const struct as2_note *note,
                                struct act_answer *answer, struct why *why)
{
    const char *actor = act->activity->actor;
    answer->status = 403;
    if (!note->id) {
        answer->status = 400;
        why_set(why, ERR_INVALID, "the object has no id");
    } else if (!uri_same_host(note->id, actor)) {
        why_set(why, ERR_DENIED, "the object's id is not on its actor's host");
    } else if (!note->attributed_to || strcmp(note->attributed_to, actor) != 0) {
        why_set(why, ERR_DENIED, "the object is not attributed to the actor");
    } else {
        return ACT_DONE;
    }
    return ACT_REJECT;
}

enum act_verdict act_post_remote(struct act *act, struct txn *txn, struct act_answer *answer,
                                 struct why *why)
{
    const struct as2_activity *activity = act->activity;
    Post *post;
    post_id known;

    if (activity->object_kind == AS2_OBJECT_ID) {
        if (!uri_same_host(activity->object_id, activity->actor)) {
            answer->status = 403;
            why_set(why, ERR_DENIED, "the object's id is not on its actor's host");
            return ACT_REJECT;
        }
        return act_need_post(act, txn, activity->object_id, answer, &known);
    }
    if (activity->object_kind == AS2_OBJECT_NONE) {
        answer->status = 400;
        why_set(why, ERR_INVALID, "Create without an object");
        return ACT_REJECT;
    }
    if (activity->object_kind != AS2_OBJECT_NOTE) {
        act->outcome = "ignored: not a kind of object that is shown";
        return ACT_DONE;
    }
    if (act_check_note(act, activity->note, answer, why) == ACT_REJECT)
        return ACT_REJECT;
    if (act_is_vote(activity->note))
        return act_vote_remote(act, txn, answer, why);
    if (act_post_from_note(act, txn, activity->note, act->who, &post, why)) {
        answer->status = 400;
        return ACT_REJECT;
    }
    act->state = post;
    act->apply = post_remote_apply;
    return ACT_DONE;
}

/* ---- local door ---- */

struct post_local {
    struct mutation mutation;
    struct federation *fed;
    const struct post_draft *draft;
    struct arena *arena; /* of what was prepared */
    const char *html;
    const struct markup *markup;
    actor_id mentioned[MARKUP_MENTIONS_MAX + AS2_RECIPIENTS_MAX];
    size_t mentioned_count;
    int64_t now_ms;
    LanguageText **translations;
    const Post *parent;      /* set by apply, as are those below */
    struct why why, refused; /* refused: handles, with commas between */
    post_id id;              /* out */
    bool is_repeated;        /* out: `id` was made by the first request */
};

/*
 * Whom a reply of ours is for, within its parent's audience: what the author chose, or what the
 * parent allows if that is less. ERR_INVALID: no such audience can be addressed.
 */
static enum err set_reply_audience(const Post *parent, Post *post)
{
    Visibility own = post->visibility;
    bool is_open =
        parent->visibility == VISIBILITY__PUBLIC || parent->visibility == VISIBILITY__UNLISTED;
    if (own == VISIBILITY__DIRECT)
        return OK;
    if (is_open) {
        post->visibility = own > parent->visibility ? own : parent->visibility;
        return OK;
    }
    if (own == VISIBILITY__LOCAL && parent->visibility != VISIBILITY__LOCAL)
        return ERR_INVALID; /* not all of our people may read the parent */
    post->visibility = parent->visibility;
    if (parent->visibility != VISIBILITY__FOLLOWERS)
        return OK;
    if (parent->n_audience_also) { /* no collection has only the followers of both: by name */
        post->visibility = VISIBILITY__DIRECT;
        return OK;
    }
    uint64_t owner = post_audience_owner(parent);
    post->audience_of = owner == post->author ? 0 : owner;
    return OK;
}

/* One's own direct post goes on with whom it was for, unless somebody else is named. */
static enum err mention_the_same(struct txn *txn, const Post *parent, struct arena *arena,
                                 Post *post)
{
    enum err e = OK;
    Mention **room = arena_calloc(arena, parent->n_mentions + 1, sizeof *room);
    if (!room)
        return ERR_LIMIT;
    post->mentions = room;
    for (size_t i = 0; !e && i < parent->n_mentions; i++)
        if (parent->mentions[i]->actor && parent->mentions[i]->actor != post->author)
            e = act_mention_add(txn, (actor_id){parent->mentions[i]->actor}, false, arena, post);
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err set_parent(struct txn *txn, struct post_local *p, struct arena *arena, Post *post)
{
    Post *parent;
    Actor *author;
    enum err e = post_get(txn, p->draft->in_reply_to, arena, &parent);
    if (!e && parent->boost_of)
        e = post_get(txn, (post_id){parent->boost_of}, arena, &parent);
    if (!e && !audience_may_read(txn, parent, p->draft->author))
        e = ERR_NOTFOUND;
    if (!e)
        e = actor_get(txn, (actor_id){parent->author}, arena, &author);
    if (e)
        return e;
    post->in_reply_to = parent->id;
    post->in_reply_to_uri = parent->uri;
    post->context = parent->context;
    p->parent = parent;
    if (consent_judge(txn, parent, CONSENT_REPLY, p->draft->author) == CONSENT_NO)
        return why_set(&p->why, ERR_DENIED, "its author does not want replies from you");
    if (consent_is_hidden(parent))
        return why_set(&p->why, ERR_DENIED, "that reply waits for approval: not before");
    if (set_reply_audience(parent, post))
        return why_set(&p->why, ERR_INVALID,
                       "a local post cannot answer what not everyone here may read");
    if (author->id != post->author)
        return act_mention_add(txn, (actor_id){author->id}, false, arena, post);
    return parent->visibility == VISIBILITY__DIRECT && !p->mentioned_count
               ? mention_the_same(txn, parent, arena, post)
               : OK;
}

/* Whoever cannot read what is answered is not let in by being named. */
static enum err check_mention(struct txn *txn, struct post_local *p, actor_id whom,
                              struct arena *arena)
{
    AUTO(arena_clear) struct arena scratch = ARENA_INIT(1024 * 1024);
    Actor *actor;
    if (!p->parent || audience_may_read(txn, p->parent, (actor_id){0}) ||
        audience_may_read(txn, p->parent, whom))
        return OK;
    enum err e = actor_get(txn, whom, &scratch, &actor);
    if (e)
        return e;
    size_t n = strlen(p->refused.text);
    snprintf(p->refused.text + n, sizeof p->refused.text - n, "%s@%s", n ? ", " : "",
             actor_handle(actor, arena));
    return OK;
}

static enum err set_mentions(struct txn *txn, struct post_local *p, struct arena *arena, Post *post)
{
    p->refused.text[0] = '\0';
    for (size_t i = 0; i < p->mentioned_count; i++) {
        uint64_t id = p->mentioned[i].v;
        if (act_mention_has(post, id) || id == post->author)
            continue;
        enum err e = check_mention(txn, p, p->mentioned[i], arena);
        if (!e)
            e = act_mention_add(txn, p->mentioned[i], false, arena, post);
        if (e)
            return e;
    }
    return p->refused.text[0]
               ? why_set(&p->why, ERR_DENIED, "may not read what this answers: %s", p->refused.text)
               : OK;
}

/* to and cc as the visibility wants them on the wire. `owner`: whose followers it is for. */
static void set_audience(struct arena *arena, const Actor *who, const Actor *owner, Post *post)
{
    char **to = arena_calloc(arena, post->n_mentions + 2, sizeof *to);
    char **cc = arena_calloc(arena, post->n_mentions + 2, sizeof *cc);
    bool is_direct = post->visibility == VISIBILITY__DIRECT;
    size_t n_to = 0, n_cc = 0;

    if (post->visibility == VISIBILITY__PUBLIC) {
        to[n_to++] = (char *)AS2_PUBLIC;
        cc[n_cc++] = who->followers;
    } else if (post->visibility == VISIBILITY__UNLISTED) {
        to[n_to++] = who->followers;
        cc[n_cc++] = (char *)AS2_PUBLIC;
    } else if (post->visibility == VISIBILITY__FOLLOWERS) {
        to[n_to++] = owner->followers;
        if (owner != who && !act_mention_has(post, owner->id))
            cc[n_cc++] = owner->uri;
    }
    for (size_t i = 0; i < post->n_mentions; i++) {
        if (is_direct)
            to[n_to++] = post->mentions[i]->uri;
        else
            cc[n_cc++] = post->mentions[i]->uri;
    }
    post->to = to;
    post->n_to = n_to;
    post->cc = cc;
    post->n_cc = n_cc;
}

enum err act_post_queue(struct txn *txn, const struct federation *fed, const Post *post,
                        const char *type, const char *activity_uri, struct bytes json,
                        int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024 * 1024);
    AUTO(destinations_clear) struct destinations list = {0};
    enum err e = OK;

    if (post->visibility == VISIBILITY__LOCAL)
        return OK;
    bool is_hidden = consent_is_hidden(post); /* so far only whom it answers has heard of it */
    if (!is_hidden)
        e = group_distribute(txn, fed, post, type, json, now_ms);
    if (e || group_is_hosted(txn, post))
        return e; /* to its members it goes through the group, and to nobody else */
    if (is_hidden && consent_owner(txn, post, CONSENT_REPLY).v)
        e = destinations_add_actor(txn, &list, consent_owner(txn, post, CONSENT_REPLY), &arena);
    if (!is_hidden)
        e = destinations_add_audience(txn, &list, post, &arena);
    if (!e && !is_hidden && strcmp(type, "Create") == 0)
        e = act_relay_post(txn, fed, post, &list, now_ms, &arena);
    if (!e)
        e = destinations_add_thread_owner(txn, &list, post, &arena);
    /* Who got it must hear of it, follower or not; but new words only who may read them. */
    bool is_known = strcmp(type, "Delete") == 0 ||
                    (strcmp(type, "Create") != 0 && audience_may_read(txn, post, (actor_id){0}));
    if (!e && is_known)
        e = destinations_add_ledger(txn, &list, (post_id){post->id}, &arena);
    if (!e && is_known)
        e = destinations_add_fetched(txn, &list, (post_id){post->id}, &arena);
    if (e)
        return e;

    OutJob job = OUT_JOB__INIT;
    size_t queued;
    job.actor = post->author;
    job.activity_type = (char *)type;
    job.activity_uri = (char *)activity_uri;
    job.object = post->id;
    job.subject = post->id;
    job.visibility = strcmp(type, "Delete") == 0 ? VISIBILITY__PUBLIC : post->visibility;
    job.is_to_followers = post->visibility == VISIBILITY__FOLLOWERS && !post->audience_of;
    return destinations_queue(txn, fed, &list, json, &job, now_ms, &queued);
}

static enum err set_translations(struct post_local *p, Post *post)
{
    post->translations = p->translations;
    post->n_translations = p->draft->translation_count;
    for (size_t i = 0; i < post->n_translations; i++)
        if (strcasecmp(post->translations[i]->language, post->language) == 0)
            return why_set(&p->why, ERR_INVALID, "the text itself is in %s", post->language);
    return OK;
}

/* ERR_EXISTS: this request was answered before. */
static enum err check_once(struct txn *txn, struct post_local *p, struct arena *arena)
{
    const struct post_once *once = &p->draft->once;
    Idempotency *first;
    if (!once->key)
        return OK;
    enum err e = idempotency_get(txn, once->token, once->key, p->now_ms, arena, &first);
    if (e)
        return e == ERR_NOTFOUND ? OK : e;
    p->is_repeated = true;
    p->id = (post_id){first->post};
    return ERR_EXISTS;
}

/* With the post, so that it is made once whatever stops in between. */
static enum err settle_once(struct txn *txn, const struct post_local *p, const Post *post)
{
    const struct post_draft *draft = p->draft;
    Idempotency row = IDEMPOTENCY__INIT;
    enum err e = OK;
    if (draft->scheduled)
        e = scheduled_del(txn, draft->author, draft->scheduled);
    if (e || !draft->once.key)
        return e;
    row.token = draft->once.token;
    row.key = (char *)draft->once.key;
    row.post = post->id;
    row.created_ms = p->now_ms;
    return idempotency_put(txn, &row);
}

/* What is so whatever the post answers. */
static void take_draft(const struct post_local *p, const Actor *who, const Account *account,
                       struct arena *arena, Post *post)
{
    post->uri = arena_printf(arena, "%s/posts/%llu", who->uri, (unsigned long long)post->id);
    post->url = post->uri;
    post->poll = act_poll_of_draft(p->draft, arena);
    post->type = (char *)(post->poll ? "Question" : "Note");
    post->author = who->id;
    post->content_html = (char *)p->html;
    post->source = (char *)p->draft->source;
    post->source_type = (char *)(p->draft->syntax == MARKUP_PLAIN ? "text/plain" : "text/markdown");
    post->summary = (char *)(p->draft->summary ? p->draft->summary : "");
    post->is_sensitive = p->draft->is_sensitive || *post->summary;
    post->application = p->draft->application;
    post->language = (char *)(p->draft->language ? p->draft->language : account->language);
    post->visibility = p->draft->visibility;
    post->published_ms = p->draft->published_ms ? p->draft->published_ms : p->now_ms;
    post->received_ms = p->now_ms;
    post->is_local = true;
    post->tags = (char **)p->markup->folded_tags;
    post->n_tags = p->markup->tag_count;
    post->mentions = arena_calloc(arena, p->mentioned_count + 2, sizeof *post->mentions);
}

static enum err post_local_apply(struct txn *txn, struct mutation *m)
{
    struct post_local *p = container_of(m, struct post_local, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(8 * 1024 * 1024);
    Post post = POST__INIT;
    Account *account;
    Actor *who;
    uint64_t id;
    p->parent = NULL;
    p->why.text[0] = '\0';
    p->is_repeated = false;
    enum err e = check_once(txn, p, &arena);
    if (!e)
        e = actor_get(txn, p->draft->author, &arena, &who);
    if (!e)
        e = account_get(txn, p->draft->author, &arena, &account);
    if (!e)
        e = id_next(txn, p->now_ms, &id);
    if (e)
        return e;
    if (account->is_disabled || who->moved_to[0])
        return ERR_DENIED;

    post.id = id;
    take_draft(p, who, account, &arena, &post);
    if (p->draft->in_reply_to.v)
        e = set_parent(txn, p, &arena, &post);
    else /* it begins a thread, which is ours to list (document/thread.h) */
        post.context = arena_printf(&arena, "%s/context", post.uri);
    if (!e)
        e = set_translations(p, &post);
    if (!e)
        e = set_mentions(txn, p, &arena, &post);
    if (!e)
        e = act_group_choose(txn, p->draft->group, p->parent, &arena, &post, &p->why);
    if (!e)
        e = act_quote_choose(txn, p->draft->quote_of, &arena, &post, &p->why);
    if (!e && post.visibility == VISIBILITY__DIRECT && !post.n_mentions &&
        !p->draft->may_address_nobody)
        e = ERR_INVALID;
    if (e)
        return e;
    Actor *owner = who;
    if (post.audience_of)
        e = actor_get(txn, (actor_id){post.audience_of}, &arena, &owner);
    if (e)
        return e;
    set_audience(&arena, who, owner, &post);
    InteractionPolicy policy = INTERACTION_POLICY__INIT;
    act_policy_merge(&policy, p->draft->policy, account->policy);
    post.policy = p->draft->policy || account->policy ? &policy : NULL;
    e = act_post_attach(txn, p->fed, p->draft, &post, &arena, p->now_ms);
    if (!e)
        e = act_emoji_choose(txn, p->fed, &arena, &post);
    if (!e)
        e = act_post_store(txn, &post, p->now_ms);
    if (!e)
        e = preview_want(txn, p->fed, NULL, &post, p->now_ms);
    if (!e)
        e = act_quote_authorize(txn, &post, &arena);
    if (!e)
        e = act_post_send(txn, p->fed, &post, who, p->now_ms);
    if (!e)
        e = settle_once(txn, p, &post);
    p->id = (post_id){post.id};
    return e;
}

/* Looks a handle up in the store, then (when allowed) out there. */
static enum err find_mentioned(struct federation *fed, const char *handle, act_resolve *resolve,
                               actor_id *out, struct why *why)
{
    struct txn *txn = NULL;
    enum err e = engine_read_begin(fed->engine, &txn);
    if (e)
        return why_set(why, e, "the store cannot be read");
    e = actor_find_handle(txn, handle, out);
    txn_end(&txn);
    return e && resolve ? resolve(fed, handle, out, why) : e;
}

enum err act_markup(struct federation *fed, const char *source, act_resolve *resolve,
                    struct arena *arena, struct markup *markup, actor_id *mentioned,
                    size_t *mentioned_count, const char **html, struct why *why)
{
    if (!utf8_check(bytes_of(source)))
        return why_set(why, ERR_INVALID, "the text is not UTF-8");
    if (strlen(source) > ACT_POST_MAX_BYTES)
        return why_set(why, ERR_INVALID, "the text is longer than %d bytes", ACT_POST_MAX_BYTES);
    enum err e = markup->syntax == MARKUP_PLAIN ? markup_scan_plain(source, arena, markup)
                                                : markup_scan(source, arena, markup);
    if (e)
        return why_set(why, e, "the text cannot be read");
    for (size_t i = 0; i < markup->mention_count; i++) {
        AUTO(txn_end) struct txn *txn = NULL;
        Actor *actor;
        actor_id id;
        if (find_mentioned(fed, markup->mentions[i].handle, resolve, &id, NULL) ||
            engine_read_begin(fed->engine, &txn) || actor_get(txn, id, arena, &actor))
            continue; /* stays text */
        markup->mentions[i].url = actor->url[0] ? actor->url : actor->uri;
        mentioned[(*mentioned_count)++] = id;
    }
    AUTO(buf_clear) struct buf out = BUF_INIT(8 * ACT_POST_MAX_BYTES);
    e = markup_render(markup, arena_printf(arena, "%s/tags/", federation_base(fed, arena)), &out,
                      why);
    if (e)
        return e;
    *html = arena_strdup(arena, buf_text(&out));
    return *html ? OK : why_set(why, ERR_LIMIT, "the text is too long");
}

static enum err add_recipients(struct post_local *p, act_resolve *resolve, struct why *why)
{
    if (p->draft->to_count > AS2_RECIPIENTS_MAX)
        return why_set(why, ERR_INVALID, "more than %d recipients", AS2_RECIPIENTS_MAX);
    for (size_t i = 0; i < p->draft->to_count; i++) {
        const char *handle = p->draft->to[i] + (p->draft->to[i][0] == '@');
        struct why step = {""};
        actor_id id;
        enum err e = find_mentioned(p->fed, handle, resolve, &id, &step);
        if (e)
            return why_set(why, e, "%s: %s", handle, step.text[0] ? step.text : "not found");
        p->mentioned[p->mentioned_count++] = id;
    }
    return OK;
}

enum err act_post_local(struct federation *fed, const struct post_draft *draft,
                        act_resolve *resolve, const struct by *by, post_id *out, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(8 * 1024 * 1024);
    struct markup markup = {.syntax = draft->syntax};
    struct post_local p = {.mutation = {.apply = post_local_apply},
                           .fed = fed,
                           .draft = draft,
                           .arena = &arena,
                           .markup = &markup,
                           .now_ms = clock_ms()};
    if (!*draft->source && !draft->media_count && !draft->option_count)
        return why_set(why, ERR_INVALID, "the text is empty");
    enum err e = act_markup(fed, draft->source, resolve, &arena, &markup, p.mentioned,
                            &p.mentioned_count, &p.html, why);
    if (!e)
        e = add_recipients(&p, resolve, why);
    if (!e)
        e = act_poll_check(draft, p.now_ms, why);
    if (!e)
        e = act_translate(fed, draft, resolve, &arena, &p.translations, why);
    if (e)
        return e;
    e = act_run(fed, &p.mutation, by, "post.create", NULL);
    if (!e || p.is_repeated)
        *out = p.id;
    if (e && p.why.text[0])
        return why_set(why, e, "%s", p.why.text);
    if (e == ERR_NOTFOUND)
        return why_set(why, e, "the author or the post replied to does not exist");
    if (e == ERR_INVALID)
        return why_set(why, e, "a direct post needs a recipient: --to NAME@HOST or a mention");
    if (e == ERR_DENIED)
        return why_set(why, e, "the account is disabled, or has moved");
    return e ? why_set(why, e, "the store refused: %s", err_name(e)) : OK;
}
