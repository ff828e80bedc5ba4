/*
 * note - what a foreign note becomes here: harmless, and with everything it says about itself.
 */
#include "federation/act/post.h"
#include "federation/group.h"
#include "federation/sanitize.h"

#include <string.h>
#include <strings.h>

#define TITLE_MAX 500
#define TRANSLATIONS_MAX_BYTES (128 * 1024) /* of one post: it is read with every page it is on */

enum { EVERYONE = 1, FOLLOWERS = 2, FOLLOWED = 4, MENTIONED = 8 }; /* schema.proto, Interaction */

static char **copy_list(struct arena *arena, const struct as2_list *list)
{
    char **out = arena_calloc(arena, list->n, sizeof *out);
    for (size_t i = 0; i < list->n; i++)
        out[i] = arena_strdup(arena, list->item[i]);
    return out;
}

/* Whoever is named in a Mention tag, and every one of ours in to or cc: they may read it. */
static enum err note_mentions(struct txn *txn, const struct as2_note *note, struct arena *arena,
                              Post *post)
{
    size_t room = note->tag_count + note->to.n + note->cc.n;
    post->mentions = arena_calloc(arena, room, sizeof *post->mentions);
    for (size_t i = 0; i < room; i++) {
        bool is_tag = i < note->tag_count;
        const char *uri = is_tag ? (note->tags[i].kind == AS2_MENTION ? note->tags[i].href : NULL)
                          : i - note->tag_count < note->to.n
                              ? note->to.item[i - note->tag_count]
                              : note->cc.item[i - note->tag_count - note->to.n];
        actor_id id;
        if (!uri || actor_find(txn, uri, &id) || act_mention_has(post, id.v))
            continue;
        enum err e = act_mention_add(txn, id, !is_tag, arena, post);
        if (e)
            return e;
    }
    return OK;
}

static void note_tags(const struct as2_note *note, struct arena *arena, Post *post)
{
    post->tags = arena_calloc(arena, note->tag_count, sizeof *post->tags);
    post->emoji = arena_calloc(arena, note->tag_count, sizeof *post->emoji);
    for (size_t i = 0; i < note->tag_count; i++) {
        const struct as2_tag *tag = &note->tags[i];
        const char *folded;
        if (tag->kind == AS2_HASHTAG && (folded = tag_fold(tag->name, arena)))
            post->tags[post->n_tags++] = (char *)folded;
        if (tag->kind == AS2_EMOJI && tag->href) {
            Emoji *emoji = arena_alloc(arena, sizeof *emoji);
            if (!emoji)
                return;
            emoji__init(emoji);
            emoji->shortcode = (char *)sanitize_line(tag->name, 64, arena);
            emoji->url = arena_strdup(arena, tag->href);
            post->emoji[post->n_emoji++] = emoji;
        }
    }
}

static char *or_empty(struct arena *arena, const char *text)
{
    return arena_strdup(arena, text ? text : "");
}

static void note_attachments(const struct as2_note *note, struct arena *arena, Post *post)
{
    post->attachments = arena_calloc(arena, note->attachment_count, sizeof *post->attachments);
    for (size_t i = 0; i < note->attachment_count; i++) {
        const struct as2_attachment *from = &note->attachments[i];
        Attachment *to = arena_alloc(arena, sizeof *to);
        if (!to)
            return;
        attachment__init(to);
        to->url = or_empty(arena, from->url);
        to->media_type = or_empty(arena, from->media_type);
        to->description = (char *)sanitize_line(from->description ? from->description : "",
                                                ACT_ALT_MAX_CHARACTERS, arena);
        to->blurhash = or_empty(arena, from->blurhash);
        to->width = from->width;
        to->height = from->height;
        to->focus_x = from->focus_x;
        to->focus_y = from->focus_y;
        post->attachments[post->n_attachments++] = to;
    }
}

/* PeerTube's; mentions and tags stay text, its own lists say who and what is meant. */
static enum err render_markdown(const char *source, struct arena *arena, struct buf *html)
{
    struct markup *markup = arena_alloc(arena, sizeof *markup);
    enum err e = markup ? markup_scan(source, arena, markup) : ERR_LIMIT;
    return e ? e : markup_render(markup, "", html, NULL);
}

