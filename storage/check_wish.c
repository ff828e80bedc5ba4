#include "storage/check_rows.h"

#include "storage/stream.h"

#include <string.h>

static void check_owner(struct check *check)
{
    struct key account = key_id(check_key_u64(check, 0));
    if (!check_has(check, TABLE_ACCOUNT, account))
        check_wrong(check, "is of no account");
}

enum err check_tag_follow(struct check *check)
{
    const char *tag = arena_strndup(&check->arena, check->value.p, check->value.n);
    if (!tag || check_key_u64(check, 8) != tag_owner(check->txn, tag))
        check_wrong(check, "the key is not that of the tag");
    check_owner(check);
    return OK;
}

enum err check_domain_block(struct check *check)
{
    const char *host = arena_strndup(&check->arena, check->value.p, check->value.n);
    uint8_t hash[KEY_HASH_BYTES];
    if (host)
        text_hash(check->txn, host, hash);
    if (!host || check->key.n != 16 || memcmp(check->key.p + 8, hash, 8) != 0)
        check_wrong(check, "the key is not that of the host");
    check_owner(check);
    return OK;
}
