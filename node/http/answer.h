/*
 * answer - where our own answers end: the framing of what libmicrohttpd sends.
 *
 * The gate reads one request at a time from a connection. It relays the answer and
 * must know when that is complete, whether the connection may be used again, and
 * whether it became something else (101). The bytes are ours, so this trusts what
 * it reads; it copies nothing.
 *
 * Threads  pure
 * Source   RFC 9112 §6.3
 */
#ifndef WARD_NODE_HTTP_ANSWER_H
#define WARD_NODE_HTTP_ANSWER_H

#include "node/http/chunk.h"

enum answer_state {
    ANSWER_HEAD = 0,
    ANSWER_LENGTH, /* `left` bytes of body to come */
    ANSWER_CHUNKED,
    ANSWER_UNTIL_CLOSE,
    ANSWER_UPGRADED, /* 101: what follows is not HTTP */
    ANSWER_DONE,
};

#define ANSWER_LINE_KEPT_BYTES 48 /* enough to know the few fields that matter */

/* All zeros, and is_to_head set as it is, is an answer not yet begun. */
struct answer {
    enum answer_state state;
    bool is_to_head; /* the request was a HEAD: no body whatever the fields say */
    bool has_begun;  /* an interim answer (1xx) does not count */
    bool wants_close;
    bool is_chunked;
    bool has_length;
    int status;
    uint64_t left;
    struct chunk_reader chunks;
    size_t line_bytes;
    char line[ANSWER_LINE_KEPT_BYTES];
};

/* Looks at the next bytes; returns how many of them belong to this answer. */
size_t answer_feed(struct answer *answer, struct bytes in);

#endif
