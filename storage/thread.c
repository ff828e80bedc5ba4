#include "storage/thread.h"

#include "storage/edge.h"
#include "storage/narrow.h"
#include "storage/post.h"
#include "storage/stream.h"

#include <string.h>

#define THREAD_ARENA_BYTES (4 << 20)

static struct key orphan_key(struct txn *txn, const char *parent_uri, uint64_t post)
{
    struct key key = {0};
    uint8_t hash[KEY_HASH_BYTES];
    text_hash(txn, parent_uri, hash);
    key_add_bytes(&key, (struct bytes){hash, sizeof hash});
    key_add_u64(&key, post);
    return key;
}

bool thread_is_orphan(const Post *post)
{
    return !post->boost_of && !post->in_reply_to && post->in_reply_to_uri[0];
}

static enum err parent_find(struct txn *txn, const Post *post, struct arena *arena, Post **out)
{
    post_id id = {post->in_reply_to};
    enum err e = OK;
    if (post->in_reply_to_uri[0])
        e = post_find(txn, post->in_reply_to_uri, &id);
    else if (!id.v)
        e = ERR_NOTFOUND;
    if (!e)
        e = post_get(txn, id, arena, out);
    return !e && (*out)->boost_of ? ERR_NOTFOUND : e; /* nobody answers a boost */
}

enum err thread_place(struct txn *txn, Post *post, struct arena *arena)
{
    Post *parent = NULL;
    enum err e = post->boost_of ? ERR_NOTFOUND : parent_find(txn, post, arena, &parent);
    if (e && e != ERR_NOTFOUND)
        return e;
    post->in_reply_to = e ? 0 : parent->id;
    post->thread_root = e ? post->id : parent->thread_root;
    if (!e)
        post->in_reply_to_uri = parent->uri;
    if (post->boost_of) {
        post->in_reply_to_uri = (char *)"";
        post->thread_root = 0;
    }
    bool is_narrowed;
    return e ? OK : narrow_to_parent(txn, post, parent, arena, &is_narrowed);
}

static enum err reply_enter(struct txn *txn, uint64_t parent, uint64_t reply)
{
    enum err e = stream_add(txn, (struct stream_key){STREAM_REPLY, parent}, (post_id){reply});
    return e ? e : counter_add(txn, COUNTER_REPLIES, parent, 1);
}

static enum err reply_leave(struct txn *txn, uint64_t parent, uint64_t reply)
{
    enum err e = stream_del(txn, (struct stream_key){STREAM_REPLY, parent}, (post_id){reply});
    return e ? e : counter_add(txn, COUNTER_REPLIES, parent, -1);
}

static enum err orphan_enter(struct txn *txn, const Post *post)
{
    struct key key = orphan_key(txn, post->in_reply_to_uri, post->id);
    return engine_put(txn, TABLE_ORPHAN, key_bytes(&key), (struct bytes){0});
}

static enum err orphan_leave(struct txn *txn, const Post *post)
{
    struct key key = orphan_key(txn, post->in_reply_to_uri, post->id);
    return engine_del(txn, TABLE_ORPHAN, key_bytes(&key));
}

enum err thread_enter(struct txn *txn, const Post *post)
{
    if (post->boost_of)
        return OK;
    enum err e =
        stream_add(txn, (struct stream_key){STREAM_THREAD, post->thread_root}, (post_id){post->id});
    if (e)
        return e;
    if (post->in_reply_to)
        return reply_enter(txn, post->in_reply_to, post->id);
    return thread_is_orphan(post) ? orphan_enter(txn, post) : OK;
}

static enum err post_store(struct txn *txn, const Post *post)
{
    struct key key = key_id(post->id);
    return record_put(txn, TABLE_POST, key_bytes(&key), &post->base);
}

/* Is `candidate` the post itself or above it? When in doubt, yes: a loop must never be made. */
static enum err is_above(struct txn *txn, uint64_t candidate, const Post *post, bool *out)
{
    uint64_t parent = post->in_reply_to;
    *out = post->id == candidate;
    for (int depth = 0; parent && !*out; depth++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(THREAD_ARENA_BYTES);
        Post *at;
        *out = parent == candidate || depth == THREAD_DEPTH_MAX;
        if (*out)
            break;
        enum err e = post_get(txn, (post_id){parent}, &arena, &at);
        if (e)
            return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
        parent = at->in_reply_to;
    }
    return OK;
}

/* The posts an adoption has moved, in the order they are looked below of. */
struct moved {
    uint64_t id[THREAD_MOVE_MAX];
    size_t count;
};

