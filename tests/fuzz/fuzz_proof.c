/* fuzz_proof - no object a stranger sends is believed without the key, whatever proof it carries;
 * and what we sign ourselves is. */
#include "federation/canonical.h"
#include "federation/proof.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_ARENA_BYTES (1024 * 1024)
#define NOW_MS ((int64_t)1700000000000)
#define KEY_ID "https://a.example/users/a#ed25519-key"

static struct private_key *our_key(void)
{
    static struct private_key *key;
    if (!key)
        key = private_key_generate(KEY_ED25519);
    return key;
}

static void sign_and_check(struct bytes json, const struct public_key *half)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(FUZZ_ARENA_BYTES);
    AUTO(buf_clear) struct buf signed_ = BUF_INIT(CANONICAL_MAX_BYTES);
    struct proof proof;
    if (proof_add(json, our_key(), KEY_ID, NOW_MS, &signed_, NULL))
        return;
    enum err e = proof_parse(buf_bytes(&signed_), &arena, &proof, NULL);
    assert(e || proof_verify(&proof, half, NOW_MS, NULL) == OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(FUZZ_ARENA_BYTES);
    AUTO(buf_clear) struct buf once = BUF_INIT(CANONICAL_MAX_BYTES);
    AUTO(buf_clear) struct buf twice = BUF_INIT(CANONICAL_MAX_BYTES);
    AUTO(public_key_free) struct public_key *half = private_key_public(our_key());
    const struct bytes json = {data, size};
    struct proof proof;
    if (canonical_json(json, &once, NULL) == OK) {
        assert(canonical_json(buf_bytes(&once), &twice, NULL) == OK);
        assert(bytes_equal(buf_bytes(&once), buf_bytes(&twice)));
    }
    if (proof_parse(json, &arena, &proof, NULL) == OK)
        assert(proof_verify(&proof, half, NOW_MS, NULL) != OK);
    sign_and_check(json, half);
    return 0;
}
