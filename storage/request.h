/*
 * request - the notifications that wait until their owner lets their sender through.
 *
 * All that wait from one sender are a request, which has no record of its own: it is there while
 * one of them is. Whoever was let through is kept as edge ADMITTED.
 *
 * Threads  reads: any thread with a txn. Writes: inside a mutation only
 * On disk  notification_request (keyspace.h), Notification.is_filtered
 */
#ifndef WARD_STORAGE_REQUEST_H
#define WARD_STORAGE_REQUEST_H

#include "storage/record.h"

#define REQUEST_COUNT_MAX 1000 /* of one request that are counted */

struct request_summary {
    uint64_t oldest, newest; /* notification ids */
    unsigned count;          /* up to REQUEST_COUNT_MAX */
};

/* Senders, downwards: the next below *from (start with UINT64_MAX). */
MUST_CHECK enum err request_below(struct txn *txn, actor_id owner, uint64_t *from);
/* And upwards (start with 0). */
MUST_CHECK enum err request_above(struct txn *txn, actor_id owner, uint64_t *from);
/* ERR_NOTFOUND: nothing waits from them. */
MUST_CHECK enum err request_get(struct txn *txn, actor_id owner, actor_id from,
                                struct request_summary *out);

/* Moves up to `max` of a request to what is told, or away; *out_more: there are others. */
MUST_CHECK enum err request_admit(struct txn *txn, actor_id owner, actor_id from, unsigned max,
                                  bool *out_more);
MUST_CHECK enum err request_drop(struct txn *txn, actor_id owner, actor_id from, unsigned max,
                                 bool *out_more);

#endif
