#include "node/http/mediatype.h"

#include "node/http/head.h"

#include <string.h>

const char *const mediatype_activity[] = {
    "application/activity+json",
    "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"",
    NULL,
};

#define PROFILES_MAX_BYTES 512

struct media {
    struct bytes type; /* "type/subtype" */
    char profiles[PROFILES_MAX_BYTES];
};

static void skip_spaces(struct bytes *rest)
{
    while (rest->n && (rest->p[0] == ' ' || rest->p[0] == '\t')) {
        rest->p++;
        rest->n--;
    }
}

static struct bytes take_token(struct bytes *rest)
{
    struct bytes token = {rest->p, 0};
    while (rest->n && head_is_token((struct bytes){rest->p, 1})) {
        rest->p++;
        rest->n--;
        token.n++;
    }
    return token;
}

static bool take_char(struct bytes *rest, char c)
{
    if (rest->n == 0 || rest->p[0] != (uint8_t)c)
        return false;
    rest->p++;
    rest->n--;
    return true;
}

/* A quoted string without its quotes and escapes (RFC 9110 §5.6.4); false when it has no end. */
static bool take_quoted(struct bytes *rest, char out[PROFILES_MAX_BYTES])
{
    size_t n = 0;
    while (rest->n && rest->p[0] != '"') {
        if (take_char(rest, '\\') && rest->n == 0)
            return false;
        if (n + 1 == PROFILES_MAX_BYTES)
            return false;
        out[n++] = (char)rest->p[0];
        rest->p++;
        rest->n--;
    }
    out[n] = '\0';
    return take_char(rest, '"');
}

static bool take_value(struct bytes *rest, char out[PROFILES_MAX_BYTES])
{
    if (take_char(rest, '"'))
        return take_quoted(rest, out);
    struct bytes token = take_token(rest);
    if (token.n == 0 || token.n >= PROFILES_MAX_BYTES)
        return false;
    memcpy(out, token.p, token.n);
    out[token.n] = '\0';
    return true;
}

static bool parse_parameters(struct bytes rest, struct media *out)
{
    bool has_profile = false;
    for (;;) {
        skip_spaces(&rest);
        if (rest.n == 0)
            return true;
        if (!take_char(&rest, ';'))
            return false;
        skip_spaces(&rest);
        if (rest.n == 0 || rest.p[0] == ';')
            continue; /* an empty parameter is allowed, RFC 9110 §5.6.6 */
        struct bytes name = take_token(&rest);
        char value[PROFILES_MAX_BYTES];
        if (name.n == 0 || !take_char(&rest, '=') || !take_value(&rest, value))
            return false;
        if (!head_name_is(name, "profile"))
            continue;
        if (has_profile)
            return false;
        has_profile = true;
        memcpy(out->profiles, value, sizeof(value));
    }
}

static bool parse(struct bytes value, struct media *out)
{
    out->profiles[0] = '\0';
    struct bytes rest = value;
    out->type = take_token(&rest);
    if (out->type.n == 0 || !take_char(&rest, '/'))
        return false;
    struct bytes subtype = take_token(&rest);
    out->type.n += 1 + subtype.n;
    return subtype.n > 0 && parse_parameters(rest, out);
}

static bool names_profile(const char *profiles, const char *wanted)
{
    size_t n = strlen(wanted);
    for (const char *p = profiles; *p;) {
        size_t word = strcspn(p, " ");
        if (word == n && memcmp(p, wanted, n) == 0)
            return true;
        p += word;
        p += strspn(p, " ");
    }
    return false;
}

bool mediatype_matches(struct bytes value, const char *wanted)
{
    struct media sent, want;
    if (!parse(value, &sent) || !parse(bytes_of(wanted), &want))
        return false;
    if (want.type.n != sent.type.n)
        return false;
    char type[128];
    if (want.type.n >= sizeof(type))
        return false;
    memcpy(type, want.type.p, want.type.n);
    type[want.type.n] = '\0';
    return head_name_is(sent.type, type) &&
           (!want.profiles[0] || names_profile(sent.profiles, want.profiles));
}
