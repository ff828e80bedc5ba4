/*
 * parked - requests we answered 2xx and that wait for something to be fetched; and the wants.
 *
 * On disk  parked, parked_by, want, want_due
 */
#ifndef WARD_STORAGE_PARKED_H
#define WARD_STORAGE_PARKED_H

#include "storage/record.h"

#define PARKED_PER_PEER_MAX 1000       /* quota: one peer cannot fill the disk with promises */
#define WANT_FAILED_MS (5 * 60 * 1000) /* what failed is not fetched again before that */

/* Takes an id, adds it under parked->needs and makes the want when there is none; one that
 * failed becomes due again WANT_FAILED_MS after it did.
 * ERR_LIMIT: the peer's quota is used up (answer 503). ERR_INVALID: it needs nothing. */
MUST_CHECK enum err parked_put(struct txn *txn, Parked *parked, WantKind kind, int64_t now_ms);
MUST_CHECK enum err parked_get(struct txn *txn, uint64_t id, struct arena *arena, Parked **out);
/* The next item waiting for `needs` with an id greater than `after`. */
MUST_CHECK enum err parked_next(struct txn *txn, const char *needs, uint64_t after, uint64_t *out);
/* The last item that waits for a URI takes the want with it, unless that has failed. */
MUST_CHECK enum err parked_del(struct txn *txn, uint64_t id);

MUST_CHECK enum err want_get(struct txn *txn, const char *uri, struct arena *arena, Want **out);
/* Inserts or replaces, keeps want_due right. A failed one is the negative cache and not due. One
 * with nothing parked is allowed: a reader waits for it in memory. Read again what is replaced:
 * the last parked_del removes a want. */
MUST_CHECK enum err want_put(struct txn *txn, const Want *want);
/* Something on disk waits for `uri` now: makes the want when there is none. A failed fetch is tried
 * again, but not before its time. */
MUST_CHECK enum err want_ensure(struct txn *txn, const char *uri, WantKind kind, int64_t now_ms);
/* Something waits no longer: the last takes the want with it; a negative-cache entry stays. */
MUST_CHECK enum err want_release(struct txn *txn, const char *uri);
/* ERR_INVALID while something is parked under it, or a backfill wants it. */
MUST_CHECK enum err want_del(struct txn *txn, const char *uri);
/* A negative-cache entry whose time is over goes; when something is still parked under it (the node
 * stopped before that was told) it is fetched again, lest what waits wait for ever. */
MUST_CHECK enum err want_forgive(struct txn *txn, const char *uri, int64_t now_ms);
/* In order of next_attempt_ms: the next after (*due_ms, hash), both moved on; start with -1 and
 * zeros. */
MUST_CHECK enum err want_due_next(struct txn *txn, int64_t *due_ms, uint8_t hash[KEY_HASH_BYTES],
                                  struct arena *arena, Want **out);
/* All wants, failed ones too, in order of hash, which is moved on; start with zeros. */
MUST_CHECK enum err want_next(struct txn *txn, uint8_t hash[KEY_HASH_BYTES], struct arena *arena,
                              Want **out);

#endif
