#include "federation/delivery_choose.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW ((int64_t)1000000)
#define ANN 101
#define BOB 102
#define CAT 103

static size_t chosen[16];
static int64_t wake_ms;

static size_t choose(const struct choice *list, size_t n, enum choice_aim aim, size_t max)
{
    wake_ms = INT64_MAX;
    return delivery_choose(list, n, aim, NOW, max, chosen, &wake_ms);
}

static void t97_one_at_a_time_for_each_author(void **state)
{
    (void)state;
    const struct choice list[] = {{1, ANN, 11}, {2, ANN, 12}, {3, BOB, 13},
                                  {4, ANN, 14}, {5, BOB, 15}, {6, CAT, 16}};
    assert_int_equal(choose(list, COUNT(list), CHOICE_ORDER, 8), 3);
    assert_int_equal(list[chosen[0]].seq, 1);
    assert_int_equal(list[chosen[1]].seq, 3);
    assert_int_equal(list[chosen[2]].seq, 6);
    assert_int_equal(choose(list, COUNT(list), CHOICE_ORDER, 2), 2);
    assert_int_equal(choose(list, COUNT(list), CHOICE_ORDER, 0), 0);
    assert_int_equal(choose(list, 0, CHOICE_ORDER, 8), 0);
}

static void what_is_in_flight_holds_its_author_and_object(void **state)
{
    (void)state;
    const struct choice list[] = {{1, ANN, 11, 0, 0, true},
                                  {2, ANN, 12},
                                  {3, BOB, 11}, /* about the same post */
                                  {4, BOB, 13}, /* would pass BOB's former one */
                                  {5, CAT, 14}};
    assert_int_equal(choose(list, COUNT(list), CHOICE_ORDER, 8), 1);
    assert_int_equal(list[chosen[0]].seq, 5);
}

static void a_flight_behind_the_window_counts(void **state)
{
    (void)state;
    const struct choice list[] = {{1, ANN, 11}, {2, BOB, 12}, {900, ANN, 19, 0, 0, true}};
    assert_int_equal(choose(list, COUNT(list), CHOICE_ORDER, 8), 1);
    assert_int_equal(list[chosen[0]].seq, 2);
}

static void a_waiting_job_holds_back_only_its_object(void **state)
{
    (void)state;
    const struct choice list[] = {{1, ANN, 11, 3, NOW + 500},
                                  {2, ANN, 12},
                                  {3, ANN, 11}, /* its Delete must not arrive first */
                                  {4, BOB, 11},
                                  {5, BOB, 13}};
    assert_int_equal(choose(list, COUNT(list), CHOICE_ORDER, 8), 2);
    assert_int_equal(list[chosen[0]].seq, 2);
    assert_int_equal(list[chosen[1]].seq, 5);
    assert_true(wake_ms == NOW + 500);
}

static void a_wait_that_is_over_is_no_wait(void **state)
{
    (void)state;
    const struct choice list[] = {{1, ANN, 11, 3, NOW}, {2, ANN, 11}};
    assert_int_equal(choose(list, COUNT(list), CHOICE_ORDER, 8), 1);
    assert_int_equal(list[chosen[0]].seq, 1);
    assert_true(wake_ms == INT64_MAX);
}

static void jobs_without_an_object_are_about_their_author(void **state)
{
    (void)state;
    const struct choice list[] = {
        {1, ANN, 0, 1, NOW + 9}, {2, ANN, 0}, {3, BOB, 0}, {4, BOB, ANN}, {5, ANN, 12}};
    assert_int_equal(choose(list, COUNT(list), CHOICE_ORDER, 8), 2);
    assert_int_equal(list[chosen[0]].seq, 3);
    assert_int_equal(list[chosen[1]].seq, 5);
}

static void t97_a_probe_is_one_job_and_not_always_the_same(void **state)
{
    (void)state;
    const struct choice list[] = {
        {1, ANN, 11, 5}, {2, BOB, 12, 2}, {3, BOB, 13, 0}, {4, CAT, 14, 2}};
    assert_int_equal(choose(list, COUNT(list), CHOICE_PROBE, 8), 1);
    assert_int_equal(list[chosen[0]].seq, 2); /* 3 is tried less but may not pass 2 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t97_one_at_a_time_for_each_author),
        cmocka_unit_test(what_is_in_flight_holds_its_author_and_object),
        cmocka_unit_test(a_flight_behind_the_window_counts),
        cmocka_unit_test(a_waiting_job_holds_back_only_its_object),
        cmocka_unit_test(a_wait_that_is_over_is_no_wait),
        cmocka_unit_test(jobs_without_an_object_are_about_their_author),
        cmocka_unit_test(t97_a_probe_is_one_job_and_not_always_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
