#include "federation/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "storage/base/buf.h"
#include "tests/support/vectors.h"

#define PEM_ARENA_BYTES (64 * 1024)

static enum err parse(const char *pem)
{
    AUTO(public_key_free) struct public_key *key = NULL;
    return public_key_parse_pem(pem, &key, NULL);
}

/* ---- the published keys ---- */

static void the_keys_of_rfc_9421_are_read(void **state)
{
    (void)state;
    json_auto_t *keys = vectors_load("rfc9421/keys.json");
    static const struct {
        const char *name;
        enum err public, private;
        enum key_type type;
    } expected[] = {
        {"test-key-rsa", OK, OK, KEY_RSA}, /* PKCS#1 */
        /* The public half says rsaEncryption, the private half is bound to PSS: not our algorithm.
         */
        {"test-key-rsa-pss", OK, ERR_INVALID, KEY_RSA},
        {"test-key-ecc-p256", ERR_INVALID, ERR_INVALID, KEY_RSA},
        {"test-key-ed25519", OK, OK, KEY_ED25519},
    };
    for (size_t i = 0; i < COUNT(expected); i++) {
        AUTO(public_key_free) struct public_key *public = NULL;
        AUTO(private_key_free) struct private_key *private = NULL;
        const json_t *key = json_object_get(keys, expected[i].name);
        const char *public_pem = vectors_text(key, "public_pem");
        assert_int_equal(public_key_parse_pem(public_pem, &public, NULL), expected[i].public);
        assert_int_equal(private_key_parse_pem(vectors_text(key, "private_pem"), &private, NULL),
                         expected[i].private);
        if (public)
            assert_int_equal(public_key_type(public), expected[i].type);
        if (!private)
            continue;
        AUTO(public_key_free) struct public_key *half = private_key_public(private);
        assert_true(public_key_equal(public, half));
    }
}

static void the_multikey_of_fep_8b32_is_read_and_written(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(PEM_ARENA_BYTES);
    json_auto_t *pair = vectors_load("eddsa-jcs-2022/keyPair.json");
    json_auto_t *fep = vectors_load("fep-8b32/vectors.json");
    const char *text = vectors_text(pair, "publicKeyMultibase");
    const json_t *method =
        json_array_get(json_object_get(json_object_get(fep, "actor"), "assertionMethod"), 0);
    assert_string_equal(vectors_text(method, "publicKeyMultibase"), text);

    AUTO(public_key_free) struct public_key *public = NULL;
    AUTO(private_key_free) struct private_key *private = NULL;
    assert_int_equal(public_key_parse_multikey(text, &public, NULL), OK);
    assert_int_equal(public_key_type(public), KEY_ED25519);
    assert_string_equal(public_key_multikey(public, &arena), text);
    assert_int_equal(
        private_key_parse_multikey(vectors_text(pair, "privateKeyMultibase"), &private, NULL), OK);
    AUTO(public_key_free) struct public_key *half = private_key_public(private);
    assert_true(public_key_equal(public, half));
    assert_string_equal(vectors_text(fep, "secret_key_multibase"),
                        vectors_text(pair, "privateKeyMultibase"));
}

static void what_is_no_ed25519_multikey_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "z6Mk",
        "6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",
        "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2x",
        "z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq",  /* the secret one */
        "zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169", /* P-256 */
        "uAAAA",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        AUTO(public_key_free) struct public_key *key = NULL;
        assert_int_equal(public_key_parse_multikey(bad[i], &key, NULL), ERR_INVALID);
        assert_null(key);
    }
}

/* ---- PEM as it is found in actor documents ---- */

/* `pem` with every newline written as `newline`, and none at the end. */
static char *rewritten(const char *pem, const char *newline, struct arena *arena)
{
    AUTO(buf_clear) struct buf out = BUF_INIT(KEY_PEM_MAX_BYTES * 2);
    for (const char *p = pem; *p; p++) {
        if (*p != '\n')
            buf_char(&out, *p);
        else if (p[1])
            buf_str(&out, newline);
    }
    return arena_strdup(arena, buf_text(&out));
}

static void mangled_white_space_is_forgiven(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(PEM_ARENA_BYTES);
    json_auto_t *keys = vectors_load("rfc9421/keys.json");
    static const char *const names[] = {"test-key-rsa", "test-key-rsa-pss", "test-key-ed25519"};
    static const char *const newlines[] = {"\n", "\r\n", " ", "", "\n\n", " \n\t"};
    for (size_t i = 0; i < COUNT(names); i++) {
        const char *pem = vectors_text(json_object_get(keys, names[i]), "public_pem");
        for (size_t k = 0; k < COUNT(newlines); k++)
            assert_int_equal(parse(rewritten(pem, newlines[k], &arena)), OK);
    }
}

static void garbage_is_refused(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(PEM_ARENA_BYTES);
    json_auto_t *keys = vectors_load("rfc9421/keys.json");
    const json_t *rsa = json_object_get(keys, "test-key-rsa");
    const char *good = vectors_text(rsa, "public_pem");
    static const char mismatched[] =
        "-----BEGIN PUBLIC KEY-----\n"
        "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n"
        "-----END RSA PUBLIC KEY-----\n";
    static const char trailing[] = /* one byte behind the key */
        "-----BEGIN PUBLIC KEY-----\n"
        "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bsA\n"
        "-----END PUBLIC KEY-----\n";
    static const char *const bad[] = {
        "",
        "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY----------END PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\n!!!!\n-----END PUBLIC KEY-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        mismatched,
        trailing,
    };
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(parse(bad[i]), ERR_INVALID);
    for (size_t n = 0; n < strlen(good) - 1; n += 7)
        assert_int_equal(parse(arena_strndup(&arena, good, n)), ERR_INVALID);
    /* A private key in an actor document is no public key. */
    assert_int_equal(parse(vectors_text(rsa, "private_pem")), ERR_INVALID);
    char *huge = arena_alloc(&arena, 2 * KEY_PEM_MAX_BYTES);
    memset(huge, ' ', KEY_PEM_MAX_BYTES);
    strcat(huge, good);
    assert_int_equal(parse(huge), ERR_INVALID);
}

