#include "federation/multibase.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define TEXT(literal) ((struct bytes){(const uint8_t *)(literal), sizeof(literal) - 1})

/* The "z" and "u" values of the multibase project's tests (multiformats/multibase d7406cd). */
static const struct {
    struct bytes plain;
    const char *base58, *base64url;
} published[] = {
    {TEXT("yes mani !"), "z7paNL19xttacUY", "ueWVzIG1hbmkgIQ"},
    {TEXT("\0yes mani !"), "z17paNL19xttacUY", "uAHllcyBtYW5pICE"},
    {TEXT("\0\0yes mani !"), "z117paNL19xttacUY", "uAAB5ZXMgbWFuaSAh"},
};

static void the_published_encodings_are_read_and_written(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    for (size_t i = 0; i < COUNT(published); i++) {
        struct bytes out;
        assert_int_equal(multibase_decode(published[i].base58, &arena, &out), OK);
        assert_true(bytes_equal(out, published[i].plain));
        assert_int_equal(multibase_decode(published[i].base64url, &arena, &out), OK);
        assert_true(bytes_equal(out, published[i].plain));
        assert_string_equal(multibase_encode(published[i].plain, &arena), published[i].base58);
        assert_string_equal(base64url_encode(published[i].plain, &arena),
                            published[i].base64url + 1);
    }
}

static void every_length_survives_the_round_trip(void **state)
{
    (void)state;
    uint8_t in[70];
    memset(in, 0xff, sizeof in);
    for (size_t n = 0; n <= sizeof in; n++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
        struct bytes plain = {in, n}, out;
        assert_int_equal(multibase_decode(multibase_encode(plain, &arena), &arena, &out), OK);
        assert_true(bytes_equal(out, plain));
        assert_int_equal(base64_decode(bytes_of(base64_encode(plain, &arena)), &arena, &out), OK);
        assert_true(bytes_equal(out, plain));
        assert_int_equal(base64url_decode(bytes_of(base64url_encode(plain, &arena)), &arena, &out),
                         OK);
        assert_true(bytes_equal(out, plain));
    }
}

static void what_is_not_base64_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "A",    "AA",   "AAA",  "AA=A", "A===", "AAAA=", "AA\n=",   "AA==\n",
        " AAA", "AAA ", "AA-_", "AB==", "AAB=", "====",  "AA==AA=="};
    struct bytes out;
    for (size_t i = 0; i < COUNT(bad); i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(1024);
        assert_int_equal(base64_decode(bytes_of(bad[i]), &arena, &out), ERR_INVALID);
    }
}

static void other_bases_and_wrong_characters_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",      "f00", "Z7Pznk19XTTzBtx",  "z0", "zO", "zI", "zl", "z+",
        "uAA==", "uA+", "MeWVzIG1hbmkgIQ=="};
    struct bytes out;
    for (size_t i = 0; i < COUNT(bad); i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(1024);
        assert_int_equal(multibase_decode(bad[i], &arena, &out), ERR_INVALID);
    }
}

static void a_text_over_the_bound_costs_nothing(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    char text[MULTIBASE_MAX_BYTES + 2];
    memset(text, 'z', sizeof text);
    text[sizeof text - 1] = '\0';
    struct bytes out;
    assert_int_equal(multibase_decode(text, &arena, &out), ERR_LIMIT);
    text[MULTIBASE_MAX_BYTES] = '\0';
    assert_int_equal(multibase_decode(text, &arena, &out), OK);
    uint8_t zeros[MULTIBASE_MAX_BYTES] = {0};
    assert_null(multibase_encode((struct bytes){zeros, sizeof zeros}, &arena));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_encodings_are_read_and_written),
        cmocka_unit_test(every_length_survives_the_round_trip),
        cmocka_unit_test(what_is_not_base64_is_refused),
        cmocka_unit_test(other_bases_and_wrong_characters_are_refused),
        cmocka_unit_test(a_text_over_the_bound_costs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
