/* fuzz_record - a record that decodes packs to bytes that decode to the same again. The first byte:
 * which type.
 */
#include "storage/record.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define FUZZ_ARENA_BYTES (256 * 1024)

static const ProtobufCMessageDescriptor *const types[] = {
    &account__descriptor,   &actor__descriptor,         &audit_record__descriptor,
    &delivery__descriptor,  &edge__descriptor,          &notification__descriptor,
    &out_body__descriptor,  &out_job__descriptor,       &parked__descriptor,
    &peer__descriptor,      &peer_health__descriptor,   &post__descriptor,
    &post_edit__descriptor, &private_keys__descriptor,  &seen__descriptor,
    &token__descriptor,     &tombstone__descriptor,     &want__descriptor,
    &backfill__descriptor,  &backfill_item__descriptor,
};

static struct bytes pack(const ProtobufCMessage *message, struct arena *arena)
{
    size_t n = protobuf_c_message_get_packed_size(message);
    uint8_t *p = arena_alloc(arena, n);
    assert(!p || protobuf_c_message_pack(message, p) == n);
    return (struct bytes){p, n};
}

/* protobuf-c keeps a field numbered 0 as an unknown one and then refuses what it packed itself. */
static bool has_unknown_fields(const ProtobufCMessage *message)
{
    if (message->n_unknown_fields)
        return true;
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        const char *at = (const char *)message;
        if (field->type != PROTOBUF_C_TYPE_MESSAGE || field->label != PROTOBUF_C_LABEL_REPEATED)
            continue;
        size_t n = *(const size_t *)(at + field->quantifier_offset);
        ProtobufCMessage *const *inner = *(ProtobufCMessage *const *const *)(at + field->offset);
        for (size_t j = 0; j < n; j++)
            if (has_unknown_fields(inner[j]))
                return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0)
        return 0;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(FUZZ_ARENA_BYTES);
    AUTO(arena_clear) struct arena packs = ARENA_INIT(4 * FUZZ_ARENA_BYTES);
    const ProtobufCMessageDescriptor *type = types[data[0] % COUNT(types)];
    ProtobufCMessage *message = NULL, *again = NULL;
    if (record_decode(type, (struct bytes){data + 1, n - 1}, &arena, &message)) {
        assert(!message);
        return 0;
    }
    bool is_known = !has_unknown_fields(message);
    struct bytes once = pack(message, &packs);
    if (!once.p || !is_known)
        return 0;
    arena_clear(&arena); /* what was packed borrows nothing from it */
    enum err e = record_decode(type, once, &arena, &again);
    assert(e != ERR_CORRUPT);
    if (e)
        return 0;
    struct bytes twice = pack(again, &packs);
    assert(!twice.p || bytes_equal(once, twice));
    return 0;
}
