#include "node/media/media_cache.h"

#include "node/media/sniff.h"
#include "storage/base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NAME_BYTES 33
#define LOOKED_AT_S 3600 /* a later look is noted */

struct media_cache {
    /* constant */
    const char *data_dir;
    uint64_t max_bytes;

    /* any thread, under mu */
    pthread_mutex_t mu;
    uint64_t bytes;
};

struct kept {
    char name[NAME_BYTES];
    uint64_t size;
    int64_t looked_at_s;
};

static void path_of(const struct media_cache *cache, const char *name, char out[PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s/media/cache%s%s", cache->data_dir, *name ? "/" : "", name);
}

static int by_time(const void *a, const void *b)
{
    const struct kept *x = a, *y = b;
    return (x->looked_at_s > y->looked_at_s) - (x->looked_at_s < y->looked_at_s);
}

/* All of them, and their bytes; the caller frees the list. */
static struct kept *list(const struct media_cache *cache, size_t *out_n, uint64_t *out_bytes)
{
    char path[PATH_MAX];
    struct kept *all = NULL;
    size_t n = 0, room = 0;
    struct stat stat;
    path_of(cache, "", path);
    DIR *folder = opendir(path);
    const struct dirent *entry;
    *out_bytes = 0;
    while (folder && (entry = readdir(folder))) {
        if (strlen(entry->d_name) != NAME_BYTES - 1 ||
            fstatat(dirfd(folder), entry->d_name, &stat, AT_SYMLINK_NOFOLLOW))
            continue;
        if (n == room) {
            room = room ? 2 * room : 256;
            all = xrealloc(all, room * sizeof *all);
        }
        memcpy(all[n].name, entry->d_name, NAME_BYTES);
        all[n].size = (uint64_t)stat.st_size;
        all[n].looked_at_s = stat.st_mtime;
        *out_bytes += all[n++].size;
    }
    if (folder)
        closedir(folder);
    *out_n = n;
    return all;
}

struct media_cache *media_cache_create(const char *data_dir, uint64_t max_bytes)
{
    struct media_cache *cache = xcalloc(1, sizeof *cache);
    size_t n;
    *cache = (struct media_cache){.data_dir = data_dir, .max_bytes = max_bytes};
    pthread_mutex_init(&cache->mu, NULL);
    struct kept *all = list(cache, &n, &cache->bytes);
    xfree(&all);
    return cache;
}

void media_cache_free(struct media_cache **cache)
{
    if (!*cache)
        return;
    pthread_mutex_destroy(&(*cache)->mu);
    xfree(cache);
}

enum err media_cache_open(struct media_cache *cache, const char *name, int *out_fd,
                          uint64_t *out_size, const char **out_type)
{
    char path[PATH_MAX];
    uint8_t first[SNIFF_BYTES];
    struct stat stat;
    path_of(cache, name, path);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? ERR_NOTFOUND : ERR_STORE;
    ssize_t n = pread(fd, first, sizeof first, 0);
    if (n <= 0 || fstat(fd, &stat)) {
        close(fd);
        return ERR_STORE;
    }
    if (time(NULL) - stat.st_mtime > LOOKED_AT_S)
        (void)futimens(fd, NULL);
    *out_fd = fd;
    *out_size = (uint64_t)stat.st_size;
    *out_type = sniff_type(sniff((struct bytes){first, (size_t)n}));
    return OK;
}

enum err media_cache_take(struct media_cache *cache, const char *name, uint64_t id, uint64_t size,
                          struct why *why)
{
    char from[PATH_MAX], to[PATH_MAX];
    path_of(cache, "", to);
    if (mkdir(to, 0700) && errno != EEXIST)
        return why_set(why, ERR_STORE, "%s cannot be made: %s", to, strerror(errno));
    snprintf(from, sizeof from, "%s/media/%016llx", cache->data_dir, (unsigned long long)id);
    path_of(cache, name, to);
    if (rename(from, to))
        return why_set(why, ERR_STORE, "%s cannot be made: %s", to, strerror(errno));
    pthread_mutex_lock(&cache->mu);
    cache->bytes += size;
    pthread_mutex_unlock(&cache->mu);
    return OK;
}

void media_cache_trim(struct media_cache *cache)
{
    char path[PATH_MAX];
    size_t n = 0, removed = 0;
    uint64_t bytes;
    pthread_mutex_lock(&cache->mu);
    bool is_over = cache->bytes > cache->max_bytes;
    pthread_mutex_unlock(&cache->mu);
    if (!is_over)
        return;
    struct kept *all = list(cache, &n, &bytes);
    if (n)
        qsort(all, n, sizeof *all, by_time);
    uint64_t wanted = cache->max_bytes - cache->max_bytes / 10; /* not again at once */
    for (; removed < n && bytes > wanted; removed++) {
        path_of(cache, all[removed].name, path);
        if (unlink(path) == 0)
            bytes -= all[removed].size;
    }
    xfree(&all);
    pthread_mutex_lock(&cache->mu);
    cache->bytes = bytes;
    pthread_mutex_unlock(&cache->mu);
    log_info("media.cache_trimmed", INT("files", removed), INT("bytes", bytes));
}
