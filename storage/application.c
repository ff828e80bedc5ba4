#include "storage/application.h"

#include "storage/edge.h"

#define APPLICATION_ARENA_BYTES (256 << 10)

enum err application_add(struct txn *txn, Application *application, int64_t now_ms,
                         struct arena *arena, const char **out_secret)
{
    uint8_t *hash = arena_alloc(arena, SECRET_HASH_BYTES);
    const char *text;
    if (counter_get(txn, COUNTER_STORE, STORE_APPLICATIONS) >= APPLICATIONS_MAX)
        return ERR_LATER;
    enum err e = hash ? secret_make(arena, &text, hash) : ERR_LIMIT;
    if (!e)
        e = id_next(txn, now_ms, &application->id);
    if (e)
        return e;
    application->created_ms = now_ms;
    application->secret = (ProtobufCBinaryData){SECRET_HASH_BYTES, hash};
    struct key key = key_id(application->id);
    e = record_add(txn, TABLE_APPLICATION, key_bytes(&key), &application->base);
    if (!e)
        e = counter_add(txn, COUNTER_STORE, STORE_APPLICATIONS, 1);
    if (!e)
        *out_secret = text;
    return e;
}

enum err application_get(struct txn *txn, uint64_t id, struct arena *arena, Application **out)
{
    struct key key = key_id(id);
    return record_get(txn, TABLE_APPLICATION, key_bytes(&key), &application__descriptor, arena,
                      out);
}

bool application_secret_is(const Application *application, const char *secret)
{
    uint8_t hash[SECRET_HASH_BYTES];
    return secret_hash(secret, hash) == OK &&
           bytes_equal_secret((struct bytes){hash, sizeof hash},
                              (struct bytes){application->secret.data, application->secret.len});
}

enum err application_touch(struct txn *txn, uint64_t id, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(APPLICATION_ARENA_BYTES);
    struct key key = key_id(id);
    Application *application;
    enum err e = application_get(txn, id, &arena, &application);
    if (e)
        return e;
    application->used_ms = now_ms;
    return record_put(txn, TABLE_APPLICATION, key_bytes(&key), &application->base);
}

enum err application_del(struct txn *txn, uint64_t id)
{
    struct key key = key_id(id);
    enum err e = engine_del(txn, TABLE_APPLICATION, key_bytes(&key));
    if (!e)
        e = counter_add(txn, COUNTER_STORE, STORE_APPLICATIONS, -1);
    return e ? e : token_revoke_application(txn, id);
}

enum err application_next(struct txn *txn, uint64_t after, struct arena *arena, Application **out)
{
    if (after == UINT64_MAX)
        return ERR_NOTFOUND;
    AUTO(range_close) struct range range = {0};
    struct key lo = key_id(after + 1);
    struct bytes key, value;
    enum err e =
        range_open(txn, TABLE_APPLICATION, key_bytes(&lo), (struct bytes){0}, RANGE_UP, &range);
    if (!e)
        e = range_next(&range, &key, &value);
    return e ? e : record_decode(&application__descriptor, value, arena, out);
}

static bool is_unused(struct txn *txn, const Application *application, int64_t before_ms)
{
    uint64_t token = 0;
    return application->created_ms < before_ms && application->used_ms < before_ms &&
           token_of_next(txn, TOKEN_OF_APPLICATION, application->id, &token) == ERR_NOTFOUND;
}

enum err application_expire(struct txn *txn, uint64_t *id, unsigned max, int64_t before_ms)
{
    for (unsigned i = 0; i < max; i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(APPLICATION_ARENA_BYTES);
        Application *application;
        enum err e = application_next(txn, *id, &arena, &application);
        if (e)
            return e;
        *id = application->id;
        if (is_unused(txn, application, before_ms) && (e = application_del(txn, *id)))
            return e;
    }
    return OK;
}
