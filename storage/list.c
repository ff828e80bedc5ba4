#include "storage/list.h"

#include "storage/edge.h"

#include <string.h>

#define LIST_ARENA_BYTES ((size_t)16 * 1024)

enum err list_get(struct txn *txn, actor_id owner, uint64_t id, struct arena *arena, List **out)
{
    struct key key = key_ids(owner.v, id);
    return record_get(txn, TABLE_LIST, key_bytes(&key), &list__descriptor, arena, out);
}

/* The id of the owner's next list. */
static enum err next_id(struct txn *txn, actor_id owner, uint64_t *id)
{
    AUTO(range_close) struct range range = {0};
    struct key lo = key_ids(owner.v, *id + 1), hi = key_ids(owner.v, UINT64_MAX);
    struct bytes key;
    size_t at = 8;
    if (*id == UINT64_MAX)
        return ERR_NOTFOUND;
    enum err e = range_open(txn, TABLE_LIST, key_bytes(&lo), key_bytes(&hi), RANGE_UP, &range);
    if (!e)
        e = range_next(&range, &key, NULL);
    return e ? e : key_read_u64(key, &at, id);
}

enum err list_next(struct txn *txn, actor_id owner, uint64_t after, struct arena *arena, List **out)
{
    enum err e = next_id(txn, owner, &after);
    return e ? e : list_get(txn, owner, after, arena, out);
}

enum err list_put(struct txn *txn, const List *list)
{
    struct key key = key_ids(list->owner, list->id);
    size_t n = strlen(list->title);
    if (n == 0 || n > LIST_TITLE_MAX_BYTES)
        return ERR_INVALID;
    return record_put(txn, TABLE_LIST, key_bytes(&key), &list->base);
}

enum err list_add(struct txn *txn, List *list, int64_t now_ms)
{
    enum err e;
    unsigned n = 0;
    for (uint64_t id = 0; !(e = next_id(txn, (actor_id){list->owner}, &id)); n++)
        ;
    if (e != ERR_NOTFOUND)
        return e;
    if (n >= LISTS_MAX)
        return ERR_LIMIT;
    e = id_next(txn, now_ms, &list->id);
    list->created_ms = now_ms;
    return e ? e : list_put(txn, list);
}

enum err list_del(struct txn *txn, actor_id owner, uint64_t id)
{
    struct key key = key_ids(owner.v, id);
    actor_id member = {0};
    enum err e = engine_del(txn, TABLE_LIST, key_bytes(&key));
    if (e)
        return e;
    while (!(e = list_member_next(txn, id, &member)))
        if ((e = list_member_del(txn, id, member)))
            return e;
    return e == ERR_NOTFOUND ? OK : e;
}

enum err list_del_all(struct txn *txn, actor_id owner)
{
    enum err e;
    for (uint64_t id = 0; !(e = next_id(txn, owner, &id));)
        if ((e = list_del(txn, owner, id)))
            return e;
    return e == ERR_NOTFOUND ? OK : e;
}

/* ---- members ---- */

static struct edge_key edge_of(uint64_t id, actor_id member)
{
    return (struct edge_key){EDGE_LISTED, id, member.v};
}

bool list_has(struct txn *txn, uint64_t id, actor_id member)
{
    return edge_has(txn, edge_of(id, member));
}

enum err list_member_next(struct txn *txn, uint64_t id, actor_id *member)
{
    struct edge_key key = edge_of(id, *member);
    enum err e = edge_next(txn, &key);
    if (!e)
        member->v = key.whom;
    return e;
}

static enum err member_count(struct txn *txn, uint64_t id, unsigned *out)
{
    actor_id member = {0};
    enum err e;
    for (*out = 0; !(e = list_member_next(txn, id, &member)); ++*out)
        ;
    return e == ERR_NOTFOUND ? OK : e;
}

enum err list_member_add(struct txn *txn, actor_id owner, uint64_t id, actor_id member,
                         int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(LIST_ARENA_BYTES);
    Edge edge = EDGE__INIT;
    List *list;
    unsigned n;
    enum err e = list_get(txn, owner, id, &arena, &list);
    if (e)
        return e;
    if (list_has(txn, id, member))
        return ERR_EXISTS;
    if (owner.v != member.v && !edge_has(txn, (struct edge_key){EDGE_FOLLOW, owner.v, member.v}))
        return ERR_DENIED;
    if ((e = member_count(txn, id, &n)))
        return e;
    if (n >= LIST_MEMBERS_MAX)
        return ERR_LIMIT;
    edge.post = owner.v;
    edge.created_ms = now_ms;
    return edge_add(txn, edge_of(id, member), &edge);
}

enum err list_member_del(struct txn *txn, uint64_t id, actor_id member)
{
    return edge_del(txn, edge_of(id, member));
}

bool list_is_exclusive(struct txn *txn, actor_id owner, actor_id member)
{
    for (uint64_t id = 0; !next_id(txn, owner, &id);) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(LIST_ARENA_BYTES);
        List *list;
        if (list_has(txn, id, member) && !list_get(txn, owner, id, &arena, &list) &&
            list->is_exclusive)
            return true;
    }
    return false;
}

enum err list_forget(struct txn *txn, actor_id owner, actor_id member)
{
    enum err e;
    for (uint64_t id = 0; !(e = next_id(txn, owner, &id));)
        if (list_has(txn, id, member) && (e = list_member_del(txn, id, member)))
            return e;
    return e == ERR_NOTFOUND ? OK : e;
}
