/*
 * sniff - what a file is, by its first bytes; never by its name or what its sender says.
 *
 * Threads  pure
 * Source   the formats' own signatures; threat T74
 */
#ifndef WARD_NODE_MEDIA_SNIFF_H
#define WARD_NODE_MEDIA_SNIFF_H

#include "storage/base/base.h"

#define SNIFF_BYTES 64 /* as many decide; fewer are a shorter file */

enum media_format {
    FORMAT_UNKNOWN,
    FORMAT_JPEG,
    FORMAT_PNG,
    FORMAT_GIF,
    FORMAT_WEBP,
    FORMAT_HEIF, /* HEIC, AVIF */
    FORMAT_MP4,  /* and QuickTime, M4A, 3GP */
    FORMAT_WEBM,
    FORMAT_MP3,
    FORMAT_OGG,
    FORMAT_FLAC,
    FORMAT_WAV,
};

enum media_format sniff(struct bytes file);
/* What a file of ours of that format is served as. */
const char *sniff_type(enum media_format format);
/* JPEG to HEIF: a picture. */
bool sniff_is_picture(enum media_format format);

#endif
