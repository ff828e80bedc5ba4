/*
 * narrow - a reply is read here by no more people than what it answers.
 *
 * A reply that was addressed more widely than its parent (by a server that does not know the rule,
 * or by somebody who did not care) is kept with the part of its audience that may read the parent
 * too: everyone of one's own followers who also follows whom the parent is for
 * (Post.audience_also). Whoever it addresses by name reads it all the same: its author told them,
 * not we. This is done in the transaction in which the two meet, whichever of them came first, so
 * the order of arrival does not matter. What was narrowed stays so when the parent goes.
 *
 *     parent \ reply     open              FOLLOWERS of A        DIRECT  LOCAL
 *     open               as it is          as it is              as it is
 *     FOLLOWERS of X     FOLLOWERS of X    of A and X both       DIRECT  DIRECT
 *     LOCAL              LOCAL             DIRECT                DIRECT  LOCAL
 *     DIRECT             DIRECT            DIRECT                DIRECT  DIRECT
 *
 * A remote reply that names the followers collection of the parent's owner or author among its
 * recipients is FOLLOWERS of them: only with the parent at hand can one tell whose that is.
 *
 * Threads  inside a mutation
 */
#ifndef WARD_STORAGE_NARROW_H
#define WARD_STORAGE_NARROW_H

#include "storage/record.h"

#define NARROW_OWNERS_MAX 8 /* whom a reader must follow, all of them; of more: DIRECT */

/* Whose followers a FOLLOWERS post is for. */
static inline uint64_t post_audience_owner(const Post *post)
{
    return post->audience_of ? post->audience_of : post->author;
}

/* Sets visibility, audience_of and audience_also of `reply`; what is new lives in the arena.
 * *out_changed: it was not so before. */
MUST_CHECK enum err narrow_to_parent(struct txn *txn, Post *reply, const Post *parent,
                                     struct arena *arena, bool *out_changed);

#endif
