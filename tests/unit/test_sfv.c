#include "federation/sfv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/vectors.h"

/* ---- the working group's tests: compares what was parsed with their JSON ---- */

/* RFC 4648 base32, because that is how the tests write byte sequences. */
static bool is_base32_of(const char *text, struct bytes in)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint32_t bits = 0;
    unsigned held = 0;
    size_t n = 0;
    for (; *text && *text != '='; text++) {
        bits = bits << 5 | (uint32_t)(strchr(alphabet, *text) - alphabet);
        held += 5;
        if (held >= 8) {
            held -= 8;
            if (n >= in.n || in.p[n++] != (uint8_t)(bits >> held))
                return false;
        }
    }
    return n == in.n;
}

static bool text_equal(const char *text, struct bytes in)
{
    return bytes_equal(bytes_of(text), in);
}

static int64_t thousandths(double number)
{
    return (int64_t)(number * 1000 + (number < 0 ? -0.5 : 0.5));
}

static bool value_equal(const struct sfv_value *value, const json_t *expected)
{
    const char *type = vectors_text(expected, "__type");
    const json_t *inner = json_object_get(expected, "value");
    switch (value->type) {
    case SFV_INTEGER:
        return json_is_integer(expected) && json_integer_value(expected) == value->number;
    case SFV_DECIMAL:
        return json_is_real(expected) && thousandths(json_real_value(expected)) == value->number;
    case SFV_STRING:
        return json_is_string(expected) && text_equal(json_string_value(expected), value->bytes);
    case SFV_TOKEN:
        return strcmp(type, "token") == 0 && text_equal(json_string_value(inner), value->bytes);
    case SFV_BYTES:
        return strcmp(type, "binary") == 0 && is_base32_of(json_string_value(inner), value->bytes);
    case SFV_BOOLEAN:
        return json_is_boolean(expected) && json_is_true(expected) == (value->number == 1);
    case SFV_DATE:
        return strcmp(type, "date") == 0 && json_integer_value(inner) == value->number;
    }
    return false;
}

static bool params_equal(const struct sfv_params *params, const json_t *expected)
{
    if (json_array_size(expected) != params->n)
        return false;
    for (size_t i = 0; i < params->n; i++) {
        const json_t *pair = json_array_get(expected, i);
        if (strcmp(json_string_value(json_array_get(pair, 0)), params->p[i].key) != 0 ||
            !value_equal(&params->p[i].value, json_array_get(pair, 1)))
            return false;
    }
    return true;
}

static bool item_equal(const struct sfv_item *item, const json_t *expected)
{
    return value_equal(&item->value, json_array_get(expected, 0)) &&
           params_equal(&item->params, json_array_get(expected, 1));
}

static bool member_equal(const struct sfv_member *member, const json_t *expected)
{
    const json_t *items = json_array_get(expected, 0);
    if (!member->is_list)
        return item_equal(&member->items[0], expected);
    if (!json_is_array(items) || json_array_size(items) != member->item_count)
        return false;
    for (size_t i = 0; i < member->item_count; i++) {
        if (!item_equal(&member->items[i], json_array_get(items, i)))
            return false;
    }
    return params_equal(&member->params, json_array_get(expected, 1));
}

static bool field_equal(const struct sfv_field *field, const json_t *expected)
{
    if (json_array_size(expected) != field->n)
        return false;
    for (size_t i = 0; i < field->n; i++) {
        const json_t *one = json_array_get(expected, i);
        const char *key = field->p[i].key;
        if (key && strcmp(json_string_value(json_array_get(one, 0)), key) != 0)
            return false;
        if (!member_equal(&field->p[i], key ? json_array_get(one, 1) : one))
            return false;
    }
    return true;
}

static void join(const json_t *lines, struct buf *out)
{
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);
        if (i)
            buf_str(out, ", ");
        buf_add(out, json_string_value(line), json_string_length(line));
    }
}

/* What the field is in canonical form, or the error; `equal` says whether it is what is expected.
 */
static enum err run(const json_t *test, struct bytes text, struct buf *canonical, bool *equal)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(8 << 20);
    const char *type = vectors_text(test, "header_type");
    const json_t *expected = json_object_get(test, "expected");
    struct sfv_field field;
    struct sfv_item item;
    enum err e;
    if (strcmp(type, "item") == 0) {
        e = sfv_parse_item(text, &arena, &item);
        if (e)
            return e;
        *equal = item_equal(&item, expected);
        sfv_write_item(canonical, &item);
    } else if (strcmp(type, "list") == 0) {
        e = sfv_parse_list(text, &arena, &field);
        if (e)
            return e;
        *equal = field_equal(&field, expected);
        sfv_write_list(canonical, &field);
    } else {
        e = sfv_parse_dictionary(text, &arena, &field);
        if (e)
            return e;
        *equal = field_equal(&field, expected);
        sfv_write_dictionary(canonical, &field);
    }
    return OK;
}

