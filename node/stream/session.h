/*
 * session - does a token that opened a stream still stand?
 *
 * A request is judged once; a stream lives for days. T81, T110.
 */
#ifndef WARD_NODE_STREAM_SESSION_H
#define WARD_NODE_STREAM_SESSION_H

#include "storage/record.h"

/* The token is there with the same scopes, and whoever it is for (0: an application) may sign in.
 * A store that cannot be read says yes: nothing was taken back. */
bool session_stands(struct txn *txn, const char *secret, actor_id who, const char *scopes);

#endif
