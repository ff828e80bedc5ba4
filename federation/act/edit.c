/*
 * edit - an Update: of a post by its stored author, or of an actor by itself. The newest `updated`
 * wins whatever the order (T39); author, date and audience stay as they are stored (T38).
 */
#include "federation/act/post.h"

#include "federation/act/vote.h"
#include "federation/consent.h"
#include "federation/group.h"
#include "federation/preview.h"
#include "federation/resolve.h"
#include "federation/sanitize.h"
#include "storage/base/clock.h"
#include "storage/media.h"
#include "storage/poll.h"

#include <stdio.h>
#include <string.h>

#define TOLD_MAX 1000 /* boosters looked at, of a post that was edited */

/* What an edit may change, from `from` to `to`. */
static void take_content(Post *to, const Post *from)
{
    to->content_html = from->content_html;
    to->source = from->source;
    to->summary = from->summary;
    to->name = from->name;
    to->language = from->language;
    to->is_sensitive = from->is_sensitive;
    to->tags = from->tags;
    to->n_tags = from->n_tags;
    to->emoji = from->emoji;
    to->n_emoji = from->n_emoji;
    to->attachments = from->attachments;
    to->n_attachments = from->n_attachments;
    to->translations = from->translations;
    to->n_translations = from->n_translations;
    to->poll = from->poll;
    to->policy = from->policy;
    to->starts_ms = from->starts_ms;
    to->ends_ms = from->ends_ms;
    to->location = from->location;
    to->is_cut = from->is_cut;
    to->updated_ms = from->updated_ms;
}

static bool is_same_text(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* Does it say what the other says, whatever the votes? */
static bool is_same_content(const Post *a, const Post *b)
{
    return is_same_text(a->content_html, b->content_html) && is_same_text(a->summary, b->summary) &&
           is_same_text(a->name, b->name) && a->is_sensitive == b->is_sensitive &&
           a->n_attachments == b->n_attachments && a->n_tags == b->n_tags;
}

/*
 * Votes are only ever added, and nobody says when they were counted: of two counts of one poll the
 * higher is the later one, whichever came first. True when `from` knew more than `to`.
 */
static bool take_votes(Poll *to, const Poll *from)
{
    bool is_new = from->voters > to->voters || (from->closed_ms && !to->closed_ms);
    for (size_t i = 0; i < to->n_options; i++) {
        is_new |= from->options[i]->votes > to->options[i]->votes;
        if (from->options[i]->votes > to->options[i]->votes)
            to->options[i]->votes = from->options[i]->votes;
    }
    if (from->voters > to->voters)
        to->voters = from->voters;
    if (!to->closed_ms)
        to->closed_ms = from->closed_ms;
    return is_new;
}

/* ---- shared ---- */

/* Those of ours who boosted what says something else now: each version is told once. */
static enum err tell_boosters(struct txn *txn, const Post *post, int64_t now_ms)
{
    struct edge_key key = {EDGE_BOOST, 0, post->id};
    char version[24];
    enum err e = OK;
    snprintf(version, sizeof version, "%lld", (long long)post->updated_ms);
    for (unsigned i = 0; !e && i < TOLD_MAX; i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
        Actor *booster;
        e = edge_rev_next(txn, &key);
        if (!e)
            e = actor_get(txn, (actor_id){key.who}, &arena, &booster);
        if (!e)
            e = act_notify_text(txn, booster, NOTIFICATION_TYPE__UPDATE, (actor_id){post->author},
                                (post_id){post->id}, version, now_ms);
    }
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err replace(struct txn *txn, Post *post, int64_t now_ms)
{
    enum err e = post_edit(txn, post, now_ms);
    return e ? e : tell_boosters(txn, post, now_ms);
}

/* ---- remote door ---- */

/* Its Create is still on the way, or never came: the content is here. */
static enum err store_edited(struct txn *txn, Post *edited, bool is_dated, int64_t now_ms,
                             const char **out_outcome)
{
    if (edited->poll && !is_dated)
        edited->updated_ms = 0; /* nothing says that it was edited: votes were counted */
    enum err e = act_post_store(txn, edited, now_ms);
    *out_outcome = e == ERR_DENIED ? "ignored: deleted" : "stored from its Update";
    return e == ERR_DENIED ? OK : e;
}

/* A poll is sent again whenever votes were counted, mostly as an Update that edits nothing. */
static enum err edit_votes(struct txn *txn, Post *stored, const Post *edited,
                           const char **out_outcome)
{
    bool is_new = take_votes(stored->poll, edited->poll);
    *out_outcome = is_new ? "votes counted" : "ignored: nothing new";
    return is_new ? poll_put(txn, stored) : OK;
}

static enum err edit_stored(struct txn *txn, Post *stored, Post *edited, bool is_dated,
                            int64_t now_ms, const char **out_outcome)
{
    int64_t current = stored->updated_ms ? stored->updated_ms : stored->published_ms;
    bool is_same_poll =
        stored->poll && edited->poll && poll_has_same_options(stored->poll, edited->poll);
    bool is_newer = edited->updated_ms > current;
    if (is_same_poll && ((is_dated && !is_newer) || (!is_dated && stored->updated_ms) ||
                         is_same_content(stored, edited)))
        return edit_votes(txn, stored, edited, out_outcome);
    if (!is_newer) {
        *out_outcome = "ignored: older than what is stored";
        return OK;
    }
    if (is_same_poll) /* `edited` may know less: it was sent before the last votes came */
        take_votes(edited->poll, stored->poll);
    take_content(stored, edited);
    *out_outcome = "edited";
    return replace(txn, stored, now_ms);
}

enum err act_edit_store(struct txn *txn, const Post *version, int64_t now_ms,
                        const char **out_outcome)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4 * 1024 * 1024);
    Post edited = *version, *stored;
    bool is_dated = edited.updated_ms && edited.updated_ms != edited.received_ms;
    post_id id;
    enum err e = post_find(txn, edited.uri, &id);
    if (e == ERR_NOTFOUND)
        return store_edited(txn, &edited, is_dated, now_ms, out_outcome);
    if (!e)
        e = post_get(txn, id, &arena, &stored);
    if (e)
        return e;
    if (stored->author != edited.author) {
        *out_outcome = "ignored: not the author";
        return OK;
    }
    e = consent_update(txn, stored, &edited, now_ms);
    return e ? e : edit_stored(txn, stored, &edited, is_dated, now_ms, out_outcome);
}

