#include "federation/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/decoder.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "federation/multibase.h"

#define PEM_LINE_CHARS 64
#define PEM_LABEL_MAX_BYTES 32
#define ED25519_BYTES 32
#define KEY_ARENA_BYTES (64 * 1024)

struct public_key {
    enum key_type type;
    EVP_PKEY *pkey;
};

struct private_key {
    enum key_type type;
    EVP_PKEY *pkey;
};

static void pkey_free(EVP_PKEY **pkey)
{
    EVP_PKEY_free(*pkey);
    *pkey = NULL;
}

static void md_ctx_free(EVP_MD_CTX **ctx)
{
    EVP_MD_CTX_free(*ctx);
    *ctx = NULL;
}

static void bn_free(BIGNUM **bn)
{
    BN_free(*bn);
    *bn = NULL;
}

static void decoder_free(OSSL_DECODER_CTX **ctx)
{
    OSSL_DECODER_CTX_free(*ctx);
    *ctx = NULL;
}

/* ---- PEM ---- */

struct pem {
    char label[PEM_LABEL_MAX_BYTES]; /* "PUBLIC KEY" */
    struct bytes der;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/*
 * Reads one PEM block ourselves, because the ones found in actor documents have lost their
 * newlines to spaces or to nothing, and libcrypto's reader wants lines.
 */
static enum err pem_decode(const char *text, struct arena *arena, struct pem *out)
{
    static const char begin[] = "-----BEGIN ", end[] = "-----END ", dashes[] = "-----";
    if (strnlen(text, KEY_PEM_MAX_BYTES + 1) > KEY_PEM_MAX_BYTES)
        return ERR_INVALID;
    const char *label = strstr(text, begin);
    if (!label)
        return ERR_INVALID;
    label += sizeof begin - 1;
    const char *body = strstr(label, dashes);
    if (!body || (size_t)(body - label) >= sizeof out->label)
        return ERR_INVALID;
    memset(out->label, 0, sizeof out->label);
    memcpy(out->label, label, (size_t)(body - label));
    body += sizeof dashes - 1;

    const char *stop = strstr(body, end);
    size_t label_n = strlen(out->label);
    if (!stop || strncmp(stop + sizeof end - 1, out->label, label_n) != 0 ||
        strncmp(stop + sizeof end - 1 + label_n, dashes, sizeof dashes - 1) != 0)
        return ERR_INVALID;

    char *base64 = arena_alloc(arena, (size_t)(stop - body) + 1);
    if (!base64)
        return ERR_INVALID;
    size_t n = 0;
    for (const char *p = body; p < stop; p++) {
        if (!is_space(*p))
            base64[n++] = *p;
    }
    enum err e = base64_decode((struct bytes){(const uint8_t *)base64, n}, arena, &out->der);
    OPENSSL_cleanse(base64, n);
    return e ? ERR_INVALID : OK;
}

static char *pem_encode(const char *label, const uint8_t *der, size_t der_n, struct arena *arena)
{
    AUTO(arena_clear) struct arena scratch = ARENA_INIT(KEY_ARENA_BYTES);
    char *base64 = base64_encode((struct bytes){der, der_n}, &scratch);
    if (!base64)
        return NULL;
    size_t n = strlen(base64);
    size_t room = n + n / PEM_LINE_CHARS + 2 * strlen(label) + 64;
    char *text = arena_alloc(arena, room);
    if (text) {
        size_t at = (size_t)snprintf(text, room, "-----BEGIN %s-----\n", label);
        for (size_t i = 0; i < n; i += PEM_LINE_CHARS)
            at += (size_t)snprintf(text + at, room - at, "%.*s\n", PEM_LINE_CHARS, base64 + i);
        snprintf(text + at, room - at, "-----END %s-----\n", label);
    }
    OPENSSL_cleanse(base64, n);
    return text;
}

/* ---- what we take ---- */

/* T23: the size and exponent of a stranger's key decide what each check costs us. */
static enum err rsa_check(const EVP_PKEY *pkey, struct why *why)
{
    int bits = EVP_PKEY_get_bits(pkey);
    if (bits < KEY_RSA_MIN_BITS || bits > KEY_RSA_MAX_BITS)
        return why_set(why, ERR_INVALID, "RSA key of %d bits", bits);
    AUTO(bn_free) BIGNUM *e = NULL;
    if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) != 1)
        return why_set(why, ERR_INVALID, "RSA key without an exponent");
    AUTO(bn_free) BIGNUM *most = BN_new();
    if (!most || !BN_set_word(most, KEY_RSA_MAX_EXPONENT))
        return why_set(why, ERR_INVALID, "RSA key: out of memory");
    if (!BN_is_odd(e) || BN_is_one(e) || BN_is_negative(e) || BN_cmp(e, most) > 0)
        return why_set(why, ERR_INVALID, "RSA key with an exponent we do not take");
    return OK;
}

