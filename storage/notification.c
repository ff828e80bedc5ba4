#include "storage/notification.h"

#include "storage/event.h"
#include "storage/stream.h"

#include <string.h>

#define NOTIFICATION_ARENA_BYTES (256 << 10)

static struct key request_key(actor_id owner, uint64_t from, uint64_t id)
{
    struct key key = key_ids(owner.v, from);
    key_add_u64(&key, id);
    return key;
}

/* What makes two notifications the same: row of `notified`. */
static struct key same_key(struct txn *txn, actor_id owner, const Notification *notification)
{
    struct key key = key_ids(notification->post, owner.v);
    uint8_t hash[KEY_HASH_BYTES] = {0};
    if (notification->text[0])
        text_hash(txn, notification->text, hash);
    key_add_u8(&key, (uint8_t)notification->type);
    key_add_u64(&key, notification->from);
    key_add_bytes(&key, (struct bytes){hash, 8});
    return key;
}

enum err notification_add(struct txn *txn, actor_id owner, Notification *notification,
                          int64_t now_ms)
{
    struct key same = same_key(txn, owner, notification), post = key_id(notification->post);
    struct bytes any;
    enum err e = engine_get(txn, TABLE_NOTIFIED, key_bytes(&same), &any);
    if (e != ERR_NOTFOUND)
        return e ? e : ERR_EXISTS;
    if (notification->post && (e = engine_get(txn, TABLE_POST, key_bytes(&post), &any)))
        return e;
    e = id_next(txn, now_ms, &notification->id);
    if (e)
        return e;
    notification->created_ms = now_ms;
    struct key id = key_id(notification->id), key = key_ids(owner.v, notification->id);
    e = engine_put(txn, TABLE_NOTIFIED, key_bytes(&same), key_bytes(&id));
    if (!e)
        e = record_add(txn, TABLE_NOTIFICATION, key_bytes(&key), &notification->base);
    if (!e && notification->is_filtered) {
        struct key request = request_key(owner, notification->from, notification->id);
        e = engine_put(txn, TABLE_NOTIFICATION_REQUEST, key_bytes(&request), (struct bytes){0});
    }
    if (e || notification->is_filtered)
        return e; /* nobody is told of those */
    Event event = EVENT__INIT;
    event.kind = EVENT_KIND__EVENT_NOTIFICATION;
    event.owner = owner.v;
    event.post = notification->post;
    event.notification = notification->id;
    return event_add(txn, &event, now_ms);
}

static enum err first_of(struct txn *txn, struct key lo, struct key hi,
                         enum range_direction direction, struct arena *arena, Notification **out)
{
    AUTO(range_close) struct range range = {0};
    struct bytes key, value;
    enum err e =
        range_open(txn, TABLE_NOTIFICATION, key_bytes(&lo), key_bytes(&hi), direction, &range);
    if (!e)
        e = range_next(&range, &key, &value);
    return e ? e : record_decode(&notification__descriptor, value, arena, out);
}

enum err notification_next(struct txn *txn, actor_id owner, uint64_t before, struct arena *arena,
                           Notification **out)
{
    return first_of(txn, key_id(owner.v), key_ids(owner.v, before), RANGE_DOWN, arena, out);
}

enum err notification_above(struct txn *txn, actor_id owner, uint64_t after, struct arena *arena,
                            Notification **out)
{
    if (after == UINT64_MAX)
        return ERR_NOTFOUND;
    return first_of(txn, key_ids(owner.v, after + 1), key_id(owner.v + 1), RANGE_UP, arena, out);
}

enum err notification_get(struct txn *txn, actor_id owner, notification_id id, struct arena *arena,
                          Notification **out)
{
    struct key key = key_ids(owner.v, id.v);
    return record_get(txn, TABLE_NOTIFICATION, key_bytes(&key), &notification__descriptor, arena,
                      out);
}

enum err notification_del(struct txn *txn, actor_id owner, notification_id id)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(NOTIFICATION_ARENA_BYTES);
    Notification *notification;
    enum err e = notification_get(txn, owner, id, &arena, &notification);
    if (e)
        return e;
    struct key same = same_key(txn, owner, notification), key = key_ids(owner.v, id.v);
    e = engine_del(txn, TABLE_NOTIFIED, key_bytes(&same));
    if (!e && notification->is_filtered) {
        struct key request = request_key(owner, notification->from, id.v);
        e = engine_del(txn, TABLE_NOTIFICATION_REQUEST, key_bytes(&request));
    }
    return e ? e : engine_del(txn, TABLE_NOTIFICATION, key_bytes(&key));
}

enum err notification_drop(struct txn *txn, post_id post)
{
    AUTO(range_close) struct range range = {0};
    struct key prefix = key_id(post.v);
    struct bytes key, value;
    enum err e = range_prefix(txn, TABLE_NOTIFIED, key_bytes(&prefix), RANGE_UP, &range);
    if (e)
        return e;
    while ((e = range_next(&range, &key, &value)) == OK) {
        size_t at = 8, start = 0;
        actor_id owner;
        notification_id id;
        if (key_read_u64(key, &at, &owner.v) || key_read_u64(value, &start, &id.v))
            return ERR_CORRUPT;
        if ((e = notification_del(txn, owner, id)))
            return e;
    }
    return e == ERR_NOTFOUND ? OK : e;
}