/* The post goes to its parent's thread, and is for no more people than the parent is. */
static enum err post_move(struct txn *txn, Post *post, const Post *parent, struct arena *arena,
                          struct moved *moved)
{
    const Post before = *post;
    post_id id = {post->id};
    bool is_narrowed;
    moved->id[moved->count++] = post->id;
    enum err e = narrow_to_parent(txn, post, parent, arena, &is_narrowed);
    if (!e && is_narrowed)
        e = post_streams_change(txn, &before, post);
    if (!e)
        e = stream_del(txn, (struct stream_key){STREAM_THREAD, post->thread_root}, id);
    if (!e)
        e = stream_add(txn, (struct stream_key){STREAM_THREAD, parent->thread_root}, id);
    post->thread_root = parent->thread_root;
    return e ? e : post_store(txn, post);
}

static enum err replies_move(struct txn *txn, uint64_t parent_id, struct moved *moved)
{
    AUTO(arena_clear) struct arena parents = ARENA_INIT(THREAD_ARENA_BYTES);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(THREAD_ARENA_BYTES);
    AUTO(stream_close) struct stream replies = {0};
    Post *parent;
    post_id id;
    enum err e = stream_open(txn, &(struct stream_key){STREAM_REPLY, parent_id}, 1,
                             (struct page){.limit = THREAD_MOVE_MAX}, &replies);
    if (!e)
        e = post_get(txn, (post_id){parent_id}, &parents, &parent);
    if (e)
        return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
    while (moved->count < THREAD_MOVE_MAX && (e = stream_next(&replies, &id)) == OK) {
        Post *reply;
        e = post_get(txn, id, &arena, &reply);
        if (!e)
            e = post_move(txn, reply, parent, &arena, moved);
        if (e)
            return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
        arena_clear(&arena);
    }
    return e == ERR_NOTFOUND ? OK : e;
}

/* Takes one orphan in: first itself, then level by level what is below it. */
static enum err orphan_adopt(struct txn *txn, const Post *parent, Post *orphan, struct arena *arena,
                             struct moved *moved)
{
    size_t from = moved->count;
    enum err e = orphan_leave(txn, orphan);
    if (!e)
        e = reply_enter(txn, parent->id, orphan->id);
    if (e)
        return e;
    orphan->in_reply_to = parent->id;
    e = post_move(txn, orphan, parent, arena, moved);
    for (size_t i = from; !e && i < moved->count; i++)
        e = replies_move(txn, moved->id[i], moved);
    return e;
}

enum err thread_adopt(struct txn *txn, const Post *post)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(THREAD_ARENA_BYTES);
    AUTO(range_close) struct range range = {0};
    struct key all = orphan_key(txn, post->uri, 0);
    struct moved moved = {.count = 0};
    struct bytes key;
    if (post->boost_of)
        return OK;
    enum err e =
        range_prefix(txn, TABLE_ORPHAN, (struct bytes){all.p, KEY_HASH_BYTES}, RANGE_UP, &range);
    if (e)
        return e;
    while (moved.count < THREAD_MOVE_MAX && (e = range_next(&range, &key, NULL)) == OK) {
        size_t at = KEY_HASH_BYTES;
        post_id id;
        Post *orphan;
        bool loop;
        arena_clear(&arena);
        if ((e = key_read_u64(key, &at, &id.v)) || (e = post_get(txn, id, &arena, &orphan)))
            return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
        if (strcmp(orphan->in_reply_to_uri, post->uri) != 0)
            continue; /* another URI with the same hash */
        if ((e = is_above(txn, id.v, post, &loop)))
            return e;
        if (!loop && (e = orphan_adopt(txn, post, orphan, &arena, &moved)))
            return e;
    }
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err reply_orphan(struct txn *txn, uint64_t parent, post_id id)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(THREAD_ARENA_BYTES);
    Post *reply;
    enum err e = post_get(txn, id, &arena, &reply);
    if (e)
        return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
    reply->in_reply_to = 0;
    e = reply_leave(txn, parent, id.v);
    if (!e)
        e = orphan_enter(txn, reply);
    return e ? e : post_store(txn, reply);
}

enum err thread_leave(struct txn *txn, const Post *post)
{
    AUTO(stream_close) struct stream replies = {0};
    post_id id, self = {post->id};
    if (post->boost_of)
        return OK;
    enum err e = stream_del(txn, (struct stream_key){STREAM_THREAD, post->thread_root}, self);
    if (!e && post->in_reply_to)
        e = reply_leave(txn, post->in_reply_to, post->id);
    else if (!e && thread_is_orphan(post))
        e = orphan_leave(txn, post);
    if (!e)
        e = stream_open(txn, &(struct stream_key){STREAM_REPLY, post->id}, 1, (struct page){0},
                        &replies);
    if (e)
        return e;
    while ((e = stream_next(&replies, &id)) == OK)
        if ((e = reply_orphan(txn, post->id, id)))
            return e;
    return e == ERR_NOTFOUND ? OK : e;
}