/* What stands now is handed on by the group it is in, when that is ours. */
static enum err distribute(struct txn *txn, const struct act *act, const Post *version)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(2 * 1024 * 1024);
    Post *stored;
    post_id id;
    enum err e = post_find(txn, version->uri, &id);
    if (!e)
        e = post_get(txn, id, &arena, &stored);
    if (e || stored->updated_ms != version->updated_ms || stored->author != version->author)
        return e == ERR_NOTFOUND ? OK : e;
    return group_distribute(txn, act->fed, stored, "Update", act->body, act->now_ms);
}

static enum err edit_post_apply(struct txn *txn, struct act *act)
{
    enum err e = act_edit_store(txn, act->state, act->now_ms, &act->outcome);
    return e ? e : distribute(txn, act, act->state);
}

static enum err edit_actor_apply(struct txn *txn, struct act *act)
{
    Actor actor = *(const Actor *)act->state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    Actor *stored;
    enum err e = actor_get(txn, act->who, &arena, &stored);
    if (e)
        return e;
    actor.id = stored->id;
    actor.created_ms = stored->created_ms;
    actor.suspended_ms = stored->suspended_ms;
    actor.deleted_ms = stored->deleted_ms;
    actor.key_refetched_ms = stored->key_refetched_ms;
    actor.moved_ms = stored->moved_ms;
    actor.followers_asked_ms = stored->followers_asked_ms;
    if (!actor.n_keys) { /* left out, not taken back: a fetch of the document would tell */
        actor.n_keys = stored->n_keys;
        actor.keys = stored->keys;
    }
    act->outcome = "profile updated";
    return actor_put(txn, &actor, act->now_ms);
}

