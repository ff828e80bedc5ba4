/*
 * media_url - the addresses of pictures, as clients are told them: always this node's.
 *
 * Apps fetch pictures without a token. What not everyone may see has an address nobody can guess:
 * it carries a MAC under a key of this node, and is another one for every post it was in. A picture
 * of another node is fetched by this one, when somebody looks at it, so that no reader's address
 * reaches another host; its address carries a MAC too, so that nobody else can have us fetch.
 *
 *     /media/ID            to anyone, or to the hosts the post went to
 *     /media/ID/MAC        to whom the address was told
 *     /proxy/MAC/KIND/URL  what lies there; URL in base64url
 *     /static/NAME         pictures for those who have none
 *
 * Memory   in view->arena
 * Threads  the txn's
 */
#ifndef WARD_NODE_API_MEDIA_URL_H
#define WARD_NODE_API_MEDIA_URL_H

#include "node/api/entity.h"

#define MEDIA_MAC_BYTES (2 * SIPHASH_BYTES + 1) /* hex */

/* What a picture of another node is fetched for: how large it becomes. */
enum proxy_kind {
    PROXY_ATTACHMENT = 'm', /* picture, film or sound */
    PROXY_PREVIEW = 'p',
    PROXY_AVATAR = 'a',
    PROXY_HEADER = 'h',
    PROXY_EMOJI = 'e',
};

/* Never NULL, never "". */
const char *media_url_attachment(struct view *view, const Post *post, const Attachment *attachment);
/* At most 640 pixels a side; NULL when there is none (sound). */
const char *media_url_preview(struct view *view, const Post *post, const Attachment *attachment);
/* Of an upload that waits, and its preview (as above), told to its owner. */
const char *media_url_upload(struct view *view, const Media *media);
const char *media_url_upload_preview(struct view *view, const Media *media);
/* Of a picture somewhere else, or one of ours by its URL. */
const char *media_url_picture(struct view *view, const char *url);
const char *media_url_remote(struct view *view, enum proxy_kind kind, const char *url);
/* An actor's; a default one when they have none. */
const char *media_url_avatar(struct view *view, const Actor *actor);
const char *media_url_header(struct view *view, const Actor *actor);

/* The MAC in the address of a file of ours, shown with `post` (0: waiting). */
void media_url_mac(const struct api *api, uint64_t media, uint64_t post, char out[MEDIA_MAC_BYTES]);
/* The MAC in the address of a remote picture. */
void media_url_proxy_mac(const struct api *api, enum proxy_kind kind, const char *url,
                         char out[MEDIA_MAC_BYTES]);
/* In constant time. */
bool media_url_mac_is(const char *mac, const char *given);

#endif
