#include "storage/engine.h"

#include "storage/base/fault.h"
#include "storage/base/log.h"
#include "storage/engine_file.h"

#include <lmdb.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Reader slots, over all processes. Every HTTP thread and worker holds one at most. */
#define READERS_MAX 512
/* LMDB answers EIO for a write that a full disk cut short. Less than this free: it is full. */
#define DISK_FULL_BYTES (1024 * 1024)
#define CREATE_MAP_BYTES (16 * 1024 * 1024)
#define VERSION_NAME "version"

struct engine {
    /* set by engine_open(), then constant */
    MDB_env *env;
    MDB_dbi dbi[TABLE_COUNT];
    char *dir;
    int lock_fd; /* -1: not exclusive */
    pid_t pid;   /* LMDB does not survive a fork */
    struct engine_claim claim;
    bool claimed;
};

struct copy; /* a sanitizer build's copy of what the engine gave out */

struct txn {
    struct engine *engine;
    MDB_txn *mdb;
    bool is_write;
    enum err failed; /* a write that failed dooms the txn: the commit answers this */
    uint64_t writes;
    unsigned open_ranges;
    struct copy *copies;
};

/* ---- errors: MDB_ codes and errno become enum err here and nowhere else ------------------- */

static uint64_t disk_free_bytes(const char *dir)
{
    struct statvfs fs;
    return statvfs(dir, &fs) ? UINT64_MAX : (uint64_t)fs.f_bavail * fs.f_frsize;
}

static bool is_full(const struct engine *engine, int rc)
{
    return rc == MDB_MAP_FULL || rc == ENOSPC || rc == EDQUOT ||
           (rc == EIO && disk_free_bytes(engine->dir) < DISK_FULL_BYTES);
}

static enum err translate(const struct engine *engine, int rc)
{
    switch (rc) {
    case MDB_SUCCESS:
        return OK;
    case MDB_NOTFOUND:
        return ERR_NOTFOUND;
    case MDB_KEYEXIST:
        return ERR_EXISTS;
    case MDB_READERS_FULL:
        return ERR_LIMIT;
    default:
        break;
    }
    if (is_full(engine, rc)) {
        log_error("store.full", STR("dir", engine->dir), STR("why", mdb_strerror(rc)));
        return ERR_LATER;
    }
    log_error("store.failed", STR("dir", engine->dir), STR("why", mdb_strerror(rc)));
    return ERR_STORE;
}

/* What memory says and what the disk says may differ from here on: only a restart is safe. */
static _Noreturn void die(const struct engine *engine, const char *what, int rc)
{
    log_error("store.stopped", STR("dir", engine->dir), STR("what", what),
              STR("why", mdb_strerror(rc)));
    fprintf(stderr, "ward: %s: %s: %s: stopping; restart once the disk is well\n", engine->dir,
            what, mdb_strerror(rc));
    abort();
}

static void on_assert(MDB_env *env, const char *text)
{
    const char *path = "";
    mdb_env_get_path(env, &path);
    fprintf(stderr, "ward: %s: the store is damaged: %s\n", path, text);
    abort();
}

static MDB_val val(struct bytes b)
{
    static const uint8_t nothing;
    return (MDB_val){b.n, b.n ? (void *)b.p : (void *)&nothing};
}

/* ---- opening ------------------------------------------------------------------------------ */

static int env_open(const char *dir, uint64_t map_bytes, MDB_env **out)
{
    int rc = mdb_env_create(out);
    if (rc)
        return rc;
    if ((rc = mdb_env_set_mapsize(*out, map_bytes)) ||
        (rc = mdb_env_set_maxdbs(*out, TABLE_COUNT)) ||
        (rc = mdb_env_set_maxreaders(*out, READERS_MAX)) ||
        (rc = mdb_env_set_assert(*out, on_assert)))
        return rc;
    /* NOTLS: a reader slot belongs to a txn, not to a thread. None of the flags that trade
     * durability or survival for speed is ever added. */
    return mdb_env_open(*out, dir, MDB_NOTLS, 0600);
}

