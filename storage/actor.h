/*
 * actor - everyone who can act: our own people and the instance actor, and remote actors.
 *
 * Memory   records live in the caller's arena
 * Threads  reads: any thread with a txn. Writes: inside a mutation only.
 * On disk  actor, actor_uri, actor_handle, key_uri (keyspace.h)
 */
#ifndef WARD_STORAGE_ACTOR_H
#define WARD_STORAGE_ACTOR_H

#include "storage/record.h"

MUST_CHECK enum err actor_get(struct txn *txn, actor_id id, struct arena *arena, Actor **out);
/* By exact URI. ERR_NOTFOUND. */
MUST_CHECK enum err actor_find(struct txn *txn, const char *uri, actor_id *out);
/* "name" (ours) or "name@host", case-folded ASCII. */
MUST_CHECK enum err actor_find_handle(struct txn *txn, const char *handle, actor_id *out);
/* Whose key has this id (URI). */
MUST_CHECK enum err actor_find_key(struct txn *txn, const char *key_id, actor_id *out);
/*
 * Inserts (id 0 or unknown: takes a new one and writes it into `actor`) or replaces, and keeps
 * the three indexes right. A handle or key id that another actor has stays the other's: a taken
 * handle moves to the newer actor of the same remote host (accounts are recreated elsewhere), a
 * key id that is taken or not on the actor's host is left out of what is stored (T19).
 *
 * ERR_EXISTS   inserting: the URI is known
 * ERR_INVALID  no URI; replacing: another URI, or another name for one of ours (T70)
 */
MUST_CHECK enum err actor_put(struct txn *txn, Actor *actor, int64_t now_ms);
/* All actors in id order, from after `after`; ERR_NOTFOUND at the end. */
MUST_CHECK enum err actor_next(struct txn *txn, actor_id after, struct arena *arena, Actor **out);
/* "name" or "name@host" of an actor, in the arena. */
const char *actor_handle(const Actor *actor, struct arena *arena);
/* The instance actor of this node. */
MUST_CHECK enum err actor_instance(struct txn *txn, actor_id *out);

#endif
