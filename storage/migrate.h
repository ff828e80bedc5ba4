/*
 * migrate - brings a store of an older version up to date, one step a version.
 *
 * A step is a function over a write transaction that turns version n into n + 1; it may run
 * again after a crash, because the version changes in the same transaction. Records need no
 * step for a new field (schema.proto); keys and promises do.
 */
#ifndef WARD_STORAGE_MIGRATE_H
#define WARD_STORAGE_MIGRATE_H

#include "storage/engine.h"

/* The version in meta; ERR_CORRUPT when there is none. */
MUST_CHECK enum err migrate_version(struct txn *txn, uint64_t *out);
/*
 * Inside a mutation, before anything else uses the store. OK also when nothing was to do.
 *
 * ERR_INVALID  the store is newer than this program: never touched
 * ERR_CORRUPT  no version, or one there was never a program for
 */
MUST_CHECK enum err migrate_store(struct txn *txn, struct why *why);

#endif
