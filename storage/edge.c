#include "storage/edge.h"

#include "storage/base/log.h"
#include "storage/follow_digest.h"
#include "storage/list.h"

#include <string.h>

static struct key edge_bytes(struct edge_key key)
{
    struct key k = {.n = 0};
    key_add_u8(&k, (uint8_t)key.kind);
    key_add_u64(&k, key.who);
    key_add_u64(&k, key.whom);
    return k;
}

static struct key reverse_bytes(struct edge_key key)
{
    return edge_bytes((struct edge_key){key.kind, key.whom, key.who});
}

static enum err edge_key_read(struct bytes in, size_t *at, struct edge_key *out)
{
    uint8_t kind;
    enum err e = key_read_u8(in, at, &kind);
    if (e || (e = key_read_u64(in, at, &out->who)) || (e = key_read_u64(in, at, &out->whom)))
        return e;
    out->kind = (enum edge_kind)kind;
    return OK;
}

/* ---- counters ----------------------------------------------------------------------------- */

static struct key counter_bytes(enum counter_kind kind, uint64_t owner)
{
    struct key k = {.n = 0};
    key_add_u8(&k, (uint8_t)kind);
    key_add_u64(&k, owner);
    return k;
}

uint64_t counter_get(struct txn *txn, enum counter_kind kind, uint64_t owner)
{
    struct key key = counter_bytes(kind, owner);
    struct bytes value;
    uint64_t count;
    size_t at = 0;
    if (engine_get(txn, TABLE_COUNTER, key_bytes(&key), &value) || key_read_u64(value, &at, &count))
        return 0;
    return count;
}

enum err counter_add(struct txn *txn, enum counter_kind kind, uint64_t owner, int64_t by)
{
    uint64_t count = counter_get(txn, kind, owner);
    uint64_t less = by < 0 ? -(uint64_t)by : 0;
    if (less > count) {
        /* Wrong already: `ward check` reports it. Refusing would keep a like from being undone. */
        log_error("counter.below_zero", INT("kind", kind), INT("owner", owner));
        less = count;
    }
    count = by < 0 ? count - less : count + (uint64_t)by;
    struct key key = counter_bytes(kind, owner), value = {.n = 0};
    if (count == 0) {
        enum err e = engine_del(txn, TABLE_COUNTER, key_bytes(&key));
        return e == ERR_NOTFOUND ? OK : e;
    }
    key_add_u64(&value, count);
    return engine_put(txn, TABLE_COUNTER, key_bytes(&key), key_bytes(&value));
}

/* Keeps what follows from edges: counters, digests, members of lists. */
static enum err count(struct txn *txn, struct edge_key key, int64_t by)
{
    enum err e;
    switch (key.kind) {
    case EDGE_FOLLOW:
        e = counter_add(txn, COUNTER_FOLLOWERS, key.whom, by);
        if (!e)
            e = counter_add(txn, COUNTER_FOLLOWING, key.who, by);
        if (!e && by < 0)
            e = list_forget(txn, (actor_id){key.who}, (actor_id){key.whom});
        return e ? e
                 : follow_digest_change(txn, (actor_id){key.who}, (actor_id){key.whom},
                                        by > 0 ? FOLLOW_BEGINS : FOLLOW_ENDS);
    case EDGE_LIKE:
        return counter_add(txn, COUNTER_LIKES, key.whom, by);
    case EDGE_BOOST:
        return counter_add(txn, COUNTER_BOOSTS, key.whom, by);
    case EDGE_REACTION:
        return counter_add(txn, COUNTER_REACTIONS, key.whom, by);
    case EDGE_FOLLOW_REQUEST:
    case EDGE_BLOCK:
    case EDGE_MUTE:
    case EDGE_BOOKMARK:
    case EDGE_PIN:
    case EDGE_VOTE:
    case EDGE_MODERATOR:
    case EDGE_BAN:
    case EDGE_RELAY:
    case EDGE_THREAD_MUTE:
    case EDGE_NOTE:
    case EDGE_LISTED:
    case EDGE_NOTIFY:
    case EDGE_ADMITTED:
        break;
    }
    return OK;
}

/* ---- edge_uri ----------------------------------------------------------------------------- */

