#include "node/http/response.h"
#include "storage/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void an_error_is_json_whatever_the_reason_holds(void **state)
{
    (void)state;
    struct response *r = response_error(400, "a \"b\"\\\n\x01 caf\xc3\xa9");
    assert_string_equal(r->body, "{\"error\":\"a \\\"b\\\"\\\\\\u000a\\u0001 caf\xc3\xa9\"}");
    assert_int_equal(r->body_n, strlen(r->body));
    response_free(&r);
    r = response_error(404, NULL);
    assert_string_equal(r->body, "{\"error\":\"Not Found\"}");
    response_free(&r);
    r = response_error(400, "bad \xff byte");
    assert_string_equal(r->body, "{\"error\":\"bad ? byte\"}");
    response_free(&r);
}

static void an_endless_reason_is_left_out(void **state)
{
    (void)state;
    char why[8000];
    memset(why, 'x', sizeof(why) - 1);
    why[sizeof(why) - 1] = '\0';
    struct response *r = response_error(400, why);
    assert_int_equal(r->status, 400);
    assert_string_equal(r->body, "{\"error\":\"Bad Request\"}");
    response_free(&r);
}

static void every_err_has_a_status(void **state)
{
    (void)state;
    static const struct {
        enum err e;
        int status;
    } rows[] = {{OK, 200},          {ERR_NOTFOUND, 404}, {ERR_EXISTS, 409},
                {ERR_INVALID, 400}, {ERR_DENIED, 403},   {ERR_LIMIT, 429},
                {ERR_LATER, 503},   {ERR_CORRUPT, 500},  {ERR_STORE, 503}};
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(response_status_of_err(rows[i].e), rows[i].status);
}

static void our_own_faults_are_not_told(void **state)
{
    (void)state;
    struct why why = {"/var/lib/ward/data.mdb is broken"};
    struct response *r = response_of_err(ERR_CORRUPT, &why);
    assert_string_equal(r->body, "{\"error\":\"Internal Server Error\"}");
    response_free(&r);
    r = response_of_err(ERR_STORE, &why);
    assert_string_equal(response_find(r, "retry-after"), "30");
    assert_null(strstr(r->body, "mdb"));
    response_free(&r);
    r = response_of_err(ERR_INVALID, &why);
    assert_non_null(strstr(r->body, "mdb"));
    response_free(&r);
}

static void fields_are_replaced_or_added_and_stay_one_line(void **state)
{
    (void)state;
    struct response *r = response_create(200);
    response_set(r, "ETag", "\"a\"");
    response_set(r, "etag", "\"b\"\r\nSet-Cookie: x");
    assert_int_equal(r->n_fields, 1);
    assert_string_equal(response_find(r, "ETAG"), "\"b\"");
    response_add(r, "Link", "1");
    response_add(r, "Link", "2");
    assert_int_equal(r->n_fields, 3);
    response_free(&r);
    assert_null(r);
}

static void t76_every_answer_carries_the_security_fields(void **state)
{
    (void)state;
    struct response *r = response_create(200);
    response_seal(r, RESPONSE_OVER_TLS, false);
    assert_string_equal(response_find(r, "X-Content-Type-Options"), "nosniff");
    assert_string_equal(response_find(r, "Referrer-Policy"), "no-referrer");
    assert_non_null(strstr(response_find(r, "Content-Security-Policy"), "default-src 'none'"));
    assert_non_null(response_find(r, "Strict-Transport-Security"));
    assert_null(response_find(r, "Cache-Control"));
    response_free(&r);

    r = response_bytes(200, "text/html; charset=utf-8", bytes_of("<p>"));
    response_seal(r, RESPONSE_OVER_PLAIN, false);
    const char *policy = response_find(r, "Content-Security-Policy");
    assert_non_null(strstr(policy, "frame-ancestors 'none'"));
    assert_null(strstr(policy, "unsafe"));
    assert_null(response_find(r, "Strict-Transport-Security"));
    response_free(&r);

    r = response_create(200);
    response_set(r, "Content-Security-Policy", "sandbox");
    response_seal(r, RESPONSE_OVER_TLS, false);
    assert_string_equal(response_find(r, "Content-Security-Policy"), "sandbox");
    response_free(&r);
}

static void t69_what_was_asked_with_credentials_is_not_kept(void **state)
{
    (void)state;
    struct response *r = response_create(200);
    response_set(r, "Cache-Control", "public, max-age=60");
    response_seal(r, RESPONSE_OVER_TLS, true);
    assert_string_equal(response_find(r, "Cache-Control"), "private, no-store");
    response_free(&r);
}

static void a_full_buffer_is_our_fault(void **state)
{
    (void)state;
    struct buf json = BUF_INIT(4);
    buf_str(&json, "{\"a\":1}");
    struct response *r = response_json(200, &json);
    assert_int_equal(r->status, 500);
    response_free(&r);
}

static void a_refusal_is_a_complete_answer(void **state)
{
    (void)state;
    AUTO(buf_clear) struct buf out = BUF_INIT(4096);
    clock_set(784111777000);
    response_render_refusal(&out, 405, NULL, "GET, HEAD", RESPONSE_OVER_TLS);
    clock_set(-1);
    const char *text = buf_text(&out);
    assert_ptr_equal(strstr(text, "HTTP/1.1 405 Method Not Allowed\r\n"), text);
    assert_non_null(strstr(text, "\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
    assert_non_null(strstr(text, "\r\nAllow: GET, HEAD\r\n"));
    assert_non_null(strstr(text, "\r\nConnection: close\r\n"));
    assert_non_null(strstr(text, "\r\nStrict-Transport-Security: "));
    assert_non_null(
        strstr(text, "\r\nContent-Length: 30\r\n\r\n{\"error\":\"Method Not Allowed\"}"));
    assert_null(strstr(text, "Server:"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_is_json_whatever_the_reason_holds),
        cmocka_unit_test(an_endless_reason_is_left_out),
        cmocka_unit_test(every_err_has_a_status),
        cmocka_unit_test(our_own_faults_are_not_told),
        cmocka_unit_test(fields_are_replaced_or_added_and_stay_one_line),
        cmocka_unit_test(t76_every_answer_carries_the_security_fields),
        cmocka_unit_test(t69_what_was_asked_with_credentials_is_not_kept),
        cmocka_unit_test(a_full_buffer_is_our_fault),
        cmocka_unit_test(a_refusal_is_a_complete_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
