#include "storage/idempotency.h"

#include <inttypes.h>
#include <string.h>

#define IDEMPOTENCY_ARENA_BYTES (64 << 10)

static enum err row_key(struct txn *txn, uint64_t token, const char *key, struct key *out)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(IDEMPOTENCY_ARENA_BYTES);
    uint8_t hash[KEY_HASH_BYTES];
    const char *text = arena_printf(&arena, "%" PRIu64 " %s", token, key);
    if (!text)
        return ERR_LIMIT;
    text_hash(txn, text, hash);
    *out = (struct key){0};
    key_add_bytes(out, (struct bytes){hash, sizeof hash});
    return OK;
}

enum err idempotency_get(struct txn *txn, uint64_t token, const char *key, int64_t now_ms,
                         struct arena *arena, Idempotency **out)
{
    Idempotency *row;
    struct key k;
    enum err e = row_key(txn, token, key, &k);
    if (!e)
        e = record_get(txn, TABLE_IDEMPOTENCY, key_bytes(&k), &idempotency__descriptor, arena,
                       &row);
    if (e)
        return e;
    if (row->token != token || strcmp(row->key, key) != 0 ||
        row->created_ms + IDEMPOTENCY_LIFE_MS <= now_ms)
        return ERR_NOTFOUND;
    *out = row;
    return OK;
}

enum err idempotency_put(struct txn *txn, const Idempotency *row)
{
    struct key k;
    enum err e = row_key(txn, row->token, row->key, &k);
    return e ? e : record_put(txn, TABLE_IDEMPOTENCY, key_bytes(&k), &row->base);
}

enum err idempotency_expire(struct txn *txn, unsigned max, int64_t before_ms)
{
    AUTO(range_close) struct range range = {0};
    struct bytes key, value;
    enum err e =
        range_open(txn, TABLE_IDEMPOTENCY, (struct bytes){0}, (struct bytes){0}, RANGE_UP, &range);
    for (unsigned i = 0; !e && i < max; i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(IDEMPOTENCY_ARENA_BYTES);
        struct key at = {0};
        Idempotency *row;
        e = range_next(&range, &key, &value);
        if (e)
            break;
        key_add_bytes(&at, key);
        e = record_decode(&idempotency__descriptor, value, &arena, &row);
        if (!e && row->created_ms < before_ms)
            e = engine_del(txn, TABLE_IDEMPOTENCY, key_bytes(&at));
    }
    return e == ERR_NOTFOUND ? OK : e;
}
