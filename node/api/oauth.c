#include "node/api/oauth.h"

#include "node/http/router.h"
#include "storage/application.h"

#include <openssl/evp.h>

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define BASIC_MAX_BYTES 512
#define VERIFIER_MIN_BYTES 43
#define VERIFIER_MAX_BYTES 128
#define CHALLENGE_BYTES 43

static const char unreserved[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

struct response *oauth_error(int status, const char *error, const char *description)
{
    struct buf body = BUF_INIT(4096);
    struct jw w = {.buf = &body};
    jw_object(&w, NULL);
    jw_text(&w, "error", error);
    jw_text(&w, "error_description", description);
    jw_object_end(&w);
    struct response *response = response_json(status, &body);
    response_set(response, "Cache-Control", "no-store");
    if (status == 401)
        response_set(response, "WWW-Authenticate", "Basic realm=\"ward\"");
    return response;
}

/* ---- where people are sent back to ---- */

static size_t scheme_length(const char *uri)
{
    size_t n = 0;
    if (!isalpha((unsigned char)uri[0]))
        return 0;
    while (isalnum((unsigned char)uri[n]) || (uri[n] && strchr("+-.", uri[n])))
        n++;
    return uri[n] == ':' ? n : 0;
}

/* Schemes that a browser would follow into something else than an application. */
static bool is_browsers_own(const char *uri, size_t n)
{
    static const char *const schemes[] = {"about", "blob", "data",       "file",     "filesystem",
                                          "ftp",   "ftps", "javascript", "vbscript", "view-source",
                                          "ws",    "wss",  "feed",       "jar",      "chrome"};
    for (size_t i = 0; i < COUNT(schemes); i++)
        if (strlen(schemes[i]) == n && strncasecmp(uri, schemes[i], n) == 0)
            return true;
    return false;
}

/* "//host..." of the same machine (RFC 8252 §7.3). */
static bool is_loopback(const char *rest)
{
    static const char *const hosts[] = {"//127.0.0.1", "//localhost", "//[::1]"};
    for (size_t i = 0; i < COUNT(hosts); i++) {
        size_t n = strlen(hosts[i]);
        if (strncasecmp(rest, hosts[i], n) == 0 && (!rest[n] || strchr(":/?", rest[n])))
            return true;
    }
    return false;
}

/* Has "//" and a host before anything else, and nobody's name before that. */
static bool has_host(const char *rest)
{
    size_t n = strncmp(rest, "//", 2) == 0 ? strcspn(rest + 2, "/?") : 0;
    return n > 0 && !memchr(rest + 2, '@', n) && !memchr(rest + 2, '\\', n);
}

enum err oauth_redirect_check(const char *uri, enum oauth_http http, struct why *why)
{
    if (strcmp(uri, OAUTH_OUT_OF_BAND) == 0)
        return OK;
    if (!*uri || strlen(uri) > OAUTH_REDIRECT_MAX_BYTES)
        return why_set(why, ERR_INVALID, "Redirect URI must have 1 to %d bytes",
                       OAUTH_REDIRECT_MAX_BYTES);
    for (const char *p = uri; *p; p++)
        if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f || strchr("\"<>\\^`{|}", *p))
            return why_set(why, ERR_INVALID, "Redirect URI must be written in plain ASCII");
    if (strchr(uri, '#'))
        return why_set(why, ERR_INVALID, "Redirect URI must not have a fragment");
    size_t n = scheme_length(uri);
    if (!n || !uri[n + 1] || is_browsers_own(uri, n))
        return why_set(why, ERR_INVALID, "Redirect URI must be an absolute URI");
    bool is_http = n == 4 && strncasecmp(uri, "http", 4) == 0;
    bool is_https = n == 5 && strncasecmp(uri, "https", 5) == 0;
    if ((is_http || is_https) && !has_host(uri + n + 1))
        return why_set(why, ERR_INVALID, "Redirect URI must name a host");
    if (is_http && http == OAUTH_HTTP_LOOPBACK && !is_loopback(uri + n + 1))
        return why_set(why, ERR_INVALID, "Redirect URI must be https");
    return OK;
}

bool oauth_redirect_is_of(const Application *application, const char *uri)
{
    for (size_t i = 0; i < application->n_redirect_uris; i++)
        if (strcmp(application->redirect_uris[i], uri) == 0)
            return true;
    return false;
}

