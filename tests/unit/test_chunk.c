#include "node/http/answer.h"
#include "node/http/chunk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char body[4096];
static size_t body_n, used_n;

/* Reads `text` in pieces of `step` bytes; the body is in `body`. */
static enum err read_in_steps(const char *text, size_t n, size_t step)
{
    struct chunk_reader reader = {0};
    enum err e = ERR_LATER;
    body_n = used_n = 0;
    while (used_n < n && e == ERR_LATER) {
        size_t now = n - used_n < step ? n - used_n : step, used = 0;
        struct bytes data;
        e = chunk_read(&reader, (struct bytes){(const uint8_t *)text + used_n, now}, &used, &data);
        if (e == ERR_INVALID)
            break;
        if (data.n)
            memcpy(body + body_n, data.p, data.n);
        body_n += data.n;
        used_n += used;
    }
    return e;
}

static enum err read_all(const char *text)
{
    enum err whole = read_in_steps(text, strlen(text), 1000);
    size_t used = used_n;
    assert_int_equal(read_in_steps(text, strlen(text), 1), whole);
    if (whole != ERR_INVALID)
        assert_int_equal(used, used_n);
    return whole;
}

static void chunks_are_joined(void **state)
{
    (void)state;
    assert_int_equal(read_all("5\r\nhello\r\n00A\r\n, 10 bytes\r\n0\r\n\r\nGET"), OK);
    assert_int_equal(body_n, 15);
    assert_memory_equal(body, "hello, 10 bytes", 15);
    assert_int_equal(used_n, strlen("5\r\nhello\r\n00A\r\n, 10 bytes\r\n0\r\n\r\n"));
}

static void trailers_are_dropped(void **state)
{
    (void)state;
    assert_int_equal(read_all("1\r\na\r\n0\r\nX: y\r\nZ: 1\r\n\r\n"), OK);
    assert_int_equal(body_n, 1);
}

static void an_unfinished_body_wants_more(void **state)
{
    (void)state;
    static const char *const begun[] = {"5", "5\r", "5\r\nhel", "5\r\nhello\r\n0\r\n",
                                        "0\r\nX: y\r\n"};
    for (size_t i = 0; i < COUNT(begun); i++)
        assert_int_equal(read_all(begun[i]), ERR_LATER);
}

static void t03_broken_framing_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\r\n",
        "g\r\n",
        "5;ext=1\r\n",
        "5 \r\n",
        " 5\r\n",
        "5\nhello",
        "+5\r\n",
        "0x5\r\n",
        "-1\r\n",
        "5\r\nhelloX\n0\r\n\r\n",
        "5\r\nhelloX",
        "5\r\nhello\n",
        "5\r\nhello\rX",
        "123456789\r\n",
        "fffffffff\r\n",
        "0\r\nX: \x01\r\n\r\n",
        "0\r\nX: a\nb\r\n",
    };
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(read_all(bad[i]), ERR_INVALID);
}

static void trailers_have_a_limit(void **state)
{
    (void)state;
    static char text[CHUNK_TRAILER_MAX_BYTES + 100];
    memset(text, 'a', sizeof(text));
    memcpy(text, "0\r\n", 3);
    assert_int_equal(read_in_steps(text, sizeof(text), 4096), ERR_INVALID);
}

/* How many bytes of `text` belong to the first answer, in one piece and byte by byte. */
static size_t answer_of(const char *text, struct answer start, struct answer *out)
{
    struct answer whole = start, slow = start;
    size_t n = answer_feed(&whole, bytes_of(text)), m = 0;
    for (const char *p = text; *p && slow.state != ANSWER_DONE; p++)
        m += answer_feed(&slow, (struct bytes){(const uint8_t *)p, 1});
    assert_int_equal(n, m);
    assert_int_equal(whole.state, slow.state);
    *out = whole;
    return n;
}

static void an_answer_ends_where_it_says(void **state)
{
    (void)state;
    struct answer a;
    const char *text = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP";
    assert_int_equal(answer_of(text, (struct answer){0}, &a), strlen(text) - 4);
    assert_int_equal(a.state, ANSWER_DONE);
    assert_false(a.wants_close);

    text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nHTTP";
    assert_int_equal(answer_of(text, (struct answer){0}, &a), strlen(text) - 4);
    assert_int_equal(a.state, ANSWER_DONE);

    text = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\nHTTP";
    assert_int_equal(answer_of(text, (struct answer){0}, &a), strlen(text) - 4);
    assert_true(a.wants_close);
}

static void an_answer_to_head_has_no_body(void **state)
{
    (void)state;
    struct answer a;
    const char *text = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nHTTP";
    assert_int_equal(answer_of(text, (struct answer){.is_to_head = true}, &a), strlen(text) - 4);
    assert_int_equal(a.state, ANSWER_DONE);
}

static void an_interim_answer_is_not_the_answer(void **state)
{
    (void)state;
    struct answer a;
    assert_int_equal(answer_of("HTTP/1.1 100 Continue\r\n\r\n", (struct answer){0}, &a), 25);
    assert_int_equal(a.state, ANSWER_HEAD);
    assert_false(a.has_begun);
    answer_of("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x01",
              (struct answer){0}, &a);
    assert_int_equal(a.state, ANSWER_UPGRADED);
}

static void an_answer_without_a_length_ends_with_the_connection(void **state)
{
    (void)state;
    struct answer a;
    answer_of("HTTP/1.0 200 OK\r\n\r\nabc", (struct answer){0}, &a);
    assert_int_equal(a.state, ANSWER_UNTIL_CLOSE);
    assert_true(a.wants_close);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_are_joined),
        cmocka_unit_test(trailers_are_dropped),
        cmocka_unit_test(an_unfinished_body_wants_more),
        cmocka_unit_test(t03_broken_framing_is_refused),
        cmocka_unit_test(trailers_have_a_limit),
        cmocka_unit_test(an_answer_ends_where_it_says),
        cmocka_unit_test(an_answer_to_head_has_no_body),
        cmocka_unit_test(an_interim_answer_is_not_the_answer),
        cmocka_unit_test(an_answer_without_a_length_ends_with_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