static int tables_open(MDB_env *env, MDB_dbi dbi[TABLE_COUNT], unsigned txn_flags)
{
    MDB_txn *txn;
    unsigned flags = txn_flags & MDB_RDONLY ? 0 : MDB_CREATE;
    int rc = mdb_txn_begin(env, NULL, txn_flags, &txn);
    if (rc)
        return rc;
    for (enum table t = 0; t < TABLE_COUNT && !rc; t++)
        rc = mdb_dbi_open(txn, table_name(t), flags, &dbi[t]);
    if (rc) {
        mdb_txn_abort(txn);
        return rc;
    }
    return mdb_txn_commit(txn);
}

static int version_put(MDB_env *env, MDB_dbi meta)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(env, NULL, 0, &txn);
    if (rc)
        return rc;
    struct key version = {.n = 0};
    key_add_u64(&version, STORE_VERSION);
    MDB_val name = val(bytes_of(VERSION_NAME)), value = val(key_bytes(&version));
    rc = mdb_put(txn, meta, &name, &value, 0);
    if (rc) {
        mdb_txn_abort(txn);
        return rc;
    }
    return mdb_txn_commit(txn);
}

/* Made aside and put in place whole: a crash leaves no store, never half of one. */
static enum err create_store(const char *dir, struct why *why)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/" ENGINE_DATA_FILE, dir);
    if (access(path, F_OK) == 0)
        return why_set(why, ERR_EXISTS, "%s: there is a store already", path);

    engine_file_remove_new(dir);
    snprintf(path, sizeof path, "%s/" ENGINE_NEW_DIR, dir);
    if (mkdir(path, 0700))
        return why_set(why, ERR_STORE, "%s: %s", path, strerror(errno));
    MDB_env *env = NULL;
    MDB_dbi dbi[TABLE_COUNT];
    int rc = env_open(path, CREATE_MAP_BYTES, &env);
    if (!rc)
        rc = tables_open(env, dbi, 0);
    if (!rc)
        rc = version_put(env, dbi[TABLE_META]);
    if (env)
        mdb_env_close(env);
    FAULT("engine.created_aside");
    enum err e = rc ? why_set(why, ERR_STORE, "%s: %s", path, mdb_strerror(rc))
                    : engine_file_put_in_place(dir, why);
    engine_file_remove_new(dir);
    return e;
}

static enum err check_version(struct engine *engine, struct why *why)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = engine_read_begin(engine, &txn);
    if (e)
        return why_set(why, e, "%s: cannot be read", engine->dir);
    assert(txn); /* for the analyzer, which does not see it through begin() */
    struct bytes value;
    uint64_t version;
    size_t at = 0;
    e = engine_get(txn, TABLE_META, bytes_of(VERSION_NAME), &value);
    if (e || key_read_u64(value, &at, &version))
        return why_set(why, ERR_CORRUPT, "%s: not a Ward store", engine->dir);
    if (version > STORE_VERSION)
        return why_set(why, ERR_CORRUPT, "%s: store version %llu, this program knows %d",
                       engine->dir, (unsigned long long)version, STORE_VERSION);
    if (version < STORE_VERSION && engine->lock_fd < 0)
        return why_set(why, ERR_CORRUPT,
                       "%s: store version %llu, this program knows %d: \"ward serve\" brings it up "
                       "to date",
                       engine->dir, (unsigned long long)version, STORE_VERSION);
    return OK;
}

static enum err open_env(struct engine *engine, uint64_t map_bytes, struct why *why)
{
    int rc = env_open(engine->dir, map_bytes, &engine->env);
    if (!rc)
        rc = tables_open(engine->env, engine->dbi, MDB_RDONLY);
    if (rc == MDB_INVALID || rc == MDB_VERSION_MISMATCH || rc == MDB_CORRUPTED ||
        rc == MDB_NOTFOUND || rc == MDB_INCOMPATIBLE)
        return why_set(why, ERR_CORRUPT, "%s: not a Ward store, or of another version: %s",
                       engine->dir, mdb_strerror(rc));
    if (rc)
        return why_set(why, ERR_STORE, "%s: %s", engine->dir, mdb_strerror(rc));
    return check_version(engine, why);
}

