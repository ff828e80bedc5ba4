/*
 * media_url - the addresses of pictures, as clients are told them: always this node's.
 *
 * Apps fetch pictures without a token. What not everyone may see has an address nobody can guess:
 * it carries a MAC under a key of this node. A picture of another node is fetched by this one, when
 * somebody looks at it, so that no reader's address reaches another host.
 *
 * Memory   in view->arena
 * Threads  the txn's
 */
#ifndef WARD_NODE_API_MEDIA_URL_H
#define WARD_NODE_API_MEDIA_URL_H

#include "node/api/entity.h"

/* Never NULL, never "". */
const char *media_url_attachment(struct view *view, const Post *post, const Attachment *attachment);
/* At most 640 pixels a side; NULL when there is none (audio). */
const char *media_url_preview(struct view *view, const Post *post, const Attachment *attachment);
/* Of a picture somewhere else, or one of ours by its URL. */
const char *media_url_picture(struct view *view, const char *url);
/* An actor's; a default one when they have none. */
const char *media_url_avatar(struct view *view, const Actor *actor);
const char *media_url_header(struct view *view, const Actor *actor);

#endif
