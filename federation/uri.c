#include "federation/uri.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#define NAME_MAX_BYTES 253
#define LABEL_MAX_BYTES 63
#define LABEL_MAX_CHARS 63
#define HTTPS_PORT 443
#define HTTP_PORT 80
#define SCRATCH_ARENA_BYTES (32 * 1024)

struct span {
    const char *p;
    size_t n;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool is_alnum(char c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* ---- Punycode, RFC 3492 ---- */

enum { PUNY_BASE = 36, PUNY_TMIN = 1, PUNY_TMAX = 26, PUNY_SKEW = 38, PUNY_DAMP = 700 };

static uint32_t puny_adapt(uint32_t delta, uint32_t points, bool is_first)
{
    delta = is_first ? delta / PUNY_DAMP : delta / 2;
    delta += delta / points;
    uint32_t k = 0;
    for (; delta > (PUNY_BASE - PUNY_TMIN) * PUNY_TMAX / 2; k += PUNY_BASE)
        delta /= PUNY_BASE - PUNY_TMIN;
    return k + (PUNY_BASE - PUNY_TMIN + 1) * delta / (delta + PUNY_SKEW);
}

static char puny_digit(uint32_t d)
{
    return (char)(d < 26 ? 'a' + d : '0' + (d - 26));
}

/* A variable-length integer; false when `out` (of LABEL_MAX_BYTES) is full. */
static bool puny_put(char *out, size_t *n, uint32_t q, uint32_t bias)
{
    for (uint32_t k = PUNY_BASE;; k += PUNY_BASE) {
        uint32_t t = k <= bias ? PUNY_TMIN : k >= bias + PUNY_TMAX ? PUNY_TMAX : k - bias;
        if (*n >= LABEL_MAX_BYTES)
            return false;
        if (q < t) {
            out[(*n)++] = puny_digit(q);
            return true;
        }
        out[(*n)++] = puny_digit(t + (q - t) % (PUNY_BASE - t));
        q = (q - t) / (PUNY_BASE - t);
    }
}

/* At most LABEL_MAX_CHARS points, so no sum here can overflow 32 bits. */
static enum err puny_encode(const uint32_t *in, size_t in_n, char *out, size_t *out_n)
{
    uint32_t n = 0x80, delta = 0, bias = 72;
    size_t basic = 0;
    memcpy(out, "xn--", 4);
    size_t len = 4;
    for (size_t i = 0; i < in_n; i++) {
        if (in[i] < 0x80 && len < LABEL_MAX_BYTES)
            out[len++] = (char)in[i];
        basic += in[i] < 0x80;
    }
    if (basic && len < LABEL_MAX_BYTES)
        out[len++] = '-';
    for (size_t done = basic; done < in_n; n++, delta++) {
        uint32_t next = UINT32_MAX;
        for (size_t i = 0; i < in_n; i++)
            next = in[i] >= n && in[i] < next ? in[i] : next;
        delta += (next - n) * ((uint32_t)done + 1);
        n = next;
        for (size_t i = 0; i < in_n; i++) {
            delta += in[i] < n;
            if (in[i] != n)
                continue;
            if (!puny_put(out, &len, delta, bias))
                return ERR_INVALID;
            bias = puny_adapt(delta, (uint32_t)done + 1, done == basic);
            delta = 0;
            done++;
        }
    }
    *out_n = len;
    return OK;
}

/* ---- host names ---- */

/* Letters, marks and digits, not starting with a mark: what IDNA2008 lets into a U-label, nearly.
 */
static bool is_label_char(uint32_t c, bool is_first)
{
    if (c == '-')
        return !is_first;
    return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_Nd |
                                                   (is_first ? 0 : UC_CATEGORY_MASK_M));
}

static enum err label_ascii(const uint32_t *p, size_t n, char *out, size_t *out_n)
{
    if (n == 0 || n > LABEL_MAX_CHARS || p[0] == '-' || p[n - 1] == '-')
        return ERR_INVALID;
    for (size_t i = 0; i < n; i++) {
        if (p[i] >= 0x80 || !(is_alnum((char)p[i]) || p[i] == '-' || p[i] == '_'))
            return ERR_INVALID;
        out[i] = lower((char)p[i]);
    }
    *out_n = n;
    return OK;
}

/* One label in lower case and NFKC to its A-label. */
static enum err label_encode(const uint32_t *p, size_t n, char *out, size_t *out_n)
{
    bool is_ascii = true;
    for (size_t i = 0; i < n; i++)
        is_ascii &= p[i] < 0x80;
    if (is_ascii)
        return label_ascii(p, n, out, out_n);
    if (n > LABEL_MAX_CHARS || p[n - 1] == '-' || (n >= 4 && p[2] == '-' && p[3] == '-'))
        return ERR_INVALID;
    for (size_t i = 0; i < n; i++) {
        if (!is_label_char(p[i], i == 0))
            return ERR_INVALID;
    }
    return puny_encode(p, n, out, out_n);
}

/* NFKC, lower case, NFKC: equal for every way of writing one name. NULL when it is no text. */
static uint32_t *name_fold(struct span name, size_t *out_n)
{
    size_t n = 0, folded_n = 0;
    AUTO(xfree) uint32_t *points = u8_to_u32((const uint8_t *)name.p, name.n, NULL, &n);
    AUTO(xfree)
    uint32_t *composed = points ? u32_normalize(UNINORM_NFKC, points, n, NULL, &n) : NULL;
    for (size_t i = 0; composed && i < n; i++)
        composed[i] = uc_tolower(composed[i]);
    uint32_t *folded = composed ? u32_normalize(UNINORM_NFKC, composed, n, NULL, &folded_n) : NULL;
    *out_n = folded_n;
    return folded;
}

/* The last label is a number, as a WHATWG URL parser or inet_aton() would see it. */
static bool ends_in_number(const char *name)
{
    const char *dot = strrchr(name, '.');
    const char *label = dot ? dot + 1 : name;
    if (label[strspn(label, "0123456789")] == '\0')
        return true;
    return label[0] == '0' && label[1] == 'x' &&
           label[2 + strspn(label + 2, "0123456789abcdef")] == '\0';
}

static enum err name_address4(const char *name)
{
    struct in_addr address;
    return inet_pton(AF_INET, name, &address) == 1 ? OK : ERR_INVALID;
}

/* A registered name or IPv4 address to canonical form. */
static enum err name_canonical(struct span name, char out[URI_HOST_BYTES])
{
    if (name.n == 0 || name.n > URI_MAX_BYTES)
        return ERR_INVALID;
    size_t n = 0, used = 0;
    AUTO(xfree) uint32_t *folded = name_fold(name, &n);
    if (folded && n > 1 && folded[n - 1] == '.')
        n--;
    if (!folded || n == 0 || n > NAME_MAX_BYTES)
        return ERR_INVALID;
    for (size_t start = 0; start <= n;) {
        size_t end = start;
        while (end < n && folded[end] != '.')
            end++;
        char label[LABEL_MAX_BYTES];
        size_t label_n;
        enum err e = label_encode(folded + start, end - start, label, &label_n);
        if (e)
            return e;
        if (used + label_n + 1 > NAME_MAX_BYTES + 1)
            return ERR_INVALID;
        memcpy(out + used, label, label_n);
        used += label_n;
        out[used++] = end < n ? '.' : '\0';
        start = end + 1;
    }
    return ends_in_number(out) ? name_address4(out) : OK;
}

/* The inside of [...]; out gets the brackets back. */
static enum err name_address6(struct span inside, char out[URI_HOST_BYTES])
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (inside.n == 0 || inside.n >= sizeof text)
        return ERR_INVALID;
    memcpy(text, inside.p, inside.n);
    text[inside.n] = '\0';
    if (inet_pton(AF_INET6, text, &address) != 1)
        return ERR_INVALID;
    out[0] = '[';
    if (!inet_ntop(AF_INET6, &address, out + 1, INET6_ADDRSTRLEN))
        return ERR_INVALID;
    size_t n = strlen(out);
    out[n] = ']';
    out[n + 1] = '\0';
    return OK;
}

