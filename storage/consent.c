#include "storage/consent.h"

#include <string.h>

#define CONSENT_ARENA_BYTES (256 << 10)

static struct key of_key(struct txn *txn, uint64_t target, uint32_t kind, const char *object)
{
    struct key key = key_id(target);
    uint8_t hash[KEY_HASH_BYTES];
    text_hash(txn, object, hash);
    key_add_u8(&key, (uint8_t)kind);
    key_add_bytes(&key, (struct bytes){hash, sizeof hash});
    return key;
}

static enum err insert(struct txn *txn, Consent *consent, int64_t now_ms)
{
    struct key of = of_key(txn, consent->target, consent->kind, consent->object);
    struct key post = key_id(consent->target);
    struct bytes any;
    enum err e = engine_get(txn, TABLE_CONSENT_OF, key_bytes(&of), &any);
    if (e != ERR_NOTFOUND)
        return e ? e : ERR_EXISTS;
    e = engine_get(txn, TABLE_POST, key_bytes(&post), &any);
    if (!e)
        e = id_next(txn, now_ms, &consent->id);
    if (e)
        return e;
    consent->created_ms = now_ms;
    struct key key = key_ids(consent->owner, consent->id);
    return engine_put(txn, TABLE_CONSENT_OF, key_bytes(&of), key_bytes(&key));
}

enum err consent_put(struct txn *txn, Consent *consent, int64_t now_ms)
{
    enum err e = consent->id ? OK : insert(txn, consent, now_ms);
    if (e)
        return e;
    struct key key = key_ids(consent->owner, consent->id);
    return record_put(txn, TABLE_CONSENT, key_bytes(&key), &consent->base);
}

enum err consent_get(struct txn *txn, actor_id owner, uint64_t id, struct arena *arena,
                     Consent **out)
{
    struct key key = key_ids(owner.v, id);
    return record_get(txn, TABLE_CONSENT, key_bytes(&key), &consent__descriptor, arena, out);
}

enum err consent_find(struct txn *txn, post_id target, enum consent_kind kind, const char *object,
                      struct arena *arena, Consent **out)
{
    struct key of = of_key(txn, target.v, kind, object);
    struct bytes key;
    uint64_t owner, id;
    Consent *found;
    size_t at = 0;
    enum err e = engine_get(txn, TABLE_CONSENT_OF, key_bytes(&of), &key);
    if (!e)
        e = key_read_u64(key, &at, &owner);
    if (!e)
        e = key_read_u64(key, &at, &id);
    if (!e)
        e = consent_get(txn, (actor_id){owner}, id, arena, &found);
    if (e)
        return e;
    if (strcmp(found->object, object) != 0)
        return ERR_NOTFOUND;
    *out = found;
    return OK;
}

enum err consent_next(struct txn *txn, actor_id owner, uint64_t before, struct arena *arena,
                      Consent **out)
{
    AUTO(range_close) struct range range = {0};
    struct key lo = key_id(owner.v), hi = key_ids(owner.v, before);
    struct bytes key, value;
    enum err e = range_open(txn, TABLE_CONSENT, key_bytes(&lo), key_bytes(&hi), RANGE_DOWN, &range);
    if (!e)
        e = range_next(&range, &key, &value);
    return e ? e : record_decode(&consent__descriptor, value, arena, out);
}

enum err consent_drop(struct txn *txn, post_id target)
{
    struct key prefix = key_id(target.v);
    for (;;) {
        AUTO(range_close) struct range range = {0};
        struct key of = {0}, consent = {0};
        struct bytes key, value;
        enum err e = range_prefix(txn, TABLE_CONSENT_OF, key_bytes(&prefix), RANGE_UP, &range);
        if (!e)
            e = range_next(&range, &key, &value);
        if (e)
            return e == ERR_NOTFOUND ? OK : e;
        key_add_bytes(&of, key);
        key_add_bytes(&consent, value);
        range_close(&range);
        e = engine_del(txn, TABLE_CONSENT_OF, key_bytes(&of));
        if (!e)
            e = engine_del(txn, TABLE_CONSENT, key_bytes(&consent));
        if (e)
            return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
    }
}
