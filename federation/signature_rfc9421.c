#include "federation/signature_scheme.h"

#include <inttypes.h>
#include <string.h>

#include "federation/multibase.h"
#include "federation/sfv.h"
#include "storage/base/buf.h"

#define LABEL "sig1"

/* ---- what is claimed ---- */

static bool derived_is_known(const char *name)
{
    static const char *const known[] = {"@method",         "@target-uri", "@authority", "@scheme",
                                        "@request-target", "@path",       "@query"};
    for (size_t i = 0; i < COUNT(known); i++) {
        if (strcmp(name, known[i]) == 0)
            return true;
    }
    return false;
}

static bool is_field_name(const char *name)
{
    return *name &&
           name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~")] == '\0';
}

static enum err covered_parse(const struct sfv_member *input, struct arena *arena,
                              struct signature *out, struct why *why)
{
    if (input->item_count > SIGNATURE_MAX_COVERED)
        return why_set(why, ERR_DENIED, "signature: too much is covered");
    out->covered = arena_calloc(arena, input->item_count + 1, sizeof *out->covered);
    if (!out->covered)
        return why_set(why, ERR_DENIED, "signature: too long");
    for (size_t i = 0; i < input->item_count; i++) {
        const struct sfv_item *item = &input->items[i];
        if (item->value.type != SFV_STRING)
            return why_set(why, ERR_DENIED, "signature: a component is no string");
        const char *name = (const char *)item->value.bytes.p;
        if (item->params.n)
            return why_set(why, ERR_DENIED, "signature: parameters of %.40s are not taken", name);
        if (name[0] == '@' ? !derived_is_known(name) : !is_field_name(name))
            return why_set(why, ERR_DENIED, "signature: unknown component %.40s", name);
        if (signature_covers(out, name))
            return why_set(why, ERR_DENIED, "signature: %.40s is covered twice", name);
        out->covered[out->covered_count++] = name;
    }
    return OK;
}

static const char *string_param(const struct sfv_params *params, const char *key, bool *is_wrong)
{
    const struct sfv_value *value = sfv_param_find(params, key);
    if (!value)
        return NULL;
    *is_wrong |= value->type != SFV_STRING;
    return (const char *)value->bytes.p;
}

static bool time_param(const struct sfv_params *params, const char *key, int64_t *out,
                       bool *is_wrong)
{
    const struct sfv_value *value = sfv_param_find(params, key);
    if (!value)
        return false;
    *is_wrong |= value->type != SFV_INTEGER || value->number < 0;
    *out = value->number;
    return true;
}

static enum err params_parse(const struct sfv_member *input, struct arena *arena,
                             struct signature *out, struct why *why)
{
    AUTO(buf_clear) struct buf text = BUF_INIT(2 * SIGNATURE_FIELD_MAX_BYTES);
    bool is_wrong = false;
    if (input->params.n > SIGNATURE_MAX_PARAMS)
        return why_set(why, ERR_DENIED, "signature: too many parameters");
    out->key_id = string_param(&input->params, "keyid", &is_wrong);
    out->algorithm = string_param(&input->params, "alg", &is_wrong);
    out->has_created = time_param(&input->params, "created", &out->created_s, &is_wrong);
    out->has_expires = time_param(&input->params, "expires", &out->expires_s, &is_wrong);
    if (is_wrong)
        return why_set(why, ERR_DENIED, "signature: a parameter has the wrong type");
    if (!out->has_created)
        return why_set(why, ERR_DENIED, "signature: no created");
    sfv_write_member(&text, input);
    out->params = text.is_full ? NULL : arena_strdup(arena, buf_text(&text));
    return out->params ? OK : why_set(why, ERR_DENIED, "signature: too long");
}

enum err rfc9421_parse(const char *input_field, const char *signature_field, struct arena *arena,
                       struct signature *out, struct why *why)
{
    struct sfv_field inputs, values;
    if (sfv_parse_dictionary(bytes_of(input_field), arena, &inputs) ||
        sfv_parse_dictionary(bytes_of(signature_field), arena, &values))
        return why_set(why, ERR_DENIED, "signature: malformed fields");
    if (inputs.n != 1 || values.n != 1)
        return why_set(why, ERR_DENIED, "signature: not exactly one label");
    const struct sfv_member *input = &inputs.p[0], *value = sfv_find(&values, input->key);
    if (!value)
        return why_set(why, ERR_DENIED, "signature: Signature and Signature-Input differ in label");
    if (!input->is_list || value->is_list || value->items[0].value.type != SFV_BYTES)
        return why_set(why, ERR_DENIED, "signature: malformed fields");

    struct signature sig = {.scheme = SIGNATURE_RFC9421, .value = value->items[0].value.bytes};
    enum err e = covered_parse(input, arena, &sig, why);
    if (!e)
        e = params_parse(input, arena, &sig, why);
    if (!e)
        e = signature_sane(&sig, why);
    if (!e)
        *out = sig;
    return e;
}

