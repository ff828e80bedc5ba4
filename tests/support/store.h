/*
 * store - a temporary store for one test: a folder, an engine and a direct writer.
 *
 *     AUTO(store_close) struct store store = store_open();
 *     struct txn *txn = store_write(&store);  ...  store_commit(&txn);
 *
 * Whatever fails fails the test.
 */
#ifndef WARD_TESTS_SUPPORT_STORE_H
#define WARD_TESTS_SUPPORT_STORE_H

#include "storage/writer.h"

#define STORE_HOST "ward.example"
#define STORE_MAP_BYTES (64 * 1024 * 1024)

struct store {
    char dir[64];
    struct engine *engine;
    struct writer *writer; /* direct */
};

/* A new store that went through meta_create, in a new folder under $TMPDIR. */
struct store store_open(void);
struct store store_open_at(const char *host); /* of another host than STORE_HOST */
/* Deletes everything. */
void store_close(struct store *store);
/* Closes and opens the engine again, as a restart would. */
void store_reopen(struct store *store);

struct txn *store_read(struct store *store);
struct txn *store_write(struct store *store);
void store_commit(struct txn **txn);

/* A new empty folder; `dir` takes 64 bytes. And away with it. */
void folder_create(char dir[64]);
void folder_remove(const char *dir);

#endif
