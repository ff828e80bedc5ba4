#include "node/config_value.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit size_unit[] = {{"TiB", 1LL << 40}, {"GiB", 1LL << 30}, {"MiB", 1LL << 20},
                                        {"KiB", 1LL << 10}, {"B", 1},           {""}};
static const struct unit time_unit[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000},
                                        {"s", 1000},     {"ms", 1},      {""}};

enum err config_value_bool(const char *text, bool *out, struct why *why)
{
    if (strcmp(text, "true") && strcmp(text, "false"))
        return why_set(why, ERR_INVALID, "\"%.40s\" is neither true nor false", text);
    *out = !strcmp(text, "true");
    return OK;
}

/* Digits at the start of `text`; `*rest` is what follows them and any spaces. */
static enum err number(const char *text, int64_t *out, const char **rest)
{
    int64_t v = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9'; p++) {
        if (v > (INT64_MAX - (*p - '0')) / 10)
            return ERR_INVALID;
        v = v * 10 + (*p - '0');
    }
    if (p == text)
        return ERR_INVALID;
    while (*p == ' ')
        p++;
    *rest = p;
    *out = v;
    return OK;
}

enum err config_value_count(const char *text, int64_t *out, struct why *why)
{
    const char *rest;
    int64_t v;
    if (number(text, &v, &rest) || *rest)
        return why_set(why, ERR_INVALID, "\"%.40s\" is not a whole number", text);
    *out = v;
    return OK;
}

static enum err with_unit(const char *text, const struct unit *unit, int64_t *out)
{
    const char *rest;
    int64_t v;
    if (number(text, &v, &rest))
        return ERR_INVALID;
    for (; unit->factor; unit++)
        if (!strcmp(unit->name, rest)) {
            if (v > INT64_MAX / unit->factor)
                return ERR_INVALID;
            *out = v * unit->factor;
            return OK;
        }
    return ERR_INVALID;
}

enum err config_value_size(const char *text, int64_t *out_bytes, struct why *why)
{
    struct why unused;
    if (!config_value_count(text, out_bytes, &unused) || !with_unit(text, size_unit, out_bytes))
        return OK;
    return why_set(why, ERR_INVALID, "\"%.40s\" is no size; write for example 512 KiB or 1 MiB",
                   text);
}

enum err config_value_time(const char *text, int64_t *out_ms, struct why *why)
{
    if (!with_unit(text, time_unit, out_ms))
        return OK;
    return why_set(why, ERR_INVALID,
                   "\"%.40s\" is no length of time; write for example 500 ms, 30 s, 5 m, 3 h or "
                   "30 d",
                   text);
}

static enum err parse_port(const char *text, in_port_t *out)
{
    int64_t v;
    struct why unused;
    if (config_value_count(text, &v, &unused) || v > 65535)
        return ERR_INVALID;
    *out = htons((uint16_t)v);
    return OK;
}

static void fill_ipv4(struct config_address *out, struct in_addr ip, in_port_t port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = ip, .sin_port = port};
    memset(&out->socket, 0, sizeof out->socket);
    memcpy(&out->socket, &in, sizeof in);
    out->socket_size = sizeof in;
}

static void fill_ipv6(struct config_address *out, struct in6_addr ip, in_port_t port)
{
    struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_addr = ip, .sin6_port = port};
    memset(&out->socket, 0, sizeof out->socket);
    memcpy(&out->socket, &in, sizeof in);
    out->socket_size = sizeof in;
}

enum err config_value_address(const char *text, struct config_address *out, struct why *why)
{
    char host[64] = "";
    in_port_t port;
    struct in_addr ip4;
    struct in6_addr ip6;
    const char *colon = strrchr(text, ':');

    if (!colon || (size_t)(colon - text) >= sizeof host || parse_port(colon + 1, &port))
        goto bad;
    memcpy(host, text, (size_t)(colon - text));
    size_t n = strlen(host);
    if (n == 0) { /* every address of both families, if the system maps IPv4 into IPv6 */
        fill_ipv6(out, in6addr_any, port);
        return OK;
    }
    if (host[0] == '[' && host[n - 1] == ']') {
        host[n - 1] = '\0';
        if (inet_pton(AF_INET6, host + 1, &ip6) != 1)
            goto bad;
        fill_ipv6(out, ip6, port);
        return OK;
    }
    if (inet_pton(AF_INET, host, &ip4) == 1) {
        fill_ipv4(out, ip4, port);
        return OK;
    }
bad:
    return why_set(why, ERR_INVALID,
                   "\"%.60s\" is no address; write for example 127.0.0.1:8080, [::1]:8080 or :443",
                   text);
}

static bool has_bits_after(const uint8_t *address, size_t n, unsigned prefix_bits)
{
    for (size_t bit = prefix_bits; bit < 8 * n; bit++)
        if (address[bit / 8] & (0x80u >> (bit % 8)))
            return true;
    return false;
}

enum err config_value_range(const char *text, struct config_range *out, struct why *why)
{
    char address[64] = "";
    const char *slash = strchr(text, '/');
    size_t n = slash ? (size_t)(slash - text) : strlen(text);
    struct why unused;

    if (n >= sizeof address)
        n = 0;
    memcpy(address, text, n);
    memset(out->address, 0, sizeof out->address);
    if (inet_pton(AF_INET, address, out->address) == 1)
        out->family = AF_INET;
    else if (inet_pton(AF_INET6, address, out->address) == 1)
        out->family = AF_INET6;
    else
        return why_set(why, ERR_INVALID,
                       "\"%.60s\" is no address range; write for example 10.0.0.0/8 or fc00::/7",
                       text);
    size_t bytes = out->family == AF_INET ? 4 : 16;
    int64_t bits = (int64_t)(8 * bytes);
    if (slash && (config_value_count(slash + 1, &bits, &unused) || bits > (int64_t)(8 * bytes)))
        return why_set(why, ERR_INVALID, "\"%.60s\": the prefix must be 0 to %zu", text, 8 * bytes);
    if (has_bits_after(out->address, bytes, (unsigned)bits))
        return why_set(why, ERR_INVALID, "\"%.60s\" has address bits beyond its prefix", text);
    out->prefix_bits = (unsigned)bits;
    return OK;
}

static void format(int64_t v, const struct unit *unit, char out[CONFIG_VALUE_BYTES])
{
    while (unit->factor > 1 && (v % unit->factor || v == 0))
        unit++;
    snprintf(out, CONFIG_VALUE_BYTES, "%" PRId64 " %s", v / unit->factor, unit->name);
}

void config_value_format_size(int64_t bytes, char out[CONFIG_VALUE_BYTES])
{
    format(bytes, size_unit, out);
}

void config_value_format_time(int64_t ms, char out[CONFIG_VALUE_BYTES])
{
    format(ms, time_unit, out);
}
