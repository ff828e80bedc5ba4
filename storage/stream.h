/*
 * stream - post ids in order: the primitive under every timeline.
 *
 * A stream is (kind, owner); ids are time-ordered. A merged stream gives the ids of many
 * streams, newest first or oldest first, each once. Paging is by id.
 *
 *     struct stream s;
 *     e = stream_open(txn, keys, n, page, &s);
 *     while ((e = stream_next(&s, &id)) == OK) ...
 *     stream_close(&s);
 *
 * Threads  the txn's
 */
#ifndef WARD_STORAGE_STREAM_H
#define WARD_STORAGE_STREAM_H

#include "storage/engine.h"

struct stream_key {
    enum stream_kind kind;
    uint64_t owner;
};

enum page_order { PAGE_NEWEST_FIRST, PAGE_OLDEST_FIRST };
struct page {
    uint64_t before; /* only ids below; 0: up to the newest */
    uint64_t after;  /* only ids above; 0: down to the oldest */
    unsigned limit;  /* ids at most; 0: no limit */
    enum page_order order;
};

struct stream_source; /* one stream of a merge, and its next id not given yet */
struct stream {
    struct txn *txn;
    struct stream_source *heap; /* what comes first on top */
    size_t count;
    struct page page;
    unsigned given;
    uint64_t last;
};

MUST_CHECK enum err stream_open(struct txn *txn, const struct stream_key *keys, size_t count,
                                struct page page, struct stream *out);
/* OK, or ERR_NOTFOUND at the end of the page. */
MUST_CHECK enum err stream_next(struct stream *stream, post_id *out);
/* Nothing is left of it, whatever its limit. */
MUST_CHECK enum err stream_is_at_end(struct stream *stream, bool *out);
void stream_close(struct stream *stream);

MUST_CHECK enum err stream_add(struct txn *txn, struct stream_key key, post_id post);
MUST_CHECK enum err stream_del(struct txn *txn, struct stream_key key, post_id post);
/* The lowest id above *id, which moves there (start with 0); ERR_NOTFOUND at the end. */
MUST_CHECK enum err stream_above(struct txn *txn, struct stream_key key, post_id *id);
/* The lowest owner, from *owner on, of a stream of this kind that has anything in it. */
MUST_CHECK enum err stream_owner_from(struct txn *txn, enum stream_kind kind, uint64_t *owner);
bool stream_has(struct txn *txn, struct stream_key key, post_id post);

/* The owner of a tag's stream: a 64-bit keyed hash of the folded tag. */
uint64_t tag_owner(struct txn *txn, const char *folded_tag);

#endif
