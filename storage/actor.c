#include "storage/actor.h"

#include "storage/actor_word.h"
#include "storage/edge.h"
#include "storage/host.h"
#include "storage/meta.h"

#include <string.h>

#define ACTOR_ARENA_BYTES (4 << 20) /* a record was a document of 1 MiB at most */

enum err actor_get(struct txn *txn, actor_id id, struct arena *arena, Actor **out)
{
    struct key key = key_id(id.v);
    return record_get(txn, TABLE_ACTOR, key_bytes(&key), &actor__descriptor, arena, out);
}

enum err actor_find(struct txn *txn, const char *uri, actor_id *out)
{
    return text_index_find(txn, TABLE_ACTOR_URI, uri, &out->v);
}

static char *folded(char *text)
{
    for (char *p = text; p && *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    return text;
}

enum err actor_find_handle(struct txn *txn, const char *handle, actor_id *out)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ACTOR_ARENA_BYTES);
    char *name = folded(arena_strdup(&arena, handle));
    if (!name)
        return ERR_NOTFOUND; /* longer than any handle */
    return text_index_find(txn, TABLE_ACTOR_HANDLE, name, &out->v);
}

enum err actor_find_key(struct txn *txn, const char *key_id_uri, actor_id *out)
{
    return text_index_find(txn, TABLE_KEY_URI, key_id_uri, &out->v);
}

const char *actor_handle(const Actor *actor, struct arena *arena)
{
    if (!actor->host[0])
        return arena_strdup(arena, actor->username);
    return arena_printf(arena, "%s@%s", actor->username, actor->host);
}

/* Removes an index row if it is ours. */
static enum err index_release(struct txn *txn, enum table table, const char *text, uint64_t id)
{
    uint64_t holder;
    enum err e = text_index_find(txn, table, text, &holder);
    if (e)
        return e == ERR_NOTFOUND ? OK : e;
    return holder == id ? text_index_del(txn, table, text) : OK;
}

/* May `actor` take its handle from `holder`? Only a newer account of the same remote host. */
static enum err handle_may_move(struct txn *txn, const Actor *actor, uint64_t holder,
                                struct arena *arena, bool *out)
{
    Actor *other;
    *out = false;
    if (!actor->host[0] || holder > actor->id)
        return OK;
    enum err e = actor_get(txn, (actor_id){holder}, arena, &other);
    if (e)
        return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
    *out = host_same(actor->uri, other->uri);
    return OK;
}

static enum err handle_claim(struct txn *txn, const Actor *actor, struct arena *arena)
{
    if (!actor->username[0])
        return OK;
    char *handle = folded((char *)actor_handle(actor, arena));
    if (!handle)
        return ERR_LIMIT;
    uint64_t holder;
    enum err e = text_index_find(txn, TABLE_ACTOR_HANDLE, handle, &holder);
    if (e == ERR_NOTFOUND)
        return text_index_add(txn, TABLE_ACTOR_HANDLE, handle, actor->id);
    if (e || holder == actor->id)
        return e;
    bool may_move;
    e = handle_may_move(txn, actor, holder, arena, &may_move);
    if (e || !may_move)
        return e;
    e = text_index_del(txn, TABLE_ACTOR_HANDLE, handle);
    return e ? e : text_index_add(txn, TABLE_ACTOR_HANDLE, handle, actor->id);
}

static bool key_listed(const Actor *actor, const char *id)
{
    for (size_t i = 0; i < actor->n_keys; i++)
        if (strcmp(actor->keys[i]->id, id) == 0)
            return true;
    return false;
}

/* Keeps in `actor` the keys it may have (T19): on its own host, and nobody else's. */
static enum err keys_claim(struct txn *txn, Actor *actor, struct arena *arena)
{
    ActorKey **kept = arena_calloc(arena, actor->n_keys + 1, sizeof *kept);
    if (!kept)
        return ERR_LIMIT;
    size_t n = 0;
    for (size_t i = 0; i < actor->n_keys; i++) {
        const char *id = actor->keys[i]->id;
        if (!host_same(id, actor->uri))
            continue;
        uint64_t holder = actor->id;
        enum err e = text_index_find(txn, TABLE_KEY_URI, id, &holder);
        if (e == ERR_NOTFOUND)
            e = text_index_add(txn, TABLE_KEY_URI, id, actor->id);
        if (e)
            return e;
        if (holder == actor->id)
            kept[n++] = actor->keys[i];
    }
    actor->keys = kept;
    actor->n_keys = n;
    return OK;
}