enum err engine_open(const struct engine_config *config, struct engine **out, struct why *why)
{
    enum err e = engine_file_check_dir(config->dir, why);
    if (e)
        return e;
    AUTO(engine_close) struct engine *engine = xcalloc(1, sizeof *engine);
    engine->dir = xstrdup(config->dir);
    engine->lock_fd = -1;
    engine->pid = getpid();
    if (config->exclusive && (e = engine_file_lock(config->dir, &engine->lock_fd, why)))
        return e;
    if (config->create && (e = create_store(config->dir, why)))
        return e;
    if ((e = engine_file_check(config->dir, why)) ||
        (e = engine_file_claim(config->dir, &engine->claim, why)))
        return e;
    engine->claimed = true;
    if ((e = open_env(engine, config->map_bytes, why)))
        return e;
    *out = engine;
    engine = NULL;
    return OK;
}

void engine_close(struct engine **engine)
{
    struct engine *dead = *engine;
    if (!dead)
        return;
    if (dead->env)
        mdb_env_close(dead->env);
    if (dead->claimed)
        engine_file_release(&dead->claim);
    if (dead->lock_fd >= 0)
        close(dead->lock_fd);
    xfree(&dead->dir);
    xfree(engine);
}

static int count_reader(const char *line, void *context)
{
    unsigned *count = context;
    if (*line != '(' && !strstr(line, "pid")) /* "(no readers)", and the head line */
        ++*count;
    return 0;
}

enum err engine_stat(struct engine *engine, struct engine_stats *out)
{
    MDB_envinfo info;
    MDB_stat stat;
    mdb_filehandle_t fd;
    struct stat file;
    int rc;
    if ((rc = mdb_env_info(engine->env, &info)) || (rc = mdb_env_stat(engine->env, &stat)) ||
        (rc = mdb_env_get_fd(engine->env, &fd)))
        return translate(engine, rc);
    if (fstat(fd, &file))
        return translate(engine, errno);
    *out = (struct engine_stats){
        .used_bytes = ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize,
        .file_bytes = (uint64_t)file.st_size,
        .map_bytes = info.me_mapsize,
        .disk_free_bytes = disk_free_bytes(engine->dir),
    };
    (void)mdb_reader_list(engine->env, count_reader, &out->readers);
    return OK;
}

void engine_check_readers(struct engine *engine)
{
    int dead = 0;
    int rc = mdb_reader_check(engine->env, &dead);
    if (rc)
        (void)translate(engine, rc);
    else if (dead)
        log_warn("store.readers_freed", INT("count", dead));
}

/* ---- transactions ------------------------------------------------------------------------- */

static enum err begin(struct engine *engine, bool is_write, struct txn **out)
{
    assert(engine->pid == getpid());
    MDB_txn *mdb;
    int rc = mdb_txn_begin(engine->env, NULL, is_write ? 0 : MDB_RDONLY, &mdb);
    if (rc == MDB_READERS_FULL) {
        engine_check_readers(engine);
        rc = mdb_txn_begin(engine->env, NULL, MDB_RDONLY, &mdb);
    }
    if (rc == MDB_PANIC)
        die(engine, "the last commit was left unfinished", rc);
    if (rc)
        return translate(engine, rc);
    struct txn *txn = xcalloc(1, sizeof *txn);
    txn->engine = engine;
    txn->mdb = mdb;
    txn->is_write = is_write;
    *out = txn;
    return OK;
}

enum err engine_read_begin(struct engine *engine, struct txn **out)
{
    return begin(engine, false, out);
}

enum err engine_write_begin(struct engine *engine, struct txn **out)
{
    return begin(engine, true, out);
}

#ifdef WARD_SANITIZED
/* Copies that die exactly when the contract says so: a late use is then a reported one. */
struct copy {
    struct copy *next;
    uint8_t p[];
};

static struct bytes give(struct txn *txn, MDB_val v)
{
    struct copy *copy = xcalloc(1, sizeof *copy + v.mv_size);
    if (v.mv_size)
        memcpy(copy->p, v.mv_data, v.mv_size);
    copy->next = txn->copies;
    txn->copies = copy;
    return (struct bytes){copy->p, v.mv_size};
}

