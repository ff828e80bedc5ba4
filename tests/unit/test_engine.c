#include "storage/engine.h"

#include "storage/engine_file.h"
#include "storage/meta.h"
#include "tests/support/store.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- a disk that fails on demand: these take the place of libc's for the LMDB library ------ */

static int write_fails_with, sync_fails_with; /* errno, 0: all is well */

/* LMDB writes pages that lie side by side with writev, single ones and the meta page with pwrite.
 */
ssize_t writev(int fd, const struct iovec *parts, int count)
{
    static ssize_t (*real)(int, const struct iovec *, int);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "writev");
    if (write_fails_with) {
        errno = write_fails_with;
        return -1;
    }
    return real(fd, parts, count);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    static ssize_t (*real)(int, const void *, size_t, off_t);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "pwrite");
    if (write_fails_with) {
        errno = write_fails_with;
        return -1;
    }
    return real(fd, p, n, at);
}

int fdatasync(int fd)
{
    static int (*real)(int);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "fdatasync");
    if (sync_fails_with) {
        errno = sync_fails_with;
        return -1;
    }
    return real(fd);
}

/* ---- keys and transactions ---------------------------------------------------------------- */

static struct key key_of(uint64_t n)
{
    struct key key = {.n = 0};
    key_add_u64(&key, n);
    return key;
}

static void put_number(struct txn *txn, uint64_t n, const char *value)
{
    struct key key = key_of(n);
    assert_int_equal(engine_put(txn, TABLE_POST, key_bytes(&key), bytes_of(value)), OK);
}

static enum err get_number(struct txn *txn, uint64_t n, struct bytes *out)
{
    struct key key = key_of(n);
    return engine_get(txn, TABLE_POST, key_bytes(&key), out);
}

static void put_add_get_and_del_answer_what_they_did(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    struct bytes value;
    struct key key = key_of(1);
    assert_int_equal(get_number(txn, 1, &value), ERR_NOTFOUND);
    assert_int_equal(engine_add(txn, TABLE_POST, key_bytes(&key), bytes_of("a")), OK);
    assert_int_equal(engine_add(txn, TABLE_POST, key_bytes(&key), bytes_of("b")), ERR_EXISTS);
    assert_int_equal(get_number(txn, 1, &value), OK);
    assert_true(bytes_equal(value, bytes_of("a")));
    put_number(txn, 1, "");
    assert_int_equal(get_number(txn, 1, &value), OK);
    assert_int_equal(value.n, 0);
    assert_int_equal(engine_del(txn, TABLE_POST, key_bytes(&key)), OK);
    assert_int_equal(engine_del(txn, TABLE_POST, key_bytes(&key)), ERR_NOTFOUND);
    assert_int_equal(txn_writes(txn), 3);
}

static void a_reader_sees_the_store_of_its_beginning(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *before = store_read(&store);
    struct txn *txn = store_write(&store);
    put_number(txn, 1, "a");
    store_commit(&txn);
    AUTO(txn_end) struct txn *after = store_read(&store);
    struct bytes value;
    assert_int_equal(get_number(before, 1, &value), ERR_NOTFOUND);
    assert_int_equal(get_number(after, 1, &value), OK);
    assert_false(txn_is_write(after));
    assert_ptr_equal(txn_engine(after), store.engine);
}

static void an_ended_write_leaves_nothing(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    struct txn *txn = store_write(&store);
    put_number(txn, 1, "a");
    txn_end(&txn);
    assert_null(txn);
    txn = store_read(&store);
    struct bytes value;
    assert_int_equal(get_number(txn, 1, &value), ERR_NOTFOUND);
    txn_end(&txn);
}

static void what_was_committed_is_there_after_a_restart(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    struct txn *txn = store_write(&store);
    put_number(txn, 1, "a");
    store_commit(&txn);
    store_reopen(&store);
    txn = store_read(&store);
    struct bytes value;
    assert_int_equal(get_number(txn, 1, &value), OK);
    txn_end(&txn);
}

