#include "node/push/encrypt.h"

#include "federation/multibase.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ARENA_BYTES (1 << 20)

static void get(const char *text, struct arena *arena, void *out, size_t n)
{
    struct bytes bytes;
    assert_int_equal(base64url_decode(bytes_of(text), arena, &bytes), OK);
    assert_int_equal(bytes.n, n);
    memcpy(out, bytes.p, n);
}

/* RFC 8291 appendix A. */
static void the_example_of_rfc_8291_comes_out_byte_for_byte(void **state)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    struct push_reader reader;
    struct push_key key;
    uint8_t salt[PUSH_SALT_BYTES];
    struct bytes out;
    (void)state;
    get("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        &arena, reader.point, sizeof reader.point);
    get("BTBZMqHH6r4Tts7J_aSIgg", &arena, reader.auth, sizeof reader.auth);
    get("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw", &arena, key.scalar, sizeof key.scalar);
    get("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8",
        &arena, key.point, sizeof key.point);
    get("DGv6ra1nlYgDCS1FRnbzlw", &arena, salt, sizeof salt);
    assert_int_equal(push_encrypt(PUSH_AES128GCM, &reader, &key, salt,
                                  bytes_of("When I grow up, I want to be a watermelon"), &arena,
                                  &out),
                     OK);
    assert_string_equal(base64url_encode(out, &arena),
                        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
                        "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
                        "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN");
}

static void a_key_that_is_no_point_is_refused(void **state)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    struct push_reader reader = {{0}, {0}};
    struct push_key key;
    struct bytes out;
    (void)state;
    assert_int_equal(push_key_create(&key), OK);
    assert_true(push_point_is_good(key.point));
    memcpy(reader.point, key.point, sizeof reader.point);
    reader.point[40] ^= 1;
    assert_false(push_point_is_good(reader.point));
    assert_int_equal(
        push_encrypt(PUSH_AES128GCM, &reader, &key, reader.auth, bytes_of("x"), &arena, &out),
        ERR_INVALID);
    memset(reader.point, 0, sizeof reader.point);
    assert_false(push_point_is_good(reader.point));
}

static void a_message_that_is_too_long_is_refused(void **state)
{
    static uint8_t plain[PUSH_PLAIN_MAX_BYTES + 1];
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    struct push_reader reader = {{0}, {0}};
    struct push_key key;
    struct bytes out;
    (void)state;
    assert_int_equal(push_key_create(&key), OK);
    memcpy(reader.point, key.point, sizeof reader.point);
    assert_int_equal(push_encrypt(PUSH_AESGCM, &reader, &key, reader.auth,
                                  (struct bytes){plain, sizeof plain}, &arena, &out),
                     ERR_LIMIT);
    assert_int_equal(push_encrypt(PUSH_AESGCM, &reader, &key, reader.auth,
                                  (struct bytes){plain, sizeof plain - 1}, &arena, &out),
                     OK);
    assert_true(out.n <= 4096);
}

static void two_keys_differ_and_a_note_has_three_parts(void **state)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    struct push_key one, two;
    const char *jwt;
    (void)state;
    assert_int_equal(push_key_create(&one), OK);
    assert_int_equal(push_key_create(&two), OK);
    assert_memory_not_equal(one.point, two.point, sizeof one.point);
    assert_int_equal(
        push_jwt(&one, "https://push.example", "https://ward.example", 1700000000, &arena, &jwt),
        OK);
    assert_int_equal(strncmp(jwt, "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.", 37), 0);
    const char *last = strrchr(jwt, '.');
    assert_int_equal(strlen(last + 1), 86); /* 64 bytes */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_rfc_8291_comes_out_byte_for_byte),
        cmocka_unit_test(a_key_that_is_no_point_is_refused),
        cmocka_unit_test(a_message_that_is_too_long_is_refused),
        cmocka_unit_test(two_keys_differ_and_a_note_has_three_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
