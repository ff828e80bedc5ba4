/*
 * media_cache - files made of what other nodes showed, kept under a byte budget: those that were
 * not looked at for longest go first. The folder itself is the whole state, so it survives a
 * restart and may be emptied by hand.
 *
 * A file lies in DATA/media/cache under its name, 32 hex digits; its time of change is when it was
 * last looked at, to the hour.
 *
 * Threads  any
 */
#ifndef WARD_NODE_MEDIA_MEDIA_CACHE_H
#define WARD_NODE_MEDIA_MEDIA_CACHE_H

#include "storage/base/base.h"

struct media_cache;

struct media_cache *media_cache_create(const char *data_dir, uint64_t max_bytes);
void media_cache_free(struct media_cache **cache);

/* The open file, its size and its type, by its bytes; ERR_NOTFOUND. The caller closes it. */
MUST_CHECK enum err media_cache_open(struct media_cache *cache, const char *name, int *out_fd,
                                     uint64_t *out_size, const char **out_type);
/* Takes the file of that id (media_file.h) in under `name`. */
MUST_CHECK enum err media_cache_take(struct media_cache *cache, const char *name, uint64_t id,
                                     uint64_t size, struct why *why);
/* Removes the least used until the rest fits. */
void media_cache_trim(struct media_cache *cache);

#endif
