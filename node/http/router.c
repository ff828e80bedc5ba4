#include "node/http/router.h"

#include "node/http/mediatype.h"

#include <string.h>

static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

/* Cuts the next segment off a path that begins with a slash. */
static bool next_segment(struct bytes *path, struct bytes *out)
{
    if (path->n == 0)
        return false;
    path->p++;
    path->n--;
    const uint8_t *end = path->n ? memchr(path->p, '/', path->n) : NULL;
    *out = (struct bytes){path->p, end ? (size_t)(end - path->p) : path->n};
    path->p += out->n;
    path->n -= out->n;
    return true;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *percent_decode(struct arena *arena, struct bytes in, enum percent_plus plus)
{
    char *out = arena_alloc(arena, in.n + 1);
    size_t n = 0;
    for (size_t i = 0; out && i < in.n; i++) {
        int c = in.p[i];
        if (c == '%') {
            if (in.n - i < 3)
                return NULL;
            int high = hex_digit(in.p[i + 1]), low = hex_digit(in.p[i + 2]);
            c = high < 0 || low < 0 ? 0 : high * 16 + low;
            i += 2;
        } else if (c == '+' && plus == PERCENT_PLUS_IS_SPACE) {
            c = ' ';
        }
        if (c == 0)
            return NULL;
        out[n++] = (char)c;
    }
    if (out)
        out[n] = '\0';
    return out;
}

/* A literal segment may be written with escapes: "%69nbox" is "inbox". */
static bool literal_matches(struct bytes pattern, struct bytes segment)
{
    size_t k = 0;
    for (size_t i = 0; i < segment.n; i++, k++) {
        int c = segment.p[i];
        if (c == '%' && segment.n - i >= 3) {
            c = hex_digit(segment.p[i + 1]) * 16 + hex_digit(segment.p[i + 2]);
            i += 2;
        }
        if (k == pattern.n || pattern.p[k] != c)
            return false;
    }
    return k == pattern.n;
}

struct placeholder {
    struct bytes prefix, name;
    bool is_rest;
};

/* "@{name}" -> prefix "@", name "name". False for a literal. */
static bool read_placeholder(struct bytes pattern, struct placeholder *out)
{
    const uint8_t *open = pattern.n ? memchr(pattern.p, '{', pattern.n) : NULL;
    if (!open)
        return false;
    out->prefix = (struct bytes){pattern.p, (size_t)(open - pattern.p)};
    out->name = (struct bytes){open + 1, pattern.n - out->prefix.n - 2};
    out->is_rest = out->name.n && out->name.p[out->name.n - 1] == '*';
    if (out->is_rest)
        out->name.n--;
    return true;
}

struct found {
    struct bytes name, value;
};

/* How many placeholders matched; -1 when the path does not. Raw values go to `found`. */
static int pattern_match(const char *pattern, struct bytes path,
                         struct found found[ROUTE_PARAMS_MAX])
{
    struct bytes left = bytes_of(pattern), want, have;
    int n = 0;
    while (next_segment(&left, &want)) {
        struct placeholder hole;
        const uint8_t *rest = path.p + 1;
        if (!next_segment(&path, &have))
            return -1;
        if (!read_placeholder(want, &hole)) {
            if (!literal_matches(want, have))
                return -1;
            continue;
        }
        if (hole.is_rest) {
            have = (struct bytes){rest, (size_t)(path.p + path.n - rest)};
            path.n = 0;
        }
        if (have.n <= hole.prefix.n || n == ROUTE_PARAMS_MAX ||
            (hole.prefix.n && memcmp(have.p, hole.prefix.p, hole.prefix.n) != 0))
            return -1;
        have.p += hole.prefix.n;
        have.n -= hole.prefix.n;
        found[n++] = (struct found){hole.name, have};
    }
    return path.n ? -1 : n;
}

static bool method_is(struct bytes method, const char *name)
{
    return method.n == strlen(name) && memcmp(method.p, name, method.n) == 0;
}

static bool route_answers(const struct route *route, struct bytes method)
{
    return method_is(method, route->method) ||
           (method_is(method, "HEAD") && strcmp(route->method, "GET") == 0);
}

/* `allow` in the order of `methods`, each once. */
static void write_allow(const bool has[COUNT(methods)], char allow[ROUTE_ALLOW_BYTES])
{
    size_t n = 0;
    allow[0] = '\0';
    for (size_t i = 0; i < COUNT(methods); i++) {
        size_t len = strlen(methods[i]);
        if (!has[i] || n + len + 3 > ROUTE_ALLOW_BYTES)
            continue;
        if (n) {
            memcpy(allow + n, ", ", 2);
            n += 2;
        }
        memcpy(allow + n, methods[i], len + 1);
        n += len;
    }
}

static void note_method(const struct route *route, bool has[COUNT(methods)])
{
    for (size_t i = 0; i < COUNT(methods); i++)
        if (strcmp(methods[i], route->method) == 0)
            has[i] = true;
    if (has[0])
        has[1] = true; /* HEAD comes with GET */
}

/* "{path*}" is beaten by whatever names more of the path. */
static int rank(const char *pattern, int holes)
{
    size_t n = strlen(pattern);
    return n > 2 && strcmp(pattern + n - 2, "*}") == 0 ? holes + ROUTE_PARAMS_MAX : holes;
}

enum err router_find(const struct route *table, size_t n, struct bytes method, struct bytes path,
                     const struct route **out, char allow[ROUTE_ALLOW_BYTES])
{
    const struct route *best = NULL;
    int best_holes = 0;
    bool has[COUNT(methods)] = {false}, is_known = false;
    for (size_t i = 0; i < n; i++) {
        struct found found[ROUTE_PARAMS_MAX];
        int holes = pattern_match(table[i].pattern, path, found);
        if (holes < 0)
            continue;
        is_known = true;
        note_method(&table[i], has);
        holes = rank(table[i].pattern, holes);
        if (route_answers(&table[i], method) && (!best || holes < best_holes)) {
            best = &table[i];
            best_holes = holes;
        }
    }
    write_allow(has, allow);
    if (!best)
        return is_known ? ERR_DENIED : ERR_NOTFOUND;
    *out = best;
    return OK;
}

enum err router_match(const struct route *table, size_t n, struct bytes method, struct bytes path,
                      struct arena *arena, struct route_match *out, char allow[ROUTE_ALLOW_BYTES])
{
    struct route_match match = {0};
    enum err e = router_find(table, n, method, path, &match.route, allow);
    if (e)
        return e;
    struct found found[ROUTE_PARAMS_MAX];
    int holes = pattern_match(match.route->pattern, path, found);
    for (int i = 0; i < holes; i++) {
        struct route_param *param = &match.params[match.n_params++];
        param->name = (const char *)found[i].name.p;
        param->name_n = found[i].name.n;
        param->value = percent_decode(arena, found[i].value, PERCENT_PLUS_STAYS);
        if (!param->value)
            return ERR_NOTFOUND;
    }
    *out = match;
    return OK;
}

size_t route_body_max(const struct route *route)
{
    if (route->body_max_bytes)
        return route->body_max_bytes;
    bool takes_body = strcmp(route->method, "GET") != 0 && strcmp(route->method, "OPTIONS") != 0;
    return takes_body ? ROUTE_BODY_DEFAULT_MAX_BYTES : 0;
}

bool route_takes_type(const struct route *route, const char *content_type)
{
    if (!route->types)
        return true;
    for (size_t i = 0; content_type && route->types[i]; i++)
        if (mediatype_matches(bytes_of(content_type), route->types[i]))
            return true;
    return false;
}

struct bytes target_path(const char *target)
{
    return (struct bytes){(const uint8_t *)target, strcspn(target, "?")};
}

struct bytes target_query(const char *target)
{
    const char *mark = strchr(target, '?');
    return bytes_of(mark ? mark + 1 : NULL);
}

enum err query_next(struct bytes *rest, struct arena *arena, const char **out_name,
                    const char **out_value)
{
    struct bytes pair = {NULL, 0};
    while (pair.n == 0) {
        if (rest->n == 0)
            return ERR_NOTFOUND;
        const uint8_t *end = memchr(rest->p, '&', rest->n);
        pair = (struct bytes){rest->p, end ? (size_t)(end - rest->p) : rest->n};
        rest->p += pair.n + (end ? 1 : 0);
        rest->n -= pair.n + (end ? 1 : 0);
    }
    const uint8_t *equals = memchr(pair.p, '=', pair.n);
    struct bytes name = {pair.p, equals ? (size_t)(equals - pair.p) : pair.n};
    struct bytes value = {pair.p + name.n, 0};
    if (equals)
        value = (struct bytes){equals + 1, pair.n - name.n - 1};
    const char *decoded_name = percent_decode(arena, name, PERCENT_PLUS_IS_SPACE);
    const char *decoded_value = percent_decode(arena, value, PERCENT_PLUS_IS_SPACE);
    if (arena->is_full)
        return ERR_LIMIT;
    if (!decoded_name || !decoded_value)
        return ERR_INVALID;
    *out_name = decoded_name;
    *out_value = decoded_value;
    return OK;
}
