#include "node/media/media.h"

#include "storage/base/buf.h"
#include "storage/base/log.h"
#include "storage/media.h"
#include "storage/own_emoji.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "ward-media"
#define SAYS_MAX_BYTES 200
#define WAIT_MS ((MEDIA_SECONDS_MAX + 10) * 1000)

/* ---- the other process ---- */

/* Beside this program (in the tree it was built in), else where it was installed. */
static const char *program_path(char out[PATH_MAX])
{
    ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - sizeof PROGRAM - 1);
    char *slash = n > 0 ? memrchr(out, '/', (size_t)n) : NULL;
    if (slash) {
        memcpy(slash + 1, PROGRAM, sizeof PROGRAM);
        if (access(out, X_OK) == 0)
            return out;
    }
    return WARD_LIBEXECDIR "/" PROGRAM;
}

struct child {
    pid_t pid;
    int out, says; /* its output and its error output */
};

static enum err start(int picture, const char *side, struct child *child, struct why *why)
{
    char path[PATH_MAX];
    int out[2], says[2];
    const char *program = program_path(path);
    if (access(program, X_OK))
        return why_set(why, ERR_STORE, "%s is not installed", program);
    if (pipe2(out, O_CLOEXEC))
        return why_set(why, ERR_STORE, "no pipe: %s", strerror(errno));
    if (pipe2(says, O_CLOEXEC)) {
        close(out[0]);
        close(out[1]);
        return why_set(why, ERR_STORE, "no pipe: %s", strerror(errno));
    }
    child->pid = fork();
    if (child->pid == 0) {
        char *const arguments[] = {(char *)PROGRAM, (char *)side, NULL};
        char *const environment[] = {NULL};
        if (dup2(picture, 0) == 0 && dup2(out[1], 1) == 1 && dup2(says[1], 2) == 2)
            execve(program, arguments, environment);
        _exit(127);
    }
    close(out[1]);
    close(says[1]);
    child->out = out[0];
    child->says = says[0];
    return child->pid > 0 ? OK : why_set(why, ERR_STORE, "no process: %s", strerror(errno));
}

/* Appends what is there; false at its end. */
static bool drain(int fd, struct buf *to)
{
    uint8_t chunk[16384];
    ssize_t n = read(fd, chunk, sizeof chunk);
    if (n > 0)
        buf_add(to, chunk, (size_t)n);
    return n > 0 || (n < 0 && errno == EINTR);
}

/* Until both ends are closed, it says too much, or takes too long. */
static void listen_to(const struct child *child, struct buf *picture, struct buf *says)
{
    struct pollfd fd[] = {{child->out, POLLIN, 0}, {child->says, POLLIN, 0}};
    while ((fd[0].fd >= 0 || fd[1].fd >= 0) && !picture->is_full) {
        int ready = poll(fd, 2, WAIT_MS);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            break;
        if (fd[0].revents && !drain(child->out, picture))
            fd[0].fd = -1;
        if (fd[1].revents && !drain(child->says, says))
            fd[1].fd = -1;
    }
}

static enum err finish(const struct child *child, struct buf *picture, struct buf *says,
                       struct why *why)
{
    int status = 0;
    kill(child->pid, SIGKILL); /* it has ended, or will not */
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (says->n)
        return why_set(why, ERR_INVALID, "%.*s", (int)strcspn(buf_text(says), "\n"),
                       buf_text(says));
    if (picture->is_full)
        return why_set(why, ERR_LIMIT, "the picture is too large");
    return picture->n ? OK : why_set(why, ERR_INVALID, "the picture cannot be read");
}

static enum err convert(int in, unsigned side, struct buf *out, struct why *why)
{
    char side_text[16];
    AUTO(buf_clear) struct buf says = BUF_INIT(SAYS_MAX_BYTES);
    struct child child = {0};
    snprintf(side_text, sizeof side_text, "%u", side);
    enum err e = start(in, side_text, &child, why);
    if (e)
        return e;
    listen_to(&child, out, &says);
    e = finish(&child, out, &says, why);
    close(child.out);
    close(child.says);
    return e;
}

/* "image/jpeg 1600 1200 BLURHASH\n": where the picture begins. */
static enum err read_head(const struct buf *out, struct media_made *made, size_t *at,
                          struct why *why)
{
    const uint8_t *end = memchr(out->p, '\n', out->n < 256 ? out->n : 256);
    char line[256];
    int used = 0;
    if (!end)
        return why_set(why, ERR_STORE, "ward-media said nothing sensible");
    memcpy(line, out->p, (size_t)(end - out->p));
    line[end - out->p] = '\0';
    if (sscanf(line, "%31s %u %u %63s%n", made->type, &made->width, &made->height, made->blurhash,
               &used) != 4 ||
        line[used] || strncmp(made->type, "image/", 6) != 0)
        return why_set(why, ERR_STORE, "ward-media said nothing sensible");
    *at = (size_t)(end - out->p) + 1;
    made->size = out->n - *at;
    return OK;
}

