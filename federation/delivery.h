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
#include "storage/schema.pb-c.h"

struct delivery;
MUST_CHECK enum err delivery_start(struct federation *fed, struct delivery **out);
void delivery_wake(struct delivery *delivery);
void delivery_stop(struct delivery **delivery); /* what is in flight is given 5 s */
size_t delivery_in_flight(struct delivery *delivery);

/* Makes a failing peer due now, for an admin. Inside a mutation. */
MUST_CHECK enum err delivery_expedite(struct txn *txn, uint64_t peer, int64_t now_ms);

/*
 * A request of `peer` was verified: for the inbox, in the mutation that applies it. Makes a failing
 * peer due once, early (at most every 15 minutes: outages can be one-way), and notes which scheme
 * the request proved: CAVAGE, RFC9421, or RFC9421_ED25519 when the key was Ed25519.
 *
 * Which signature goes out (PeerHealth.scheme)
 *   UNTRIED          cavage. Moved on by a verified RFC 9421 request from there, by what the
 *                    documents of its actors say (FEP-844e), or by an
 *                    Accept-Signature field (RFC 9421 §5.1) in any of its answers, whatever the
 *                    status: alg="ed25519" in it means RFC9421_ED25519. So two Ward nodes, which
 *                    both send that field with 202, talk Ed25519 from their second activity on.
 *   RFC9421...       as it says; answered 401, cavage is tried at once, and when that works ...
 *   CAVAGE           ... it stays so: RFC 9421 was tried there and refused. Only a 401 to cavage
 *                    that carries Accept-Signature moves it on again.
 */
MUST_CHECK enum err delivery_heard(struct txn *txn, uint64_t peer, SignatureScheme proved,
                                   int64_t now_ms);
/* A document fetched from `peer` says what it understands: believed while nothing is known. */
MUST_CHECK enum err delivery_advertised(struct txn *txn, uint64_t peer, SignatureScheme understood);
#define DELIVERY_HEARD_EVERY_MS ((int64_t)15 * 60 * 1000)
#define DELIVERY_HEARD_NOTE_MS ((int64_t)60 * 1000) /* heard_ms is written no more often */
#define DELIVERY_HEALTH_BYTES ((size_t)16 * 1024)   /* arena for one PeerHealth */

#endif
