/*
 * meet - the posts that stand in every one of several ordered rows, newest first.
 *
 * A row is all keys of a table that begin with one prefix and end with the post's id: the posts of
 * a word, or a stream. The rows leap over one another: whichever jumps farthest back leads from
 * then on, so the work follows the rarest row, however common the others are.
 *
 *     e = meet_open(txn, rows, n, page, &meet);
 *     while ((e = meet_next(&meet, &id)) == OK) ...
 *
 * Nothing is held between calls: there is no close.
 *
 * Threads  the txn's
 */
#ifndef WARD_STORAGE_MEET_H
#define WARD_STORAGE_MEET_H

#include "storage/stream.h"

#define MEET_ROWS_MAX 32

struct meet_row {
    enum table table;
    struct key prefix;
};
struct meet_row meet_word(uint64_t owner); /* word.h */
struct meet_row meet_stream(struct stream_key key);

struct meet {
    struct txn *txn;
    struct meet_row row[MEET_ROWS_MAX]; /* the one that leads first */
    size_t n;
    uint64_t before, after;    /* what is left: ids between these */
    unsigned steps, max_steps; /* looks at the store; 0: no limit */
};

/* At least one row. page.limit is not looked at. ERR_LIMIT: too many rows. */
MUST_CHECK enum err meet_open(struct txn *txn, const struct meet_row *rows, size_t n,
                              struct page page, struct meet *out);
/* OK; ERR_NOTFOUND at the end; ERR_LIMIT after max_steps: whatever is left is below meet->before.
 */
MUST_CHECK enum err meet_next(struct meet *meet, post_id *out);

#endif
