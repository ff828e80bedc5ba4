/*
 * audit - append-only, hash-chained, in the same transaction as its effect.
 *
 * Never in it: post text, tokens, passwords.
 */
#ifndef WARD_STORAGE_AUDIT_H
#define WARD_STORAGE_AUDIT_H

#include "storage/record.h"

/* Sets seq and at_ms; the strings are the caller's. What is stored also names the record before
 * by the hash of its stored bytes. */
MUST_CHECK enum err audit_add(struct txn *txn, AuditRecord *record, int64_t now_ms);
MUST_CHECK enum err audit_next(struct txn *txn, uint64_t after_seq, struct arena *arena,
                               AuditRecord **out);

/* The chain, for whoever proves it: the last record's number and hash (ERR_NOTFOUND: no record
 * yet), and the hash of stored bytes (false: OpenSSL refuses). */
#define AUDIT_HASH_BYTES 32
MUST_CHECK enum err audit_head(struct txn *txn, uint64_t *out_seq,
                               uint8_t out_hash[AUDIT_HASH_BYTES]);
bool audit_hash(struct bytes stored, uint8_t out[AUDIT_HASH_BYTES]);

#endif
