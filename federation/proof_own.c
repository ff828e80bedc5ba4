#include "federation/proof.h"

#include "federation/keyring.h"
#include "storage/account.h"
#include "storage/base/log.h"

#define KEYS_ARENA_BYTES ((size_t)64 * 1024)

static enum err as_it_is(struct bytes json, struct buf *out)
{
    buf_reset(out);
    buf_add(out, json.p, json.n);
    return out->is_full ? ERR_LIMIT : OK;
}

enum err proof_own(const struct federation *fed, struct txn *txn, actor_id who, struct bytes json,
                   int64_t created_ms, struct buf *out)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(KEYS_ARENA_BYTES);
    AUTO(keyring_give) struct keyring_key *held = NULL;
    struct why why = {""};
    PrivateKeys *keys;
    if (!fed->config->object_proofs)
        return as_it_is(json, out);
    enum err e = account_keys(txn, who, &arena, &keys);
    if (e && e != ERR_NOTFOUND)
        return e;
    if (e || !keys->ed25519_pem[0])
        return as_it_is(json, out);
    e = keyring_take(keys->ed25519_id, keys->ed25519_pem, &held, &why);
    if (!e)
        e = proof_add(json, keyring_private(held), keys->ed25519_id, created_ms, out, &why);
    if (!e)
        return OK;
    log_warn("proof.none", STR("key", keys->ed25519_id), STR("why", why.text));
    return as_it_is(json, out); /* better without than not at all */
}
