/*
 * schedule_clock - posts what was scheduled, when its time has come.
 *
 * What is due stands in scheduled_due, and goes from there in the transaction that posts it: a
 * restart posts nothing twice and forgets nothing. A node that was down posts what it missed at its
 * start.
 *
 * Threads  create, tick and free: one thread, the owner's; the posting is a worker's
 */
#ifndef WARD_FEDERATION_SCHEDULE_CLOCK_H
#define WARD_FEDERATION_SCHEDULE_CLOCK_H

#include "federation/federation.h"

struct schedule_clock;
struct schedule_clock *schedule_clock_create(struct federation *fed);
/* Has what is due posted, when that before is done; never waits (but where run_task does). */
void schedule_clock_tick(struct schedule_clock *clock);
/* After the workers have stopped. */
void schedule_clock_free(struct schedule_clock **clock);

#endif
