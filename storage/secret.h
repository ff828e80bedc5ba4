/*
 * secret - what somebody shows to be let in: 256 random bits, of which only the SHA-256 is stored.
 *
 * Such a secret cannot be guessed, so a plain hash keeps it; passwords are another thing
 * (account.h).
 */
#ifndef WARD_STORAGE_SECRET_H
#define WARD_STORAGE_SECRET_H

#include "storage/base/arena.h"
#include "storage/base/base.h"

#define SECRET_HASH_BYTES 32

/* Makes one: its text (43 characters, base64url) in the arena, the only time it is visible, and its
 * hash. ERR_STORE: no randomness. */
MUST_CHECK enum err secret_make(struct arena *arena, const char **out_text,
                                uint8_t out_hash[SECRET_HASH_BYTES]);
MUST_CHECK enum err secret_hash(const char *text, uint8_t out_hash[SECRET_HASH_BYTES]);
/* base64url without padding (RFC 4648 §5) of 32 bytes; NULL when the arena is full. */
const char *secret_text(const uint8_t bytes[SECRET_HASH_BYTES], struct arena *arena);

#endif
