#include "storage/base/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *err_name(enum err e)
{
    static const char *const name[] = {
        [OK] = "OK",
        [ERR_NOTFOUND] = "ERR_NOTFOUND",
        [ERR_EXISTS] = "ERR_EXISTS",
        [ERR_INVALID] = "ERR_INVALID",
        [ERR_DENIED] = "ERR_DENIED",
        [ERR_LIMIT] = "ERR_LIMIT",
        [ERR_LATER] = "ERR_LATER",
        [ERR_CORRUPT] = "ERR_CORRUPT",
        [ERR_STORE] = "ERR_STORE",
    };
    return (size_t)e < COUNT(name) ? name[e] : "ERR_?";
}

enum err why_set(struct why *why, enum err e, const char *fmt, ...)
{
    if (!why)
        return e;
    va_list args;
    va_start(args, fmt);
    vsnprintf(why->text, sizeof why->text, fmt, args);
    va_end(args);
    return e;
}

struct bytes bytes_of(const char *text)
{
    return (struct bytes){(const uint8_t *)text, text ? strlen(text) : 0};
}

bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool bytes_equal_secret(struct bytes a, struct bytes b)
{
    if (a.n != b.n)
        return false;
    volatile uint8_t differ = 0;
    for (size_t i = 0; i < a.n; i++)
        differ |= a.p[i] ^ b.p[i];
    return differ == 0;
}

/* Length of the sequence that starts at `p`, 0 when it is not well formed (Unicode table 3-7). */
static size_t utf8_sequence(const uint8_t *p, size_t left)
{
    uint8_t lead = p[0], low = 0x80, high = 0xBF;
    size_t n;

    if (lead < 0x80)
        return 1;
    if (lead >= 0xC2 && lead <= 0xDF)
        n = 2;
    else if (lead >= 0xE0 && lead <= 0xEF)
        n = 3;
    else if (lead >= 0xF0 && lead <= 0xF4)
        n = 4;
    else
        return 0;
    if (lead == 0xE0)
        low = 0xA0;
    else if (lead == 0xED)
        high = 0x9F;
    else if (lead == 0xF0)
        low = 0x90;
    else if (lead == 0xF4)
        high = 0x8F;
    if (n > left || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return n;
}

bool utf8_check(struct bytes text)
{
    for (size_t i = 0; i < text.n;) {
        size_t n = utf8_sequence(text.p + i, text.n - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

int64_t id_time_ms(uint64_t id)
{
    return (int64_t)(id >> 16);
}

enum err id_parse(const char *text, uint64_t *out)
{
    uint64_t v = 0;

    if (!text || !*text)
        return ERR_INVALID;
    for (const char *p = text; *p; p++) {
        if (*p < '0' || *p > '9')
            return ERR_INVALID;
        if (v > (UINT64_MAX - (uint64_t)(*p - '0')) / 10)
            return ERR_INVALID;
        v = v * 10 + (uint64_t)(*p - '0');
    }
    if (v == 0)
        return ERR_INVALID;
    *out = v;
    return OK;
}

static void *checked(void *p)
{
    if (p)
        return p;
    fputs("ward: out of memory\n", stderr);
    abort();
}

void *xcalloc(size_t count, size_t size)
{
    return checked(calloc(count ? count : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t size)
{
    return checked(realloc(p, size ? size : 1));
}

char *xstrdup(const char *text)
{
    return checked(strdup(text));
}

void xfree(void *address_of_pointer)
{
    void *p;
    memcpy(&p, address_of_pointer, sizeof p);
    free(p);
    memset(address_of_pointer, 0, sizeof p);
}

void hex_encode(struct bytes in, char *out)
{
    static const char digit[] = "0123456789abcdef";
    for (size_t i = 0; i < in.n; i++) {
        out[2 * i] = digit[in.p[i] >> 4];
        out[2 * i + 1] = digit[in.p[i] & 15];
    }
    out[2 * in.n] = '\0';
}
