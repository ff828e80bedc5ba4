/*
 * backfill - what is being looked for, or was, to have whole threads; one for a thread at most.
 *
 * A running backfill has items: URIs to fetch. An item is queued, then wanted (it has a want, and
 * the fetcher gets it), then ended, and stays until the backfill ends, so that nothing is asked for
 * twice. What remains is the record: how much came, and what is missing and why. All of it is on
 * disk: after a crash the wants are still due.
 *
 * Threads  reads: any thread with a txn. Writes: inside a mutation only.
 * On disk  backfill, backfill_of, backfill_run, backfill_item, backfill_by, and the wants
 */
#ifndef WARD_STORAGE_BACKFILL_H
#define WARD_STORAGE_BACKFILL_H

#include "storage/record.h"

/* Takes an id; ERR_EXISTS: that thread has one. */
MUST_CHECK enum err backfill_add(struct txn *txn, Backfill *backfill, int64_t now_ms);
/* Replaces the record; root and whether it runs stay as they are. */
MUST_CHECK enum err backfill_put(struct txn *txn, const Backfill *backfill);
MUST_CHECK enum err backfill_get(struct txn *txn, uint64_t id, struct arena *arena, Backfill **out);
MUST_CHECK enum err backfill_find(struct txn *txn, post_id root, struct arena *arena,
                                  Backfill **out);
/* The thread turned out to have another root, which has no backfill. */
MUST_CHECK enum err backfill_move(struct txn *txn, Backfill *backfill, uint64_t root);
/* It ran: its items go, and the wants nobody else has. Sets ended_ms, phase and wanted. */
MUST_CHECK enum err backfill_end(struct txn *txn, Backfill *backfill, int64_t now_ms);
MUST_CHECK enum err backfill_del(struct txn *txn, Backfill *backfill);
/* The next one that runs, after *id, which moves there (start with 0). */
MUST_CHECK enum err backfill_next(struct txn *txn, uint64_t *id);

/* ERR_EXISTS: it was added before. */
MUST_CHECK enum err backfill_item_add(struct txn *txn, uint64_t id, const BackfillItem *item);
MUST_CHECK enum err backfill_item_get(struct txn *txn, uint64_t id, const char *uri,
                                      struct arena *arena, BackfillItem **out);
/* The first in that state, in no order that means anything. */
MUST_CHECK enum err backfill_item_first(struct txn *txn, uint64_t id, BackfillState state,
                                        struct arena *arena, BackfillItem **out);
/* Makes it wanted, or ended; keeps the want and backfill->wanted right (backfill_put is the
 * caller's). */
MUST_CHECK enum err backfill_item_want(struct txn *txn, Backfill *backfill, BackfillItem *item,
                                       int64_t now_ms);
MUST_CHECK enum err backfill_item_settle(struct txn *txn, Backfill *backfill, BackfillItem *item);
/* The next backfill that wants `uri`, after *id. */
MUST_CHECK enum err backfill_wants(struct txn *txn, const char *uri, uint64_t *id);

#endif
