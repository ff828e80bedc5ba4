/*
 * media - what goes with posts and profiles: made safe by ward-media, kept as files beside the
 * store.
 *
 * A file lies in DATA/media under its id and is complete and synced before the record that names
 * it is committed (storage/media.h). A crash in between leaves a file nobody names; media_sweep
 * removes it, and those of posts that are gone.
 *
 * The daemon's memory never holds a file: ward-media is handed descriptors.
 *
 * Threads  any; a job: one
 * Errors   ERR_INVALID: nothing we take, `why` says what is wrong; ERR_LIMIT: too large;
 *          ERR_STORE: the disk, or ward-media is not installed
 * Source   threats T74, T75, T104
 */
#ifndef WARD_NODE_MEDIA_MEDIA_H
#define WARD_NODE_MEDIA_MEDIA_H

#include "storage/base/base.h"

#define MEDIA_PICTURE_MAX_BYTES ((size_t)64 << 20)
#define MEDIA_OUT_MAX_BYTES ((size_t)32 << 20) /* of a picture made anew */
#define MEDIA_MEMORY_MAX_BYTES ((size_t)1 << 30)
#define MEDIA_PIXELS_MAX 64000000 /* 256 MiB when decoded */
#define MEDIA_FRAMES_MAX 500
#define MEDIA_MOVING_PIXELS_MAX 32000000 /* of all frames */
#define MEDIA_SECONDS_MAX 20
#define MEDIA_SIDE_MAX 2560
#define MEDIA_PREVIEW_SIDE 640
#define MEDIA_AVATAR_SIDE 400
#define MEDIA_HEADER_WIDTH 1500
#define MEDIA_EMOJI_SIDE_MAX 128
#define MEDIA_TYPE_BYTES 32
#define MEDIA_HASH_BYTES 64
#define MEDIA_NO_PICTURE "it is no JPEG, PNG, WebP, GIF, HEIC or AVIF picture"

enum media_shape {
    MEDIA_PICTURE, /* a picture that stands still, at most `side` pixels a side */
    MEDIA_ANY,     /* picture (GIFs may move), film or sound; a picture gets a preview */
    MEDIA_SQUARE,  /* a picture cut to a square: avatars */
    MEDIA_BANNER,  /* a picture cut to three by one, `side` wide: headers */
};

struct media_order {
    int file; /* open for reading; stays the caller's */
    enum media_shape shape;
    unsigned side; /* and MEDIA_SIDE_MAX */
};

struct media_made {
    uint64_t id;
    char type[MEDIA_TYPE_BYTES];     /* "image/jpeg" */
    char blurhash[MEDIA_HASH_BYTES]; /* "" for what is no picture */
    uint32_t width, height, duration_ms;
    uint64_t size;
    uint64_t preview; /* another file, of the same type (PNG for a GIF); 0: none is needed */
    uint64_t preview_size;
    uint32_t preview_width, preview_height;
};

/* Makes new files in `data_dir` of it, not named by any record yet. Waits. */
MUST_CHECK enum err media_make_from(const char *data_dir, const struct media_order *order,
                                    struct media_made *out, struct why *why);
/* The same of the picture at `path`; `why` names it. For commands. */
MUST_CHECK enum err media_make(const char *data_dir, const char *path, unsigned side,
                               struct media_made *out, struct why *why);
/* Takes back what was made. */
void media_made_discard(const char *data_dir, const struct media_made *made);

/* The same in steps, for who has something to say meanwhile. */
struct media_job;
MUST_CHECK enum err media_begin(const char *data_dir, const struct media_order *order,
                                struct media_job **out, struct why *why);
/* What the file will be called. */
uint64_t media_job_id(const struct media_job *job);
/* Waits at most so long; true: it has ended. */
bool media_wait(struct media_job *job, int64_t wait_ms);
/* Waits for the end, and frees the job. */
MUST_CHECK enum err media_end(struct media_job **job, struct media_made *out, struct why *why);

#endif
