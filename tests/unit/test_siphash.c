#include "storage/base/siphash.h"

#include <openssl/evp.h>
#include <openssl/params.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* The key and the messages of the authors' own vectors: 00 01 02 ... */
static void counting(uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)i;
}

static void the_authors_vectors_are_met(void **state)
{
    (void)state;
    static const char *const want[] = {"a3817f04ba25a8e66df67214c7550293",
                                       "da87c1d86b99af44347659119b22fc45"};
    uint8_t key[SIPHASH_KEY_BYTES], message[2], out[SIPHASH_BYTES];
    char hex[2 * SIPHASH_BYTES + 1];
    counting(key, sizeof key);
    counting(message, sizeof message);
    for (size_t n = 0; n < COUNT(want); n++) {
        siphash128(key, (struct bytes){message, n}, out);
        hex_encode((struct bytes){out, sizeof out}, hex);
        assert_string_equal(hex, want[n]);
    }
}

static void every_length_agrees_with_openssl(void **state)
{
    (void)state;
    uint8_t key[SIPHASH_KEY_BYTES], message[300], ours[SIPHASH_BYTES], theirs[SIPHASH_BYTES];
    counting(key, sizeof key);
    counting(message, sizeof message);
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
    assert_non_null(mac);
    for (size_t n = 0; n <= sizeof message; n++) {
        size_t size = sizeof theirs;
        OSSL_PARAM params[] = {OSSL_PARAM_construct_size_t("size", &size), OSSL_PARAM_END};
        EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
        assert_true(EVP_MAC_init(context, key, sizeof key, params));
        assert_true(EVP_MAC_update(context, message, n));
        assert_true(EVP_MAC_final(context, theirs, &size, sizeof theirs));
        EVP_MAC_CTX_free(context);
        siphash128(key, (struct bytes){message, n}, ours);
        assert_memory_equal(ours, theirs, sizeof ours);
    }
    EVP_MAC_free(mac);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_authors_vectors_are_met),
        cmocka_unit_test(every_length_agrees_with_openssl),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
