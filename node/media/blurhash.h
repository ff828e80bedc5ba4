/*
 * blurhash - a picture in some thirty letters, to be shown while the real one is on its way.
 *
 * Threads  pure
 * Source   the BlurHash algorithm (blurha.sh), 4 by 3 components
 */
#ifndef WARD_NODE_MEDIA_BLURHASH_H
#define WARD_NODE_MEDIA_BLURHASH_H

#include <stddef.h>
#include <stdint.h>

#define BLURHASH_BYTES 64

/* `pixels`: sRGB, 3 bytes each, row by row. */
void blurhash_encode(const uint8_t *pixels, size_t width, size_t height, char out[BLURHASH_BYTES]);

#endif
