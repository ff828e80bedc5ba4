/*
 * picture - decodes a picture and writes it anew. The only home of libvips.
 *
 * Upright, in sRGB, at most so many pixels a side, without any metadata (EXIF, XMP, IPTC, text,
 * profiles, trailing bytes): nothing of the old file's bytes is copied. What moves (GIF) keeps
 * moving when MEDIA_FRAMES_MAX and MEDIA_MOVING_PIXELS_MAX allow, else its first frame stands for
 * it.
 *
 * Errors   false, with a sentence in `why`
 */
#ifndef WARD_NODE_MEDIA_PICTURE_H
#define WARD_NODE_MEDIA_PICTURE_H

#include "node/media/blurhash.h"
#include "node/media/media.h"
#include "storage/base/base.h"

struct picture {
    const char *type;
    uint32_t width, height;
    char blurhash[BLURHASH_BYTES];
    uint32_t preview_width, preview_height; /* 0: it is small enough itself */
};

/* Starts libvips, with the few loaders we want. Before the process locks itself up. */
bool picture_start(const char *program);
/* Writes the picture to `out`, and its preview to `preview` (-1: not wanted). */
MUST_CHECK enum err picture_make(struct bytes file, enum media_shape shape, int side, int out,
                                 int preview, struct picture *made, struct why *why);
void picture_stop(void);

#endif