/* `text` in whatever the note says it is written in, as harmless HTML. NULL: it cannot be. */
static char *harmless(const struct as2_note *note, const char *text, struct arena *arena,
                      struct why *why)
{
    AUTO(buf_clear) struct buf html = BUF_INIT(4 * SANITIZE_IN_MAX_BYTES);
    bool is_markdown = note->content_type && strcasecmp(note->content_type, "text/markdown") == 0;
    bool is_plain = note->content_type && strcasecmp(note->content_type, "text/plain") == 0;
    if (is_plain || (is_markdown && render_markdown(text, arena, &html) != OK)) {
        buf_reset(&html);
        html_escape(text, &html);
    } else if (!is_markdown && sanitize_html(text, &html, why)) {
        return NULL;
    }
    return arena_strdup(arena, buf_text(&html));
}

static char *line_of(const char *text, size_t max, struct arena *arena)
{
    return (char *)sanitize_line(text ? text : "", max, arena);
}

static enum err note_content(const struct as2_note *note, struct arena *arena, Post *post,
                             struct why *why)
{
    post->content_html = harmless(note, note->content ? note->content : "", arena, why);
    if (!post->content_html)
        return arena->is_full ? ERR_LIMIT : ERR_INVALID;
    post->summary = line_of(note->summary, TITLE_MAX, arena);
    post->name = line_of(note->name, TITLE_MAX, arena);
    post->language = or_empty(arena, note->language);
    post->url = uri_check(note->url, URI_HTTP_TOO, NULL) ? or_empty(arena, note->id)
                                                         : or_empty(arena, note->url);
    post->is_cut = note->is_cut;
    return OK;
}

/* One that cannot be shown is left out: the post is there without it. */
static void note_translations(const struct as2_note *note, struct arena *arena, Post *post)
{
    size_t room = TRANSLATIONS_MAX_BYTES;
    post->translations = arena_calloc(arena, note->translation_count, sizeof *post->translations);
    for (size_t i = 0; post->translations && i < note->translation_count; i++) {
        LanguageText *to = arena_alloc(arena, sizeof *to);
        if (!to)
            return;
        language_text__init(to);
        to->language = or_empty(arena, note->translations[i].language);
        to->content_html = harmless(note, note->translations[i].text, arena, NULL);
        size_t n = to->content_html ? strlen(to->content_html) : SIZE_MAX;
        if (n > room)
            continue;
        post->translations[post->n_translations++] = to;
        room -= n;
    }
}

/* Names stay as they were sent: a vote repeats them to the byte. */
static void note_poll(const struct as2_note *note, struct arena *arena, Post *post)
{
    const struct as2_poll *from = note->poll;
    Poll *poll = from ? arena_alloc(arena, sizeof *poll) : NULL;
    if (!poll)
        return;
    poll__init(poll);
    poll->options = arena_calloc(arena, from->option_count, sizeof *poll->options);
    for (size_t i = 0; poll->options && i < from->option_count; i++) {
        PollOption *option = arena_alloc(arena, sizeof *option);
        if (!option)
            return;
        poll_option__init(option);
        option->name = or_empty(arena, from->options[i].name);
        option->votes = from->options[i].votes;
        poll->options[poll->n_options++] = option;
    }
    poll->is_multiple = from->is_multiple;
    poll->ends_ms = from->ends_ms;
    poll->closed_ms = from->closed_ms;
    poll->voters = from->voters;
    post->poll = poll;
}

static void note_event(const struct as2_note *note, struct arena *arena, Post *post)
{
    bool has_time = !note->poll; /* a poll's end is the poll's */
    post->starts_ms = has_time ? note->starts_ms : 0;
    post->ends_ms = has_time ? note->ends_ms : 0;
    post->location = line_of(note->location, TITLE_MAX, arena);
}

/* Who is mentioned may, when every one of them is listed: a policy is never read wider. */
static bool are_mentions_listed(const struct as2_note *note, const struct as2_list *list)
{
    bool is_any = false;
    for (size_t i = 0; i < note->tag_count; i++) {
        if (note->tags[i].kind != AS2_MENTION)
            continue;
        if (!as2_list_has(list, note->tags[i].href))
            return false;
        is_any = true;
    }
    return is_any;
}

