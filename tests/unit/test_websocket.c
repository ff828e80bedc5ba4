#include "node/stream/channel.h"
#include "node/stream/websocket.h"
#include "storage/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The other end: bytes that come, bytes that went, what was said. */
struct end {
    struct bytes in;
    size_t at;
    struct buf out;
    size_t takes; /* bytes it takes before it stands still */
    struct buf said;
};

static ssize_t end_read(void *context, uint8_t *out, size_t max)
{
    struct end *end = context;
    size_t n = end->in.n - end->at < max ? end->in.n - end->at : max;
    if (n)
        memcpy(out, end->in.p + end->at, n);
    end->at += n;
    return (ssize_t)n;
}

static ssize_t end_write(void *context, const uint8_t *p, size_t n)
{
    struct end *end = context;
    if (n > end->takes)
        n = end->takes;
    end->takes -= n;
    buf_add(&end->out, p, n);
    return (ssize_t)n;
}

static void end_said(void *context, struct bytes text)
{
    buf_add(&((struct end *)context)->said, text.p, text.n);
    buf_char(&((struct end *)context)->said, '|');
}

static struct end end_of(const void *p, size_t n)
{
    return (struct end){
        .in = {p, n}, .out = BUF_INIT(4 << 20), .said = BUF_INIT(65536), .takes = SIZE_MAX};
}

static void end_clear(struct end *end)
{
    buf_clear(&end->out);
    buf_clear(&end->said);
}

static struct websocket *socket_of(struct end *end)
{
    return websocket_create(&(struct websocket_io){end, end_read, end_write, end_said});
}

static void a_masked_text_is_heard_and_a_ping_answered(void **state)
{
    /* "hi" in two frames, a ping between them */
    static const uint8_t in[] = {0x01, 0x81, 1, 0,    0,    0, 'h' ^ 1, 0x89, 0x80, 0,
                                 0,    0,    0, 0x80, 0x81, 2, 0,       0,    0,    'i' ^ 2};
    (void)state;
    AUTO(end_clear) struct end end = end_of(in, sizeof in);
    AUTO(websocket_free) struct websocket *ws = socket_of(&end);
    assert_int_equal(websocket_read(ws), OK);
    assert_string_equal(buf_text(&end.said), "hi|");
    assert_int_equal(end.out.n, 2);
    assert_int_equal(end.out.p[0], 0x8a);
}

