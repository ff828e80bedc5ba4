#include "storage/request.h"

#include "storage/notification.h"

#define REQUEST_ARENA_BYTES ((size_t)256 << 10)

static enum err step(struct txn *txn, struct key lo, struct key hi, enum range_direction direction,
                     uint64_t *from)
{
    AUTO(range_close) struct range range = {0};
    struct bytes key;
    size_t at = 8;
    enum err e = range_open(txn, TABLE_NOTIFICATION_REQUEST, key_bytes(&lo), key_bytes(&hi),
                            direction, &range);
    if (!e)
        e = range_next(&range, &key, NULL);
    return e ? e : key_read_u64(key, &at, from);
}

enum err request_below(struct txn *txn, actor_id owner, uint64_t *from)
{
    return step(txn, key_id(owner.v), key_ids(owner.v, *from), RANGE_DOWN, from);
}

enum err request_above(struct txn *txn, actor_id owner, uint64_t *from)
{
    if (*from == UINT64_MAX)
        return ERR_NOTFOUND;
    return step(txn, key_ids(owner.v, *from + 1), key_id(owner.v + 1), RANGE_UP, from);
}

enum err request_get(struct txn *txn, actor_id owner, actor_id from, struct request_summary *out)
{
    AUTO(range_close) struct range range = {0};
    struct key prefix = key_ids(owner.v, from.v);
    struct bytes key;
    *out = (struct request_summary){0};
    enum err e =
        range_prefix(txn, TABLE_NOTIFICATION_REQUEST, key_bytes(&prefix), RANGE_DOWN, &range);
    while (!e && out->count < REQUEST_COUNT_MAX && (e = range_next(&range, &key, NULL)) == OK) {
        size_t at = 16;
        e = key_read_u64(key, &at, &out->oldest);
        out->newest = out->newest ? out->newest : out->oldest;
        out->count++;
    }
    return e == ERR_NOTFOUND && out->count ? OK : e;
}

static enum err newest(struct txn *txn, actor_id owner, actor_id from, uint64_t *out)
{
    AUTO(range_close) struct range range = {0};
    struct key prefix = key_ids(owner.v, from.v);
    struct bytes key;
    size_t at = 16;
    enum err e =
        range_prefix(txn, TABLE_NOTIFICATION_REQUEST, key_bytes(&prefix), RANGE_DOWN, &range);
    if (!e)
        e = range_next(&range, &key, NULL);
    return e ? e : key_read_u64(key, &at, out);
}

static enum err admit_one(struct txn *txn, actor_id owner, actor_id from, uint64_t id)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(REQUEST_ARENA_BYTES);
    struct key key = key_ids(owner.v, id), row = key_ids(owner.v, from.v);
    Notification *notification;
    key_add_u64(&row, id);
    enum err e = notification_get(txn, owner, (notification_id){id}, &arena, &notification);
    if (e)
        return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
    notification->is_filtered = false;
    e = record_put(txn, TABLE_NOTIFICATION, key_bytes(&key), &notification->base);
    return e ? e : engine_del(txn, TABLE_NOTIFICATION_REQUEST, key_bytes(&row));
}

enum err request_admit(struct txn *txn, actor_id owner, actor_id from, unsigned max, bool *out_more)
{
    uint64_t id;
    enum err e = OK;
    for (unsigned i = 0; !e && i < max; i++)
        if ((e = newest(txn, owner, from, &id)) == OK)
            e = admit_one(txn, owner, from, id);
    *out_more = e == OK;
    return e == ERR_NOTFOUND ? OK : e;
}

enum err request_drop(struct txn *txn, actor_id owner, actor_id from, unsigned max, bool *out_more)
{
    uint64_t id;
    enum err e = OK;
    for (unsigned i = 0; !e && i < max; i++)
        if ((e = newest(txn, owner, from, &id)) == OK)
            e = notification_del(txn, owner, (notification_id){id});
    *out_more = e == OK;
    return e == ERR_NOTFOUND ? OK : e;
}
