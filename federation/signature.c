#include "federation/signature.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "federation/digest.h"
#include "federation/http_message.h"
#include "federation/signature_scheme.h"
#include "federation/uri.h"
#include "storage/base/clock.h"

#define VERIFY_ARENA_BYTES (256 * 1024)
#define MS_PER_S 1000

bool signature_covers(const struct signature *sig, const char *name)
{
    for (size_t i = 0; i < sig->covered_count; i++) {
        if (strcmp(sig->covered[i], name) == 0)
            return true;
    }
    return false;
}

enum err signature_sane(const struct signature *sig, struct why *why)
{
    size_t n = sig->key_id ? strlen(sig->key_id) : 0;
    if (n == 0 || n > SIGNATURE_KEY_ID_MAX_BYTES)
        return why_set(why, ERR_DENIED, "signature: no good key id");
    for (const char *p = sig->key_id; *p; p++) {
        if ((unsigned char)*p <= 0x20 || *p == 0x7f)
            return why_set(why, ERR_DENIED, "signature: key id with white space");
    }
    if (sig->value.n == 0 || sig->value.n > SIGNATURE_VALUE_MAX_BYTES)
        return why_set(why, ERR_DENIED, "signature: empty, or longer than any of ours");
    return OK;
}

/* ---- parse ---- */

/* The one line of that name. ERR_NOTFOUND: none; ERR_DENIED: several, or too long (T02, T26). */
static enum err field_once(const struct http_message *msg, const char *name, struct arena *arena,
                           const char **out, struct why *why)
{
    *out = NULL;
    size_t n = http_message_field_count(msg, name);
    if (n == 0)
        return ERR_NOTFOUND;
    if (n > 1)
        return why_set(why, ERR_DENIED, "%s was sent twice", name);
    const char *value;
    if (http_message_field(msg, name, arena, &value) || strlen(value) > SIGNATURE_FIELD_MAX_BYTES)
        return why_set(why, ERR_DENIED, "%s is too long", name);
    *out = value;
    return OK;
}

/* The parameters in `Authorization: Signature ...`; NULL when it is another scheme, or absent. */
static const char *authorization_params(const char *field)
{
    static const char scheme[] = "Signature";
    size_t n = sizeof scheme - 1;
    if (!field || strncasecmp(field, scheme, n) != 0 || (field[n] != ' ' && field[n] != '\t'))
        return NULL;
    return field + n + 1;
}

/* Nothing that could pass for a line of the signed text. */
static bool has_one_line(const char *text)
{
    return text[strcspn(text, " \t\r\n")] == '\0';
}

enum err signature_parse(const struct http_message *msg, struct arena *arena, struct signature *out,
                         struct why *why)
{
    const char *signature, *input, *authorization;
    if (!has_one_line(msg->method) || !has_one_line(msg->target) || !has_one_line(msg->host))
        return why_set(why, ERR_DENIED, "white space in the request line");
    if (field_once(msg, "signature", arena, &signature, why) == ERR_DENIED ||
        field_once(msg, "signature-input", arena, &input, why) == ERR_DENIED ||
        field_once(msg, "authorization", arena, &authorization, why) == ERR_DENIED)
        return ERR_DENIED;

    const char *in_authorization = authorization_params(authorization);
    if (in_authorization && (signature || input))
        return why_set(why, ERR_DENIED, "two signatures in one request");
    if (in_authorization)
        return cavage_parse(in_authorization, arena, out, why);
    if (input && !signature)
        return why_set(why, ERR_DENIED, "Signature-Input without Signature");
    if (input)
        return rfc9421_parse(input, signature, arena, out, why);
    if (signature)
        return cavage_parse(signature, arena, out, why);
    return why_set(why, ERR_NOTFOUND, "no signature");
}

/* ---- precheck ---- */

/* T22: the label may only repeat what the key says. */
static bool label_fits(const struct signature *sig, enum key_type type)
{
    if (!sig->algorithm)
        return true;
    if (sig->scheme == SIGNATURE_RFC9421)
        return strcmp(sig->algorithm, type == KEY_RSA ? "rsa-v1_5-sha256" : "ed25519") == 0;
    return strcasecmp(sig->algorithm, "hs2019") == 0 ||
           strcasecmp(sig->algorithm, type == KEY_RSA ? "rsa-sha256" : "ed25519") == 0;
}

static bool body_must_be_covered(const struct http_message *msg)
{
    return msg->body.n > 0 || (strcmp(msg->method, "GET") != 0 && strcmp(msg->method, "HEAD") != 0);
}

