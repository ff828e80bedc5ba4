/* JSON in its canonical form, as others write it. */
#include "federation/canonical.h"

#include "federation/as2.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FILE_MAX_BYTES 65536

static void read_vector(const char *folder, const char *name, struct buf *out)
{
    char path[512], bytes[4096];
    snprintf(path, sizeof path, "%s/jcs/%s/%s", getenv("WARD_VECTORS"), folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, file)) > 0;)
        buf_add(out, bytes, n);
    fclose(file);
}

static const char *canonical(const char *json, struct buf *out)
{
    buf_reset(out);
    assert_int_equal(canonical_json(bytes_of(json), out, NULL), OK);
    return buf_text(out);
}

static enum err refusal(const char *json)
{
    AUTO(buf_clear) struct buf out = BUF_INIT(FILE_MAX_BYTES);
    return canonical_json(bytes_of(json), &out, NULL);
}

static void the_documents_of_rfc_8785_come_out_byte_for_byte(void **state)
{
    static const char *const names[] = {"arrays",  "french", "structures",
                                        "unicode", "values", "weird"};
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        AUTO(buf_clear) struct buf in = BUF_INIT(FILE_MAX_BYTES), out = BUF_INIT(FILE_MAX_BYTES);
        AUTO(buf_clear) struct buf wanted = BUF_INIT(FILE_MAX_BYTES);
        char name[64];
        snprintf(name, sizeof name, "%s.json", names[i]);
        read_vector("input", name, &in);
        read_vector("output", name, &wanted);
        assert_int_equal(canonical_json(buf_bytes(&in), &out, NULL), OK);
        assert_string_equal(buf_text(&out), buf_text(&wanted));

        AUTO(buf_clear) struct buf hex = BUF_INIT(FILE_MAX_BYTES);
        snprintf(name, sizeof name, "%s.txt", names[i]);
        read_vector("outhex", name, &hex);
        const char *p = buf_text(&hex);
        for (size_t k = 0; k < out.n; k++) {
            char *end;
            assert_int_equal(strtoul(p, &end, 16), out.p[k]);
            p = end;
        }
        assert_int_equal(strspn(p, " \r\n"), strlen(p));
    }
}

static void numbers_are_written_as_ecmascript_writes_them(void **state)
{
    AUTO(buf_clear) struct buf table = BUF_INIT(1024 * 1024);
    size_t lines = 0;
    (void)state;
    read_vector(".", "numbers.tsv", &table);
    char *save = NULL;
    for (char *line = strtok_r((char *)table.p, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save), lines++) {
        char got[CANONICAL_NUMBER_BYTES], *tab;
        uint64_t bits = strtoull(line, &tab, 16);
        double number;
        memcpy(&number, &bits, sizeof number);
        canonical_number(number, got);
        if (strcmp(got, tab + 1) != 0)
            fail_msg("%s: got %s", line, got);
    }
    assert_int_equal(lines, 4034);
}

static void a_power_of_two_is_as_short_as_its_wider_side_allows(void **state)
{
    char got[CANONICAL_NUMBER_BYTES];
    (void)state;
    canonical_number(618970019642690137449562112.0, got); /* 2^89; ...901 is the one below */
    assert_string_equal(got, "6.189700196426902e+26");
    canonical_number(1.0 / 0.0, got);
    assert_string_equal(got, "");
}

static void every_number_is_a_double(void **state)
{
    AUTO(buf_clear) struct buf out = BUF_INIT(FILE_MAX_BYTES);
    (void)state;
    assert_string_equal(canonical("[9007199254740993, 1.0, 1E2, -0, -0.0, 1e21, 1e-7]", &out),
                        "[9007199254740992,1,100,0,0,1e+21,1e-7]");
    assert_string_equal(canonical("18446744073709551616", &out), "18446744073709552000");
    assert_int_equal(refusal("[1e400]"), ERR_INVALID);
}

static void names_are_ordered_by_utf16(void **state)
{
    AUTO(buf_clear) struct buf out = BUF_INIT(FILE_MAX_BYTES);
    (void)state;
    /* U+1F600 is D83D DE00: before U+E000, after U+D7FF */
    assert_string_equal(
        canonical("{\"\xEE\x80\x80\":1,\"\xF0\x9F\x98\x80\":2,\"\xED\x9F\xBF\":3,\"a\":4,\"\":5,"
                  "\"aa\":6,\"\xEF\xBF\xBD\":7}",
                  &out),
        "{\"\":5,\"a\":4,\"aa\":6,\"\xED\x9F\xBF\":3,\"\xF0\x9F\x98\x80\":2,\"\xEE\x80\x80\":1,"
        "\"\xEF\xBF\xBD\":7}");
}

static void only_what_must_be_escaped_is(void **state)
{
    AUTO(buf_clear) struct buf out = BUF_INIT(FILE_MAX_BYTES);
    (void)state;
    assert_string_equal(
        canonical("\"\\u0001\\b\\t\\n\\f\\r\\\"\\\\\\/\\u007f\\u00e9\\u2028\"", &out),
        "\"\\u0001\\b\\t\\n\\f\\r\\\"\\\\/\x7f\xc3\xa9\xe2\x80\xa8\"");
}

static void what_two_readers_could_read_differently_is_refused(void **state)
{
    (void)state;
    assert_int_equal(refusal("{\"a\":1,\"a\":2}"), ERR_INVALID);
    assert_int_equal(refusal("\"\\ud800\""), ERR_INVALID);
    assert_int_equal(refusal("\"\xff\""), ERR_INVALID);
    assert_int_equal(refusal("\"\\u0000\""), ERR_INVALID);
    assert_int_equal(refusal("{} {}"), ERR_INVALID);
    assert_int_equal(refusal(""), ERR_INVALID);
}

static void depth_and_size_are_bounded(void **state)
{
    AUTO(buf_clear) struct buf deep = BUF_INIT(FILE_MAX_BYTES), small = BUF_INIT(4);
    (void)state;
    for (int i = 0; i <= AS2_DEPTH_MAX; i++)
        buf_char(&deep, '[');
    assert_int_equal(refusal(buf_text(&deep)), ERR_LIMIT);
    assert_int_equal(canonical_json(bytes_of("[1,2,3]"), &small, NULL), ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_documents_of_rfc_8785_come_out_byte_for_byte),
        cmocka_unit_test(numbers_are_written_as_ecmascript_writes_them),
        cmocka_unit_test(a_power_of_two_is_as_short_as_its_wider_side_allows),
        cmocka_unit_test(every_number_is_a_double),
        cmocka_unit_test(names_are_ordered_by_utf16),
        cmocka_unit_test(only_what_must_be_escaped_is),
        cmocka_unit_test(what_two_readers_could_read_differently_is_refused),
        cmocka_unit_test(depth_and_size_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
