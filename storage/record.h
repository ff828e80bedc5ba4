/*
 * record - Protocol Buffers in and out of the store.
 *
 * Memory   unpacked records live whole in the caller's arena
 * Errors   ERR_CORRUPT: the bytes are no such record; ERR_LIMIT: the arena is full
 * Source   schema.proto
 */
#ifndef WARD_STORAGE_RECORD_H
#define WARD_STORAGE_RECORD_H

#include "storage/base/arena.h"
#include "storage/engine.h"
#include "storage/schema.pb-c.h"

/* Unpacks `in` as `type` (for example &post__descriptor) into the arena. */
MUST_CHECK enum err record_decode(const ProtobufCMessageDescriptor *type, struct bytes in,
                                  struct arena *arena, void *out_message_pointer);
/* engine_get and record_decode in one. */
MUST_CHECK enum err record_get(struct txn *txn, enum table table, struct bytes key,
                               const ProtobufCMessageDescriptor *type, struct arena *arena,
                               void *out_message_pointer);
/* Packs and puts (or, record_add, adds: ERR_EXISTS changes nothing). */
MUST_CHECK enum err record_put(struct txn *txn, enum table table, struct bytes key,
                               const ProtobufCMessage *message);
MUST_CHECK enum err record_add(struct txn *txn, enum table table, struct bytes key,
                               const ProtobufCMessage *message);

/* h(text) of keyspace.h, under this store's key; `out` takes KEY_HASH_BYTES. */
void text_hash(struct txn *txn, const char *text, uint8_t out[KEY_HASH_BYTES]);

/* The text+id indexes. add: ERR_EXISTS when the text is there already; find: ERR_NOTFOUND. */
MUST_CHECK enum err text_index_add(struct txn *txn, enum table table, const char *text,
                                   uint64_t id);
MUST_CHECK enum err text_index_find(struct txn *txn, enum table table, const char *text,
                                    uint64_t *out);
MUST_CHECK enum err text_index_del(struct txn *txn, enum table table, const char *text);

/* A new id, greater than every id given before, at or after `now_ms`. Write txn only. */
MUST_CHECK enum err id_next(struct txn *txn, int64_t now_ms, uint64_t *out);

/*
 * As id_next, but at `at_ms` when that is past: for what happened before it came to us, so
 * that it sorts where it belongs. Differs from every id of a post that is there.
 */
MUST_CHECK enum err id_next_past(struct txn *txn, int64_t at_ms, int64_t now_ms, uint64_t *out);

#endif
