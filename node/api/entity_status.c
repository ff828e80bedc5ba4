#include "federation/audience.h"
#include "node/api/entity.h"
#include "storage/edge.h"
#include "storage/stream.h"

#include <inttypes.h>
#include <stdio.h>

#define ID_TEXT_BYTES 24

static void id_text(struct jw *w, const char *name, uint64_t id)
{
    char text[ID_TEXT_BYTES];
    snprintf(text, sizeof text, "%" PRIu64, id);
    if (id)
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
        const char *path = arena_printf(view->arena, "/tags/%s", post->tags[i]);
        jw_object(w, NULL);
        jw_text(w, "name", post->tags[i]);
        jw_text2(w, "url", view->base, path ? path : "");
        jw_object_end(w);
    }
    jw_list_end(w);
}

static bool has(struct view *view, enum edge_kind kind, const Post *post)
{
    return edge_has(view->txn, (struct edge_key){kind, view->reader.v, post->id});
}

static void of_reader(struct jw *w, struct view *view, const Post *post)
{
    if (!view->reader.v)
        return;
    jw_bool(w, "favourited", has(view, EDGE_LIKE, post));
    jw_bool(w, "reblogged", has(view, EDGE_BOOST, post));
    jw_bool(w, "bookmarked", has(view, EDGE_BOOKMARK, post));
    jw_bool(w, "muted", false);
    if (post->author == view->reader.v)
        jw_bool(w, "pinned", has(view, EDGE_PIN, post));
}

static void of_post(struct jw *w, struct view *view, const Post *post, const Post *shown)
{
    Post *parent;
    bool has_parent = post->in_reply_to &&
                      post_get(view->txn, (post_id){post->in_reply_to}, view->arena, &parent) == OK;
    id_text(w, "id", post->id);
    jw_text(w, "uri", post->uri);
    jw_text(w, "url", post->url[0] ? post->url : post->uri);
    jw_time(w, "created_at", post->published_ms);
    if (post->updated_ms)
        jw_time(w, "edited_at", post->updated_ms);
    else
        jw_null(w, "edited_at");
    jw_text(w, "content", post->boost_of ? "" : post->content_html);
    jw_text(w, "visibility", entity_visibility(post->visibility));
    jw_bool(w, "sensitive", shown->is_sensitive);
    jw_text(w, "spoiler_text", shown->summary);
    jw_text(w, "language", shown->language);
    id_text(w, "in_reply_to_id", has_parent ? parent->id : 0);
    id_text(w, "in_reply_to_account_id", has_parent ? parent->author : 0);
    jw_number(w, "replies_count", (int64_t)counter_get(view->txn, COUNTER_REPLIES, shown->id));
    jw_number(w, "reblogs_count", (int64_t)counter_get(view->txn, COUNTER_BOOSTS, shown->id));
    jw_number(w, "favourites_count", (int64_t)counter_get(view->txn, COUNTER_LIKES, shown->id));
    of_reader(w, view, shown);
    jw_list(w, "media_attachments");
    for (size_t i = 0; i < shown->n_attachments; i++)
        entity_media(w, NULL, view, shown, shown->attachments[i]);
    jw_list_end(w);
    mentions(w, view, shown);
    tags(w, view, shown);
    entity_emojis(w, "emojis", view, shown->emoji, shown->n_emoji);
    jw_null(w, "card");
    jw_null(w, "poll");
    jw_null(w, "quote");
    jw_number(w, "quotes_count", 0);
}

enum err entity_status(struct jw *w, const char *name, struct view *view, const Post *post)
{
    Post *shown = (Post *)post;
    Actor *author, *shown_author;
    enum err e = view_actor(view, (actor_id){post->author}, &author);
    if (!e && post->boost_of)
        e = post_get(view->txn, (post_id){post->boost_of}, view->arena, &shown);
    if (!e)
        e = view_actor(view, (actor_id){shown->author}, &shown_author);
    if (e)
        return e;
    jw_object(w, name);
    of_post(w, view, post, shown);
    e = entity_account(w, "account", view, author);
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
    enum err e = post_get(view->txn, id, view->arena, &post);
    if (!e && !audience_may_read(view->txn, post, view->reader))
        e = ERR_NOTFOUND;
    return e ? e : entity_status(w, name, view, post);
}
