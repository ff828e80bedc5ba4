/*
 * audit - append-only, hash-chained, in the same transaction as its effect.
 *
 * Never in it: post text, tokens, passwords.
 */
#ifndef WARD_STORAGE_AUDIT_H
#define WARD_STORAGE_AUDIT_H

#include "storage/record.h"

/* Sets seq, at_ms, previous; the strings are the caller's. */
MUST_CHECK enum err audit_add(struct txn *txn, AuditRecord *record, int64_t now_ms);
MUST_CHECK enum err audit_next(struct txn *txn, uint64_t after_seq, struct arena *arena,
                               AuditRecord **out);

#endif
