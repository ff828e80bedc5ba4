#include "federation/signature_scheme.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "federation/multibase.h"
#include "storage/base/buf.h"

#define TIME_MAX_DIGITS 12

/* ---- the parameters ---- */

struct param {
    const char *name;
    const char *value;
};

static const char *skip_space(const char *p)
{
    return p + strspn(p, " \t");
}

static bool is_token_char(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static size_t token_length(const char *p)
{
    size_t n = 0;
    while (is_token_char(p[n]))
        n++;
    return n;
}

/* A quoted string; commas and spaces in it mean nothing, a backslash keeps the next character. */
static enum err quoted_parse(const char **p, struct arena *arena, const char **out)
{
    const char *from = *p + 1;
    char *text = arena_alloc(arena, strlen(from) + 1);
    if (!text)
        return ERR_LIMIT;
    size_t n = 0;
    while (*from && *from != '"') {
        if (*from == '\\' && from[1])
            from++;
        text[n++] = *from++;
    }
    if (*from != '"')
        return ERR_INVALID;
    *p = from + 1;
    *out = text;
    return OK;
}

/* `name = "value"` or `name = token`. */
static enum err param_parse(const char **at, struct arena *arena, struct param *out)
{
    const char *p = *at;
    size_t n = token_length(p);
    if (n == 0)
        return ERR_INVALID;
    out->name = arena_strndup(arena, p, n);
    p = skip_space(p + n);
    if (*p != '=')
        return ERR_INVALID;
    p = skip_space(p + 1);
    if (*p == '"') {
        enum err e = quoted_parse(&p, arena, &out->value);
        if (e)
            return e;
    } else {
        n = token_length(p);
        if (n == 0)
            return ERR_INVALID;
        out->value = arena_strndup(arena, p, n);
        p += n;
    }
    *at = skip_space(p);
    return out->name && out->value ? OK : ERR_LIMIT;
}

static const char *param_find(const struct param *params, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(params[i].name, name) == 0)
            return params[i].value;
    }
    return NULL;
}

static enum err params_parse(const char *field, struct arena *arena,
                             struct param params[SIGNATURE_MAX_PARAMS], size_t *out_n,
                             struct why *why)
{
    size_t n = 0;
    const char *p = skip_space(field);
    for (;;) {
        if (n == SIGNATURE_MAX_PARAMS)
            return why_set(why, ERR_DENIED, "signature: too many parameters");
        if (param_parse(&p, arena, &params[n]))
            return why_set(why, ERR_DENIED, "signature: malformed parameters");
        if (param_find(params, n, params[n].name))
            return why_set(why, ERR_DENIED, "signature: parameter %s twice", params[n].name);
        n++;
        if (*p == '\0')
            break;
        if (*p != ',')
            return why_set(why, ERR_DENIED, "signature: malformed parameters");
        p = skip_space(p + 1);
    }
    *out_n = n;
    return OK;
}

/* ---- what they mean ---- */

static enum err time_parse(const char *text, bool *has, int64_t *out, struct why *why)
{
    *has = text != NULL;
    if (!text)
        return OK;
    size_t n = strspn(text, "0123456789");
    if (n == 0 || n > TIME_MAX_DIGITS || text[n])
        return why_set(why, ERR_DENIED, "signature: created or expires is no number");
    *out = strtoll(text, NULL, 10);
    return OK;
}

static bool pseudo_is_known(const char *name)
{
    return strcmp(name, "(request-target)") == 0 || strcmp(name, "(created)") == 0 ||
           strcmp(name, "(expires)") == 0;
}

/* "(request-target) host date" to a list in lower case. */
static enum err covered_parse(const char *list, struct arena *arena, struct signature *out,
                              struct why *why)
{
    out->covered = arena_calloc(arena, SIGNATURE_MAX_COVERED, sizeof *out->covered);
    if (!out->covered)
        return why_set(why, ERR_DENIED, "signature: too long");
    for (const char *p = list + strspn(list, " "); *p; p += strspn(p, " ")) {
        size_t n = strcspn(p, " ");
        char *name = arena_strndup(arena, p, n);
        if (!name || out->covered_count == SIGNATURE_MAX_COVERED)
            return why_set(why, ERR_DENIED, "signature: too much is covered");
        for (size_t i = 0; i < n; i++)
            name[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] | 0x20) : name[i];
        if (name[0] == '(' ? !pseudo_is_known(name) : token_length(name) != n)
            return why_set(why, ERR_DENIED, "signature: unknown component %.40s", name);
        if (signature_covers(out, name))
            return why_set(why, ERR_DENIED, "signature: %.40s is covered twice", name);
        out->covered[out->covered_count++] = name;
        p += n;
    }
    return out->covered_count ? OK : why_set(why, ERR_DENIED, "signature: nothing is covered");
}

static bool is_hs2019(const struct signature *sig)
{
    return sig->algorithm && strcasecmp(sig->algorithm, "hs2019") == 0;
}

