/*
 * mute - whom one of ours does not want to read. A mute may end by itself; one that has ended is as
 * if it were not there, and is removed some time later (node/upkeep.h).
 *
 * Threads  reads: any thread with a txn. Writes: inside a mutation only.
 * On disk  edge MUTE (keyspace.h): Edge.until_ms, Edge.hides_notifications
 */
#ifndef WARD_STORAGE_MUTE_H
#define WARD_STORAGE_MUTE_H

#include "storage/record.h"

bool mute_holds(struct txn *txn, actor_id who, actor_id whom, int64_t now_ms);
/* The same, and what they do is not told of either. */
bool mute_hides_notifications(struct txn *txn, actor_id who, actor_id whom, int64_t now_ms);
/* ERR_NOTFOUND: none, or it has ended. */
MUST_CHECK enum err mute_get(struct txn *txn, actor_id who, actor_id whom, int64_t now_ms,
                             struct arena *arena, Edge **out);

#define MUTE_CURSOR_BYTES 16
/* Removes mutes that ended before `now_ms`, looking at `rows` from after *at, which moves on (start
 * with zeros). ERR_NOTFOUND: that was the last. */
MUST_CHECK enum err mute_expire(struct txn *txn, uint8_t at[MUTE_CURSOR_BYTES], unsigned rows,
                                int64_t now_ms);

#endif
