/*
 * head - one HTTP/1.x request head, read strictly: bytes in, verdict out.
 *
 * Everything a stranger sends is judged here before libmicrohttpd sees a byte of
 * it, because that library accepts repeated and folded lines and two lengths, and
 * what two parsers read differently can be used to smuggle a request. A refused
 * head ends its connection: what follows it is never read as a request.
 *
 * Refusals  400 malformed, 405 (left to the caller: any token is a method here),
 *           414 target too long, 415 encoded body, 417 unknown expectation,
 *           421 a Host that is not ours, 431 too large or too many headers,
 *           501 a transfer coding other than exactly "chunked", 505 not HTTP/1.x
 * Memory    a parsed head borrows from the bytes it was parsed from
 * Threads   pure
 * Source    RFC 9112 §3, §5, §6; RFC 9110 §5.5, §5.6.2, §7.2, §10.1.1
 */
#ifndef WARD_NODE_HTTP_HEAD_H
#define WARD_NODE_HTTP_HEAD_H

#include "storage/base/base.h"

#define HEAD_MAX_BYTES (32 * 1024)
#define HEAD_TARGET_MAX_BYTES (8 * 1024)
#define HEAD_METHOD_MAX_BYTES 32 /* longer ones are cut: they are unknown all the same */
#define HEAD_FIELDS_MAX 64
#define HEAD_LENGTH_MAX_DIGITS 18 /* fits an int64_t whatever the digits are */

struct head_field {
    struct bytes name;
    struct bytes value; /* without the spaces and tabs around it */
};

struct head {
    struct bytes method;
    struct bytes target; /* raw, origin-form, checked */
    struct bytes host;
    int minor; /* HTTP/1.minor: 0 or 1 */
    struct head_field fields[HEAD_FIELDS_MAX];
    size_t n_fields;
    bool is_chunked;
    bool has_length;
    uint64_t length; /* of the body; 0 when chunked */
    bool wants_close;
    bool wants_continue; /* Expect: 100-continue */
    bool wants_upgrade;  /* GET with Connection: upgrade and Upgrade: websocket */
    size_t n_bytes;      /* the head's length, the empty line included */
};

/* The host[:port] names we answer to. None: every well-formed Host is taken. */
struct head_hosts {
    const char *const *names;
    size_t n;
};

struct head_refusal {
    int status; /* 0: not refused */
    const char *why;
};

/*
 * Reads the head at the start of `in`; more bytes may follow it.
 *
 * OK           *out is set; out->n_bytes were used
 * ERR_LATER    no complete head yet, and nothing wrong with it so far
 * ERR_INVALID  *refusal says how to answer before closing
 *
 * `scanned` holds how far earlier calls looked at the same bytes; start with 0.
 */
MUST_CHECK enum err head_parse(struct bytes in, const struct head_hosts *hosts, size_t *scanned,
                               struct head *out, struct head_refusal *refusal);

/* The value of the first field of that name (case does not count); NULL when there is none. */
const struct bytes *head_find(const struct head *head, const char *name);

/* Part checks, for tests and for other readers of the same things. */
struct head_refusal head_check_target(struct bytes target);
bool head_is_token(struct bytes text);
bool head_hosts_contain(const struct head_hosts *hosts, struct bytes host);
bool head_name_is(struct bytes name, const char *other);

/* True when the comma-separated list contains `word`; case does not count (RFC 9110 §5.6.1). */
bool head_list_has(struct bytes list, const char *word);

#endif
