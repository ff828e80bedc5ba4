/*
 * keyring - private keys of ours, parsed once and kept.
 *
 * Parsing costs as much as signing: an RSA signature took 3.5 ms with it and 1.5 ms without, an
 * Ed25519 one 0.26 and 0.14 ms (one core, busy). The last KEYRING_MAX are kept, by key id and PEM,
 * so that a changed key is another one. What is used by somebody is not thrown away under their
 * hands.
 *
 *     AUTO(keyring_give) struct keyring_key *held = NULL;
 *     e = keyring_take(id, pem, &held, why);
 *     ... keyring_private(held) ...
 *
 * Memory   one cache for the process; keys are wiped when they leave it and at keyring_clear
 * Threads  any
 * Errors   ERR_INVALID: the PEM is no key
 */
#ifndef WARD_FEDERATION_KEYRING_H
#define WARD_FEDERATION_KEYRING_H

#include "federation/key.h"

#define KEYRING_MAX 256 /* people who write at the same time; about 4 KiB each */

struct keyring_key;

MUST_CHECK enum err keyring_take(const char *key_id, const char *pem, struct keyring_key **out,
                                 struct why *why);
/* Lives until it is given back. */
const struct private_key *keyring_private(const struct keyring_key *held);
void keyring_give(struct keyring_key **held);

/* Forgets all that nobody holds. */
void keyring_clear(void);
size_t keyring_count(void);

#endif