static enum err pkey_check(const EVP_PKEY *pkey, enum key_type *out, struct why *why)
{
    if (EVP_PKEY_is_a(pkey, "RSA")) {
        *out = KEY_RSA;
        return rsa_check(pkey, why);
    }
    if (EVP_PKEY_is_a(pkey, "ED25519")) {
        *out = KEY_ED25519;
        return OK;
    }
    return why_set(why, ERR_INVALID, "key is neither RSA nor Ed25519");
}

/* DER in one of OpenSSL's structures, all of it used up; NULL when it is not. */
static EVP_PKEY *der_decode(struct bytes der, const char *structure, const char *type,
                            int selection)
{
    EVP_PKEY *pkey = NULL;
    AUTO(decoder_free)
    OSSL_DECODER_CTX *ctx =
        OSSL_DECODER_CTX_new_for_pkey(&pkey, "DER", structure, type, selection, NULL, NULL);
    const unsigned char *p = der.p;
    size_t left = der.n;
    if (!ctx || OSSL_DECODER_from_data(ctx, &p, &left) != 1 || left != 0)
        pkey_free(&pkey);
    return pkey;
}

/* ---- the quick way in ----
 *
 * libcrypto's decoder offers the bytes to every kind of key it knows, which costs as much as
 * twenty verifications, and a key is read for each request. So the two wrappers that all keys come
 * in are opened here; what does not look exactly so is left to the decoder.
 */

enum { WRAPPED_PUBLIC = V_ASN1_BIT_STRING, WRAPPED_PRIVATE = V_ASN1_OCTET_STRING };

/* AlgorithmIdentifier: rsaEncryption with NULL; Ed25519 without parameters (RFC 3279, 8410). */
static const uint8_t RSA_ALGORITHM[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                        0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
static const uint8_t ED25519_ALGORITHM[] = {0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70};
static const uint8_t VERSION_0[] = {0x02, 0x01, 0x00};
static const uint8_t NO_UNUSED_BITS[] = {0x00};
static const uint8_t ED25519_SEED[] = {0x04, ED25519_BYTES};

static bool skip(struct bytes *in, const uint8_t *what, size_t n)
{
    if (in->n < n || memcmp(in->p, what, n) != 0)
        return false;
    *in = (struct bytes){in->p + n, in->n - n};
    return true;
}

/* `in` is one element of that tag and nothing after it: its contents. */
static bool der_open(struct bytes *in, int wanted)
{
    const unsigned char *p = in->p;
    long n = 0;
    int tag = 0, class = 0; /* not set when it is broken */
    int flags = ASN1_get_object(&p, &n, &tag, &class, (long)in->n);
    if ((flags & 0x81) || tag != wanted || class != V_ASN1_UNIVERSAL ||
        (size_t)n != in->n - (size_t)(p - in->p)) /* 0x80: broken; 0x01: no length */
        return false;
    *in = (struct bytes){p, (size_t)n};
    return true;
}

/* The key inside SubjectPublicKeyInfo (RFC 5280) or a PrivateKeyInfo without attributes. */
static bool der_unwrap(struct bytes in, int wrapped, enum key_type *type, struct bytes *out)
{
    if (!der_open(&in, V_ASN1_SEQUENCE) ||
        (wrapped == WRAPPED_PRIVATE && !skip(&in, VERSION_0, sizeof VERSION_0)))
        return false;
    if (skip(&in, RSA_ALGORITHM, sizeof RSA_ALGORITHM))
        *type = KEY_RSA;
    else if (skip(&in, ED25519_ALGORITHM, sizeof ED25519_ALGORITHM))
        *type = KEY_ED25519;
    else
        return false;
    if (!der_open(&in, wrapped) ||
        (wrapped == WRAPPED_PUBLIC && !skip(&in, NO_UNUSED_BITS, sizeof NO_UNUSED_BITS)))
        return false;
    *out = in;
    return true;
}

static EVP_PKEY *rsa_public_decode(struct bytes der)
{
    const unsigned char *p = der.p;
    EVP_PKEY *pkey = d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, (long)der.n);
    if (pkey && p != der.p + der.n)
        pkey_free(&pkey);
    return pkey;
}

