/*
 * peer - other nodes: what was agreed with them, and how they fare.
 *
 * Hosts are host(X): lower-case A-label, port only when it is not 443.
 */
#ifndef WARD_STORAGE_PEER_H
#define WARD_STORAGE_PEER_H

#include "storage/record.h"

MUST_CHECK enum err peer_get(struct txn *txn, peer_id id, struct arena *arena, Peer **out);
MUST_CHECK enum err peer_find(struct txn *txn, const char *host, peer_id *out);
/* Finds or makes (state UNKNOWN). */
MUST_CHECK enum err peer_ensure(struct txn *txn, const char *host, int64_t now_ms, peer_id *out);
/*
 * Inserts (id 0 or unknown: takes a new one) or replaces; sets changed_ms.
 *
 * ERR_EXISTS   inserting: the host is known
 * ERR_INVALID  no host; replacing: another host
 */
MUST_CHECK enum err peer_put(struct txn *txn, Peer *peer, int64_t now_ms);
/* ERR_INVALID while it still has jobs or parked items. Ledger lines and `fetched` rows that name
 * it stay; its id is never given again. */
MUST_CHECK enum err peer_del(struct txn *txn, peer_id id);
MUST_CHECK enum err peer_next(struct txn *txn, peer_id after, struct arena *arena, Peer **out);

/* All zeros for a peer nothing is known of. */
MUST_CHECK enum err peer_health(struct txn *txn, peer_id id, struct arena *arena, PeerHealth **out);
/* Keeps peer_due right when next_attempt_ms changes. ERR_NOTFOUND: the peer was forgotten. */
MUST_CHECK enum err peer_put_health(struct txn *txn, peer_id id, const PeerHealth *health);
/*
 * The next peer with queued jobs, in order of (next_attempt_ms, peer): after (*due_ms, *peer),
 * which are moved on. Start with -1 and 0; stop when *due_ms is in the future.
 */
MUST_CHECK enum err peer_due_next(struct txn *txn, int64_t *due_ms, peer_id *peer);

/* For outqueue.c: the peer's entry when its first job comes and its last one goes. */
MUST_CHECK enum err peer_due_set(struct txn *txn, peer_id id, int64_t next_ms);
MUST_CHECK enum err peer_due_clear(struct txn *txn, peer_id id, int64_t next_ms);

#endif
