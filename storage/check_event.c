#include "storage/check_rows.h"

/* Is this the first one there is? */
static bool is_first(struct check *check, uint64_t seq)
{
    AUTO(range_close) struct range range = {0};
    struct bytes none = {0}, key;
    size_t at = 0;
    uint64_t first = 0;
    return range_open(check->txn, TABLE_EVENT, none, none, RANGE_UP, &range) == OK &&
           range_next(&range, &key, NULL) == OK && key_read_u64(key, &at, &first) == OK &&
           first == seq;
}

enum err check_event(struct check *check)
{
    Event *event;
    if (!check_decode(check, &event__descriptor, &event))
        return OK;
    uint64_t seq = check_key_u64(check, 0);
    if (event->seq != seq)
        check_wrong(check, "the record says it is number %llu", (unsigned long long)event->seq);
    if (!check_has(check, TABLE_EVENT, key_id(seq - 1)) && !is_first(check, seq))
        check_wrong(check, "number %llu is missing", (unsigned long long)seq - 1);
    return OK;
}
