#include "node/http/rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct address address(const char *text)
{
    struct address out = {{0}};
    assert_int_equal(address_parse(bytes_of(text), &out), OK);
    return out;
}

static unsigned granted(struct rate *rate, struct address who, unsigned tries, int64_t now_ms)
{
    unsigned n = 0;
    for (unsigned i = 0; i < tries; i++)
        n += rate_take(rate, who, now_ms);
    return n;
}

static void t62_a_burst_is_granted_then_the_rate(void **state)
{
    (void)state;
    struct rate *rate = rate_create(100, 20);
    struct address a = address("192.0.2.1");
    assert_int_equal(granted(rate, a, 1000, 5000), 20);
    assert_int_equal(granted(rate, a, 1000, 5100), 10);
    assert_int_equal(granted(rate, a, 1000, 6100), 20);
    rate_free(&rate);
    assert_null(rate);
}

static void t62_another_address_does_not_pay(void **state)
{
    (void)state;
    struct rate *rate = rate_create(100, 20);
    assert_int_equal(granted(rate, address("192.0.2.1"), 1000, 5000), 20);
    assert_int_equal(granted(rate, address("192.0.2.2"), 20, 5000), 20);
    assert_int_equal(granted(rate, address("2001:db8::1"), 20, 5000), 20);
    assert_int_equal(granted(rate, address("2001:db8::2"), 20, 5000), 0); /* the same /64 */
    rate_free(&rate);
}

static void t63_many_addresses_make_nothing_grow(void **state)
{
    (void)state;
    struct rate *rate = rate_create(100, 20);
    for (unsigned i = 0; i < 100000; i++) {
        struct address a = address("10.0.0.0");
        a.ip[13] = (uint8_t)(i >> 16);
        a.ip[14] = (uint8_t)(i >> 8);
        a.ip[15] = (uint8_t)i;
        assert_true(rate_take(rate, a, 5000));
    }
    rate_free(&rate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t62_a_burst_is_granted_then_the_rate),
        cmocka_unit_test(t62_another_address_does_not_pay),
        cmocka_unit_test(t63_many_addresses_make_nothing_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
