#include "storage/tag_follow.h"

#include "storage/stream.h"

static struct key key_of(struct txn *txn, actor_id who, const char *tag)
{
    return key_ids(who.v, tag_owner(txn, tag));
}

bool tag_follow_has(struct txn *txn, actor_id who, const char *tag)
{
    struct key key = key_of(txn, who, tag);
    struct bytes any;
    return engine_get(txn, TABLE_TAG_FOLLOW, key_bytes(&key), &any) == OK;
}

enum err tag_follow_add(struct txn *txn, actor_id who, const char *tag)
{
    struct key key = key_of(txn, who, tag);
    uint64_t owner = 0;
    unsigned count = 0;
    enum err e = OK;
    while (!e && count <= TAG_FOLLOWS_MAX) {
        e = tag_follow_next(txn, who, &owner, NULL, NULL);
        count += e == OK;
    }
    if (e && e != ERR_NOTFOUND)
        return e;
    if (count >= TAG_FOLLOWS_MAX && !tag_follow_has(txn, who, tag))
        return ERR_LIMIT;
    return engine_add(txn, TABLE_TAG_FOLLOW, key_bytes(&key), bytes_of(tag));
}

enum err tag_follow_del(struct txn *txn, actor_id who, const char *tag)
{
    struct key key = key_of(txn, who, tag);
    return engine_del(txn, TABLE_TAG_FOLLOW, key_bytes(&key));
}

enum err tag_follow_next(struct txn *txn, actor_id who, uint64_t *owner, struct arena *arena,
                         const char **out)
{
    AUTO(range_close) struct range range = {0};
    struct key lo = key_ids(who.v, *owner), hi = key_id(who.v + 1);
    struct bytes key, value;
    size_t at = 8;
    key_add_u8(&lo, 0); /* past itself */
    enum err e =
        range_open(txn, TABLE_TAG_FOLLOW, key_bytes(&lo), key_bytes(&hi), RANGE_UP, &range);
    if (!e)
        e = range_next(&range, &key, &value);
    if (!e)
        e = key_read_u64(key, &at, owner);
    if (e || !out)
        return e;
    *out = arena_strndup(arena, value.p, value.n);
    return *out ? OK : ERR_LIMIT;
}

enum err tag_follow_drop(struct txn *txn, actor_id who)
{
    uint64_t owner = 0;
    enum err e;
    while ((e = tag_follow_next(txn, who, &owner, NULL, NULL)) == OK) {
        struct key key = key_ids(who.v, owner);
        e = engine_del(txn, TABLE_TAG_FOLLOW, key_bytes(&key));
        if (e)
            return e;
    }
    return e == ERR_NOTFOUND ? OK : e;
}