static EVP_PKEY *public_decode(struct bytes der)
{
    enum key_type type;
    struct bytes key;
    if (!der_unwrap(der, WRAPPED_PUBLIC, &type, &key))
        return der_decode(der, "SubjectPublicKeyInfo", NULL, EVP_PKEY_PUBLIC_KEY);
    return type == KEY_RSA ? rsa_public_decode(key)
                           : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key.p, key.n);
}

static EVP_PKEY *private_decode(struct bytes der)
{
    enum key_type type;
    struct bytes key;
    if (!der_unwrap(der, WRAPPED_PRIVATE, &type, &key))
        return der_decode(der, "PrivateKeyInfo", NULL, EVP_PKEY_KEYPAIR);
    if (type == KEY_RSA) /* told which, the decoder takes a third of the time */
        return der_decode(der, "PrivateKeyInfo", "RSA", EVP_PKEY_KEYPAIR);
    if (!skip(&key, ED25519_SEED, sizeof ED25519_SEED))
        return NULL;
    return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key.p, key.n);
}

/* ---- public ---- */

static enum err public_key_adopt(EVP_PKEY **pkey, struct public_key **out, struct why *why)
{
    enum key_type type;
    if (!*pkey)
        return why_set(why, ERR_INVALID, "not a public key");
    enum err e = pkey_check(*pkey, &type, why);
    if (e)
        return e;
    struct public_key *key = xcalloc(1, sizeof *key);
    key->type = type;
    key->pkey = *pkey;
    *pkey = NULL;
    *out = key;
    return OK;
}

enum err public_key_parse_pem(const char *text, struct public_key **out, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(KEY_ARENA_BYTES);
    AUTO(pkey_free) EVP_PKEY *pkey = NULL;
    struct pem pem;
    if (pem_decode(text, &arena, &pem))
        return why_set(why, ERR_INVALID, "not a PEM key");
    if (strcmp(pem.label, "PUBLIC KEY") == 0)
        pkey = public_decode(pem.der);
    else if (strcmp(pem.label, "RSA PUBLIC KEY") == 0)
        pkey = rsa_public_decode(pem.der);
    return public_key_adopt(&pkey, out, why);
}

/* Multicodec prefixes of FEP-521a: the varints 0xed and 0x1300. */
static const uint8_t ED25519_PUBLIC[2] = {0xed, 0x01};
static const uint8_t ED25519_SECRET[2] = {0x80, 0x26};

static enum err multikey_decode(const char *text, const uint8_t prefix[2], struct arena *arena,
                                struct bytes *out)
{
    struct bytes all;
    if (multibase_decode(text, arena, &all) || all.n != 2 + ED25519_BYTES ||
        memcmp(all.p, prefix, 2) != 0)
        return ERR_INVALID;
    *out = (struct bytes){all.p + 2, ED25519_BYTES};
    return OK;
}

enum err public_key_parse_multikey(const char *text, struct public_key **out, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(KEY_ARENA_BYTES);
    struct bytes raw;
    if (multikey_decode(text, ED25519_PUBLIC, &arena, &raw))
        return why_set(why, ERR_INVALID, "not an Ed25519 Multikey");
    AUTO(pkey_free)
    EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw.p, raw.n);
    return public_key_adopt(&pkey, out, why);
}

enum key_type public_key_type(const struct public_key *key)
{
    return key->type;
}

bool public_key_equal(const struct public_key *a, const struct public_key *b)
{
    return EVP_PKEY_eq(a->pkey, b->pkey) == 1;
}

char *public_key_pem(const struct public_key *key, struct arena *arena)
{
    unsigned char *der = NULL;
    int n = i2d_PUBKEY(key->pkey, &der);
    char *text = n > 0 ? pem_encode("PUBLIC KEY", der, (size_t)n, arena) : NULL;
    OPENSSL_free(der);
    return text;
}

char *public_key_multikey(const struct public_key *key, struct arena *arena)
{
    uint8_t raw[2 + ED25519_BYTES];
    size_t n = ED25519_BYTES;
    memcpy(raw, ED25519_PUBLIC, 2);
    if (key->type != KEY_ED25519 || EVP_PKEY_get_raw_public_key(key->pkey, raw + 2, &n) != 1)
        return NULL;
    return multibase_encode((struct bytes){raw, sizeof raw}, arena);
}

static const EVP_MD *digest_of(enum key_type type)
{
    return type == KEY_RSA ? EVP_sha256() : NULL; /* Ed25519 hashes by itself */
}

