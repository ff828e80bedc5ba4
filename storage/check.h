/*
 * check - proves what keyspace.h promises on a live store, in short read transactions.
 */
#ifndef WARD_STORAGE_CHECK_H
#define WARD_STORAGE_CHECK_H

#include "storage/engine.h"

struct check_report {
    uint64_t records; /* looked at */
    uint64_t wrong;
};
/* `say` is called for each thing that is wrong: table, key in hex or its URI, what. */
MUST_CHECK enum err check_store(struct engine *engine,
                                void (*say)(void *context, const char *table, const char *key,
                                            const char *what),
                                void *context, struct check_report *out);

#endif
