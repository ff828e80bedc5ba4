#include "tests/support/store.h"

#include "storage/meta.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MEMORY_MIN_BYTES (512u * 1024 * 1024)

static void must(enum err e, const char *what, const struct why *why)
{
    if (e == OK)
        return;
    fprintf(stderr, "tests/support/store: %s: %s %s\n", what, err_name(e), why ? why->text : "");
    abort();
}

/* Thousands of small commits, of which none has to outlive the program. */
static const char *folder_for_stores(void)
{
    struct statvfs memory;
    bool has_room = statvfs("/dev/shm", &memory) == 0 && access("/dev/shm", W_OK) == 0 &&
                    (uint64_t)memory.f_bavail * memory.f_frsize > MEMORY_MIN_BYTES;
    return has_room ? "/dev/shm" : "/tmp";
}

void folder_create(char dir[64])
{
    const char *tmp = getenv("TMPDIR");
    if (!tmp || strlen(tmp) > 40)
        tmp = folder_for_stores();
    snprintf(dir, 64, "%s/ward-test-XXXXXX", tmp);
    must(mkdtemp(dir) ? OK : ERR_STORE, dir, NULL);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

void folder_remove(const char *dir)
{
    (void)nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void open_engine(struct store *store, bool create)
{
    struct engine_config config = {
        .dir = store->dir, .map_bytes = STORE_MAP_BYTES, .create = create};
    struct why why = {""};
    must(engine_open(&config, &store->engine, &why), "engine_open", &why);
    store->writer = writer_create_direct(store->engine);
}

struct store store_open(void)
{
    return store_open_at(STORE_HOST);
}

struct store store_open_at(const char *host)
{
    struct store store = {.engine = NULL};
    folder_create(store.dir);
    open_engine(&store, true);
    struct txn *txn = store_write(&store);
    must(meta_create(txn, host), "meta_create", NULL);
    store_commit(&txn);
    return store;
}

void store_close(struct store *store)
{
    writer_stop(&store->writer);
    engine_close(&store->engine);
    folder_remove(store->dir);
}

void store_reopen(struct store *store)
{
    writer_stop(&store->writer);
    engine_close(&store->engine);
    open_engine(store, false);
}

struct txn *store_read(struct store *store)
{
    struct txn *txn = NULL;
    must(engine_read_begin(store->engine, &txn), "engine_read_begin", NULL);
    return txn;
}

struct txn *store_write(struct store *store)
{
    struct txn *txn = NULL;
    must(engine_write_begin(store->engine, &txn), "engine_write_begin", NULL);
    return txn;
}

void store_commit(struct txn **txn)
{
    must(engine_commit(txn), "engine_commit", NULL);
}
