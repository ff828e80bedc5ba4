#include "federation/document/document.h"

#include "federation/document/part.h"

#include <string.h>

/* Only the terms in use: contexts are most of a short note's bytes. */
void part_note_context(struct jw *w, const Post *post)
{
    bool has_media = post->n_attachments > 0, has_emoji = post->n_emoji > 0;
    jw_list(w, "@context");
    jw_text(w, NULL, "https://www.w3.org/ns/activitystreams");
    jw_object(w, NULL);
    jw_text(w, "sensitive", "as:sensitive");
    if (post->n_tags)
        jw_text(w, "Hashtag", "as:Hashtag");
    part_interaction_terms(w, post);
    if (has_media || has_emoji || post->poll)
        jw_text(w, "toot", "http://joinmastodon.org/ns#");
    if (has_emoji)
        jw_text(w, "Emoji", "toot:Emoji");
    if (post->poll)
        jw_text(w, "votersCount", "toot:votersCount");
    if (has_media) {
        jw_text(w, "blurhash", "toot:blurhash");
        jw_raw(w, "focalPoint", "{\"@container\":\"@list\",\"@id\":\"toot:focalPoint\"}");
    }
    jw_object_end(w);
    jw_list_end(w);
}

static void add_mention(struct jw *w, const Mention *mention, const Actor *author)
{
    AUTO(buf_clear) struct buf name = BUF_INIT(1024);
    buf_printf(&name, "@%s", mention->handle);
    if (!strchr(mention->handle, '@')) { /* one of ours: peers need the host */
        size_t n = part_base_length(author->uri);
        const char *host = strstr(author->uri, "://");
        if (n && host) {
            buf_char(&name, '@');
            buf_add(&name, host + 3, n - (size_t)(host + 3 - author->uri));
        }
    }
    jw_object(w, NULL);
    jw_text(w, "type", "Mention");
    jw_text(w, "href", mention->uri);
    jw_text(w, "name", buf_text(&name));
    jw_object_end(w);
}

static void add_hashtag(struct jw *w, const char *tag, const Actor *author)
{
    AUTO(buf_clear) struct buf href = BUF_INIT(4096);
    part_tag_uri(&href, author->uri, part_base_length(author->uri), tag);
    jw_object(w, NULL);
    jw_text(w, "type", "Hashtag");
    jw_text(w, "href", buf_text(&href));
    jw_text2(w, "name", "#", tag);
    jw_object_end(w);
}

/* A picture may stand for itself: its URL is the id, as Akkoma has it. */
void part_emoji(struct jw *w, const Emoji *emoji)
{
    AUTO(buf_clear) struct buf name = BUF_INIT(1024);
    buf_printf(&name, ":%s:", emoji->shortcode);
    jw_object(w, NULL);
    jw_text(w, "id", emoji->url);
    jw_text(w, "type", "Emoji");
    jw_text(w, "name", buf_text(&name));
    jw_object(w, "icon");
    jw_text(w, "type", "Image");
    jw_text_if(w, "mediaType", emoji->media_type);
    jw_text(w, "url", emoji->url);
    jw_object_end(w);
    if (emoji->updated_ms)
        jw_time(w, "updated", emoji->updated_ms);
    jw_object_end(w);
}

static void add_tags(struct jw *w, const Post *post, const Actor *author)
{
    jw_list(w, "tag");
    for (size_t i = 0; i < post->n_mentions; i++)
        add_mention(w, post->mentions[i], author);
    for (size_t i = 0; i < post->n_tags; i++)
        add_hashtag(w, post->tags[i], author);
    for (size_t i = 0; i < post->n_emoji; i++)
        part_emoji(w, post->emoji[i]);
    part_quote_tag(w, post);
    jw_list_end(w);
}

