#include "storage/follow_digest.h"

#include "storage/actor.h"
#include "storage/base/log.h"

#include <openssl/evp.h>

#include <assert.h>
#include <string.h>

#define FOLLOWER_ARENA_BYTES ((size_t)1024 * 1024)

void follow_digest_mix(uint8_t sum[FOLLOW_DIGEST_BYTES], const char *uri)
{
    uint8_t hash[FOLLOW_DIGEST_BYTES];
    int is_done = EVP_Digest(uri, strlen(uri), hash, NULL, EVP_sha256(), NULL);
    assert(is_done == 1);
    for (size_t i = 0; i < sizeof hash; i++)
        sum[i] ^= hash[i];
}

struct key follow_digest_key(struct txn *txn, actor_id followed, const char *host)
{
    uint8_t hash[KEY_HASH_BYTES];
    struct key key = key_id(followed.v);
    text_hash(txn, host, hash);
    key_add_bytes(&key, (struct bytes){hash, sizeof hash});
    return key;
}

enum err follow_digest_read(struct bytes value, struct follow_digest *out)
{
    size_t at = 0;
    if (value.n != 8 + FOLLOW_DIGEST_BYTES || key_read_u64(value, &at, &out->count))
        return ERR_CORRUPT;
    memcpy(out->sum, value.p + at, FOLLOW_DIGEST_BYTES);
    return OK;
}

enum err follow_digest_get(struct txn *txn, actor_id followed, const char *host,
                           struct follow_digest *out)
{
    struct key key = follow_digest_key(txn, followed, host);
    struct bytes value;
    *out = (struct follow_digest){0};
    enum err e = engine_get(txn, TABLE_FOLLOW_DIGEST, key_bytes(&key), &value);
    if (e)
        return e == ERR_NOTFOUND ? OK : e;
    return follow_digest_read(value, out);
}

enum err follow_digest_change(struct txn *txn, actor_id follower_id, actor_id followed,
                              enum follow_change change)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(FOLLOWER_ARENA_BYTES);
    struct follow_digest digest;
    Actor *follower;
    enum err e = actor_get(txn, follower_id, &arena, &follower);
    if (e)
        return e == ERR_NOTFOUND ? OK : e;
    e = follow_digest_get(txn, followed, follower->host, &digest);
    if (e)
        return e;
    if (change == FOLLOW_ENDS && digest.count == 0) {
        /* Wrong already: `ward check` reports it. Refusing would keep a follow from ending. */
        log_error("follow_digest.below_zero", INT("actor", followed.v));
        return OK;
    }
    digest.count += change == FOLLOW_BEGINS ? 1 : UINT64_MAX;
    follow_digest_mix(digest.sum, follower->uri);
    struct key key = follow_digest_key(txn, followed, follower->host), value = {.n = 0};
    if (digest.count == 0)
        return engine_del(txn, TABLE_FOLLOW_DIGEST, key_bytes(&key));
    key_add_u64(&value, digest.count);
    key_add_bytes(&value, (struct bytes){digest.sum, sizeof digest.sum});
    return engine_put(txn, TABLE_FOLLOW_DIGEST, key_bytes(&key), key_bytes(&value));
}
