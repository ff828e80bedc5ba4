/*
 * clean - sound and film without what they tell of their maker: nothing is decoded or made anew.
 *
 * A cleaner knows which parts of its format carry picture and sound. Only those are given on, in
 * order; all else (tags, comments, places, dates, names of devices and programs, cover pictures,
 * further tracks, what follows the end) is left out, or overwritten where other parts count bytes.
 * What cannot be told apart for certain is refused: ERR_INVALID. What a codec's own stream carries
 * inside its packets is not looked at.
 *
 * Memory   works in the file's own bytes, which it may change; nothing is allocated but
 * CLEAN_RANGES Threads  pure Source   threats T74, T104; each cleaner names its format's
 * specification
 */
#ifndef WARD_NODE_MEDIA_CLEAN_H
#define WARD_NODE_MEDIA_CLEAN_H

#include "node/media/sniff.h"
#include "storage/base/base.h"

struct clean {
    uint8_t *p; /* the file */
    size_t n;
    /* Is given what stays, piece by piece; false: cannot be written. */
    bool (*put)(void *context, struct bytes part);
    void *context;

    /* made */
    const char *type; /* "video/mp4" */
    uint32_t width, height, duration_ms;
};

/* By format; ERR_INVALID for one that no cleaner knows. ERR_STORE: `put` answered false. */
MUST_CHECK enum err clean(enum media_format format, struct clean *c, struct why *why);

MUST_CHECK enum err clean_mp4(struct clean *c, struct why *why);
MUST_CHECK enum err clean_webm(struct clean *c, struct why *why);
MUST_CHECK enum err clean_mp3(struct clean *c, struct why *why);
MUST_CHECK enum err clean_ogg(struct clean *c, struct why *why);
MUST_CHECK enum err clean_flac(struct clean *c, struct why *why);
MUST_CHECK enum err clean_wav(struct clean *c, struct why *why);

/* For cleaners: gives on `n` bytes at `at`. */
MUST_CHECK enum err clean_put(struct clean *c, size_t at, size_t n, struct why *why);

/* Numbers as the formats write them; the caller has checked that they are there. */
uint32_t clean_be32(const uint8_t *p);
uint64_t clean_be64(const uint8_t *p);
uint32_t clean_le32(const uint8_t *p);

#endif
