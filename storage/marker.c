#include "storage/marker.h"

#define MARKER_ARENA_BYTES 1024

static struct key marker_key(actor_id who, enum marker_kind kind)
{
    struct key key = key_id(who.v);
    key_add_u8(&key, (uint8_t)kind);
    return key;
}

enum err marker_get(struct txn *txn, actor_id who, enum marker_kind kind, struct arena *arena,
                    Marker **out)
{
    struct key key = marker_key(who, kind);
    return record_get(txn, TABLE_MARKER, key_bytes(&key), &marker__descriptor, arena, out);
}

enum err marker_put(struct txn *txn, actor_id who, enum marker_kind kind, uint64_t last_read,
                    int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(MARKER_ARENA_BYTES);
    Marker marker = MARKER__INIT, *known;
    struct key key = marker_key(who, kind);
    enum err e = marker_get(txn, who, kind, &arena, &known);
    if (e && e != ERR_NOTFOUND)
        return e;
    marker.version = e ? 1 : known->version + 1;
    marker.last_read = last_read;
    marker.updated_ms = now_ms;
    return record_put(txn, TABLE_MARKER, key_bytes(&key), &marker.base);
}
