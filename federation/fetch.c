#include "federation/fetch.h"

#include "federation/fetch_call.h"
#include "federation/http_client.h"
#include "federation/outgoing.h"
#include "federation/policy.h"
#include "storage/account.h"
#include "storage/actor.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"

#include <string.h>
#include <strings.h>

#define RECORDS_ARENA_BYTES ((size_t)256 * 1024)
#define AS2_ACCEPT                                                                                 \
    "Accept: application/activity+json, "                                                          \
    "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\""
#define JRD_ACCEPT "Accept: application/jrd+json, application/json"
#define MEDIA_ACCEPT "Accept: image/*, video/*, audio/*, */*;q=0.1"
#define JSON_ACCEPT "Accept: application/json"

/* ---- what a scheme that worked is worth remembering ---- */

struct remember {
    struct mutation mutation;
    SignatureScheme scheme;
    int64_t now_ms;
    char host[URI_HOST_BYTES];
};

static enum err remember_apply(struct txn *txn, struct mutation *m)
{
    struct remember *r = container_of(m, struct remember, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(RECORDS_ARENA_BYTES);
    peer_id peer;
    PeerHealth *health;
    enum err e = peer_ensure(txn, r->host, r->now_ms, &peer);
    if (!e)
        e = peer_health(txn, peer, &arena, &health);
    if (e || health->scheme == r->scheme)
        return e;
    health->scheme = r->scheme;
    return peer_put_health(txn, peer, health);
}

static void remember_done(struct mutation *m, enum err e)
{
    struct remember *r = container_of(m, struct remember, mutation);
    (void)e; /* forgetting costs one more request next time */
    xfree(&r);
}

static void remember(const struct fetch_call *call, SignatureScheme scheme)
{
    struct remember *r = xcalloc(1, sizeof *r);
    r->mutation = (struct mutation){.apply = remember_apply, .done = remember_done};
    r->scheme = scheme;
    r->now_ms = clock_ms();
    memcpy(r->host, call->host, sizeof r->host);
    if (writer_push(call->fed->writer, &r->mutation) != OK)
        xfree(&r);
}

/* ---- one request ---- */

static bool is_signed(enum fetch_kind kind)
{
    return kind == FETCH_ACTIVITY || kind == FETCH_MEDIA;
}

struct sender {
    PrivateKeys *keys;
    Peer *peer; /* NULL: nothing is stored of it */
    PeerHealth *health;
};

/* Policy, and what is needed to sign; one short snapshot. */
static enum err look_up(struct fetch_call *call, struct arena *arena, struct sender *out)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = engine_read_begin(call->fed->engine, &txn);
    if (e)
        return e;
    peer_id id;
    e = policy_admit(txn, call->fed->config, call->host, clock_ms(), &id, &call->why);
    if (e)
        return e;
    *out = (struct sender){0};
    if (id.v) {
        e = peer_get(txn, id, arena, &out->peer);
        if (!e)
            e = peer_health(txn, id, arena, &out->health);
        if (e)
            return e;
    }
    actor_id instance;
    if (!is_signed(call->kind))
        return OK;
    e = actor_instance(txn, &instance);
    return e ? e : account_keys(txn, instance, arena, &out->keys);
}

static enum err sign(struct fetch_call *call, const struct sender *sender, struct arena *arena,
                     struct signature_lines *lines)
{
    *lines = (struct signature_lines){0};
    if (!is_signed(call->kind))
        return OK;
    if (!call->is_second) {
        call->known = sender->health ? sender->health->scheme : SIGNATURE_SCHEME__UNTRIED;
        call->scheme = call->known;
    }
    const struct outgoing request = {.method = "GET",
                                     .uri = call->uri,
                                     .scheme = call->scheme,
                                     .keys = sender->keys,
                                     .now_ms = clock_ms()};
    return outgoing_sign(&request, arena, lines, &call->why);
}

