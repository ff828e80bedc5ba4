/* Signatures that other people made, and what the documents say of them. */
#include "federation/signature.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "storage/base/clock.h"
#include "tests/support/vectors.h"

#define VECTOR_ARENA_BYTES (1 << 20)

/* RSA with SHA-256 by libcrypto alone: the drafts' keys have 1024 bits, which ours would refuse. */
static bool verifies_with_any_size(const char *pem, struct bytes message, struct bytes signature)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *pkey = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, pkey), 1);
    int verdict = EVP_DigestVerify(ctx, signature.p, signature.n, message.p, message.n);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    BIO_free(bio);
    return verdict == 1;
}

static void assert_text(struct bytes got, const char *expected)
{
    if (!bytes_equal(got, bytes_of(expected)))
        fail_msg("built:\n%.*s\nexpected:\n%s", (int)got.n, (const char *)got.p, expected);
}

static void the_vectors_of_draft_cavage_hold(void **state)
{
    (void)state;
    json_auto_t *doc = vectors_load("cavage12/vectors.json");
    const json_t *vectors = json_object_get(doc, "vectors");
    const char *pem = vectors_text(json_object_get(doc, "key"), "public_pem");
    AUTO(public_key_free) struct public_key *refused = NULL;
    assert_int_equal(public_key_parse_pem(pem, &refused, NULL), ERR_INVALID); /* 1024 bits */
    assert_int_equal(json_array_size(vectors), 4);
    for (size_t i = 0; i < json_array_size(vectors); i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(VECTOR_ARENA_BYTES);
        const json_t *vector = json_array_get(vectors, i);
        struct http_message msg = vectors_message(json_object_get(doc, "request"), &arena, 1);
        vectors_add_header(&msg, "Signature", vectors_text(vector, "signature_header"));
        struct signature sig;
        enum err e = signature_parse(&msg, &arena, &sig, NULL);
        if (!json_is_true(json_object_get(vector, "valid"))) {
            assert_int_equal(e, ERR_DENIED); /* the erratum: (created) with rsa-sha256 */
            continue;
        }
        struct bytes base;
        assert_int_equal(e, OK);
        assert_string_equal(sig.key_id, "Test");
        assert_int_equal(signature_base(&msg, &sig, &arena, &base, NULL), OK);
        assert_text(base, vectors_text(vector, "string_to_sign"));
        assert_true(verifies_with_any_size(pem, base, sig.value));
    }
}

/* Components or responses that we do not take. */
static bool is_outside_the_profile(const char *name)
{
    return strcmp(name, "B.2.2") == 0 || strcmp(name, "B.2.4") == 0;
}

static void check_rfc9421(const json_t *vector, const json_t *keys)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(VECTOR_ARENA_BYTES);
    const char *name = vectors_text(vector, "name");
    struct http_message msg = vectors_message(json_object_get(vector, "message"), &arena, 2);
    vectors_add_header(&msg, "Signature-Input", vectors_text(vector, "signature_input"));
    vectors_add_header(&msg, "Signature", vectors_text(vector, "signature"));
    struct signature sig;
    struct bytes base;
    enum err e = signature_parse(&msg, &arena, &sig, NULL);
    if (is_outside_the_profile(name)) {
        assert_int_equal(e, ERR_DENIED);
        return;
    }
    assert_int_equal(e, OK);
    assert_string_equal(sig.key_id, vectors_text(vector, "key"));
    assert_int_equal(signature_base(&msg, &sig, &arena, &base, NULL), OK);
    bool is_valid = json_is_true(json_object_get(vector, "valid"));
    if (is_valid)
        assert_text(base, vectors_text(vector, "signature_base"));
    if (strcmp(vectors_text(vector, "alg"), "ed25519") != 0)
        return; /* PSS, ECDSA and HMAC are no algorithms of ours */
    AUTO(public_key_free) struct public_key *key = NULL;
    const char *pem =
        vectors_text(json_object_get(keys, vectors_text(vector, "key")), "public_pem");
    assert_int_equal(public_key_parse_pem(pem, &key, NULL), OK);
    assert_int_equal(signature_verify(&msg, &sig, key, NULL), is_valid ? OK : ERR_DENIED);
}

