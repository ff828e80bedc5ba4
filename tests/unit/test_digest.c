#include "federation/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/vectors.h"

#define HELLO_256 "X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE="
#define HELLO_512                                                                                  \
    "WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew=="
#define EMPTY_256 "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

static struct bytes hello(void)
{
    return bytes_of("{\"hello\": \"world\"}");
}

static void the_sample_digests_of_rfc_9530_hold(void **state)
{
    (void)state;
    json_auto_t *doc = vectors_load("digest/sample-values.json");
    const json_t *samples = json_object_get(doc, "rfc9530");
    struct bytes body = bytes_of(vectors_text(doc, "input"));
    const char *name;
    json_t *value;
    size_t n = 0;
    json_object_foreach((json_t *)(uintptr_t)samples, name, value)
    {
        char field[256];
        snprintf(field, sizeof field, "%s=%s", name, json_string_value(value));
        bool is_strong = strcmp(name, "sha-256") == 0 || strcmp(name, "sha-512") == 0;
        assert_int_equal(content_digest_check(field, body, NULL), is_strong ? OK : ERR_DENIED);
        n++;
    }
    assert_int_equal(n, 8);
    const json_t *old = json_object_get(doc, "rfc3230_Digest_header");
    assert_int_equal(digest_check(vectors_text(old, "SHA-256"), body, NULL), OK);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024);
    assert_string_equal(digest_make(body, &arena), vectors_text(old, "SHA-256"));
}

static void the_example_fields_of_rfc_9530_hold(void **state)
{
    (void)state;
    /* The documents' examples: a body with a line feed, an empty one, a range, and weak ones. */
    struct bytes body = bytes_of("{\"hello\": \"world\"}\n");
    assert_int_equal(
        content_digest_check("sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:", body, NULL),
        OK);
    assert_int_equal(content_digest_check("sha-256=:" EMPTY_256 ":", (struct bytes){0}, NULL), OK);
    assert_int_equal(content_digest_check("sha-256=:jjcgBDWNAtbYUXI37CVG3gRuGOAjaaDRGpIUFsdyepQ=:",
                                          bytes_of("\"world\"}\n"), NULL),
                     OK);
    assert_int_equal(
        content_digest_check("sha-256=:d435Qo+nKZ+gLcUHn7GQtQ72hiBVAgqoLsZnZPiTGPk=:", body, NULL),
        ERR_DENIED);
}

static void digest_is_read_as_peers_write_it(void **state)
{
    (void)state;
    static const char *const good[] = {
        "SHA-256=" HELLO_256,
        "sha-256=" HELLO_256,
        "Sha-256=" HELLO_256,
        "SHA-512=" HELLO_512,
        "SHA-512=" HELLO_512 ",SHA-256=" HELLO_256,
        "MD5=Sd/dVLAcvNLSq16eXua5uQ==, SHA-256=" HELLO_256,
        " unixsum=30637 ,  SHA-256=" HELLO_256 "  ",
    };
    for (size_t i = 0; i < COUNT(good); i++)
        assert_int_equal(digest_check(good[i], hello(), NULL), OK);
}

static void t12_only_a_strong_digest_of_these_bytes_will_do(void **state)
{
    (void)state;
    static const char *const denied[] = {
        "SHA-256=" EMPTY_256,                       /* of other bytes */
        "MD5=Sd/dVLAcvNLSq16eXua5uQ==",             /* weak */
        "SHA=07CavjDP4u3/TungoUHJO/Wzr4c=",         /* weak */
        "SHA-512=" HELLO_512 ",SHA-256=" EMPTY_256, /* one of two wrong */
        "SHA-256=" EMPTY_256 ",SHA-256=" HELLO_256, /* the second does not rescue the first */
        "SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu8=", /* cut */
        "SHA-256=",
    };
    for (size_t i = 0; i < COUNT(denied); i++) {
        struct why why = {""};
        assert_int_equal(digest_check(denied[i], hello(), &why), ERR_DENIED);
        assert_string_not_equal(why.text, "");
    }
    assert_int_equal(content_digest_check("sha-256=:" EMPTY_256 ":", hello(), NULL), ERR_DENIED);
    assert_int_equal(
        content_digest_check("sha-256=:" HELLO_256 ":,sha-512=:" EMPTY_256 ":", hello(), NULL),
        ERR_DENIED);
    assert_int_equal(content_digest_check("", hello(), NULL), ERR_DENIED);
}

static void malformed_fields_are_invalid_not_denied(void **state)
{
    (void)state;
    static const char *const digest[] = {"",
                                         "SHA-256",
                                         "=" HELLO_256,
                                         "SHA-256=!!!!",
                                         "SHA-256=" HELLO_256 ",",
                                         "SHA-256=" HELLO_256 "\n"};
    for (size_t i = 0; i < COUNT(digest); i++)
        assert_int_equal(digest_check(digest[i], hello(), NULL), ERR_INVALID);
    static const char *const content[] = {"SHA-256=:" HELLO_256 ":",   "sha-256=" HELLO_256,
                                          "sha-256=\"" HELLO_256 "\"", "sha-256",
                                          "sha-256=(:" HELLO_256 ":)", "sha-256=:" HELLO_256};
    for (size_t i = 0; i < COUNT(content); i++)
        assert_int_equal(content_digest_check(content[i], hello(), NULL), ERR_INVALID);
    char huge[DIGEST_FIELD_MAX_BYTES + 2];
    memset(huge, 'a', sizeof huge);
    huge[sizeof huge - 1] = '\0';
    assert_int_equal(digest_check(huge, hello(), NULL), ERR_INVALID);
    assert_int_equal(content_digest_check(huge, hello(), NULL), ERR_INVALID);
}

static void what_is_made_is_taken(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024);
    struct bytes bodies[] = {hello(), {0}};
    for (size_t i = 0; i < COUNT(bodies); i++) {
        assert_int_equal(digest_check(digest_make(bodies[i], &arena), bodies[i], NULL), OK);
        assert_int_equal(
            content_digest_check(content_digest_make(bodies[i], &arena), bodies[i], NULL), OK);
    }
    assert_string_equal(content_digest_make(hello(), &arena), "sha-256=:" HELLO_256 ":");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sample_digests_of_rfc_9530_hold),
        cmocka_unit_test(the_example_fields_of_rfc_9530_hold),
        cmocka_unit_test(digest_is_read_as_peers_write_it),
        cmocka_unit_test(t12_only_a_strong_digest_of_these_bytes_will_do),
        cmocka_unit_test(malformed_fields_are_invalid_not_denied),
        cmocka_unit_test(what_is_made_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