/* ---- ranges ------------------------------------------------------------------------------- */

static void walk(struct txn *txn, uint64_t lo, uint64_t hi, enum range_direction direction,
                 const char *want)
{
    struct key from = {.n = 0}, to = {.n = 0};
    char got[64] = "";
    if (lo)
        from = key_of(lo);
    if (hi)
        to = key_of(hi);
    AUTO(range_close) struct range range = {.cursor = NULL};
    assert_int_equal(
        range_open(txn, TABLE_POST, key_bytes(&from), key_bytes(&to), direction, &range), OK);
    struct bytes key, value;
    enum err e;
    while ((e = range_next(&range, &key, &value)) == OK)
        strncat(got, (const char *)value.p, value.n);
    assert_int_equal(e, ERR_NOTFOUND);
    assert_int_equal(range_next(&range, &key, NULL), ERR_NOTFOUND);
    assert_string_equal(got, want);
}

static void check_walks(struct txn *txn)
{
    walk(txn, 0, 0, RANGE_UP, "abcd");
    walk(txn, 0, 0, RANGE_DOWN, "dcba");
    walk(txn, 20, 40, RANGE_UP, "bc");
    walk(txn, 20, 40, RANGE_DOWN, "cb");
    walk(txn, 15, 35, RANGE_UP, "bc");
    walk(txn, 15, 35, RANGE_DOWN, "cb");
    walk(txn, 41, 0, RANGE_UP, "");
    walk(txn, 41, 0, RANGE_DOWN, "");
    walk(txn, 0, 99, RANGE_DOWN, "dcba");
    walk(txn, 0, 10, RANGE_DOWN, "");
}

static void a_range_has_an_inclusive_low_and_an_exclusive_high_end(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    struct txn *txn = store_write(&store);
    put_number(txn, 10, "a");
    put_number(txn, 20, "b");
    put_number(txn, 30, "c");
    put_number(txn, 40, "d");
    check_walks(txn);
    store_commit(&txn);
    txn = store_read(&store);
    check_walks(txn);
    txn_end(&txn);
}

static void a_prefix_of_ff_bytes_has_no_upper_end(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    static const uint8_t key[][3] = {{0xFE, 0xFF, 1}, {0xFF, 0xFE, 1}, {0xFF, 0xFF, 1}};
    for (size_t i = 0; i < COUNT(key); i++)
        assert_int_equal(engine_put(txn, TABLE_POST, (struct bytes){key[i], 3}, bytes_of("")), OK);
    static const size_t want[] = {3, 2, 1}; /* by length of the prefix */
    for (size_t n = 0; n < COUNT(want); n++) {
        AUTO(range_close) struct range range = {.cursor = NULL};
        struct bytes found;
        size_t count = 0;
        assert_int_equal(range_prefix(txn, TABLE_POST, (struct bytes){key[2], n}, RANGE_UP, &range),
                         OK);
        while (range_next(&range, &found, NULL) == OK)
            count++;
        assert_int_equal(count, want[n]);
    }
}

static void a_walk_goes_on_after_the_last_key_whatever_is_written(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    static const enum range_direction directions[] = {RANGE_UP, RANGE_DOWN};
    for (size_t d = 0; d < COUNT(directions); d++) {
        AUTO(txn_end) struct txn *txn = store_write(&store);
        char big[500];
        memset(big, 'x', sizeof big - 1);
        big[sizeof big - 1] = '\0';
        for (uint64_t n = 100; n < 400; n++)
            put_number(txn, n, big);
        AUTO(range_close) struct range range = {.cursor = NULL};
        struct bytes key;
        uint64_t seen = 0;
        assert_int_equal(range_open(txn, TABLE_POST, (struct bytes){NULL, 0},
                                    (struct bytes){NULL, 0}, directions[d], &range),
                         OK);
        while (range_next(&range, &key, NULL) == OK && seen < 1000) {
            uint64_t n;
            size_t at = 0;
            assert_int_equal(key_read_u64(key, &at, &n), OK);
            assert_true(n == (directions[d] == RANGE_UP ? 100 + seen : 399 - seen));
            struct key gone = key_of(n);
            assert_int_equal(engine_del(txn, TABLE_POST, key_bytes(&gone)), OK);
            put_number(txn, directions[d] == RANGE_UP ? seen % 100 : 1000 + seen, big);
            seen++;
        }
        assert_int_equal(seen, 300);
    }
}

