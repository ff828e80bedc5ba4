#include "storage/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void dates_are_written_as_the_rfcs_print_them(void **state)
{
    (void)state;
    char rfc3339[CLOCK_RFC3339_BYTES], http[CLOCK_HTTP_BYTES];
    clock_format_rfc3339(784111777123, rfc3339);
    assert_string_equal(rfc3339, "1994-11-06T08:49:37.123Z");
    clock_format_http(784111777123, http);
    assert_string_equal(http, "Sun, 06 Nov 1994 08:49:37 GMT");
}

static void rfc3339_is_read_loosely(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"1994-11-06T08:49:37Z", 784111777000},
        {"1994-11-06 08:49:37", 784111777000},
        {"1994-11-06T09:49:37.5+01:00", 784111777500},
        {"1994-11-06T08:49:37.123456Z", 784111777123},
        {"1994-11-06T03:19:37-0530", 784111777000},
        {"1994-11-06T08:49Z", 784111740000},
    };
    int64_t ms;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_int_equal(clock_parse_rfc3339(good[i].text, &ms), OK);
        assert_true(ms == good[i].ms);
    }
    static const char *const bad[] = {"",
                                      "yesterday",
                                      "0000-01-01T00:00:00Z",
                                      "10000-01-01T00:00:00Z",
                                      "1994-13-06T08:49:37Z",
                                      "1994-11-06T08:49:37Zx"};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(clock_parse_rfc3339(bad[i], &ms), ERR_INVALID);
}

static void http_dates_need_four_digit_years(void **state)
{
    (void)state;
    int64_t ms;
    assert_int_equal(clock_parse_http("Sun, 06 Nov 1994 08:49:37 GMT", &ms), OK);
    assert_true(ms == 784111777000);
    assert_int_equal(clock_parse_http("18 Dec 2019 10:08:46 GMT", &ms), OK);
    assert_int_equal(clock_parse_http("6 Nov 1994 09:49:37 +0100", &ms), OK);
    assert_true(ms == 784111777000);
    static const char *const bad[] = {"Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
                                      "Sun, 06 Nov 94 08:49:37 GMT", "now", ""};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(clock_parse_http(bad[i], &ms), ERR_INVALID);
}

static void a_set_clock_stands_still(void **state)
{
    (void)state;
    clock_set(1234);
    assert_int_equal(clock_ms(), 1234);
    assert_int_equal(clock_mono_ms(), 1234);
    clock_set(-1);
    assert_true(clock_ms() > 1234);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_written_as_the_rfcs_print_them),
        cmocka_unit_test(rfc3339_is_read_loosely),
        cmocka_unit_test(http_dates_need_four_digit_years),
        cmocka_unit_test(a_set_clock_stands_still),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