static void copies_die(struct txn *txn)
{
    while (txn->copies) {
        struct copy *next = txn->copies->next;
        free(txn->copies);
        txn->copies = next;
    }
}
#else
static struct bytes give(struct txn *txn, MDB_val v)
{
    (void)txn;
    return (struct bytes){v.mv_data, v.mv_size};
}

static void copies_die(struct txn *txn)
{
    (void)txn;
}
#endif

static void txn_free(struct txn **txn)
{
    assert((*txn)->open_ranges == 0);
    copies_die(*txn);
    xfree(txn);
}

enum err engine_commit(struct txn **txn)
{
    struct engine *engine = (*txn)->engine;
    enum err failed = (*txn)->failed;
    if (failed) {
        txn_end(txn);
        return failed;
    }
    assert((*txn)->open_ranges == 0);
    bool is_write = (*txn)->is_write;
    if (is_write)
        FAULT("engine.before_commit");
    int rc = mdb_txn_commit((*txn)->mdb);
    txn_free(txn);
    if (is_write)
        FAULT("engine.after_commit");
    if (rc && !is_full(engine, rc))
        die(engine, "a commit failed", rc);
    return translate(engine, rc);
}

void txn_end(struct txn **txn)
{
    if (!*txn)
        return;
    assert((*txn)->open_ranges == 0);
    mdb_txn_abort((*txn)->mdb);
    txn_free(txn);
}

bool txn_is_write(const struct txn *txn)
{
    return txn->is_write;
}

struct engine *txn_engine(struct txn *txn)
{
    return txn->engine;
}

uint64_t txn_writes(const struct txn *txn)
{
    return txn->writes;
}

/* ---- keys and values ---------------------------------------------------------------------- */

/* Keys are ours: fixed sizes and hashes, never a stranger's text. LMDB answers a get with an
 * overlong key by "not found", so this must never come to pass. */
static MDB_val key_val(struct bytes key)
{
    assert(key.n >= 1 && key.n <= KEY_MAX_BYTES);
    return val(key);
}

enum err engine_get(struct txn *txn, enum table table, struct bytes key, struct bytes *out)
{
    if (txn->failed)
        return txn->failed;
    MDB_val k = key_val(key), v;
    int rc = mdb_get(txn->mdb, txn->engine->dbi[table], &k, &v);
    if (rc)
        return translate(txn->engine, rc);
    *out = give(txn, v);
    return OK;
}

static enum err put(struct txn *txn, enum table table, struct bytes key, struct bytes value,
                    unsigned flags)
{
    assert(txn->is_write);
    if (txn->failed)
        return txn->failed;
    MDB_val k = key_val(key), v = val(value);
    int rc = mdb_put(txn->mdb, txn->engine->dbi[table], &k, &v, flags);
    copies_die(txn); /* after the put: the value may be one of them */
    if (rc == MDB_KEYEXIST)
        return ERR_EXISTS;
    txn->writes++;
    return txn->failed = translate(txn->engine, rc);
}

enum err engine_put(struct txn *txn, enum table table, struct bytes key, struct bytes value)
{
    return put(txn, table, key, value, 0);
}

enum err engine_add(struct txn *txn, enum table table, struct bytes key, struct bytes value)
{
    return put(txn, table, key, value, MDB_NOOVERWRITE);
}

enum err engine_del(struct txn *txn, enum table table, struct bytes key)
{
    assert(txn->is_write);
    if (txn->failed)
        return txn->failed;
    MDB_val k = key_val(key);
    int rc = mdb_del(txn->mdb, txn->engine->dbi[table], &k, NULL);
    copies_die(txn);
    if (rc == MDB_NOTFOUND)
        return ERR_NOTFOUND;
    txn->writes++;
    return txn->failed = translate(txn->engine, rc);
}

/* ---- ranges ------------------------------------------------------------------------------- */

