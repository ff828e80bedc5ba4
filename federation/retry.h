/*
 * retry - pure: what an answer to a delivery means, and when to try again.
 *
 * Source   the delivery policy in README "Delivery"; threats T98, T100
 */
#ifndef WARD_FEDERATION_RETRY_H
#define WARD_FEDERATION_RETRY_H

#include "federation/federation.h"
#include "storage/schema.pb-c.h"

enum verdict {
    VERDICT_DELIVERED,    /* 2xx */
    VERDICT_REFUSED,      /* this job ends: 400 405 410 413 415 422 */
    VERDICT_OTHER_SCHEME, /* 401: once more at once with the other signature scheme */
    VERDICT_PATIENCE,     /* 401 again, 403, 404, other 4xx: this job waits, up to 48 h; the peer
                             is fine */
    VERDICT_LATER, /* the peer fails: no answer, TLS, 3xx, 408, 429, 5xx: all its jobs wait */
};

struct answer {
    int status;             /* 0: none */
    int64_t retry_after_ms; /* from now; -1: not said */
    bool tried_both_schemes;
};

enum verdict retry_judge(const struct answer *answer);

/* Retry-After: seconds or a date; capped at 24 h; -1 when it is neither. */
int64_t retry_after_parse(const char *field, int64_t now_ms);

/* When the peer may be tried again after `failures` failures in a row; jitter from `random`. */
int64_t retry_next_ms(const struct federation_config *config, uint32_t failures,
                      const struct answer *answer, int64_t now_ms, uint32_t random);

/* No next attempt is ever set further ahead than this; one that is was set by another clock. */
int64_t retry_longest_ms(const struct federation_config *config);

/*
 * Ends are counted in time AND in attempts: half of those the schedule makes in that time must
 * have been made. So a clock that jumps by years, or a node that was off for a month, ends nothing.
 */
uint32_t retry_attempts_within(const struct federation_config *config, int64_t span_ms);

/* When a job alone is tried again (VERDICT_PATIENCE), 0 when its patience is over: refused. */
int64_t retry_patience_ms(const struct federation_config *config, const OutJob *job,
                          int64_t now_ms);

/* Has the job outlived its queue, at a peer that failed `peer_failures` times in a row? */
bool retry_is_expired(const struct federation_config *config, const OutJob *job,
                      uint32_t peer_failures, int64_t now_ms);

#endif
