#include "storage/backfill.h"

#include "storage/parked.h"

#define BACKFILL_ARENA_BYTES ((size_t)256 * 1024)

static struct key item_key(struct txn *txn, uint64_t id, const char *uri)
{
    struct key key = key_id(id);
    uint8_t hash[KEY_HASH_BYTES];
    text_hash(txn, uri, hash);
    key_add_bytes(&key, (struct bytes){hash, sizeof hash});
    return key;
}

static struct key by_key(struct txn *txn, const char *uri, uint64_t id)
{
    struct key key = {0};
    uint8_t hash[KEY_HASH_BYTES];
    text_hash(txn, uri, hash);
    key_add_bytes(&key, (struct bytes){hash, sizeof hash});
    key_add_u64(&key, id);
    return key;
}

/* ---- backfills ---- */

static enum err of_put(struct txn *txn, const Backfill *backfill)
{
    struct key of = key_id(backfill->root), id = key_id(backfill->id);
    return engine_put(txn, TABLE_BACKFILL_OF, key_bytes(&of), key_bytes(&id));
}

static enum err of_del(struct txn *txn, const Backfill *backfill)
{
    struct key of = key_id(backfill->root);
    enum err e = engine_del(txn, TABLE_BACKFILL_OF, key_bytes(&of));
    return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
}

enum err backfill_put(struct txn *txn, const Backfill *backfill)
{
    struct key key = key_id(backfill->id);
    return record_put(txn, TABLE_BACKFILL, key_bytes(&key), &backfill->base);
}

enum err backfill_add(struct txn *txn, Backfill *backfill, int64_t now_ms)
{
    struct key of = key_id(backfill->root);
    struct bytes any;
    enum err e = engine_get(txn, TABLE_BACKFILL_OF, key_bytes(&of), &any);
    if (e != ERR_NOTFOUND)
        return e ? e : ERR_EXISTS;
    e = id_next(txn, now_ms, &backfill->id);
    if (!e)
        e = backfill_put(txn, backfill);
    if (!e)
        e = of_put(txn, backfill);
    struct key run = key_id(backfill->id);
    return e ? e : engine_put(txn, TABLE_BACKFILL_RUN, key_bytes(&run), (struct bytes){0});
}

enum err backfill_get(struct txn *txn, uint64_t id, struct arena *arena, Backfill **out)
{
    struct key key = key_id(id);
    return record_get(txn, TABLE_BACKFILL, key_bytes(&key), &backfill__descriptor, arena, out);
}

enum err backfill_find(struct txn *txn, post_id root, struct arena *arena, Backfill **out)
{
    struct key of = key_id(root.v);
    struct bytes value;
    uint64_t id;
    size_t at = 0;
    enum err e = engine_get(txn, TABLE_BACKFILL_OF, key_bytes(&of), &value);
    if (!e)
        e = key_read_u64(value, &at, &id);
    if (e)
        return e;
    e = backfill_get(txn, id, arena, out);
    return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
}

enum err backfill_move(struct txn *txn, Backfill *backfill, uint64_t root)
{
    enum err e = of_del(txn, backfill);
    backfill->root = root;
    if (!e)
        e = of_put(txn, backfill);
    return e ? e : backfill_put(txn, backfill);
}

enum err backfill_next(struct txn *txn, uint64_t *id)
{
    AUTO(range_close) struct range range = {0};
    struct key lo = key_id(*id + 1);
    struct bytes key;
    size_t at = 0;
    enum err e =
        range_open(txn, TABLE_BACKFILL_RUN, key_bytes(&lo), (struct bytes){0}, RANGE_UP, &range);
    if (!e)
        e = range_next(&range, &key, NULL);
    return e ? e : key_read_u64(key, &at, id);
}

/* ---- items ---- */

static enum err item_put(struct txn *txn, uint64_t id, const BackfillItem *item)
{
    struct key key = item_key(txn, id, item->uri);
    return record_put(txn, TABLE_BACKFILL_ITEM, key_bytes(&key), &item->base);
}

enum err backfill_item_add(struct txn *txn, uint64_t id, const BackfillItem *item)
{
    struct key key = item_key(txn, id, item->uri);
    return record_add(txn, TABLE_BACKFILL_ITEM, key_bytes(&key), &item->base);
}

enum err backfill_item_get(struct txn *txn, uint64_t id, const char *uri, struct arena *arena,
                           BackfillItem **out)
{
    struct key key = item_key(txn, id, uri);
    return record_get(txn, TABLE_BACKFILL_ITEM, key_bytes(&key), &backfill_item__descriptor, arena,
                      out);
}

