#include "storage/scheduled.h"

#define SCHEDULED_ARENA_BYTES (256 << 10)

static struct key due_key(const Scheduled *scheduled)
{
    struct key key = key_ids((uint64_t)scheduled->due_ms, scheduled->owner);
    key_add_u64(&key, scheduled->id);
    return key;
}

static bool waits(const Scheduled *scheduled)
{
    return !scheduled->refusal[0];
}

static enum err due_del(struct txn *txn, const Scheduled *stored)
{
    struct key due = due_key(stored);
    enum err e = waits(stored) ? engine_del(txn, TABLE_SCHEDULED_DUE, key_bytes(&due)) : OK;
    return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
}

static enum err check_count(struct txn *txn, actor_id owner)
{
    AUTO(range_close) struct range range = {0};
    struct key prefix = key_id(owner.v);
    unsigned n = 0;
    enum err e = range_prefix(txn, TABLE_SCHEDULED, key_bytes(&prefix), RANGE_UP, &range);
    while (!e && n < SCHEDULED_MAX && !(e = range_next(&range, &(struct bytes){0}, NULL)))
        n++;
    if (e && e != ERR_NOTFOUND)
        return e;
    return n < SCHEDULED_MAX ? OK : ERR_LIMIT;
}

enum err scheduled_put(struct txn *txn, const Scheduled *scheduled)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SCHEDULED_ARENA_BYTES);
    const actor_id owner = {scheduled->owner};
    struct key key = key_ids(scheduled->owner, scheduled->id), due = due_key(scheduled);
    Scheduled *stored;
    enum err e = scheduled_get(txn, owner, scheduled->id, &arena, &stored);
    if (!e)
        e = due_del(txn, stored);
    else if (e == ERR_NOTFOUND)
        e = check_count(txn, owner);
    if (!e)
        e = record_put(txn, TABLE_SCHEDULED, key_bytes(&key), &scheduled->base);
    if (!e && waits(scheduled))
        e = engine_put(txn, TABLE_SCHEDULED_DUE, key_bytes(&due), (struct bytes){0});
    return e;
}

enum err scheduled_get(struct txn *txn, actor_id owner, uint64_t id, struct arena *arena,
                       Scheduled **out)
{
    struct key key = key_ids(owner.v, id);
    return record_get(txn, TABLE_SCHEDULED, key_bytes(&key), &scheduled__descriptor, arena, out);
}

enum err scheduled_del(struct txn *txn, actor_id owner, uint64_t id)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SCHEDULED_ARENA_BYTES);
    struct key key = key_ids(owner.v, id);
    Scheduled *stored;
    enum err e = scheduled_get(txn, owner, id, &arena, &stored);
    if (!e)
        e = due_del(txn, stored);
    return e ? e : engine_del(txn, TABLE_SCHEDULED, key_bytes(&key));
}

enum err scheduled_next(struct txn *txn, actor_id owner, uint64_t *id, struct arena *arena,
                        Scheduled **out)
{
    AUTO(range_close) struct range range = {0};
    struct key lo = key_id(owner.v), hi = key_ids(owner.v, *id);
    struct bytes key, value;
    enum err e =
        range_open(txn, TABLE_SCHEDULED, key_bytes(&lo), key_bytes(&hi), RANGE_DOWN, &range);
    if (!e)
        e = range_next(&range, &key, &value);
    if (!e)
        e = record_decode(&scheduled__descriptor, value, arena, out);
    if (!e)
        *id = (*out)->id;
    return e;
}

enum err scheduled_del_all(struct txn *txn, actor_id owner)
{
    uint64_t id = UINT64_MAX;
    enum err e = OK;
    while (!e) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(SCHEDULED_ARENA_BYTES);
        Scheduled *scheduled;
        e = scheduled_next(txn, owner, &id, &arena, &scheduled);
        if (!e)
            e = scheduled_del(txn, owner, id);
    }
    return e == ERR_NOTFOUND ? OK : e;
}

enum err scheduled_due_first(struct txn *txn, int64_t now_ms, actor_id *owner, uint64_t *id)
{
    AUTO(range_close) struct range range = {0};
    struct key hi = key_id((uint64_t)now_ms + 1);
    struct bytes key;
    size_t at = 8;
    enum err e =
        range_open(txn, TABLE_SCHEDULED_DUE, (struct bytes){0}, key_bytes(&hi), RANGE_UP, &range);
    if (!e)
        e = range_next(&range, &key, NULL);
    if (!e)
        e = key_read_u64(key, &at, &owner->v);
    return e ? e : key_read_u64(key, &at, id);
}

bool scheduled_has_media(struct txn *txn, actor_id owner, uint64_t media)
{
    uint64_t id = UINT64_MAX;
    for (unsigned i = 0; i < SCHEDULED_MAX; i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(SCHEDULED_ARENA_BYTES);
        Scheduled *scheduled;
        if (scheduled_next(txn, owner, &id, &arena, &scheduled))
            return false;
        for (size_t m = 0; m < scheduled->n_media; m++)
            if (scheduled->media[m] == media)
                return true;
    }
    return false;
}
