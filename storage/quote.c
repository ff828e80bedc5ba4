#include "storage/quote.h"

#include "storage/post.h"
#include "storage/stream.h"

#include <string.h>

#define QUOTE_ARENA_BYTES (4 << 20)

static struct key row_key(struct txn *txn, const char *uri, uint64_t post)
{
    struct key key = {0};
    uint8_t hash[KEY_HASH_BYTES];
    text_hash(txn, uri, hash);
    key_add_bytes(&key, (struct bytes){hash, sizeof hash});
    key_add_u64(&key, post);
    return key;
}

static enum err row_set(struct txn *txn, enum table table, const char *uri, uint64_t post,
                        bool present)
{
    struct key key = row_key(txn, uri, post);
    enum err e = present ? engine_put(txn, table, key_bytes(&key), (struct bytes){0})
                         : engine_del(txn, table, key_bytes(&key));
    return e == ERR_NOTFOUND ? OK : e; /* both authorizations may be one */
}

/* The next post under a URI's hash; the caller compares the URI itself. */
static enum err row_next(struct txn *txn, enum table table, const char *uri, post_id *post)
{
    if (post->v == UINT64_MAX)
        return ERR_NOTFOUND;
    AUTO(range_close) struct range range = {0};
    struct key lo = row_key(txn, uri, post->v + 1), hi = row_key(txn, uri, UINT64_MAX);
    struct bytes key;
    size_t at = KEY_HASH_BYTES;
    enum err e = range_open(txn, table, key_bytes(&lo), key_bytes(&hi), RANGE_UP, &range);
    if (!e)
        e = range_next(&range, &key, NULL);
    return e ? e : key_read_u64(key, &at, &post->v);
}

static enum err post_store(struct txn *txn, const Post *post)
{
    struct key key = key_id(post->id);
    return record_put(txn, TABLE_POST, key_bytes(&key), &post->base);
}

bool quote_is_waiting(const Post *post)
{
    return !post->boost_of && post->quote_uri[0] && !post->quote_of;
}

enum err quote_place(struct txn *txn, Post *post)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(QUOTE_ARENA_BYTES);
    post_id id;
    Post *quoted;
    post->quote_of = 0;
    if (post->boost_of || !post->quote_uri[0] || strcmp(post->quote_uri, post->uri) == 0)
        return OK;
    enum err e = post_find(txn, post->quote_uri, &id);
    if (!e)
        e = post_get(txn, id, &arena, &quoted);
    if (!e && !quoted->boost_of)
        post->quote_of = id.v;
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err authorized_set(struct txn *txn, const Post *post, bool present)
{
    enum err e = OK;
    if (post->quote_approval_uri[0])
        e = row_set(txn, TABLE_AUTHORIZED, post->quote_approval_uri, post->id, present);
    if (!e && post->reply_approval_uri[0])
        e = row_set(txn, TABLE_AUTHORIZED, post->reply_approval_uri, post->id, present);
    return e;
}

enum err quote_enter(struct txn *txn, const Post *post)
{
    enum err e = authorized_set(txn, post, true);
    if (e || !quote_is_waiting(post))
        return e;
    return row_set(txn, TABLE_UNQUOTED, post->quote_uri, post->id, true);
}

enum err quote_leave(struct txn *txn, const Post *post)
{
    enum err e = authorized_set(txn, post, false);
    if (e || !quote_is_waiting(post))
        return e;
    return row_set(txn, TABLE_UNQUOTED, post->quote_uri, post->id, false);
}

/* `post` quotes `quoted` from now on; 0: waits for it. */
static enum err quote_point(struct txn *txn, Post *post, uint64_t quoted)
{
    struct stream_key key = {STREAM_QUOTE, quoted ? quoted : post->quote_of};
    enum err e = quoted ? stream_add(txn, key, (post_id){post->id})
                        : stream_del(txn, key, (post_id){post->id});
    if (!e)
        e = row_set(txn, TABLE_UNQUOTED, post->quote_uri, post->id, !quoted);
    if (e)
        return e;
    post->quote_of = quoted;
    return post_store(txn, post);
}

enum err quote_adopt(struct txn *txn, const Post *post)
{
    post_id id = {0};
    enum err e = post->boost_of ? ERR_NOTFOUND : OK;
    for (unsigned moved = 0; !e && moved < QUOTE_MOVE_MAX; moved++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(QUOTE_ARENA_BYTES);
        Post *waiting;
        e = row_next(txn, TABLE_UNQUOTED, post->uri, &id);
        if (!e && id.v != post->id)
            e = post_get(txn, id, &arena, &waiting);
        if (!e && id.v != post->id && strcmp(waiting->quote_uri, post->uri) == 0)
            e = quote_point(txn, waiting, post->id);
    }
    return e == ERR_NOTFOUND ? OK : e;
}

enum err quote_forsake(struct txn *txn, const Post *post)
{
    for (;;) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(QUOTE_ARENA_BYTES);
        AUTO(stream_close) struct stream stream = {0};
        struct stream_key key = {STREAM_QUOTE, post->id};
        post_id id;
        Post *quoting;
        enum err e = stream_open(txn, &key, 1, (struct page){.limit = 1}, &stream);
        if (!e)
            e = stream_next(&stream, &id);
        if (e)
            return e == ERR_NOTFOUND ? OK : e;
        e = post_get(txn, id, &arena, &quoting);
        if (!e)
            e = quote_point(txn, quoting, 0);
        if (e)
            return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
    }
}

enum err post_set_consent(struct txn *txn, const Post *post)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(QUOTE_ARENA_BYTES);
    Post *stored;
    enum err e = post_get(txn, (post_id){post->id}, &arena, &stored);
    if (!e)
        e = authorized_set(txn, stored, false);
    if (e)
        return e;
    stored->quote_approval = post->quote_approval;
    stored->quote_approval_uri = post->quote_approval_uri;
    stored->reply_approval = post->reply_approval;
    stored->reply_approval_uri = post->reply_approval_uri;
    e = post_store(txn, stored);
    return e ? e : authorized_set(txn, stored, true);
}

enum err authorized_next(struct txn *txn, const char *uri, post_id *post)
{
    for (;;) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(QUOTE_ARENA_BYTES);
        Post *found;
        enum err e = row_next(txn, TABLE_AUTHORIZED, uri, post);
        if (!e)
            e = post_get(txn, *post, &arena, &found);
        if (e || strcmp(found->quote_approval_uri, uri) == 0 ||
            strcmp(found->reply_approval_uri, uri) == 0)
            return e;
    }
}
