#include "storage/engine_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Offsets in a meta page, behind its 16-byte page header. Two of them lead the file. */
#define META_MAGIC_AT 16
#define META_VERSION_AT 20
#define META_PAGE_SIZE_AT 40
#define META_LAST_PAGE_AT 136
#define META_TXN_AT 144
#define META_BYTES 152
#define LMDB_MAGIC 0xBEEFC0DEu
#define LMDB_VERSION 1

static void fd_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void path_in(const char *dir, const char *file, char out[static 4096])
{
    snprintf(out, 4096, "%s/%s", dir, file);
}

enum err engine_file_check_dir(const char *dir, struct why *why)
{
    static const struct {
        uint32_t magic; /* statfs(2) */
        const char *name;
    } remote[] = {
        {0x6969, "NFS"},      {0x517B, "SMB"},     {0xFF534D42, "CIFS"},
        {0xFE534D42, "SMB2"}, {0x5346414F, "AFS"},
    };
    struct statfs fs;
    if (statfs(dir, &fs))
        return why_set(why, errno == ENOENT ? ERR_NOTFOUND : ERR_STORE, "%s: %s", dir,
                       strerror(errno));
    for (size_t i = 0; i < COUNT(remote); i++)
        if ((uint32_t)fs.f_type == remote[i].magic)
            return why_set(why, ERR_STORE, "%s is on %s: the store needs a local disk", dir,
                           remote[i].name);
    return OK;
}

struct meta {
    uint64_t txn, last_page;
    uint32_t page_size;
};

static uint32_t u32_at(const uint8_t *p, size_t at)
{
    uint32_t v;
    memcpy(&v, p + at, sizeof v);
    return v;
}

static uint64_t u64_at(const uint8_t *p, size_t at)
{
    uint64_t v;
    memcpy(&v, p + at, sizeof v);
    return v;
}

static bool meta_read(int fd, off_t at, struct meta *out)
{
    uint8_t p[META_BYTES];
    if (pread(fd, p, sizeof p, at) != (ssize_t)sizeof p || u32_at(p, META_MAGIC_AT) != LMDB_MAGIC ||
        (u32_at(p, META_VERSION_AT) & 0xFFFF) != LMDB_VERSION)
        return false;
    out->page_size = u32_at(p, META_PAGE_SIZE_AT);
    out->last_page = u64_at(p, META_LAST_PAGE_AT);
    out->txn = u64_at(p, META_TXN_AT);
    bool power_of_two = out->page_size && (out->page_size & (out->page_size - 1)) == 0;
    return power_of_two && out->page_size >= 512 && out->page_size <= 65536 &&
           out->last_page < UINT64_MAX / 65536 - 1;
}

static enum err check_owner(const char *path, const struct stat *st, struct why *why)
{
    if (!S_ISREG(st->st_mode))
        return why_set(why, ERR_CORRUPT, "%s is not a regular file", path);
    if (st->st_uid != geteuid())
        return why_set(why, ERR_DENIED, "%s belongs to user %u: run ward as that user", path,
                       (unsigned)st->st_uid);
    return OK;
}

enum err engine_file_check(const char *dir, struct why *why)
{
    char path[4096];
    path_in(dir, ENGINE_DATA_FILE, path);
    AUTO(fd_close) int fd = open(path, O_RDWR | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st))
        return why_set(why, errno == ENOENT ? ERR_NOTFOUND : ERR_STORE, "%s: %s", path,
                       strerror(errno));
    enum err e = check_owner(path, &st, why);
    if (e)
        return e;

    struct meta first, second;
    if (!meta_read(fd, 0, &first) || !meta_read(fd, first.page_size, &second) ||
        first.page_size != second.page_size)
        return why_set(why, ERR_CORRUPT, "%s is not a store, or of another version", path);
    const struct meta *newest = second.txn > first.txn ? &second : &first;
    uint64_t need = (newest->last_page + 1) * newest->page_size;
    if ((uint64_t)st.st_size < need)
        return why_set(why, ERR_CORRUPT, "%s is cut short: %llu of %llu bytes", path,
                       (unsigned long long)st.st_size, (unsigned long long)need);
    return OK;
}

enum err engine_file_lock(const char *dir, int *out_fd, struct why *why)
{
    char path[4096];
    path_in(dir, ENGINE_LOCK_FILE, path);
    AUTO(fd_close) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return why_set(why, ERR_STORE, "%s: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB))
        return why_set(why, errno == EWOULDBLOCK ? ERR_DENIED : ERR_STORE,
                       errno == EWOULDBLOCK ? "another daemon runs on %s" : "cannot lock %s", path);
    *out_fd = fd;
    fd = -1;
    return OK;
}

static pthread_mutex_t claims_mu = PTHREAD_MUTEX_INITIALIZER;
static struct engine_claim *claims; /* under claims_mu */

enum err engine_file_claim(const char *dir, struct engine_claim *claim, struct why *why)
{
    char path[4096];
    path_in(dir, ENGINE_DATA_FILE, path);
    struct stat st;
    if (stat(path, &st))
        return why_set(why, ERR_STORE, "%s: %s", path, strerror(errno));
    *claim = (struct engine_claim){.device = st.st_dev, .inode = st.st_ino};

    pthread_mutex_lock(&claims_mu);
    bool taken = false;
    for (const struct engine_claim *c = claims; c && !taken; c = c->next)
        taken = c->device == claim->device && c->inode == claim->inode;
    if (!taken) {
        claim->next = claims;
        claims = claim;
    }
    pthread_mutex_unlock(&claims_mu);
    if (taken)
        return why_set(why, ERR_DENIED, "%s is open in this process already", path);
    return OK;
}

void engine_file_release(struct engine_claim *claim)
{
    pthread_mutex_lock(&claims_mu);
    for (struct engine_claim **at = &claims; *at; at = &(*at)->next) {
        if (*at == claim) {
            *at = claim->next;
            break;
        }
    }
    pthread_mutex_unlock(&claims_mu);
}
