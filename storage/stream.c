#include "storage/stream.h"

#include "storage/record.h"

#include <stdlib.h>
#include <string.h>

/*
 * A source keeps no cursor, only the id it stands at: a page of forty needs forty new looks,
 * while a cursor for each of ten thousand streams would have to be opened and kept.
 */
struct stream_source {
    struct stream_key key;
    uint64_t at;
};

static struct key stream_bytes(struct stream_key key, uint64_t post)
{
    struct key k = {.n = 0};
    key_add_u8(&k, (uint8_t)key.kind);
    key_add_u64(&k, key.owner);
    key_add_u64(&k, post);
    return k;
}

/* The first id of one stream, in the page's order, that the page has and that lies beyond `at` (0:
 * from where the page begins). */
static enum err first_beyond(struct txn *txn, struct stream_key key, const struct page *page,
                             uint64_t at, uint64_t *out)
{
    bool is_up = page->order == PAGE_OLDEST_FIRST;
    uint64_t before = at && !is_up ? at : page->before, after = at && is_up ? at : page->after;
    if (after == UINT64_MAX)
        return ERR_NOTFOUND;
    struct key lo = stream_bytes(key, after + 1);
    struct key hi = stream_bytes(key, before ? before : UINT64_MAX); /* no id is UINT64_MAX */
    AUTO(range_close) struct range range = {.cursor = NULL};
    struct bytes found;
    enum err e = range_open(txn, TABLE_STREAM, key_bytes(&lo), key_bytes(&hi),
                            is_up ? RANGE_UP : RANGE_DOWN, &range);
    if (e || (e = range_next(&range, &found, NULL)))
        return e;
    size_t offset = lo.n - 8;
    return key_read_u64(found, &offset, out);
}

static void swap(struct stream_source *a, struct stream_source *b)
{
    struct stream_source t = *a;
    *a = *b;
    *b = t;
}

static bool comes_first(const struct stream *stream, size_t a, size_t b)
{
    const struct stream_source *heap = stream->heap;
    return stream->page.order == PAGE_OLDEST_FIRST ? heap[a].at < heap[b].at
                                                   : heap[a].at > heap[b].at;
}

static void sift_down(struct stream *stream, size_t i)
{
    for (;;) {
        size_t first = i, left = 2 * i + 1, right = left + 1;
        if (left < stream->count && comes_first(stream, left, first))
            first = left;
        if (right < stream->count && comes_first(stream, right, first))
            first = right;
        if (first == i)
            return;
        swap(&stream->heap[i], &stream->heap[first]);
        i = first;
    }
}

enum err stream_open(struct txn *txn, const struct stream_key *keys, size_t count, struct page page,
                     struct stream *out)
{
    struct stream s = {.txn = txn, .page = page};
    s.heap = xcalloc(count, sizeof *s.heap);
    for (size_t i = 0; i < count; i++) {
        uint64_t at;
        enum err e = first_beyond(txn, keys[i], &page, 0, &at);
        if (e == ERR_NOTFOUND)
            continue;
        if (e) {
            stream_close(&s);
            return e;
        }
        s.heap[s.count++] = (struct stream_source){keys[i], at};
    }
    for (size_t i = s.count / 2; i-- > 0;)
        sift_down(&s, i);
    *out = s;
    return OK;
}

/* Moves the source at the top to its next id, or drops it. */
static enum err advance(struct stream *stream)
{
    struct stream_source *top = &stream->heap[0];
    uint64_t at;
    enum err e = first_beyond(stream->txn, top->key, &stream->page, top->at, &at);
    if (e == OK)
        top->at = at;
    else if (e == ERR_NOTFOUND)
        *top = stream->heap[--stream->count];
    else
        return e;
    sift_down(stream, 0);
    return OK;
}

/* Passes over what was given already, because it is in more than one of the streams. */
static enum err drop_given(struct stream *stream)
{
    enum err e = OK;
    while (!e && stream->given && stream->count && stream->heap[0].at == stream->last)
        e = advance(stream);
    return e;
}

enum err stream_next(struct stream *stream, post_id *out)
{
    if (stream->page.limit && stream->given == stream->page.limit)
        return ERR_NOTFOUND;
    enum err e = drop_given(stream);
    if (e)
        return e;
    if (!stream->count)
        return ERR_NOTFOUND;
    stream->last = stream->heap[0].at;
    stream->given++;
    *out = (post_id){stream->last};
    return OK;
}

enum err stream_is_at_end(struct stream *stream, bool *out)
{
    enum err e = drop_given(stream);
    *out = stream->count == 0;
    return e;
}

void stream_close(struct stream *stream)
{
    xfree(&stream->heap);
    stream->count = 0;
}

enum err stream_add(struct txn *txn, struct stream_key key, post_id post)
{
    struct key k = stream_bytes(key, post.v);
    return engine_put(txn, TABLE_STREAM, key_bytes(&k), (struct bytes){NULL, 0});
}

enum err stream_del(struct txn *txn, struct stream_key key, post_id post)
{
    struct key k = stream_bytes(key, post.v);
    return engine_del(txn, TABLE_STREAM, key_bytes(&k));
}

bool stream_has(struct txn *txn, struct stream_key key, post_id post)
{
    struct key k = stream_bytes(key, post.v);
    struct bytes value;
    return engine_get(txn, TABLE_STREAM, key_bytes(&k), &value) == OK;
}

enum err stream_above(struct txn *txn, struct stream_key key, post_id *id)
{
    AUTO(range_close) struct range range = {.cursor = NULL};
    struct key lo = stream_bytes(key, id->v + 1), hi = stream_bytes(key, UINT64_MAX);
    struct bytes found;
    if (id->v == UINT64_MAX)
        return ERR_NOTFOUND;
    enum err e = range_open(txn, TABLE_STREAM, key_bytes(&lo), key_bytes(&hi), RANGE_UP, &range);
    if (!e)
        e = range_next(&range, &found, NULL);
    size_t at = 9;
    return e ? e : key_read_u64(found, &at, &id->v);
}

enum err stream_owner_from(struct txn *txn, enum stream_kind kind, uint64_t *owner)
{
    AUTO(range_close) struct range range = {.cursor = NULL};
    struct key lo = stream_bytes((struct stream_key){kind, *owner}, 0);
    struct key hi = stream_bytes((struct stream_key){kind, UINT64_MAX}, UINT64_MAX);
    struct bytes found;
    enum err e = range_open(txn, TABLE_STREAM, key_bytes(&lo), key_bytes(&hi), RANGE_UP, &range);
    if (!e)
        e = range_next(&range, &found, NULL);
    size_t at = 1;
    return e ? e : key_read_u64(found, &at, owner);
}

uint64_t tag_owner(struct txn *txn, const char *folded_tag)
{
    uint8_t hash[KEY_HASH_BYTES];
    uint64_t owner;
    size_t at = 0;
    text_hash(txn, folded_tag, hash);
    return key_read_u64((struct bytes){hash, sizeof hash}, &at, &owner) ? 0 : owner;
}
