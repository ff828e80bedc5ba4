/*
 * notification - what an actor of ours should be told.
 *
 * On disk  notification, notified (keyspace.h)
 */
#ifndef WARD_STORAGE_NOTIFICATION_H
#define WARD_STORAGE_NOTIFICATION_H

#include "storage/record.h"

/* Takes an id; one that is_filtered becomes part of a request (request.h) and is told to nobody.
 * ERR_EXISTS: the owner has one with the same type, from, post and text.
 * ERR_NOTFOUND: the post is gone. */
MUST_CHECK enum err notification_add(struct txn *txn, actor_id owner, Notification *notification,
                                     int64_t now_ms);
/* Newest first: the next below `before` (start with UINT64_MAX). */
MUST_CHECK enum err notification_next(struct txn *txn, actor_id owner, uint64_t before,
                                      struct arena *arena, Notification **out);
/* Oldest first: the next above `after`. */
MUST_CHECK enum err notification_above(struct txn *txn, actor_id owner, uint64_t after,
                                       struct arena *arena, Notification **out);
MUST_CHECK enum err notification_get(struct txn *txn, actor_id owner, notification_id id,
                                     struct arena *arena, Notification **out);
MUST_CHECK enum err notification_del(struct txn *txn, actor_id owner, notification_id id);
/* All that name a post, whoever has them: for post_delete. */
MUST_CHECK enum err notification_drop(struct txn *txn, post_id post);

#endif