enum err public_key_verify(const struct public_key *key, struct bytes message,
                           struct bytes signature)
{
    AUTO(md_ctx_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!ctx || EVP_DigestVerifyInit(ctx, NULL, digest_of(key->type), NULL, key->pkey) != 1)
        return ERR_DENIED;
    int verdict = EVP_DigestVerify(ctx, signature.p, signature.n, message.p, message.n);
    return verdict == 1 ? OK : ERR_DENIED;
}

void public_key_free(struct public_key **key)
{
    if (!*key)
        return;
    EVP_PKEY_free((*key)->pkey);
    xfree(key);
}

/* ---- private ---- */

static struct private_key *private_key_of(EVP_PKEY *pkey, enum key_type type)
{
    struct private_key *key = xcalloc(1, sizeof *key);
    key->type = type;
    key->pkey = pkey;
    return key;
}

struct private_key *private_key_generate(enum key_type type)
{
    EVP_PKEY *pkey = type == KEY_RSA
                         ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)KEY_RSA_MIN_BITS)
                         : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    if (!pkey)
        abort(); /* no randomness, or no memory */
    return private_key_of(pkey, type);
}

static enum err private_key_adopt(EVP_PKEY **pkey, struct private_key **out, struct why *why)
{
    enum key_type type;
    if (!*pkey)
        return why_set(why, ERR_INVALID, "not a private key");
    enum err e = pkey_check(*pkey, &type, why);
    if (e)
        return e;
    *out = private_key_of(*pkey, type);
    *pkey = NULL;
    return OK;
}

enum err private_key_parse_pem(const char *text, struct private_key **out, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(KEY_ARENA_BYTES);
    AUTO(pkey_free) EVP_PKEY *pkey = NULL;
    struct pem pem;
    if (pem_decode(text, &arena, &pem))
        return why_set(why, ERR_INVALID, "not a PEM key");
    if (strcmp(pem.label, "PRIVATE KEY") == 0)
        pkey = private_decode(pem.der);
    else if (strcmp(pem.label, "RSA PRIVATE KEY") == 0)
        pkey = der_decode(pem.der, "type-specific", "RSA", EVP_PKEY_KEYPAIR);
    OPENSSL_cleanse((void *)(uintptr_t)pem.der.p, pem.der.n);
    return private_key_adopt(&pkey, out, why);
}

enum err private_key_parse_multikey(const char *text, struct private_key **out, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(KEY_ARENA_BYTES);
    struct bytes raw;
    if (multikey_decode(text, ED25519_SECRET, &arena, &raw))
        return why_set(why, ERR_INVALID, "not an Ed25519 secret Multikey");
    AUTO(pkey_free)
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, raw.p, raw.n);
    OPENSSL_cleanse((void *)(uintptr_t)raw.p, raw.n);
    return private_key_adopt(&pkey, out, why);
}

enum key_type private_key_type(const struct private_key *key)
{
    return key->type;
}

char *private_key_pem(const struct private_key *key, struct arena *arena)
{
    unsigned char *der = NULL;
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key->pkey);
    int n = info ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : 0;
    char *text = n > 0 ? pem_encode("PRIVATE KEY", der, (size_t)n, arena) : NULL;
    OPENSSL_clear_free(der, n > 0 ? (size_t)n : 0);
    PKCS8_PRIV_KEY_INFO_free(info);
    return text;
}

struct public_key *private_key_public(const struct private_key *key)
{
    unsigned char *der = NULL;
    int n = i2d_PUBKEY(key->pkey, &der);
    const unsigned char *p = der;
    EVP_PKEY *pkey = n > 0 ? d2i_PUBKEY(NULL, &p, n) : NULL;
    OPENSSL_free(der);
    if (!pkey)
        abort(); /* a key we hold has a public half: only memory can be missing */
    struct public_key *public = xcalloc(1, sizeof *public);
    public->type = key->type;
    public->pkey = pkey;
    return public;
}

enum err private_key_sign(const struct private_key *key, struct bytes message, struct arena *arena,
                          struct bytes *out)
{
    AUTO(md_ctx_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t n = (size_t)EVP_PKEY_get_size(key->pkey);
    uint8_t *signature = arena_alloc(arena, n);
    if (!signature)
        return ERR_LIMIT;
    if (!ctx || EVP_DigestSignInit(ctx, NULL, digest_of(key->type), NULL, key->pkey) != 1 ||
        EVP_DigestSign(ctx, signature, &n, message.p, message.n) != 1)
        return ERR_CORRUPT;
    *out = (struct bytes){signature, n};
    return OK;
}

void private_key_free(struct private_key **key)
{
    if (!*key)
        return;
    EVP_PKEY_free((*key)->pkey); /* wipes */
    xfree(key);
}
