/*
 * response - an answer, before it is handed to libmicrohttpd.
 *
 * A handler makes one and returns it, or gives it to request_finish() later. Who
 * gets it, owns it. The server adds what every answer carries: nosniff, referrer
 * policy, a content policy that allows nothing (HTML sets its own), HSTS over TLS,
 * and "private, no-store" when the request came with credentials.
 *
 * Memory   response_free, or handed over
 * Threads  one owner at a time
 * Source   RFC 9110 §15; threats.md T64, T69, T76
 */
#ifndef WARD_NODE_HTTP_RESPONSE_H
#define WARD_NODE_HTTP_RESPONSE_H

#include "storage/base/base.h"
#include "storage/base/buf.h"

#define RESPONSE_FIELDS_MAX 24
#define RESPONSE_RETRY_AFTER_S 30

enum response_over { RESPONSE_OVER_PLAIN, RESPONSE_OVER_TLS };

struct response_field {
    char *name, *value;
};

/*
 * A body that is made while it is sent (server-sent events, long exports).
 *
 * `read` is called on an HTTP thread: it writes up to `max` bytes and returns how many,
 * 0 when there is nothing just now (request_wake() has it called again), or
 * RESPONSE_STREAM_END. It must not wait. `close` is called once, when all is over.
 */
#define RESPONSE_STREAM_END (-1)
struct response_stream {
    void *context;
    ptrdiff_t (*read)(void *context, uint8_t *out, size_t max);
    void (*close)(void *context);
};

/*
 * 101 Switching Protocols. `start` is called on an HTTP thread, is handed a non-blocking
 * socket that it owns (close() ends the connection), and any bytes that came early, which
 * are only valid during the call. It never comes when the connection ends before: then `drop` does
 * (may be NULL). One of the two is called, once.
 */
struct response_upgrade {
    void *context;
    void (*start)(void *context, int fd, struct bytes early);
    void (*drop)(void *context);
};

/* Fields may be read by the server and by tests; write through the functions below. */
struct response {
    int status;
    struct response_field fields[RESPONSE_FIELDS_MAX];
    size_t n_fields;
    char *body; /* malloc'd, or NULL */
    size_t body_n;
    int file; /* -1, or an open file; the body is file_bytes of it from file_from on */
    uint64_t file_from, file_bytes;
    struct response_stream stream;   /* read is NULL: none */
    struct response_upgrade upgrade; /* start is NULL: none */
};

struct response *response_create(int status);
void response_free(struct response **response);

/* Takes the buffer's bytes and leaves it empty. A full buffer makes a 500. */
struct response *response_json(int status, struct buf *json);
struct response *response_text(int status, const char *type, struct buf *text);
/* Copies. */
struct response *response_bytes(int status, const char *type, struct bytes body);
/* Takes over `fd`; the body is its first `n` bytes. */
struct response *response_file(int status, const char *type, int fd, uint64_t n);
/* {"error": "..."}; `why` may hold anything a stranger wrote. NULL: the status in words. */
struct response *response_error(int status, const char *why);
/* err -> HTTP, the only place. What we know about our own faults (5xx) is not told. */
struct response *response_of_err(enum err e, const struct why *why);
int response_status_of_err(enum err e);

/* Replaces a field of that name. Values are cut at a line end; ours never have one. */
void response_set(struct response *response, const char *name, const char *value);
/* One field more of that name (Set-Cookie, Link). */
void response_add(struct response *response, const char *name, const char *value);
const char *response_find(const struct response *response, const char *name); /* or NULL */

/* What every answer carries. `has_credentials`: the request showed who is asking. */
void response_seal(struct response *response, enum response_over over, bool has_credentials);

/* A complete last answer in bytes, for a request that was never let in. */
void response_render_refusal(struct buf *out, int status, const char *why, const char *allow,
                             enum response_over over);

const char *response_status_text(int status);

/* `text` as a JSON string with its quotes; bytes that are not UTF-8 become "?". */
void response_json_string(struct buf *out, const char *text);

#endif
