#include "storage/check_rows.h"

#include "storage/edge.h"

enum err check_report(struct check *check)
{
    Report *report;
    if (!check_decode(check, &report__descriptor, &report))
        return OK;
    uint64_t id = check_key_u64(check, 0);
    if (report->id != id)
        check_wrong(check, "the record says it is %llu", (unsigned long long)report->id);
    if (!check_has(check, TABLE_ACTOR, key_id(report->about)))
        check_wrong(check, "is about an actor that does not exist");
    if (!check_has(check, TABLE_REPORT_OF, key_ids(report->about, id)))
        check_wrong(check, "has no report_of");
    if (!report->resolved_ms && !counter_get(check->txn, COUNTER_REPORTS, report->peer))
        check_wrong(check, "is not counted");
    return OK;
}

enum err check_report_of(struct check *check)
{
    Report *report =
        check_record(check, TABLE_REPORT, check_key_u64(check, 8), &report__descriptor);
    if (!report || report->about != check_key_u64(check, 0))
        check_wrong(check, "names no report about this account");
    return OK;
}

enum err check_count_reports(struct check *check, uint64_t peer, uint64_t *out)
{
    AUTO(range_close) struct range range = {0};
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    struct bytes none = {0}, key, value;
    *out = 0;
    enum err e = range_open(check->txn, TABLE_REPORT, none, none, RANGE_UP, &range);
    for (; !e && (e = range_next(&range, &key, &value)) == OK; check->steps++) {
        Report *report;
        arena_clear(&arena);
        if (record_decode(&report__descriptor, value, &arena, &report) == OK)
            *out += report->peer == peer && !report->resolved_ms;
    }
    return e == ERR_NOTFOUND ? OK : e;
}