enum err rfc9421_coverage(const struct http_message *msg, const struct signature *sig,
                          struct why *why)
{
    bool query_is_covered = !strchr(msg->target, '?') || signature_covers(sig, "@query");
    bool target_is_covered = signature_covers(sig, "@request-target") ||
                             (signature_covers(sig, "@path") && query_is_covered);
    if (!signature_covers(sig, "@method"))
        return why_set(why, ERR_DENIED, "signature does not cover @method");
    if (!signature_covers(sig, "@target-uri") &&
        !(signature_covers(sig, "@authority") && target_is_covered))
        return why_set(why, ERR_DENIED, "signature does not cover @target-uri");
    return OK;
}

/* ---- the signature base, RFC 9421 §2.5 ---- */

static void add_derived(struct buf *out, const char *name, const struct http_message *msg,
                        const char *host)
{
    size_t path_n = strcspn(msg->target, "?");
    if (strcmp(name, "@method") == 0)
        buf_str(out, msg->method);
    else if (strcmp(name, "@target-uri") == 0)
        buf_printf(out, "%s://%s%s", msg->scheme, host, msg->target);
    else if (strcmp(name, "@authority") == 0)
        buf_str(out, host);
    else if (strcmp(name, "@scheme") == 0)
        buf_str(out, msg->scheme);
    else if (strcmp(name, "@request-target") == 0)
        buf_str(out, msg->target);
    else if (strcmp(name, "@path") == 0)
        buf_add(out, msg->target, path_n);
    else if (strcmp(name, "@query") == 0)
        buf_str(out, msg->target[path_n] ? msg->target + path_n : "?");
}

enum err rfc9421_base(const struct http_message *msg, const struct signature *sig,
                      struct arena *arena, struct bytes *out, struct why *why)
{
    AUTO(buf_clear) struct buf base = BUF_INIT(SIGNATURE_BASE_MAX_BYTES);
    char host[URI_HOST_BYTES];
    if (http_message_host(msg, host))
        return why_set(why, ERR_DENIED, "Host is no host");
    for (size_t i = 0; i < sig->covered_count; i++) {
        const char *name = sig->covered[i], *value;
        buf_printf(&base, "\"%s\": ", name);
        if (name[0] == '@') {
            add_derived(&base, name, msg, host);
        } else {
            if (http_message_field(msg, name, arena, &value))
                return why_set(why, ERR_DENIED, "signature covers %.40s, which was not sent", name);
            buf_str(&base, value);
        }
        buf_char(&base, '\n');
    }
    buf_printf(&base, "\"@signature-params\": %s", sig->params);
    struct bytes copy = arena_bytes(arena, buf_bytes(&base));
    if (base.is_full || !copy.p)
        return why_set(why, ERR_DENIED, "signature covers too much");
    *out = copy;
    return OK;
}

/* ---- signing ---- */

enum err rfc9421_sign(const struct signature_request *request, const struct http_message *msg,
                      struct arena *arena, struct signature_lines *lines, struct why *why)
{
    const char *covered[4] = {"@method", "@target-uri"};
    struct signature sig = {.scheme = SIGNATURE_RFC9421, .covered = covered, .covered_count = 2};
    bool has_digest = http_message_field_count(msg, "content-digest");
    /* Mastodon, which signs with RSA, wants exactly the three; who takes Ed25519 reads the RFC. */
    bool has_more = request->synchronization && private_key_type(request->key) == KEY_ED25519;
    if (has_digest)
        covered[sig.covered_count++] = "content-digest";
    if (has_more)
        covered[sig.covered_count++] = "collection-synchronization";
    sig.params = arena_printf(
        arena, "(\"@method\" \"@target-uri\"%s%s);created=%" PRId64 ";keyid=\"%s\"",
        has_digest ? " \"content-digest\"" : "", has_more ? " \"collection-synchronization\"" : "",
        request->now_ms / 1000, request->key_id);
    struct bytes base, value;
    if (!sig.params)
        return ERR_LIMIT;
    enum err e = rfc9421_base(msg, &sig, arena, &base, why);
    if (!e)
        e = private_key_sign(request->key, base, arena, &value);
    if (e)
        return e == ERR_DENIED ? ERR_LIMIT : e;
    const char *text = base64_encode(value, arena);
    const char *input = arena_printf(arena, LABEL "=%s", sig.params);
    const char *field = text ? arena_printf(arena, LABEL "=:%s:", text) : NULL;
    if (!input || !field)
        return ERR_LIMIT;
    e = lines_add(lines, arena, "Signature-Input", input);
    return e ? e : lines_add(lines, arena, "Signature", field);
}

bool signature_accepts_rfc9421(const char *accept_signature)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(16 * SIGNATURE_FIELD_MAX_BYTES);
    struct sfv_field field;
    if (strnlen(accept_signature, SIGNATURE_FIELD_MAX_BYTES + 1) > SIGNATURE_FIELD_MAX_BYTES ||
        sfv_parse_dictionary(bytes_of(accept_signature), &arena, &field))
        return false;
    for (size_t i = 0; i < field.n; i++) {
        if (field.p[i].is_list)
            return true;
    }
    return false;
}
