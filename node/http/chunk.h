/*
 * chunk - the chunked transfer coding, read strictly and piece by piece.
 *
 * A reader is fed bytes and gives back the ranges of them that are body. Chunk
 * extensions are refused: nobody we know sends them, and parsers differ on them.
 * Trailer fields are checked for size, then dropped.
 *
 * Memory   ranges borrow from what was fed
 * Threads  pure
 * Source   RFC 9112 §7.1
 */
#ifndef WARD_NODE_HTTP_CHUNK_H
#define WARD_NODE_HTTP_CHUNK_H

#include "storage/base/base.h"

#define CHUNK_SIZE_MAX_DIGITS 8
#define CHUNK_TRAILER_MAX_BYTES 4096

enum chunk_state {
    CHUNK_SIZE = 0,
    CHUNK_SIZE_LF,
    CHUNK_DATA,
    CHUNK_DATA_CR,
    CHUNK_DATA_LF,
    CHUNK_TRAILER,
    CHUNK_TRAILER_LF,
    CHUNK_DONE,
};

/* All zeros is a reader at the start of a body. */
struct chunk_reader {
    enum chunk_state state;
    uint64_t left;     /* of the chunk's size line while it is read, then of its data */
    unsigned digits;   /* of the size line */
    size_t line_bytes; /* of the trailer line */
    size_t trailer_bytes;
};

/*
 * Reads from the start of `in`: `*used` bytes of it are done with, and `*data` is the
 * range of body among them (often empty). Call again with the rest until it says
 *
 * OK           the body is complete; what follows `*used` is the next request's
 * ERR_LATER    go on; when *used == in.n, with more bytes
 * ERR_INVALID  the framing is broken: refuse and close
 */
MUST_CHECK enum err chunk_read(struct chunk_reader *reader, struct bytes in, size_t *used,
                               struct bytes *data);

#endif
