#include "node/api/entity.h"
#include "node/api/media_url.h"
#include "storage/media.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ID_TEXT_BYTES 24
#define PREVIEW_SIDE 640 /* what a remote picture's preview becomes */

static bool is_kind(const char *type, const char *kind)
{
    return strncmp(type, kind, strlen(kind)) == 0;
}

static const char *media_type(const char *type)
{
    if (is_kind(type, "image/"))
        return "image";
    if (is_kind(type, "video/"))
        return "video";
    return is_kind(type, "audio/") ? "audio" : "unknown";
}

static void text_or_null(struct jw *w, const char *name, const char *text)
{
    if (text && *text)
        jw_text(w, name, text);
    else
        jw_null(w, name);
}

struct shown {
    uint64_t id;
    const char *type, *url, *preview_url, *description, *blurhash;
    uint32_t width, height, preview_width, preview_height, duration_ms;
    float focus_x, focus_y;
};

static void size_of(struct jw *w, const char *name, uint32_t width, uint32_t height)
{
    char size[32];
    snprintf(size, sizeof size, "%" PRIu32 "x%" PRIu32, width, height);
    jw_object(w, name);
    jw_number(w, "width", width);
    jw_number(w, "height", height);
    jw_text(w, "size", size);
    jw_fraction(w, "aspect", (float)width / (float)height);
}

/* Only what is known: a size of zero would break a layout. */
static void meta(struct jw *w, const struct shown *s)
{
    bool has_size = s->width && s->height;
    jw_object(w, "meta");
    if (has_size) {
        size_of(w, "original", s->width, s->height);
    } else if (s->duration_ms) {
        jw_object(w, "original");
    }
    if (s->duration_ms)
        jw_fraction(w, "duration", (float)s->duration_ms / 1000);
    if (has_size || s->duration_ms)
        jw_object_end(w);
    if (s->preview_width && s->preview_height) {
        size_of(w, "small", s->preview_width, s->preview_height);
        jw_object_end(w);
    }
    if (is_kind(s->type, "image/") || is_kind(s->type, "video/")) {
        jw_object(w, "focus");
        jw_fraction(w, "x", s->focus_x);
        jw_fraction(w, "y", s->focus_y);
        jw_object_end(w);
    }
    jw_object_end(w);
}

static void write_media(struct jw *w, const char *name, const struct shown *s)
{
    char id[ID_TEXT_BYTES];
    snprintf(id, sizeof id, "%" PRIu64, s->id);
    jw_object(w, name);
    jw_text(w, "id", id);
    jw_text(w, "type", media_type(s->type));
    text_or_null(w, "url", s->url);
    text_or_null(w, "preview_url", s->preview_url);
    jw_null(w, "remote_url"); /* no reader's address reaches another host */
    jw_null(w, "preview_remote_url");
    jw_null(w, "text_url");
    meta(w, s);
    text_or_null(w, "description", s->description);
    text_or_null(w, "blurhash", s->blurhash);
    jw_object_end(w);
}

/* A remote one has no record: its place in its post is its id. */
static uint64_t remote_id(const Post *post, const Attachment *a)
{
    for (size_t i = 0; i < post->n_attachments; i++)
        if (post->attachments[i] == a)
            return post->id + i;
    return post->id;
}

/* As large as the preview of a picture of that size will be. */
static void shrink(struct shown *s)
{
    uint32_t side = s->width > s->height ? s->width : s->height;
    if (!side || !is_kind(s->type, "image/"))
        return;
    uint32_t to = side < PREVIEW_SIDE ? side : PREVIEW_SIDE;
    s->preview_width = (uint32_t)((uint64_t)s->width * to / side);
    s->preview_height = (uint32_t)((uint64_t)s->height * to / side);
}

void entity_media(struct jw *w, const char *name, struct view *view, const Post *post,
                  const Attachment *a)
{
    Media *media;
    struct shown s = {.id = a->media ? a->media : remote_id(post, a),
                      .type = a->media_type,
                      .url = media_url_attachment(view, post, a),
                      .preview_url = media_url_preview(view, post, a),
                      .description = a->description,
                      .blurhash = a->blurhash,
                      .width = a->width,
                      .height = a->height,
                      .focus_x = a->focus_x,
                      .focus_y = a->focus_y};
    shrink(&s);
    if (a->media && media_get(view->txn, a->media, view->arena, &media) == OK) {
        s.duration_ms = media->duration_ms;
        if (media->preview_width) {
            s.preview_width = media->preview_width;
            s.preview_height = media->preview_height;
        }
    }
    write_media(w, name, &s);
}

void entity_upload(struct jw *w, const char *name, struct view *view, const Media *media)
{
    bool is_ready = media->state == MEDIA_STATE__MEDIA_READY;
    struct shown s = {.id = media->id,
                      .type = media->media_type,
                      .url = is_ready ? media_url_upload(view, media) : NULL,
                      .preview_url = is_ready ? media_url_upload_preview(view, media) : NULL,
                      .description = media->description,
                      .blurhash = media->blurhash,
                      .width = media->width,
                      .height = media->height,
                      .duration_ms = media->duration_ms,
                      .focus_x = media->focus_x,
                      .focus_y = media->focus_y};
    shrink(&s);
    if (media->preview_width) {
        s.preview_width = media->preview_width;
        s.preview_height = media->preview_height;
    }
    write_media(w, name, &s);
}
