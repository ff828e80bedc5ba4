#include "federation/guard.h"

#include "federation/uri.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define V4_PREFIX_BITS 96u /* of ::ffff:a.b.c.d, the one form in which IPv4 is judged here */

/* What is not global unicast, RFC 6890 and its registries; IPv4 as its 32 bits. */
static const struct {
    uint32_t address;
    unsigned bits;
} v4_refused[] = {
    {0x00000000, 8},  /* "this network", and 0.0.0.0 connects to loopback */
    {0x0a000000, 8},  /* private */
    {0x64400000, 10}, /* shared by carriers (RFC 6598) */
    {0x7f000000, 8},  /* loopback */
    {0xa9fe0000, 16}, /* link-local: cloud metadata lives here */
    {0xac100000, 12}, /* private */
    {0xc0000000, 24}, /* IETF protocol assignments */
    {0xc0000200, 24}, /* documentation */
    {0xc0586300, 24}, /* 6to4 relay anycast, deprecated */
    {0xc0a80000, 16}, /* private */
    {0xc6120000, 15}, /* benchmarking */
    {0xc6336400, 24}, /* documentation */
    {0xcb007100, 24}, /* documentation */
    {0xe0000000, 4},  /* multicast */
    {0xf0000000, 4},  /* reserved, and broadcast */
};

/* Inside 2000::/3, the only part of IPv6 that is global unicast at all. */
static const struct {
    uint8_t address[6];
    unsigned bits;
} v6_refused[] = {
    {{0x20, 0x01, 0x00, 0x00}, 23}, /* IETF protocol assignments: Teredo, ORCHID, ... */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x20, 0x02}, 16},             /* 6to4: an IPv4 address in disguise */
    {{0x3f, 0xfe}, 16},             /* 6bone, returned */
    {{0x3f, 0xff, 0x00, 0x00}, 20}, /* documentation (RFC 9637) */
};

static bool prefix_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(a, b, whole) != 0)
        return false;
    uint8_t mask = (uint8_t)(0xff00u >> rest);
    return rest == 0 || (a[whole] & mask) == (b[whole] & mask);
}

static bool is_v4(const struct in6_addr *address)
{
    return IN6_IS_ADDR_V4MAPPED(address);
}

static struct in6_addr v4_mapped(const void *four_bytes)
{
    struct in6_addr out = {.s6_addr = {[10] = 0xff, [11] = 0xff}};
    memcpy(out.s6_addr + 12, four_bytes, 4);
    return out;
}

/* An IPv4 range never matches an IPv6 address or the reverse: "::/0" is not "everything". */
static bool is_listed(const struct federation_config *config, const struct in6_addr *address)
{
    for (size_t i = 0; i < config->allow_address_count; i++) {
        const struct network_range *range = &config->allow_addresses[i];
        if (is_v4(&range->address) == is_v4(address) &&
            prefix_equal(range->address.s6_addr, address->s6_addr, range->prefix_bits))
            return true;
    }
    return false;
}

static bool is_global(const struct in6_addr *address)
{
    const uint8_t *a = address->s6_addr;
    if (is_v4(address)) {
        uint32_t v4 = (uint32_t)a[12] << 24 | (uint32_t)a[13] << 16 | (uint32_t)a[14] << 8 | a[15];
        for (size_t i = 0; i < COUNT(v4_refused); i++)
            if (((v4 ^ v4_refused[i].address) >> (32 - v4_refused[i].bits)) == 0)
                return false;
        return true;
    }
    if ((a[0] & 0xe0) != 0x20) /* 2000::/3 */
        return false;
    for (size_t i = 0; i < COUNT(v6_refused); i++)
        if (prefix_equal(a, v6_refused[i].address, v6_refused[i].bits))
            return false;
    return true;
}

static enum err refuse(const struct in6_addr *address, struct why *why)
{
    char text[INET6_ADDRSTRLEN] = "?";
    if (is_v4(address))
        inet_ntop(AF_INET, address->s6_addr + 12, text, sizeof text);
    else
        inet_ntop(AF_INET6, address, text, sizeof text);
    return why_set(why, ERR_DENIED, "address %s is not public and not allowed here", text);
}

