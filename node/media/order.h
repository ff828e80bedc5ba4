/*
 * order - what `ward` and ward-media say to each other.
 *
 * Both ends are ours and of one version. The child is given files as descriptors, so that nothing
 * of a stranger's passes through the memory of the daemon; what it answers is one line.
 *
 *     ward-media SHAPE SIDE    0 the file; 1 the answer; 2 why not; 3 the new file; 4 its preview
 *     "image/jpeg 1600 1200 0 BLURHASH 640 480\n"    type, width, height, duration in ms, blurhash
 *                                              or "-", size of the preview or "0 0" for none
 */
#ifndef WARD_NODE_MEDIA_ORDER_H
#define WARD_NODE_MEDIA_ORDER_H

#include <stddef.h>

#define ORDER_OUT_FD 3
#define ORDER_PREVIEW_FD 4
#define ORDER_LINE_MAX_BYTES 256
#define ORDER_LINE "%31s %u %u %u %63s %u %u" /* for sscanf */

/* Words for SHAPE, in the order of enum media_shape (media.h). */
#define ORDER_SHAPES                                                                               \
    {                                                                                              \
        "picture", "any", "square", "banner"                                                       \
    }

#endif
