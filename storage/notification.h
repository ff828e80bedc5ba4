/*
 * notification - what an actor of ours should be told.
 */
#ifndef WARD_STORAGE_NOTIFICATION_H
#define WARD_STORAGE_NOTIFICATION_H

#include "storage/record.h"

/* Takes an id; the same type, from and post twice is ERR_EXISTS. */
MUST_CHECK enum err notification_add(struct txn *txn, actor_id owner, Notification *notification,
                                     int64_t now_ms);
/* Newest first: the next below `before` (start with UINT64_MAX). */
MUST_CHECK enum err notification_next(struct txn *txn, actor_id owner, uint64_t before,
                                      struct arena *arena, Notification **out);

#endif
