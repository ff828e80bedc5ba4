#include "storage/secret.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <string.h>

enum err secret_hash(const char *text, uint8_t out_hash[SECRET_HASH_BYTES])
{
    return EVP_Digest(text, strlen(text), out_hash, NULL, EVP_sha256(), NULL) == 1 ? OK : ERR_STORE;
}

const char *secret_text(const uint8_t bytes[SECRET_HASH_BYTES], struct arena *arena)
{
    unsigned char text[4 * ((SECRET_HASH_BYTES + 2) / 3) + 1];
    EVP_EncodeBlock(text, bytes, SECRET_HASH_BYTES);
    for (unsigned char *p = text; *p; p++) {
        if (*p == '+')
            *p = '-';
        else if (*p == '/')
            *p = '_';
        else if (*p == '=')
            *p = '\0'; /* the padding is the end */
    }
    const char *out = arena_strdup(arena, (const char *)text);
    OPENSSL_cleanse(text, sizeof text);
    return out;
}

enum err secret_make(struct arena *arena, const char **out_text,
                     uint8_t out_hash[SECRET_HASH_BYTES])
{
    uint8_t secret[SECRET_HASH_BYTES];
    if (RAND_bytes(secret, sizeof secret) != 1)
        return ERR_STORE;
    const char *text = secret_text(secret, arena);
    OPENSSL_cleanse(secret, sizeof secret);
    enum err e = text ? secret_hash(text, out_hash) : ERR_LIMIT;
    if (!e)
        *out_text = text;
    return e;
}
