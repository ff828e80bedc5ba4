/*
 * push - where to send word of a notification when no app is open: Web Push subscriptions, one a
 * token, and the node's own key for push services.
 *
 * A subscription keeps its own place among its owner's notifications (`done`): what is above it is
 * still to be sent. So nothing is lost over a restart, and one that cannot be reached holds back
 * nobody else.
 *
 * Threads  reads: any thread with a txn. Writes: inside a mutation only
 * On disk  push, meta "push_key", "push_id" (keyspace.h)
 */
#ifndef WARD_STORAGE_PUSH_H
#define WARD_STORAGE_PUSH_H

#include "storage/record.h"

#define PUSH_KEY_BYTES 97 /* P-256: scalar 32, uncompressed point 65 */

MUST_CHECK enum err push_get(struct txn *txn, actor_id actor, uint64_t token, struct arena *arena,
                             PushSubscription **out);
/* Inserts or replaces; one without an id takes a new, small one. */
MUST_CHECK enum err push_put(struct txn *txn, PushSubscription *subscription);
MUST_CHECK enum err push_del(struct txn *txn, actor_id actor, uint64_t token);
/* All of them: the next after (*actor, *token), which move on; start with zeros. */
MUST_CHECK enum err push_next(struct txn *txn, actor_id *actor, uint64_t *token,
                              struct arena *arena, PushSubscription **out);

/* ERR_NOTFOUND: none was made yet. */
MUST_CHECK enum err push_key_get(struct txn *txn, uint8_t out[PUSH_KEY_BYTES]);
/* ERR_EXISTS: there is one, which stays. */
MUST_CHECK enum err push_key_add(struct txn *txn, const uint8_t key[PUSH_KEY_BYTES]);

#endif
