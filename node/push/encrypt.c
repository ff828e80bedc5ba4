#include "node/push/encrypt.h"

#include "federation/multibase.h"
#include "storage/base/buf.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>

#include <inttypes.h>
#include <string.h>

#define HASH_BYTES 32
#define KEY_BYTES 16
#define NONCE_BYTES 12
#define TAG_BYTES 16
#define RECORD_BYTES 4096
#define HEADER_BYTES (PUSH_SALT_BYTES + 4 + 1 + PUSH_POINT_BYTES)
#define INFO_MAX_BYTES 256
#define JWT_MAX_BYTES 2048

static void pkey_free(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static void pkey_ctx_free(EVP_PKEY_CTX **ctx)
{
    EVP_PKEY_CTX_free(*ctx);
}

static void cipher_free(EVP_CIPHER_CTX **ctx)
{
    EVP_CIPHER_CTX_free(*ctx);
}

static void digest_free(EVP_MD_CTX **ctx)
{
    EVP_MD_CTX_free(*ctx);
}

static void bignum_free(BIGNUM **n)
{
    BN_clear_free(*n);
}

static void builder_free(OSSL_PARAM_BLD **builder)
{
    OSSL_PARAM_BLD_free(*builder);
}

static void params_free(OSSL_PARAM **params)
{
    OSSL_PARAM_free(*params);
}

static void ecdsa_free(ECDSA_SIG **sig)
{
    ECDSA_SIG_free(*sig);
}

/* ---- keys ----------------------------------------------------------------------------------- */

/* A P-256 key; `scalar` NULL: a public one. NULL: not a point of the curve, or out of memory. */
static EVP_PKEY *key_make(const uint8_t *scalar, const uint8_t point[PUSH_POINT_BYTES])
{
    AUTO(builder_free) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    AUTO(params_free) OSSL_PARAM *params = NULL;
    AUTO(bignum_free) BIGNUM *n = scalar ? BN_secure_new() : NULL;
    AUTO(pkey_ctx_free) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *key = NULL;
    if (!builder || !ctx || (scalar && (!n || !BN_bin2bn(scalar, PUSH_SCALAR_BYTES, n))))
        return NULL;
    if (!OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) ||
        !OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point,
                                          PUSH_POINT_BYTES) ||
        (n && !OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, n)) ||
        !(params = OSSL_PARAM_BLD_to_param(builder)))
        return NULL;
    if (EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, scalar ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params) != 1)
        return NULL;
    return key;
}

bool push_point_is_good(const uint8_t point[PUSH_POINT_BYTES])
{
    AUTO(pkey_free) EVP_PKEY *key = point[0] == 4 ? key_make(NULL, point) : NULL;
    AUTO(pkey_ctx_free)
    EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
    return ctx && EVP_PKEY_public_check(ctx) == 1;
}

enum err push_key_create(struct push_key *out)
{
    AUTO(pkey_free) EVP_PKEY *key = EVP_EC_gen("P-256");
    AUTO(bignum_free) BIGNUM *n = NULL;
    size_t size = 0;
    if (!key || EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &n) != 1 ||
        BN_bn2binpad(n, out->scalar, PUSH_SCALAR_BYTES) != PUSH_SCALAR_BYTES ||
        EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, out->point, PUSH_POINT_BYTES,
                                        &size) != 1)
        return ERR_STORE;
    return size == PUSH_POINT_BYTES ? OK : ERR_STORE;
}

enum err push_salt_create(uint8_t out[PUSH_SALT_BYTES])
{
    return RAND_bytes(out, PUSH_SALT_BYTES) == 1 ? OK : ERR_STORE;
}

/* ---- the message's own key ------------------------------------------------------------------ */

static enum err agree(const struct push_key *ours, const uint8_t theirs[PUSH_POINT_BYTES],
                      uint8_t out[HASH_BYTES])
{
    AUTO(pkey_free) EVP_PKEY *key = key_make(ours->scalar, ours->point);
    AUTO(pkey_free) EVP_PKEY *peer = key_make(NULL, theirs);
    AUTO(pkey_ctx_free)
    EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
    size_t size = HASH_BYTES;
    if (!peer)
        return ERR_INVALID;
    if (!ctx || EVP_PKEY_derive_init(ctx) != 1)
        return ERR_STORE;
    return EVP_PKEY_derive_set_peer(ctx, peer) == 1 && EVP_PKEY_derive(ctx, out, &size) == 1 &&
                   size == HASH_BYTES
               ? OK
               : ERR_INVALID;
}

