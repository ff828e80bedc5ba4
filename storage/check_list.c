#include "storage/check_rows.h"

/* The key is owner and id; what the record says must be the same. */
static void check_owned(struct check *check, uint64_t owner, uint64_t id)
{
    if (owner != check_key_u64(check, 0) || id != check_key_u64(check, 8))
        check_wrong(check, "the record says it is %llu of %llu", (unsigned long long)id,
                    (unsigned long long)owner);
    if (!check_has(check, TABLE_ACCOUNT, key_id(owner)))
        check_wrong(check, "its owner has no account");
}

enum err check_list(struct check *check)
{
    List *list;
    if (check_decode(check, &list__descriptor, &list))
        check_owned(check, list->owner, list->id);
    return OK;
}

enum err check_filter(struct check *check)
{
    Filter *filter;
    if (check_decode(check, &filter__descriptor, &filter))
        check_owned(check, filter->owner, filter->id);
    return OK;
}
