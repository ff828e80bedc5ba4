/*
 * multibase - bytes as text: base58btc, base64, base64url.
 *
 * Memory   results live in the caller's arena
 * Errors   ERR_INVALID for a wrong character, length or padding; ERR_LIMIT when the text is longer
 *          than MULTIBASE_MAX_BYTES (base58 costs the square of its length) or the arena is full
 * Source   W3C Controlled Identifiers #multibase-0 ("z" base58btc, "u" base64url without padding);
 *          RFC 4648 §4, §5
 */
#ifndef WARD_FEDERATION_MULTIBASE_H
#define WARD_FEDERATION_MULTIBASE_H

#include "storage/base/arena.h"
#include "storage/base/base.h"

#define MULTIBASE_MAX_BYTES 2048

/* "z..." or "u..."; every other base is ERR_INVALID. */
MUST_CHECK enum err multibase_decode(const char *text, struct arena *arena, struct bytes *out);

/* "z" and base58btc. NULL when the arena is full or `in` is longer than MULTIBASE_MAX_BYTES / 2. */
char *multibase_encode(struct bytes in, struct arena *arena);

/* The standard alphabet with its padding; no white space, no left-over bits. Not bounded here. */
MUST_CHECK enum err base64_decode(struct bytes text, struct arena *arena, struct bytes *out);
char *base64_encode(struct bytes in, struct arena *arena);

/* The URL alphabet, without padding. */
MUST_CHECK enum err base64url_decode(struct bytes text, struct arena *arena, struct bytes *out);
char *base64url_encode(struct bytes in, struct arena *arena);

#endif
