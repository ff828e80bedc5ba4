/*
 * scheduled - posts of ours that wait for their time.
 *
 * What is posted is removed here in the same transaction: once, whatever stops in between. What
 * could not be posted stays, with the reason, for its author to see; it waits no longer.
 *
 * Units    Unix milliseconds
 * Threads  reads: any thread with a txn. Writes: inside a mutation only
 * On disk  scheduled, scheduled_due
 */
#ifndef WARD_STORAGE_SCHEDULED_H
#define WARD_STORAGE_SCHEDULED_H

#include "storage/record.h"

#define SCHEDULED_MAX 300 /* of one account */

/* New, or with another time or refusal. ERR_LIMIT: the account has too many. */
MUST_CHECK enum err scheduled_put(struct txn *txn, const Scheduled *scheduled);
MUST_CHECK enum err scheduled_get(struct txn *txn, actor_id owner, uint64_t id, struct arena *arena,
                                  Scheduled **out);
MUST_CHECK enum err scheduled_del(struct txn *txn, actor_id owner, uint64_t id);
MUST_CHECK enum err scheduled_del_all(struct txn *txn, actor_id owner);
/* The newest of this owner below *id (start with UINT64_MAX), which moves there. */
MUST_CHECK enum err scheduled_next(struct txn *txn, actor_id owner, uint64_t *id,
                                   struct arena *arena, Scheduled **out);
/* The one that has been due longest. ERR_NOTFOUND: none is at `now_ms`. */
MUST_CHECK enum err scheduled_due_first(struct txn *txn, int64_t now_ms, actor_id *owner,
                                        uint64_t *id);
/* Does a post of this owner that waits need that upload? */
bool scheduled_has_media(struct txn *txn, actor_id owner, uint64_t media);

#endif