/* ":8443" or nothing. */
static enum err port_parse(struct span text, uint16_t standard, uint16_t *out)
{
    *out = standard;
    if (text.n == 0)
        return OK;
    if (text.n < 2 || text.n > 6 || text.p[0] != ':')
        return ERR_INVALID;
    uint32_t port = 0;
    for (size_t i = 1; i < text.n; i++) {
        if (!is_digit(text.p[i]))
            return ERR_INVALID;
        port = port * 10 + (uint32_t)(text.p[i] - '0');
    }
    if (port == 0 || port > UINT16_MAX)
        return ERR_INVALID;
    *out = (uint16_t)port;
    return OK;
}

static enum err authority_parse(struct span text, uint16_t standard, char name[URI_HOST_BYTES],
                                char host[URI_HOST_BYTES], uint16_t *out_port)
{
    struct span rest = {text.p + text.n, 0};
    enum err e;
    const char *stop = text.n && text.p[0] == '[' ? memchr(text.p, ']', text.n) : NULL;
    if (stop) {
        rest = (struct span){stop + 1, (size_t)(text.p + text.n - stop - 1)};
        e = name_address6((struct span){text.p + 1, (size_t)(stop - text.p - 1)}, name);
    } else {
        const char *colon = memchr(text.p, ':', text.n);
        if (colon)
            rest = (struct span){colon, (size_t)(text.p + text.n - colon)};
        e = name_canonical((struct span){text.p, (size_t)(rest.p - text.p)}, name);
    }
    if (!e)
        e = port_parse(rest, standard, out_port);
    if (e)
        return e;
    size_t n = strlen(name);
    memcpy(host, name, n + 1);
    if (*out_port != standard) {
        char digits[8];
        size_t at = sizeof digits;
        for (uint16_t port = *out_port; port; port /= 10)
            digits[--at] = (char)('0' + port % 10);
        digits[--at] = ':';
        memcpy(host + n, digits + at, sizeof digits - at);
        host[n + sizeof digits - at] = '\0';
    }
    return OK;
}

