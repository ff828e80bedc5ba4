#include "node/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARENA_BYTES 65536

/* The rows of `text`, their fields in brackets; '!' for a bad one. */
static void assert_rows(const char *text, const char *expected)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    AUTO(buf_clear) struct buf found = BUF_INIT(ARENA_BYTES);
    struct csv csv = csv_open(bytes_of(text));
    struct csv_row row;
    enum err e;
    while ((e = csv_next(&csv, &arena, &row)) != ERR_NOTFOUND) {
        buf_printf(&found, "%u:", csv.line);
        for (size_t i = 0; !e && i < row.n; i++)
            buf_printf(&found, "[%s]", row.field[i]);
        buf_str(&found, e ? "! " : " ");
    }
    assert_string_equal(buf_text(&found), expected);
}

static void fields_are_read_as_they_were_meant(void **state)
{
    (void)state;
    assert_rows("", "");
    assert_rows("a,b\nc\n", "1:[a][b] 2:[c] ");
    assert_rows("a,b\r\nc", "1:[a][b] 2:[c] ");
    assert_rows("\n\n a ,\r\n\n,x\n", "3:[ a ][] 5:[][x] ");
    assert_rows("\"a,b\",\"c\"\"d\",\"\"\n", "1:[a,b][c\"d][] ");
    assert_rows("\"two\nlines\",x\ny\n", "1:[two\nlines][x] 3:[y] ");
    assert_rows("\xEF\xBB\xBF"
                "Account address\nann@a.example\n",
                "1:[Account address] 2:[ann@a.example] ");
    assert_rows("a\rb\n", "1:[a\rb] ");
}

static void a_bad_line_does_not_take_the_others_with_it(void **state)
{
    (void)state;
    assert_rows("a\n\"never closed\nb\nc\n", "1:[a] 2:! 3:[b] 4:[c] ");
    assert_rows("a\"b\nc\n", "1:! 2:[c] ");
    assert_rows("\"a\"b,c\nd\n", "1:[ab][c] 2:[d] ");
    assert_rows("\xff\nc\n", "1:! 2:[c] ");
}

static void more_fields_than_a_row_may_have_are_left_out(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    struct csv csv = csv_open(bytes_of("1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18\nx\n"));
    struct csv_row row;
    assert_int_equal(csv_next(&csv, &arena, &row), OK);
    assert_int_equal(row.n, CSV_FIELDS_MAX);
    assert_int_equal(csv_next(&csv, &arena, &row), OK);
    assert_string_equal(row.field[0], "x");
}

static void what_is_written_is_read_again(void **state)
{
    static const char *const pieces[] = {"a", "b", ",", "\"", "\n", "\r\n", " ", ";", "\xc3\xa4"};
    (void)state;
    unsigned seed = 20261122;
    print_message("seed %u\n", seed);
    for (int round = 0; round < 500; round++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
        AUTO(buf_clear) struct buf out = BUF_INIT(ARENA_BYTES);
        const char *field[4];
        struct csv_row row;
        for (size_t i = 0; i < COUNT(field); i++) {
            AUTO(buf_clear) struct buf text = BUF_INIT(ARENA_BYTES);
            buf_str(&text, i ? "" : "x"); /* an empty line is none */
            for (int n = rand_r(&seed) % 6; n > 0; n--)
                buf_str(&text, pieces[rand_r(&seed) % COUNT(pieces)]);
            field[i] = arena_strdup(&arena, text.n ? buf_text(&text) : "");
        }
        csv_add(&out, field, COUNT(field));
        struct csv csv = csv_open(buf_bytes(&out));
        assert_int_equal(csv_next(&csv, &arena, &row), OK);
        assert_int_equal(row.n, COUNT(field));
        for (size_t i = 0; i < COUNT(field); i++)
            assert_string_equal(row.field[i], field[i]);
        assert_int_equal(csv_next(&csv, &arena, &row), ERR_NOTFOUND);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_read_as_they_were_meant),
        cmocka_unit_test(a_bad_line_does_not_take_the_others_with_it),
        cmocka_unit_test(more_fields_than_a_row_may_have_are_left_out),
        cmocka_unit_test(what_is_written_is_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
