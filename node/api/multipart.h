/*
 * multipart - the parts of a multipart/form-data body, one after the other: of one in memory
 * nothing is copied, one in a file is read through a small window.
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
#define MULTIPART_WINDOW_BYTES (64 * 1024)

struct multipart {
    char delimiter[MULTIPART_BOUNDARY_MAX_BYTES + 5]; /* CR LF - - boundary */
    size_t delimiter_n;
    const uint8_t *memory; /* the body; NULL: it is in `file` */
    int file;
    uint64_t size;
    uint64_t at; /* behind the last delimiter */
    uint8_t *window;
};

struct multipart_part {
    const char *name, *file_name; /* file_name is NULL for a plain value */
    uint64_t at, size;            /* in the body */
};

/* `type`: the Content-Type with its boundary. */
MUST_CHECK enum err multipart_open(const char *type, struct bytes body, struct multipart *out,
                                   struct why *why);
/* The same of a file; the window is in the arena. */
MUST_CHECK enum err multipart_open_file(const char *type, int file, uint64_t size,
                                        struct arena *arena, struct multipart *out,
                                        struct why *why);
/* ERR_NOTFOUND after the last part. Names are in the arena. */
MUST_CHECK enum err multipart_next(struct multipart *multipart, struct arena *arena,
                                   struct multipart_part *out, struct why *why);
/* A part's bytes with a NUL behind them, in the arena; NULL: no room, or they cannot be read. */
char *multipart_copy(const struct multipart *multipart, const struct multipart_part *part,
                     struct arena *arena);

#endif