enum err guard_address(const struct federation_config *config, const struct sockaddr *address,
                       struct why *why)
{
    /* RFC 6052: behind the well-known NAT64 prefix stands an IPv4 address, and it is what counts */
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    struct in6_addr given;
    if (address->sa_family == AF_INET)
        given = v4_mapped(&((const struct sockaddr_in *)(const void *)address)->sin_addr);
    else if (address->sa_family == AF_INET6)
        given = ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    else
        return why_set(why, ERR_DENIED, "address family %d is not IP", (int)address->sa_family);

    if (memcmp(given.s6_addr, nat64, sizeof nat64) == 0)
        given = v4_mapped(given.s6_addr + 12);
    if (is_listed(config, &given) || is_global(&given))
        return OK;
    return refuse(&given, why);
}

enum err guard_uri(const struct federation_config *config, const char *uri, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(8 * URI_MAX_BYTES);
    struct uri parts;
    enum err e =
        uri_split(uri, config->insecure_http ? URI_HTTP_TOO : URI_HTTPS_ONLY, &arena, &parts, why);
    if (e)
        return e;
    if (strcmp(parts.host, config->host) == 0)
        return why_set(why, ERR_DENIED, "this is our own host");
    return OK;
}

/* The number after "/", at most `max`. */
static bool parse_bits(const char *text, unsigned max, unsigned *out)
{
    char *end = NULL;
    if (*text < '0' || *text > '9')
        return false;
    unsigned long bits = strtoul(text, &end, 10);
    if (*end || bits > max)
        return false;
    *out = (unsigned)bits;
    return true;
}

static bool has_host_bits(const struct network_range *range)
{
    for (unsigned bit = range->prefix_bits; bit < 128; bit++)
        if (range->address.s6_addr[bit / 8] & (0x80u >> (bit % 8)))
            return true;
    return false;
}

/* `text` is changed. */
static enum err parse_range(char *text, struct network_range *out, struct why *why)
{
    char *slash = strchr(text, '/');
    const char *bits = slash ? slash + 1 : NULL;
    if (slash)
        *slash = '\0';

    struct in_addr v4;
    bool good;
    out->prefix_bits = 128;
    if (inet_pton(AF_INET, text, &v4) == 1) {
        unsigned of_32 = 32;
        good = !bits || parse_bits(bits, 32, &of_32);
        out->address = v4_mapped(&v4);
        out->prefix_bits = V4_PREFIX_BITS + of_32;
    } else {
        good = inet_pton(AF_INET6, text, &out->address) == 1 &&
               (!bits || parse_bits(bits, 128, &out->prefix_bits)) &&
               (!is_v4(&out->address) || out->prefix_bits >= V4_PREFIX_BITS);
    }
    if (slash)
        *slash = '/';
    if (!good)
        return why_set(why, ERR_INVALID, "\"%s\" is no address range like 10.1.0.0/16", text);
    if (has_host_bits(out))
        return why_set(why, ERR_INVALID, "\"%s\" has bits set beyond its prefix", text);
    return OK;
}

enum err guard_parse_ranges(const char *text, struct arena *arena, const struct network_range **out,
                            size_t *out_count, struct why *why)
{
    static const char separators[] = ", \t";
    char *copy = arena_strdup(arena, text ? text : "");
    /* every range but the last takes two bytes at least */
    struct network_range *ranges =
        copy ? arena_calloc(arena, strlen(copy) / 2 + 1, sizeof *ranges) : NULL;
    if (!ranges)
        return why_set(why, ERR_LIMIT, "the list of address ranges is too long");

    size_t n = 0;
    char *rest = NULL;
    for (char *word = strtok_r(copy, separators, &rest); word;
         word = strtok_r(NULL, separators, &rest)) {
        enum err e = parse_range(word, &ranges[n], why);
        if (e)
            return e;
        n++;
    }
    *out = ranges;
    *out_count = n;
    return OK;
}
