/*
 * account - those who sign in here, their passwords and their actors' private keys.
 *
 * Memory   records live in the caller's arena
 * Threads  reads: any thread with a txn. Writes: inside a mutation only.
 * On disk  account, private_key (keyspace.h)
 */
#ifndef WARD_STORAGE_ACCOUNT_H
#define WARD_STORAGE_ACCOUNT_H

#include "storage/record.h"

/* Adds the account, its actor (always a new one) and its keys; writes the id into both records.
 * ERR_EXISTS: the name is or was taken (T70). ERR_INVALID: the names differ, or a foreign host. */
MUST_CHECK enum err account_add(struct txn *txn, Actor *actor, Account *account,
                                const PrivateKeys *keys, int64_t now_ms);
MUST_CHECK enum err account_get(struct txn *txn, actor_id actor, struct arena *arena,
                                Account **out);
MUST_CHECK enum err account_find(struct txn *txn, const char *name, struct arena *arena,
                                 Account **out);
/* Replaces. ERR_INVALID: another name. */
MUST_CHECK enum err account_put(struct txn *txn, const Account *account);
/* Ends an account: no sign-in, no tokens. The actor stays, marked deleted, with its name (T70)
 * and its keys, because its Delete must still be signed. Posts are the caller's. */
MUST_CHECK enum err account_del(struct txn *txn, actor_id actor, int64_t now_ms);
MUST_CHECK enum err account_next(struct txn *txn, actor_id after, struct arena *arena,
                                 Account **out);
MUST_CHECK enum err account_keys(struct txn *txn, actor_id actor, struct arena *arena,
                                 PrivateKeys **out);
/* For any actor of ours, the instance actor too. ERR_NOTFOUND: no such actor. */
MUST_CHECK enum err account_put_keys(struct txn *txn, actor_id actor, const PrivateKeys *keys);

/* It may sign in, and what was let in at `since_ms` still is. */
bool account_may_act(const Account *account, int64_t since_ms);
/* Ends what is signed in for it: tokens at once, sessions and codes by Account.signed_out_ms, which
 * is set in `account`; account_put is the caller's. */
MUST_CHECK enum err account_sign_out(struct txn *txn, Account *account, int64_t now_ms);

/* scrypt (RFC 7914; N 2^15, r 8, p 1): slow on purpose; never on the writer thread. Checking
 * against NULL, "" or garbage is false, and as slow. */
MUST_CHECK enum err password_hash(const char *password, struct arena *arena, const char **out);
bool password_check(const char *password, const char *stored);

#endif
