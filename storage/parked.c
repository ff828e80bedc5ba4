#include "storage/parked.h"

#include "storage/backfill.h"
#include "storage/edge.h"

#include <string.h>

#define PARKED_ARENA_BYTES (4 << 20) /* a body of 1 MiB and its headers */
#define WANT_ARENA_BYTES (64 << 10)

static struct key hash_key(struct txn *txn, const char *uri)
{
    struct key key = {0};
    uint8_t hash[KEY_HASH_BYTES];
    text_hash(txn, uri, hash);
    key_add_bytes(&key, (struct bytes){hash, sizeof hash});
    return key;
}

static struct key by_key(struct txn *txn, const char *needs, uint64_t id)
{
    struct key key = hash_key(txn, needs);
    key_add_u64(&key, id);
    return key;
}

static struct key due_key(struct txn *txn, const Want *want)
{
    struct key key = key_id(want->next_attempt_ms < 0 ? 0 : (uint64_t)want->next_attempt_ms);
    struct key hash = hash_key(txn, want->uri);
    key_add_bytes(&key, key_bytes(&hash));
    return key;
}

/* ---- wants ---- */

/* Does a parked item or a backfill wait for it? ERR_NOTFOUND: nobody who is on disk. */
static enum err waits(struct txn *txn, const char *uri)
{
    uint64_t parked, backfill = 0;
    enum err e = parked_next(txn, uri, 0, &parked);
    return e == ERR_NOTFOUND ? backfill_wants(txn, uri, &backfill) : e;
}

enum err want_get(struct txn *txn, const char *uri, struct arena *arena, Want **out)
{
    struct key key = hash_key(txn, uri);
    Want *want;
    enum err e = record_get(txn, TABLE_WANT, key_bytes(&key), &want__descriptor, arena, &want);
    if (e)
        return e;
    if (strcmp(want->uri, uri) != 0)
        return ERR_NOTFOUND;
    *out = want;
    return OK;
}

static enum err due_clear(struct txn *txn, const Want *want)
{
    if (want->failed_ms)
        return OK; /* was not due */
    struct key key = due_key(txn, want);
    enum err e = engine_del(txn, TABLE_WANT_DUE, key_bytes(&key));
    return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
}

enum err want_put(struct txn *txn, const Want *want)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(WANT_ARENA_BYTES);
    struct key key = hash_key(txn, want->uri);
    Want *old;
    enum err e = want_get(txn, want->uri, &arena, &old);
    if (!e)
        e = due_clear(txn, old);
    else if (e == ERR_NOTFOUND)
        e = OK;
    if (!e)
        e = record_put(txn, TABLE_WANT, key_bytes(&key), &want->base);
    if (e || want->failed_ms)
        return e;
    key = due_key(txn, want);
    return engine_put(txn, TABLE_WANT_DUE, key_bytes(&key), (struct bytes){0});
}

static enum err want_remove(struct txn *txn, const Want *want)
{
    struct key key = hash_key(txn, want->uri);
    enum err e = due_clear(txn, want);
    return e ? e : engine_del(txn, TABLE_WANT, key_bytes(&key));
}

enum err want_del(struct txn *txn, const char *uri)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(WANT_ARENA_BYTES);
    Want *want;
    enum err e = want_get(txn, uri, &arena, &want);
    if (e)
        return e;
    e = waits(txn, uri);
    if (e != ERR_NOTFOUND)
        return e ? e : ERR_INVALID;
    return want_remove(txn, want);
}

enum err want_forgive(struct txn *txn, const char *uri, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(WANT_ARENA_BYTES);
    Want *want;
    enum err e = want_get(txn, uri, &arena, &want);
    if (e || !want->failed_ms)
        return e;
    e = waits(txn, uri);
    if (e)
        return e == ERR_NOTFOUND ? want_remove(txn, want) : e;
    want->failed_ms = 0;
    want->attempts = 0;
    want->next_attempt_ms = now_ms;
    return want_put(txn, want);
}

/* `key` is next_ms:8 h(uri):16 of want_due. */
static enum err due_read(struct txn *txn, struct bytes key, struct arena *arena, Want **out)
{
    if (key.n != 8 + KEY_HASH_BYTES)
        return ERR_CORRUPT;
    enum err e = record_get(txn, TABLE_WANT, (struct bytes){key.p + 8, KEY_HASH_BYTES},
                            &want__descriptor, arena, out);
    return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
}

