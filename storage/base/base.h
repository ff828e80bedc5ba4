/*
 * base - what every other file of Ward stands on: error codes, reasons, byte
 * ranges, ids, scope-bound release and allocation that cannot fail.
 *
 * Threads  everything here is pure or touches only its arguments
 * Errors   see enum err; running out of memory aborts the process
 */
#ifndef WARD_STORAGE_BASE_BASE_H
#define WARD_STORAGE_BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Named for what the caller must do next; what happened goes into `struct why`. */
enum err {
    OK = 0,
    ERR_NOTFOUND, /* an answer, not a failure */
    ERR_EXISTS,   /* already so: most callers treat it as done */
    ERR_INVALID,  /* the input is wrong and stays wrong: refuse, never retry */
    ERR_DENIED,   /* well formed, but signature or policy says no */
    ERR_LIMIT,    /* a bound was reached: refuse now, the caller may slow down */
    ERR_LATER,    /* may work later: back off and retry */
    ERR_CORRUPT,  /* our own bytes make no sense: stop using that record */
    ERR_STORE,    /* disk or LMDB refuses: stop accepting work */
};

/* The name of the code ("ERR_INVALID"), for logs. Static memory. */
const char *err_name(enum err e);

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/* Released by `fn(&variable)` when the scope ends; set it at declaration. */
#define AUTO(fn) __attribute__((cleanup(fn)))

/* The sentence for a human that goes with an error: one line, valid UTF-8 not promised. */
#define WHY_MAX_BYTES 256
struct why {
    char text[WHY_MAX_BYTES];
};

/* Formats the sentence (cut to fit; `why` may be NULL) and returns `e`. */
enum err why_set(struct why *why, enum err e, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* A range of bytes somebody else owns. */
struct bytes {
    const uint8_t *p;
    size_t n;
};

struct bytes bytes_of(const char *text); /* strlen bytes; NULL gives an empty range */
bool bytes_equal(struct bytes a, struct bytes b);

/* Equal in time that depends on the lengths only: for digests, tokens, signatures. */
bool bytes_equal_secret(struct bytes a, struct bytes b);

/* True when the bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool utf8_check(struct bytes text);

/*
 * Ids: 48 bits of Unix milliseconds, 16 bits of sequence, so that number order is
 * time order. One number space for all of them; 0 means "none". The types keep
 * one kind from being passed where another is meant.
 */
typedef struct {
    uint64_t v;
} post_id;
typedef struct {
    uint64_t v;
} actor_id;
typedef struct {
    uint64_t v;
} peer_id;
typedef struct {
    uint64_t v;
} notification_id;

int64_t id_time_ms(uint64_t id);

/* Parses a decimal id ("17"); ERR_INVALID for anything else, 0 and overflow. */
MUST_CHECK enum err id_parse(const char *text, uint64_t *out);

/* Allocation that aborts instead of failing; opaque to analyzers on purpose. */
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *text);
void xfree(void *address_of_pointer); /* frees *(void **)address and sets it to NULL: for AUTO */

/* lower-case hexadecimal; `out` takes 2 * n + 1 bytes */
void hex_encode(struct bytes in, char *out);

#endif
