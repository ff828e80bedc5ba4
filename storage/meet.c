#include "storage/meet.h"

struct meet_row meet_word(uint64_t owner)
{
    return (struct meet_row){TABLE_WORD, key_id(owner)};
}

struct meet_row meet_stream(struct stream_key key)
{
    struct meet_row row = {.table = TABLE_STREAM};
    key_add_u8(&row.prefix, (uint8_t)key.kind);
    key_add_u64(&row.prefix, key.owner);
    return row;
}

enum err meet_open(struct txn *txn, const struct meet_row *rows, size_t n, struct page page,
                   struct meet *out)
{
    if (n == 0 || n > MEET_ROWS_MAX)
        return ERR_LIMIT;
    *out = (struct meet){
        .txn = txn, .n = n, .before = page.before ? page.before : UINT64_MAX, .after = page.after};
    for (size_t i = 0; i < n; i++)
        out->row[i] = rows[i];
    return OK;
}

/* The greatest id of a row below `before`. */
static enum err newest_below(struct meet *meet, const struct meet_row *row, uint64_t before,
                             uint64_t *out)
{
    if (meet->max_steps && meet->steps == meet->max_steps)
        return ERR_LIMIT;
    meet->steps++;
    if (meet->after >= before)
        return ERR_NOTFOUND;
    AUTO(range_close) struct range range = {.cursor = NULL};
    struct key lo = row->prefix, hi = row->prefix;
    struct bytes found;
    size_t at = lo.n;
    key_add_u64(&lo, meet->after + 1);
    key_add_u64(&hi, before);
    enum err e =
        range_open(meet->txn, row->table, key_bytes(&lo), key_bytes(&hi), RANGE_DOWN, &range);
    if (!e)
        e = range_next(&range, &found, NULL);
    return e ? e : key_read_u64(found, &at, out);
}

static void lead(struct meet *meet, size_t i)
{
    struct meet_row first = meet->row[i];
    for (; i > 0; i--)
        meet->row[i] = meet->row[i - 1];
    meet->row[0] = first;
}

enum err meet_next(struct meet *meet, post_id *out)
{
    uint64_t at, other;
    enum err e = newest_below(meet, &meet->row[0], meet->before, &at);
    for (size_t i = 1; !e && i < meet->n;) {
        e = newest_below(meet, &meet->row[i], at + 1, &other);
        if (e)
            break;
        if (other == at) {
            i++;
            continue;
        }
        lead(meet, i); /* nothing above `other` is in this row, so nothing is in all of them */
        at = other;
        meet->before = at + 1;
        i = 1;
    }
    if (e)
        return e;
    meet->before = at;
    *out = (post_id){at};
    return OK;
}