/* ---- limits ---- */

/* SubjectPublicKeyInfo of an RSA key with these numbers; the modulus is odd and need not factor. */
static char *rsa_pem(int bits, const char *exponent_hex, struct arena *arena)
{
    BIGNUM *n = BN_new(), *e = NULL;
    assert_true(BN_rand(n, bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD) &&
                BN_hex2bn(&e, exponent_hex));
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *pkey = NULL;
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params), 1);
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PUBKEY(bio, pkey), 1);
    char *data;
    long size = BIO_get_mem_data(bio, &data);
    char *text = arena_strndup(arena, data, (size_t)size);
    BIO_free(bio);
    EVP_PKEY_free(pkey);
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(n);
    BN_free(e);
    return text;
}

static void t23_rsa_keys_that_cost_too_much_or_prove_too_little_are_refused(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(PEM_ARENA_BYTES);
    static const struct {
        int bits;
        const char *exponent;
        enum err verdict;
    } keys[] = {
        {2048, "10001", OK},
        {2048, "3", OK},
        {3072, "10001", OK},
        {4096, "10001", OK},
        {2048, "FFFFFFFF", OK},
        {1024, "10001", ERR_INVALID},
        {2047, "10001", ERR_INVALID},
        {4097, "10001", ERR_INVALID},
        {8192, "10001", ERR_INVALID},
        {2048, "1", ERR_INVALID},
        {2048, "10000", ERR_INVALID},
        {2048, "100000001", ERR_INVALID}, /* 2^32 + 1 */
        {2048, "8000000000000000000000000000000000000001", ERR_INVALID},
    };
    for (size_t i = 0; i < COUNT(keys); i++) {
        if (parse(rsa_pem(keys[i].bits, keys[i].exponent, &arena)) != keys[i].verdict)
            fail_msg("%d bits, exponent 0x%s", keys[i].bits, keys[i].exponent);
    }
}

/* ---- making, writing, signing ---- */

static void a_made_key_survives_pem_and_signs(void **state)
{
    (void)state;
    static const enum key_type types[] = {KEY_RSA, KEY_ED25519};
    for (size_t i = 0; i < COUNT(types); i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(PEM_ARENA_BYTES);
        AUTO(private_key_free) struct private_key *made = private_key_generate(types[i]);
        AUTO(private_key_free) struct private_key *read = NULL;
        AUTO(public_key_free) struct public_key *public = NULL, *again = NULL;
        const char *pem = private_key_pem(made, &arena);
        assert_non_null(strstr(pem, "-----BEGIN PRIVATE KEY-----\n"));
        assert_int_equal(private_key_parse_pem(pem, &read, NULL), OK);
        assert_int_equal(private_key_type(read), types[i]);
        public = private_key_public(read);
        assert_int_equal(public_key_parse_pem(public_key_pem(public, &arena), &again, NULL), OK);
        assert_true(public_key_equal(public, again));

        struct bytes signature, message = bytes_of("patient safety"), other = bytes_of("x");
        assert_int_equal(private_key_sign(made, message, &arena, &signature), OK);
        assert_int_equal(public_key_verify(again, message, signature), OK);
        assert_int_equal(public_key_verify(again, other, signature), ERR_DENIED);
        assert_int_equal(public_key_verify(again, message, other), ERR_DENIED);
        assert_int_equal(public_key_verify(again, message, (struct bytes){0}), ERR_DENIED);
        AUTO(arena_clear) struct arena none = ARENA_INIT(8);
        assert_int_equal(private_key_sign(made, message, &none, &signature), ERR_LIMIT);
        assert_null(public_key_pem(public, &none));
        assert_true((public_key_multikey(public, &arena) != NULL) == (types[i] == KEY_ED25519));
    }
}

static void keys_of_two_kinds_or_two_makings_differ(void **state)
{
    (void)state;
    AUTO(private_key_free) struct private_key *a = private_key_generate(KEY_ED25519);
    AUTO(private_key_free) struct private_key *b = private_key_generate(KEY_ED25519);
    AUTO(public_key_free) struct public_key *pa = private_key_public(a);
    AUTO(public_key_free) struct public_key *pb = private_key_public(b);
    assert_true(public_key_equal(pa, pa));
    assert_false(public_key_equal(pa, pb));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_keys_of_rfc_9421_are_read),
        cmocka_unit_test(the_multikey_of_fep_8b32_is_read_and_written),
        cmocka_unit_test(what_is_no_ed25519_multikey_is_refused),
        cmocka_unit_test(mangled_white_space_is_forgiven),
        cmocka_unit_test(garbage_is_refused),
        cmocka_unit_test(t23_rsa_keys_that_cost_too_much_or_prove_too_little_are_refused),
        cmocka_unit_test(a_made_key_survives_pem_and_signs),
        cmocka_unit_test(keys_of_two_kinds_or_two_makings_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
