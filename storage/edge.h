/*
 * edge - who follows, likes, boosts, blocks whom or what; and the counters over them.
 */
#ifndef WARD_STORAGE_EDGE_H
#define WARD_STORAGE_EDGE_H

#include "storage/record.h"

struct edge_key {
    enum edge_kind kind;
    uint64_t who;
    uint64_t whom;
};

/* ERR_EXISTS: it is there already, nothing changes. */
MUST_CHECK enum err edge_add(struct txn *txn, struct edge_key key, const Edge *edge);
MUST_CHECK enum err edge_put(struct txn *txn, struct edge_key key, const Edge *edge);
MUST_CHECK enum err edge_del(struct txn *txn, struct edge_key key);
MUST_CHECK enum err edge_get(struct txn *txn, struct edge_key key, struct arena *arena, Edge **out);
bool edge_has(struct txn *txn, struct edge_key key);
/* By the id of the activity that made it (Undo names that). */
MUST_CHECK enum err edge_find(struct txn *txn, const char *uri, struct edge_key *out);
/* key->kind and ->who given; sets ->whom to the next after it (start with 0). */
MUST_CHECK enum err edge_next(struct txn *txn, struct edge_key *key);
/* key->kind and ->whom given; sets ->who to the next after it (start with 0). */
MUST_CHECK enum err edge_rev_next(struct txn *txn, struct edge_key *key);
/* The same two downwards (start with UINT64_MAX). */
MUST_CHECK enum err edge_below(struct txn *txn, struct edge_key *key);
MUST_CHECK enum err edge_rev_below(struct txn *txn, struct edge_key *key);

/*
 * Edges that have an Edge.order (likes and bookmarks of ours), one after the other: key->kind and
 * ->who given; moves *order on and sets ->whom. Start with UINT64_MAX for the older ones, with 0
 * for the newer ones.
 */
enum edge_order_way { EDGE_ORDER_OLDER, EDGE_ORDER_NEWER };
MUST_CHECK enum err edge_order_next(struct txn *txn, struct edge_key *key, enum edge_order_way way,
                                    uint64_t *order);

MUST_CHECK enum err counter_add(struct txn *txn, enum counter_kind kind, uint64_t owner,
                                int64_t by);
uint64_t counter_get(struct txn *txn, enum counter_kind kind, uint64_t owner);

#endif