/* ---- opening (T95) ------------------------------------------------------------------------ */

static enum err try_open(const char *dir, bool create, bool exclusive, struct why *why)
{
    struct engine_config config = {
        .dir = dir, .map_bytes = STORE_MAP_BYTES, .create = create, .exclusive = exclusive};
    struct engine *engine = NULL;
    enum err e = engine_open(&config, &engine, why);
    engine_close(&engine);
    return e;
}

/* Closes the engine, so that the file may be tampered with. */
static void data_path(struct store *store, char out[128])
{
    writer_stop(&store->writer);
    engine_close(&store->engine);
    snprintf(out, 128, "%s/" ENGINE_DATA_FILE, store->dir);
}

static void t95_a_missing_store_is_never_made_in_passing(void **state)
{
    (void)state;
    char dir[64], path[128];
    struct stat st;
    struct why why;
    folder_create(dir);
    assert_int_equal(try_open(dir, false, false, &why), ERR_NOTFOUND);
    snprintf(path, sizeof path, "%s/" ENGINE_DATA_FILE, dir);
    assert_int_equal(stat(path, &st), -1);
    folder_remove(dir);
    assert_int_equal(try_open(dir, false, false, &why), ERR_NOTFOUND);
}

static void t95_a_store_is_never_made_over_another(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    char path[128];
    struct why why;
    data_path(&store, path);
    assert_int_equal(try_open(store.dir, true, false, &why), ERR_EXISTS);
    assert_int_equal(try_open(store.dir, false, false, &why), OK);
}

static void t95_a_half_made_store_is_in_nobodys_way(void **state)
{
    (void)state;
    char dir[64], path[128];
    struct why why;
    folder_create(dir);
    snprintf(path, sizeof path, "%s/new-store", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/new-store/data.mdb", dir);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0 && write(fd, "half", 4) == 4 && close(fd) == 0);
    assert_int_equal(try_open(dir, true, false, &why), OK);
    assert_int_equal(try_open(dir, false, false, &why), OK);
    folder_remove(dir);
}

static void t95_a_store_cut_anywhere_is_refused(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    struct txn *txn = store_write(&store);
    char value[3000];
    memset(value, 'v', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    for (uint64_t n = 1; n <= 60; n++)
        put_number(txn, n, value);
    store_commit(&txn);

    char path[128];
    struct stat st;
    data_path(&store, path);
    assert_int_equal(stat(path, &st), 0);
    for (off_t cut = st.st_size - 1; cut > 0; cut -= 2048) {
        struct why why = {""};
        assert_int_equal(truncate(path, cut), 0);
        assert_int_equal(try_open(store.dir, false, false, &why), ERR_CORRUPT);
        assert_true(why.text[0] && !strchr(why.text, '\n'));
    }
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(try_open(store.dir, false, false, NULL), ERR_CORRUPT);
}

/* A big value that comes and goes in one txn takes pages from the end and never writes them. */
static void a_whole_store_that_is_short_of_free_pages_opens(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(xfree) char *big = xcalloc(1, 300001);
    memset(big, 'b', 300000);
    for (int round = 0; round < 20; round++) {
        struct txn *txn = store_write(&store);
        for (uint64_t n = 0; n < 3; n++) {
            put_number(txn, 1000 + n, big);
            put_number(txn, (uint64_t)round, "small");
        }
        for (uint64_t n = 0; n < 3; n++) {
            struct key key = key_of(1000 + n);
            assert_int_equal(engine_del(txn, TABLE_POST, key_bytes(&key)), OK);
        }
        store_commit(&txn);
    }
    struct engine_stats stats;
    assert_int_equal(engine_stat(store.engine, &stats), OK);
    assert_true(stats.file_bytes < stats.used_bytes); /* else this test shows nothing */
    store_reopen(&store);

    char path[128];
    struct stat st;
    data_path(&store, path);
    assert_int_equal(stat(path, &st), 0);
    /* Free pages may stand at the end: they may go, what stands before them may not. */
    off_t size = st.st_size;
    enum err e = OK;
    while (!e && size > 2 * 4096) {
        assert_int_equal(truncate(path, size -= 4096), 0);
        e = try_open(store.dir, false, false, NULL);
    }
    assert_int_equal(e, ERR_CORRUPT);
}

static void overwrite(const char *path, off_t at, const void *p, size_t n)
{
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, p, n, at), (ssize_t)n);
    assert_int_equal(close(fd), 0);
}