/* Makes call->http for call->uri: guarded, asked of policy and signed anew, for each hop. */
static enum err prepare(struct fetch_call *call)
{
    static const char *const accept[] = {[FETCH_ACTIVITY] = AS2_ACCEPT,
                                         [FETCH_JRD] = JRD_ACCEPT,
                                         [FETCH_JSON] = JSON_ACCEPT,
                                         [FETCH_MEDIA] = MEDIA_ACCEPT};
    AUTO(arena_clear) struct arena arena = ARENA_INIT(RECORDS_ARENA_BYTES);
    struct sender sender;
    struct signature_lines signature;

    if (uri_host(call->uri, call->host))
        return why_set(&call->why, ERR_INVALID, "not a URI we can fetch");
    enum err e = look_up(call, &arena, &sender);
    if (!e)
        e = sign(call, &sender, &arena, &signature);
    if (e)
        return e;

    const char *lines[SIGNATURE_MAX_LINES + 1];
    size_t n = 0;
    for (; n < signature.n; n++)
        lines[n] = signature.line[n];
    lines[n++] = accept[call->kind];
    const struct http_request request = {
        .uri = call->uri,
        .lines = lines,
        .line_count = n,
        .answer_max_bytes = call->kind == FETCH_MEDIA ? call->file_max_bytes
                                                      : call->fed->config->document_max_bytes,
        .is_to_file = call->kind == FETCH_MEDIA,
        .file = call->file,
        .pin_sha256 = sender.peer ? sender.peer->pin_sha256 : NULL,
        .has_min_rate = true,
    };
    http_call_free(&call->http);
    return http_call_create(call->fed->config, &request, &call->http, &call->why);
}

/* ---- what an answer means ---- */

/* The media type alone, without parameters, is `type`. */
static bool is_type(const char *field, const char *type)
{
    size_t n = strlen(type);
    return strncasecmp(field, type, n) == 0 && strchr("; \t", field[n]) != NULL;
}

/* T31: uploads can be served as JSON, so plain JSON is no activity. */
static bool is_wanted_type(enum fetch_kind kind, const char *field)
{
    switch (kind) {
    case FETCH_ACTIVITY:
        return is_type(field, "application/activity+json") || is_type(field, "application/ld+json");
    case FETCH_MEDIA:
        return true;
    case FETCH_JRD:
        return is_type(field, "application/jrd+json") || is_type(field, "application/json");
    default:
        return is_type(field, "application/json");
    }
}

static enum err judge_status(int status, struct why *why)
{
    switch (status) {
    case 404:
    case 410: /* the same to whoever asks for it; that it was there once is read from the status */
        return why_set(why, ERR_NOTFOUND, "answered %d", status);
    case 401:
    case 403:
        return why_set(why, ERR_DENIED, "answered %d", status);
    case 408:
    case 425:
    case 429:
        return why_set(why, ERR_LATER, "answered %d", status);
    default:
        return why_set(why, status >= 500 ? ERR_LATER : ERR_INVALID, "answered %d", status);
    }
}

enum err fetch_judge(enum fetch_kind kind, const struct http_answer *answer, struct why *why)
{
    if (answer->is_denied)
        return why_set(why, ERR_DENIED, "%s", answer->why.text);
    if (answer->status != 0 && answer->status != 200)
        return judge_status(answer->status, why);
    if (answer->is_too_large)
        return why_set(why, ERR_LIMIT, "%s", answer->why.text);
    if (answer->status == 0)
        return why_set(why, ERR_LATER, "%s", answer->why.text);
    if (!is_wanted_type(kind, answer->content_type))
        return why_set(why, ERR_INVALID, "answered with content type \"%.80s\"",
                       answer->content_type);
    return OK;
}

bool fetch_is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

const char *fetch_redirect_target(const char *from, const char *location, struct arena *arena)
{
    if (location[0] == '/' && location[1] != '/') { /* a path: by far the usual relative form */
        const char *authority = strstr(from, "://");
        if (!authority)
            return NULL;
        size_t n = (size_t)(authority - from) + 3;
        n += strcspn(from + n, "/?#");
        return arena_printf(arena, "%.*s%s", (int)n, from, location);
    }
    return uri_same_host(from, location) ? uri_without_fragment(location, arena) : NULL;
}

