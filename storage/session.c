#include "storage/session.h"

#include "storage/account.h"

#include <string.h>

#define SESSION_ARENA_BYTES (64 << 10)

enum err session_add(struct txn *txn, actor_id actor, int64_t now_ms, struct arena *arena,
                     const char **out_secret)
{
    uint8_t hash[SECRET_HASH_BYTES];
    const char *text;
    Session session = SESSION__INIT;
    session.actor = actor.v;
    session.created_ms = now_ms;
    enum err e = secret_make(arena, &text, hash);
    if (!e)
        e = record_add(txn, TABLE_SESSION, (struct bytes){hash, sizeof hash}, &session.base);
    if (!e)
        *out_secret = text;
    return e;
}

enum err session_find(struct txn *txn, const char *secret, int64_t now_ms, struct arena *arena,
                      Account **out)
{
    uint8_t hash[SECRET_HASH_BYTES];
    Session *session;
    Account *account;
    enum err e = secret_hash(secret, hash);
    if (!e)
        e = record_get(txn, TABLE_SESSION, (struct bytes){hash, sizeof hash}, &session__descriptor,
                       arena, &session);
    if (!e)
        e = account_get(txn, (actor_id){session->actor}, arena, &account);
    if (e)
        return e;
    if (now_ms - session->created_ms > SESSION_LIFE_MS ||
        !account_may_act(account, session->created_ms))
        return ERR_NOTFOUND;
    *out = account;
    return OK;
}

enum err session_expire(struct txn *txn, uint8_t hash[SECRET_HASH_BYTES], unsigned max,
                        int64_t before_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SESSION_ARENA_BYTES);
    AUTO(range_close) struct range range = {0};
    struct key lo = {0};
    struct bytes key, value;
    key_add_bytes(&lo, (struct bytes){hash, SECRET_HASH_BYTES});
    key_add_u8(&lo, 0); /* the first key after it */
    enum err e =
        range_open(txn, TABLE_SESSION, key_bytes(&lo), (struct bytes){0}, RANGE_UP, &range);
    for (unsigned i = 0; !e && i < max; i++) {
        Session *session;
        if ((e = range_next(&range, &key, &value)))
            return e;
        if (key.n != SECRET_HASH_BYTES)
            return ERR_CORRUPT;
        memcpy(hash, key.p, SECRET_HASH_BYTES);
        e = record_decode(&session__descriptor, value, &arena, &session);
        if (!e && session->created_ms < before_ms)
            e = engine_del(txn, TABLE_SESSION, (struct bytes){hash, SECRET_HASH_BYTES});
        arena_clear(&arena);
    }
    return e;
}