enum err edge_find(struct txn *txn, const char *uri, struct edge_key *out)
{
    uint8_t hash[KEY_HASH_BYTES];
    text_hash(txn, uri, hash);
    struct bytes value;
    enum err e = engine_get(txn, TABLE_EDGE_URI, (struct bytes){hash, sizeof hash}, &value);
    if (e)
        return e;
    size_t at = 0;
    struct edge_key found;
    e = edge_key_read(value, &at, &found);
    if (e)
        return e;
    if (!bytes_equal((struct bytes){value.p + at, value.n - at}, bytes_of(uri)))
        return ERR_NOTFOUND;
    *out = found;
    return OK;
}

static bool same_edge(struct edge_key a, struct edge_key b)
{
    return a.kind == b.kind && a.who == b.who && a.whom == b.whom;
}

/* A URI that names another edge already goes on naming that one: ids are first come, first served.
 */
static enum err uri_add(struct txn *txn, struct edge_key key, const char *uri)
{
    if (!uri || !*uri)
        return OK;
    uint8_t hash[KEY_HASH_BYTES];
    text_hash(txn, uri, hash);
    struct key head = edge_bytes(key);
    size_t uri_bytes = strlen(uri);
    AUTO(xfree) uint8_t *value = xcalloc(1, head.n + uri_bytes);
    memcpy(value, head.p, head.n);
    memcpy(value + head.n, uri, uri_bytes);
    enum err e = engine_add(txn, TABLE_EDGE_URI, (struct bytes){hash, sizeof hash},
                            (struct bytes){value, head.n + uri_bytes});
    return e == ERR_EXISTS ? OK : e;
}

static enum err uri_del(struct txn *txn, struct edge_key key, const char *uri)
{
    struct edge_key named;
    if (!*uri)
        return OK;
    enum err e = edge_find(txn, uri, &named);
    if (e == ERR_NOTFOUND || (e == OK && !same_edge(named, key)))
        return OK;
    if (e)
        return e;
    uint8_t hash[KEY_HASH_BYTES];
    text_hash(txn, uri, hash);
    return engine_del(txn, TABLE_EDGE_URI, (struct bytes){hash, sizeof hash});
}

/* ---- edge_order --------------------------------------------------------------------------- */

static struct key order_bytes(enum edge_kind kind, uint64_t who, uint64_t order)
{
    return edge_bytes((struct edge_key){kind, who, order});
}

static enum err order_add(struct txn *txn, struct edge_key key, const Edge *edge)
{
    struct key row = order_bytes(key.kind, key.who, edge->order), value = key_id(key.whom);
    return edge->order ? engine_add(txn, TABLE_EDGE_ORDER, key_bytes(&row), key_bytes(&value)) : OK;
}

static enum err order_del(struct txn *txn, struct edge_key key, const Edge *edge)
{
    struct key row = order_bytes(key.kind, key.who, edge->order);
    enum err e = edge->order ? engine_del(txn, TABLE_EDGE_ORDER, key_bytes(&row)) : OK;
    return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
}

enum err edge_order_next(struct txn *txn, struct edge_key *key, enum edge_order_way way,
                         uint64_t *order)
{
    AUTO(range_close) struct range range = {.cursor = NULL};
    bool is_up = way == EDGE_ORDER_NEWER;
    if (is_up && *order == UINT64_MAX)
        return ERR_NOTFOUND;
    struct key lo = order_bytes(key->kind, key->who, is_up ? *order + 1 : 0);
    struct key hi = order_bytes(key->kind, key->who, is_up ? UINT64_MAX : *order);
    struct bytes row, value;
    size_t at = 1 + 8, none = 0;
    enum err e = range_open(txn, TABLE_EDGE_ORDER, key_bytes(&lo), key_bytes(&hi),
                            is_up ? RANGE_UP : RANGE_DOWN, &range);
    if (!e)
        e = range_next(&range, &row, &value);
    if (!e)
        e = key_read_u64(row, &at, order);
    return e ? e : key_read_u64(value, &none, &key->whom);
}

/* ---- edges -------------------------------------------------------------------------------- */

/* Enough for one Edge record: a URI of the longest kind and its small fields. */
#define EDGE_ARENA_BYTES 16384

static bool is_to_be_told(struct edge_key key, const Edge *edge)
{
    return key.kind == EDGE_FOLLOW && edge->notify;
}

static struct edge_key notify_key(struct edge_key follow)
{
    return (struct edge_key){EDGE_NOTIFY, follow.who, follow.whom};
}

/* What the stored edge stands under besides its key. */
static enum err indexes_del(struct txn *txn, struct edge_key key)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(EDGE_ARENA_BYTES);
    Edge *edge;
    enum err e = edge_get(txn, key, &arena, &edge);
    if (!e)
        e = uri_del(txn, key, edge->uri);
    if (!e)
        e = order_del(txn, key, edge);
    return e || !is_to_be_told(key, edge) ? e : edge_del(txn, notify_key(key));
}

