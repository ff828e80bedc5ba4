#include "node/media/media_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static void folder_path(const char *data_dir, char out[PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s/media", data_dir);
}

static void file_path(const char *data_dir, uint64_t id, char out[PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s/media/%016llx", data_dir, (unsigned long long)id);
}

static bool make_folder(const char *data_dir, char out[PATH_MAX])
{
    folder_path(data_dir, out);
    return mkdir(out, 0700) == 0 || errno == EEXIST;
}

enum err media_file_create(const char *data_dir, uint64_t *out_id, int *out_fd, struct why *why)
{
    char path[PATH_MAX];
    uint64_t id;
    if (!make_folder(data_dir, path))
        return why_set(why, ERR_STORE, "%s cannot be made: %s", path, strerror(errno));
    if (getrandom(&id, sizeof id, 0) != sizeof id)
        return why_set(why, ERR_STORE, "no randomness");
    id = id >> 1 | 1; /* never 0, and below 2^63 */
    file_path(data_dir, id, path);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return why_set(why, ERR_STORE, "%s cannot be made: %s", path, strerror(errno));
    *out_id = id;
    *out_fd = fd;
    return OK;
}

static bool sync_folder(const char *data_dir)
{
    char path[PATH_MAX];
    folder_path(data_dir, path);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return is_synced;
}

enum err media_file_sync(const char *data_dir, int fd, uint64_t *out_size, struct why *why)
{
    struct stat stat;
    if (fstat(fd, &stat) || fsync(fd) || !sync_folder(data_dir))
        return why_set(why, ERR_STORE, "the file cannot be written: %s", strerror(errno));
    *out_size = (uint64_t)stat.st_size;
    return OK;
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

int media_file_temporary(const char *data_dir)
{
    char path[PATH_MAX];
    uint64_t id;
    int fd;
    if (!make_folder(data_dir, path) || getrandom(&id, sizeof id, 0) != sizeof id)
        return -1;
    file_path(data_dir, id, path);
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        unlink(path);
    return fd;
}
