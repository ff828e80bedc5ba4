/*
 * marker - how far somebody has read, as their apps said: carried from one app to the next.
 *
 * On disk  marker (keyspace.h)
 */
#ifndef WARD_STORAGE_MARKER_H
#define WARD_STORAGE_MARKER_H

#include "storage/record.h"

enum marker_kind { MARKER_HOME = 1, MARKER_NOTIFICATIONS = 2 };

MUST_CHECK enum err marker_get(struct txn *txn, actor_id who, enum marker_kind kind,
                               struct arena *arena, Marker **out);
/* Replaces; the version is one more than before. */
MUST_CHECK enum err marker_put(struct txn *txn, actor_id who, enum marker_kind kind,
                               uint64_t last_read, int64_t now_ms);

#endif
