/*
 * encrypt - what a push service is given: it can read neither the message nor who it is for.
 *
 * A message is encrypted to the app's key with a key made for it alone. Two codings: "aes128gcm",
 * and "aesgcm" of the draft before it, which apps that do not say `standard` understand. The
 * service knows us by a signed note (VAPID) in our own P-256 key.
 *
 * Memory   results live in the caller's arena
 * Threads  pure
 * Errors   ERR_INVALID: the app's key is no point of the curve; ERR_LIMIT: too long; ERR_STORE:
 *          OpenSSL has no random numbers or memory
 * Source   RFC 8291, RFC 8188, RFC 8292; draft-ietf-webpush-encryption-04 ("aesgcm")
 */
#ifndef WARD_NODE_PUSH_ENCRYPT_H
#define WARD_NODE_PUSH_ENCRYPT_H

#include "storage/base/arena.h"
#include "storage/base/base.h"

#define PUSH_SCALAR_BYTES 32
#define PUSH_POINT_BYTES 65 /* uncompressed */
#define PUSH_AUTH_BYTES 16
#define PUSH_SALT_BYTES 16
#define PUSH_PLAIN_MAX_BYTES 3000 /* a service takes 4096 of body at least */

struct push_key {
    uint8_t scalar[PUSH_SCALAR_BYTES];
    uint8_t point[PUSH_POINT_BYTES];
};
MUST_CHECK enum err push_key_create(struct push_key *out);

struct push_reader { /* the app, as its subscription says */
    uint8_t point[PUSH_POINT_BYTES];
    uint8_t auth[PUSH_AUTH_BYTES];
};
bool push_point_is_good(const uint8_t point[PUSH_POINT_BYTES]);

enum push_coding { PUSH_AES128GCM, PUSH_AESGCM };
/* `key` and `salt` are made for this message and never used again. */
MUST_CHECK enum err push_encrypt(enum push_coding coding, const struct push_reader *reader,
                                 const struct push_key *key, const uint8_t salt[PUSH_SALT_BYTES],
                                 struct bytes plain, struct arena *arena, struct bytes *out);
MUST_CHECK enum err push_salt_create(uint8_t out[PUSH_SALT_BYTES]);

/* A JWT (ES256) for the service at `audience` ("https://push.example"), good until `until_s`. */
MUST_CHECK enum err push_jwt(const struct push_key *key, const char *audience, const char *subject,
                             int64_t until_s, struct arena *arena, const char **out);

#endif
