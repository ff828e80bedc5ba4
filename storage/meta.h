/*
 * meta - facts about the store itself: schema version, whose node it is, hash key, last id.
 */
#ifndef WARD_STORAGE_META_H
#define WARD_STORAGE_META_H

#include "storage/base/arena.h"
#include "storage/base/siphash.h"
#include "storage/engine.h"

/*
 * Writes host and a fresh hash key into an empty store; ERR_EXISTS when done before. The
 * version is engine_open's: it writes it on `create`, and refuses a store of another.
 */
MUST_CHECK enum err meta_create(struct txn *txn, const char *host);
/* The host this store was made for. */
MUST_CHECK enum err meta_host(struct txn *txn, struct arena *arena, const char **out);
MUST_CHECK enum err meta_get_u64(struct txn *txn, const char *name, uint64_t *out);
MUST_CHECK enum err meta_put_u64(struct txn *txn, const char *name, uint64_t value);

/*
 * The key of every h(x) in the store. A store that was never through meta_create has none:
 * that aborts, because nothing in it can be found or written.
 */
#define META_HASH_KEY "hash_key"
void meta_hash_key(struct txn *txn, uint8_t out[SIPHASH_KEY_BYTES]);
/* The key of addresses nobody can guess (siphash); made when there is none yet, which is a write.
 */
MUST_CHECK enum err meta_address_key(struct txn *txn, uint8_t out[SIPHASH_KEY_BYTES]);

#endif