static enum err indexes_add(struct txn *txn, struct edge_key key, const Edge *edge)
{
    enum err e = uri_add(txn, key, edge->uri);
    if (!e)
        e = order_add(txn, key, edge);
    return e || !is_to_be_told(key, edge) ? e : edge_add(txn, notify_key(key), &(Edge)EDGE__INIT);
}

enum err edge_add(struct txn *txn, struct edge_key key, const Edge *edge)
{
    struct key forward = edge_bytes(key), reverse = reverse_bytes(key);
    enum err e = record_add(txn, TABLE_EDGE, key_bytes(&forward), &edge->base);
    if (e || (e = engine_put(txn, TABLE_EDGE_REV, key_bytes(&reverse), (struct bytes){NULL, 0})) ||
        (e = indexes_add(txn, key, edge)))
        return e;
    return count(txn, key, 1);
}

enum err edge_put(struct txn *txn, struct edge_key key, const Edge *edge)
{
    if (!edge_has(txn, key))
        return edge_add(txn, key, edge);
    struct key forward = edge_bytes(key);
    enum err e = indexes_del(txn, key);
    if (e || (e = indexes_add(txn, key, edge)))
        return e;
    return record_put(txn, TABLE_EDGE, key_bytes(&forward), &edge->base);
}

enum err edge_del(struct txn *txn, struct edge_key key)
{
    struct key forward = edge_bytes(key), reverse = reverse_bytes(key);
    enum err e = indexes_del(txn, key);
    if (e || (e = engine_del(txn, TABLE_EDGE, key_bytes(&forward))))
        return e;
    e = engine_del(txn, TABLE_EDGE_REV, key_bytes(&reverse));
    if (e)
        return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
    return count(txn, key, -1);
}

enum err edge_get(struct txn *txn, struct edge_key key, struct arena *arena, Edge **out)
{
    struct key forward = edge_bytes(key);
    return record_get(txn, TABLE_EDGE, key_bytes(&forward), &edge__descriptor, arena, out);
}

bool edge_has(struct txn *txn, struct edge_key key)
{
    struct key forward = edge_bytes(key);
    struct bytes value;
    return engine_get(txn, TABLE_EDGE, key_bytes(&forward), &value) == OK;
}

/* The row of kind and owner next to `last` in `table`, whose third part goes to *out. */
static enum err next_to(struct txn *txn, enum table table, struct edge_key last,
                        enum range_direction direction, uint64_t *out)
{
    struct key prefix = {.n = 0};
    key_add_u8(&prefix, (uint8_t)last.kind);
    key_add_u64(&prefix, last.who);
    struct key lo = prefix, hi = {.n = 0};
    if (direction == RANGE_UP && last.whom == UINT64_MAX)
        return ERR_NOTFOUND;
    if (direction == RANGE_UP) {
        key_add_u64(&lo, last.whom + 1);
    } else {
        hi = prefix;
        key_add_u64(&hi, last.whom);
    }

    AUTO(range_close) struct range range = {.cursor = NULL};
    struct bytes key;
    enum err e = range_open(txn, table, key_bytes(&lo), key_bytes(&hi), direction, &range);
    if (e || (e = range_next(&range, &key, NULL)))
        return e;
    if (key.n < prefix.n || memcmp(key.p, prefix.p, prefix.n) != 0)
        return ERR_NOTFOUND;
    size_t at = prefix.n;
    return key_read_u64(key, &at, out);
}

static struct edge_key turned(struct edge_key key)
{
    return (struct edge_key){key.kind, key.whom, key.who};
}

enum err edge_next(struct txn *txn, struct edge_key *key)
{
    return next_to(txn, TABLE_EDGE, *key, RANGE_UP, &key->whom);
}

enum err edge_rev_next(struct txn *txn, struct edge_key *key)
{
    return next_to(txn, TABLE_EDGE_REV, turned(*key), RANGE_UP, &key->who);
}

enum err edge_below(struct txn *txn, struct edge_key *key)
{
    return next_to(txn, TABLE_EDGE, *key, RANGE_DOWN, &key->whom);
}

enum err edge_rev_below(struct txn *txn, struct edge_key *key)
{
    return next_to(txn, TABLE_EDGE_REV, turned(*key), RANGE_DOWN, &key->who);
}
