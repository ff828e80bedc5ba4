/*
 * tag_follow - the hashtags one of ours follows: their posts come home.
 *
 * Memory   text lives in the caller's arena
 * Threads  reads: any thread with a txn. Writes: inside a mutation only.
 * On disk  tag_follow (keyspace.h)
 */
#ifndef WARD_STORAGE_TAG_FOLLOW_H
#define WARD_STORAGE_TAG_FOLLOW_H

#include "storage/record.h"

#define TAG_FOLLOWS_MAX 200 /* of one account: every one is a stream of its home */

/* `tag`: folded. ERR_EXISTS: follows it already. ERR_LIMIT: follows too many. */
MUST_CHECK enum err tag_follow_add(struct txn *txn, actor_id who, const char *tag);
MUST_CHECK enum err tag_follow_del(struct txn *txn, actor_id who, const char *tag);
bool tag_follow_has(struct txn *txn, actor_id who, const char *tag);
/* The tag's stream is *owner's (tag_owner, stream.h); start with 0. `out` may be NULL.
 * ERR_NOTFOUND: that was the last. */
MUST_CHECK enum err tag_follow_next(struct txn *txn, actor_id who, uint64_t *owner,
                                    struct arena *arena, const char **out);
/* All of an account that goes. */
MUST_CHECK enum err tag_follow_drop(struct txn *txn, actor_id who);

#endif
