/*
 * limit - how often somebody may do a thing within a time: so many, then no more until it is over.
 *
 * A window begins with the first time and ends `window_ms` later, for each key by itself. The table
 * has a fixed size, so that a stranger with many addresses makes nothing grow; whose window has the
 * least left is forgotten first.
 *
 * Units    Unix milliseconds
 * Threads  any
 * Source   threats.md T62, T63, T78; Mastodon API "rate limits"
 */
#ifndef WARD_NODE_API_LIMIT_H
#define WARD_NODE_API_LIMIT_H

#include "storage/base/base.h"

struct limit;

/* What is left, as X-RateLimit tells it. */
struct limit_state {
    unsigned most, left;
    int64_t reset_ms; /* when all of it comes back */
    bool is_over;     /* there was nothing left: refuse */
};

struct limit *limit_create(unsigned most, int64_t window_ms);
void limit_free(struct limit **limit);
/* Counts one for `key`, unless nothing is left. */
struct limit_state limit_take(struct limit *limit, struct bytes key, int64_t now_ms);
/* Takes the one back: it was none of those that count. */
void limit_return(struct limit *limit, struct bytes key, int64_t now_ms);

#endif