/* T13 */
static enum err coverage_check(const struct http_message *msg, const struct signature *sig,
                               struct why *why)
{
    bool is_cavage = sig->scheme == SIGNATURE_CAVAGE;
    enum err e = is_cavage ? cavage_coverage(sig, why) : rfc9421_coverage(msg, sig, why);
    if (e)
        return e;
    if (body_must_be_covered(msg) && !signature_covers(sig, "content-digest") &&
        !(is_cavage && signature_covers(sig, "digest")))
        return why_set(why, ERR_DENIED, "signature does not cover a digest of the body");
    return OK;
}

/* T14 */
static enum err host_check(const struct http_message *msg, const char *public_host, struct why *why)
{
    char host[URI_HOST_BYTES];
    if (http_message_host(msg, host) || strcmp(host, public_host) != 0)
        return why_set(why, ERR_DENIED, "signed for another host than %s", public_host);
    return OK;
}

static bool created_counts(const struct signature *sig)
{
    return sig->has_created &&
           (sig->scheme == SIGNATURE_RFC9421 || signature_covers(sig, "(created)"));
}

/* The time in Date, when it is covered; ERR_NOTFOUND when it is not. */
static enum err date_get(const struct http_message *msg, const struct signature *sig,
                         int64_t *out_ms, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(2 * SIGNATURE_FIELD_MAX_BYTES);
    const char *field;
    if (!signature_covers(sig, "date"))
        return ERR_NOTFOUND;
    if (field_once(msg, "date", &arena, &field, why))
        return why_set(why, ERR_DENIED, "not exactly one Date");
    if (clock_parse_http(field, out_ms))
        return why_set(why, ERR_DENIED, "Date is no date");
    return OK;
}

/* T15 */
static enum err time_check(const struct http_message *msg, const struct signature *sig,
                           int64_t now_ms, struct why *why)
{
    int64_t date_ms;
    enum err e = date_get(msg, sig, &date_ms, why);
    if (e == ERR_DENIED)
        return e;
    if (e == OK &&
        (date_ms < now_ms - SIGNATURE_WINDOW_MS || date_ms > now_ms + SIGNATURE_WINDOW_MS))
        return why_set(why, ERR_DENIED, "Date is %lld s away from our clock",
                       (long long)(date_ms - now_ms) / MS_PER_S);
    int64_t created_ms = sig->created_s * MS_PER_S;
    if (created_counts(sig) && created_ms < now_ms - SIGNATURE_WINDOW_MS)
        return why_set(why, ERR_DENIED, "signature is too old");
    if (created_counts(sig) && created_ms > now_ms + SIGNATURE_CREATED_SKEW_MS)
        return why_set(why, ERR_DENIED, "signature was created in the future");
    if (sig->has_expires && sig->expires_s * MS_PER_S <= now_ms)
        return why_set(why, ERR_DENIED, "signature has expired");
    return OK;
}

typedef enum err digest_checker(const char *field, struct bytes body, struct why *why);

static enum err digest_field_check(const struct http_message *msg, const struct signature *sig,
                                   const char *name, digest_checker *check, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(2 * SIGNATURE_FIELD_MAX_BYTES);
    const char *field;
    if (!signature_covers(sig, name))
        return OK;
    if (field_once(msg, name, &arena, &field, why))
        return why_set(why, ERR_DENIED, "not exactly one %s", name);
    return check(field, msg->body, why);
}

enum err signature_base(const struct http_message *msg, const struct signature *sig,
                        struct arena *arena, struct bytes *out, struct why *why)
{
    if (sig->scheme == SIGNATURE_RFC9421)
        return rfc9421_base(msg, sig, arena, out, why);
    return cavage_base(msg, sig, TARGET_AS_RECEIVED, arena, out, why);
}

/* Everything that is covered was sent: asked here, before a key is fetched for it. */
static enum err base_check(const struct http_message *msg, const struct signature *sig,
                           struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(VERIFY_ARENA_BYTES);
    struct bytes base;
    return signature_base(msg, sig, &arena, &base, why);
}

