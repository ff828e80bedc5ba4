/*
 * account - those who sign in here, their passwords and their actors' private keys.
 */
#ifndef WARD_STORAGE_ACCOUNT_H
#define WARD_STORAGE_ACCOUNT_H

#include "storage/record.h"

/* Adds the account, its actor and its keys. ERR_EXISTS: the name is or was taken (T70). */
MUST_CHECK enum err account_add(struct txn *txn, Actor *actor, Account *account,
                                const PrivateKeys *keys, int64_t now_ms);
MUST_CHECK enum err account_get(struct txn *txn, actor_id actor, struct arena *arena,
                                Account **out);
MUST_CHECK enum err account_find(struct txn *txn, const char *name, struct arena *arena,
                                 Account **out);
MUST_CHECK enum err account_put(struct txn *txn, const Account *account);
MUST_CHECK enum err account_next(struct txn *txn, actor_id after, struct arena *arena,
                                 Account **out);
MUST_CHECK enum err account_keys(struct txn *txn, actor_id actor, struct arena *arena,
                                 PrivateKeys **out);
MUST_CHECK enum err account_put_keys(struct txn *txn, actor_id actor, const PrivateKeys *keys);

/* scrypt (RFC 7914; N 2^15, r 8, p 1): slow on purpose; never on the writer thread. */
MUST_CHECK enum err password_hash(const char *password, struct arena *arena, const char **out);
bool password_check(const char *password, const char *stored);

#endif
