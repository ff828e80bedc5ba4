/*
 * thread - how posts hang together: parents, roots, and replies that came before their parent.
 *
 * A reply whose parent is unknown waits under the parent's URI (table orphan) and is the root
 * of its own thread. When the parent comes, it adopts what waits, and everything below moves to
 * the parent's thread. A thread keeps its owner when its root is deleted; the replies to a
 * deleted post are orphans again. Where parent and reply meet, the reply is narrowed (narrow.h).
 *
 * For post.c: inside a mutation only, with the post's id known.
 * On disk  orphan, stream REPLY and THREAD, counter REPLIES, Post.in_reply_to and .thread_root
 */
#ifndef WARD_STORAGE_THREAD_H
#define WARD_STORAGE_THREAD_H

#include "storage/record.h"

#define THREAD_MOVE_MAX 1000  /* posts adopted at once; what is over stays where it was */
#define THREAD_DEPTH_MAX 1000 /* ancestors looked at; deeper counts as a loop (T60) */

/* Finds the parent of a post that is about to be stored and sets in_reply_to, in_reply_to_uri
 * (in the arena) and thread_root; its audience is narrowed to the parent's. */
MUST_CHECK enum err thread_place(struct txn *txn, Post *post, struct arena *arena);
/* Writes the rows of a stored post: thread, reply or orphan. */
MUST_CHECK enum err thread_enter(struct txn *txn, const Post *post);
/* Takes in what waited for a stored post. */
MUST_CHECK enum err thread_adopt(struct txn *txn, const Post *post);
/* Removes the rows of a post that goes; its replies are orphans from now on. */
MUST_CHECK enum err thread_leave(struct txn *txn, const Post *post);
/* Does the post wait for a parent? */
bool thread_is_orphan(const Post *post);

#endif
