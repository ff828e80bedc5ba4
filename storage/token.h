/*
 * token - client API tokens; only their SHA-256 is stored.
 */
#ifndef WARD_STORAGE_TOKEN_H
#define WARD_STORAGE_TOKEN_H

#include "storage/record.h"

/* Makes a token (256 random bits, base64url, in the arena: the only time it is visible). */
MUST_CHECK enum err token_create(struct txn *txn, Token *token, int64_t now_ms, struct arena *arena,
                                 const char **out_secret);
MUST_CHECK enum err token_find(struct txn *txn, const char *secret, struct arena *arena,
                               Token **out);
/* All tokens, in order of hash: hash is moved on; start with zeros. */
MUST_CHECK enum err token_next(struct txn *txn, uint8_t hash[32], struct arena *arena, Token **out);
/* By Token.id. */
MUST_CHECK enum err token_revoke(struct txn *txn, uint64_t id);
/* All of an actor: signed out everywhere. */
MUST_CHECK enum err token_revoke_all(struct txn *txn, actor_id actor);

#endif