/* ---- the whole ---- */

/* What no URI may contain; non-ASCII is left to the parts, C1 controls are not. */
static enum err text_check(const char *text, struct why *why)
{
    size_t n = strnlen(text, URI_MAX_BYTES + 1);
    if (n > URI_MAX_BYTES)
        return why_set(why, ERR_INVALID, "URI is longer than %d bytes", URI_MAX_BYTES);
    if (!utf8_check((struct bytes){(const uint8_t *)text, n}))
        return why_set(why, ERR_INVALID, "URI is not UTF-8");
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        bool is_c1 = c == 0xc2 && (unsigned char)text[i + 1] < 0xa0;
        if (c <= 0x20 || c == 0x7f || is_c1 || strchr("\\\"<>", c))
            return why_set(why, ERR_INVALID, "URI has a forbidden character (0x%02x)", c);
        if (c == '%' && !(is_hex(text[i + 1]) && is_hex(text[i + 2])))
            return why_set(why, ERR_INVALID, "URI has a broken percent-encoding");
    }
    return OK;
}

static enum err scheme_parse(const char *text, bool *is_https, const char **rest)
{
    *is_https = strncasecmp(text, "https://", 8) == 0;
    if (!*is_https && strncasecmp(text, "http://", 7) != 0)
        return ERR_INVALID;
    *rest = text + (*is_https ? 8 : 7);
    return OK;
}

/* "." or "..", also percent-encoded: HTTP clients fold such a path, a signature does not. */
static bool is_dot_segment(struct span s)
{
    size_t dots = 0;
    for (size_t i = 0; i < s.n; dots++) {
        if (s.p[i] == '.')
            i++;
        else if (s.n - i >= 3 && strncasecmp(s.p + i, "%2e", 3) == 0)
            i += 3;
        else
            return false;
    }
    return dots == 1 || dots == 2;
}

static bool has_dot_segment(struct span target)
{
    const char *end = target.p + target.n;
    const char *query = memchr(target.p, '?', target.n);
    end = query ? query : end;
    for (const char *p = target.p; p < end;) {
        const char *slash = memchr(p, '/', (size_t)(end - p));
        const char *stop = slash ? slash : end;
        if (is_dot_segment((struct span){p, (size_t)(stop - p)}))
            return true;
        p = stop + 1;
    }
    return false;
}

/* Path and query as they go on the wire. */
static char *target_encode(struct span in, struct arena *arena)
{
    static const char hex[] = "0123456789ABCDEF";
    char *out = arena_alloc(arena, 3 * in.n + 2);
    if (!out)
        return NULL;
    size_t n = 0;
    if (in.n == 0 || in.p[0] != '/')
        out[n++] = '/';
    for (size_t i = 0; i < in.n; i++) {
        unsigned char c = (unsigned char)in.p[i];
        if (c < 0x80 && !strchr("^`{|}", c)) {
            out[n++] = (char)c;
            continue;
        }
        out[n++] = '%';
        out[n++] = hex[c >> 4];
        out[n++] = hex[c & 15];
    }
    return out;
}

