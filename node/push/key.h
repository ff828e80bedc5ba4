/*
 * key - the node's own key towards push services: one P-256 pair, made once, kept in the store.
 *
 * Threads  any
 * Source   RFC 8292
 */
#ifndef WARD_NODE_PUSH_KEY_H
#define WARD_NODE_PUSH_KEY_H

#include "node/push/encrypt.h"
#include "storage/writer.h"

/* Makes it when there is none. */
MUST_CHECK enum err push_key_settle(struct writer *writer);
MUST_CHECK enum err push_key_read(struct txn *txn, struct push_key *out);
/* What apps are told: the point in base64url, 87 characters; "" before the key was made. In the
 * arena. */
const char *push_public_key(struct txn *txn, struct arena *arena);

#endif
