/*
 * scheduled - posts that wait for their time, as apps see them.
 */
#ifndef WARD_NODE_API_SCHEDULED_H
#define WARD_NODE_API_SCHEDULED_H

#include "node/api/entity.h"

#define SCHEDULED_AHEAD_MS ((int64_t)5 * 60 * 1000)

/* ERR_INVALID: no time, or sooner than SCHEDULED_AHEAD_MS from now. */
MUST_CHECK enum err scheduled_time(const char *text, int64_t *out_ms, struct why *why);
/* ScheduledStatus: one of the caller's. */
struct response *scheduled_answer(struct api_call *call, uint64_t id);

#endif