enum err want_due_next(struct txn *txn, int64_t *due_ms, uint8_t hash[KEY_HASH_BYTES],
                       struct arena *arena, Want **out)
{
    AUTO(range_close) struct range range = {0};
    struct key lo = {0};
    struct bytes key;
    if (*due_ms >= 0) {
        key_add_u64(&lo, (uint64_t)*due_ms);
        key_add_bytes(&lo, (struct bytes){hash, KEY_HASH_BYTES});
        key_add_u8(&lo, 0); /* the first key after it */
    }
    enum err e =
        range_open(txn, TABLE_WANT_DUE, key_bytes(&lo), (struct bytes){0}, RANGE_UP, &range);
    if (!e)
        e = range_next(&range, &key, NULL);
    if (!e)
        e = due_read(txn, key, arena, out);
    if (e)
        return e;
    size_t at = 0;
    uint64_t next_ms;
    e = key_read_u64(key, &at, &next_ms);
    *due_ms = (int64_t)next_ms;
    memcpy(hash, key.p + 8, KEY_HASH_BYTES);
    return e;
}

enum err want_next(struct txn *txn, uint8_t hash[KEY_HASH_BYTES], struct arena *arena, Want **out)
{
    AUTO(range_close) struct range range = {0};
    struct key lo = {0};
    struct bytes key, value;
    key_add_bytes(&lo, (struct bytes){hash, KEY_HASH_BYTES});
    key_add_u8(&lo, 0);
    enum err e = range_open(txn, TABLE_WANT, key_bytes(&lo), (struct bytes){0}, RANGE_UP, &range);
    if (!e)
        e = range_next(&range, &key, &value);
    if (!e)
        e = record_decode(&want__descriptor, value, arena, out);
    if (e)
        return e;
    if (key.n != KEY_HASH_BYTES)
        return ERR_CORRUPT;
    memcpy(hash, key.p, KEY_HASH_BYTES);
    return OK;
}

enum err want_ensure(struct txn *txn, const char *uri, WantKind kind, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(WANT_ARENA_BYTES);
    Want want = WANT__INIT, *old;
    want.uri = (char *)uri;
    want.kind = kind;
    want.created_ms = now_ms;
    want.next_attempt_ms = now_ms;
    enum err e = want_get(txn, uri, &arena, &old);
    if (e && e != ERR_NOTFOUND)
        return e;
    if (!e && !old->failed_ms)
        return OK;
    if (!e && old->failed_ms + WANT_FAILED_MS > now_ms)
        want.next_attempt_ms = old->failed_ms + WANT_FAILED_MS;
    return want_put(txn, &want);
}

/* ---- parked items ---- */

enum err parked_put(struct txn *txn, Parked *parked, WantKind kind, int64_t now_ms)
{
    if (!parked->needs[0])
        return ERR_INVALID;
    if (counter_get(txn, COUNTER_PARKED, parked->peer) >= PARKED_PER_PEER_MAX)
        return ERR_LIMIT;
    enum err e = id_next(txn, now_ms, &parked->id);
    if (e)
        return e;
    struct key key = key_id(parked->id), by = by_key(txn, parked->needs, parked->id);
    e = record_add(txn, TABLE_PARKED, key_bytes(&key), &parked->base);
    if (!e)
        e = engine_put(txn, TABLE_PARKED_BY, key_bytes(&by), (struct bytes){0});
    if (!e)
        e = counter_add(txn, COUNTER_PARKED, parked->peer, 1);
    return e ? e : want_ensure(txn, parked->needs, kind, now_ms);
}

enum err parked_get(struct txn *txn, uint64_t id, struct arena *arena, Parked **out)
{
    struct key key = key_id(id);
    return record_get(txn, TABLE_PARKED, key_bytes(&key), &parked__descriptor, arena, out);
}

enum err parked_next(struct txn *txn, const char *needs, uint64_t after, uint64_t *out)
{
    if (after == UINT64_MAX)
        return ERR_NOTFOUND;
    AUTO(range_close) struct range range = {0};
    struct key lo = by_key(txn, needs, after + 1), hi = by_key(txn, needs, UINT64_MAX);
    struct bytes key;
    enum err e = range_open(txn, TABLE_PARKED_BY, key_bytes(&lo), key_bytes(&hi), RANGE_UP, &range);
    if (!e)
        e = range_next(&range, &key, NULL);
    size_t at = KEY_HASH_BYTES;
    return e ? e : key_read_u64(key, &at, out);
}

enum err want_release(struct txn *txn, const char *uri)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(WANT_ARENA_BYTES);
    Want *want;
    enum err e = waits(txn, uri);
    if (e != ERR_NOTFOUND)
        return e;
    e = want_get(txn, uri, &arena, &want);
    if (e)
        return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
    return want->failed_ms ? OK : want_remove(txn, want);
}

enum err parked_del(struct txn *txn, uint64_t id)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(PARKED_ARENA_BYTES);
    Parked *parked;
    enum err e = parked_get(txn, id, &arena, &parked);
    if (e)
        return e;
    struct key key = key_id(id), by = by_key(txn, parked->needs, id);
    if ((e = engine_del(txn, TABLE_PARKED, key_bytes(&key))))
        return e;
    if ((e = engine_del(txn, TABLE_PARKED_BY, key_bytes(&by))))
        return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
    e = counter_add(txn, COUNTER_PARKED, parked->peer, -1);
    return e ? e : want_release(txn, parked->needs);
}