/* HKDF (RFC 5869) for one block of output: extract with `salt`, expand with `info`. */
static bool hkdf(struct bytes salt, struct bytes secret, const struct buf *info,
                 uint8_t out[HASH_BYTES])
{
    uint8_t prk[HASH_BYTES], block[INFO_MAX_BYTES + 1];
    if (info->is_full || info->n > INFO_MAX_BYTES)
        return false;
    memcpy(block, info->p, info->n);
    block[info->n] = 1;
    bool is_done = HMAC(EVP_sha256(), salt.p, (int)salt.n, secret.p, secret.n, prk, NULL) &&
                   HMAC(EVP_sha256(), prk, sizeof prk, block, info->n + 1, out, NULL);
    OPENSSL_cleanse(prk, sizeof prk);
    return is_done;
}

static void add_point(struct buf *out, const uint8_t point[PUSH_POINT_BYTES])
{
    static const uint8_t length[2] = {0, PUSH_POINT_BYTES};
    buf_add(out, length, sizeof length);
    buf_add(out, point, PUSH_POINT_BYTES);
}

struct content_key {
    uint8_t key[HASH_BYTES], nonce[HASH_BYTES]; /* as much of each as is needed */
};

static bool derive(enum push_coding coding, const struct push_reader *reader,
                   const struct push_key *ours, const uint8_t salt[PUSH_SALT_BYTES],
                   const uint8_t agreed[HASH_BYTES], struct content_key *out)
{
    static const char info_new[] = "WebPush: info", info_old[] = "Content-Encoding: auth";
    static const char name_new[] = "Content-Encoding: aes128gcm";
    static const char name_old[] = "Content-Encoding: aesgcm";
    static const char nonce[] = "Content-Encoding: nonce", curve[] = "P-256";
    AUTO(buf_clear) struct buf input = BUF_INIT(INFO_MAX_BYTES);
    AUTO(buf_clear) struct buf key_info = BUF_INIT(INFO_MAX_BYTES);
    AUTO(buf_clear) struct buf nonce_info = BUF_INIT(INFO_MAX_BYTES);
    bool is_old = coding == PUSH_AESGCM;
    uint8_t secret[HASH_BYTES];
    /* the NUL at the end of each text belongs to it */
    if (is_old) {
        buf_add(&input, info_old, sizeof info_old);
        buf_add(&key_info, name_old, sizeof name_old);
        buf_add(&nonce_info, nonce, sizeof nonce);
        for (int i = 0; i < 2; i++) {
            struct buf *info = i ? &nonce_info : &key_info;
            buf_add(info, curve, sizeof curve);
            add_point(info, reader->point);
            add_point(info, ours->point);
        }
    } else {
        buf_add(&input, info_new, sizeof info_new);
        buf_add(&input, reader->point, PUSH_POINT_BYTES);
        buf_add(&input, ours->point, PUSH_POINT_BYTES);
        buf_add(&key_info, name_new, sizeof name_new);
        buf_add(&nonce_info, nonce, sizeof nonce);
    }
    struct bytes salted = {salt, PUSH_SALT_BYTES}, keyed = {secret, sizeof secret};
    bool is_done = hkdf((struct bytes){reader->auth, PUSH_AUTH_BYTES},
                        (struct bytes){agreed, HASH_BYTES}, &input, secret) &&
                   hkdf(salted, keyed, &key_info, out->key) &&
                   hkdf(salted, keyed, &nonce_info, out->nonce);
    OPENSSL_cleanse(secret, sizeof secret);
    return is_done;
}

/* ---- the message ---------------------------------------------------------------------------- */

static bool seal(const struct content_key *key, struct bytes plain, uint8_t *out)
{
    AUTO(cipher_free) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n, last;
    return ctx && EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, key->key, key->nonce) == 1 &&
           EVP_EncryptUpdate(ctx, out, &n, plain.p, (int)plain.n) == 1 &&
           EVP_EncryptFinal_ex(ctx, out + n, &last) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, out + n + last) == 1;
}