static void t95_random_bytes_are_no_store(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    char path[128];
    uint8_t noise[8192];
    struct why why = {""};
    data_path(&store, path);
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (uint8_t)(i * 167 + 13);
    overwrite(path, 0, noise, sizeof noise);
    assert_int_equal(try_open(store.dir, false, false, &why), ERR_CORRUPT);
    assert_non_null(strstr(why.text, "not a store"));
}

static void t95_a_store_of_another_version_is_refused(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    struct txn *txn = store_write(&store);
    assert_int_equal(meta_put_u64(txn, "version", STORE_VERSION + 1), OK);
    store_commit(&txn);
    char path[128];
    struct why why = {""};
    data_path(&store, path);
    assert_int_equal(try_open(store.dir, false, false, &why), ERR_CORRUPT);
    assert_non_null(strstr(why.text, "version 2"));
}

static void an_older_store_opens_for_the_daemon_alone(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    struct txn *txn = store_write(&store);
    assert_int_equal(meta_put_u64(txn, "version", STORE_VERSION - 1), OK);
    store_commit(&txn);
    char path[128];
    struct why why = {""};
    data_path(&store, path);
    assert_int_equal(try_open(store.dir, false, false, &why), ERR_CORRUPT);
    assert_non_null(strstr(why.text, "\"ward serve\" brings it up to date"));
    assert_int_equal(try_open(store.dir, false, true, &why), OK);
}

static void t95_a_file_of_another_lmdb_is_refused(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    char path[128];
    const uint32_t version = 2;
    data_path(&store, path);
    overwrite(path, 20, &version, sizeof version);
    assert_int_equal(try_open(store.dir, false, false, NULL), ERR_CORRUPT);
}

static void t95_a_store_of_another_user_is_refused(void **state)
{
    (void)state;
    if (geteuid() != 0)
        return; /* only root can give a file away */
    AUTO(store_close) struct store store = store_open();
    char path[128];
    struct why why = {""};
    data_path(&store, path);
    assert_int_equal(chown(path, 12345, 12345), 0);
    assert_int_equal(try_open(store.dir, false, false, &why), ERR_DENIED);
    assert_non_null(strstr(why.text, "12345"));
}

/* Runs `fn` in another process; what it exits with. Signals count as 128 + number. */
static int in_child(int (*fn)(const char *dir), const char *dir)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(fn(dir));
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int open_as_daemon(const char *dir)
{
    return (int)try_open(dir, false, true, NULL);
}

static int open_as_command(const char *dir)
{
    return (int)try_open(dir, false, false, NULL);
}

static void t95_a_second_daemon_is_refused_and_a_command_is_not(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    int fd;
    assert_int_equal(engine_file_lock(store.dir, &fd, NULL), OK);
    /* A child may open what its parent has open only if it lets the parent's go: close first. */
    writer_stop(&store.writer);
    engine_close(&store.engine);
    assert_int_equal(in_child(open_as_daemon, store.dir), ERR_DENIED);
    assert_int_equal(in_child(open_as_command, store.dir), OK);
    close(fd);
    assert_int_equal(in_child(open_as_daemon, store.dir), OK);
}

