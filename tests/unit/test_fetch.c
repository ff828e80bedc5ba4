#include "federation/fetch_call.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static enum err judge(enum fetch_kind kind, int status, const char *content_type)
{
    struct http_answer answer = {.status = status};
    snprintf(answer.content_type, sizeof answer.content_type, "%s", content_type);
    return fetch_judge(kind, &answer, NULL);
}

static void t31_only_activity_types_are_activities(void **state)
{
    (void)state;
    static const char *const good[] = {
        "application/activity+json", "application/activity+json; charset=utf-8",
        "Application/Activity+JSON;charset=utf-8", "application/ld+json",
        "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\""};
    static const char *const bad[] = {"text/html",
                                      "text/plain",
                                      "application/json",
                                      "application/octet-stream",
                                      "",
                                      "application/activity+jsonx",
                                      "application/activity+json/x"};
    for (size_t i = 0; i < COUNT(good); i++)
        assert_int_equal(judge(FETCH_ACTIVITY, 200, good[i]), OK);
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(judge(FETCH_ACTIVITY, 200, bad[i]), ERR_INVALID);
    assert_int_equal(judge(FETCH_JRD, 200, "application/jrd+json"), OK);
    assert_int_equal(judge(FETCH_JRD, 200, "application/json; charset=utf-8"), OK);
    assert_int_equal(judge(FETCH_JRD, 200, "text/html"), ERR_INVALID);
    assert_int_equal(judge(FETCH_JSON, 200, "application/json"), OK);
}

static void every_status_says_what_to_do_next(void **state)
{
    (void)state;
    static const struct {
        int status;
        enum err e;
    } rows[] = {{0, ERR_LATER},    {204, ERR_INVALID},  {206, ERR_INVALID},  {400, ERR_INVALID},
                {401, ERR_DENIED}, {403, ERR_DENIED},   {404, ERR_NOTFOUND}, {406, ERR_INVALID},
                {408, ERR_LATER},  {410, ERR_NOTFOUND}, {429, ERR_LATER},    {500, ERR_LATER},
                {503, ERR_LATER}};
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(judge(FETCH_ACTIVITY, rows[i].status, "application/activity+json"),
                         rows[i].e);
}

static void refused_addresses_and_large_answers_are_no_weather(void **state)
{
    (void)state;
    const struct http_answer denied = {.is_denied = true};
    const struct http_answer large = {.status = 200, .is_too_large = true};
    assert_int_equal(fetch_judge(FETCH_ACTIVITY, &denied, NULL), ERR_DENIED);
    assert_int_equal(fetch_judge(FETCH_ACTIVITY, &large, NULL), ERR_LIMIT);
}

static void t51_redirects_stay_on_their_host(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    static const char from[] = "https://one.example:8443/users/ann?x=1";
    assert_string_equal(fetch_redirect_target(from, "/users/1", &arena),
                        "https://one.example:8443/users/1");
    assert_string_equal(
        fetch_redirect_target(from, "https://one.example:8443/users/1#main-key", &arena),
        "https://one.example:8443/users/1");
    static const char *const nowhere[] = {"https://two.example/users/1",
                                          "https://one.example/users/1",
                                          "http://one.example:8443/users/1",
                                          "https://one.example:8443.evil.example/",
                                          "https://one.example:8443@evil.example/",
                                          "//evil.example/",
                                          "users/1",
                                          "file:///etc/passwd",
                                          "gopher://one.example:8443/",
                                          "https://127.0.0.1/",
                                          ""};
    for (size_t i = 0; i < COUNT(nowhere); i++)
        assert_null(fetch_redirect_target(from, nowhere[i], &arena));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t31_only_activity_types_are_activities),
        cmocka_unit_test(every_status_says_what_to_do_next),
        cmocka_unit_test(refused_addresses_and_large_answers_are_no_weather),
        cmocka_unit_test(t51_redirects_stay_on_their_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
