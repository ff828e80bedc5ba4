/*
 * session - who signed in to the pages of this node, for as long as saying yes to an application
 * takes. Apps have tokens, which do not end by themselves.
 *
 * Threads  reads: any thread with a txn. Writes: inside a mutation only.
 * On disk  session
 * Source   T77, T81
 */
#ifndef WARD_STORAGE_SESSION_H
#define WARD_STORAGE_SESSION_H

#include "storage/record.h"
#include "storage/secret.h"

#define SESSION_LIFE_MS ((int64_t)15 * 60 * 1000)

/* Makes a session (its secret in the arena: the only time it is visible). */
MUST_CHECK enum err session_add(struct txn *txn, actor_id actor, int64_t now_ms,
                                struct arena *arena, const char **out_secret);
/* ERR_NOTFOUND for one that is over, too: too old, or its account was disabled, deleted, or given
 * another password since. */
MUST_CHECK enum err session_find(struct txn *txn, const char *secret, int64_t now_ms,
                                 struct arena *arena, Account **out);
/* As seen_expire. */
MUST_CHECK enum err session_expire(struct txn *txn, uint8_t hash[SECRET_HASH_BYTES], unsigned max,
                                   int64_t before_ms);

#endif
