/*
 * push - the thread that wakes apps through the push services they named.
 *
 * It looks at the event log for notifications; what is to be sent stands in the store (storage/
 * push.h), so a restart loses nothing, and what was sent as the power failed is sent again. One
 * message of a subscription is under way at a time. A service that is gone (404, 410) ends the
 * subscription; one that is busy or down is tried again later, and holds back nobody else: so many
 * messages to one host at a time. What is older than a day is dropped.
 *
 * Threads  start, stop: the owner's
 * Source   RFC 8030
 */
#ifndef WARD_NODE_PUSH_PUSH_H
#define WARD_NODE_PUSH_PUSH_H

#include "node/api/api.h"

struct push;
/* Makes the node's key when there is none. */
MUST_CHECK enum err push_start(struct api *api, struct push **out, struct why *why);
void push_stop(struct push **push);

#endif
