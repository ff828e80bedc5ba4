#include "federation/audience.h"
#include "federation/consent.h"
#include "federation/markup.h"
#include "federation/sanitize.h"
#include "node/api/entity.h"
#include "node/api/filter.h"
#include "node/api/media_url.h"
#include "node/api/status.h"
#include "storage/application.h"
#include "storage/edge.h"
#include "storage/quote.h"
#include "storage/stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ID_TEXT_BYTES 24
#define QUOTES_COUNT_MAX 1000 /* counted one by one; most posts have none */

/* A quote is shown whole, a quote inside it is named. */
enum status_depth { STATUS_WHOLE, STATUS_QUOTED };

static enum err status_members(struct jw *w, struct view *view, const Post *post, const Post *shown,
                               enum status_depth depth);

static void id_text(struct jw *w, const char *name, uint64_t id)
{
    char text[ID_TEXT_BYTES];
    snprintf(text, sizeof text, "%" PRIu64, id);
    if (id)
        jw_text(w, name, text);
    else
        jw_null(w, name);
}

static void text_or_null(struct jw *w, const char *name, const char *text)
{
    if (text && *text)
        jw_text(w, name, text);
    else
        jw_null(w, name);
}

const char *entity_visibility(Visibility visibility)
{
    switch (visibility) {
    case VISIBILITY__PUBLIC:
        return "public";
    case VISIBILITY__UNLISTED:
        return "unlisted";
    case VISIBILITY__DIRECT:
        return "direct";
    default:
        return "private";
    }
}

/* ---- what may be read ---- */

static bool has(struct view *view, enum edge_kind kind, uint64_t who, uint64_t whom)
{
    return edge_has(view->txn, (struct edge_key){kind, who, whom});
}

/* May the reader see it, and is its author in good standing? */
static enum err check_post(struct view *view, const Post *post)
{
    Actor *author;
    enum err e = view_actor(view, (actor_id){post->author}, &author);
    if (e)
        return e;
    bool is_shut_out = author->deleted_ms || author->suspended_ms ||
                       (view->reader.v && has(view, EDGE_BLOCK, author->id, view->reader.v));
    return is_shut_out || !audience_may_read(view->txn, post, view->reader) ? ERR_NOTFOUND : OK;
}

enum err status_get(struct view *view, post_id id, Post **out)
{
    Post *post, *shown;
    enum err e = post_get(view->txn, id, view->arena, &post);
    if (!e)
        e = check_post(view, post);
    if (!e && post->boost_of) {
        e = post_get(view->txn, (post_id){post->boost_of}, view->arena, &shown);
        if (!e)
            e = check_post(view, shown);
    }
    if (!e)
        *out = post;
    return e;
}

enum err status_get_shown(struct view *view, post_id id, Post **out)
{
    enum err e = status_get(view, id, out);
    return !e && (*out)->boost_of ? status_get(view, (post_id){(*out)->boost_of}, out) : e;
}

/* ---- its parts ---- */

static void mentions(struct jw *w, struct view *view, const Post *post)
{
    jw_list(w, "mentions");
    for (size_t i = 0; i < post->n_mentions; i++) {
        Actor *actor;
        if (!post->mentions[i]->actor ||
            view_actor(view, (actor_id){post->mentions[i]->actor}, &actor))
            continue;
        jw_object(w, NULL);
        id_text(w, "id", actor->id);
        jw_text(w, "username", actor->username);
        jw_text(w, "url", actor->url[0] ? actor->url : actor->uri);
        jw_text(w, "acct", entity_acct(view, actor));
        jw_object_end(w);
    }
    jw_list_end(w);
}

static void tags(struct jw *w, struct view *view, const Post *post)
{
    jw_list(w, "tags");
    for (size_t i = 0; i < post->n_tags; i++) {
        AUTO(buf_clear) struct buf url = BUF_INIT(4096);
        buf_str(&url, view->base);
        buf_str(&url, "/tags/");
        markup_tag_path(post->tags[i], &url);
        jw_object(w, NULL);
        jw_text(w, "name", post->tags[i]);
        jw_text(w, "url", buf_text(&url));
        jw_object_end(w);
    }
    jw_list_end(w);
}

static void of_reader(struct jw *w, struct view *view, const Post *post)
{
    uint64_t reader = view->reader.v;
    if (!reader)
        return;
    jw_bool(w, "favourited", has(view, EDGE_LIKE, reader, post->id));
    jw_bool(w, "reblogged", has(view, EDGE_BOOST, reader, post->id));
    jw_bool(w, "bookmarked", has(view, EDGE_BOOKMARK, reader, post->id));
    jw_bool(w, "muted", has(view, EDGE_THREAD_MUTE, reader, post->thread_root));
    if (post->author == reader)
        jw_bool(w, "pinned", has(view, EDGE_PIN, reader, post->id));
    entity_filtered(w, "filtered", view, post);
}