static void t111_what_breaks_the_protocol_is_closed(void **state)
{
    static const struct {
        uint8_t in[16];
        size_t n;
        unsigned code;
    } cases[] = {
        {{0x81, 0x01, 'h'}, 3, 1002},                                    /* no mask */
        {{0xc1, 0x81, 0, 0, 0, 0, 'h'}, 7, 1002},                        /* a reserved bit */
        {{0x83, 0x81, 0, 0, 0, 0, 'h'}, 7, 1002},                        /* no such frame */
        {{0x80, 0x81, 0, 0, 0, 0, 'h'}, 7, 1002},                        /* goes on with nothing */
        {{0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 15, 1009}, /* 4 GiB */
        {{0x81, 0x81, 0, 0, 0, 0, 0xff}, 7, 1007},                       /* no UTF-8 */
        {{0x82, 0x81, 0, 0, 0, 0, 'h'}, 7, 1003},                        /* binary */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(end_clear) struct end end = end_of(cases[i].in, cases[i].n);
        AUTO(websocket_free) struct websocket *ws = socket_of(&end);
        enum err e = websocket_read(ws);
        assert_true(e == OK || e == ERR_DENIED);
        assert_string_equal(buf_text(&end.said), "");
        if (end.out.n < 2 || end.out.p[0] != 0x88)
            fail_msg("case %zu: not closed", i);
        unsigned code = end.out.n < 4 ? 0 : (unsigned)end.out.p[2] << 8 | end.out.p[3];
        if (code != cases[i].code)
            fail_msg("case %zu: closed with %u", i, code);
    }
}

static void t111_a_reader_that_stands_still_is_given_up(void **state)
{
    (void)state;
    AUTO(end_clear) struct end end = end_of("", 0);
    AUTO(websocket_free) struct websocket *ws = socket_of(&end);
    static char text[10000];
    memset(text, 'x', sizeof text);
    size_t sent = 0;
    end.takes = 1000;
    while (websocket_text(ws, (struct bytes){(uint8_t *)text, sizeof text}) == OK) {
        assert_int_equal(websocket_write(ws), OK);
        assert_true(++sent < 2 * WEBSOCKET_QUEUE_BYTES / sizeof text);
    }
    assert_in_range(sent, WEBSOCKET_QUEUE_BYTES / sizeof text - 1,
                    WEBSOCKET_QUEUE_BYTES / sizeof text + 1);
    assert_true(websocket_wants_write(ws));
}

static void t111_pings_without_end_are_not_queued_without_end(void **state)
{
    (void)state;
    static uint8_t in[60000];
    for (size_t i = 0; i + 6 <= sizeof in; i += 6)
        memcpy(in + i, "\x89\x80\0\0\0\0", 6);
    AUTO(end_clear) struct end end = end_of(in, sizeof in);
    AUTO(websocket_free) struct websocket *ws = socket_of(&end);
    enum err e = OK;
    end.takes = 0;
    for (int i = 0; !e && i < 100; i++)
        e = websocket_read(ws);
    assert_int_equal(e, ERR_DENIED);
}

static void the_key_is_answered_as_the_rfc_says(void **state)
{
    char accept[WEBSOCKET_ACCEPT_BYTES];
    (void)state;
    assert_int_equal(websocket_accept("dGhlIHNhbXBsZSBub25jZQ==", accept), OK);
    assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    static const char *const bad[] = {NULL,
                                      "",
                                      "abc",
                                      "dGhlIHNhbXBsZSBub25jZQ=!",
                                      "!Ghl$HNhbXBsZSBub25jZQ==",
                                      "dGhlIHNhbXBsZSBub25jZWFh"};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(websocket_accept(bad[i], accept), ERR_INVALID);
}

static enum err command(const char *json, struct channel_command *out)
{
    return channel_command_read(bytes_of(json), out, NULL);
}

static void commands_name_channels(void **state)
{
    struct channel_command c;
    (void)state;
    assert_int_equal(command("{\"type\":\"subscribe\",\"stream\":\"hashtag\",\"tag\":\"ICU\"}", &c),
                     OK);
    assert_true(c.is_subscribe);
    assert_string_equal(c.channel.tag, "icu");
    assert_string_equal(c.channel.asked, "ICU");
    assert_int_equal(command("{\"type\":\"unsubscribe\",\"stream\":\"list\",\"list\":\"7\"}", &c),
                     OK);
    assert_false(c.is_subscribe);
    assert_int_equal(c.channel.list, 7);
    assert_int_equal(command("{\"type\":\"subscribe\",\"stream\":\"list\",\"list\":7}", &c), OK);
    assert_int_equal(command("{\"type\":\"subscribe\",\"stream\":\"public:local:media\"}", &c), OK);
    assert_true(c.channel.only_media);
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"type\":\"subscribe\"}",
        "{\"type\":\"subscribe\",\"stream\":\"x\"}",
        "{\"type\":\"other\",\"stream\":\"user\"}",
        "{\"stream\":\"user\"}",
        "{\"type\":\"subscribe\",\"stream\":\"hashtag\"}",
        "{\"type\":\"subscribe\",\"stream\":\"hashtag\",\"tag\":\"12\"}",
        "{\"type\":\"subscribe\",\"stream\":\"list\",\"list\":\"x\"}"};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(command(bad[i], &c), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_masked_text_is_heard_and_a_ping_answered),
        cmocka_unit_test(t111_what_breaks_the_protocol_is_closed),
        cmocka_unit_test(t111_a_reader_that_stands_still_is_given_up),
        cmocka_unit_test(t111_pings_without_end_are_not_queued_without_end),
        cmocka_unit_test(the_key_is_answered_as_the_rfc_says),
        cmocka_unit_test(commands_name_channels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
