/*
 * delivery_choose - pure: which of a peer's queued jobs go next.
 *
 * Jobs of one author, and jobs about one object, go one at a time and in order. A job that waits
 * alone (it was answered 401, 403, 404) holds back only later jobs about the same object: another
 * post of its author may pass it, its own Update or Delete may not.
 *
 * Source   README "Delivery"; threats T97
 */
#ifndef WARD_FEDERATION_DELIVERY_CHOOSE_H
#define WARD_FEDERATION_DELIVERY_CHOOSE_H

#include "storage/base/base.h"

struct choice {
    uint64_t seq, actor;
    uint64_t object; /* 0: the actor */
    uint32_t attempts;
    int64_t next_attempt_ms; /* of this job alone; in the future: it waits */
    bool is_in_flight;
};

enum choice_aim {
    CHOICE_ORDER, /* the oldest that may go */
    /* To try a failing peer: the one that was tried least, of those that may go. So one job that a
     * peer chokes on is not its probe for ever. */
    CHOICE_PROBE,
};

/*
 * `list` holds the jobs in order of seq; flights that are further ahead in the queue than the list
 * begins must be in it, too (their seq is passed over, their author and object count). Writes at
 * most `max` indexes; returns how many. *out_wake_ms is when the first waiting job may go, moved
 * only downwards.
 */
size_t delivery_choose(const struct choice *list, size_t n, enum choice_aim aim, int64_t now_ms,
                       size_t max, size_t *out, int64_t *out_wake_ms);

#endif
