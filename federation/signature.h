/*
 * signature - HTTP message signatures: who signed this request, and is it so.
 *
 * Three steps, so that policy can act on the key id before anything is fetched:
 *
 *     signature_parse      what is claimed: scheme, key id, what is covered
 *     signature_precheck   all that needs no key: coverage, digest, times, host
 *     signature_verify     the signature itself, once the key is there
 *
 * Two schemes are known: draft-cavage-http-signatures-12 and RFC 9421. A request that carries
 * both is refused: no peer needs it, and so a bad signature is never rescued by another one. For
 * the same reason RFC 9421 requests carry exactly one label.
 *
 * The key alone decides the algorithm (key.h). A label that contradicts it is refused; "hs2019"
 * contradicts nothing.
 *
 * What must be covered
 *   cavage    (request-target), host, date or (created); with a body digest or content-digest
 *   RFC 9421  @method; @target-uri, or @authority with @request-target or with @path and, when
 *             there is a query, @query; with a body content-digest; `created` and `keyid`
 * A request other than GET and HEAD counts as one with a body, even an empty one. Component
 * parameters (sf, bs, key, tr, req, name), @query-param and @status are refused.
 *
 * Units    Unix milliseconds for `now_ms`, Unix seconds in `created_s`, `expires_s` as on the wire
 * Memory   results live in the caller's arena and borrow nothing from the message
 * Threads  pure
 * Errors   ERR_NOTFOUND no signature at all; ERR_INVALID a malformed digest field (400);
 *          ERR_DENIED everything else (401, `why` says which rule)
 * Source   draft-cavage-http-signatures-12; RFC 9421; threats T11-T15, T22, T26, T108
 */
#ifndef WARD_FEDERATION_SIGNATURE_H
#define WARD_FEDERATION_SIGNATURE_H

#include "federation/http_message.h"
#include "federation/key.h"
#include "storage/base/arena.h"
#include "storage/base/base.h"

#define SIGNATURE_FIELD_MAX_BYTES 8192 /* of Signature, Signature-Input, Authorization */
#define SIGNATURE_MAX_PARAMS 32
#define SIGNATURE_MAX_COVERED 64
/* Date and created may be this far from now, on either side ... */
#define SIGNATURE_WINDOW_MS (60 * 60 * 1000)
/* ... but created no further ahead than this. */
#define SIGNATURE_CREATED_SKEW_MS (5 * 60 * 1000)

enum signature_scheme { SIGNATURE_CAVAGE, SIGNATURE_RFC9421 };

struct signature {
    enum signature_scheme scheme;
    const char *key_id;    /* as sent; what it may look like is the caller's question */
    const char *algorithm; /* the label as sent; NULL when there is none */
    const char **covered;  /* in order: "(request-target)", "@method", "digest"; lower case */
    size_t covered_count;
    bool has_created, has_expires;
    int64_t created_s, expires_s;
    const char *params; /* RFC 9421: the canonical value of "@signature-params"; else NULL */
    struct bytes value; /* decoded */
};

MUST_CHECK enum err signature_parse(const struct http_message *msg, struct arena *arena,
                                    struct signature *out, struct why *why);

/* `public_host` is our own host(X) (uri.h); the Host that was signed must be it. */
MUST_CHECK enum err signature_precheck(const struct http_message *msg, const struct signature *sig,
                                       int64_t now_ms, const char *public_host, struct why *why);

/*
 * cavage: the query string is tried as received, then left out, because some senders forget it
 * in (request-target).
 */
MUST_CHECK enum err signature_verify(const struct http_message *msg, const struct signature *sig,
                                     const struct public_key *key, struct why *why);

/*
 * How far the sender's clock seems ahead of ours (negative: behind), by what it signed; 0 when
 * unknown. Over SIGNATURE_CREATED_SKEW_MS deserves a log line.
 */
int64_t signature_clock_ahead_ms(const struct http_message *msg, const struct signature *sig,
                                 int64_t now_ms);

/* The bytes that are signed; what signature_verify builds. For tests and for tracing a peer's
 * fault. */
MUST_CHECK enum err signature_base(const struct http_message *msg, const struct signature *sig,
                                   struct arena *arena, struct bytes *out, struct why *why);

/* Does the signature cover this field or component? Lower case. */
bool signature_covers(const struct signature *sig, const char *name);

/* ---- signing ---- */

struct signature_request {
    enum signature_scheme scheme; /* cavage needs an RSA key */
    const char *method;           /* "GET" or "POST" */
    const char *uri;              /* where it will be sent; http or https */
    struct bytes body;            /* POST only */
    const char *key_id;
    const struct private_key *key;
    int64_t now_ms;
    const char *synchronization; /* value of Collection-Synchronization; NULL: none is sent */
};

#define SIGNATURE_MAX_LINES 6
struct signature_lines {
    const char *line[SIGNATURE_MAX_LINES]; /* "Name: value", without CR LF */
    size_t n;
};

/*
 * The header lines to send, Host first: exactly what was signed, so use this Host and not another.
 *
 * Collection-Synchronization is covered by cavage. Over RFC 9421 it is sent and not covered: peers
 * are known that take the three components above and no others.
 *
 * cavage    Host, Date, [Digest,] Signature over (request-target) host date [digest], rsa-sha256
 * RFC 9421  Host, Date, [Content-Digest,] Signature-Input, Signature over "@method" "@target-uri"
 *           ["content-digest"] with created and keyid
 *
 * ERR_INVALID for a URI or key that does not fit; ERR_LIMIT when the arena is full.
 */
MUST_CHECK enum err signature_sign(const struct signature_request *request, struct arena *arena,
                                   struct signature_lines *out, struct why *why);

/* Does a 401's Accept-Signature field (RFC 9421 §5.1) show that the peer knows RFC 9421? */
bool signature_accepts_rfc9421(const char *accept_signature);

#endif
