/*
 * post - posts and boosts, their edits and what remains of deleted ones.
 *
 * On disk  post, post_uri, post_history, tombstone, and the streams and counters it keeps
 */
#ifndef WARD_STORAGE_POST_H
#define WARD_STORAGE_POST_H

#include "storage/record.h"

MUST_CHECK enum err post_get(struct txn *txn, post_id id, struct arena *arena, Post **out);
MUST_CHECK enum err post_find(struct txn *txn, const char *uri, post_id *out);
/*
 * Adds a post or boost: takes an id (at min(published, now)), finds in_reply_to, thread_root
 * and adopts replies that came before it, enters every stream it belongs to, counts.
 * ERR_EXISTS: the URI is known; ERR_DENIED: it has a tombstone (T41).
 */
MUST_CHECK enum err post_add(struct txn *txn, Post *post, int64_t now_ms);
/* Replaces the content of a post; the former goes to post_history. Streams follow the tags. */
MUST_CHECK enum err post_edit(struct txn *txn, Post *post, int64_t now_ms);
/* Removes post, history, streams, edges, boosts of it and notifications; leaves a tombstone. */
MUST_CHECK enum err post_delete(struct txn *txn, post_id id, int64_t now_ms);
/* One former version; `before_ms` starts at INT64_MAX and walks back. */
MUST_CHECK enum err post_history_next(struct txn *txn, post_id id, int64_t before_ms,
                                      struct arena *arena, PostEdit **out);

MUST_CHECK enum err tombstone_get(struct txn *txn, const char *uri, struct arena *arena,
                                  Tombstone **out);
/* For something never seen here. ERR_EXISTS when there is one. */
MUST_CHECK enum err tombstone_add(struct txn *txn, const Tombstone *tombstone);

/* Which peers read this post over HTTP: a Delete goes to them too. */
MUST_CHECK enum err fetched_add(struct txn *txn, post_id post, peer_id peer);
MUST_CHECK enum err fetched_next(struct txn *txn, post_id post, peer_id after, peer_id *out);

#endif
