#include "node/log.h"
#include "node/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void escape(struct buf *out, const char *in, enum text_style style, size_t max)
{
    buf_reset(out);
    text_escape(out, bytes_of(in), style, max);
}

static void t83_terminal_text_is_one_line_without_controls(void **state)
{
    (void)state;
    AUTO(buf_clear) struct buf out = BUF_INIT(4096);
    static const struct {
        const char *in, *out;
    } row[] = {
        {"Dr. Zo\xC3\xAB \"Ward 7\" \\o/", "Dr. Zo\xC3\xAB \"Ward 7\" \\o/"},
        {"a\x1b[2Jb", "a\\x1b[2Jb"},
        {"a\nb\r\tc", "a\\nb\\r\\tc"},
        {"a\xE2\x80\xAE"
         "b",
         "a\\u{202e}b"},
        {"\xC2\x9B"
         "31m",
         "\\u{9b}31m"},
        {"\xE2\x80\xA8\xE2\x81\xA6\xEF\xBB\xBF", "\\u{2028}\\u{2066}\\u{feff}"},
        {"\xF3\xA0\x80\x81", "\\u{e0001}"},
        {"\xFF\xC3", "\\xff\\xc3"},
        {"\x7F", "\\x7f"},
    };
    for (size_t i = 0; i < COUNT(row); i++) {
        escape(&out, row[i].in, TEXT_TERMINAL, 1000);
        assert_string_equal(buf_text(&out), row[i].out);
    }
}

static void t83_a_json_string_stays_a_json_string(void **state)
{
    (void)state;
    AUTO(buf_clear) struct buf out = BUF_INIT(4096);
    text_json(&out, "a\"\\\n\x01\xE2\x80\xAE\xFF\xF3\xA0\x80\x81");
    assert_string_equal(buf_text(&out), "\"a\\\"\\\\\\n\\u0001\\u202e\xEF\xBF\xBD\\udb40\\udc01\"");
    buf_reset(&out);
    text_json(&out, NULL);
    assert_string_equal(buf_text(&out), "null");
}

static void long_text_is_cut_between_characters(void **state)
{
    (void)state;
    AUTO(buf_clear) struct buf out = BUF_INIT(4096);
    escape(&out, "ab\xE2\x82\xAC", TEXT_TERMINAL, 4);
    assert_string_equal(buf_text(&out), "ab...");
    escape(&out, "ab\xE2\x82\xAC", TEXT_TERMINAL, 5);
    assert_string_equal(buf_text(&out), "ab\xE2\x82\xAC");
}

static void a_line_is_logfmt(void **state)
{
    (void)state;
    AUTO(buf_clear) struct buf line = BUF_INIT(LOG_LINE_MAX_BYTES);
    const struct log_field fields[] = {STR("peer", "a.example"),
                                       INT("job", -17),
                                       STR("why", "no \"answer\""),
                                       STR("empty", NULL),
                                       {NULL}};
    log_render(&line, LOG_FORMAT_TEXT, 0, LOG_WARN, "delivery.failed", fields);
    assert_string_equal(buf_text(&line),
                        "time=1970-01-01T00:00:00.000Z level=warn event=delivery.failed "
                        "peer=a.example job=-17 why=\"no \\\"answer\\\"\" empty=\"\"");
}

static void a_line_is_json_when_asked(void **state)
{
    (void)state;
    AUTO(buf_clear) struct buf line = BUF_INIT(LOG_LINE_MAX_BYTES);
    const struct log_field fields[] = {STR("peer", "x\"y"), INT("n", 3), {NULL}};
    log_render(&line, LOG_FORMAT_JSON, 0, LOG_INFO, "a.b", fields);
    assert_string_equal(buf_text(&line), "{\"time\":\"1970-01-01T00:00:00.000Z\",\"level\":"
                                         "\"info\",\"event\":\"a.b\",\"peer\":\"x\\\"y\",\"n\":3}");
}

static void t83_a_forged_line_stays_inside_its_field(void **state)
{
    (void)state;
    AUTO(buf_clear) struct buf line = BUF_INIT(LOG_LINE_MAX_BYTES);
    const struct log_field fields[] = {STR("name", "x\ntime=2026 level=error event=forged"),
                                       {NULL}};
    log_render(&line, LOG_FORMAT_TEXT, 0, LOG_INFO, "a.b", fields);
    assert_null(strchr(buf_text(&line), '\n'));
    assert_non_null(strstr(buf_text(&line), "name=\"x\\ntime=2026"));
}

static void a_flood_of_fields_is_cut_and_still_closes(void **state)
{
    (void)state;
    char big[4000];
    memset(big, 'x', sizeof big);
    big[sizeof big - 1] = '\0';
    struct log_field fields[41] = {0};
    for (size_t i = 0; i < 40; i++)
        fields[i] = STR("f", big);
    AUTO(buf_clear) struct buf line = BUF_INIT(LOG_LINE_MAX_BYTES);
    log_render(&line, LOG_FORMAT_JSON, 0, LOG_INFO, "a.b", fields);
    assert_false(line.is_full);
    assert_int_equal(line.p[line.n - 1], '}');
}

static void a_slip_of_the_finger_is_recognised(void **state)
{
    (void)state;
    static const char *const words[] = {"peer", "post", "follow", NULL};
    assert_string_equal(text_suggest("folow", words), "follow");
    assert_string_equal(text_suggest("pper", words), "peer");
    assert_null(text_suggest("xyzzy", words));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t83_terminal_text_is_one_line_without_controls),
        cmocka_unit_test(t83_a_json_string_stays_a_json_string),
        cmocka_unit_test(long_text_is_cut_between_characters),
        cmocka_unit_test(a_line_is_logfmt),
        cmocka_unit_test(a_line_is_json_when_asked),
        cmocka_unit_test(t83_a_forged_line_stays_inside_its_field),
        cmocka_unit_test(a_flood_of_fields_is_cut_and_still_closes),
        cmocka_unit_test(a_slip_of_the_finger_is_recognised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
