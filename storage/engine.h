/*
 * engine - ordered key-value transactions: the seam below which another engine can sit.
 *
 * engine_lmdb.c is the only file that names MDB_. Nothing above may assume a single
 * process: the CLI opens the same store while the daemon runs. One writer at a time,
 * over all processes; readers see the snapshot of their beginning, never block and
 * are never blocked.
 *
 * Units    bytes
 * Memory   what engine_get and range_next give is dead at txn end AND at the next
 *          put or del in that txn; it never leaves storage/. Sanitizer builds return
 *          copies freed at exactly those points.
 * Threads  engine: any. A txn: the thread that began it.
 * Errors   ERR_STORE: disk, map or permission trouble, logged here; ERR_LIMIT: all
 *          reader slots are taken; ERR_LATER (writing): the disk is full, reads go on.
 *          After a failed put or del the txn answers the same to everything.
 *          A commit that fails for another reason aborts the process: recovery from a
 *          crash is the tested path.
 */
#ifndef WARD_STORAGE_ENGINE_H
#define WARD_STORAGE_ENGINE_H

#include "storage/base/base.h"
#include "storage/keyspace.h"

struct engine;
struct txn;

/*
 * Of keys and records together; in meta as "version". A newer store is refused, an older one opens
 * for the daemon alone, which brings it up to date (migrate.h).
 */
#define STORE_VERSION 1

struct engine_config {
    const char *dir;    /* holds the data file; must exist */
    uint64_t map_bytes; /* address space, not disk: size it once, large */
    bool create;        /* make a new store; ERR_EXISTS when there is one */
    bool exclusive;     /* the daemon: a second one is ERR_DENIED; the CLI is not */
};

/*
 * ERR_NOTFOUND: no store there; ERR_CORRUPT: not a store, cut short, or another version;
 * ERR_DENIED: another user's, a second daemon's, or open in this process already.
 * Open after the last fork.
 */
MUST_CHECK enum err engine_open(const struct engine_config *config, struct engine **out,
                                struct why *why);
void engine_close(struct engine **engine);

struct engine_stats {
    uint64_t used_bytes; /* of the data file, pages in use */
    uint64_t file_bytes;
    uint64_t map_bytes;
    uint64_t disk_free_bytes;
    unsigned readers;
};
MUST_CHECK enum err engine_stat(struct engine *engine, struct engine_stats *out);
/* Frees reader slots of dead processes; the daemon calls it on a timer. */
void engine_check_readers(struct engine *engine);

MUST_CHECK enum err engine_read_begin(struct engine *engine, struct txn **out);
/* Waits for its turn among all processes. Only writer.c and tests begin write transactions. */
MUST_CHECK enum err engine_write_begin(struct engine *engine, struct txn **out);
/* Commits and syncs; *txn is gone and NULL whatever the answer. */
MUST_CHECK enum err engine_commit(struct txn **txn);
/* Ends a read, aborts a write; its ranges are closed before. Accepts NULL: made for AUTO. */
void txn_end(struct txn **txn);
bool txn_is_write(const struct txn *txn);
struct engine *txn_engine(struct txn *txn);
/* Puts and dels so far: did a mutation that failed leave anything behind? */
uint64_t txn_writes(const struct txn *txn);

/* OK, ERR_NOTFOUND, ERR_STORE. */
MUST_CHECK enum err engine_get(struct txn *txn, enum table table, struct bytes key,
                               struct bytes *out);
/* Inserts or replaces. ERR_LATER: disk or map is full. */
MUST_CHECK enum err engine_put(struct txn *txn, enum table table, struct bytes key,
                               struct bytes value);
/* Inserts; ERR_EXISTS changes nothing. */
MUST_CHECK enum err engine_add(struct txn *txn, enum table table, struct bytes key,
                               struct bytes value);
/* OK, ERR_NOTFOUND. */
MUST_CHECK enum err engine_del(struct txn *txn, enum table table, struct bytes key);

/*
 * A walk over keys in order. lo is inclusive, hi exclusive; an empty one is open.
 * RANGE_DOWN starts below hi. Writing to the same table while walking is allowed: the
 * walk goes on after the last key it gave.
 */
enum range_direction { RANGE_UP, RANGE_DOWN };
struct range {
    struct txn *txn;
    void *cursor;
    enum table table;
    enum range_direction direction;
    struct key lo, hi, last;
    bool started, done;
};
MUST_CHECK enum err range_open(struct txn *txn, enum table table, struct bytes lo, struct bytes hi,
                               enum range_direction direction, struct range *out);
/* Every key that begins with `prefix`. */
MUST_CHECK enum err range_prefix(struct txn *txn, enum table table, struct bytes prefix,
                                 enum range_direction direction, struct range *out);
/* OK or ERR_NOTFOUND at the end. `value` may be NULL. */
MUST_CHECK enum err range_next(struct range *range, struct bytes *key, struct bytes *value);
void range_close(struct range *range); /* accepts zeros: made for AUTO */

#endif
