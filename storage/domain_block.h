/*
 * domain_block - the hosts one of ours wants nothing from: neither posts nor to be told of what is
 * done there.
 *
 * Memory   text lives in the caller's arena
 * Threads  reads: any thread with a txn. Writes: inside a mutation only.
 * On disk  domain_block (keyspace.h)
 */
#ifndef WARD_STORAGE_DOMAIN_BLOCK_H
#define WARD_STORAGE_DOMAIN_BLOCK_H

#include "storage/record.h"

#define DOMAIN_BLOCKS_MAX 5000 /* of one account */

/* `host`: host(X). ERR_EXISTS: blocked already. ERR_LIMIT: too many. */
MUST_CHECK enum err domain_block_add(struct txn *txn, actor_id who, const char *host);
MUST_CHECK enum err domain_block_del(struct txn *txn, actor_id who, const char *host);
/* False for "", our own host. */
bool domain_block_has(struct txn *txn, actor_id who, const char *host);
/* In an order that means nothing but stays: the next after *cursor (start with 0), which moves
 * there. ERR_NOTFOUND: that was the last. */
MUST_CHECK enum err domain_block_next(struct txn *txn, actor_id who, uint64_t *cursor,
                                      struct arena *arena, const char **out);
/* The same the other way (start with UINT64_MAX). */
MUST_CHECK enum err domain_block_below(struct txn *txn, actor_id who, uint64_t *cursor,
                                       struct arena *arena, const char **out);
/* All of an account that goes. */
MUST_CHECK enum err domain_block_drop(struct txn *txn, actor_id who);

#endif
