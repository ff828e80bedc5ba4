#include "storage/account.h"

#include "storage/actor.h"
#include "storage/domain_block.h"
#include "storage/edge.h"
#include "storage/filter.h"
#include "storage/list.h"
#include "storage/media.h"
#include "storage/scheduled.h"
#include "storage/tag_follow.h"
#include "storage/token.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include <stdio.h>
#include <string.h>

#define ACCOUNT_ARENA_BYTES (4 << 20)

enum err account_add(struct txn *txn, Actor *actor, Account *account, const PrivateKeys *keys,
                     int64_t now_ms)
{
    actor_id holder;
    if (!actor->username[0] || actor->host[0] || strcmp(actor->username, account->name) != 0)
        return ERR_INVALID;
    enum err e = actor_find_handle(txn, account->name, &holder);
    if (e != ERR_NOTFOUND)
        return e ? e : ERR_EXISTS; /* deleted actors keep their names: T70 */
    actor->id = 0;
    if ((e = actor_put(txn, actor, now_ms)))
        return e;
    account->actor = actor->id;
    account->created_ms = now_ms;
    struct key key = key_id(actor->id);
    if ((e = record_add(txn, TABLE_ACCOUNT, key_bytes(&key), &account->base)) ||
        (e = record_add(txn, TABLE_PRIVATE_KEY, key_bytes(&key), &keys->base)))
        return e == ERR_EXISTS ? ERR_CORRUPT : e;
    return counter_add(txn, COUNTER_STORE, STORE_ACCOUNTS, 1);
}

enum err account_get(struct txn *txn, actor_id actor, struct arena *arena, Account **out)
{
    struct key key = key_id(actor.v);
    return record_get(txn, TABLE_ACCOUNT, key_bytes(&key), &account__descriptor, arena, out);
}

enum err account_find(struct txn *txn, const char *name, struct arena *arena, Account **out)
{
    actor_id actor;
    if (strchr(name, '@'))
        return ERR_NOTFOUND;
    enum err e = actor_find_handle(txn, name, &actor);
    return e ? e : account_get(txn, actor, arena, out);
}

enum err account_put(struct txn *txn, const Account *account)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ACCOUNT_ARENA_BYTES);
    struct key key = key_id(account->actor);
    Account *old;
    enum err e = account_get(txn, (actor_id){account->actor}, &arena, &old);
    if (e)
        return e;
    if (strcmp(old->name, account->name) != 0)
        return ERR_INVALID;
    return record_put(txn, TABLE_ACCOUNT, key_bytes(&key), &account->base);
}

static enum err pictures_drop(struct txn *txn, Actor *actor)
{
    enum err e = actor->icon ? media_del(txn, actor->icon) : OK;
    if (!e || e == ERR_NOTFOUND)
        e = actor->image ? media_del(txn, actor->image) : OK;
    actor->icon = actor->image = 0;
    actor->icon_url = actor->image_url = (char *)"";
    return e == ERR_NOTFOUND ? OK : e;
}

enum err account_del(struct txn *txn, actor_id actor, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ACCOUNT_ARENA_BYTES);
    struct key key = key_id(actor.v);
    Actor *record;
    enum err e = engine_del(txn, TABLE_ACCOUNT, key_bytes(&key));
    if (e)
        return e;
    if ((e = actor_get(txn, actor, &arena, &record)))
        return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
    if ((e = pictures_drop(txn, record)))
        return e;
    record->deleted_ms = now_ms;
    if ((e = actor_put(txn, record, now_ms)) || (e = token_revoke_all(txn, actor)) ||
        (e = tag_follow_drop(txn, actor)) || (e = domain_block_drop(txn, actor)) ||
        (e = list_del_all(txn, actor)) || (e = filter_del_all(txn, actor)) ||
        (e = scheduled_del_all(txn, actor)))
        return e;
    return counter_add(txn, COUNTER_STORE, STORE_ACCOUNTS, -1);
}

enum err account_next(struct txn *txn, actor_id after, struct arena *arena, Account **out)
{
    if (after.v == UINT64_MAX)
        return ERR_NOTFOUND;
    AUTO(range_close) struct range range = {0};
    struct key lo = key_id(after.v + 1);
    struct bytes key, value;
    enum err e =
        range_open(txn, TABLE_ACCOUNT, key_bytes(&lo), (struct bytes){0}, RANGE_UP, &range);
    if (!e)
        e = range_next(&range, &key, &value);
    return e ? e : record_decode(&account__descriptor, value, arena, out);
}

enum err account_keys(struct txn *txn, actor_id actor, struct arena *arena, PrivateKeys **out)
{
    struct key key = key_id(actor.v);
    return record_get(txn, TABLE_PRIVATE_KEY, key_bytes(&key), &private_keys__descriptor, arena,
                      out);
}

