#include "node/http/head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const our_names[] = {"ward.test", "ward.test:8443"};
static const struct head_hosts ours = {our_names, 2};

static struct head parsed;

static struct bytes bytes_n(const char *text, size_t n)
{
    return (struct bytes){(const uint8_t *)text, n};
}

/* 0 when taken, -1 when more is needed, else the status it was refused with. */
static int verdict_n(const char *text, size_t n)
{
    size_t scanned = 0;
    struct head_refusal refusal;
    enum err e = head_parse(bytes_n(text, n), &ours, &scanned, &parsed, &refusal);
    if (e == ERR_LATER)
        return -1;
    return e ? refusal.status : 0;
}

static int verdict(const char *text)
{
    return verdict_n(text, strlen(text));
}

/* A request with these lines after a good request line and Host. */
static int with(const char *lines)
{
    char text[8192];
    int n =
        snprintf(text, sizeof(text), "POST /inbox HTTP/1.1\r\nHost: ward.test\r\n%s\r\n", lines);
    return verdict_n(text, (size_t)n);
}

static int target(const char *raw)
{
    char text[16384];
    int n = snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: ward.test\r\n\r\n", raw);
    return verdict_n(text, (size_t)n);
}

static void a_plain_request_is_taken_apart(void **state)
{
    (void)state;
    const char *text = "POST /users/a?b=c HTTP/1.1\r\nHost: ward.test\r\nX-A:\t b  c \r\n"
                       "Content-Length: 12\r\n\r\nhello";
    assert_int_equal(verdict(text), 0);
    assert_true(bytes_equal(parsed.method, bytes_of("POST")));
    assert_true(bytes_equal(parsed.target, bytes_of("/users/a?b=c")));
    assert_true(bytes_equal(parsed.host, bytes_of("ward.test")));
    assert_int_equal(parsed.minor, 1);
    assert_int_equal(parsed.n_fields, 3);
    assert_true(bytes_equal(parsed.fields[1].value, bytes_of("b  c")));
    assert_true(parsed.has_length);
    assert_int_equal(parsed.length, 12);
    assert_int_equal(parsed.n_bytes, strlen(text) - 5);
    assert_non_null(head_find(&parsed, "x-a"));
    assert_null(head_find(&parsed, "x-b"));
}

static void a_head_may_come_byte_by_byte(void **state)
{
    (void)state;
    const char *text = "GET / HTTP/1.1\r\nHost: ward.test\r\nA: b\r\n\r\n";
    size_t scanned = 0;
    struct head_refusal refusal;
    for (size_t n = 1; n < strlen(text); n++)
        assert_int_equal(head_parse(bytes_n(text, n), &ours, &scanned, &parsed, &refusal),
                         ERR_LATER);
    assert_int_equal(head_parse(bytes_of(text), &ours, &scanned, &parsed, &refusal), OK);
}

