#include "storage/peer.h"

#include "storage/edge.h"

#include <string.h>

#define PEER_ARENA_BYTES (256 << 10)

static struct key due_key(int64_t next_ms, peer_id peer)
{
    return key_ids(next_ms < 0 ? 0 : (uint64_t)next_ms, peer.v);
}

enum err peer_get(struct txn *txn, peer_id id, struct arena *arena, Peer **out)
{
    struct key key = key_id(id.v);
    return record_get(txn, TABLE_PEER, key_bytes(&key), &peer__descriptor, arena, out);
}

enum err peer_find(struct txn *txn, const char *host, peer_id *out)
{
    return text_index_find(txn, TABLE_PEER_HOST, host, &out->v);
}

enum err peer_ensure(struct txn *txn, const char *host, int64_t now_ms, peer_id *out)
{
    enum err e = peer_find(txn, host, out);
    if (e != ERR_NOTFOUND)
        return e;
    Peer peer = PEER__INIT;
    peer.host = (char *)host;
    e = peer_put(txn, &peer, now_ms);
    if (!e)
        out->v = peer.id;
    return e;
}

static enum err peer_insert(struct txn *txn, Peer *peer, int64_t now_ms)
{
    enum err e = id_next(txn, now_ms, &peer->id);
    if (e)
        return e;
    if (!peer->created_ms)
        peer->created_ms = now_ms;
    return text_index_add(txn, TABLE_PEER_HOST, peer->host, peer->id);
}

enum err peer_put(struct txn *txn, Peer *peer, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(PEER_ARENA_BYTES);
    Peer *old;

    if (!peer->host[0])
        return ERR_INVALID;
    enum err e = peer->id ? peer_get(txn, (peer_id){peer->id}, &arena, &old) : ERR_NOTFOUND;
    if (e == ERR_NOTFOUND)
        e = peer_insert(txn, peer, now_ms);
    else if (!e && strcmp(old->host, peer->host) != 0)
        e = ERR_INVALID;
    if (e)
        return e;
    peer->changed_ms = now_ms;
    struct key key = key_id(peer->id);
    return record_put(txn, TABLE_PEER, key_bytes(&key), &peer->base);
}

enum err peer_del(struct txn *txn, peer_id id)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(PEER_ARENA_BYTES);
    Peer *peer;
    enum err e = peer_get(txn, id, &arena, &peer);
    if (e)
        return e;
    if (counter_get(txn, COUNTER_QUEUED, id.v) || counter_get(txn, COUNTER_PARKED, id.v))
        return ERR_INVALID;
    e = text_index_del(txn, TABLE_PEER_HOST, peer->host);
    if (e)
        return e;
    struct key key = key_id(id.v);
    e = engine_del(txn, TABLE_PEER_HEALTH, key_bytes(&key));
    if (e && e != ERR_NOTFOUND)
        return e;
    return engine_del(txn, TABLE_PEER, key_bytes(&key));
}

enum err peer_next(struct txn *txn, peer_id after, struct arena *arena, Peer **out)
{
    if (after.v == UINT64_MAX)
        return ERR_NOTFOUND;
    AUTO(range_close) struct range range = {0};
    struct key lo = key_id(after.v + 1);
    struct bytes key, value;
    enum err e = range_open(txn, TABLE_PEER, key_bytes(&lo), (struct bytes){0}, RANGE_UP, &range);
    if (e)
        return e;
    e = range_next(&range, &key, &value);
    return e ? e : record_decode(&peer__descriptor, value, arena, out);
}

enum err peer_health(struct txn *txn, peer_id id, struct arena *arena, PeerHealth **out)
{
    struct key key = key_id(id.v);
    enum err e =
        record_get(txn, TABLE_PEER_HEALTH, key_bytes(&key), &peer_health__descriptor, arena, out);
    if (e != ERR_NOTFOUND)
        return e;
    PeerHealth *none = arena_alloc(arena, sizeof *none);
    if (!none)
        return ERR_LIMIT;
    *none = (PeerHealth)PEER_HEALTH__INIT;
    *out = none;
    return OK;
}

enum err peer_put_health(struct txn *txn, peer_id id, const PeerHealth *health)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(PEER_ARENA_BYTES);
    struct key key = key_id(id.v);
    struct bytes any;
    PeerHealth *old;
    enum err e = engine_get(txn, TABLE_PEER, key_bytes(&key), &any);
    if (e)
        return e;
    e = peer_health(txn, id, &arena, &old);
    if (e)
        return e;
    e = record_put(txn, TABLE_PEER_HEALTH, key_bytes(&key), &health->base);
    if (e || counter_get(txn, COUNTER_QUEUED, id.v) == 0)
        return e;
    e = peer_due_clear(txn, id, old->next_attempt_ms);
    return e ? e : peer_due_set(txn, id, health->next_attempt_ms);
}

enum err peer_due_set(struct txn *txn, peer_id id, int64_t next_ms)
{
    struct key key = due_key(next_ms, id);
    return engine_put(txn, TABLE_PEER_DUE, key_bytes(&key), (struct bytes){0});
}

enum err peer_due_clear(struct txn *txn, peer_id id, int64_t next_ms)
{
    struct key key = due_key(next_ms, id);
    return engine_del(txn, TABLE_PEER_DUE, key_bytes(&key));
}

enum err peer_due_next(struct txn *txn, int64_t *due_ms, peer_id *peer)
{
    AUTO(range_close) struct range range = {0};
    struct key lo = {0};
    struct bytes key;
    if (*due_ms >= 0) {
        lo = due_key(*due_ms, *peer);
        key_add_u8(&lo, 0); /* the first key after it */
    }
    enum err e =
        range_open(txn, TABLE_PEER_DUE, key_bytes(&lo), (struct bytes){0}, RANGE_UP, &range);
    if (e)
        return e;
    e = range_next(&range, &key, NULL);
    if (e)
        return e;
    size_t at = 0;
    uint64_t next_ms, id;
    if (key_read_u64(key, &at, &next_ms) || key_read_u64(key, &at, &id) || next_ms > INT64_MAX)
        return ERR_CORRUPT;
    *due_ms = (int64_t)next_ms;
    peer->v = id;
    return OK;
}
