#include "storage/domain_block.h"

/* The hash is cut to a number, so that pages can go by it. */
static struct key key_of(struct txn *txn, actor_id who, const char *host)
{
    uint8_t hash[KEY_HASH_BYTES];
    struct key key = key_id(who.v);
    text_hash(txn, host, hash);
    key_add_bytes(&key, (struct bytes){hash, 8});
    return key;
}

bool domain_block_has(struct txn *txn, actor_id who, const char *host)
{
    struct key key = key_of(txn, who, host);
    struct bytes value;
    return host[0] && engine_get(txn, TABLE_DOMAIN_BLOCK, key_bytes(&key), &value) == OK &&
           bytes_equal(value, bytes_of(host));
}

static enum err count(struct txn *txn, actor_id who, unsigned *out)
{
    AUTO(range_close) struct range range = {0};
    struct key prefix = key_id(who.v);
    struct bytes key;
    enum err e = range_prefix(txn, TABLE_DOMAIN_BLOCK, key_bytes(&prefix), RANGE_UP, &range);
    *out = 0;
    while (!e && *out < DOMAIN_BLOCKS_MAX && (e = range_next(&range, &key, NULL)) == OK)
        ++*out;
    return e == ERR_NOTFOUND ? OK : e;
}

enum err domain_block_add(struct txn *txn, actor_id who, const char *host)
{
    struct key key = key_of(txn, who, host);
    unsigned n;
    enum err e = count(txn, who, &n);
    if (e)
        return e;
    if (n >= DOMAIN_BLOCKS_MAX)
        return domain_block_has(txn, who, host) ? ERR_EXISTS : ERR_LIMIT;
    return engine_add(txn, TABLE_DOMAIN_BLOCK, key_bytes(&key), bytes_of(host));
}

enum err domain_block_del(struct txn *txn, actor_id who, const char *host)
{
    struct key key = key_of(txn, who, host);
    return domain_block_has(txn, who, host) ? engine_del(txn, TABLE_DOMAIN_BLOCK, key_bytes(&key))
                                            : ERR_NOTFOUND;
}

static enum err step(struct txn *txn, struct key lo, struct key hi, enum range_direction direction,
                     uint64_t *cursor, struct arena *arena, const char **out)
{
    AUTO(range_close) struct range range = {0};
    struct bytes key, value;
    size_t at = 8;
    enum err e =
        range_open(txn, TABLE_DOMAIN_BLOCK, key_bytes(&lo), key_bytes(&hi), direction, &range);
    if (!e)
        e = range_next(&range, &key, &value);
    if (!e)
        e = key_read_u64(key, &at, cursor);
    if (e)
        return e;
    *out = arena_strndup(arena, value.p, value.n);
    return *out ? OK : ERR_LIMIT;
}

enum err domain_block_next(struct txn *txn, actor_id who, uint64_t *cursor, struct arena *arena,
                           const char **out)
{
    struct key lo = key_ids(who.v, *cursor);
    key_add_u8(&lo, 0); /* past itself */
    return step(txn, lo, key_id(who.v + 1), RANGE_UP, cursor, arena, out);
}

enum err domain_block_below(struct txn *txn, actor_id who, uint64_t *cursor, struct arena *arena,
                            const char **out)
{
    return step(txn, key_id(who.v), key_ids(who.v, *cursor), RANGE_DOWN, cursor, arena, out);
}

enum err domain_block_drop(struct txn *txn, actor_id who)
{
    AUTO(range_close) struct range range = {0};
    struct key prefix = key_id(who.v);
    struct bytes key;
    enum err e = range_prefix(txn, TABLE_DOMAIN_BLOCK, key_bytes(&prefix), RANGE_UP, &range);
    while (!e && (e = range_next(&range, &key, NULL)) == OK) {
        struct key row = {0};
        key_add_bytes(&row, key);
        e = engine_del(txn, TABLE_DOMAIN_BLOCK, key_bytes(&row));
    }
    return e == ERR_NOTFOUND ? OK : e;
}