/* ---- files ---- */

static void file_path(const char *data_dir, uint64_t id, char out[PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s/media/%016llx", data_dir, (unsigned long long)id);
}

static enum err sync_directory(const char *data_dir)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/media", data_dir);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return is_synced ? OK : ERR_STORE;
}

static bool write_fully(int fd, struct bytes data)
{
    while (data.n > 0) {
        ssize_t n = write(fd, data.p, data.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data.p += n;
        data.n -= (size_t)n;
    }
    return fsync(fd) == 0;
}

static enum err store_file(const char *data_dir, struct bytes data, struct media_made *made,
                           struct why *why)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/media", data_dir);
    if (mkdir(path, 0700) && errno != EEXIST)
        return why_set(why, ERR_STORE, "%s cannot be made: %s", path, strerror(errno));
    if (getrandom(&made->id, sizeof made->id, 0) != sizeof made->id)
        return why_set(why, ERR_STORE, "no randomness");
    made->id = made->id >> 1 | 1; /* never 0, and below 2^63 */
    file_path(data_dir, made->id, path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return why_set(why, ERR_STORE, "%s cannot be made: %s", path, strerror(errno));
    bool is_stored = write_fully(fd, data);
    close(fd);
    if (is_stored && sync_directory(data_dir) == OK)
        return OK;
    unlink(path);
    return why_set(why, ERR_STORE, "%s cannot be written: %s", path, strerror(errno));
}

enum err media_make(const char *data_dir, const char *path, unsigned side, struct media_made *out,
                    struct why *why)
{
    AUTO(buf_clear) struct buf made = BUF_INIT(MEDIA_OUT_MAX_BYTES);
    struct why step = {""};
    struct stat stat;
    size_t at = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return why_set(why, ERR_INVALID, "%.120s: %s", path, strerror(errno));
    enum err e = fstat(fd, &stat) || !S_ISREG(stat.st_mode)
                     ? why_set(&step, ERR_INVALID, "it is no file")
                     : convert(fd, side, &made, &step);
    close(fd);
    if (!e)
        e = read_head(&made, out, &at, &step);
    if (!e)
        e = store_file(data_dir, (struct bytes){made.p + at, made.n - at}, out, &step);
    return e ? why_set(why, e, "%.120s: %s", path, step.text) : OK;
}

void media_unmake(const char *data_dir, uint64_t id)
{
    char path[PATH_MAX];
    file_path(data_dir, id, path);
    unlink(path);
}

enum err media_open(const char *data_dir, uint64_t id, int *out_fd, uint64_t *out_size)
{
    char path[PATH_MAX];
    struct stat stat;
    file_path(data_dir, id, path);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? ERR_NOTFOUND : ERR_STORE;
    if (fstat(fd, &stat) || !S_ISREG(stat.st_mode)) {
        close(fd);
        return ERR_STORE;
    }
    *out_fd = fd;
    *out_size = (uint64_t)stat.st_size;
    return OK;
}

/* ---- what nobody names any more ---- */

static bool is_named(struct engine *engine, uint64_t id)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    AUTO(txn_end) struct txn *txn = NULL;
    Media *media;
    OwnEmoji *emoji;
    return engine_read_begin(engine, &txn) != OK ||
           media_get(txn, id, &arena, &media) != ERR_NOTFOUND ||
           own_emoji_find(txn, id, &arena, &emoji) != ERR_NOTFOUND;
}

static void sweep_one(int directory, const char *name, struct engine *engine, int64_t now_ms)
{
    struct stat stat;
    char *end;
    uint64_t id = strtoull(name, &end, 16);
    if (*end || end - name != 16 || fstatat(directory, name, &stat, AT_SYMLINK_NOFOLLOW))
        return;
    if (now_ms - (int64_t)stat.st_mtime * 1000 < MEDIA_ORPHAN_MS || is_named(engine, id))
        return;
    if (unlinkat(directory, name, 0) == 0)
        log_info("media.removed", STR("file", name));
}

void media_sweep(const char *data_dir, struct engine *engine, int64_t now_ms)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/media", data_dir);
    DIR *directory = opendir(path);
    if (!directory)
        return;
    const struct dirent *entry;
    while ((entry = readdir(directory)))
        sweep_one(dirfd(directory), entry->d_name, engine, now_ms);
    closedir(directory);
}
