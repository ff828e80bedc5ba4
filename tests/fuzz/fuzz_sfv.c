/* fuzz_sfv - what was parsed and written in canonical form parses again, to the same form. */
#include "federation/sfv.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_ARENA_BYTES (4 << 20)
#define FUZZ_TEXT_MAX_BYTES (4 << 20)

static void check_dictionary(struct bytes in)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(FUZZ_ARENA_BYTES);
    AUTO(buf_clear) struct buf one = BUF_INIT(FUZZ_TEXT_MAX_BYTES);
    AUTO(buf_clear) struct buf two = BUF_INIT(FUZZ_TEXT_MAX_BYTES);
    struct sfv_field field;
    if (sfv_parse_dictionary(in, &arena, &field))
        return;
    sfv_write_dictionary(&one, &field);
    assert(one.is_full || sfv_parse_dictionary(buf_bytes(&one), &arena, &field) == OK ||
           arena.is_full);
    sfv_write_dictionary(&two, &field);
    assert(bytes_equal(buf_bytes(&one), buf_bytes(&two)));
}

static void check_list(struct bytes in)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(FUZZ_ARENA_BYTES);
    AUTO(buf_clear) struct buf one = BUF_INIT(FUZZ_TEXT_MAX_BYTES);
    AUTO(buf_clear) struct buf two = BUF_INIT(FUZZ_TEXT_MAX_BYTES);
    struct sfv_field field;
    if (sfv_parse_list(in, &arena, &field))
        return;
    sfv_write_list(&one, &field);
    assert(one.is_full || sfv_parse_list(buf_bytes(&one), &arena, &field) == OK || arena.is_full);
    sfv_write_list(&two, &field);
    assert(bytes_equal(buf_bytes(&one), buf_bytes(&two)));
}

static void check_item(struct bytes in)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(FUZZ_ARENA_BYTES);
    AUTO(buf_clear) struct buf one = BUF_INIT(FUZZ_TEXT_MAX_BYTES);
    AUTO(buf_clear) struct buf two = BUF_INIT(FUZZ_TEXT_MAX_BYTES);
    struct sfv_item item;
    if (sfv_parse_item(in, &arena, &item))
        return;
    sfv_write_item(&one, &item);
    assert(one.is_full || sfv_parse_item(buf_bytes(&one), &arena, &item) == OK || arena.is_full);
    sfv_write_item(&two, &item);
    assert(bytes_equal(buf_bytes(&one), buf_bytes(&two)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = {data, size};
    check_dictionary(in);
    check_list(in);
    check_item(in);
    return 0;
}