enum err account_put_keys(struct txn *txn, actor_id actor, const PrivateKeys *keys)
{
    struct key key = key_id(actor.v);
    struct bytes any;
    enum err e = engine_get(txn, TABLE_ACTOR, key_bytes(&key), &any);
    return e ? e : record_put(txn, TABLE_PRIVATE_KEY, key_bytes(&key), &keys->base);
}

bool account_may_act(const Account *account, int64_t since_ms)
{
    return !account->is_disabled && since_ms > account->signed_out_ms;
}

enum err account_sign_out(struct txn *txn, Account *account, int64_t now_ms)
{
    account->signed_out_ms = now_ms;
    return token_revoke_all(txn, (actor_id){account->actor});
}

/* ---- passwords ---- */

#define SALT_BYTES 16
#define HASH_BYTES 32
#define SCRYPT_MEMORY_MAX (256ull << 20) /* a stored string cannot ask for more */
#define SCRYPT_P_MAX 16

struct scrypt {
    uint64_t n;
    unsigned r, p;
    uint8_t salt[SALT_BYTES], hash[HASH_BYTES];
};

static const struct scrypt scrypt_today = {.n = 1u << 15, .r = 8, .p = 1};

static bool scrypt_derive(const char *password, const struct scrypt *with, uint8_t out[HASH_BYTES])
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    uint64_t n = with->n, memory = SCRYPT_MEMORY_MAX + (1 << 20);
    uint32_t r = with->r, p = with->p;
    OSSL_PARAM params[] = {
        OSSL_PARAM_octet_string(OSSL_KDF_PARAM_PASSWORD, (void *)password, strlen(password)),
        OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SALT, (void *)with->salt, SALT_BYTES),
        OSSL_PARAM_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
        OSSL_PARAM_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
        OSSL_PARAM_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
        OSSL_PARAM_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory),
        OSSL_PARAM_END,
    };
    bool done = context && EVP_KDF_derive(context, out, HASH_BYTES, params) == 1;
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return done;
}

enum err password_hash(const char *password, struct arena *arena, const char **out)
{
    struct scrypt with = scrypt_today;
    char salt[2 * SALT_BYTES + 1], hash[2 * HASH_BYTES + 1];
    if (RAND_bytes(with.salt, SALT_BYTES) != 1 || !scrypt_derive(password, &with, with.hash))
        return ERR_STORE;
    hex_encode((struct bytes){with.salt, SALT_BYTES}, salt);
    hex_encode((struct bytes){with.hash, HASH_BYTES}, hash);
    const char *text = arena_printf(arena, "scrypt$%llu$%u$%u$%s$%s", (unsigned long long)with.n,
                                    with.r, with.p, salt, hash);
    if (!text)
        return ERR_LIMIT;
    *out = text;
    return OK;
}

static bool hex_decode(const char *text, uint8_t *out, size_t n)
{
    for (size_t i = 0; i < 2 * n; i++) {
        char c = text[i];
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0)
            return false;
        out[i / 2] = (uint8_t)(i % 2 ? out[i / 2] | digit : digit << 4);
    }
    return true;
}

static bool scrypt_parse(const char *stored, struct scrypt *out)
{
    unsigned long long n;
    char salt[2 * SALT_BYTES + 1], hash[2 * HASH_BYTES + 1];
    int end = 0;
    if (sscanf(stored, "scrypt$%8llu$%4u$%4u$%32[0-9a-f]$%64[0-9a-f]%n", &n, &out->r, &out->p, salt,
               hash, &end) != 5 ||
        stored[end])
        return false;
    out->n = n;
    if (n < 2 || (n & (n - 1)) != 0 || out->r == 0 || out->p == 0 || out->p > SCRYPT_P_MAX ||
        128ull * n * out->r > SCRYPT_MEMORY_MAX)
        return false;
    return strlen(salt) == 2 * SALT_BYTES && strlen(hash) == 2 * HASH_BYTES &&
           hex_decode(salt, out->salt, SALT_BYTES) && hex_decode(hash, out->hash, HASH_BYTES);
}

bool password_check(const char *password, const char *stored)
{
    struct scrypt with;
    uint8_t hash[HASH_BYTES];
    bool known = stored && scrypt_parse(stored, &with);
    if (!known)
        with = scrypt_today; /* as slow as a real one: nobody learns who has an account (T78) */
    bool derived = scrypt_derive(password, &with, hash);
    bool same =
        bytes_equal_secret((struct bytes){hash, HASH_BYTES}, (struct bytes){with.hash, HASH_BYTES});
    OPENSSL_cleanse(hash, sizeof hash);
    return known && derived && same;
}
