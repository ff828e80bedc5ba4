/*
 * digest - the two header fields that bind a body to a signature.
 *
 * Checks are made over the raw bytes received. SHA-256 or SHA-512 must be named and every one of
 * the two that is named must match; weaker algorithms are passed over and never suffice.
 *
 * Threads  pure
 * Errors   ERR_INVALID when the field is malformed (answered 400), ERR_DENIED when it does not
 *          match or names nothing we trust (answered 401)
 * Source   RFC 3230 §4.3.2 (Digest); RFC 9530 §2 (Content-Digest)
 */
#ifndef WARD_FEDERATION_DIGEST_H
#define WARD_FEDERATION_DIGEST_H

#include "storage/base/arena.h"
#include "storage/base/base.h"

#define DIGEST_FIELD_MAX_BYTES 1024

/* `Digest: SHA-256=...,...`; algorithm names in any case. */
MUST_CHECK enum err digest_check(const char *field, struct bytes body, struct why *why);

/* `Content-Digest: sha-256=:...:`; a structured field, so an upper-case name is malformed. */
MUST_CHECK enum err content_digest_check(const char *field, struct bytes body, struct why *why);

/* "SHA-256=..." and "sha-256=:...:" for `body`. NULL when the arena is full. */
char *digest_make(struct bytes body, struct arena *arena);
char *content_digest_make(struct bytes body, struct arena *arena);

#define SHA256_BYTES 32
void sha256(struct bytes in, uint8_t out[SHA256_BYTES]);

#endif
