#include "node/api/multipart.h"
#include "node/api/params.h"
#include "node/api/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena = ARENA_INIT(1 << 20);
static struct params params;
static struct why why;

static enum err read_body(const char *type, const char *body)
{
    arena_clear(&arena);
    return params_read((struct bytes){0}, type, bytes_of(body), &arena, &params, &why);
}

static void has(const char *name, const char *value)
{
    const char *got = params_get(&params, name);
    assert_non_null(got);
    assert_string_equal(got, value);
}

#define FORM "application/x-www-form-urlencoded"
#define JSON "application/json; charset=utf-8"
#define MULTIPART "multipart/form-data; boundary=\"--x y\""

static void however_they_come_they_are_the_same(void **state)
{
    static const struct {
        const char *type, *body;
    } same[] = {
        {FORM, "status=a+b&media_ids[]=1&media_ids[]=2&poll[multiple]=true"},
        {FORM, "status=a%20b&media_ids[0]=1&media_ids[1]=2&poll%5Bmultiple%5D=true"},
        {JSON, "{\"status\":\"a b\",\"media_ids\":[1,\"2\"],\"poll\":{\"multiple\":true}}"},
        {MULTIPART,
         "----x y\r\nContent-Disposition: form-data; name=\"status\"\r\n\r\na b\r\n"
         "----x y\r\nContent-Disposition: form-data; name=\"media_ids[]\"\r\n\r\n1\r\n"
         "----x y\r\nContent-Disposition: form-data; name=\"media_ids[]\"\r\n\r\n2\r\n"
         "----x y\r\nContent-Disposition: form-data; name=\"poll[multiple]\"\r\n\r\ntrue\r\n"
         "----x y--\r\n"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(same); i++) {
        const char *list[4];
        assert_int_equal(read_body(same[i].type, same[i].body), OK);
        has("status", "a b");
        assert_int_equal(params_list(&params, "media_ids", list, COUNT(list)), 2);
        assert_string_equal(list[0], "1");
        assert_string_equal(list[1], "2");
        assert_true(params_bool(&params, "poll[multiple]", false));
        assert_false(params_has(&params, "poll"));
    }
}

static void objects_in_a_list_keep_apart(void **state)
{
    static const char *const same[] = {
        "k[][word]=a&k[][whole]=1&k[][word]=b",
        "k[0][word]=a&k[0][whole]=1&k[1][word]=b",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(same); i++) {
        assert_int_equal(read_body(FORM, same[i]), OK);
        has("k[0][word]", "a");
        has("k[0][whole]", "1");
        has("k[1][word]", "b");
        assert_false(params_has(&params, "k[1][whole]"));
    }
    assert_int_equal(
        read_body(JSON, "{\"k\":[{\"word\":\"a\",\"whole\":1},{\"word\":\"b\",\"whole\":null}]}"),
        OK);
    has("k[1][word]", "b");
    assert_false(params_has(&params, "k[1][whole]"));
}

static const char form_with_file[] =
    "----x y\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n----x y\r\n"
    "Content-Type: image/png\r\nContent-Disposition: form-data; filename=\"../a\\\"b.png\"; "
    "name=file"
    "\r\n\r\n\r\n--bytes\r\n----x y--";

static void check_file(void)
{
    const struct param_file *file = params_file(&params, "file");
    assert_non_null(file);
    assert_int_equal(file->size, 9);
    assert_memory_equal(form_with_file + file->at, "\r\n--bytes", 9);
    assert_false(params_has(&params, "file"));
    assert_string_equal(params_get(&params, "a"), "1");
    assert_null(params_file(&params, "other"));
}

static void a_file_is_no_parameter(void **state)
{
    (void)state;
    assert_int_equal(read_body(MULTIPART, form_with_file), OK);
    check_file();
}

static void a_body_in_a_file_reads_the_same(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    assert_non_null(file);
    fputs(form_with_file, file);
    fflush(file);
    const struct params_body body = {
        .type = MULTIPART, .file = fileno(file), .size = sizeof form_with_file - 1};
    arena_clear(&arena);
    assert_int_equal(params_read_body(bytes_of(""), &body, &arena, &params, NULL), OK);
    check_file();
    fclose(file);
}

static void a_delimiter_is_found_across_the_windows_of_a_file(void **state)
{
    static const char end[] = "\r\n----x y--";
    (void)state;
    for (size_t n = MULTIPART_WINDOW_BYTES - 120; n < MULTIPART_WINDOW_BYTES + 20; n += 7) {
        FILE *file = tmpfile();
        assert_non_null(file);
        fputs("----x y\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\n", file);
        for (size_t i = 0; i < n; i++)
            fputc(i % 3 ? '-' : '\n', file);
        fputs(end, file);
        fflush(file);
        const struct params_body body = {
            .type = MULTIPART, .file = fileno(file), .size = (uint64_t)ftell(file)};
        arena_clear(&arena);
        assert_int_equal(params_read_body(bytes_of(""), &body, &arena, &params, NULL), OK);
        assert_int_equal(params_file(&params, "f")->size, n);
        fclose(file);
    }
}

static void what_is_broken_is_refused(void **state)
{
    static const struct {
        const char *type, *body;
    } bad[] = {
        {JSON, "[]"},
        {JSON, "{\"a\":"},
        {JSON, "{\"a\":\"\\u0000\"}"},
        {JSON, "{\"a\":[[[[[[[[[[1]]]]]]]]]]}"},
        {FORM, "a=%zz"},
        {FORM, "a=%ff"},
        {"text/plain", "a=1"},
        {"multipart/form-data", "----x y--"},
        {MULTIPART, "----x y\r\nContent-Disposition: form-data; name=a\r\n\r\nendless"},
        {MULTIPART, "----x y\r\n\r\nno name\r\n----x y--"},
        {MULTIPART, "----x y\r\n"},
        {MULTIPART, "nothing of it"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(read_body(bad[i].type, bad[i].body), ERR_INVALID);
}

static void t58_there_are_not_too_many(void **state)
{
    char body[4 * (PARAMS_MAX + 2)] = "";
    (void)state;
    for (size_t i = 0; i <= PARAMS_MAX; i++)
        memcpy(body + 4 * i, "a=1&", 5);
    assert_int_equal(read_body(FORM, body), ERR_LIMIT);
    body[4 * PARAMS_MAX] = '\0';
    assert_int_equal(read_body(FORM, body), OK);
    assert_int_equal(params.n, PARAMS_MAX);
}

static void values_are_read_with_care(void **state)
{
    int64_t n;
    uint64_t id;
    (void)state;
    assert_int_equal(read_body(FORM, "n=12&bad=1e3&big=99999999999999999999&id=7&no=off&odd=x"),
                     OK);
    assert_int_equal(params_number(&params, "n", 1, &n), OK);
    assert_int_equal(n, 12);
    assert_int_equal(params_number(&params, "none", 5, &n), OK);
    assert_int_equal(n, 5);
    assert_int_equal(params_number(&params, "bad", 1, &n), ERR_INVALID);
    assert_int_equal(params_number(&params, "big", 1, &n), ERR_INVALID);
    assert_int_equal(params_id(&params, "id", &id), OK);
    assert_int_equal(id, 7);
    assert_int_equal(params_id(&params, "no", &id), ERR_INVALID);
    assert_int_equal(params_id(&params, "none", &id), OK);
    assert_int_equal(id, 0);
    assert_false(params_bool(&params, "no", true));
    assert_true(params_bool(&params, "odd", true));
}

static void a_parent_scope_covers_its_children(void **state)
{
    (void)state;
    assert_true(scope_covers("read", "read:statuses"));
    assert_true(scope_covers("write read:statuses", "read:statuses"));
    assert_true(scope_covers("follow", "write:blocks"));
    assert_true(scope_covers("profile", "read:accounts|profile"));
    assert_false(scope_covers("read:statuses", "read"));
    assert_false(scope_covers("read:accounts", "read:statuses"));
    assert_false(scope_covers("follow", "read:statuses"));
    assert_false(scope_covers("read", "admin:read"));
    assert_false(scope_covers("rea", "read:statuses"));
    assert_false(scope_covers("", "read"));
    assert_true(scopes_cover("read write", "write:media read"));
    assert_false(scopes_cover("read", "read write"));
    assert_true(scopes_are_known("read write:media follow push"));
    assert_false(scopes_are_known("read everything"));
    assert_false(scopes_are_known(""));
}

static int tear_down(void **state)
{
    (void)state;
    arena_clear(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(however_they_come_they_are_the_same),
        cmocka_unit_test(objects_in_a_list_keep_apart),
        cmocka_unit_test(a_file_is_no_parameter),
        cmocka_unit_test(a_body_in_a_file_reads_the_same),
        cmocka_unit_test(a_delimiter_is_found_across_the_windows_of_a_file),
        cmocka_unit_test(what_is_broken_is_refused),
        cmocka_unit_test(t58_there_are_not_too_many),
        cmocka_unit_test(values_are_read_with_care),
        cmocka_unit_test(a_parent_scope_covers_its_children),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
