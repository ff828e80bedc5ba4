/*
 * featured - the posts an actor elsewhere shows first, as its own collection `featured` lists them.
 *
 * Add and Remove tell of changes only, and come in any order. So the collection is fetched when the
 * first of ours follows the actor, and whenever the order of an Add and a Remove cannot be known:
 * what it lists then is pinned, and nothing else. One page, FEATURED_MAX posts of its owner's, each
 * fetched from its origin when it is not here; they are no news, and notify nobody.
 *
 * Threads  featured_fetched: a worker; the rest inside a mutation
 * On disk  want (featured_of), edge (PIN), tombstone (of what was removed)
 * Source   Mastodon, "featured collection"
 */
#ifndef WARD_FEDERATION_FEATURED_H
#define WARD_FEDERATION_FEATURED_H

#include "federation/as2.h"
#include "federation/federation.h"
#include "storage/actor.h"

#define FEATURED_MAX 20 /* of an actor elsewhere */

/* The collection of `who` is to be fetched, again if it is being fetched just now. */
MUST_CHECK enum err featured_want(struct txn *txn, const Actor *who, int64_t now_ms);
/* The same, when nobody of ours follows them yet. */
MUST_CHECK enum err featured_want_first(struct txn *txn, actor_id who, int64_t now_ms);

/* What a Remove leaves, so that an Add from before it that comes later is not believed. */
MUST_CHECK enum err featured_remember_removed(struct txn *txn, const Actor *who, const char *post,
                                              int64_t now_ms);
bool featured_was_removed(struct txn *txn, const Actor *who, const char *post);

/* Whose collection the want for this post came from; 0: nobody's. */
actor_id featured_owner(struct txn *txn, const char *uri);

/* The document that such a want brought; true: it is dealt with. */
bool featured_fetched(struct federation *fed, const char *uri, const struct as2_document *document);

#endif
