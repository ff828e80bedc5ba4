/*
 * schedule - what the clock of scheduled posts does (federation/schedule_clock.h).
 */
#ifndef WARD_FEDERATION_ACT_SCHEDULE_H
#define WARD_FEDERATION_ACT_SCHEDULE_H

#include "federation/act/act.h"

/*
 * Posts the one that has been due longest; it waits for the disk. What can never be posted is
 * marked so. ERR_NOTFOUND: none is due; ERR_LATER, ERR_STORE: it is tried again.
 */
MUST_CHECK enum err act_schedule_step(struct federation *fed, int64_t now_ms);

#endif
