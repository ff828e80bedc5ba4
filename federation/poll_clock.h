/*
 * poll_clock - what polls do by the clock.
 *
 * Counts that changed are sent out, at most every POLL_TELL_MS; when a poll ends, its author and
 * those of ours who voted are told, and one from elsewhere is fetched once more for its last
 * counts. What is due stands in poll_due, and goes from there in the transaction that did it: a
 * restart tells nobody twice.
 *
 * Threads  create, tick and free: one thread, the owner's
 */
#ifndef WARD_FEDERATION_POLL_CLOCK_H
#define WARD_FEDERATION_POLL_CLOCK_H

#include "federation/federation.h"

struct poll_clock;
struct poll_clock *poll_clock_create(struct federation *fed);
/* Gives the writer the polls that are due, when those before are done; never waits. */
void poll_clock_tick(struct poll_clock *clock);
/* After the writer has stopped. */
void poll_clock_free(struct poll_clock **clock);

#endif
