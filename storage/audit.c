#include "storage/audit.h"

#include <openssl/evp.h>

#include <string.h>

#define AUDIT_HEAD "audit_head" /* in meta: seq:8 SHA-256:32 of the last record */

bool audit_hash(struct bytes stored, uint8_t out[AUDIT_HASH_BYTES])
{
    return EVP_Digest(stored.p, stored.n, out, NULL, EVP_sha256(), NULL) == 1;
}

enum err audit_head(struct txn *txn, uint64_t *out_seq, uint8_t out_hash[AUDIT_HASH_BYTES])
{
    struct bytes value;
    size_t at = 0;
    enum err e = engine_get(txn, TABLE_META, bytes_of(AUDIT_HEAD), &value);
    if (e)
        return e;
    if (value.n != 8 + AUDIT_HASH_BYTES || key_read_u64(value, &at, out_seq))
        return ERR_CORRUPT;
    memcpy(out_hash, value.p + at, AUDIT_HASH_BYTES);
    return OK;
}

/* The head is the hash of what was stored, read back: the chain is over bytes, not over fields. */
static enum err head_move(struct txn *txn, uint64_t seq)
{
    uint8_t hash[AUDIT_HASH_BYTES];
    struct key key = key_id(seq), head = key;
    struct bytes stored;
    enum err e = engine_get(txn, TABLE_AUDIT, key_bytes(&key), &stored);
    if (e)
        return e;
    if (!audit_hash(stored, hash))
        return ERR_STORE;
    key_add_bytes(&head, (struct bytes){hash, sizeof hash});
    return engine_put(txn, TABLE_META, bytes_of(AUDIT_HEAD), key_bytes(&head));
}

enum err audit_add(struct txn *txn, AuditRecord *record, int64_t now_ms)
{
    uint8_t previous[AUDIT_HASH_BYTES];
    uint64_t last = 0;
    enum err e = audit_head(txn, &last, previous);
    if (e && e != ERR_NOTFOUND)
        return e;
    AuditRecord stored = *record;
    stored.seq = record->seq = last + 1;
    stored.at_ms = record->at_ms = now_ms;
    stored.previous.data = previous;
    stored.previous.len = e ? 0 : sizeof previous; /* the first has none before it */
    struct key key = key_id(stored.seq);
    e = record_add(txn, TABLE_AUDIT, key_bytes(&key), &stored.base);
    if (e)
        return e == ERR_EXISTS ? ERR_CORRUPT : e;
    return head_move(txn, stored.seq);
}

enum err audit_next(struct txn *txn, uint64_t after_seq, struct arena *arena, AuditRecord **out)
{
    if (after_seq == UINT64_MAX)
        return ERR_NOTFOUND;
    AUTO(range_close) struct range range = {0};
    struct key lo = key_id(after_seq + 1);
    struct bytes key, value;
    enum err e = range_open(txn, TABLE_AUDIT, key_bytes(&lo), (struct bytes){0}, RANGE_UP, &range);
    if (!e)
        e = range_next(&range, &key, &value);
    return e ? e : record_decode(&audit_record__descriptor, value, arena, out);
}