static uint32_t policy_bits(const struct as2_note *note, const struct as2_list *list,
                            const Actor *author)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < list->n; i++) {
        const char *uri = list->item[i];
        if (strcmp(uri, AS2_PUBLIC) == 0)
            bits |= EVERYONE;
        else if (strcmp(uri, author->followers) == 0)
            bits |= FOLLOWERS;
        else if (strcmp(uri, author->following) == 0)
            bits |= FOLLOWED;
    }
    return are_mentions_listed(note, list) ? bits | MENTIONED : bits;
}

/* NULL: nothing was said, so that everyone may. */
static Interaction *note_interaction(const struct as2_note *note,
                                     const struct as2_interaction *said, const Actor *author,
                                     struct arena *arena)
{
    Interaction *out = said->is_said ? arena_alloc(arena, sizeof *out) : NULL;
    if (!out)
        return NULL;
    interaction__init(out);
    out->automatic = policy_bits(note, &said->automatic, author);
    out->manual = policy_bits(note, &said->manual, author);
    return out;
}

static void note_policy(const struct as2_note *note, const Actor *author, struct arena *arena,
                        Post *post)
{
    InteractionPolicy *policy = arena_alloc(arena, sizeof *policy);
    if (!policy)
        return;
    interaction_policy__init(policy);
    policy->reply = note_interaction(note, &note->policy.reply, author, arena);
    policy->boost = note_interaction(note, &note->policy.boost, author, arena);
    policy->quote = note_interaction(note, &note->policy.quote, author, arena);
    policy->like = note_interaction(note, &note->policy.like, author, arena);
    if (policy->reply || policy->boost || policy->quote || policy->like)
        post->policy = policy;
}

/* What it answers and quotes; both may be known only later. */
static void note_relations(struct txn *txn, const struct as2_note *note, struct arena *arena,
                           Post *post)
{
    post_id known;
    post->in_reply_to_uri = or_empty(arena, note->in_reply_to);
    if (note->in_reply_to && post_find(txn, note->in_reply_to, &known) == OK)
        post->in_reply_to = known.v;
    post->context = or_empty(arena, note->context);
    bool is_own = note->replies && note->id && uri_same_host(note->replies, note->id);
    post->replies = or_empty(arena, is_own ? note->replies : NULL);
    post->quote_uri = or_empty(arena, note->quote);
    if (note->quote && post_find(txn, note->quote, &known) == OK)
        post->quote_of = known.v;
    post->quote_approval_uri = or_empty(arena, note->quote_authorization);
    post->reply_approval_uri = or_empty(arena, note->reply_authorization);
}

static void note_audience(struct txn *txn, const struct as2_note *note, const Actor *author,
                          struct arena *arena, Post *post)
{
    struct audience audience = audience_of_note(txn, note, author);
    post->visibility = audience.visibility;
    post->audience_of = audience.of.v == author->id ? 0 : audience.of.v;
    post->to = copy_list(arena, &note->to);
    post->n_to = note->to.n;
    post->cc = copy_list(arena, &note->cc);
    post->n_cc = note->cc.n;
}

enum err act_post_from_note(struct act *act, struct txn *txn, const struct as2_note *note,
                            actor_id author, Post **out, struct why *why)
{
    struct arena *arena = &act->arena;
    Post *post = arena_alloc(arena, sizeof *post);
    Actor *who;

    post__init(post);
    enum err e = actor_get(txn, author, arena, &who);
    if (!e)
        e = note_content(note, arena, post, why);
    if (!e)
        e = note_mentions(txn, note, arena, post);
    if (e)
        return e;
    note_tags(note, arena, post);
    note_attachments(note, arena, post);
    note_translations(note, arena, post);
    note_poll(note, arena, post);
    note_event(note, arena, post);
    note_policy(note, who, arena, post);
    note_relations(txn, note, arena, post);
    note_audience(txn, note, who, arena, post);
    post->uri = or_empty(arena, note->id);
    post->type = or_empty(arena, note->type);
    post->author = author.v;
    post->is_sensitive = note->is_sensitive || *post->summary;
    post->group = group_of_note(txn, note, post).v;
    post->published_ms = note->published_ms;
    if (!post->published_ms || post->published_ms > act->now_ms)
        post->published_ms = act->now_ms;
    post->updated_ms = note->updated_ms > note->published_ms ? note->updated_ms : 0;
    post->received_ms = act->now_ms;
    if (arena->is_full)
        return why_set(why, ERR_LIMIT, "the post is too large");
    *out = post;
    return OK;
}
