/*
 * uri - which URIs we touch, whose they are, and handles.
 *
 * Strict on purpose: what two parsers could read differently is refused here once, so that the
 * check of a host and the request to it can never mean different hosts. An id stays the string
 * its owner wrote (compared byte for byte, never normalised); only its host is made canonical.
 *
 * host(X) in all of Ward is: lower-case A-label, no trailing dot, and ":port" exactly when the
 * port is not the scheme's default ("example.org", "xn--bcher-kva.example:8443", "[::1]:8443").
 * A name whose last label is a number must be a dotted quad: every other spelling of an IPv4
 * address is refused. Whether an address may be contacted is decided on the socket (guard).
 *
 * Threads  pure
 * Errors   ERR_INVALID for everything that is refused
 * Source   RFC 3986; RFC 3492 (Punycode); UTS #46 in its strict sense (NFKC, lower case, letters,
 *          marks and digits only)
 */
#ifndef WARD_FEDERATION_URI_H
#define WARD_FEDERATION_URI_H

#include "storage/base/arena.h"
#include "storage/base/base.h"

#define URI_MAX_BYTES 2048
#define URI_HOST_BYTES 264 /* name of 253, ":65535", NUL, and room */
#define HANDLE_NAME_MAX_BYTES 128

enum uri_allow {
    URI_HTTPS_ONLY,
    URI_HTTP_TOO, /* `insecure_http = true`: tests and private networks */
};

struct uri {
    bool is_https;
    uint16_t port;             /* the one to connect to, default filled in */
    char name[URI_HOST_BYTES]; /* host without port: what TLS checks and DNS is asked */
    char host[URI_HOST_BYTES]; /* host(X): identity of the peer, and the Host header */
    const char *target;   /* path?query, "/" at least, non-ASCII percent-encoded, no fragment */
    const char *fragment; /* without "#"; NULL when there is none */
};

/* Takes a URI apart. `target` and `fragment` live in the arena. */
MUST_CHECK enum err uri_split(const char *text, enum uri_allow allow, struct arena *arena,
                              struct uri *out, struct why *why);

/* Is this an http(s) URI that uri_split would take? For checking ids before they are stored. */
MUST_CHECK enum err uri_check(const char *text, enum uri_allow allow, struct why *why);

/* host(X) of an http(s) URI, the scheme not judged. */
MUST_CHECK enum err uri_host(const char *text, char out[URI_HOST_BYTES]);

/* True when both are good URIs with the same scheme and the same host(X). */
bool uri_same_host(const char *a, const char *b);

/* `uri` without its fragment; NULL when the arena is full. */
char *uri_without_fragment(const char *uri, struct arena *arena);

/*
 * The canonical form of `host[:port]` as a person, a Host header or a config file writes it.
 * Only :443 is dropped as default (peers speak https). ERR_INVALID when it is not one.
 */
MUST_CHECK enum err uri_host_canonical(const char *text, char out[URI_HOST_BYTES]);

struct handle {
    const char *name; /* as written */
    const char *host; /* canonical; "" when none was given: our own node */
};

/* `name`, `name@host[:port]`, `@name[@host]`, `acct:name@host`. Results live in the arena. */
MUST_CHECK enum err handle_parse(const char *text, struct arena *arena, struct handle *out,
                                 struct why *why);

#endif