/* What it was written with is told to its author alone. */
static void application_of(struct jw *w, struct view *view, const Post *post)
{
    Application *application;
    if (!post->application || post->author != view->reader.v ||
        application_get(view->txn, post->application, view->arena, &application))
        return;
    jw_object(w, "application");
    jw_text(w, "name", application->name);
    text_or_null(w, "website", application->website);
    jw_object_end(w);
}

static void parent_of(struct jw *w, struct view *view, const Post *post)
{
    Post *parent;
    bool is_seen =
        post->in_reply_to && status_get(view, (post_id){post->in_reply_to}, &parent) == OK;
    id_text(w, "in_reply_to_id", is_seen ? parent->id : 0);
    id_text(w, "in_reply_to_account_id", is_seen ? parent->author : 0);
}

static void card(struct jw *w, struct view *view, const Post *post)
{
    const Card *c = post->card;
    if (!c || !c->url[0]) {
        jw_null(w, "card");
        return;
    }
    jw_object(w, "card");
    jw_text(w, "url", c->url);
    jw_text(w, "title", c->title);
    jw_text(w, "description", c->description);
    jw_text(w, "type", "link");
    jw_text(w, "author_name", c->author);
    jw_text(w, "author_url", "");
    jw_text(w, "provider_name", c->provider);
    jw_text(w, "provider_url", "");
    jw_text(w, "html", "");
    jw_number(w, "width", 0);
    jw_number(w, "height", 0);
    text_or_null(w, "image", c->image_url[0] ? media_url_picture(view, c->image_url) : NULL);
    jw_text(w, "embed_url", "");
    jw_null(w, "blurhash");
    jw_list(w, "authors");
    jw_list_end(w);
    jw_null(w, "published_at");
    jw_null(w, "language");
    jw_object_end(w);
}

/* What is no note has a title, which is part of what it says. */
static const char *content(struct view *view, const Post *post)
{
    AUTO(buf_clear) struct buf title = BUF_INIT(64 * 1024);
    if (!post->name[0])
        return post->content_html;
    html_escape(post->name, &title);
    const char *both = arena_printf(view->arena, "<p><strong>%s</strong></p>%s", buf_text(&title),
                                    post->content_html);
    return both ? both : post->content_html;
}

/* ---- quotes ---- */

static void quoters(struct jw *w, const char *name, const Interaction *said, bool is_open)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } groups[] = {{CONSENT_EVERYONE, "public"},
                  {CONSENT_FOLLOWERS, "followers"},
                  {CONSENT_FOLLOWED, "following"},
                  {CONSENT_MENTIONED, "unsupported_policy"}};
    uint32_t bits = 0;
    if (said && is_open)
        bits = strcmp(name, "manual") == 0 ? said->manual : said->automatic;
    jw_list(w, name);
    for (size_t i = 0; i < COUNT(groups); i++)
        if (bits & groups[i].bit)
            jw_text(w, NULL, groups[i].name);
    jw_list_end(w);
}

static void quote_approval(struct jw *w, struct view *view, const Post *post)
{
    static const char *const answers[] = {
        [CONSENT_YES] = "automatic", [CONSENT_ASK] = "manual", [CONSENT_NO] = "denied"};
    const Interaction *said = post->policy ? post->policy->quote : NULL;
    bool is_open =
        post->visibility == VISIBILITY__PUBLIC || post->visibility == VISIBILITY__UNLISTED;
    jw_object(w, "quote_approval");
    quoters(w, "automatic", said, is_open);
    quoters(w, "manual", said, is_open);
    jw_text(w, "current_user",
            view->reader.v ? answers[consent_judge(view->txn, post, CONSENT_QUOTE, view->reader)]
                           : "unknown");
    jw_object_end(w);
}

static unsigned count_quotes(struct view *view, const Post *post)
{
    const struct stream_key key = {STREAM_QUOTE, post->id};
    post_id at = {0};
    unsigned n = 0;
    while (n < QUOTES_COUNT_MAX && stream_above(view->txn, key, &at) == OK)
        n++;
    return n;
}

