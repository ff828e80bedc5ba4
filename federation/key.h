/*
 * key - public and private keys: read, write, make, and the two raw operations.
 *
 * The key alone decides the algorithm: an RSA key means RSASSA-PKCS1-v1_5 with SHA-256, an
 * Ed25519 key means Ed25519. Nothing a message says changes that. A key is judged when it is
 * learnt (RSA 2048 to 4096 bits, exponent odd, over 1, at most 2^32), because a stranger's odd
 * modulus would cost us milliseconds at every check.
 *
 * Memory   keys are heap objects freed with *_free (takes the address, accepts NULL); text and
 *          signatures live in the caller's arena. Private bytes are wiped on free.
 * Threads  a key is constant after it was made: any thread may use it
 * Errors   ERR_INVALID for what is no key, or no key we take; ERR_DENIED for a wrong signature
 * Source   FEP-521a (Multikey); RFC 8017; RFC 8032
 */
#ifndef WARD_FEDERATION_KEY_H
#define WARD_FEDERATION_KEY_H

#include "storage/base/arena.h"
#include "storage/base/base.h"

#define KEY_PEM_MAX_BYTES 8192 /* a 4096-bit public key takes 800, its private half 3300 */
#define KEY_RSA_MIN_BITS 2048
#define KEY_RSA_MAX_BITS 4096
#define KEY_RSA_MAX_EXPONENT ((uint64_t)1 << 32)

enum key_type { KEY_RSA, KEY_ED25519 };

struct public_key;
struct private_key;

/* ---- public ---- */

/*
 * A PEM SubjectPublicKeyInfo ("BEGIN PUBLIC KEY") or PKCS#1 key ("BEGIN RSA PUBLIC KEY"); a
 * missing final newline and spaces for newlines are taken.
 */
MUST_CHECK enum err public_key_parse_pem(const char *pem, struct public_key **out, struct why *why);

/* A Multikey's publicKeyMultibase with an Ed25519 key ("z6Mk...", or the same in "u..."). */
MUST_CHECK enum err public_key_parse_multikey(const char *text, struct public_key **out,
                                              struct why *why);

enum key_type public_key_type(const struct public_key *key);
bool public_key_equal(const struct public_key *a, const struct public_key *b);
/* SubjectPublicKeyInfo in PEM. NULL when the arena is full. */
char *public_key_pem(const struct public_key *key, struct arena *arena);
/* "z6Mk...". NULL for an RSA key, or when the arena is full. */
char *public_key_multikey(const struct public_key *key, struct arena *arena);

/* OK, or ERR_DENIED when `signature` is not this key's over `message`. */
MUST_CHECK enum err public_key_verify(const struct public_key *key, struct bytes message,
                                      struct bytes signature);
void public_key_free(struct public_key **key);

/* ---- private ---- */

/* A fresh key: RSA of 2048 bits (takes 50 to 500 ms), or Ed25519. No randomness: aborts. */
struct private_key *private_key_generate(enum key_type type);

/* PKCS#8 or PKCS#1, unencrypted. The limits of public keys hold. */
MUST_CHECK enum err private_key_parse_pem(const char *pem, struct private_key **out,
                                          struct why *why);
/* A Multikey's secretKeyMultibase with an Ed25519 seed ("z3u2..."). */
MUST_CHECK enum err private_key_parse_multikey(const char *text, struct private_key **out,
                                               struct why *why);

enum key_type private_key_type(const struct private_key *key);
/* PKCS#8 in PEM, unencrypted. NULL when the arena is full. The caller wipes it. */
char *private_key_pem(const struct private_key *key, struct arena *arena);
/* The public half, as a key of its own. */
struct public_key *private_key_public(const struct private_key *key);

/* The signature over `message`. ERR_LIMIT: the arena is full; ERR_CORRUPT: a broken RSA key. */
MUST_CHECK enum err private_key_sign(const struct private_key *key, struct bytes message,
                                     struct arena *arena, struct bytes *out);
void private_key_free(struct private_key **key);

#endif
