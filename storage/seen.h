/*
 * seen - activity ids already accepted, so that a repeat has no second effect (T24, T25).
 */
#ifndef WARD_STORAGE_SEEN_H
#define WARD_STORAGE_SEEN_H

#include "storage/record.h"

/* ERR_EXISTS: accepted before; *same says whether with the same digest (SHA-256 of the body). */
MUST_CHECK enum err seen_add(struct txn *txn, const char *activity_uri, const uint8_t digest[32],
                             int64_t now_ms, bool *same);
bool seen_has(struct txn *txn, const char *activity_uri);
/*
 * Forgets what was received before `before_ms`, looking at up to `max` rows after `hash` (start
 * with zeros), which is moved on. ERR_NOTFOUND: that was the last of them.
 */
MUST_CHECK enum err seen_expire(struct txn *txn, uint8_t hash[KEY_HASH_BYTES], unsigned max,
                                int64_t before_ms);

#endif
