/*
 * delivery - the outbound POST loop: schedule peers, not jobs.
 *
 * One thread (curl multi) walks peer_due; for each due peer it takes jobs from the head of the
 * peer's FIFO, up to delivery_per_peer in flight, never two for one author or object at a time, so
 * that activities arrive in order. A job that is waiting alone (401, 403, 404) holds back only
 * jobs with the same object. Signing runs on the worker pool, at send time. Policy is checked again
 * at send time: what may not go any more is cancelled. What happened is recorded through the
 * writer: job removed and ledger line closed, or next attempt set. A crash between the answer and
 * the record sends twice; the peer drops the repeat by its id.
 *
 * A failing peer has at most one request in flight (a probe); one that comes back is ramped up
 * 1, 2, 4, 8. Hearing from it makes it due once, early. No peer waits for another.
 *
 * Threads  start/stop: serve.c. wake: any thread, coalesces
 */
#ifndef WARD_FEDERATION_DELIVERY_H
#define WARD_FEDERATION_DELIVERY_H

#include "federation/federation.h"

struct delivery;
MUST_CHECK enum err delivery_start(struct federation *fed, struct delivery **out);
void delivery_wake(struct delivery *delivery);
void delivery_stop(struct delivery **delivery); /* what is in flight is given 5 s */
size_t delivery_in_flight(struct delivery *delivery);

/* Makes a failing peer due now, for an admin or because we heard from it. Inside a mutation. */
MUST_CHECK enum err delivery_expedite(struct txn *txn, uint64_t peer, int64_t now_ms);

#endif
