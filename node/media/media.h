/*
 * media - pictures that go with posts: made safe by ward-media, kept as files beside the store.
 *
 * A file lies in DATA/media under its id and is complete and synced before the record that names
 * it is committed (storage/media.h). A crash in between leaves a file nobody names; media_sweep
 * removes it, and those of posts that are gone.
 *
 * Threads  any
 * Errors   ERR_INVALID: no picture we take, `why` says what is wrong; ERR_LIMIT: too large;
 *          ERR_STORE: the disk, or ward-media is not installed
 * Source   threats T74, T75, T104
 */
#ifndef WARD_NODE_MEDIA_MEDIA_H
#define WARD_NODE_MEDIA_MEDIA_H

#include "storage/base/base.h"
#include "storage/engine.h"
#include "storage/writer.h"

#define MEDIA_IN_MAX_BYTES ((size_t)16 << 20)
#define MEDIA_OUT_MAX_BYTES ((size_t)32 << 20)
#define MEDIA_MEMORY_MAX_BYTES ((size_t)1 << 30)
#define MEDIA_PIXELS_MAX 64000000 /* 256 MiB when decoded */
#define MEDIA_SECONDS_MAX 20
#define MEDIA_SIDE_MAX 2560
#define MEDIA_EMOJI_SIDE_MAX 128
#define MEDIA_TYPE_BYTES 32
#define MEDIA_HASH_BYTES 64
/* A file without a record is left alone so long: it may be about to get one. */
#define MEDIA_ORPHAN_MS ((int64_t)3600 * 1000)

struct media_made {
    uint64_t id;
    char type[MEDIA_TYPE_BYTES]; /* "image/jpeg" */
    char blurhash[MEDIA_HASH_BYTES];
    uint32_t width, height;
    uint64_t size;
};

/* Takes the picture at `path` in, at most `side` pixels a side (and MEDIA_SIDE_MAX): a new file in
 * `data_dir`, not named by any record yet. */
MUST_CHECK enum err media_make(const char *data_dir, const char *path, unsigned side,
                               struct media_made *out, struct why *why);
/* Takes it back. */
void media_unmake(const char *data_dir, uint64_t id);
/* The open file, and its size; ERR_NOTFOUND. The caller closes it. */
MUST_CHECK enum err media_open(const char *data_dir, uint64_t id, int *out_fd, uint64_t *out_size);
/* Removes files that no record names. Looks at every file: seldom. */
void media_sweep(const char *data_dir, struct engine *engine, int64_t now_ms);

#endif