static const char *quote_state(struct view *view, const Post *post, Post **quoted)
{
    uint64_t reader = view->reader.v;
    Tombstone *gone;
    if (!post->quote_of)
        return tombstone_get(view->txn, post->quote_uri, view->arena, &gone) == OK ? "deleted"
                                                                                   : "pending";
    if (!consent_has_quote(post))
        return post->quote_approval == APPROVAL__ASKED ? "pending" : "rejected";
    if (status_get(view, (post_id){post->quote_of}, quoted))
        return "unauthorized";
    if (reader && has(view, EDGE_BLOCK, reader, (*quoted)->author))
        return "blocked_account";
    if (reader && has(view, EDGE_MUTE, reader, (*quoted)->author))
        return "muted_account";
    return "accepted";
}

static enum err quote(struct jw *w, struct view *view, const Post *post, enum status_depth depth)
{
    Post *quoted = NULL;
    enum err e = OK;
    if (!post->quote_of && !post->quote_uri[0]) {
        jw_null(w, "quote");
        return OK;
    }
    jw_object(w, "quote");
    const char *state = quote_state(view, post, &quoted);
    bool is_shown = strcmp(state, "accepted") == 0 || strcmp(state, "muted_account") == 0 ||
                    strcmp(state, "blocked_account") == 0;
    jw_text(w, "state", state);
    if (depth == STATUS_QUOTED) {
        id_text(w, "quoted_status_id", is_shown ? quoted->id : 0);
    } else if (is_shown) {
        jw_object(w, "quoted_status");
        e = status_members(w, view, quoted, quoted, STATUS_QUOTED);
        jw_object_end(w);
    } else {
        jw_null(w, "quoted_status");
    }
    jw_object_end(w);
    return e;
}

/* ---- the whole ---- */

static void counts(struct jw *w, struct view *view, const Post *post)
{
    jw_number(w, "replies_count", (int64_t)counter_get(view->txn, COUNTER_REPLIES, post->id));
    jw_number(w, "reblogs_count", (int64_t)counter_get(view->txn, COUNTER_BOOSTS, post->id));
    jw_number(w, "favourites_count", (int64_t)counter_get(view->txn, COUNTER_LIKES, post->id));
    jw_number(w, "quotes_count", count_quotes(view, post));
}

/* What a post and a boost of it tell in the same way: that of the post. */
static void of_shown(struct jw *w, struct view *view, const Post *post)
{
    jw_bool(w, "sensitive", post->is_sensitive);
    jw_text(w, "spoiler_text", post->summary);
    text_or_null(w, "language", post->language);
    counts(w, view, post);
    of_reader(w, view, post);
    jw_list(w, "media_attachments");
    for (size_t i = 0; i < post->n_attachments; i++)
        entity_media(w, NULL, view, post, post->attachments[i]);
    jw_list_end(w);
    mentions(w, view, post);
    tags(w, view, post);
    entity_emojis(w, "emojis", view, post->emoji, post->n_emoji);
    card(w, view, post);
    if (post->poll)
        entity_poll(w, "poll", view, post);
    else
        jw_null(w, "poll");
    quote_approval(w, view, post);
}

/* `shown` is the post itself, or what it boosts; its author was read before. */
static enum err status_members(struct jw *w, struct view *view, const Post *post, const Post *shown,
                               enum status_depth depth)
{
    id_text(w, "id", post->id);
    jw_text(w, "uri", post->uri);
    jw_text(w, "url", post->url[0] ? post->url : post->uri);
    jw_time(w, "created_at", post->published_ms);
    if (post->updated_ms)
        jw_time(w, "edited_at", post->updated_ms);
    else
        jw_null(w, "edited_at");
    jw_text(w, "content", post->boost_of ? "" : content(view, post));
    if (view->tells_source && !post->boost_of)
        jw_text(w, "text", post->source);
    jw_text(w, "visibility", entity_visibility(post->visibility));
    parent_of(w, view, post);
    application_of(w, view, post);
    of_shown(w, view, shown);
    enum err e = quote(w, view, shown, depth);
    return e ? e : entity_account_id(w, "account", view, (actor_id){post->author});
}

enum err entity_status(struct jw *w, const char *name, struct view *view, const Post *post)
{
    Post *shown = (Post *)post;
    Actor *author;
    enum err e = view_actor(view, (actor_id){post->author}, &author);
    if (!e && post->boost_of)
        e = status_get(view, (post_id){post->boost_of}, &shown);
    if (e)
        return e;
    jw_object(w, name);
    e = status_members(w, view, post, shown, STATUS_WHOLE);
    if (!e && shown != post)
        e = entity_status(w, "reblog", view, shown);
    else
        jw_null(w, "reblog");
    jw_object_end(w);
    return e;
}

enum err entity_status_id(struct jw *w, const char *name, struct view *view, post_id id)
{
    Post *post;
    enum err e = status_get(view, id, &post);
    return e ? e : entity_status(w, name, view, post);
}
