/*
 * auth_code - what an application is handed when somebody said yes: good for one token, soon.
 *
 * A code stays after it was used, until AUTH_CODE_KEPT_MS: when it comes again, somebody else has
 * seen it, and what was made of it must end.
 *
 * Threads  reads: any thread with a txn. Writes: inside a mutation only.
 * On disk  auth_code
 * Source   RFC 6749 §4.1.2; T110
 */
#ifndef WARD_STORAGE_AUTH_CODE_H
#define WARD_STORAGE_AUTH_CODE_H

#include "storage/record.h"
#include "storage/secret.h"

#define AUTH_CODE_LIFE_MS ((int64_t)10 * 60 * 1000)
#define AUTH_CODE_KEPT_MS ((int64_t)24 * 3600 * 1000)

/* Makes a code (in the arena: the only time it is visible). */
MUST_CHECK enum err auth_code_add(struct txn *txn, AuthCode *code, int64_t now_ms,
                                  struct arena *arena, const char **out_secret);
/* Used or not. ERR_NOTFOUND for one that is older than its life, too, unless it was used. */
MUST_CHECK enum err auth_code_find(struct txn *txn, const char *secret, int64_t now_ms,
                                   struct arena *arena, AuthCode **out);
/* It became `token`. */
MUST_CHECK enum err auth_code_use(struct txn *txn, const char *secret, AuthCode *code,
                                  uint64_t token);
/* As seen_expire. */
MUST_CHECK enum err auth_code_expire(struct txn *txn, uint8_t hash[SECRET_HASH_BYTES], unsigned max,
                                     int64_t before_ms);

#endif
