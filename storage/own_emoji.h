/*
 * own_emoji - the node's own custom emoji: pictures that stand for :shortcode: in what is written
 * here. The picture is a file beside the store, named by `media` (node/media/media.h).
 *
 * Memory   records live in the caller's arena
 * Threads  reads: any thread with a txn. Writes: inside a mutation only.
 * On disk  emoji, emoji_media (keyspace.h)
 */
#ifndef WARD_STORAGE_OWN_EMOJI_H
#define WARD_STORAGE_OWN_EMOJI_H

#include "storage/record.h"

#define OWN_EMOJI_SHORTCODE_MIN 2
#define OWN_EMOJI_SHORTCODE_MAX 32 /* Mastodon and Misskey read longer ones; nobody types them */

/* How many characters of a shortcode `text` begins with: a-z, A-Z, 0-9, _. */
size_t own_emoji_span(const char *text);
/* Is all of it one, of a length that is taken? */
bool own_emoji_is_shortcode(const char *text);

/* ERR_EXISTS: there is one of that name. */
MUST_CHECK enum err own_emoji_add(struct txn *txn, const OwnEmoji *emoji);
/* ERR_NOTFOUND: none. */
MUST_CHECK enum err own_emoji_get(struct txn *txn, const char *shortcode, struct arena *arena,
                                  OwnEmoji **out);
/* The one whose picture this is. */
MUST_CHECK enum err own_emoji_find(struct txn *txn, uint64_t media, struct arena *arena,
                                   OwnEmoji **out);
/* By name: the next after `after` (start with ""). ERR_NOTFOUND: that was the last. */
MUST_CHECK enum err own_emoji_next(struct txn *txn, const char *after, struct arena *arena,
                                   OwnEmoji **out);
MUST_CHECK enum err own_emoji_del(struct txn *txn, const char *shortcode);

#endif
