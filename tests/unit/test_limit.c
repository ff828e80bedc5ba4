#include "node/api/limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1800000000000)
#define WINDOW_MS 1000

static struct limit_state take(struct limit *limit, const char *key, int64_t now_ms)
{
    return limit_take(limit, bytes_of(key), now_ms);
}

static void each_key_has_so_many_until_its_window_is_over(void **state)
{
    (void)state;
    AUTO(limit_free) struct limit *limit = limit_create(3, WINDOW_MS);
    for (unsigned i = 0; i < 3; i++) {
        struct limit_state s = take(limit, "ann", NOW_MS + i);
        assert_false(s.is_over);
        assert_int_equal(s.left, 2 - i);
        assert_int_equal(s.most, 3);
        assert_int_equal(s.reset_ms, NOW_MS + WINDOW_MS);
    }
    assert_true(take(limit, "ann", NOW_MS + WINDOW_MS - 1).is_over);
    assert_false(take(limit, "ben", NOW_MS + WINDOW_MS - 1).is_over);
    assert_int_equal(take(limit, "ann", NOW_MS + WINDOW_MS).left, 2);
}

static void what_was_given_back_may_be_taken_again(void **state)
{
    (void)state;
    AUTO(limit_free) struct limit *limit = limit_create(1, WINDOW_MS);
    assert_false(take(limit, "ann", NOW_MS).is_over);
    assert_true(take(limit, "ann", NOW_MS).is_over);
    limit_return(limit, bytes_of("ann"), NOW_MS);
    assert_false(take(limit, "ann", NOW_MS).is_over);
    limit_return(limit, bytes_of("ben"), NOW_MS); /* took none */
    assert_false(take(limit, "ben", NOW_MS).is_over);
    assert_true(take(limit, "ben", NOW_MS).is_over);
}

static void a_clock_that_is_set_back_locks_nobody_out(void **state)
{
    (void)state;
    AUTO(limit_free) struct limit *limit = limit_create(1, WINDOW_MS);
    assert_false(take(limit, "ann", NOW_MS + 3600000).is_over);
    assert_false(take(limit, "ann", NOW_MS).is_over);
}

static void t63_many_strangers_make_nothing_grow(void **state)
{
    (void)state;
    AUTO(limit_free) struct limit *limit = limit_create(1, WINDOW_MS);
    for (int i = 0; i < 100000; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        assert_false(take(limit, key, NOW_MS).is_over);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_key_has_so_many_until_its_window_is_over),
        cmocka_unit_test(what_was_given_back_may_be_taken_again),
        cmocka_unit_test(a_clock_that_is_set_back_locks_nobody_out),
        cmocka_unit_test(t63_many_strangers_make_nothing_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
