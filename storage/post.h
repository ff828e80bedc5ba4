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
 * Adds a post or boost: takes an id (at min(published, now)) unless it has a new one already, finds
 * in_reply_to (by in_reply_to_uri, else by in_reply_to), thread_root and adopts replies and quotes
 * that came before it (thread.h), narrows its audience to what it answers (narrow.h), enters every
 * stream it belongs to, counts. Sets id, is_local, in_reply_to, thread_root, visibility,
 * audience_of, received_ms, and published_ms when it is 0. The EDGE_BOOST of a boost is the
 * caller's.
 *
 * ERR_EXISTS    the URI is known
 * ERR_DENIED    it has a tombstone (T41)
 * ERR_NOTFOUND  the author, or what is boosted, is unknown here
 * ERR_INVALID   no URI; a boost of a boost
 */
MUST_CHECK enum err post_add(struct txn *txn, Post *post, int64_t now_ms);
/*
 * Replaces the content of post->id; the former goes to post_history. Streams follow tags and
 * mentions. What is fixed (URI, author, audience, published, what it answers) keeps its stored
 * value whatever `post` says (T38). updated_ms 0 means now.
 *
 * ERR_EXISTS   the stored version is as new or newer by updated_ms (T39): nothing changes
 * ERR_INVALID  it is a boost
 */
MUST_CHECK enum err post_edit(struct txn *txn, Post *post, int64_t now_ms);
/* The post stands in the stream of this group from now on (0: of none). ERR_EXISTS: it does. */
MUST_CHECK enum err post_set_group(struct txn *txn, post_id id, actor_id group);
/* The post leaves its group; what only that group could read is for its author alone then. */
MUST_CHECK enum err post_leave_group(struct txn *txn, post_id id);
/*
 * Removes the post, history, streams, edges, boosts of it, notifications and fetched rows (read
 * those first: a Delete goes there too); its replies become orphans. Leaves a tombstone, and the
 * ledger. All in one transaction: the work grows with the number of likes, boosts and replies.
 */
MUST_CHECK enum err post_delete(struct txn *txn, post_id id, int64_t now_ms);
/* For thread.c: the streams and counts of a stored post whose audience became another one. */
MUST_CHECK enum err post_streams_change(struct txn *txn, const Post *before, const Post *after);
/* One former version; `before_ms` starts at INT64_MAX and walks back. */
MUST_CHECK enum err post_history_next(struct txn *txn, post_id id, int64_t before_ms,
                                      struct arena *arena, PostEdit **out);

MUST_CHECK enum err tombstone_get(struct txn *txn, const char *uri, struct arena *arena,
                                  Tombstone **out);
/* For something never seen here. ERR_EXISTS when there is one, ERR_INVALID when the post lives. */
MUST_CHECK enum err tombstone_add(struct txn *txn, const Tombstone *tombstone);

/* Which peers read this post over HTTP, and an inbox of who asked: a Delete goes to them too. The
 * last inbox counts. ERR_NOTFOUND: no such post. */
MUST_CHECK enum err fetched_add(struct txn *txn, post_id post, peer_id peer, const char *inbox);
/* *peer starts with 0 and is moved on; the inbox is in the arena. */
MUST_CHECK enum err fetched_next(struct txn *txn, post_id post, peer_id *peer, struct arena *arena,
                                 const char **out_inbox);

#endif
