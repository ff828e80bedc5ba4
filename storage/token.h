/*
 * token - client API tokens; only their SHA-256 is stored.
 *
 * A token belongs to an actor, to an application, or to both; it dies with either.
 *
 * On disk  token, token_id, token_of
 */
#ifndef WARD_STORAGE_TOKEN_H
#define WARD_STORAGE_TOKEN_H

#include "storage/record.h"
#include "storage/secret.h"

enum token_owner { TOKEN_OF_ACTOR = 1, TOKEN_OF_APPLICATION = 2 };

/* Token.used_ms is not exact: writing it for every request would cost more than the request. */
#define TOKEN_USED_STEP_MS ((int64_t)24 * 3600 * 1000)

/* Makes a token (its text in the arena: the only time it is visible). */
MUST_CHECK enum err token_create(struct txn *txn, Token *token, int64_t now_ms, struct arena *arena,
                                 const char **out_secret);
MUST_CHECK enum err token_find(struct txn *txn, const char *secret, struct arena *arena,
                               Token **out);
/* By Token.id. */
MUST_CHECK enum err token_get(struct txn *txn, uint64_t id, struct arena *arena, Token **out);
/* All tokens, in order of hash: hash is moved on; start with zeros. */
MUST_CHECK enum err token_next(struct txn *txn, uint8_t hash[SECRET_HASH_BYTES],
                               struct arena *arena, Token **out);
/* The ids of an owner's tokens, oldest first: *id is moved on; start with 0. */
MUST_CHECK enum err token_of_next(struct txn *txn, enum token_owner kind, uint64_t owner,
                                  uint64_t *id);
/* Used now, as far as that is kept; ERR_NOTFOUND: it was revoked. */
MUST_CHECK enum err token_touch(struct txn *txn, uint64_t id, int64_t now_ms);
/* By Token.id. */
MUST_CHECK enum err token_revoke(struct txn *txn, uint64_t id);
/* All of an actor: signed out everywhere. */
MUST_CHECK enum err token_revoke_all(struct txn *txn, actor_id actor);
/* All that were given to an application. */
MUST_CHECK enum err token_revoke_application(struct txn *txn, uint64_t application);

#endif
