#include "storage/mute.h"

#include "storage/edge.h"

#include <string.h>

#define MUTE_ARENA_BYTES ((size_t)16 * 1024)

static struct edge_key mute_key(actor_id who, actor_id whom)
{
    return (struct edge_key){EDGE_MUTE, who.v, whom.v};
}

enum err mute_get(struct txn *txn, actor_id who, actor_id whom, int64_t now_ms, struct arena *arena,
                  Edge **out)
{
    Edge *edge;
    enum err e = edge_get(txn, mute_key(who, whom), arena, &edge);
    if (!e && edge->until_ms && edge->until_ms <= now_ms)
        e = ERR_NOTFOUND;
    if (!e)
        *out = edge;
    return e;
}

bool mute_holds(struct txn *txn, actor_id who, actor_id whom, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(MUTE_ARENA_BYTES);
    Edge *edge;
    return edge_has(txn, mute_key(who, whom)) &&
           mute_get(txn, who, whom, now_ms, &arena, &edge) == OK;
}

bool mute_hides_notifications(struct txn *txn, actor_id who, actor_id whom, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(MUTE_ARENA_BYTES);
    Edge *edge;
    return edge_has(txn, mute_key(who, whom)) &&
           mute_get(txn, who, whom, now_ms, &arena, &edge) == OK && edge->hides_notifications;
}

/* The first edge MUTE after the cursor; ERR_NOTFOUND: there is none. */
static enum err next_mute(struct txn *txn, const uint8_t at[MUTE_CURSOR_BYTES],
                          struct edge_key *out, int64_t *until_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(MUTE_ARENA_BYTES);
    AUTO(range_close) struct range range = {0};
    struct key lo = {0}, hi = {0};
    struct bytes key, value;
    Edge *edge;
    size_t offset = 1;
    key_add_u8(&lo, EDGE_MUTE);
    key_add_bytes(&lo, (struct bytes){at, MUTE_CURSOR_BYTES});
    key_add_u8(&lo, 0); /* past the row itself */
    key_add_u8(&hi, EDGE_MUTE + 1);
    enum err e = range_open(txn, TABLE_EDGE, key_bytes(&lo), key_bytes(&hi), RANGE_UP, &range);
    if (!e)
        e = range_next(&range, &key, &value);
    out->kind = EDGE_MUTE;
    if (!e)
        e = key_read_u64(key, &offset, &out->who);
    if (!e)
        e = key_read_u64(key, &offset, &out->whom);
    if (!e)
        e = record_decode(&edge__descriptor, value, &arena, &edge);
    if (!e)
        *until_ms = edge->until_ms;
    return e;
}

enum err mute_expire(struct txn *txn, uint8_t at[MUTE_CURSOR_BYTES], unsigned rows, int64_t now_ms)
{
    for (unsigned i = 0; i < rows; i++) {
        struct edge_key mute;
        int64_t until_ms;
        enum err e = next_mute(txn, at, &mute, &until_ms);
        if (!e && until_ms && until_ms <= now_ms)
            e = edge_del(txn, mute);
        if (e)
            return e;
        struct key cursor = key_ids(mute.who, mute.whom);
        memcpy(at, cursor.p, MUTE_CURSOR_BYTES);
    }
    return OK;
}
