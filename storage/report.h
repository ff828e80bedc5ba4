/*
 * report - what somebody told our moderators about an account.
 *
 * A peer has at most REPORTS_OPEN_MAX open ones, and the same told twice is one: so a node that
 * floods ours fills no disk and no list.
 *
 * Memory   records live in the caller's arena
 * Threads  reads: any thread with a txn. Writes: inside a mutation only.
 * On disk  report, report_of (keyspace.h)
 */
#ifndef WARD_STORAGE_REPORT_H
#define WARD_STORAGE_REPORT_H

#include "storage/record.h"

#define REPORTS_OPEN_MAX 500

/* Takes an id. ERR_EXISTS: an open one says the same; ERR_LIMIT: its peer has too many open. */
MUST_CHECK enum err report_add(struct txn *txn, Report *report, int64_t now_ms);
MUST_CHECK enum err report_get(struct txn *txn, uint64_t id, struct arena *arena, Report **out);
/* Newest first: the next below `before` (start with UINT64_MAX). */
MUST_CHECK enum err report_next(struct txn *txn, uint64_t before, struct arena *arena,
                                Report **out);
/* `by` "" opens it again. ERR_EXISTS: it is so already. */
MUST_CHECK enum err report_resolve(struct txn *txn, uint64_t id, const char *by, int64_t now_ms);

#endif
