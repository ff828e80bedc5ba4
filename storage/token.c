#include "storage/token.h"

#include "storage/push.h"

#include <string.h>

#define TOKEN_ARENA_BYTES (64 << 10)

static struct key owner_key(enum token_owner kind, uint64_t owner, uint64_t id)
{
    struct key key = {0};
    key_add_u8(&key, (uint8_t)kind);
    key_add_u64(&key, owner);
    key_add_u64(&key, id);
    return key;
}

static enum err add_owner(struct txn *txn, enum token_owner kind, uint64_t owner, uint64_t id)
{
    struct key key = owner_key(kind, owner, id);
    return owner ? engine_add(txn, TABLE_TOKEN_OF, key_bytes(&key), (struct bytes){0}) : OK;
}

static enum err drop_owner(struct txn *txn, enum token_owner kind, uint64_t owner, uint64_t id)
{
    struct key key = owner_key(kind, owner, id);
    enum err e = owner ? engine_del(txn, TABLE_TOKEN_OF, key_bytes(&key)) : OK;
    return e == ERR_NOTFOUND ? OK : e;
}

enum err token_create(struct txn *txn, Token *token, int64_t now_ms, struct arena *arena,
                      const char **out_secret)
{
    uint8_t hash[SECRET_HASH_BYTES];
    const char *text;
    enum err e = secret_make(arena, &text, hash);
    if (!e)
        e = id_next(txn, now_ms, &token->id);
    if (e)
        return e;
    token->created_ms = now_ms;
    struct key id = key_id(token->id);
    struct bytes by_hash = {hash, sizeof hash};
    if ((e = record_add(txn, TABLE_TOKEN, by_hash, &token->base)) ||
        (e = engine_add(txn, TABLE_TOKEN_ID, key_bytes(&id), by_hash)) ||
        (e = add_owner(txn, TOKEN_OF_ACTOR, token->actor, token->id)) ||
        (e = add_owner(txn, TOKEN_OF_APPLICATION, token->app, token->id)))
        return e;
    *out_secret = text;
    return OK;
}

enum err token_find(struct txn *txn, const char *secret, struct arena *arena, Token **out)
{
    uint8_t hash[SECRET_HASH_BYTES];
    enum err e = secret_hash(secret, hash);
    return e ? e
             : record_get(txn, TABLE_TOKEN, (struct bytes){hash, sizeof hash}, &token__descriptor,
                          arena, out);
}

static enum err hash_of(struct txn *txn, uint64_t id, uint8_t out[SECRET_HASH_BYTES])
{
    struct key key = key_id(id);
    struct bytes hash;
    enum err e = engine_get(txn, TABLE_TOKEN_ID, key_bytes(&key), &hash);
    if (e)
        return e;
    if (hash.n != SECRET_HASH_BYTES)
        return ERR_CORRUPT;
    memcpy(out, hash.p, SECRET_HASH_BYTES);
    return OK;
}

enum err token_get(struct txn *txn, uint64_t id, struct arena *arena, Token **out)
{
    uint8_t hash[SECRET_HASH_BYTES];
    enum err e = hash_of(txn, id, hash);
    return e ? e
             : record_get(txn, TABLE_TOKEN, (struct bytes){hash, sizeof hash}, &token__descriptor,
                          arena, out);
}

enum err token_next(struct txn *txn, uint8_t hash[SECRET_HASH_BYTES], struct arena *arena,
                    Token **out)
{
    AUTO(range_close) struct range range = {0};
    struct key lo = {0};
    struct bytes key, value;
    key_add_bytes(&lo, (struct bytes){hash, SECRET_HASH_BYTES});
    key_add_u8(&lo, 0); /* the first key after it */
    enum err e = range_open(txn, TABLE_TOKEN, key_bytes(&lo), (struct bytes){0}, RANGE_UP, &range);
    if (!e)
        e = range_next(&range, &key, &value);
    if (!e)
        e = record_decode(&token__descriptor, value, arena, out);
    if (e)
        return e;
    if (key.n != SECRET_HASH_BYTES)
        return ERR_CORRUPT;
    memcpy(hash, key.p, SECRET_HASH_BYTES);
    return OK;
}

enum err token_of_next(struct txn *txn, enum token_owner kind, uint64_t owner, uint64_t *id)
{
    AUTO(range_close) struct range range = {0};
    struct key lo = owner_key(kind, owner, *id), hi = owner_key(kind, owner, UINT64_MAX);
    struct bytes key;
    size_t at = 9;
    key_add_u8(&lo, 0); /* the first key after it */
    enum err e = range_open(txn, TABLE_TOKEN_OF, key_bytes(&lo), key_bytes(&hi), RANGE_UP, &range);
    if (!e)
        e = range_next(&range, &key, NULL);
    return e ? e : key_read_u64(key, &at, id);
}

enum err token_touch(struct txn *txn, uint64_t id, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(TOKEN_ARENA_BYTES);
    uint8_t hash[SECRET_HASH_BYTES];
    Token *token;
    enum err e = hash_of(txn, id, hash);
    if (!e)
        e = token_get(txn, id, &arena, &token);
    if (e || now_ms - token->used_ms < TOKEN_USED_STEP_MS)
        return e;
    token->used_ms = now_ms;
    return record_put(txn, TABLE_TOKEN, (struct bytes){hash, sizeof hash}, &token->base);
}

enum err token_revoke(struct txn *txn, uint64_t id)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(TOKEN_ARENA_BYTES);
    uint8_t hash[SECRET_HASH_BYTES];
    struct key key = key_id(id);
    Token *token;
    enum err e = hash_of(txn, id, hash);
    if (!e)
        e = token_get(txn, id, &arena, &token);
    if (e)
        return e;
    e = push_del(txn, (actor_id){token->actor}, id);
    if (e && e != ERR_NOTFOUND)
        return e;
    if ((e = engine_del(txn, TABLE_TOKEN, (struct bytes){hash, sizeof hash})) ||
        (e = engine_del(txn, TABLE_TOKEN_ID, key_bytes(&key))) ||
        (e = drop_owner(txn, TOKEN_OF_ACTOR, token->actor, id)))
        return e;
    return drop_owner(txn, TOKEN_OF_APPLICATION, token->app, id);
}

static enum err revoke_of(struct txn *txn, enum token_owner kind, uint64_t owner)
{
    uint64_t id = 0;
    enum err e;
    while ((e = token_of_next(txn, kind, owner, &id)) == OK)
        if ((e = token_revoke(txn, id)))
            return e;
    return e == ERR_NOTFOUND ? OK : e;
}

enum err token_revoke_all(struct txn *txn, actor_id actor)
{
    return revoke_of(txn, TOKEN_OF_ACTOR, actor.v);
}

enum err token_revoke_application(struct txn *txn, uint64_t application)
{
    return revoke_of(txn, TOKEN_OF_APPLICATION, application);
}