enum err uri_split(const char *text, enum uri_allow allow, struct arena *arena, struct uri *out,
                   struct why *why)
{
    struct uri uri = {0};
    const char *authority;
    enum err e = text_check(text, why);
    if (e)
        return e;
    if (scheme_parse(text, &uri.is_https, &authority))
        return why_set(why, ERR_INVALID, "URI is not https");
    if (!uri.is_https && allow == URI_HTTPS_ONLY)
        return why_set(why, ERR_INVALID, "URI is http, not https");

    size_t authority_n = strcspn(authority, "/?#");
    if (memchr(authority, '@', authority_n))
        return why_set(why, ERR_INVALID, "URI has userinfo");
    if (authority_parse((struct span){authority, authority_n},
                        uri.is_https ? HTTPS_PORT : HTTP_PORT, uri.name, uri.host, &uri.port))
        return why_set(why, ERR_INVALID, "URI has no good host");

    struct span target = {authority + authority_n, strcspn(authority + authority_n, "#")};
    if (has_dot_segment(target))
        return why_set(why, ERR_INVALID, "URI has a dot segment");
    uri.target = target_encode(target, arena);
    const char *hash = target.p + target.n;
    uri.fragment = *hash ? arena_strdup(arena, hash + 1) : NULL;
    if (!uri.target || (*hash && !uri.fragment))
        return why_set(why, ERR_INVALID, "URI is too long");
    *out = uri;
    return OK;
}

enum err uri_check(const char *text, enum uri_allow allow, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SCRATCH_ARENA_BYTES);
    struct uri uri;
    return uri_split(text, allow, &arena, &uri, why);
}

enum err uri_host(const char *text, char out[URI_HOST_BYTES])
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SCRATCH_ARENA_BYTES);
    struct uri uri;
    enum err e = uri_split(text, URI_HTTP_TOO, &arena, &uri, NULL);
    if (e)
        return e;
    memcpy(out, uri.host, sizeof uri.host);
    return OK;
}

bool uri_same_host(const char *a, const char *b)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SCRATCH_ARENA_BYTES);
    struct uri one, two;
    return uri_split(a, URI_HTTP_TOO, &arena, &one, NULL) == OK &&
           uri_split(b, URI_HTTP_TOO, &arena, &two, NULL) == OK && one.is_https == two.is_https &&
           strcmp(one.host, two.host) == 0;
}

char *uri_without_fragment(const char *uri, struct arena *arena)
{
    return arena_strndup(arena, uri, strcspn(uri, "#"));
}

enum err uri_host_canonical(const char *text, char out[URI_HOST_BYTES])
{
    char name[URI_HOST_BYTES], host[URI_HOST_BYTES];
    uint16_t port;
    enum err e = text_check(text, NULL);
    if (!e)
        e = authority_parse((struct span){text, strlen(text)}, HTTPS_PORT, name, host, &port);
    if (e)
        return e;
    memcpy(out, host, strlen(host) + 1);
    return OK;
}

/* Letters and digits of any script, and the few marks that user names carry. */
static bool handle_name_check(struct span name)
{
    if (name.n == 0 || name.n > HANDLE_NAME_MAX_BYTES)
        return false;
    const uint8_t *p = (const uint8_t *)name.p;
    for (size_t left = name.n; left > 0;) {
        ucs4_t c;
        int n = u8_mbtoucr(&c, p, left);
        if (n <= 0)
            return false;
        if (!(c < 0x80 && strchr("_-.~", (int)c)) &&
            !uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M |
                                                     UC_CATEGORY_MASK_N))
            return false;
        p += n;
        left -= (size_t)n;
    }
    return true;
}

enum err handle_parse(const char *text, struct arena *arena, struct handle *out, struct why *why)
{
    char host[URI_HOST_BYTES] = "";
    const char *p = text;
    if (strncasecmp(p, "acct:", 5) == 0)
        p += 5;
    else if (*p == '@')
        p++;
    size_t name_n = strcspn(p, "@");
    if (!handle_name_check((struct span){p, name_n}))
        return why_set(why, ERR_INVALID, "not a handle: bad name");
    if (p[name_n] && uri_host_canonical(p + name_n + 1, host))
        return why_set(why, ERR_INVALID, "not a handle: bad host");
    struct handle handle = {arena_strndup(arena, p, name_n), arena_strdup(arena, host)};
    if (!handle.name || !handle.host)
        return why_set(why, ERR_INVALID, "not a handle: too long");
    *out = handle;
    return OK;
}
