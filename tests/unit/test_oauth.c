#include "node/api/oauth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ARENA_BYTES (64 << 10)

static void t110_addresses_apps_are_reached_at_are_taken(void **state)
{
    static const char *const good[] = {
        OAUTH_OUT_OF_BAND,
        "https://elk.zone/api/a.example/oauth/https%3A%2F%2Felk.zone",
        "https://phanpy.social/?a=b",
        "oauth2redirect://com.keylesspalace.tusky/",
        "org.joinmastodon.android-auth://callback",
        "mastodon://joinmastodon.org/oauth",
        "http://localhost:3000/cb",
        "http://127.0.0.1/",
        "http://[::1]:8080/"};
    struct why why;
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        if (oauth_redirect_check(good[i], OAUTH_HTTP_LOOPBACK, &why))
            fail_msg("%s: %s", good[i], why.text);
}

static void t110_addresses_that_run_or_leak_are_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "/cb",
                                      "a.example",
                                      "://a",
                                      "x:",
                                      "javascript:alert(1)",
                                      "JavaScript://a.example/%0aalert(1)",
                                      "data:text/html,x",
                                      "vbscript:x",
                                      "file:///etc/passwd",
                                      "about:blank",
                                      "https://a.example/#x",
                                      "https:///cb",
                                      "https:a.example",
                                      "https://user@a.example/",
                                      "https://a.example/ x",
                                      "https://a.example/\r\nSet-Cookie: x",
                                      "https://a.example/\"",
                                      "https://\xc3\xa4.example/",
                                      "http://a.example/cb",
                                      "http://localhost.evil.example/",
                                      "http://127.0.0.1.evil.example/"};
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        if (oauth_redirect_check(bad[i], OAUTH_HTTP_LOOPBACK, NULL) != ERR_INVALID)
            fail_msg("%s was taken", bad[i]);
    char longest[OAUTH_REDIRECT_MAX_BYTES + 2];
    memset(longest, 'a', sizeof longest);
    memcpy(longest, "https://", 8);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(oauth_redirect_check(longest, OAUTH_HTTP_LOOPBACK, NULL), ERR_INVALID);
    longest[sizeof longest - 2] = '\0';
    assert_int_equal(oauth_redirect_check(longest, OAUTH_HTTP_LOOPBACK, NULL), OK);
    assert_int_equal(oauth_redirect_check("http://a.example/", OAUTH_HTTP_ANYWHERE, NULL), OK);
}

static void t110_an_address_is_matched_byte_for_byte(void **state)
{
    char *registered[] = {(char *)"https://a.example/cb?x=%2F"};
    Application application = APPLICATION__INIT;
    static const char *const others[] = {
        "https://a.example/cb?x=/", "https://A.example/cb?x=%2F",   "https://a.example/cb?x=%2f",
        "https://a.example/cb",     "https://a.example/cb?x=%2F&y", ""};
    (void)state;
    application.redirect_uris = registered;
    application.n_redirect_uris = 1;
    assert_true(oauth_redirect_is_of(&application, registered[0]));
    for (size_t i = 0; i < COUNT(others); i++)
        assert_false(oauth_redirect_is_of(&application, others[i]));
}

static void a_parameter_is_added_as_fits(void **state)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    (void)state;
    assert_string_equal(oauth_redirect_add(&arena, "app://cb", "code", "x"), "app://cb?code=x");
    assert_string_equal(oauth_redirect_add(&arena, "https://a/?b=%2F", "state", "a&b=c d\xc3\xa4"),
                        "https://a/?b=%2F&state=a%26b%3Dc%20d%C3%A4");
}

static void scopes_are_each_named_once(void **state)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    (void)state;
    assert_string_equal(oauth_scopes(&arena, " read  write+read read:lists\n"),
                        "read write read:lists");
    assert_string_equal(oauth_scopes(&arena, ""), "");
}

/* The example of RFC 7636, Appendix B. */
static void t110_a_challenge_is_that_of_its_verifier(void **state)
{
    static const char challenge[] = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    static const char verifier[] = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    (void)state;
    assert_true(oauth_challenge_is_good(challenge));
    assert_false(oauth_challenge_is_good("short"));
    assert_false(oauth_challenge_is_good("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw.cM"));
    assert_true(oauth_challenge_is(&arena, challenge, verifier));
    assert_false(oauth_challenge_is(&arena, challenge, challenge));
    assert_false(oauth_challenge_is(&arena, challenge, "dBjftJeZ4CVP"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t110_addresses_apps_are_reached_at_are_taken),
        cmocka_unit_test(t110_addresses_that_run_or_leak_are_refused),
        cmocka_unit_test(t110_an_address_is_matched_byte_for_byte),
        cmocka_unit_test(a_parameter_is_added_as_fits),
        cmocka_unit_test(scopes_are_each_named_once),
        cmocka_unit_test(t110_a_challenge_is_that_of_its_verifier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