static void one_process_opens_a_store_once(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    struct why why;
    assert_int_equal(try_open(store.dir, false, false, &why), ERR_DENIED);
    store_reopen(&store);
}

/* ---- full and broken disks (T90, T91) ----------------------------------------------------- */

static void t90_a_full_disk_refuses_writes_and_recovers(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    static const int full[] = {ENOSPC, EDQUOT};
    struct txn *txn;
    struct bytes value;
    for (size_t i = 0; i < COUNT(full); i++) {
        txn = store_write(&store);
        put_number(txn, i, "a");
        write_fails_with = full[i];
        assert_int_equal(engine_commit(&txn), ERR_LATER);
        assert_null(txn);
        txn = store_read(&store); /* reads go on */
        assert_int_equal(get_number(txn, i, &value), ERR_NOTFOUND);
        txn_end(&txn);
        write_fails_with = 0;
        txn = store_write(&store);
        put_number(txn, i, "a");
        store_commit(&txn);
    }
}

static void t90_a_full_map_refuses_writes_and_recovers(void **state)
{
    (void)state;
    char dir[64];
    folder_create(dir);
    struct engine_config config = {.dir = dir, .map_bytes = 1024 * 1024, .create = true};
    struct engine *engine = NULL;
    assert_int_equal(engine_open(&config, &engine, NULL), OK);
    struct txn *txn = NULL;
    struct bytes value;
    AUTO(xfree) char *big = xcalloc(1, 2000001);
    memset(big, 'b', 2000000);
    struct key key = key_of(1);

    assert_int_equal(engine_write_begin(engine, &txn), OK);
    assert_int_equal(engine_put(txn, TABLE_POST, key_bytes(&key), bytes_of(big)), ERR_LATER);
    assert_int_equal(engine_put(txn, TABLE_POST, key_bytes(&key), bytes_of("s")), ERR_LATER);
    assert_int_equal(engine_get(txn, TABLE_POST, key_bytes(&key), &value), ERR_LATER);
    assert_int_equal(engine_commit(&txn), ERR_LATER);

    assert_int_equal(engine_write_begin(engine, &txn), OK);
    put_number(txn, 1, "small");
    assert_int_equal(engine_commit(&txn), OK);
    engine_close(&engine);
    folder_remove(dir);
}

static int commit_on_a_broken_disk(const char *dir)
{
    struct engine_config config = {.dir = dir, .map_bytes = STORE_MAP_BYTES};
    struct engine *engine = NULL;
    struct txn *txn = NULL;
    if (engine_open(&config, &engine, NULL) || engine_write_begin(engine, &txn))
        return 1;
    put_number(txn, 1, "a");
    if (!freopen("/dev/null", "w", stderr))
        return 1;
    sync_fails_with = EIO;
    return engine_commit(&txn) ? 2 : 3;
}

static void t91_an_io_error_stops_the_process_and_a_restart_is_clean(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    struct txn *txn = store_write(&store);
    put_number(txn, 7, "acknowledged");
    store_commit(&txn);
    writer_stop(&store.writer);
    engine_close(&store.engine);
    assert_int_equal(in_child(commit_on_a_broken_disk, store.dir), 128 + SIGABRT);
    store_reopen(&store);
    txn = store_read(&store);
    struct bytes value;
    assert_int_equal(get_number(txn, 7, &value), OK);
    assert_int_equal(get_number(txn, 1, &value), ERR_NOTFOUND);
    txn_end(&txn);
}

/* ---- readers (T94) ------------------------------------------------------------------------ */

static int die_as_reader(const char *dir)
{
    struct engine_config config = {.dir = dir, .map_bytes = STORE_MAP_BYTES};
    struct engine *engine = NULL;
    struct txn *txn = NULL;
    if (engine_open(&config, &engine, NULL) || engine_read_begin(engine, &txn))
        return 1;
    raise(SIGKILL);
    return 2;
}