static void the_vectors_of_rfc_9421_hold(void **state)
{
    (void)state;
    json_auto_t *keys = vectors_load("rfc9421/keys.json");
    json_auto_t *vectors = vectors_load("rfc9421/vectors.json");
    assert_int_equal(json_array_size(vectors), 13);
    for (size_t i = 0; i < json_array_size(vectors); i++)
        check_rfc9421(json_array_get(vectors, i), keys);
}

/* All three steps, as the inbox takes them. */
static enum err judge(const struct http_message *msg, const char *now, const char *pem)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(VECTOR_ARENA_BYTES);
    AUTO(public_key_free) struct public_key *key = NULL;
    AUTO(private_key_free) struct private_key *private = NULL;
    struct signature sig;
    int64_t now_ms;
    assert_int_equal(clock_parse_rfc3339(now, &now_ms), OK);
    if (strstr(pem, "PRIVATE KEY")) {
        assert_int_equal(private_key_parse_pem(pem, &private, NULL), OK);
        key = private_key_public(private);
    } else {
        assert_int_equal(public_key_parse_pem(pem, &key, NULL), OK);
    }
    enum err e = signature_parse(msg, &arena, &sig, NULL);
    if (!e)
        e = signature_precheck(msg, &sig, now_ms, msg->host, NULL);
    return e ? e : signature_verify(msg, &sig, key, NULL);
}

static void a_request_captured_in_the_wild_verifies(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(VECTOR_ARENA_BYTES);
    json_auto_t *doc = vectors_load("captured-requests/oeee-cafe-accept-hs2019.json");
    const char *pem = vectors_text(json_object_get(doc, "key"), "publicKeyPem");
    struct http_message msg = vectors_message(doc, &arena, 0);
    msg.target = "/i/inbox";
    assert_int_equal(judge(&msg, "2025-08-25T12:58:14Z", pem), OK);
    assert_int_equal(judge(&msg, "2025-08-25T13:57:00Z", pem), OK);
    assert_int_equal(judge(&msg, "2025-08-25T13:58:20Z", pem), ERR_DENIED); /* expires is past */
    msg.target = "/i/outbox";
    assert_int_equal(judge(&msg, "2025-08-25T12:58:14Z", pem), ERR_DENIED);
}

/*
 * Requests with another implementation's verdict, which cannot be kept here for their licence:
 * $WARD_EXTRA_VECTORS names the directory that holds the set.
 */
static void the_extra_set_agrees(void **state)
{
    (void)state;
    json_auto_t *doc =
        vectors_load_from(getenv("WARD_EXTRA_VECTORS"), "mastodon-http-signatures/vectors.json");
    const json_t *vectors = json_object_get(doc, "vectors");
    const json_t *keys =
        json_object_iter_value(json_object_iter((json_t *)(uintptr_t)json_object_get(doc, "keys")));
    assert_int_equal(json_array_size(vectors), 28);
    for (size_t i = 0; i < json_array_size(vectors); i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(VECTOR_ARENA_BYTES);
        const json_t *vector = json_array_get(vectors, i);
        const char *name = vectors_text(vector, "name");
        if (strstr(name, "inaccessible key"))
            continue; /* about fetching */
        const char *pem =
            vectors_text(keys, strstr(name, "Ed25519") ? "ed25519_private_pem" : "rsa_private_pem");
        struct http_message msg = vectors_message(vector, &arena, 0);
        bool is_good = judge(&msg, vectors_text(vector, "now"), pem) == OK;
        if (is_good != json_is_true(json_object_get(vector, "valid")))
            fail_msg("%s: we say %d", name, is_good);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_draft_cavage_hold),
        cmocka_unit_test(the_vectors_of_rfc_9421_hold),
        cmocka_unit_test(a_request_captured_in_the_wild_verifies),
    };
    const struct CMUnitTest with_extra[] = {
        cmocka_unit_test(the_vectors_of_draft_cavage_hold),
        cmocka_unit_test(the_vectors_of_rfc_9421_hold),
        cmocka_unit_test(a_request_captured_in_the_wild_verifies),
        cmocka_unit_test(the_extra_set_agrees),
    };
    const char *extra = getenv("WARD_EXTRA_VECTORS");
    return extra && access(extra, R_OK) == 0 ? cmocka_run_group_tests(with_extra, NULL, NULL)
                                             : cmocka_run_group_tests(tests, NULL, NULL);
}
