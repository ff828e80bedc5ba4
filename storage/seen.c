#include "storage/seen.h"

#include <string.h>

#define SEEN_ARENA_BYTES (64 << 10)

enum err seen_add(struct txn *txn, const char *activity_uri, const uint8_t digest[32],
                  int64_t now_ms, bool *same)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SEEN_ARENA_BYTES);
    uint8_t hash[KEY_HASH_BYTES];
    text_hash(txn, activity_uri, hash);
    struct bytes key = {hash, sizeof hash};
    Seen seen = SEEN__INIT, *first;
    seen.uri = (char *)activity_uri;
    seen.received_ms = now_ms;
    seen.digest.data = (uint8_t *)digest;
    seen.digest.len = 32;
    enum err e = record_add(txn, TABLE_SEEN, key, &seen.base);
    if (e != ERR_EXISTS)
        return e;
    e = record_get(txn, TABLE_SEEN, key, &seen__descriptor, &arena, &first);
    if (e)
        return e;
    *same = first->digest.len == 32 && memcmp(first->digest.data, digest, 32) == 0;
    return ERR_EXISTS;
}

bool seen_has(struct txn *txn, const char *activity_uri)
{
    uint8_t hash[KEY_HASH_BYTES];
    struct bytes any;
    text_hash(txn, activity_uri, hash);
    return engine_get(txn, TABLE_SEEN, (struct bytes){hash, sizeof hash}, &any) == OK;
}

enum err seen_expire(struct txn *txn, uint8_t hash[KEY_HASH_BYTES], unsigned max, int64_t before_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SEEN_ARENA_BYTES);
    AUTO(range_close) struct range range = {0};
    struct key lo = {0};
    struct bytes key, value;
    key_add_bytes(&lo, (struct bytes){hash, KEY_HASH_BYTES});
    key_add_u8(&lo, 0); /* the first key after it */
    enum err e = range_open(txn, TABLE_SEEN, key_bytes(&lo), (struct bytes){0}, RANGE_UP, &range);
    for (unsigned i = 0; !e && i < max; i++) {
        Seen *seen;
        if ((e = range_next(&range, &key, &value)))
            return e;
        if (key.n != KEY_HASH_BYTES)
            return ERR_CORRUPT;
        memcpy(hash, key.p, KEY_HASH_BYTES);
        e = record_decode(&seen__descriptor, value, &arena, &seen);
        if (!e && seen->received_ms < before_ms)
            e = engine_del(txn, TABLE_SEEN, (struct bytes){hash, KEY_HASH_BYTES});
        arena_clear(&arena);
    }
    return e;
}
