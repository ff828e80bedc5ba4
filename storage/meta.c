#include "storage/meta.h"

#include "storage/base/siphash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define HOST_NAME "host"
#define ADDRESS_KEY "address_key"

enum err meta_create(struct txn *txn, const char *host)
{
    uint8_t key[SIPHASH_KEY_BYTES];
    if (getrandom(key, sizeof key, 0) != (ssize_t)sizeof key)
        return ERR_STORE;
    enum err e = engine_add(txn, TABLE_META, bytes_of(HOST_NAME), bytes_of(host));
    if (e)
        return e;
    return engine_add(txn, TABLE_META, bytes_of(META_HASH_KEY), (struct bytes){key, sizeof key});
}

enum err meta_host(struct txn *txn, struct arena *arena, const char **out)
{
    struct bytes value;
    enum err e = engine_get(txn, TABLE_META, bytes_of(HOST_NAME), &value);
    if (e)
        return e;
    const char *host = arena_strndup(arena, value.p, value.n);
    if (!host)
        return ERR_LIMIT;
    *out = host;
    return OK;
}

enum err meta_get_u64(struct txn *txn, const char *name, uint64_t *out)
{
    struct bytes value;
    size_t at = 0;
    enum err e = engine_get(txn, TABLE_META, bytes_of(name), &value);
    return e ? e : key_read_u64(value, &at, out);
}

enum err meta_put_u64(struct txn *txn, const char *name, uint64_t value)
{
    struct key big_endian = {.n = 0};
    key_add_u64(&big_endian, value);
    return engine_put(txn, TABLE_META, bytes_of(name), key_bytes(&big_endian));
}

void meta_hash_key(struct txn *txn, uint8_t out[SIPHASH_KEY_BYTES])
{
    struct bytes value;
    enum err e = engine_get(txn, TABLE_META, bytes_of(META_HASH_KEY), &value);
    if (e || value.n != SIPHASH_KEY_BYTES) {
        fprintf(stderr, "ward: the store has no hash key (%s): it was never finished\n",
                err_name(e));
        abort();
    }
    memcpy(out, value.p, SIPHASH_KEY_BYTES);
}

enum err meta_address_key(struct txn *txn, uint8_t out[SIPHASH_KEY_BYTES])
{
    struct bytes value;
    enum err e = engine_get(txn, TABLE_META, bytes_of(ADDRESS_KEY), &value);
    if (!e && value.n != SIPHASH_KEY_BYTES)
        return ERR_CORRUPT;
    if (!e)
        memcpy(out, value.p, SIPHASH_KEY_BYTES);
    if (e != ERR_NOTFOUND)
        return e;
    if (getrandom(out, SIPHASH_KEY_BYTES, 0) != SIPHASH_KEY_BYTES)
        return ERR_STORE;
    return engine_add(txn, TABLE_META, bytes_of(ADDRESS_KEY),
                      (struct bytes){out, SIPHASH_KEY_BYTES});
}
