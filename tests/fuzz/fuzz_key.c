/* fuzz_key - whatever claims to be a key is refused, or is one that can be written and read again.
 */
#include "federation/key.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_ARENA_BYTES (256 * 1024)

static void check_public(const struct public_key *key, struct arena *arena)
{
    AUTO(public_key_free) struct public_key *again = NULL;
    static const uint8_t nothing[256];
    const char *pem = public_key_pem(key, arena);
    assert(pem && public_key_parse_pem(pem, &again, NULL) == OK);
    assert(public_key_equal(key, again));
    assert(public_key_verify(key, bytes_of("x"), (struct bytes){nothing, sizeof nothing}) != OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(FUZZ_ARENA_BYTES);
    AUTO(public_key_free) struct public_key *pem = NULL;
    AUTO(public_key_free) struct public_key *multikey = NULL;
    AUTO(private_key_free) struct private_key *private = NULL;
    char *text = arena_strndup(&arena, data, size);
    if (!text)
        return 0;
    if (public_key_parse_pem(text, &pem, NULL) == OK)
        check_public(pem, &arena);
    if (public_key_parse_multikey(text, &multikey, NULL) == OK)
        check_public(multikey, &arena);
    if (private_key_parse_pem(text, &private, NULL) == OK)
        assert(private_key_pem(private, &arena));
    return 0;
}
