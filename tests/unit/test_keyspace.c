#include "storage/keyspace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void every_table_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (enum table a = 0; a < TABLE_COUNT; a++)
        for (enum table b = 0; b < a; b++)
            assert_string_not_equal(table_name(a), table_name(b));
}

static void byte_order_is_number_order(void **state)
{
    (void)state;
    static const uint64_t number[] = {0, 1, 255, 256, 65536, 1ULL << 32, 1ULL << 63, UINT64_MAX};
    for (size_t i = 1; i < COUNT(number); i++) {
        struct key less = {.n = 0}, more = {.n = 0};
        key_add_u64(&less, number[i - 1]);
        key_add_u64(&more, number[i]);
        assert_true(memcmp(less.p, more.p, 8) < 0);
    }
}

static void what_is_built_is_read_again(void **state)
{
    (void)state;
    struct key key = {.n = 0};
    key_add_u8(&key, 7);
    key_add_u64(&key, 0x0102030405060708);
    key_add_bytes(&key, bytes_of("text"));
    assert_int_equal(key.n, 13);

    size_t at = 0;
    uint8_t kind;
    uint64_t owner;
    assert_int_equal(key_read_u8(key_bytes(&key), &at, &kind), OK);
    assert_int_equal(key_read_u64(key_bytes(&key), &at, &owner), OK);
    assert_int_equal(kind, 7);
    assert_true(owner == 0x0102030405060708);
    assert_int_equal(at, 9);
}

static void a_key_that_is_too_short_is_corrupt(void **state)
{
    (void)state;
    static const uint8_t p[9] = {0};
    uint64_t v = 17;
    uint8_t kind = 17;
    for (size_t n = 0; n <= sizeof p; n++) {
        for (size_t at = 0; at <= sizeof p + 1; at++) {
            size_t moved = at;
            bool fits = at + 8 <= n;
            assert_int_equal(key_read_u64((struct bytes){p, n}, &moved, &v),
                             fits ? OK : ERR_CORRUPT);
            assert_int_equal(moved, fits ? at + 8 : at);
        }
    }
    size_t at = 0;
    assert_int_equal(key_read_u8((struct bytes){p, 0}, &at, &kind), ERR_CORRUPT);
    assert_int_equal(kind, 17);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_table_has_a_name_of_its_own),
        cmocka_unit_test(byte_order_is_number_order),
        cmocka_unit_test(what_is_built_is_read_again),
        cmocka_unit_test(a_key_that_is_too_short_is_corrupt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
