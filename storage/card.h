/*
 * card - what the link in a post of ours leads to, and the posts whose link is still to be looked
 * at.
 *
 * A post waits in card_wanted from the transaction that stores it on, until its card was made or
 * given up: whatever stops in between, nothing is forgotten.
 *
 * Units    Unix milliseconds
 * Threads  reads: any thread with a txn. Writes: inside a mutation only
 * On disk  card_wanted; Post.card
 */
#ifndef WARD_STORAGE_CARD_H
#define WARD_STORAGE_CARD_H

#include "storage/record.h"

MUST_CHECK enum err card_want(struct txn *txn, post_id post, const char *url, int64_t now_ms);
/* The post need not wait. */
MUST_CHECK enum err card_unwant(struct txn *txn, post_id post);
/* The next one above *at, which moves there. */
MUST_CHECK enum err card_wanted_next(struct txn *txn, post_id *at, struct arena *arena,
                                     CardWanted **out);
/* Is tried again then. ERR_NOTFOUND: nobody waits for that any more. */
MUST_CHECK enum err card_postpone(struct txn *txn, post_id post, const char *url,
                                  int64_t next_attempt_ms);
/* The outcome; NULL: the link has none. ERR_NOTFOUND: nobody waits for that any more. */
MUST_CHECK enum err card_settle(struct txn *txn, post_id post, const char *url, const Card *card);

#endif
