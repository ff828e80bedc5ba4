/*
 * rate - how many requests an address may make per second.
 *
 * One number per address: when its allowance is used up (the generic cell rate
 * algorithm). The table has a fixed size, so that a stranger with many addresses makes
 * nothing grow; the address that was quiet longest is forgotten first.
 *
 * Units    monotonic milliseconds (clock.h)
 * Threads  any
 * Source   threats.md T62, T63
 */
#ifndef WARD_NODE_HTTP_RATE_H
#define WARD_NODE_HTTP_RATE_H

#include "node/http/address.h"

struct rate;

/* `per_s` requests per second over time, `burst` at once. */
struct rate *rate_create(unsigned per_s, unsigned burst);
void rate_free(struct rate **rate);
/* True, and counted, when the address may make a request now. */
bool rate_take(struct rate *rate, struct address address, int64_t now_ms);

#endif
