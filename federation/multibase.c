#include "federation/multibase.h"

#include <string.h>

static const char STANDARD[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char URL_SAFE[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char BASE58[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

static int digit_of(const char *alphabet, uint8_t c)
{
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

/* `text` is without padding. Left-over bits must be zero, so that one value has one spelling. */
static enum err decode64(const char *alphabet, struct bytes text, struct arena *arena,
                         struct bytes *out)
{
    if (text.n % 4 == 1)
        return ERR_INVALID;
    uint8_t *p = arena_alloc(arena, text.n / 4 * 3 + 3);
    if (!p)
        return ERR_LIMIT;
    size_t n = 0;
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < text.n; i++) {
        int digit = digit_of(alphabet, text.p[i]);
        if (digit < 0)
            return ERR_INVALID;
        bits = bits << 6 | (uint32_t)digit;
        held += 6;
        if (held >= 8) {
            held -= 8;
            p[n++] = (uint8_t)(bits >> held);
            bits &= (1u << held) - 1;
        }
    }
    if (bits)
        return ERR_INVALID;
    *out = (struct bytes){p, n};
    return OK;
}

static char *encode64(const char *alphabet, bool padded, struct bytes in, struct arena *arena)
{
    if (in.n > SIZE_MAX / 2)
        return NULL;
    char *text = arena_alloc(arena, in.n / 3 * 4 + 5);
    if (!text)
        return NULL;
    size_t n = 0;
    for (size_t i = 0; i < in.n; i += 3) {
        size_t here = in.n - i < 3 ? in.n - i : 3;
        uint32_t bits = (uint32_t)in.p[i] << 16;
        bits |= here > 1 ? (uint32_t)in.p[i + 1] << 8 : 0;
        bits |= here > 2 ? in.p[i + 2] : 0;
        for (size_t k = 0; k < 4; k++) {
            if (k <= here)
                text[n++] = alphabet[bits >> (18 - 6 * k) & 63];
            else if (padded)
                text[n++] = '=';
        }
    }
    text[n] = '\0';
    return text;
}

enum err base64_decode(struct bytes text, struct arena *arena, struct bytes *out)
{
    if (text.n % 4)
        return ERR_INVALID;
    for (int padding = 0; padding < 2 && text.n && text.p[text.n - 1] == '='; padding++)
        text.n--;
    return decode64(STANDARD, text, arena, out);
}

char *base64_encode(struct bytes in, struct arena *arena)
{
    return encode64(STANDARD, true, in, arena);
}

enum err base64url_decode(struct bytes text, struct arena *arena, struct bytes *out)
{
    return decode64(URL_SAFE, text, arena, out);
}

char *base64url_encode(struct bytes in, struct arena *arena)
{
    return encode64(URL_SAFE, false, in, arena);
}

/* number = number * factor + add, over big-endian digits of `base`, from the right. */
static bool big_step(uint8_t *digits, size_t n, unsigned base, unsigned factor, unsigned add)
{
    for (size_t i = n; i-- > 0;) {
        unsigned v = digits[i] * factor + add;
        digits[i] = (uint8_t)(v % base);
        add = v / base;
    }
    return add == 0;
}

static size_t leading_count(struct bytes in, uint8_t c)
{
    size_t n = 0;
    while (n < in.n && in.p[n] == c)
        n++;
    return n;
}

static enum err base58_decode(struct bytes text, struct arena *arena, struct bytes *out)
{
    size_t zeros = leading_count(text, '1');
    size_t room = zeros + (text.n - zeros) * 733 / 1000 + 1; /* log 58 / log 256 */
    uint8_t *p = arena_alloc(arena, room);
    if (!p)
        return ERR_LIMIT;
    for (size_t i = zeros; i < text.n; i++) {
        int digit = digit_of(BASE58, text.p[i]);
        if (digit < 0 || !big_step(p + zeros, room - zeros, 256, 58, (unsigned)digit))
            return ERR_INVALID;
    }
    size_t skip = leading_count((struct bytes){p + zeros, room - zeros}, 0);
    memmove(p + zeros, p + zeros + skip, room - zeros - skip);
    *out = (struct bytes){p, room - skip};
    return OK;
}

char *multibase_encode(struct bytes in, struct arena *arena)
{
    if (in.n > MULTIBASE_MAX_BYTES / 2)
        return NULL;
    size_t zeros = leading_count(in, 0);
    size_t room = (in.n - zeros) * 138 / 100 + 1; /* log 256 / log 58 */
    uint8_t *digits = arena_alloc(arena, room);
    char *text = arena_alloc(arena, 1 + zeros + room + 1);
    if (!digits || !text)
        return NULL;
    for (size_t i = zeros; i < in.n; i++)
        (void)big_step(digits, room, 58, 256, in.p[i]);
    size_t skip = leading_count((struct bytes){digits, room}, 0);
    size_t n = 0;
    text[n++] = 'z';
    while (n <= zeros)
        text[n++] = '1';
    for (size_t i = skip; i < room; i++)
        text[n++] = BASE58[digits[i]];
    return text;
}

enum err multibase_decode(const char *text, struct arena *arena, struct bytes *out)
{
    struct bytes all = bytes_of(text);
    if (all.n > MULTIBASE_MAX_BYTES)
        return ERR_LIMIT;
    if (all.n == 0)
        return ERR_INVALID;
    struct bytes rest = {all.p + 1, all.n - 1};
    if (all.p[0] == 'z')
        return base58_decode(rest, arena, out);
    if (all.p[0] == 'u')
        return base64url_decode(rest, arena, out);
    return ERR_INVALID;
}
