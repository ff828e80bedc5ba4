/*
 * preview - what the link in a post of ours leads to, as its page describes itself.
 *
 * Only the node of the author asks, once, when the link is posted: never when somebody reads, so a
 * page does not learn of its readers. Only hosts that config->preview_hosts names are asked.
 *
 * Threads  pure, but for preview_want: inside a mutation
 * Source   HTML, "the head element"; Open Graph
 */
#ifndef WARD_FEDERATION_PREVIEW_H
#define WARD_FEDERATION_PREVIEW_H

#include "federation/federation.h"
#include "storage/schema.pb-c.h"

#define PREVIEW_HEAD_MAX_BYTES ((size_t)512 * 1024) /* looked at of a page */
#define PREVIEW_TEXT_MAX_BYTES 4096                 /* of each thing it says, as it says it */
#define PREVIEW_LINE_MAX_CHARACTERS 200
#define PREVIEW_DESCRIPTION_MAX_CHARACTERS 500

/* The first link that is neither a name nor a hashtag; NULL: none. */
const char *preview_link(const char *content_html, struct arena *arena);
/* An https page of a host that may be asked: the very name, with its port. */
bool preview_is_listed(const struct federation_config *config, const char *uri);
/*
 * The link of `post`, which is stored or about to be, is to be looked at when that may be, and when
 * `before` (NULL: it is new) had another one. What was known of that one is forgotten.
 */
MUST_CHECK enum err preview_want(struct txn *txn, const struct federation *fed, const Post *before,
                                 Post *post, int64_t now_ms);
/* The head of a page into a card: text and a picture's address, in the arena. ERR_INVALID: not
 * UTF-8; ERR_NOTFOUND: it has no title; ERR_LIMIT: the arena is full. */
MUST_CHECK enum err preview_read(struct bytes page, const char *url, struct arena *arena,
                                 Card *out);

#endif
