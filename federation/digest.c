#include "federation/digest.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/evp.h>

#include "federation/multibase.h"
#include "federation/sfv.h"

#define DIGEST_ARENA_BYTES (64 * 1024)
#define SHA512_BYTES 64

static void sha(const EVP_MD *algorithm, struct bytes in, uint8_t *out)
{
    unsigned n = 0;
    int done = EVP_Digest(in.p ? in.p : (const uint8_t *)"", in.n, out, &n, algorithm, NULL);
    if (done != 1)
        abort(); /* libcrypto without SHA-2 is no libcrypto */
}

void sha256(struct bytes in, uint8_t out[SHA256_BYTES])
{
    sha(EVP_sha256(), in, out);
}

enum match { MATCH_UNKNOWN, MATCH_YES, MATCH_NO };

/* Does `claimed` match `body` under the algorithm of that lower-case name? */
static enum match digest_match(const char *name, struct bytes claimed, struct bytes body)
{
    uint8_t actual[SHA512_BYTES];
    size_t n;
    if (strcasecmp(name, "sha-256") == 0) {
        sha(EVP_sha256(), body, actual);
        n = SHA256_BYTES;
    } else if (strcasecmp(name, "sha-512") == 0) {
        sha(EVP_sha512(), body, actual);
        n = SHA512_BYTES;
    } else {
        return MATCH_UNKNOWN;
    }
    return bytes_equal_secret(claimed, (struct bytes){actual, n}) ? MATCH_YES : MATCH_NO;
}

static enum err digest_verdict(bool trusted, struct why *why)
{
    return trusted ? OK : why_set(why, ERR_DENIED, "digest: neither SHA-256 nor SHA-512");
}

static const char *skip_space(const char *p)
{
    return p + strspn(p, " \t");
}

/* One `NAME=base64` of a Digest field; `end` is behind it. */
static enum err digest_entry(const char *p, const char *end, struct bytes body, bool *trusted,
                             struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(DIGEST_ARENA_BYTES);
    const char *equals = memchr(p, '=', (size_t)(end - p));
    if (!equals || equals == p)
        return why_set(why, ERR_INVALID, "digest: no algorithm name");
    char *name = arena_strndup(&arena, p, (size_t)(equals - p));
    if (!name)
        return why_set(why, ERR_INVALID, "digest: too long");
    if (strcasecmp(name, "sha-256") != 0 && strcasecmp(name, "sha-512") != 0)
        return OK; /* others have encodings of their own (unixsum: decimal) */
    struct bytes claimed;
    struct bytes text = {(const uint8_t *)equals + 1, (size_t)(end - equals - 1)};
    if (base64_decode(text, &arena, &claimed))
        return why_set(why, ERR_INVALID, "digest: not base64");
    if (digest_match(name, claimed, body) != MATCH_YES)
        return why_set(why, ERR_DENIED, "digest: does not match the body");
    *trusted = true;
    return OK;
}

enum err digest_check(const char *field, struct bytes body, struct why *why)
{
    if (strlen(field) > DIGEST_FIELD_MAX_BYTES)
        return why_set(why, ERR_INVALID, "digest: too long");
    bool trusted = false;
    const char *p = field;
    for (;;) {
        p = skip_space(p);
        size_t n = strcspn(p, ",");
        const char *next = p + n;
        while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t'))
            n--;
        enum err e = digest_entry(p, p + n, body, &trusted, why);
        if (e)
            return e;
        if (!*next)
            return digest_verdict(trusted, why);
        p = next + 1;
    }
}

enum err content_digest_check(const char *field, struct bytes body, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(DIGEST_ARENA_BYTES);
    struct sfv_field parsed;
    if (strlen(field) > DIGEST_FIELD_MAX_BYTES)
        return why_set(why, ERR_INVALID, "content-digest: too long");
    if (sfv_parse_dictionary(bytes_of(field), &arena, &parsed))
        return why_set(why, ERR_INVALID, "content-digest: not a dictionary");
    bool trusted = false;
    for (size_t i = 0; i < parsed.n; i++) {
        const struct sfv_member *m = &parsed.p[i];
        if (m->is_list || m->items[0].value.type != SFV_BYTES)
            return why_set(why, ERR_INVALID, "content-digest: %s is no byte sequence", m->key);
        enum match match = digest_match(m->key, m->items[0].value.bytes, body);
        if (match == MATCH_NO)
            return why_set(why, ERR_DENIED, "content-digest: does not match the body");
        trusted |= match == MATCH_YES;
    }
    return digest_verdict(trusted, why);
}

static char *make(const char *before, const char *after, struct bytes body, struct arena *arena)
{
    uint8_t hash[SHA256_BYTES];
    sha256(body, hash);
    char *text = base64_encode((struct bytes){hash, sizeof hash}, arena);
    return text ? arena_printf(arena, "%s%s%s", before, text, after) : NULL;
}

char *digest_make(struct bytes body, struct arena *arena)
{
    return make("SHA-256=", "", body, arena);
}

char *content_digest_make(struct bytes body, struct arena *arena)
{
    return make("sha-256=:", ":", body, arena);
}