static void t01_host_is_there_once_and_ours(void **state)
{
    (void)state;
    assert_int_equal(verdict("GET / HTTP/1.1\r\nHost: ward.test\r\nHost: ward.test\r\n\r\n"), 400);
    assert_int_equal(verdict("GET / HTTP/1.1\r\nAccept: x\r\n\r\n"), 400);
    assert_int_equal(verdict("GET / HTTP/1.1\r\n\r\n"), 400);
    assert_int_equal(verdict("GET / HTTP/1.0\r\n\r\n"), 400);
    assert_int_equal(verdict("GET / HTTP/1.0\r\nHost: ward.test\r\n\r\n"), 0);
    assert_true(parsed.wants_close);
    assert_int_equal(verdict("GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n"), 421);
    assert_int_equal(verdict("GET / HTTP/1.1\r\nHost: ward.test.evil.test\r\n\r\n"), 421);
    assert_int_equal(verdict("GET / HTTP/1.1\r\nHost: ward.test:9\r\n\r\n"), 421);
    assert_int_equal(verdict("GET / HTTP/1.1\r\nHost: ward.test, evil.test\r\n\r\n"), 400);
    assert_int_equal(verdict("GET / HTTP/1.1\r\nHost: a@ward.test\r\n\r\n"), 400);
    assert_int_equal(verdict("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400);
    static const char *const good[] = {"ward.test", "WARD.test", "ward.test:443", "ward.test:80",
                                       "ward.test:8443"};
    for (size_t i = 0; i < COUNT(good); i++) {
        char text[128];
        snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", good[i]);
        assert_int_equal(verdict(text), 0);
    }
}

static void t02_what_must_be_single_is_single(void **state)
{
    (void)state;
    static const char *const names[] = {"Signature",       "Digest",         "Content-Digest",
                                        "Signature-Input", "Date",           "Content-Type",
                                        "Authorization",   "Content-Length", "Transfer-Encoding",
                                        "Cookie",          "Expect",         "Connection"};
    for (size_t i = 0; i < COUNT(names); i++) {
        char text[256];
        snprintf(text, sizeof(text), "%s: 1\r\nX: y\r\n%s: 1\r\n", names[i], names[i]);
        assert_int_equal(with(text), 400);
        snprintf(text, sizeof(text), "%s: 1\r\n%c%s: 1\r\n", names[i], names[i][0] | 0x20,
                 names[i] + 1);
        assert_int_equal(with(text), 400);
    }
    assert_int_equal(with("Accept: a\r\nAccept: b\r\n"), 0);
}

static void t03_a_body_has_one_length(void **state)
{
    (void)state;
    assert_int_equal(with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400);
    assert_int_equal(with("Content-Length: 5\r\nContent-Length: 6\r\n"), 400);
    static const char *const bad[] = {
        "+5", "-5", "5,5", "5 5", "0x5", "", "5.0", "\"5\"", "111111111111111111111111111111"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        char text[128];
        snprintf(text, sizeof(text), "Content-Length: %s\r\n", bad[i]);
        assert_int_equal(with(text), 400);
    }
    assert_int_equal(with("Content-Length: 0\r\n"), 0);
    assert_int_equal(with("Content-Length: 999999999999999999\r\n"), 0);
    assert_int_equal(parsed.length, 999999999999999999);
}

static void t04_the_only_transfer_coding_is_chunked(void **state)
{
    (void)state;
    assert_int_equal(with("Transfer-Encoding: chunked\r\n"), 0);
    assert_true(parsed.is_chunked);
    static const char *const bad[] = {"xchunked",   "gzip, chunked", "chunked, chunked",
                                      "identity",   "chunked;a=b",   "",
                                      "\"chunked\""};
    for (size_t i = 0; i < COUNT(bad); i++) {
        char text[128];
        snprintf(text, sizeof(text), "Transfer-Encoding: %s\r\n", bad[i]);
        assert_int_equal(with(text), 501);
    }
    assert_int_equal(
        verdict("POST / HTTP/1.0\r\nHost: ward.test\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
}

static void t05_names_and_values_are_what_they_look_like(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "X: a\r\n b\r\n", " X: a\r\n",      "X : a\r\n",        "X\t: a\r\n",
        "X(Y): a\r\n",    "X\x80: a\r\n",   ": a\r\n",          "no colon\r\n",
        "X: a\rb\r\n",    "X: a\nY: b\r\n", "X: a\r\r\n",       "X: a\x01z\r\n",
        "X: a\x7fz\r\n",  "X: a\n",         "@gate: https\r\n", "Content-Length: 5\r\n\tX: y\r\n",
    };
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(with(bad[i]), 400);
    static const char nul[] = "GET / HTTP/1.1\r\nHost: ward.test\r\nX: a\0b\r\n\r\n";
    assert_int_equal(verdict_n(nul, sizeof(nul) - 1), 400);
    assert_int_equal(with("X: caf\xc3\xa9\r\n"), 0);
}

static void t05_a_folded_line_is_told_as_such(void **state)
{
    (void)state;
    const char *text = "GET / HTTP/1.1\r\nHost: ward.test\r\nX: a\r\n b\r\n\r\n";
    size_t scanned = 0;
    struct head_refusal refusal;
    assert_int_equal(head_parse(bytes_of(text), &ours, &scanned, &parsed, &refusal), ERR_INVALID);
    assert_string_equal(refusal.why, "a header field is folded");
}

static void t05_what_can_only_be_wrong_is_refused_at_once(void **state)
{
    (void)state;
    assert_int_equal(verdict("\x16\x03\x01"), 400); /* TLS on a plain port */
    assert_int_equal(verdict("\r\n"), 400);
    assert_int_equal(verdict("GET / HTTP/1.1\n"), 400);
    assert_int_equal(verdict("GET / HTTP/1.1\r\nA\rB"), 400);
    assert_int_equal(verdict("GET / HTTP/1.1\r\nA: b\r"), -1);
}

static void t06_targets_are_plain_paths(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "/a%00b",  "/a%0ab",  "/a%0Db", "/%2e%2e/etc", "/%2E.",  "/a/../b", "/..",
        "/.",      "/a/./b",  "//a",    "/a//b",       "/a\\b",  "/a%5cb",  "http://ward.test/",
        "*",       "a",       "",       "/a#b",        "/%",     "/%4",     "/%zz",
        "/?a=%00", "/?a=%0a", "/a\x80", "/?x\\y",      "/a%7fb", "/a%1fb",  "//",
    };
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(target(bad[i]), 400);
    static const char *const good[] = {
        "/",
        "/a/",
        "/a..b",
        "/...",
        "/@alice",
        "/a%2Fb",
        "/%252e%252e",
        "/?u=https://x/../y",
        "/?a[]=1&b=%C3%A9",
        "/a?b?c",
        "/%20",
    };
    for (size_t i = 0; i < COUNT(good); i++)
        assert_int_equal(target(good[i]), 0);
    static const char nul[] = "GET /\0 HTTP/1.1\r\nHost: ward.test\r\n\r\n";
    assert_int_equal(verdict_n(nul, sizeof(nul) - 1), 400);
}

static void t07_any_token_is_a_method_here(void **state)
{
    (void)state;
    assert_int_equal(verdict("brew / HTTP/1.1\r\nHost: ward.test\r\n\r\n"), 0);
    char text[512];
    snprintf(text, sizeof(text), "%0300d / HTTP/1.1\r\nHost: ward.test\r\n\r\n", 1);
    assert_int_equal(verdict(text), 0);
    assert_int_equal(parsed.method.n, HEAD_METHOD_MAX_BYTES);
    assert_int_equal(verdict("G@T / HTTP/1.1\r\nHost: ward.test\r\n\r\n"), 400);
    assert_int_equal(verdict(" / HTTP/1.1\r\nHost: ward.test\r\n\r\n"), 400);
}

static void t08_large_heads_are_refused(void **state)
{
    (void)state;
    static char text[HEAD_MAX_BYTES + 100];
    memset(text, 'a', sizeof(text));
    assert_int_equal(verdict_n(text, 1000), -1);
    assert_int_equal(verdict_n(text, HEAD_TARGET_MAX_BYTES + 100), 414);
    memcpy(text, "GET / HTTP/1.1\r\nHost: ward.test\r\nX: ", 35);
    assert_int_equal(verdict_n(text, HEAD_MAX_BYTES - 1), -1);
    assert_int_equal(verdict_n(text, HEAD_MAX_BYTES), 431);
    assert_int_equal(verdict_n(text, HEAD_MAX_BYTES + 50), 431);

    char many[4096] = "";
    for (int i = 0; i < HEAD_FIELDS_MAX - 1; i++)
        strcat(many, "X: y\r\n");
    assert_int_equal(with(many), 0);
    strcat(many, "X: y\r\n");
    assert_int_equal(with(many), 431);

    static char path[HEAD_TARGET_MAX_BYTES + 2];
    memset(path, 'a', sizeof(path) - 1);
    path[0] = '/';
    assert_int_equal(target(path), 414);
    path[HEAD_TARGET_MAX_BYTES] = '\0';
    assert_int_equal(target(path), 0);
}

static void t08_encoded_bodies_are_refused(void **state)
{
    (void)state;
    assert_int_equal(with("Content-Encoding: gzip\r\n"), 415);
    assert_int_equal(with("Content-Encoding: br, gzip\r\n"), 415);
    assert_int_equal(with("Content-Encoding:\r\n"), 415);
    assert_int_equal(with("Content-Encoding: identity\r\n"), 0);
}

static void versions_and_expectations_are_known(void **state)
{
    (void)state;
    assert_int_equal(verdict("GET / HTTP/2.0\r\nHost: ward.test\r\n\r\n"), 505);
    assert_int_equal(verdict("GET / HTTP/1.2\r\nHost: ward.test\r\n\r\n"), 505);
    assert_int_equal(verdict("GET / HTTP/1.1 \r\nHost: ward.test\r\n\r\n"), 400);
    assert_int_equal(verdict("GET /\r\nHost: ward.test\r\n\r\n"), 400);
    assert_int_equal(verdict("GET  / HTTP/1.1\r\nHost: ward.test\r\n\r\n"), 400);
    assert_int_equal(verdict("GET / http/1.1\r\nHost: ward.test\r\n\r\n"), 400);
    assert_int_equal(with("Expect: 200-ok\r\n"), 417);
    assert_int_equal(with("Expect: 100-Continue\r\n"), 0);
    assert_true(parsed.wants_continue);
}

static void closing_and_upgrading_are_seen(void **state)
{
    (void)state;
    assert_int_equal(with("Connection: keep-alive, Close\r\n"), 0);
    assert_true(parsed.wants_close);
    const char *upgrade = "GET / HTTP/1.1\r\nHost: ward.test\r\nConnection: keep-alive, Upgrade\r\n"
                          "Upgrade: websocket\r\n\r\n";
    assert_int_equal(verdict(upgrade), 0);
    assert_true(parsed.wants_upgrade);
    assert_int_equal(with("Connection: Upgrade\r\nUpgrade: h2c\r\n"), 0);
    assert_false(parsed.wants_upgrade);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_request_is_taken_apart),
        cmocka_unit_test(a_head_may_come_byte_by_byte),
        cmocka_unit_test(t01_host_is_there_once_and_ours),
        cmocka_unit_test(t02_what_must_be_single_is_single),
        cmocka_unit_test(t03_a_body_has_one_length),
        cmocka_unit_test(t04_the_only_transfer_coding_is_chunked),
        cmocka_unit_test(t05_names_and_values_are_what_they_look_like),
        cmocka_unit_test(t05_a_folded_line_is_told_as_such),
        cmocka_unit_test(t05_what_can_only_be_wrong_is_refused_at_once),
        cmocka_unit_test(t06_targets_are_plain_paths),
        cmocka_unit_test(t07_any_token_is_a_method_here),
        cmocka_unit_test(t08_large_heads_are_refused),
        cmocka_unit_test(t08_encoded_bodies_are_refused),
        cmocka_unit_test(versions_and_expectations_are_known),
        cmocka_unit_test(closing_and_upgrading_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
