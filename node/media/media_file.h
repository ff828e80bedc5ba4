/*
 * media_file - the files in DATA/media.
 *
 * A file is named by its id in 16 hex digits; temporary ones have no name at all.
 *
 * Threads  any
 * Errors   ERR_STORE: the disk, `why` says what
 */
#ifndef WARD_NODE_MEDIA_MEDIA_FILE_H
#define WARD_NODE_MEDIA_MEDIA_FILE_H

#include "storage/base/base.h"

/* A new empty file with a random id, never 0 and below 2^63. The caller closes it. */
MUST_CHECK enum err media_file_create(const char *data_dir, uint64_t *out_id, int *out_fd,
                                      struct why *why);
/* Its bytes, and its name, are on disk. Gives its size. */
MUST_CHECK enum err media_file_sync(const char *data_dir, int fd, uint64_t *out_size,
                                    struct why *why);
/* The open file, and its size; ERR_NOTFOUND. The caller closes it. */
MUST_CHECK enum err media_open(const char *data_dir, uint64_t id, int *out_fd, uint64_t *out_size);
void media_unmake(const char *data_dir, uint64_t id);
/* A file without a name: gone when closed, whatever happens. -1: errno says why. */
int media_file_temporary(const char *data_dir);

#endif
