#include "storage/push.h"

#include "storage/meta.h"

#include <string.h>

#define KEY_NAME "push_key"
#define ID_NAME "push_id"
#define ID_MAX INT32_MAX /* apps read it as such */

enum err push_get(struct txn *txn, actor_id actor, uint64_t token, struct arena *arena,
                  PushSubscription **out)
{
    struct key key = key_ids(actor.v, token);
    return record_get(txn, TABLE_PUSH, key_bytes(&key), &push_subscription__descriptor, arena, out);
}

static enum err id_take(struct txn *txn, uint32_t *out)
{
    uint64_t last = 0;
    enum err e = meta_get_u64(txn, ID_NAME, &last);
    if (e && e != ERR_NOTFOUND)
        return e;
    last = last % ID_MAX + 1;
    *out = (uint32_t)last;
    return meta_put_u64(txn, ID_NAME, last);
}

enum err push_put(struct txn *txn, PushSubscription *subscription)
{
    struct key key = key_ids(subscription->actor, subscription->token);
    enum err e = subscription->id ? OK : id_take(txn, &subscription->id);
    return e ? e : record_put(txn, TABLE_PUSH, key_bytes(&key), &subscription->base);
}

enum err push_del(struct txn *txn, actor_id actor, uint64_t token)
{
    struct key key = key_ids(actor.v, token);
    return engine_del(txn, TABLE_PUSH, key_bytes(&key));
}

enum err push_next(struct txn *txn, actor_id *actor, uint64_t *token, struct arena *arena,
                   PushSubscription **out)
{
    AUTO(range_close) struct range range = {0};
    struct key lo = key_ids(actor->v, *token);
    struct bytes key, value;
    key_add_u8(&lo, 0); /* the first key after it */
    enum err e = range_open(txn, TABLE_PUSH, key_bytes(&lo), (struct bytes){0}, RANGE_UP, &range);
    if (!e)
        e = range_next(&range, &key, &value);
    if (!e)
        e = record_decode(&push_subscription__descriptor, value, arena, out);
    if (e)
        return e;
    *actor = (actor_id){(*out)->actor};
    *token = (*out)->token;
    return OK;
}

enum err push_key_get(struct txn *txn, uint8_t out[PUSH_KEY_BYTES])
{
    struct bytes value;
    enum err e = engine_get(txn, TABLE_META, bytes_of(KEY_NAME), &value);
    if (!e && value.n != PUSH_KEY_BYTES)
        e = ERR_CORRUPT;
    if (!e)
        memcpy(out, value.p, PUSH_KEY_BYTES);
    return e;
}

enum err push_key_add(struct txn *txn, const uint8_t key[PUSH_KEY_BYTES])
{
    return engine_add(txn, TABLE_META, bytes_of(KEY_NAME), (struct bytes){key, PUSH_KEY_BYTES});
}