/* draft-cavage-12 §2.3: the old algorithm names do not go with the new pseudo-fields. */
static enum err times_check(const struct signature *sig, struct why *why)
{
    bool created = signature_covers(sig, "(created)");
    bool expires = signature_covers(sig, "(expires)");
    if ((created && !sig->has_created) || (expires && !sig->has_expires))
        return why_set(why, ERR_DENIED, "signature: (created) or (expires) without its value");
    if ((created || expires) && sig->algorithm && !is_hs2019(sig))
        return why_set(why, ERR_DENIED, "signature: (created) does not go with %.40s",
                       sig->algorithm);
    return OK;
}

enum err cavage_parse(const char *field, struct arena *arena, struct signature *out,
                      struct why *why)
{
    struct param params[SIGNATURE_MAX_PARAMS];
    size_t n = 0;
    enum err e = params_parse(field, arena, params, &n, why);
    if (e)
        return e;
    struct signature sig = {.scheme = SIGNATURE_CAVAGE,
                            .key_id = param_find(params, n, "keyId"),
                            .algorithm = param_find(params, n, "algorithm")};
    const char *value = param_find(params, n, "signature");
    const char *headers = param_find(params, n, "headers");
    if (!headers)
        headers = is_hs2019(&sig) ? "(created)" : "date";
    if (value && base64_decode(bytes_of(value), arena, &sig.value))
        return why_set(why, ERR_DENIED, "signature: not base64");
    e = time_parse(param_find(params, n, "created"), &sig.has_created, &sig.created_s, why);
    if (!e)
        e = time_parse(param_find(params, n, "expires"), &sig.has_expires, &sig.expires_s, why);
    if (!e)
        e = covered_parse(headers, arena, &sig, why);
    if (!e)
        e = times_check(&sig, why);
    if (!e)
        e = signature_sane(&sig, why);
    if (!e)
        *out = sig;
    return e;
}

enum err cavage_coverage(const struct signature *sig, struct why *why)
{
    if (!signature_covers(sig, "(request-target)") || !signature_covers(sig, "host"))
        return why_set(why, ERR_DENIED, "signature does not cover (request-target) and host");
    if (!signature_covers(sig, "date") && !signature_covers(sig, "(created)"))
        return why_set(why, ERR_DENIED, "signature covers neither date nor (created)");
    return OK;
}

/* ---- the string to sign, draft-cavage-12 §2.3 ---- */

static void add_target(struct buf *out, const struct http_message *msg, enum target_form form)
{
    for (const char *p = msg->method; *p; p++)
        buf_char(out, *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p);
    buf_char(out, ' ');
    size_t n = form == TARGET_WITHOUT_QUERY ? strcspn(msg->target, "?") : strlen(msg->target);
    buf_add(out, msg->target, n);
}

enum err cavage_base(const struct http_message *msg, const struct signature *sig,
                     enum target_form form, struct arena *arena, struct bytes *out, struct why *why)
{
    AUTO(buf_clear) struct buf base = BUF_INIT(SIGNATURE_BASE_MAX_BYTES);
    for (size_t i = 0; i < sig->covered_count; i++) {
        const char *name = sig->covered[i], *value;
        buf_printf(&base, "%s%s: ", i ? "\n" : "", name);
        if (strcmp(name, "(request-target)") == 0) {
            add_target(&base, msg, form);
        } else if (strcmp(name, "(created)") == 0) {
            buf_printf(&base, "%" PRId64, sig->created_s);
        } else if (strcmp(name, "(expires)") == 0) {
            buf_printf(&base, "%" PRId64, sig->expires_s);
        } else {
            if (http_message_field(msg, name, arena, &value))
                return why_set(why, ERR_DENIED, "signature covers %.40s, which was not sent", name);
            buf_str(&base, value);
        }
    }
    struct bytes copy = arena_bytes(arena, buf_bytes(&base));
    if (base.is_full || !copy.p)
        return why_set(why, ERR_DENIED, "signature covers too much");
    *out = copy;
    return OK;
}

/* ---- signing ---- */

enum err cavage_sign(const struct signature_request *request, const struct http_message *msg,
                     struct arena *arena, struct signature_lines *lines, struct why *why)
{
    const char *plain[5] = {"(request-target)", "host", "date"};
    struct signature sig = {.scheme = SIGNATURE_CAVAGE, .covered = plain, .covered_count = 3};
    bool has_digest = http_message_field_count(msg, "digest"), has_more = request->synchronization;
    if (has_digest)
        plain[sig.covered_count++] = "digest";
    if (has_more)
        plain[sig.covered_count++] = "collection-synchronization";
    if (private_key_type(request->key) != KEY_RSA)
        return why_set(why, ERR_INVALID, "cavage signatures are made with RSA keys only");
    struct bytes base, value;
    enum err e = cavage_base(msg, &sig, TARGET_AS_RECEIVED, arena, &base, why);
    if (!e)
        e = private_key_sign(request->key, base, arena, &value);
    if (e)
        return e == ERR_DENIED ? ERR_LIMIT : e;
    const char *text = base64_encode(value, arena);
    const char *field = !text ? NULL
                              : arena_printf(arena,
                                             "keyId=\"%s\",algorithm=\"rsa-sha256\","
                                             "headers=\"(request-target) host date%s%s\","
                                             "signature=\"%s\"",
                                             request->key_id, has_digest ? " digest" : "",
                                             has_more ? " collection-synchronization" : "", text);
    return field ? lines_add(lines, arena, "Signature", field) : ERR_LIMIT;
}
