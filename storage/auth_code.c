#include "storage/auth_code.h"

#include <string.h>

#define AUTH_CODE_ARENA_BYTES (64 << 10)

enum err auth_code_add(struct txn *txn, AuthCode *code, int64_t now_ms, struct arena *arena,
                       const char **out_secret)
{
    uint8_t hash[SECRET_HASH_BYTES];
    const char *text;
    enum err e = secret_make(arena, &text, hash);
    if (e)
        return e;
    code->created_ms = now_ms;
    e = record_add(txn, TABLE_AUTH_CODE, (struct bytes){hash, sizeof hash}, &code->base);
    if (!e)
        *out_secret = text;
    return e;
}

enum err auth_code_find(struct txn *txn, const char *secret, int64_t now_ms, struct arena *arena,
                        AuthCode **out)
{
    uint8_t hash[SECRET_HASH_BYTES];
    AuthCode *code;
    enum err e = secret_hash(secret, hash);
    if (!e)
        e = record_get(txn, TABLE_AUTH_CODE, (struct bytes){hash, sizeof hash},
                       &auth_code__descriptor, arena, &code);
    if (e)
        return e;
    if (!code->token && now_ms - code->created_ms > AUTH_CODE_LIFE_MS)
        return ERR_NOTFOUND;
    *out = code;
    return OK;
}

enum err auth_code_use(struct txn *txn, const char *secret, AuthCode *code, uint64_t token)
{
    uint8_t hash[SECRET_HASH_BYTES];
    enum err e = secret_hash(secret, hash);
    code->token = token;
    return e ? e : record_put(txn, TABLE_AUTH_CODE, (struct bytes){hash, sizeof hash}, &code->base);
}

enum err auth_code_expire(struct txn *txn, uint8_t hash[SECRET_HASH_BYTES], unsigned max,
                          int64_t before_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(AUTH_CODE_ARENA_BYTES);
    AUTO(range_close) struct range range = {0};
    struct key lo = {0};
    struct bytes key, value;
    key_add_bytes(&lo, (struct bytes){hash, SECRET_HASH_BYTES});
    key_add_u8(&lo, 0); /* the first key after it */
    enum err e =
        range_open(txn, TABLE_AUTH_CODE, key_bytes(&lo), (struct bytes){0}, RANGE_UP, &range);
    for (unsigned i = 0; !e && i < max; i++) {
        AuthCode *code;
        if ((e = range_next(&range, &key, &value)))
            return e;
        if (key.n != SECRET_HASH_BYTES)
            return ERR_CORRUPT;
        memcpy(hash, key.p, SECRET_HASH_BYTES);
        e = record_decode(&auth_code__descriptor, value, &arena, &code);
        if (!e && code->created_ms < before_ms)
            e = engine_del(txn, TABLE_AUTH_CODE, (struct bytes){hash, SECRET_HASH_BYTES});
        arena_clear(&arena);
    }
    return e;
}
