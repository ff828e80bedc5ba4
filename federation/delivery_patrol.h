/*
 * delivery_patrol - what time and decisions do to queues, attempts aside: authors are told of what
 * is late, what outlived the queue expires, what policy forbids is cancelled.
 *
 * Once a minute it goes round the peers that have jobs. It reads in a snapshot and leaves the work
 * to the writer in steps, a few at a time, because others need the writer too. The decision (a
 * blocked peer, an agreement that ended) was committed before; this is its consequence, on this
 * run of the daemon or the next.
 *
 * Threads  the delivery thread
 * Source   README "Delivery"; threats T88, T100
 */
#ifndef WARD_FEDERATION_DELIVERY_PATROL_H
#define WARD_FEDERATION_DELIVERY_PATROL_H

#include "federation/http_client.h"

struct delivery_patrol;
/* `loop` is woken when the writer is done with a step. */
struct delivery_patrol *delivery_patrol_create(struct federation *fed, struct http_loop *loop);
/* Goes on a bit. True: there is more to do soon. */
bool delivery_patrol_step(struct delivery_patrol *patrol);
/* A round is wanted now. */
void delivery_patrol_now(struct delivery_patrol *patrol);
/* Waits for the writer to finish what it was given. */
void delivery_patrol_free(struct delivery_patrol **patrol);

#endif