/* As LMDB orders keys: bytes first, then length. */
static int compare(struct bytes a, struct bytes b)
{
    int d = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    return d ? d : (a.n > b.n) - (a.n < b.n);
}

enum err range_open(struct txn *txn, enum table table, struct bytes lo, struct bytes hi,
                    enum range_direction direction, struct range *out)
{
    if (txn->failed)
        return txn->failed;
    MDB_cursor *cursor;
    int rc = mdb_cursor_open(txn->mdb, txn->engine->dbi[table], &cursor);
    if (rc)
        return translate(txn->engine, rc);
    *out = (struct range){.txn = txn, .cursor = cursor, .table = table, .direction = direction};
    key_add_bytes(&out->lo, lo);
    key_add_bytes(&out->hi, hi);
    txn->open_ranges++;
    return OK;
}

enum err range_prefix(struct txn *txn, enum table table, struct bytes prefix,
                      enum range_direction direction, struct range *out)
{
    struct key hi = {.n = 0};
    key_add_bytes(&hi, prefix);
    while (hi.n && hi.p[hi.n - 1] == 0xFF) /* the next prefix of this length, if there is one */
        hi.n--;
    if (hi.n)
        hi.p[hi.n - 1]++;
    return range_open(txn, table, prefix, key_bytes(&hi), direction, out);
}

static int step_up(struct range *range, MDB_val *key, MDB_val *value)
{
    if (range->started && !range->txn->is_write)
        return mdb_cursor_get(range->cursor, key, value, MDB_NEXT);
    /* At the start, or where a write may have moved things: look the place up again. */
    const struct key *from = range->started ? &range->last : &range->lo;
    if (from->n == 0)
        return mdb_cursor_get(range->cursor, key, value, MDB_FIRST);
    *key = val(key_bytes(from));
    int rc = mdb_cursor_get(range->cursor, key, value, MDB_SET_RANGE);
    if (rc || !range->started ||
        compare((struct bytes){key->mv_data, key->mv_size}, key_bytes(from)) != 0)
        return rc;
    return mdb_cursor_get(range->cursor, key, value, MDB_NEXT);
}

static int step_down(struct range *range, MDB_val *key, MDB_val *value)
{
    if (range->started && !range->txn->is_write)
        return mdb_cursor_get(range->cursor, key, value, MDB_PREV);
    const struct key *below = range->started ? &range->last : &range->hi;
    if (below->n == 0)
        return mdb_cursor_get(range->cursor, key, value, MDB_LAST);
    *key = val(key_bytes(below));
    int rc = mdb_cursor_get(range->cursor, key, value, MDB_SET_RANGE);
    if (rc == MDB_NOTFOUND)
        return mdb_cursor_get(range->cursor, key, value, MDB_LAST);
    return rc ? rc : mdb_cursor_get(range->cursor, key, value, MDB_PREV);
}

static bool is_outside(const struct range *range, struct bytes key)
{
    if (range->direction == RANGE_UP)
        return range->hi.n && compare(key, key_bytes(&range->hi)) >= 0;
    return range->lo.n && compare(key, key_bytes(&range->lo)) < 0;
}

enum err range_next(struct range *range, struct bytes *key, struct bytes *value)
{
    struct txn *txn = range->txn;
    if (txn->failed)
        return txn->failed;
    if (range->done)
        return ERR_NOTFOUND;
    MDB_val k, v;
    int rc = range->direction == RANGE_UP ? step_up(range, &k, &v) : step_down(range, &k, &v);
    if (rc && rc != MDB_NOTFOUND)
        return translate(txn->engine, rc);
    if (rc || is_outside(range, (struct bytes){k.mv_data, k.mv_size})) {
        range->done = true;
        return ERR_NOTFOUND;
    }
    range->started = true;
    range->last.n = 0;
    key_add_bytes(&range->last, (struct bytes){k.mv_data, k.mv_size});
    *key = give(txn, k);
    if (value)
        *value = give(txn, v);
    return OK;
}

void range_close(struct range *range)
{
    if (!range->cursor)
        return;
    mdb_cursor_close(range->cursor);
    range->cursor = NULL;
    range->txn->open_ranges--;
}