static void check(const char *file, const json_t *test)
{
    AUTO(buf_clear)
    struct buf raw = BUF_INIT(1 << 20), want = BUF_INIT(1 << 20), got = BUF_INIT(1 << 20);
    const char *name = vectors_text(test, "name");
    const json_t *canonical = json_object_get(test, "canonical");
    bool equal = false;
    join(json_object_get(test, "raw"), &raw);
    join(canonical ? canonical : json_object_get(test, "raw"), &want);
    enum err e = run(test, buf_bytes(&raw), &got, &equal);
    if (json_is_true(json_object_get(test, "must_fail"))) {
        if (e != ERR_INVALID)
            fail_msg("%s: %s: taken", file, name);
        return;
    }
    if (e && json_is_true(json_object_get(test, "can_fail")))
        return;
    if (e)
        fail_msg("%s: %s: %s", file, name, err_name(e));
    if (!equal)
        fail_msg("%s: %s: parsed otherwise", file, name);
    if (strcmp(buf_text(&got), buf_text(&want)) != 0)
        fail_msg("%s: %s: written as %s", file, name, buf_text(&got));
}

static void the_working_groups_tests_pass(void **state)
{
    (void)state;
    static const char *const files[] = {"binary",
                                        "boolean",
                                        "date",
                                        "dictionary",
                                        "examples",
                                        "item",
                                        "key-generated",
                                        "list",
                                        "listlist",
                                        "number",
                                        "number-generated",
                                        "param-dict",
                                        "param-list",
                                        "param-listlist",
                                        "string",
                                        "string-generated",
                                        "token",
                                        "token-generated"};
    size_t n = 0;
    for (size_t i = 0; i < COUNT(files); i++) {
        char path[64];
        snprintf(path, sizeof path, "structured-fields/%s.json", files[i]);
        json_auto_t *tests = vectors_load(path);
        for (size_t k = 0; k < json_array_size(tests); k++, n++)
            check(files[i], json_array_get(tests, k));
    }
    assert_true(n > 1500);
}

/* ---- our own ---- */

static void more_members_than_the_bound_are_refused(void **state)
{
    (void)state;
    AUTO(buf_clear) struct buf list = BUF_INIT(1 << 16), params = BUF_INIT(1 << 20);
    buf_str(&list, "1");
    buf_str(&params, "1");
    for (int i = 1; i < SFV_MAX_MEMBERS; i++)
        buf_str(&list, ",1");
    for (int i = 0; i < 10000; i++)
        buf_printf(&params, ";a%d", i);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    struct sfv_field field;
    assert_int_equal(sfv_parse_list(buf_bytes(&list), &arena, &field), OK);
    assert_int_equal(field.n, SFV_MAX_MEMBERS);
    buf_str(&list, ",1");
    assert_int_equal(sfv_parse_list(buf_bytes(&list), &arena, &field), ERR_LIMIT);
    assert_int_equal(sfv_parse_list(buf_bytes(&params), &arena, &field), ERR_LIMIT);
}

static void a_full_arena_is_a_limit_not_a_crash(void **state)
{
    (void)state;
    static const char text[] = "a=(\"x\" y);b=:AAAA:;c=1.5;d, e=?0";
    for (size_t room = 0; room < 4096; room += 16) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(room);
        struct sfv_field field;
        enum err e = sfv_parse_dictionary(bytes_of(text), &arena, &field);
        assert_true(e == ERR_LIMIT || e == OK);
    }
}

static void members_and_parameters_are_found_by_key(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    struct sfv_field field;
    assert_int_equal(sfv_parse_dictionary(bytes_of("a=1;x=2, b=(\"c\");y"), &arena, &field), OK);
    assert_null(sfv_find(&field, "c"));
    const struct sfv_member *b = sfv_find(&field, "b");
    assert_true(b && b->is_list);
    assert_non_null(sfv_param_find(&b->params, "y"));
    assert_null(sfv_param_find(&b->params, "x"));
    AUTO(buf_clear) struct buf text = BUF_INIT(64);
    sfv_write_member(&text, b);
    assert_string_equal(buf_text(&text), "(\"c\");y");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_working_groups_tests_pass),
        cmocka_unit_test(more_members_than_the_bound_are_refused),
        cmocka_unit_test(a_full_arena_is_a_limit_not_a_crash),
        cmocka_unit_test(members_and_parameters_are_found_by_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
