/*
 * idempotency - requests that may come twice make one thing: an app on bad radio sends again, with
 * the same key.
 *
 * A row is written in the transaction that makes the thing, so the second request finds it however
 * soon it comes, and after a restart. It counts for IDEMPOTENCY_LIFE_MS.
 *
 * Threads  reads: any thread with a txn. Writes: inside a mutation only
 * On disk  idempotency
 */
#ifndef WARD_STORAGE_IDEMPOTENCY_H
#define WARD_STORAGE_IDEMPOTENCY_H

#include "storage/record.h"

#define IDEMPOTENCY_LIFE_MS ((int64_t)3600 * 1000)
#define IDEMPOTENCY_KEY_MAX_BYTES 256

/* ERR_NOTFOUND: that key was not used with that token, or too long ago. */
MUST_CHECK enum err idempotency_get(struct txn *txn, uint64_t token, const char *key,
                                    int64_t now_ms, struct arena *arena, Idempotency **out);
/* Takes the place of one that counts no longer. */
MUST_CHECK enum err idempotency_put(struct txn *txn, const Idempotency *row);
/* Forgets those before `before_ms` among the first `max`. */
MUST_CHECK enum err idempotency_expire(struct txn *txn, unsigned max, int64_t before_ms);

#endif
