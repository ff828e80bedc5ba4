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

/* Offsets in a meta page, its 16-byte page header counted. Two of them lead the file. */
#define META_MAGIC_AT 16
#define META_VERSION_AT 20
#define META_PAGE_SIZE_AT 40
#define META_FREE_ROOT_AT 80
#define META_LAST_PAGE_AT 136
#define META_TXN_AT 144
#define META_BYTES 152
#define LMDB_MAGIC 0xBEEFC0DEu
#define LMDB_VERSION 1

/* Pages of the tree of free pages: a header, offsets of nodes, the nodes. */
#define PAGE_FLAGS_AT 10
#define PAGE_LOWER_AT 12
#define PAGE_HEADER_BYTES 16
#define PAGE_IS_BRANCH 1
#define PAGE_IS_LEAF 2
#define NODE_FLAGS_AT 4
#define NODE_KEY_BYTES_AT 6
#define NODE_HEADER_BYTES 8
#define NODE_IS_ELSEWHERE 1 /* its data lies on pages of its own */
#define NO_PAGE UINT64_MAX
#define TREE_DEPTH_MAX 32
/* Space that a commit reserved and gave back unwritten: a few bodies' worth, not gigabytes. */
#define UNWRITTEN_PAGES_MAX (1024 * 1024)

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
    uint64_t txn, last_page, free_root;
    uint32_t page_size;
};

static uint16_t u16_at(const uint8_t *p, size_t at)
{
    uint16_t v;
    memcpy(&v, p + at, sizeof v);
    return v;
}

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
    out->free_root = u64_at(p, META_FREE_ROOT_AT);
    out->txn = u64_at(p, META_TXN_AT);
    bool power_of_two = out->page_size && (out->page_size & (out->page_size - 1)) == 0;
    return power_of_two && out->page_size >= 512 && out->page_size <= 65536 &&
           out->last_page < UINT64_MAX / 65536 - 1;
}

/*
 * A healthy file can be shorter than its last page number says: pages that a commit took from
 * the end and gave back were never written. Those are in the tree of free pages; a file that
 * was cut short lacks others too. So each missing page must be found to be free.
 */
struct free_walk {
    int fd;
    uint32_t page_size;
    uint64_t file_pages; /* page numbers from here on are missing */
    uint64_t missing;
    uint64_t found;
    uint8_t *is_free;    /* one per missing page */
    uint64_t pages_left; /* to read at most: damaged pages may name each other */
};

static bool page_read(struct free_walk *walk, uint64_t page, uint8_t *out, size_t n)
{
    uint64_t pages = (n + walk->page_size - 1) / walk->page_size;
    if (page >= walk->file_pages || pages > walk->file_pages - page || pages > walk->pages_left)
        return false;
    walk->pages_left -= pages;
    return pread(walk->fd, out, n, (off_t)(page * walk->page_size)) == (ssize_t)n;
}

/* A list of free pages: how many, then their numbers. */
static bool list_mark(struct free_walk *walk, const uint8_t *list, size_t n)
{
    if (n < 8 || u64_at(list, 0) > (n - 8) / 8)
        return false;
    uint64_t count = u64_at(list, 0);
    for (uint64_t i = 1; i <= count; i++) {
        uint64_t page = u64_at(list, (size_t)i * 8);
        if (page < walk->file_pages || page - walk->file_pages >= walk->missing)
            continue;
        uint8_t *mark = &walk->is_free[page - walk->file_pages];
        walk->found += !*mark;
        *mark = 1;
    }
    return true;
}

static bool leaf_node_mark(struct free_walk *walk, const uint8_t *node, size_t room)
{
    size_t size = u16_at(node, 0) | (size_t)u16_at(node, 2) << 16;
    size_t data_at = NODE_HEADER_BYTES + (size_t)u16_at(node, NODE_KEY_BYTES_AT);
    if (!(u16_at(node, NODE_FLAGS_AT) & NODE_IS_ELSEWHERE))
        return data_at <= room && size <= room - data_at && list_mark(walk, node + data_at, size);
    if (data_at > room || room - data_at < 8 || size / walk->page_size > walk->file_pages)
        return false;
    AUTO(xfree) uint8_t *pages = xcalloc(1, PAGE_HEADER_BYTES + size);
    return page_read(walk, u64_at(node, data_at), pages, PAGE_HEADER_BYTES + size) &&
           list_mark(walk, pages + PAGE_HEADER_BYTES, size);
}

static bool tree_mark(struct free_walk *walk, uint64_t page, int depth)
{
    if (page == NO_PAGE)
        return true;
    AUTO(xfree) uint8_t *p = xcalloc(1, walk->page_size);
    if (depth > TREE_DEPTH_MAX || !page_read(walk, page, p, walk->page_size))
        return false;
    uint16_t flags = u16_at(p, PAGE_FLAGS_AT), lower = u16_at(p, PAGE_LOWER_AT);
    if (lower < PAGE_HEADER_BYTES || lower > walk->page_size)
        return false;
    for (size_t at = PAGE_HEADER_BYTES; at + 2 <= lower; at += 2) {
        uint16_t node_at = u16_at(p, at);
        if (node_at > walk->page_size - NODE_HEADER_BYTES)
            return false;
        const uint8_t *node = p + node_at;
        bool ok = false;
        if (flags & PAGE_IS_LEAF)
            ok = leaf_node_mark(walk, node, walk->page_size - node_at);
        else if (flags & PAGE_IS_BRANCH) /* the child's number, 48 bits in 16-bit parts */
            ok = tree_mark(walk,
                           u16_at(node, 0) | (uint64_t)u16_at(node, 2) << 16 |
                               (uint64_t)u16_at(node, 4) << 32,
                           depth + 1);
        if (!ok)
            return false;
    }
    return true;
}

static bool is_missing_only_free_pages(int fd, const struct meta *meta, uint64_t file_bytes)
{
    struct free_walk walk = {
        .fd = fd, .page_size = meta->page_size, .file_pages = file_bytes / meta->page_size};
    walk.missing = meta->last_page + 1 - walk.file_pages;
    walk.pages_left = walk.file_pages;
    if (walk.missing > UNWRITTEN_PAGES_MAX)
        return false;
    walk.is_free = xcalloc(walk.missing, 1);
    bool is_so = tree_mark(&walk, meta->free_root, 0) && walk.found == walk.missing;
    xfree(&walk.is_free);
    return is_so;
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
    if ((uint64_t)st.st_size < need &&
        !is_missing_only_free_pages(fd, newest, (uint64_t)st.st_size))
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

void engine_file_remove_new(const char *dir)
{
    static const char *const file[] = {"/data.mdb", "/lock.mdb", ""};
    char path[4096];
    for (size_t i = 0; i < COUNT(file); i++) {
        snprintf(path, sizeof path, "%s/" ENGINE_NEW_DIR "%s", dir, file[i]);
        (void)remove(path);
    }
}

/* link() and not rename(): a store that is there already is never replaced. */
enum err engine_file_put_in_place(const char *dir, struct why *why)
{
    char from[4096], to[4096];
    snprintf(from, sizeof from, "%s/" ENGINE_NEW_DIR "/" ENGINE_DATA_FILE, dir);
    snprintf(to, sizeof to, "%s/" ENGINE_DATA_FILE, dir);
    if (link(from, to))
        return why_set(why, errno == EEXIST ? ERR_EXISTS : ERR_STORE, "%s: %s", to,
                       strerror(errno));
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd < 0 ? -1 : fsync(fd);
    if (fd >= 0)
        close(fd);
    return rc ? why_set(why, ERR_STORE, "%s: %s", dir, strerror(errno)) : OK;
}
