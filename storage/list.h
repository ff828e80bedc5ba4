/*
 * list - people somebody of ours reads in a timeline apart.
 *
 * Only whom its owner follows can be a member (and the owner): the one who is unfollowed leaves
 * every list, so a list never asks another node for anything. Members are edges LISTED, whose who
 * is the list and whose Edge.post its owner.
 *
 * Memory   records live in the caller's arena
 * Threads  reads: any thread with a txn. Writes: inside a mutation only.
 * On disk  list (keyspace.h); edges LISTED
 */
#ifndef WARD_STORAGE_LIST_H
#define WARD_STORAGE_LIST_H

#include "storage/record.h"

#define LISTS_MAX 100 /* of one owner */
#define LIST_MEMBERS_MAX 2000
#define LIST_TITLE_MAX_BYTES 512

/* Takes an id. ERR_LIMIT: the owner has LISTS_MAX; ERR_INVALID: no title, or a long one. */
MUST_CHECK enum err list_add(struct txn *txn, List *list, int64_t now_ms);
MUST_CHECK enum err list_put(struct txn *txn, const List *list);
MUST_CHECK enum err list_get(struct txn *txn, actor_id owner, uint64_t id, struct arena *arena,
                             List **out);
/* The next after `after` (start with 0): the oldest first. */
MUST_CHECK enum err list_next(struct txn *txn, actor_id owner, uint64_t after, struct arena *arena,
                              List **out);
/* With its members. */
MUST_CHECK enum err list_del(struct txn *txn, actor_id owner, uint64_t id);

/*
 * ERR_NOTFOUND  no such list
 * ERR_DENIED    the owner does not follow them
 * ERR_EXISTS    they are in it
 * ERR_LIMIT     it has LIST_MEMBERS_MAX
 */
MUST_CHECK enum err list_member_add(struct txn *txn, actor_id owner, uint64_t id, actor_id member,
                                    int64_t now_ms);
/* ERR_NOTFOUND: they are not in it. */
MUST_CHECK enum err list_member_del(struct txn *txn, uint64_t id, actor_id member);
bool list_has(struct txn *txn, uint64_t id, actor_id member);
/* *member is moved on to the next (start with 0). */
MUST_CHECK enum err list_member_next(struct txn *txn, uint64_t id, actor_id *member);

/* Is the member in an exclusive list of the owner? */
bool list_is_exclusive(struct txn *txn, actor_id owner, actor_id member);

/* For edge.c: `owner` no longer follows `member`. */
MUST_CHECK enum err list_forget(struct txn *txn, actor_id owner, actor_id member);
/* For account.c: every list of an owner. */
MUST_CHECK enum err list_del_all(struct txn *txn, actor_id owner);

#endif
