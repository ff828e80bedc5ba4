#include "storage/token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <string.h>

#define TOKEN_ARENA_BYTES (64 << 10)
#define SECRET_BYTES 32
#define HASH_BYTES 32

static bool secret_hash(const char *secret, uint8_t out[HASH_BYTES])
{
    return EVP_Digest(secret, strlen(secret), out, NULL, EVP_sha256(), NULL) == 1;
}

/* base64url without padding (RFC 4648 §5). */
static const char *secret_text(const uint8_t secret[SECRET_BYTES], struct arena *arena)
{
    unsigned char text[4 * ((SECRET_BYTES + 2) / 3) + 1];
    EVP_EncodeBlock(text, secret, SECRET_BYTES);
    for (unsigned char *p = text; *p; p++) {
        if (*p == '+')
            *p = '-';
        else if (*p == '/')
            *p = '_';
        else if (*p == '=')
            *p = '\0'; /* the padding is the end */
    }
    const char *out = arena_strdup(arena, (const char *)text);
    OPENSSL_cleanse(text, sizeof text);
    return out;
}

enum err token_create(struct txn *txn, Token *token, int64_t now_ms, struct arena *arena,
                      const char **out_secret)
{
    uint8_t secret[SECRET_BYTES], hash[HASH_BYTES];
    if (RAND_bytes(secret, sizeof secret) != 1)
        return ERR_STORE;
    const char *text = secret_text(secret, arena);
    OPENSSL_cleanse(secret, sizeof secret);
    if (!text)
        return ERR_LIMIT;
    if (!secret_hash(text, hash))
        return ERR_STORE;
    enum err e = id_next(txn, now_ms, &token->id);
    if (e)
        return e;
    token->created_ms = now_ms;
    e = record_add(txn, TABLE_TOKEN, (struct bytes){hash, sizeof hash}, &token->base);
    if (!e)
        *out_secret = text;
    return e;
}

enum err token_find(struct txn *txn, const char *secret, struct arena *arena, Token **out)
{
    uint8_t hash[HASH_BYTES];
    if (!secret_hash(secret, hash))
        return ERR_STORE;
    return record_get(txn, TABLE_TOKEN, (struct bytes){hash, sizeof hash}, &token__descriptor,
                      arena, out);
}

enum err token_next(struct txn *txn, uint8_t hash[HASH_BYTES], struct arena *arena, Token **out)
{
    AUTO(range_close) struct range range = {0};
    struct key lo = {0};
    struct bytes key, value;
    key_add_bytes(&lo, (struct bytes){hash, HASH_BYTES});
    key_add_u8(&lo, 0); /* the first key after it */
    enum err e = range_open(txn, TABLE_TOKEN, key_bytes(&lo), (struct bytes){0}, RANGE_UP, &range);
    if (!e)
        e = range_next(&range, &key, &value);
    if (!e)
        e = record_decode(&token__descriptor, value, arena, out);
    if (e)
        return e;
    if (key.n != HASH_BYTES)
        return ERR_CORRUPT;
    memcpy(hash, key.p, HASH_BYTES);
    return OK;
}

enum err token_revoke(struct txn *txn, uint64_t id)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(TOKEN_ARENA_BYTES);
    uint8_t hash[HASH_BYTES] = {0};
    Token *token;
    enum err e;
    while ((e = token_next(txn, hash, &arena, &token)) == OK) {
        if (token->id == id)
            return engine_del(txn, TABLE_TOKEN, (struct bytes){hash, sizeof hash});
        arena_clear(&arena);
    }
    return e;
}

enum err token_revoke_all(struct txn *txn, actor_id actor)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(TOKEN_ARENA_BYTES);
    uint8_t hash[HASH_BYTES] = {0};
    Token *token;
    enum err e;
    while ((e = token_next(txn, hash, &arena, &token)) == OK) {
        if (token->actor == actor.v)
            e = engine_del(txn, TABLE_TOKEN, (struct bytes){hash, sizeof hash});
        if (e)
            return e;
        arena_clear(&arena);
    }
    return e == ERR_NOTFOUND ? OK : e;
}
