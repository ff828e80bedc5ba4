#include "storage/check_rows.h"

#include <inttypes.h>

enum err check_idempotency(struct check *check)
{
    Idempotency *row;
    if (!check_decode(check, &idempotency__descriptor, &row))
        return OK;
    const char *text = arena_printf(&check->arena, "%" PRIu64 " %s", row->token, row->key);
    if (!text || !check_hashes(check, text))
        check_wrong(check, "the key is not the hash of token and text");
    return OK;
}

enum err check_scheduled(struct check *check)
{
    Scheduled *scheduled;
    if (!check_decode(check, &scheduled__descriptor, &scheduled))
        return OK;
    if (scheduled->owner != check_key_u64(check, 0) || scheduled->id != check_key_u64(check, 8))
        check_wrong(check, "the record says it is another");
    if (!check_has(check, TABLE_ACCOUNT, key_id(scheduled->owner)))
        check_wrong(check, "its owner has no account");
    struct key due = key_ids((uint64_t)scheduled->due_ms, scheduled->owner);
    key_add_u64(&due, scheduled->id);
    if (check_has(check, TABLE_SCHEDULED_DUE, due) == (scheduled->refusal[0] != '\0'))
        check_wrong(check, "waits and is not due, or the reverse");
    return OK;
}

enum err check_scheduled_due(struct check *check)
{
    struct key key = key_ids(check_key_u64(check, 8), check_key_u64(check, 16));
    Scheduled *scheduled;
    if (record_get(check->txn, TABLE_SCHEDULED, key_bytes(&key), &scheduled__descriptor,
                   &check->arena, &scheduled) ||
        (uint64_t)scheduled->due_ms != check_key_u64(check, 0))
        check_wrong(check, "names no scheduled post of that time");
    return OK;
}
