#include "node/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static double seventeen(void *context)
{
    return *(double *)context;
}

static void counters_and_gauges_are_prometheus_text(void **state)
{
    (void)state;
    static const struct metrics_gauge gauges[] = {
        {"ward_test_waiting", "Waiting.", METRICS_GAUGE, seventeen}, {0}};
    double value = 17;
    AUTO(buf_clear) struct buf out = BUF_INIT(METRICS_MAX_BYTES);
    metrics_set_gauges(gauges, &value);
    metrics_count("inbox.accepted");
    metrics_count("inbox.accepted");
    metrics_render(&out);
    metrics_set_gauges(NULL, NULL);
    assert_false(out.is_full);
    assert_non_null(strstr(buf_text(&out), "# TYPE ward_inbox_accepted_total counter\n"
                                           "ward_inbox_accepted_total 2\n"));
    assert_non_null(strstr(buf_text(&out), "# HELP ward_test_waiting Waiting.\n"
                                           "# TYPE ward_test_waiting gauge\n"
                                           "ward_test_waiting 17\n"));
    assert_int_equal(out.p[out.n - 1], '\n');
}

static void an_event_without_a_row_is_seen(void **state)
{
    (void)state;
    uint64_t before = metrics_get("unknown");
    metrics_count("no.such.event");
    assert_true(metrics_get("unknown") == before + 1);
}

static void the_age_of_the_process_is_known(void **state)
{
    (void)state;
    int64_t age = metrics_age_ms();
    assert_true(age >= 0 && age < 60 * 60 * 1000);
    assert_true(metrics_age_ms() >= age);
}

static void resident_memory_is_known(void **state)
{
    (void)state;
    assert_true(metrics_resident_bytes() > 100000);
    assert_true(metrics_open_files() >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_and_gauges_are_prometheus_text),
        cmocka_unit_test(an_event_without_a_row_is_seen),
        cmocka_unit_test(the_age_of_the_process_is_known),
        cmocka_unit_test(resident_memory_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
