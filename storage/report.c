#include "storage/report.h"

#include "storage/edge.h"

#include <string.h>

#define REPORT_ARENA_BYTES ((size_t)1024 * 1024)
#define SAME_LOOKS_MAX 100 /* newest reports about one account that are compared */

static bool is_same(const Report *a, const Report *b)
{
    if (a->resolved_ms || a->from != b->from || strcmp(a->comment, b->comment) != 0 ||
        a->n_posts != b->n_posts || a->category != b->category)
        return false;
    for (size_t i = 0; i < a->n_posts; i++)
        if (a->posts[i] != b->posts[i])
            return false;
    return true;
}

/* OK: an open one about the same account says the same. */
static enum err find_same(struct txn *txn, const Report *report)
{
    AUTO(range_close) struct range range = {0};
    struct key prefix = key_id(report->about);
    struct bytes key;
    enum err e = range_prefix(txn, TABLE_REPORT_OF, key_bytes(&prefix), RANGE_DOWN, &range);
    for (unsigned looks = 0; !e && looks < SAME_LOOKS_MAX; looks++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(REPORT_ARENA_BYTES);
        Report *other;
        uint64_t id;
        size_t at = 8;
        e = range_next(&range, &key, NULL);
        if (!e)
            e = key_read_u64(key, &at, &id);
        if (!e)
            e = report_get(txn, id, &arena, &other);
        if (!e && is_same(other, report))
            return OK;
    }
    return e ? e : ERR_NOTFOUND;
}

enum err report_add(struct txn *txn, Report *report, int64_t now_ms)
{
    enum err e = find_same(txn, report);
    if (e != ERR_NOTFOUND)
        return e ? e : ERR_EXISTS;
    if (counter_get(txn, COUNTER_REPORTS, report->peer) >= REPORTS_OPEN_MAX)
        return ERR_LIMIT;
    e = id_next(txn, now_ms, &report->id);
    if (e)
        return e;
    report->created_ms = now_ms;
    struct key key = key_id(report->id), of = key_ids(report->about, report->id);
    e = record_add(txn, TABLE_REPORT, key_bytes(&key), &report->base);
    if (!e)
        e = engine_put(txn, TABLE_REPORT_OF, key_bytes(&of), (struct bytes){NULL, 0});
    return e ? e : counter_add(txn, COUNTER_REPORTS, report->peer, 1);
}

enum err report_get(struct txn *txn, uint64_t id, struct arena *arena, Report **out)
{
    struct key key = key_id(id);
    return record_get(txn, TABLE_REPORT, key_bytes(&key), &report__descriptor, arena, out);
}

enum err report_next(struct txn *txn, uint64_t before, struct arena *arena, Report **out)
{
    AUTO(range_close) struct range range = {0};
    struct key hi = key_id(before);
    struct bytes key, value;
    enum err e =
        range_open(txn, TABLE_REPORT, (struct bytes){0}, key_bytes(&hi), RANGE_DOWN, &range);
    if (!e)
        e = range_next(&range, &key, &value);
    return e ? e : record_decode(&report__descriptor, value, arena, out);
}

enum err report_resolve(struct txn *txn, uint64_t id, const char *by, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(REPORT_ARENA_BYTES);
    struct key key = key_id(id);
    bool is_open = *by == '\0';
    Report *report;
    enum err e = report_get(txn, id, &arena, &report);
    if (e)
        return e;
    if (is_open == !report->resolved_ms)
        return ERR_EXISTS;
    report->resolved_ms = is_open ? 0 : now_ms;
    report->resolved_by = (char *)by;
    e = record_put(txn, TABLE_REPORT, key_bytes(&key), &report->base);
    return e ? e : counter_add(txn, COUNTER_REPORTS, report->peer, is_open ? 1 : -1);
}