enum act_verdict act_edit_remote(struct act *act, struct txn *txn, struct act_answer *answer,
                                 struct why *why)
{
    const struct as2_activity *activity = act->activity;
    Post *post;
    Actor *actor;

    if (activity->object_kind == AS2_OBJECT_ACTOR) {
        if (!activity->object_id || strcmp(activity->object_id, activity->actor) != 0 ||
            resolve_check_actor(act->fed, activity->actor, activity->person, &act->arena, &actor,
                                why)) {
            answer->status = 403;
            if (why && !why->text[0])
                why_set(why, ERR_DENIED, "an actor may update only itself");
            return ACT_REJECT;
        }
        act->state = actor;
        act->apply = edit_actor_apply;
        return ACT_DONE;
    }
    if (activity->object_kind != AS2_OBJECT_NOTE) {
        act->outcome = "ignored: not a kind of object that is shown";
        return ACT_DONE;
    }
    if (act_check_note(act, activity->note, answer, why) == ACT_REJECT)
        return ACT_REJECT;
    if (act_post_from_note(act, txn, activity->note, act->who, &post, why)) {
        answer->status = 400;
        return ACT_REJECT;
    }
    if (!activity->note->updated_ms) /* some servers do not say when: then it is now */
        post->updated_ms = act->now_ms;
    act->state = post;
    act->apply = edit_post_apply;
    return ACT_DONE;
}

/* ---- local door ---- */

struct edit_local {
    struct mutation mutation;
    struct federation *fed;
    actor_id who;
    post_id post;
    const struct edit_draft *draft;
    const char *html;
    const struct markup *markup;
    int64_t now_ms;
    struct why why;
};

static Attachment *find_attachment(const Post *post, uint64_t media)
{
    for (size_t i = 0; i < post->n_attachments; i++)
        if (post->attachments[i]->media == media)
            return post->attachments[i];
    return NULL;
}

static void describe(const struct edit_media *from, struct arena *arena, Attachment *to)
{
    if (from->description)
        to->description = (char *)sanitize_line(from->description, ACT_ALT_MAX_CHARACTERS, arena);
    if (from->has_focus) {
        to->focus_x = from->focus_x;
        to->focus_y = from->focus_y;
    }
}

/* Files that are in the post no more wait for another one. */
static enum err drop_media(struct txn *txn, const Post *before, const Post *after, int64_t now_ms)
{
    enum err e = OK;
    for (size_t i = 0; !e && i < before->n_attachments; i++)
        if (before->attachments[i]->media && !find_attachment(after, before->attachments[i]->media))
            e = media_detach(txn, before->attachments[i], now_ms);
    return e;
}

static enum err set_media(struct txn *txn, struct edit_local *edit, const Post *before,
                          struct arena *arena, Post *after)
{
    const struct edit_draft *draft = edit->draft;
    if (!draft->media)
        return OK;
    after->n_attachments = 0;
    after->attachments = arena_calloc(arena, draft->media_count + 1, sizeof *after->attachments);
    for (size_t i = 0; after->attachments && i < draft->media_count; i++) {
        Attachment *kept = find_attachment(before, draft->media[i].id);
        enum err e = OK;
        if (find_attachment(after, draft->media[i].id))
            continue;
        if (kept)
            after->attachments[after->n_attachments++] = kept;
        else
            e = act_upload_attach(txn, edit->fed, draft->media[i].id, after, arena);
        if (e)
            return why_set(&edit->why, e, "a file is not there to be attached");
        describe(&draft->media[i], arena, after->attachments[after->n_attachments - 1]);
    }
    return drop_media(txn, before, after, edit->now_ms);
}

static void set_poll(const struct edit_local *edit, struct arena *arena, Post *post)
{
    Poll *poll = edit->draft->poll ? act_poll_of_draft(edit->draft->poll, arena) : NULL;
    if (!poll || (post->poll && poll_has_same_options(post->poll, poll)))
        return;
    post->poll = poll;
    post->type = (char *)"Question";
}

