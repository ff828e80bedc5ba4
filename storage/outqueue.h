/*
 * outqueue - what must still be sent to each peer, in order; and the ledger of what became of it.
 *
 * A job is one activity for one inbox of one peer. It is born in the transaction
 * that makes the activity and dies in the one that records its end. That it is being
 * sent right now is not stored: after a crash it is simply the head again, and the peer
 * drops the repeat by its id.
 *
 * Every job ends in exactly one of delivered, refused, expired, cancelled; the counters
 * COUNTER_DELIVERY add up: queued = delivered + refused + expired + cancelled + waiting.
 *
 * On disk  outqueue, outbody, ledger, peer_due
 */
#ifndef WARD_STORAGE_OUTQUEUE_H
#define WARD_STORAGE_OUTQUEUE_H

#include "storage/record.h"

/* Stores the activity once for all its jobs. A body no job names at commit is an error check finds.
 */
MUST_CHECK enum err outqueue_add_body(struct txn *txn, struct bytes json, int64_t now_ms,
                                      uint64_t *out_body);
/* Takes a seq, adds job and (when subject is set) its ledger line, makes the peer due.
 * ERR_NOTFOUND: no such peer, or no such body. */
MUST_CHECK enum err outqueue_add(struct txn *txn, peer_id peer, OutJob *job, int64_t now_ms);
MUST_CHECK enum err outqueue_get(struct txn *txn, peer_id peer, uint64_t seq, struct arena *arena,
                                 OutJob **out);
/* In order: the first with a seq greater than `after`. */
MUST_CHECK enum err outqueue_next(struct txn *txn, peer_id peer, uint64_t after,
                                  struct arena *arena, OutJob **out);
MUST_CHECK enum err outqueue_body(struct txn *txn, uint64_t body, struct arena *arena,
                                  struct bytes *out);
/* Records a failed attempt: the job (with its new times and attempts) stays, its ledger line says
 * RETRY. ERR_NOTFOUND: it ended meanwhile. */
MUST_CHECK enum err outqueue_retry(struct txn *txn, peer_id peer, const OutJob *job,
                                   uint32_t status, const char *why, int64_t next_attempt_ms);
/* Ends a job: removes it and its body when it was the last, closes the ledger line, counts.
 * DELIVERED and REFUSED count as one more attempt than the job had recorded.
 * ERR_NOTFOUND: it ended before (then nothing changes). */
MUST_CHECK enum err outqueue_end(struct txn *txn, peer_id peer, uint64_t seq, DeliveryState state,
                                 uint32_t status, const char *why, int64_t now_ms);

/* Ends up to `max` jobs of a peer as `state` (CANCELLED or EXPIRED); *out_left is what it still
 * has: go on in the next transaction. */
MUST_CHECK enum err outqueue_cancel(struct txn *txn, peer_id peer, DeliveryState state,
                                    unsigned max, const char *why, int64_t now_ms,
                                    uint64_t *out_left);
/* Jobs that wait alone (refused for now) are due at once: up to `max` of those after *after, which
 * is moved on; ERR_NOTFOUND when there are no more. */
MUST_CHECK enum err outqueue_hasten(struct txn *txn, peer_id peer, unsigned max, uint64_t *after);
/* Cancels what is queued about one subject, at every peer. */
MUST_CHECK enum err outqueue_cancel_subject(struct txn *txn, uint64_t subject, const char *why,
                                            int64_t now_ms);
/* The next peer with jobs after *peer (start with 0), and how many. */
MUST_CHECK enum err outqueue_peer_next(struct txn *txn, peer_id *peer, uint64_t *out_queued);

struct ledger_key {
    uint64_t subject;
    uint64_t peer;
    uint64_t seq;
};
/* key->subject given; moves on to the next line (start with peer and seq 0). */
MUST_CHECK enum err ledger_next(struct txn *txn, struct ledger_key *key, struct arena *arena,
                                Delivery **out);

#endif
