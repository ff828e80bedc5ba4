/*
 * multipart - the parts of a multipart/form-data body, one after the other, nothing copied.
 *
 * Threads  pure
 * Errors   ERR_INVALID for what is no such body; it is never guessed where a part ends
 * Source   RFC 7578, RFC 2046 §5.1
 */
#ifndef WARD_NODE_API_MULTIPART_H
#define WARD_NODE_API_MULTIPART_H

#include "storage/base/arena.h"
#include "storage/base/base.h"

#define MULTIPART_BOUNDARY_MAX_BYTES 70
#define MULTIPART_HEAD_MAX_BYTES (4 * 1024) /* of one part */

struct multipart {
    char delimiter[MULTIPART_BOUNDARY_MAX_BYTES + 5]; /* CR LF - - boundary */
    size_t delimiter_n;
    struct bytes rest; /* from the delimiter line on */
};

struct multipart_part {
    const char *name, *file_name; /* file_name is NULL for a plain value */
    struct bytes bytes;           /* in the body */
};

/* `type`: the Content-Type with its boundary. */
MUST_CHECK enum err multipart_open(const char *type, struct bytes body, struct multipart *out,
                                   struct why *why);
/* ERR_NOTFOUND after the last part. Names are in the arena. */
MUST_CHECK enum err multipart_next(struct multipart *multipart, struct arena *arena,
                                   struct multipart_part *out, struct why *why);

#endif