static void set_words(const struct edit_local *edit, Post *post)
{
    const struct edit_draft *draft = edit->draft;
    post->content_html = (char *)edit->html;
    post->source = (char *)draft->source;
    post->source_type = (char *)(draft->syntax == MARKUP_PLAIN ? "text/plain" : "text/markdown");
    if (draft->summary)
        post->summary = (char *)draft->summary;
    if (draft->language)
        post->language = (char *)draft->language;
    if (draft->is_sensitive >= 0)
        post->is_sensitive = draft->is_sensitive;
    post->is_sensitive |= post->summary[0] != '\0';
    post->tags = (char **)edit->markup->folded_tags;
    post->n_tags = edit->markup->tag_count;
}

static enum err edit_local_apply(struct txn *txn, struct mutation *m)
{
    struct edit_local *edit = container_of(m, struct edit_local, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4 * 1024 * 1024);
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    Post *post;
    Actor *who;
    edit->why.text[0] = '\0';
    enum err e = post_get(txn, edit->post, &arena, &post);
    if (!e)
        e = actor_get(txn, edit->who, &arena, &who);
    if (e)
        return e;
    if (post->author != edit->who.v || post->boost_of)
        return ERR_DENIED;

    Post edited = *post;
    set_words(edit, &edited);
    set_poll(edit, &arena, &edited);
    edited.updated_ms = edit->now_ms > post->updated_ms ? edit->now_ms : post->updated_ms + 1;
    e = set_media(txn, edit, post, &arena, &edited);
    if (!e && !edited.source[0] && !edited.n_attachments && !edited.poll)
        e = why_set(&edit->why, ERR_INVALID, "the text is empty");
    if (!e)
        e = act_emoji_choose(txn, edit->fed, &arena, &edited);
    if (!e)
        e = preview_want(txn, edit->fed, post, &edited, edit->now_ms);
    if (!e)
        e = replace(txn, &edited, edit->now_ms);
    if (!e)
        e = document_update(&edited, who, &json);
    if (e)
        return e;
    const char *uri =
        arena_printf(&arena, "%s#updates/%lld", edited.uri, (long long)edited.updated_ms);
    return act_post_queue(txn, edit->fed, &edited, "Update", uri, buf_bytes(&json), edit->now_ms);
}

enum err act_edit_draft_local(struct federation *fed, actor_id who, post_id post,
                              const struct edit_draft *draft, act_resolve *resolve,
                              const struct by *by, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(8 * 1024 * 1024);
    struct markup markup = {.syntax = draft->syntax};
    actor_id mentioned[MARKUP_MENTIONS_MAX]; /* linked, but an edit does not widen the audience */
    size_t mentioned_count = 0;
    struct edit_local edit = {.mutation = {.apply = edit_local_apply},
                              .fed = fed,
                              .who = who,
                              .post = post,
                              .draft = draft,
                              .markup = &markup,
                              .now_ms = clock_ms()};
    enum err e = draft->poll ? act_poll_check(draft->poll, edit.now_ms, why) : OK;
    if (!e)
        e = act_markup(fed, draft->source, resolve, &arena, &markup, mentioned, &mentioned_count,
                       &edit.html, why);
    if (e)
        return e;
    char object[32];
    snprintf(object, sizeof object, "post %llu", (unsigned long long)post.v);
    e = act_run(fed, &edit.mutation, by, "post.edit", object);
    if (e && edit.why.text[0])
        return why_set(why, e, "%s", edit.why.text);
    if (e == ERR_NOTFOUND)
        return why_set(why, e, "there is no such post");
    if (e == ERR_DENIED)
        return why_set(why, e, "only its author can edit a post");
    return e ? why_set(why, e, "the store refused: %s", err_name(e)) : OK;
}

enum err act_edit_local(struct federation *fed, actor_id who, post_id post, const char *source,
                        const char *summary, act_resolve *resolve, const struct by *by,
                        struct why *why)
{
    const struct edit_draft draft = {.source = source, .summary = summary, .is_sensitive = -1};
    return act_edit_draft_local(fed, who, post, &draft, resolve, by, why);
}