enum err backfill_item_first(struct txn *txn, uint64_t id, BackfillState state, struct arena *arena,
                             BackfillItem **out)
{
    AUTO(range_close) struct range range = {0};
    struct key prefix = key_id(id);
    struct bytes any, value;
    enum err e = range_prefix(txn, TABLE_BACKFILL_ITEM, key_bytes(&prefix), RANGE_UP, &range);
    while (!e && (e = range_next(&range, &any, &value)) == OK) {
        AUTO(arena_clear) struct arena scratch = ARENA_INIT(BACKFILL_ARENA_BYTES);
        BackfillItem *item;
        e = record_decode(&backfill_item__descriptor, value, &scratch, &item);
        if (!e && item->state == state)
            return record_decode(&backfill_item__descriptor, value, arena, out);
    }
    return e;
}

enum err backfill_wants(struct txn *txn, const char *uri, uint64_t *id)
{
    AUTO(range_close) struct range range = {0};
    struct key lo = by_key(txn, uri, *id + 1), hi = by_key(txn, uri, UINT64_MAX);
    struct bytes key;
    size_t at = KEY_HASH_BYTES;
    enum err e =
        range_open(txn, TABLE_BACKFILL_BY, key_bytes(&lo), key_bytes(&hi), RANGE_UP, &range);
    if (!e)
        e = range_next(&range, &key, NULL);
    return e ? e : key_read_u64(key, &at, id);
}

enum err backfill_item_want(struct txn *txn, Backfill *backfill, BackfillItem *item, int64_t now_ms)
{
    struct key by = by_key(txn, item->uri, backfill->id);
    bool is_post =
        item->kind == BACKFILL_KIND__WANTED_ANCESTOR || item->kind == BACKFILL_KIND__WANTED_POST;
    item->state = BACKFILL_STATE__ITEM_WANTED;
    enum err e = item_put(txn, backfill->id, item);
    if (!e)
        e = engine_put(txn, TABLE_BACKFILL_BY, key_bytes(&by), (struct bytes){0});
    backfill->wanted++;
    return e ? e
             : want_ensure(txn, item->uri,
                           is_post ? WANT_KIND__OBJECT_DOCUMENT : WANT_KIND__COLLECTION_DOCUMENT,
                           now_ms);
}

static enum err unwant(struct txn *txn, uint64_t id, const char *uri)
{
    struct key by = by_key(txn, uri, id);
    enum err e = engine_del(txn, TABLE_BACKFILL_BY, key_bytes(&by));
    if (e)
        return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
    return want_release(txn, uri);
}

enum err backfill_item_settle(struct txn *txn, Backfill *backfill, BackfillItem *item)
{
    bool was_wanted = item->state == BACKFILL_STATE__ITEM_WANTED;
    item->state = BACKFILL_STATE__ITEM_ENDED;
    enum err e = item_put(txn, backfill->id, item);
    if (e || !was_wanted)
        return e;
    backfill->wanted--;
    return unwant(txn, backfill->id, item->uri);
}

static enum err items_drop(struct txn *txn, uint64_t id)
{
    struct key prefix = key_id(id);
    for (;;) {
        AUTO(range_close) struct range range = {0};
        AUTO(arena_clear) struct arena arena = ARENA_INIT(BACKFILL_ARENA_BYTES);
        struct bytes any, value;
        BackfillItem *item;
        enum err e = range_prefix(txn, TABLE_BACKFILL_ITEM, key_bytes(&prefix), RANGE_UP, &range);
        if (!e)
            e = range_next(&range, &any, &value);
        if (!e)
            e = record_decode(&backfill_item__descriptor, value, &arena, &item);
        if (e)
            return e == ERR_NOTFOUND ? OK : e;
        struct key key = item_key(txn, id, item->uri);
        range_close(&range);
        e = engine_del(txn, TABLE_BACKFILL_ITEM, key_bytes(&key));
        if (!e && item->state == BACKFILL_STATE__ITEM_WANTED)
            e = unwant(txn, id, item->uri);
        if (e)
            return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
    }
}

static enum err run_del(struct txn *txn, const Backfill *backfill)
{
    struct key key = key_id(backfill->id);
    enum err e = items_drop(txn, backfill->id);
    if (!e)
        e = engine_del(txn, TABLE_BACKFILL_RUN, key_bytes(&key));
    return e == ERR_NOTFOUND ? OK : e;
}

enum err backfill_end(struct txn *txn, Backfill *backfill, int64_t now_ms)
{
    enum err e = run_del(txn, backfill);
    backfill->phase = BACKFILL_PHASE__SEEK_ENDED;
    backfill->ended_ms = now_ms;
    backfill->wanted = 0;
    return e ? e : backfill_put(txn, backfill);
}

enum err backfill_del(struct txn *txn, Backfill *backfill)
{
    struct key key = key_id(backfill->id);
    enum err e = run_del(txn, backfill);
    if (!e)
        e = of_del(txn, backfill);
    return e ? e : engine_del(txn, TABLE_BACKFILL, key_bytes(&key));
}
