#include "storage/migrate.h"

#include "storage/meta.h"

#define VERSION_NAME "version"

/* steps[n] turns version n into n + 1. Version 1 is the first there is. */
static enum err (*const steps[STORE_VERSION])(struct txn *txn) = {NULL};

enum err migrate_version(struct txn *txn, uint64_t *out)
{
    enum err e = meta_get_u64(txn, VERSION_NAME, out);
    return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
}

enum err migrate_store(struct txn *txn, struct why *why)
{
    uint64_t version;
    enum err e = migrate_version(txn, &version);
    if (e)
        return why_set(why, e, "the store has no version");
    if (version > STORE_VERSION)
        return why_set(why, ERR_INVALID, "the store has version %llu, this program knows %d",
                       (unsigned long long)version, STORE_VERSION);
    for (; version < STORE_VERSION; version++) {
        if (!steps[version])
            return why_set(why, ERR_CORRUPT, "there is no way from store version %llu",
                           (unsigned long long)version);
        e = steps[version](txn);
        if (!e)
            e = meta_put_u64(txn, VERSION_NAME, version + 1);
        if (e)
            return why_set(why, e, "store version %llu could not be brought up to date: %s",
                           (unsigned long long)version, err_name(e));
    }
    return OK;
}
