/*
 * timeline_open - of which streams each timeline is the merge.
 */
#include "federation/timeline.h"

#include "storage/base/clock.h"
#include "storage/edge.h"
#include "storage/list.h"
#include "storage/tag_follow.h"

/* The streams of a merge, as they are found. */
struct keys {
    struct stream_key *item;
    size_t n, room;
    uint64_t group_from, group; /* the lowest group from there on that was posted to */
};

static void keys_clear(struct keys *keys)
{
    xfree(&keys->item);
}

static void add(struct keys *keys, enum stream_kind kind, uint64_t owner)
{
    if (keys->n == keys->room) {
        keys->room = keys->room ? 2 * keys->room : 64;
        keys->item = xrealloc(keys->item, keys->room * sizeof *keys->item);
    }
    keys->item[keys->n++] = (struct stream_key){kind, owner};
}

/* Was anything posted to this actor, as to a group? Asked in the order of ids, one look tells it of
 * all that lie before the next group. */
static enum err is_group(struct txn *txn, struct keys *keys, uint64_t actor, bool *out)
{
    enum err e = OK;
    if (actor < keys->group_from || actor > keys->group) {
        keys->group = keys->group_from = actor;
        e = stream_owner_from(txn, STREAM_GROUP, &keys->group);
        if (e == ERR_NOTFOUND) {
            keys->group = UINT64_MAX; /* no id is that */
            e = OK;
        }
    }
    *out = keys->group == actor;
    return e;
}

/* What an actor wrote and, when it is a group, what was posted to it. */
static enum err add_actor(struct txn *txn, struct keys *keys, uint64_t actor)
{
    bool has_group = false;
    enum err e = is_group(txn, keys, actor, &has_group);
    add(keys, STREAM_AUTHOR, actor);
    if (has_group)
        add(keys, STREAM_GROUP, actor);
    return e;
}

/* ---- home ---- */

struct exclusive {
    uint64_t list[LISTS_MAX];
    size_t n;
};

static enum err find_exclusive(struct txn *txn, actor_id who, struct exclusive *out)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)1024 * 1024);
    List *list;
    enum err e;
    for (uint64_t id = 0; !(e = list_next(txn, who, id, &arena, &list)); id = list->id)
        if (list->is_exclusive && out->n < COUNT(out->list))
            out->list[out->n++] = list->id;
    return e == ERR_NOTFOUND ? OK : e;
}

static bool is_elsewhere(struct txn *txn, const struct exclusive *exclusive, uint64_t actor)
{
    for (size_t i = 0; i < exclusive->n; i++)
        if (list_has(txn, exclusive->list[i], (actor_id){actor}))
            return true;
    return false;
}

static enum err add_followed(struct txn *txn, actor_id who, struct keys *keys)
{
    AUTO(range_close) struct range follows = {.cursor = NULL};
    struct exclusive exclusive = {.n = 0};
    struct key prefix = {.n = 0};
    struct bytes key;
    key_add_u8(&prefix, EDGE_FOLLOW);
    key_add_u64(&prefix, who.v);
    enum err e = find_exclusive(txn, who, &exclusive);
    if (!e)
        e = range_prefix(txn, TABLE_EDGE, key_bytes(&prefix), RANGE_UP, &follows);
    while (!e && !(e = range_next(&follows, &key, NULL))) {
        size_t at = prefix.n;
        uint64_t author;
        e = key_read_u64(key, &at, &author);
        if (!e && !is_elsewhere(txn, &exclusive, author))
            e = add_actor(txn, keys, author);
    }
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err add_tags(struct timeline *t, struct keys *keys)
{
    uint64_t owner = 0;
    enum err e;
    while (!(e = tag_follow_next(t->txn, t->query.reader, &owner, NULL, NULL)))
        add(keys, STREAM_TAG, owner);
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err add_home(struct timeline *t, struct keys *keys)
{
    enum err e = add_actor(t->txn, keys, t->query.reader.v);
    if (!e)
        e = add_followed(t->txn, t->query.reader, keys);
    return e ? e : add_tags(t, keys);
}

/* ---- the others ---- */

static enum err add_list(struct timeline *t, struct keys *keys)
{
    actor_id member = {0};
    enum err e;
    while (!(e = list_member_next(t->txn, t->query.list, &member)))
        if ((e = add_actor(t->txn, keys, member.v)) != OK)
            break;
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err add_hashtags(struct timeline *t, struct keys *keys)
{
    const char *const *any = t->query.any;
    add(keys, STREAM_TAG, tag_owner(t->txn, t->query.tag));
    for (size_t n = 0; any && any[n] && n < TIMELINE_TAGS_MAX; n++)
        add(keys, STREAM_TAG, tag_owner(t->txn, any[n]));
    return OK;
}

static enum err add_streams(struct timeline *t, struct keys *keys)
{
    const struct timeline_query *query = &t->query;
    switch (query->kind) {
    case TIMELINE_HOME:
        return add_home(t, keys);
    case TIMELINE_LIST:
        return add_list(t, keys);
    case TIMELINE_TAG:
        return add_hashtags(t, keys);
    case TIMELINE_LOCAL:
        add(keys, STREAM_LOCAL, 0);
        break;
    case TIMELINE_PUBLIC:
        add(keys, STREAM_PUBLIC, 0);
        break;
    case TIMELINE_MENTIONS:
        add(keys, STREAM_MENTION, query->reader.v);
        break;
    case TIMELINE_DIRECT:
        add(keys, STREAM_DIRECT, query->reader.v);
        break;
    case TIMELINE_AUTHOR:
        return add_actor(t->txn, keys, query->of.v);
    case TIMELINE_GROUP:
        add(keys, STREAM_GROUP, query->of.v);
        break;
    case TIMELINE_THREAD:
        add(keys, STREAM_THREAD, query->root.v);
        break;
    }
    return OK;
}

static enum err read_list(struct timeline *t)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)64 * 1024);
    List *list;
    enum err e = list_get(t->txn, t->query.reader, t->query.list, &arena, &list);
    if (!e)
        t->replies = list->replies;
    return e;
}

enum err timeline_prepare(struct txn *txn, const struct timeline_query *query, struct timeline *out)
{
    uint64_t tag = 0;
    *out = (struct timeline){.txn = txn, .query = *query};
    wishes_open(txn, query->reader, clock_ms(), &out->wishes);
    out->reader = audience_reader(txn, query->reader);
    if (query->kind == TIMELINE_HOME)
        out->has_tags = !tag_follow_next(txn, query->reader, &tag, NULL, NULL);
    return query->kind == TIMELINE_LIST ? read_list(out) : OK;
}

enum err timeline_open(struct txn *txn, const struct timeline_query *query, struct timeline *out)
{
    AUTO(keys_clear) struct keys keys = {.group = 0};
    struct page page = query->page;
    page.limit = 0; /* counted by timeline_next: what is left out does not count */
    enum err e = timeline_prepare(txn, query, out);
    if (!e)
        e = add_streams(out, &keys);
    return e ? e : stream_open(txn, keys.item, keys.n, page, &out->stream);
}