static enum err follow(struct fetch_call *call, const struct http_answer *answer)
{
    if (call->hops++ >= FETCH_HOPS_MAX)
        return why_set(&call->why, ERR_INVALID, "more than %d redirects", FETCH_HOPS_MAX);
    const char *to = fetch_redirect_target(call->uri, answer->location, &call->arena);
    if (!to || strcmp(to, call->uri) == 0 || strlen(to) > URI_MAX_BYTES)
        return why_set(&call->why, ERR_INVALID, "redirected elsewhere than on the same host");
    call->uri = to;
    call->is_second = false;
    return prepare(call);
}

static void learn(struct fetch_call *call, const struct http_answer *answer)
{
    const struct outgoing_lesson lesson = {.known = call->known,
                                           .used = call->scheme,
                                           .is_second = call->is_second,
                                           .status = answer->status,
                                           .accept_signature = answer->accept_signature};
    SignatureScheme best = outgoing_learn(&lesson);
    if (is_signed(call->kind) && best != call->known) {
        remember(call, best);
        call->known = best;
    }
}

static enum err begin(struct fetch_call *out, const char *uri)
{
    out->arena = (struct arena)ARENA_INIT((size_t)16 * URI_MAX_BYTES);
    if (!uri || strlen(uri) > URI_MAX_BYTES)
        return why_set(&out->why, ERR_INVALID, "not a URI we can fetch");
    /* the fragment names a part (a key) of the document and is never sent */
    out->uri = uri_without_fragment(uri, &out->arena);
    return out->uri ? prepare(out) : ERR_LIMIT;
}

enum err fetch_call_begin(struct federation *fed, const char *uri, enum fetch_kind kind,
                          struct fetch_call *out)
{
    *out = (struct fetch_call){.fed = fed, .kind = kind};
    return begin(out, uri);
}

bool fetch_call_again(struct fetch_call *call)
{
    const struct http_answer *answer = http_call_answer(call->http);
    learn(call, answer);
    if (answer->status == 401 && !call->is_second && is_signed(call->kind)) {
        call->is_second = true;
        call->scheme = outgoing_other(call->scheme);
        call->e = prepare(call);
        return call->e == OK;
    }
    if (fetch_is_redirect(answer->status) && !answer->is_denied) {
        call->e = follow(call, answer);
        return call->e == OK;
    }
    call->e = fetch_judge(call->kind, answer, &call->why);
    return false;
}

struct fetched fetch_call_result(const struct fetch_call *call)
{
    struct fetched result = {.uri = call->uri};
    if (call->http) {
        const struct http_answer *answer = http_call_answer(call->http);
        result.status = answer->status;
        result.body = call->e == OK ? answer->body : (struct bytes){0};
    }
    return result;
}

void fetch_call_clear(struct fetch_call *call)
{
    http_call_free(&call->http);
    arena_clear(&call->arena);
}

enum err fetch_now(struct federation *fed, const char *uri, enum fetch_kind kind,
                   struct arena *arena, struct fetched *out, struct why *why)
{
    AUTO(fetch_call_clear) struct fetch_call call;
    enum err e = fetch_call_begin(fed, uri, kind, &call);
    if (!e) {
        do
            http_call_run(call.http);
        while (fetch_call_again(&call));
        e = call.e;
    }
    struct fetched result = fetch_call_result(&call);
    out->status = result.status; /* also on failure: 410 is told from other refusals by it */
    if (e)
        return why_set(why, e, "%s", call.why.text);
    out->uri = arena_strdup(arena, result.uri);
    out->body = arena_bytes(arena, result.body);
    if (!out->uri || (result.body.n && !out->body.p))
        return why_set(why, ERR_LIMIT, "the answer is larger than there is room for");
    return OK;
}

enum err fetch_file(struct federation *fed, const char *uri, int file, size_t max_bytes,
                    struct why *why)
{
    AUTO(fetch_call_clear)
    struct fetch_call call = {
        .fed = fed, .kind = FETCH_MEDIA, .file = file, .file_max_bytes = max_bytes};
    enum err e = begin(&call, uri);
    if (!e) {
        do
            http_call_run(call.http);
        while (fetch_call_again(&call));
        e = call.e;
    }
    return e ? why_set(why, e, "%s", call.why.text) : OK;
}