/* Gives back what the former version had and the new one has not. */
static enum err indexes_release(struct txn *txn, const Actor *old, const Actor *actor,
                                struct arena *arena)
{
    for (size_t i = 0; i < old->n_keys; i++) {
        if (key_listed(actor, old->keys[i]->id))
            continue;
        enum err e = index_release(txn, TABLE_KEY_URI, old->keys[i]->id, old->id);
        if (e)
            return e;
    }
    char *was = folded((char *)actor_handle(old, arena));
    char *is = folded((char *)actor_handle(actor, arena));
    if (!was || !is)
        return ERR_LIMIT;
    return strcmp(was, is) == 0 ? OK : index_release(txn, TABLE_ACTOR_HANDLE, was, old->id);
}

static enum err actor_insert(struct txn *txn, Actor *actor, int64_t now_ms)
{
    uint64_t other;
    enum err e = text_index_find(txn, TABLE_ACTOR_URI, actor->uri, &other);
    if (e != ERR_NOTFOUND)
        return e ? e : ERR_EXISTS;
    e = id_next(txn, now_ms, &actor->id);
    if (e)
        return e;
    e = text_index_add(txn, TABLE_ACTOR_URI, actor->uri, actor->id);
    if (e)
        return e;
    if (!actor->host[0])
        return actor->is_instance ? meta_put_u64(txn, "instance_actor", actor->id) : OK;
    return counter_add(txn, COUNTER_STORE, STORE_REMOTE_ACTORS, 1);
}

/* Who somebody is does not change; one of ours keeps the name for ever (T70). */
static bool same_person(const Actor *old, const Actor *actor)
{
    if (strcmp(old->uri, actor->uri) != 0 || !old->host[0] != !actor->host[0])
        return false;
    return old->host[0] || strcmp(old->username, actor->username) == 0;
}

enum err actor_put(struct txn *txn, Actor *actor, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ACTOR_ARENA_BYTES);
    Actor *old = NULL;

    if (!actor->uri[0])
        return ERR_INVALID;
    enum err e = actor->id ? actor_get(txn, (actor_id){actor->id}, &arena, &old) : ERR_NOTFOUND;
    if (e == ERR_NOTFOUND)
        e = actor_insert(txn, actor, now_ms);
    else if (!e && !same_person(old, actor))
        e = ERR_INVALID;
    if (e)
        return e;

    Actor stored = *actor; /* the keys may become fewer; the caller's record stays as it is */
    if (old && (e = indexes_release(txn, old, actor, &arena)))
        return e;
    if ((e = handle_claim(txn, actor, &arena)))
        return e;
    if ((e = keys_claim(txn, &stored, &arena)))
        return e;
    if ((e = actor_word_change(txn, old, &stored)))
        return e;
    struct key key = key_id(actor->id);
    return record_put(txn, TABLE_ACTOR, key_bytes(&key), &stored.base);
}

enum err actor_next(struct txn *txn, actor_id after, struct arena *arena, Actor **out)
{
    if (after.v == UINT64_MAX)
        return ERR_NOTFOUND;
    AUTO(range_close) struct range range = {0};
    struct key lo = key_id(after.v + 1);
    struct bytes key, value;
    enum err e = range_open(txn, TABLE_ACTOR, key_bytes(&lo), (struct bytes){0}, RANGE_UP, &range);
    if (e)
        return e;
    e = range_next(&range, &key, &value);
    return e ? e : record_decode(&actor__descriptor, value, arena, out);
}

enum err actor_instance(struct txn *txn, actor_id *out)
{
    return meta_get_u64(txn, "instance_actor", &out->v);
}