const char *oauth_redirect_add(struct arena *arena, const char *uri, const char *name,
                               const char *value)
{
    static const char hex[] = "0123456789ABCDEF";
    char *encoded = arena_alloc(arena, 3 * strlen(value) + 1), *out = encoded;
    if (!encoded)
        return NULL;
    for (; *value; value++) {
        if (strchr(unreserved, *value)) {
            *out++ = *value;
            continue;
        }
        *out++ = '%';
        *out++ = hex[(unsigned char)*value >> 4];
        *out++ = hex[(unsigned char)*value & 15];
    }
    *out = '\0';
    return arena_printf(arena, "%s%c%s=%s", uri, strchr(uri, '?') ? '&' : '?', name, encoded);
}

/* ---- scopes, PKCE ---- */

static bool has_word(const char *list, const char *word, size_t n)
{
    for (; *list; list += strcspn(list, " "), list += *list == ' ')
        if (strcspn(list, " ") == n && memcmp(list, word, n) == 0)
            return true;
    return false;
}

const char *oauth_scopes(struct arena *arena, const char *list)
{
    static const char between[] = " \t\r\n+";
    char *out = arena_alloc(arena, strlen(list) + 2);
    size_t used = 0;
    if (!out)
        return NULL;
    for (list += strspn(list, between); *list; list += strspn(list, between)) {
        size_t n = strcspn(list, between);
        if (!has_word(out, list, n)) {
            if (used)
                out[used++] = ' ';
            memcpy(out + used, list, n);
            used += n;
        }
        list += n;
    }
    return out;
}

bool oauth_challenge_is_good(const char *challenge)
{
    return strlen(challenge) == CHALLENGE_BYTES &&
           strspn(challenge, unreserved) == CHALLENGE_BYTES && !strpbrk(challenge, ".~");
}

bool oauth_challenge_is(struct arena *arena, const char *challenge, const char *verifier)
{
    uint8_t hash[SECRET_HASH_BYTES];
    size_t n = strlen(verifier);
    if (n < VERIFIER_MIN_BYTES || n > VERIFIER_MAX_BYTES || strspn(verifier, unreserved) != n ||
        secret_hash(verifier, hash))
        return false;
    const char *made = secret_text(hash, arena);
    return made && bytes_equal_secret(bytes_of(made), bytes_of(challenge));
}

/* ---- who asks ---- */

enum err oauth_application(struct api_call *call, struct txn *txn, const char *client_id,
                           Application **out)
{
    uint64_t id;
    if (!client_id || id_parse(client_id, &id))
        return ERR_NOTFOUND;
    return application_get(txn, id, &call->arena, out);
}

/* "Basic base64(id:secret)", both percent-encoded (RFC 6749 §2.3.1). */
static bool read_basic(struct api_call *call, const char **out_id, const char **out_secret)
{
    const char *field = request_header(call->request, "authorization");
    if (!field || strncasecmp(field, "basic ", 6) != 0)
        return false;
    field += 6 + strspn(field + 6, " ");
    size_t n = strlen(field);
    if (n == 0 || n % 4 || n > BASIC_MAX_BYTES)
        return false;
    unsigned char *pair = arena_alloc(&call->arena, n + 1);
    int decoded = pair ? EVP_DecodeBlock(pair, (const unsigned char *)field, (int)n) : -1;
    char *colon = decoded > 0 ? strchr((char *)pair, ':') : NULL;
    if (!colon)
        return false;
    *colon = '\0';
    *out_id = percent_decode(&call->arena, bytes_of((char *)pair), PERCENT_PLUS_IS_SPACE);
    *out_secret = percent_decode(&call->arena, bytes_of(colon + 1), PERCENT_PLUS_IS_SPACE);
    return *out_id && *out_secret;
}

const Application *oauth_client(struct api_call *call, struct response **out_refusal)
{
    AUTO(txn_end) struct txn *txn = NULL;
    const char *id = params_get(&call->params, "client_id");
    const char *secret = params_get(&call->params, "client_secret");
    Application *application;
    if (!id || !secret)
        (void)read_basic(call, &id, &secret);
    enum err e = api_read(call, &txn);
    if (!e)
        e = oauth_application(call, txn, id, &application);
    if (!e && (!secret || !application_secret_is(application, secret)))
        e = ERR_NOTFOUND;
    if (!e)
        return application;
    *out_refusal =
        e == ERR_NOTFOUND
            ? oauth_error(401, "invalid_client",
                          "Client authentication failed: unknown client, or wrong secret")
            : api_of_err(e, NULL);
    return NULL;
}
