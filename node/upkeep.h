/*
 * upkeep - what a node forgets with time, a little at each tick.
 *
 * Ids of accepted activities guard against repeats (seen.h). A repeat comes within the time a peer
 * keeps its queue, 30 days as a rule; after twice that an id goes. A round over all of them is
 * begun every few hours and taken in small steps, because others need the writer too; mutes that
 * have ended (mute.h) go in the same rounds. Events that clients were told of (event.h) are looked
 * through every minute.
 *
 * With them go what sign-in leaves behind: codes and sessions that are over, applications that
 * nobody let in for long.
 *
 * Threads  create, tick and free: one thread, the owner's
 */
#ifndef WARD_NODE_UPKEEP_H
#define WARD_NODE_UPKEEP_H

#include "storage/writer.h"

#define UPKEEP_SEEN_LIFE_MS ((int64_t)60 * 24 * 3600 * 1000)
#define UPKEEP_STEP_ROWS 512 /* looked at in one mutation */
#define UPKEEP_PAUSE_MS ((int64_t)6 * 3600 * 1000)
#define UPKEEP_EVENT_ROWS 4096
#define UPKEEP_EVENT_PAUSE_MS ((int64_t)60 * 1000)

struct upkeep;
struct upkeep *upkeep_create(struct writer *writer);
/* Gives the writer the next step when one is due and the one before has ended; never waits. */
void upkeep_tick(struct upkeep *upkeep, int64_t now_mono_ms);
/* After the writer has stopped. */
void upkeep_free(struct upkeep **upkeep);

#endif
