/*
 * upload - a file that came with a call, as a file of its own.
 *
 * Bodies of API_UPLOAD routes lie in a file (request->body_file); nothing of them is held in
 * memory.
 *
 * Threads  the call's
 * Errors   ERR_INVALID, ERR_LIMIT: tell `why` to the user (422); ERR_STORE: the disk
 */
#ifndef WARD_NODE_API_UPLOAD_H
#define WARD_NODE_API_UPLOAD_H

#include "node/api/api.h"
#include "node/media/media.h"

/* Copies the part into a file without a name, which the caller closes. ERR_LIMIT: over upload_max.
 */
MUST_CHECK enum err upload_copy(struct api_call *call, const struct param_file *file, int *out_fd,
                                struct why *why);
/*
 * A picture that came as parameter `name`, made safe in that shape: for avatars and headers. Files
 * are made, no record yet: add one (storage/media.h) in the transaction that names it, or
 * media_made_discard(). ERR_NOTFOUND: no such file was sent.
 */
MUST_CHECK enum err upload_picture(struct api_call *call, const char *name, enum media_shape shape,
                                   struct media_made *out, struct why *why);
/* "0.5,-0.25" (right, up), each from -1 to 1. */
MUST_CHECK enum err upload_focus(const char *text, float *out_x, float *out_y);

#endif