static void add_attachment(struct jw *w, const Attachment *a)
{
    jw_object(w, NULL);
    jw_text(w, "type", "Document");
    jw_text_if(w, "mediaType", a->media_type);
    jw_text(w, "url", a->url);
    jw_text_if(w, "name", a->description);
    jw_text_if(w, "blurhash", a->blurhash);
    if (a->width && a->height) {
        jw_number(w, "width", a->width);
        jw_number(w, "height", a->height);
    }
    if (a->focus_x < 0 || a->focus_x > 0 || a->focus_y < 0 || a->focus_y > 0) {
        jw_list(w, "focalPoint");
        jw_fraction(w, NULL, a->focus_x);
        jw_fraction(w, NULL, a->focus_y);
        jw_list_end(w);
    }
    jw_object_end(w);
}

static void add_content(struct jw *w, const Post *post)
{
    AUTO(buf_clear) struct buf content = BUF_INIT(DOCUMENT_MAX_BYTES);
    part_quote_link(post, &content);
    jw_text(w, "content", buf_text(&content));
    if (post->language[0] || post->n_translations) {
        jw_object(w, "contentMap");
        if (post->language[0])
            jw_text(w, post->language, buf_text(&content));
        for (size_t i = 0; i < post->n_translations; i++)
            jw_text(w, post->translations[i]->language, post->translations[i]->content_html);
        jw_object_end(w);
    }
    jw_text_if(w, "summary", post->summary);
    jw_text_if(w, "name", post->name);
    jw_bool(w, "sensitive", post->is_sensitive);
}

/* As Mastodon writes it: an option is a Note, its votes the total of its replies. */
static void add_poll(struct jw *w, const Poll *poll)
{
    jw_list(w, poll->is_multiple ? "anyOf" : "oneOf");
    for (size_t i = 0; i < poll->n_options; i++) {
        jw_object(w, NULL);
        jw_text(w, "type", "Note");
        jw_text(w, "name", poll->options[i]->name);
        jw_object(w, "replies");
        jw_text(w, "type", "Collection");
        jw_number(w, "totalItems", (int64_t)poll->options[i]->votes);
        jw_object_end(w);
        jw_object_end(w);
    }
    jw_list_end(w);
    jw_number(w, "votersCount", (int64_t)poll->voters);
    if (poll->ends_ms)
        jw_time(w, "endTime", poll->ends_ms);
    if (poll->closed_ms)
        jw_time(w, "closed", poll->closed_ms);
}

void part_note(struct jw *w, const Post *post, const Actor *author)
{
    jw_text(w, "id", post->uri);
    jw_text(w, "type", post->type[0] ? post->type : "Note");
    jw_text(w, "attributedTo", author->uri);
    add_content(w, post);
    if (post->poll)
        add_poll(w, post->poll);
    part_list(w, "to", post->to, post->n_to);
    part_list(w, "cc", post->cc, post->n_cc);
    part_audience(w, post);
    jw_text_if(w, "inReplyTo", post->in_reply_to_uri);
    jw_text_if(w, "context", post->context);
    part_quote(w, post);
    part_policy(w, post, author);
    jw_text_if(w, "url", post->url);
    jw_time(w, "published", post->published_ms);
    if (post->updated_ms)
        jw_time(w, "updated", post->updated_ms);
    add_tags(w, post, author);
    jw_list(w, "attachment");
    for (size_t i = 0; i < post->n_attachments; i++)
        add_attachment(w, post->attachments[i]);
    jw_list_end(w);
    jw_text2(w, "replies", post->uri, "/replies");
}

enum err document_note(const Post *post, const Actor *author, struct buf *out)
{
    struct jw w = {.buf = out};
    jw_object(&w, NULL);
    part_note_context(&w, post);
    part_note(&w, post, author);
    jw_object_end(&w);
    return jw_finish(&w);
}

enum err document_tombstone(const Tombstone *tombstone, struct buf *out)
{
    struct jw w = {.buf = out};
    jw_object(&w, NULL);
    part_context(&w);
    jw_text(&w, "id", tombstone->uri);
    jw_text(&w, "type", "Tombstone");
    jw_time(&w, "deleted", tombstone->deleted_ms);
    jw_object_end(&w);
    return jw_finish(&w);
}