static void t94_the_slot_of_a_dead_reader_is_freed(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    writer_stop(&store.writer);
    engine_close(&store.engine);
    /* A slot outlives its reader only while another process keeps the lock file in use. */
    int ready[2], go[2];
    assert_int_equal(pipe(ready) | pipe(go), 0);
    pid_t holder = fork();
    if (holder == 0) {
        char byte;
        struct engine_config config = {.dir = store.dir, .map_bytes = STORE_MAP_BYTES};
        struct engine *engine = NULL;
        struct engine_stats stats = {.readers = 99};
        if (engine_open(&config, &engine, NULL) || write(ready[1], "r", 1) != 1 ||
            read(go[0], &byte, 1) != 1 || engine_stat(engine, &stats) || stats.readers != 1)
            _exit(1);
        engine_check_readers(engine);
        _exit(engine_stat(engine, &stats) || stats.readers != 0 ? 2 : 0);
    }
    char byte;
    int status;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(in_child(die_as_reader, store.dir), 128 + SIGKILL);
    assert_int_equal(write(go[1], "g", 1), 1);
    assert_int_equal(waitpid(holder, &status, 0), holder);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    for (int i = 0; i < 2; i++) {
        close(ready[i]);
        close(go[i]);
    }
}

static void t94_more_readers_than_slots_are_told_and_not_kept_waiting(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    struct txn *reader[600] = {NULL};
    size_t n = 0;
    enum err e = OK;
    while (n < COUNT(reader) && (e = engine_read_begin(store.engine, &reader[n])) == OK)
        n++;
    assert_int_equal(e, ERR_LIMIT);
    assert_int_equal(n, 512);
    struct txn *txn = store_write(&store); /* and writing goes on */
    put_number(txn, 1, "a");
    store_commit(&txn);
    while (n-- > 0)
        txn_end(&reader[n]);
    txn = store_read(&store);
    txn_end(&txn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(put_add_get_and_del_answer_what_they_did),
        cmocka_unit_test(a_reader_sees_the_store_of_its_beginning),
        cmocka_unit_test(an_ended_write_leaves_nothing),
        cmocka_unit_test(what_was_committed_is_there_after_a_restart),
        cmocka_unit_test(a_range_has_an_inclusive_low_and_an_exclusive_high_end),
        cmocka_unit_test(a_prefix_of_ff_bytes_has_no_upper_end),
        cmocka_unit_test(a_walk_goes_on_after_the_last_key_whatever_is_written),
        cmocka_unit_test(t95_a_missing_store_is_never_made_in_passing),
        cmocka_unit_test(t95_a_store_is_never_made_over_another),
        cmocka_unit_test(t95_a_half_made_store_is_in_nobodys_way),
        cmocka_unit_test(t95_a_store_cut_anywhere_is_refused),
        cmocka_unit_test(a_whole_store_that_is_short_of_free_pages_opens),
        cmocka_unit_test(t95_random_bytes_are_no_store),
        cmocka_unit_test(t95_a_store_of_another_version_is_refused),
        cmocka_unit_test(an_older_store_opens_for_the_daemon_alone),
        cmocka_unit_test(t95_a_file_of_another_lmdb_is_refused),
        cmocka_unit_test(t95_a_store_of_another_user_is_refused),
        cmocka_unit_test(t95_a_second_daemon_is_refused_and_a_command_is_not),
        cmocka_unit_test(one_process_opens_a_store_once),
        cmocka_unit_test(t90_a_full_disk_refuses_writes_and_recovers),
        cmocka_unit_test(t90_a_full_map_refuses_writes_and_recovers),
        cmocka_unit_test(t91_an_io_error_stops_the_process_and_a_restart_is_clean),
        cmocka_unit_test(t94_the_slot_of_a_dead_reader_is_freed),
        cmocka_unit_test(t94_more_readers_than_slots_are_told_and_not_kept_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
