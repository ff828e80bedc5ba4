#include "node/api/media_url.h"

#include "federation/audience.h"
#include "federation/multibase.h"
#include "storage/base/buf.h"
#include "storage/media.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ADDRESS_MAX_BYTES 8192

static const char *with_base(struct view *view, const char *path)
{
    const char *url = arena_printf(view->arena, "%s%s", view->base, path);
    return url ? url : "";
}

static bool is_ours(const struct view *view, const char *url)
{
    size_t n = strlen(view->base);
    return strncmp(url, view->base, n) == 0 && url[n] == '/';
}

/* ---- MACs ---- */

static void mac_of(const struct api *api, const struct buf *text, char out[MEDIA_MAC_BYTES])
{
    uint8_t mac[SIPHASH_BYTES];
    siphash128(api->address_key, buf_bytes(text), mac);
    for (size_t i = 0; i < sizeof mac; i++)
        snprintf(out + 2 * i, 3, "%02x", mac[i]);
}

void media_url_mac(const struct api *api, uint64_t media, uint64_t post, char out[MEDIA_MAC_BYTES])
{
    AUTO(buf_clear) struct buf text = BUF_INIT(ADDRESS_MAX_BYTES);
    buf_printf(&text, "media %" PRIu64 " %" PRIu64, media, post);
    mac_of(api, &text, out);
}

void media_url_proxy_mac(const struct api *api, enum proxy_kind kind, const char *url,
                         char out[MEDIA_MAC_BYTES])
{
    AUTO(buf_clear) struct buf text = BUF_INIT(ADDRESS_MAX_BYTES);
    buf_printf(&text, "proxy %c ", (char)kind);
    buf_str(&text, url);
    mac_of(api, &text, out);
}

bool media_url_mac_is(const char *mac, const char *given)
{
    size_t n = strlen(mac);
    unsigned differs = strlen(given) != n;
    for (size_t i = 0; i < n && !differs; i++)
        differs |= (unsigned)(unsigned char)mac[i] ^ (unsigned)(unsigned char)given[i];
    return !differs;
}

/* ---- ours ---- */

static const char *own(struct view *view, uint64_t media, uint64_t post)
{
    char mac[MEDIA_MAC_BYTES];
    media_url_mac(view->api, media, post, mac);
    const char *url = arena_printf(view->arena, "%s/media/%" PRIu64 "/%s", view->base, media, mac);
    return url ? url : "";
}

static const char *own_or_open(struct view *view, uint64_t media, const Post *post)
{
    if (!audience_may_read(view->txn, post, (actor_id){0}))
        return own(view, media, post->id);
    const char *url = arena_printf(view->arena, "%s/media/%" PRIu64, view->base, media);
    return url ? url : "";
}

static bool is_kind(const char *type, const char *kind)
{
    return strncmp(type, kind, strlen(kind)) == 0;
}

/* For what has no picture of its own. */
static const char *stand_in(struct view *view, const char *type)
{
    return is_kind(type, "video/") ? with_base(view, "/static/film.png") : NULL;
}

const char *media_url_upload(struct view *view, const Media *media)
{
    return own(view, media->id, media->post);
}

const char *media_url_upload_preview(struct view *view, const Media *media)
{
    if (media->preview)
        return own(view, media->preview, media->post);
    return is_kind(media->media_type, "image/") ? own(view, media->id, media->post)
                                                : stand_in(view, media->media_type);
}

const char *media_url_attachment(struct view *view, const Post *post, const Attachment *attachment)
{
    return attachment->media ? own_or_open(view, attachment->media, post)
                             : media_url_remote(view, PROXY_ATTACHMENT, attachment->url);
}

const char *media_url_preview(struct view *view, const Post *post, const Attachment *attachment)
{
    Media *media;
    bool is_picture = is_kind(attachment->media_type, "image/");
    if (!attachment->media)
        return is_picture ? media_url_remote(view, PROXY_PREVIEW, attachment->url)
                          : stand_in(view, attachment->media_type);
    if (media_get(view->txn, attachment->media, view->arena, &media) == OK && media->preview)
        return own_or_open(view, media->preview, post);
    return is_picture ? own_or_open(view, attachment->media, post)
                      : stand_in(view, attachment->media_type);
}

/* ---- others' ---- */

const char *media_url_remote(struct view *view, enum proxy_kind kind, const char *url)
{
    char mac[MEDIA_MAC_BYTES];
    if (is_ours(view, url))
        return url;
    media_url_proxy_mac(view->api, kind, url, mac);
    const char *coded = base64url_encode(bytes_of(url), view->arena);
    const char *address =
        coded ? arena_printf(view->arena, "%s/proxy/%s/%c/%s", view->base, mac, (char)kind, coded)
              : NULL;
    return address ? address : "";
}

const char *media_url_picture(struct view *view, const char *url)
{
    return media_url_remote(view, PROXY_EMOJI, url);
}

const char *media_url_avatar(struct view *view, const Actor *actor)
{
    return actor->icon_url[0] ? media_url_remote(view, PROXY_AVATAR, actor->icon_url)
                              : with_base(view, "/static/avatar.png");
}

const char *media_url_header(struct view *view, const Actor *actor)
{
    return actor->image_url[0] ? media_url_remote(view, PROXY_HEADER, actor->image_url)
                               : with_base(view, "/static/header.png");
}
