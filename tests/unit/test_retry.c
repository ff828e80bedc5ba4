#include "federation/retry.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MINUTE ((int64_t)60 * 1000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define NOW ((int64_t)1800000000000)

static const struct federation_config config = {
    .queue_life_ms = 30 * DAY,
    .refusal_patience_ms = 48 * HOUR,
    .back_off_ms = {MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR},
    .back_off_count = 5,
};

static void t98_every_answer_has_its_verdict(void **state)
{
    (void)state;
    static const struct {
        int status;
        enum verdict first, again;
    } rows[] = {
        {200, VERDICT_DELIVERED, VERDICT_DELIVERED}, {201, VERDICT_DELIVERED, VERDICT_DELIVERED},
        {202, VERDICT_DELIVERED, VERDICT_DELIVERED}, {204, VERDICT_DELIVERED, VERDICT_DELIVERED},
        {301, VERDICT_LATER, VERDICT_LATER},         {308, VERDICT_LATER, VERDICT_LATER},
        {400, VERDICT_REFUSED, VERDICT_REFUSED},     {401, VERDICT_OTHER_SCHEME, VERDICT_PATIENCE},
        {403, VERDICT_PATIENCE, VERDICT_PATIENCE},   {404, VERDICT_PATIENCE, VERDICT_PATIENCE},
        {405, VERDICT_REFUSED, VERDICT_REFUSED},     {408, VERDICT_LATER, VERDICT_LATER},
        {410, VERDICT_REFUSED, VERDICT_REFUSED},     {413, VERDICT_REFUSED, VERDICT_REFUSED},
        {415, VERDICT_REFUSED, VERDICT_REFUSED},     {418, VERDICT_PATIENCE, VERDICT_PATIENCE},
        {422, VERDICT_REFUSED, VERDICT_REFUSED},     {429, VERDICT_LATER, VERDICT_LATER},
        {500, VERDICT_LATER, VERDICT_LATER},         {503, VERDICT_LATER, VERDICT_LATER},
        {0, VERDICT_LATER, VERDICT_LATER}, /* closed mid-answer, TLS, no route, time-out */
        {999, VERDICT_LATER, VERDICT_LATER},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct answer a = {.status = rows[i].status, .retry_after_ms = -1};
        assert_int_equal(retry_judge(&a), rows[i].first);
        a.tried_both_schemes = true;
        assert_int_equal(retry_judge(&a), rows[i].again);
    }
}

static void t98_retry_after_is_seconds_or_a_date_and_capped(void **state)
{
    (void)state;
    assert_int_equal(retry_after_parse("120", NOW), 2 * MINUTE);
    assert_int_equal(retry_after_parse("0", NOW), 0);
    assert_int_equal(retry_after_parse("99999999", NOW), DAY);
    assert_int_equal(retry_after_parse("99999999999999999999999999", NOW), DAY);
    /* 1800000000 is Fri, 15 Jan 2027 08:00:00 GMT */
    assert_int_equal(retry_after_parse("Fri, 15 Jan 2027 08:10:00 GMT", NOW), 10 * MINUTE);
    assert_int_equal(retry_after_parse("Sun, 06 Nov 1994 08:49:37 GMT", NOW), 0);
    assert_int_equal(retry_after_parse("Fri, 15 Jan 2100 08:10:00 GMT", NOW), DAY);
    static const char *const none[] = {"", "soon", "-5", "1.5", "12 s"};
    for (size_t i = 0; i < COUNT(none); i++)
        assert_int_equal(retry_after_parse(none[i], NOW), -1);
    assert_int_equal(retry_after_parse(NULL, NOW), -1);
}

