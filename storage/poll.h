/*
 * poll - votes, and when a poll must be looked at again.
 *
 * A poll of ours counts its votes in its record; another's shows what its author's node said. Due
 * is a poll whose end must be told to somebody here, or (ours) whose new counts must be sent out;
 * what is due stands on disk, so that a restart forgets nothing.
 *
 * Units    Unix milliseconds
 * Threads  reads: any thread with a txn. Writes: inside a mutation only.
 * On disk  Post.poll, edge (VOTE), poll_due
 */
#ifndef WARD_STORAGE_POLL_H
#define WARD_STORAGE_POLL_H

#include "storage/edge.h"

#define POLL_TELL_MS ((int64_t)3 * 60 * 1000) /* new counts go out at most so often */

/* Was it, or will it be, at that time? */
bool poll_is_open(const Poll *poll, int64_t at_ms);
bool poll_has_same_options(const Poll *a, const Poll *b);
/* When it must be looked at; 0: never. */
int64_t poll_due_ms(const Poll *poll);

/*
 * Counts `who` for these options (indexes) of `post`, which has a poll. What was chosen before is
 * not counted again; of a poll with one choice the first vote stands. `uri` names the vote.
 *
 * ERR_EXISTS   nothing new
 * ERR_INVALID  no such option, or none
 */
MUST_CHECK enum err poll_vote(struct txn *txn, const Post *post, actor_id who,
                              const uint32_t *choices, size_t n, const char *uri, int64_t now_ms);
/* Stores post->poll, and when it is due; nothing else of the post. */
MUST_CHECK enum err poll_put(struct txn *txn, const Post *post);
/* Moves the poll_due row of a post from one version of its poll to the next; NULL: none. */
MUST_CHECK enum err poll_due_move(struct txn *txn, uint64_t post, const Poll *from, const Poll *to);
/* An edit: what is ours to know of the poll stays. With other options the votes for the old ones
 * go. */
MUST_CHECK enum err poll_edit(struct txn *txn, const Post *old, Poll *poll);
/* The one that has been due longest. ERR_NOTFOUND: none is at `now_ms`. */
MUST_CHECK enum err poll_due_first(struct txn *txn, int64_t now_ms, post_id *out);

#endif