static void header_write(uint8_t *out, const uint8_t salt[PUSH_SALT_BYTES],
                         const uint8_t point[PUSH_POINT_BYTES])
{
    static const uint8_t size[] = {0, 0, RECORD_BYTES >> 8, RECORD_BYTES & 0xff, PUSH_POINT_BYTES};
    memcpy(out, salt, PUSH_SALT_BYTES);
    memcpy(out + PUSH_SALT_BYTES, size, sizeof size);
    memcpy(out + PUSH_SALT_BYTES + sizeof size, point, PUSH_POINT_BYTES);
}

enum err push_encrypt(enum push_coding coding, const struct push_reader *reader,
                      const struct push_key *key, const uint8_t salt[PUSH_SALT_BYTES],
                      struct bytes plain, struct arena *arena, struct bytes *out)
{
    bool is_old = coding == PUSH_AESGCM;
    size_t header = is_old ? 0 : HEADER_BYTES, padding = is_old ? 2 : 1;
    uint8_t agreed[HASH_BYTES];
    struct content_key content;
    if (plain.n > PUSH_PLAIN_MAX_BYTES)
        return ERR_LIMIT;
    uint8_t *text = arena_alloc(arena, plain.n + padding);
    uint8_t *body = arena_alloc(arena, header + plain.n + padding + TAG_BYTES);
    if (!text || !body)
        return ERR_LIMIT;
    enum err e = agree(key, reader->point, agreed);
    if (e)
        return e;
    memset(text, 0, plain.n + padding); /* old: its length of padding, 0, before; ... */
    memcpy(text + (is_old ? padding : 0), plain.p, plain.n);
    if (!is_old)
        text[plain.n] = 2; /* ... new: the end of the last record */
    if (!is_old)
        header_write(body, salt, key->point);
    bool is_done = derive(coding, reader, key, salt, agreed, &content) &&
                   seal(&content, (struct bytes){text, plain.n + padding}, body + header);
    OPENSSL_cleanse(agreed, sizeof agreed);
    OPENSSL_cleanse(&content, sizeof content);
    if (!is_done)
        return ERR_STORE;
    *out = (struct bytes){body, header + plain.n + padding + TAG_BYTES};
    return OK;
}

/* ---- who we are ----------------------------------------------------------------------------- */

/* r and s, 32 bytes each (RFC 7518 §3.4), of the signature as OpenSSL writes it. */
static enum err sign(const struct push_key *key, struct bytes text, uint8_t out[64])
{
    AUTO(pkey_free) EVP_PKEY *pkey = key_make(key->scalar, key->point);
    AUTO(digest_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t der[80];
    size_t n = sizeof der;
    if (!pkey || !ctx || EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, pkey) != 1 ||
        EVP_DigestSign(ctx, der, &n, text.p, text.n) != 1)
        return ERR_STORE;
    const uint8_t *at = der;
    AUTO(ecdsa_free) ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)n);
    if (!sig || BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, 32) != 32 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + 32, 32) != 32)
        return ERR_STORE;
    return OK;
}

enum err push_jwt(const struct push_key *key, const char *audience, const char *subject,
                  int64_t until_s, struct arena *arena, const char **out)
{
    uint8_t signature[64];
    const char *claims = arena_printf(arena, "{\"aud\":\"%s\",\"exp\":%" PRId64 ",\"sub\":\"%s\"}",
                                      audience, until_s, subject);
    if (!claims || strlen(claims) > JWT_MAX_BYTES)
        return ERR_LIMIT;
    const char *head = base64url_encode(bytes_of("{\"typ\":\"JWT\",\"alg\":\"ES256\"}"), arena);
    const char *body = base64url_encode(bytes_of(claims), arena);
    const char *text = head && body ? arena_printf(arena, "%s.%s", head, body) : NULL;
    if (!text)
        return ERR_LIMIT;
    enum err e = sign(key, bytes_of(text), signature);
    if (e)
        return e;
    const char *tail = base64url_encode((struct bytes){signature, sizeof signature}, arena);
    *out = tail ? arena_printf(arena, "%s.%s", text, tail) : NULL;
    return *out ? OK : ERR_LIMIT;
}