static void a_failing_peer_backs_off_step_by_step(void **state)
{
    (void)state;
    static const int64_t step[] = {MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 3 * HOUR};
    const struct answer none = {.retry_after_ms = -1};
    for (uint32_t i = 0; i < COUNT(step); i++) {
        int64_t least = retry_next_ms(&config, i + 1, &none, NOW, 0) - NOW;
        int64_t most = retry_next_ms(&config, i + 1, &none, NOW, 1023) - NOW;
        assert_int_equal(least, step[i]);
        assert_true(most > least && most <= step[i] + step[i] / 10);
    }
    assert_int_equal(retry_next_ms(&config, 4000000000u, &none, NOW, 0) - NOW, 3 * HOUR);
}

static void t98_retry_after_is_honoured_for_429_and_503(void **state)
{
    (void)state;
    struct answer a = {.status = 429, .retry_after_ms = 2000};
    assert_int_equal(retry_next_ms(&config, 1, &a, NOW, 0) - NOW, 2000);
    a.retry_after_ms = 0;
    assert_int_equal(retry_next_ms(&config, 1, &a, NOW, 0) - NOW, 1000);
    a.retry_after_ms = DAY;
    assert_int_equal(retry_next_ms(&config, 1, &a, NOW, 0) - NOW, DAY);
    a.status = 503;
    assert_int_equal(retry_next_ms(&config, 9, &a, NOW, 0) - NOW, DAY);
    /* who says "at once" again and again is not believed for ever */
    a.retry_after_ms = 0;
    assert_int_equal(retry_next_ms(&config, 9, &a, NOW, 0) - NOW, 3 * HOUR);
    a.status = 500;
    a.retry_after_ms = 2000;
    assert_int_equal(retry_next_ms(&config, 1, &a, NOW, 0) - NOW, MINUTE);
}

static void a_refused_job_is_tried_for_48_hours(void **state)
{
    (void)state;
    OutJob job = OUT_JOB__INIT;
    job.queued_ms = job.refused_since_ms = NOW;
    int64_t now = NOW, next;
    while ((next = retry_patience_ms(&config, &job, now)) != 0) {
        assert_true(next > now && next <= now + 3 * HOUR);
        now = next;
        job.attempts++;
        assert_true(job.attempts < 100);
    }
    assert_int_equal(now - NOW, 48 * HOUR);
    assert_true(job.attempts > 10);
}

static void t100_a_clock_jump_ends_nothing(void **state)
{
    (void)state;
    const int64_t jump = (int64_t)3650 * DAY;
    OutJob job = OUT_JOB__INIT;
    job.queued_ms = job.refused_since_ms = NOW;
    job.attempts = 2;
    assert_false(retry_is_expired(&config, &job, 3, NOW + jump));
    assert_true(retry_patience_ms(&config, &job, NOW + jump) > NOW + jump);
    assert_false(retry_is_expired(&config, &job, 3, 0));
    assert_true(retry_patience_ms(&config, &job, 0) > 0);
}

static void a_queue_expires_after_thirty_days_of_tries(void **state)
{
    (void)state;
    OutJob job = OUT_JOB__INIT;
    job.queued_ms = NOW;
    assert_false(retry_is_expired(&config, &job, 230, NOW + 30 * DAY - 1));
    assert_true(retry_is_expired(&config, &job, 230, NOW + 30 * DAY));
    assert_true(retry_attempts_within(&config, 30 * DAY) * 3 * HOUR >= 15 * DAY);
    job.attempts = 200; /* alone, at a peer that takes everything else */
    assert_true(retry_is_expired(&config, &job, 0, NOW + 30 * DAY));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t98_every_answer_has_its_verdict),
        cmocka_unit_test(t98_retry_after_is_seconds_or_a_date_and_capped),
        cmocka_unit_test(a_failing_peer_backs_off_step_by_step),
        cmocka_unit_test(t98_retry_after_is_honoured_for_429_and_503),
        cmocka_unit_test(a_refused_job_is_tried_for_48_hours),
        cmocka_unit_test(t100_a_clock_jump_ends_nothing),
        cmocka_unit_test(a_queue_expires_after_thirty_days_of_tries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
