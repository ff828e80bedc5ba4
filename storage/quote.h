/*
 * quote - which post quotes which, and what their authors said to it.
 *
 * A quote of a post that is not here waits under its URI (table unquoted); when the post comes, it
 * is found, and when it is deleted, waits again. A post that carries an authorization (of its reply
 * or quote) is found by it (table authorized): the one who gave it may take it back.
 *
 * For post.c, but for post_set_consent and authorized_next: inside a mutation, the post's id known.
 * On disk  unquoted, authorized, stream QUOTE; Post.quote_of, quote_approval, reply_approval
 */
#ifndef WARD_STORAGE_QUOTE_H
#define WARD_STORAGE_QUOTE_H

#include "storage/record.h"

#define QUOTE_MOVE_MAX 1000 /* quotes found at once; what is over goes on waiting */

/* Sets quote_of of a post that is about to be stored. */
MUST_CHECK enum err quote_place(struct txn *txn, Post *post);
/* The rows of a stored post, and away with them. The stream is post.c's. */
MUST_CHECK enum err quote_enter(struct txn *txn, const Post *post);
MUST_CHECK enum err quote_leave(struct txn *txn, const Post *post);
/* What waited for a stored post quotes it now; what quoted a post that goes waits again. */
MUST_CHECK enum err quote_adopt(struct txn *txn, const Post *post);
MUST_CHECK enum err quote_forsake(struct txn *txn, const Post *post);
/* Does the post wait for what it quotes? */
bool quote_is_waiting(const Post *post);

/* Replaces the four fields *_approval and *_approval_uri of post->id, and nothing else; no edit. */
MUST_CHECK enum err post_set_consent(struct txn *txn, const Post *post);
/* The next post after *post (start with 0) that carries this authorization. */
MUST_CHECK enum err authorized_next(struct txn *txn, const char *uri, post_id *post);

#endif
