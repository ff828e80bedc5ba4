/*
 * follow_digest - of each actor's followers, host by host: how many, and the XOR of the SHA-256 of
 * their URIs. Two nodes that hold the same list have the same digest (FEP-8fcf), and saying ours
 * costs one read, however many follow.
 *
 * Kept by edge.c wherever a follow is made or ends. Followers of ours are under the host "".
 *
 * Threads  reads: any thread with a txn. Writes: inside a mutation only.
 * On disk  follow_digest (keyspace.h)
 * Source   FEP-8fcf
 */
#ifndef WARD_STORAGE_FOLLOW_DIGEST_H
#define WARD_STORAGE_FOLLOW_DIGEST_H

#include "storage/record.h"

#define FOLLOW_DIGEST_BYTES 32
struct follow_digest {
    uint64_t count;
    uint8_t sum[FOLLOW_DIGEST_BYTES];
};

/* Of nobody: zeros. */
MUST_CHECK enum err follow_digest_get(struct txn *txn, actor_id followed, const char *host,
                                      struct follow_digest *out);
enum follow_change { FOLLOW_BEGINS, FOLLOW_ENDS };
/* A follower who is not stored counts nowhere. */
MUST_CHECK enum err follow_digest_change(struct txn *txn, actor_id follower, actor_id followed,
                                         enum follow_change change);
/* Adds one URI to a sum, or takes it out: it is the same. */
void follow_digest_mix(uint8_t sum[FOLLOW_DIGEST_BYTES], const char *uri);

struct key follow_digest_key(struct txn *txn, actor_id followed, const char *host);
/* ERR_CORRUPT: no such row. */
MUST_CHECK enum err follow_digest_read(struct bytes value, struct follow_digest *out);

#endif