enum err signature_precheck(const struct http_message *msg, const struct signature *sig,
                            int64_t now_ms, const char *public_host, struct why *why)
{
    if (!label_fits(sig, KEY_RSA) && !label_fits(sig, KEY_ED25519))
        return why_set(why, ERR_DENIED, "signature: algorithm %.40s is not taken", sig->algorithm);
    enum err e = coverage_check(msg, sig, why);
    if (!e)
        e = host_check(msg, public_host, why);
    if (!e)
        e = time_check(msg, sig, now_ms, why);
    if (!e)
        e = base_check(msg, sig, why);
    if (!e) /* T12, last because it reads the whole body */
        e = digest_field_check(msg, sig, "digest", digest_check, why);
    if (!e)
        e = digest_field_check(msg, sig, "content-digest", content_digest_check, why);
    return e;
}

int64_t signature_clock_ahead_ms(const struct http_message *msg, const struct signature *sig,
                                 int64_t now_ms)
{
    int64_t date_ms;
    if (created_counts(sig))
        return sig->created_s * MS_PER_S - now_ms;
    return date_get(msg, sig, &date_ms, NULL) == OK ? date_ms - now_ms : 0;
}

/* ---- verify ---- */

enum err signature_verify(const struct http_message *msg, const struct signature *sig,
                          const struct public_key *key, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(VERIFY_ARENA_BYTES);
    struct bytes base;
    if (!label_fits(sig, public_key_type(key)))
        return why_set(why, ERR_DENIED, "signature: %.40s does not fit the key", sig->algorithm);
    enum err e = signature_base(msg, sig, &arena, &base, why);
    if (e)
        return e;
    e = public_key_verify(key, base, sig->value);
    if (e && sig->scheme == SIGNATURE_CAVAGE && strchr(msg->target, '?')) {
        e = cavage_base(msg, sig, TARGET_WITHOUT_QUERY, &arena, &base, why);
        if (!e)
            e = public_key_verify(key, base, sig->value);
    }
    return e ? why_set(why, ERR_DENIED, "signature does not verify") : OK;
}

/* ---- sign ---- */

enum err lines_add(struct signature_lines *lines, struct arena *arena, const char *name,
                   const char *value)
{
    assert(lines->n < COUNT(lines->line));
    const char *line = arena_printf(arena, "%s: %s", name, value);
    if (!line)
        return ERR_LIMIT;
    lines->line[lines->n++] = line;
    return OK;
}

/* It stands in quotes in both schemes. */
static bool key_id_can_be_quoted(const char *key_id)
{
    for (const char *p = key_id; *p; p++) {
        if (*p <= 0x20 || *p >= 0x7f || *p == '"' || *p == '\\')
            return false;
    }
    return *key_id != '\0';
}

static enum err digest_line(const struct signature_request *request, struct arena *arena,
                            struct http_header *out)
{
    bool is_cavage = request->scheme == SIGNATURE_CAVAGE;
    out->name = is_cavage ? "Digest" : "Content-Digest";
    out->value =
        is_cavage ? digest_make(request->body, arena) : content_digest_make(request->body, arena);
    return out->value ? OK : ERR_LIMIT;
}

enum err signature_sign(const struct signature_request *request, struct arena *arena,
                        struct signature_lines *out, struct why *why)
{
    struct uri uri;
    if (!key_id_can_be_quoted(request->key_id))
        return why_set(why, ERR_INVALID, "key id cannot be quoted");
    enum err e = uri_split(request->uri, URI_HTTP_TOO, arena, &uri, why);
    if (e)
        return e;
    char date[CLOCK_HTTP_BYTES];
    clock_format_http(request->now_ms, date);
    struct http_header headers[3] = {{"Date", date}};
    struct http_message msg = {.method = request->method,
                               .target = uri.target,
                               .scheme = uri.is_https ? "https" : "http",
                               .host = uri.host,
                               .headers = headers,
                               .header_count = 1,
                               .body = request->body};
    if (body_must_be_covered(&msg)) {
        e = digest_line(request, arena, &headers[1]);
        if (e)
            return e;
        msg.header_count = 2;
    }
    if (request->synchronization)
        headers[msg.header_count++] =
            (struct http_header){"Collection-Synchronization", request->synchronization};
    struct signature_lines lines = {.n = 0};
    e = lines_add(&lines, arena, "Host", uri.host);
    for (size_t i = 0; !e && i < msg.header_count; i++)
        e = lines_add(&lines, arena, headers[i].name, headers[i].value);
    if (!e)
        e = request->scheme == SIGNATURE_CAVAGE ? cavage_sign(request, &msg, arena, &lines, why)
                                                : rfc9421_sign(request, &msg, arena, &lines, why);
    if (!e)
        *out = lines;
    return e;
}
