#include "storage/record.h"

#include "storage/base/log.h"
#include "storage/base/siphash.h"
#include "storage/meta.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define LAST_ID_NAME "last_id"
#define ID_TIME_MAX_MS (((int64_t)1 << 48) - 1)

static void *arena_allocate(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void arena_keep(void *arena, void *p)
{
    (void)arena;
    (void)p;
}

enum err record_decode(const ProtobufCMessageDescriptor *type, struct bytes in, struct arena *arena,
                       void *out_message_pointer)
{
    ProtobufCAllocator allocator = {arena_allocate, arena_keep, arena};
    bool was_full = arena->is_full;
    arena->is_full = false;
    ProtobufCMessage *message =
        protobuf_c_message_unpack(type, &allocator, in.n, in.n ? in.p : (const uint8_t *)"");
    bool is_full = arena->is_full;
    arena->is_full = was_full || is_full;
    if (!message)
        return is_full ? ERR_LIMIT : ERR_CORRUPT;
    memcpy(out_message_pointer, &message, sizeof message);
    return OK;
}

enum err record_get(struct txn *txn, enum table table, struct bytes key,
                    const ProtobufCMessageDescriptor *type, struct arena *arena,
                    void *out_message_pointer)
{
    struct bytes value;
    enum err e = engine_get(txn, table, key, &value);
    return e ? e : record_decode(type, value, arena, out_message_pointer);
}

enum put_mode { PUT, ADD };

static enum err pack_and_put(struct txn *txn, enum table table, struct bytes key,
                             const ProtobufCMessage *message, enum put_mode mode)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    AUTO(xfree) uint8_t *packed = xcalloc(1, size);
    struct bytes value = {packed, protobuf_c_message_pack(message, packed)};
    return mode == PUT ? engine_put(txn, table, key, value) : engine_add(txn, table, key, value);
}

enum err record_put(struct txn *txn, enum table table, struct bytes key,
                    const ProtobufCMessage *message)
{
    return pack_and_put(txn, table, key, message, PUT);
}

enum err record_add(struct txn *txn, enum table table, struct bytes key,
                    const ProtobufCMessage *message)
{
    return pack_and_put(txn, table, key, message, ADD);
}

/* ---- text indexes ------------------------------------------------------------------------- */

void text_hash(struct txn *txn, const char *text, uint8_t out[KEY_HASH_BYTES])
{
    uint8_t key[SIPHASH_KEY_BYTES];
    meta_hash_key(txn, key);
    siphash128(key, bytes_of(text), out);
}

/* The entry under h(text), if it is this text's. */
static enum err text_entry(struct txn *txn, enum table table, const char *text,
                           uint8_t hash[KEY_HASH_BYTES], uint64_t *out_id)
{
    text_hash(txn, text, hash);
    struct bytes value;
    size_t at = 0;
    enum err e = engine_get(txn, table, (struct bytes){hash, KEY_HASH_BYTES}, &value);
    if (e)
        return e;
    e = key_read_u64(value, &at, out_id);
    if (e)
        return e;
    return bytes_equal((struct bytes){value.p + at, value.n - at}, bytes_of(text)) ? OK
                                                                                   : ERR_NOTFOUND;
}

enum err text_index_find(struct txn *txn, enum table table, const char *text, uint64_t *out)
{
    uint8_t hash[KEY_HASH_BYTES];
    uint64_t id;
    enum err e = text_entry(txn, table, text, hash, &id);
    if (e)
        return e;
    *out = id;
    return OK;
}

enum err text_index_add(struct txn *txn, enum table table, const char *text, uint64_t id)
{
    uint8_t hash[KEY_HASH_BYTES];
    text_hash(txn, text, hash);
    struct key head = {.n = 0};
    key_add_u64(&head, id);
    size_t text_bytes = strlen(text);
    AUTO(xfree) uint8_t *value = xcalloc(1, head.n + text_bytes);
    memcpy(value, head.p, head.n);
    memcpy(value + head.n, text, text_bytes);
    return engine_add(txn, table, (struct bytes){hash, KEY_HASH_BYTES},
                      (struct bytes){value, head.n + text_bytes});
}

enum err text_index_del(struct txn *txn, enum table table, const char *text)
{
    uint8_t hash[KEY_HASH_BYTES];
    uint64_t id;
    enum err e = text_entry(txn, table, text, hash, &id);
    return e ? e : engine_del(txn, table, (struct bytes){hash, KEY_HASH_BYTES});
}

/* ---- ids ---------------------------------------------------------------------------------- */

static uint64_t first_id_of_ms(int64_t ms)
{
    if (ms < 1) /* 0 means "none" */
        ms = 1;
    if (ms > ID_TIME_MAX_MS)
        ms = ID_TIME_MAX_MS;
    return (uint64_t)ms << 16;
}

static enum err last_id(struct txn *txn, uint64_t *out)
{
    *out = 0;
    enum err e = meta_get_u64(txn, LAST_ID_NAME, out);
    return e == ERR_NOTFOUND ? OK : e;
}

enum err id_next(struct txn *txn, int64_t now_ms, uint64_t *out)
{
    uint64_t last, id = first_id_of_ms(now_ms);
    enum err e = last_id(txn, &last);
    if (e)
        return e;
    if (last == UINT64_MAX)
        return ERR_LIMIT;
    if (id <= last)
        id = last + 1; /* the same millisecond, or a clock that was set back */
    e = meta_put_u64(txn, LAST_ID_NAME, id);
    if (e)
        return e;
    *out = id;
    return OK;
}

/*
 * Many servers give whole seconds: posts of one millisecond follow each other in the order they
 * came. The first of them begins at random, because a client may still hold the id of a deleted
 * one.
 */
static enum err post_id_after_last_of(struct txn *txn, int64_t at_ms, uint64_t *out)
{
    AUTO(range_close) struct range range = {0};
    struct key lo = {.n = 0}, hi = {.n = 0};
    struct bytes key;
    size_t offset = 0;
    uint16_t sequence;

    key_add_u64(&lo, first_id_of_ms(at_ms));
    key_add_u64(&hi, first_id_of_ms(at_ms + 1));
    enum err e = range_open(txn, TABLE_POST, key_bytes(&lo), key_bytes(&hi), RANGE_DOWN, &range);
    if (!e)
        e = range_next(&range, &key, NULL);
    if (!e) {
        e = key_read_u64(key, &offset, out);
        ++*out;
        return e;
    }
    if (e != ERR_NOTFOUND)
        return e;
    if (getrandom(&sequence, sizeof sequence, 0) != (ssize_t)sizeof sequence)
        return ERR_STORE;
    *out = first_id_of_ms(at_ms) | (sequence >> 2); /* room for those that follow */
    return OK;
}

enum err id_next_past(struct txn *txn, int64_t at_ms, int64_t now_ms, uint64_t *out)
{
    if (at_ms >= now_ms)
        return id_next(txn, now_ms, out);

    uint64_t id;
    enum err e = post_id_after_last_of(txn, at_ms, &id);
    if (e)
        return e;
    for (;; id++) {
        struct key key = {.n = 0};
        struct bytes value;
        key_add_u64(&key, id);
        e = engine_get(txn, TABLE_POST, key_bytes(&key), &value);
        if (e)
            break;
    }
    if (e != ERR_NOTFOUND)
        return e;
    uint64_t last;
    e = last_id(txn, &last);
    if (!e && id > last) /* a store younger than what it is told of, or a clock set back */
        e = meta_put_u64(txn, LAST_ID_NAME, id);
    if (e)
        return e;
    *out = id;
    return OK;
}
