#include "storage/check_rows.h"

#include "storage/backfill.h"
#include "storage/parked.h"

enum err check_backfill(struct check *check)
{
    Backfill *backfill;
    if (!check_decode(check, &backfill__descriptor, &backfill))
        return OK;
    if (backfill->id != check_key_u64(check, 0))
        check_wrong(check, "the record has another id");
    if (!check_has(check, TABLE_BACKFILL_OF, key_id(backfill->root)))
        check_wrong(check, "has no backfill_of");
    if (check_has(check, TABLE_BACKFILL_RUN, key_id(backfill->id)) != (backfill->ended_ms == 0))
        check_wrong(check, "%s", backfill->ended_ms ? "has ended and runs" : "is not said to run");
    return OK;
}

enum err check_backfill_of(struct check *check)
{
    size_t at = 0;
    uint64_t id = 0;
    Backfill *backfill = NULL;
    if (key_read_u64(check->value, &at, &id) == OK)
        backfill = check_record(check, TABLE_BACKFILL, id, &backfill__descriptor);
    if (!backfill || backfill->root != check_key_u64(check, 0))
        check_wrong(check, "names a backfill that does not name it back");
    return OK;
}

enum err check_backfill_run(struct check *check)
{
    if (!check_has(check, TABLE_BACKFILL, key_id(check_key_u64(check, 0))))
        check_wrong(check, "names a backfill that does not exist");
    return OK;
}

static struct key by_of(struct check *check, const BackfillItem *item, uint64_t id)
{
    struct key by = {0};
    uint8_t hash[KEY_HASH_BYTES];
    text_hash(check->txn, item->uri, hash);
    key_add_bytes(&by, (struct bytes){hash, sizeof hash});
    key_add_u64(&by, id);
    return by;
}

enum err check_backfill_item(struct check *check)
{
    BackfillItem *item;
    Want *want;
    if (!check_decode(check, &backfill_item__descriptor, &item))
        return OK;
    uint64_t id = check_key_u64(check, 0);
    bool is_wanted = item->state == BACKFILL_STATE__ITEM_WANTED;
    if (!check_has(check, TABLE_BACKFILL_RUN, key_id(id)))
        check_wrong(check, "belongs to no running backfill: %s", item->uri);
    if (check_has(check, TABLE_BACKFILL_BY, by_of(check, item, id)) != is_wanted)
        check_wrong(check, "%s: %s", is_wanted ? "has no backfill_by" : "is not wanted", item->uri);
    if (is_wanted && want_get(check->txn, item->uri, &check->arena, &want))
        check_wrong(check, "nobody wants what it needs: %s", item->uri);
    return OK;
}

enum err check_backfill_by(struct check *check)
{
    struct key item = key_id(check_key_u64(check, KEY_HASH_BYTES));
    if (check->key.n >= KEY_HASH_BYTES)
        key_add_bytes(&item, (struct bytes){check->key.p, KEY_HASH_BYTES});
    if (!check_has(check, TABLE_BACKFILL_ITEM, item))
        check_wrong(check, "names an item that does not exist");
    return OK;
}
