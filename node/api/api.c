#include "node/api/api.h"

#include "node/api/scope.h"
#include "node/api/signin.h"
#include "storage/account.h"
#include "storage/actor.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/token.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define API_CORS_AGE_S "86400"
#define API_WINDOW_MS ((int64_t)5 * 60 * 1000)
#define API_REGISTRATIONS_MOST 100 /* of programs; a hospital has few addresses */
#define API_REGISTRATIONS_WINDOW_MS ((int64_t)3600 * 1000)

/* ---- answers ---- */

struct jw *api_json(struct api_call *call)
{
    buf_clear(&call->body);
    call->body = (struct buf)BUF_INIT(API_ANSWER_MAX_BYTES);
    call->json = (struct jw){.buf = &call->body};
    return &call->json;
}

struct response *api_answer_status(struct api_call *call, int status)
{
    return jw_finish(&call->json) ? api_of_err(ERR_LIMIT, NULL)
                                  : response_json(status, &call->body);
}

struct response *api_answer(struct api_call *call)
{
    return api_answer_status(call, 200);
}

struct response *api_answer_empty(struct api_call *call)
{
    struct jw *w = api_json(call);
    jw_object(w, NULL);
    jw_object_end(w);
    return api_answer(call);
}

struct response *api_error(int status, const char *text)
{
    return response_error(status, text);
}

struct response *api_not_found(void)
{
    return api_error(404, "Record not found");
}

struct response *api_forbidden(void)
{
    return api_error(403, "This action is not allowed");
}

struct response *api_invalid(const char *fmt, ...)
{
    struct why why;
    char text[WHY_MAX_BYTES + 32];
    va_list args;
    va_start(args, fmt);
    vsnprintf(why.text, sizeof why.text, fmt, args);
    va_end(args);
    snprintf(text, sizeof text, "Validation failed: %s", why.text);
    return api_error(422, text);
}

struct response *api_of_err(enum err e, const struct why *why)
{
    bool has_why = why && why->text[0];
    switch (e) {
    case ERR_NOTFOUND:
        return api_not_found();
    case ERR_DENIED:
        return has_why ? api_error(403, why->text) : api_forbidden();
    case ERR_INVALID:
    case ERR_EXISTS:
    case ERR_LIMIT:
        return api_invalid("%s", has_why ? why->text : "that is not possible");
    default:
        return response_of_err(e, NULL);
    }
}

enum err api_path_id(struct api_call *call, const char *name, uint64_t *out)
{
    return id_parse(request_param(call->request, name), out) ? ERR_NOTFOUND : OK;
}

enum err api_read(struct api_call *call, struct txn **out)
{
    return engine_read_begin(call->fed->engine, out);
}

enum err api_write(struct api_call *call, struct mutation *m)
{
    return writer_run(call->fed->writer, m);
}

const char *api_url(struct api_call *call, const char *path)
{
    const char *base = federation_base(call->fed, &call->arena);
    const char *url = base ? arena_printf(&call->arena, "%s%s", base, path) : NULL;
    return url ? url : "";
}

/* ---- who calls ---- */

const char *api_bearer(const struct api_call *call)
{
    const char *field = request_header(call->request, "authorization");
    if (field && strncasecmp(field, "bearer ", 7) == 0)
        return field + 7 + strspn(field + 7, " ");
    if (!(call->route->flags & API_TOKEN_IN_QUERY))
        return NULL;
    const char *query = params_get(&call->params, "access_token");
    return query ? query : request_header(call->request, "sec-websocket-protocol");
}

static struct response *unauthorized(const char *text)
{
    struct response *response = api_error(401, text);
    response_set(response, "WWW-Authenticate", "Bearer realm=\"ward\", error=\"invalid_token\"");
    return response;
}

/* The token's account: of one of ours that may sign in. */
static enum err read_account(struct api_call *call, struct txn *txn, const Token *token)
{
    Account *account;
    Actor *actor;
    enum err e = account_get(txn, (actor_id){token->actor}, &call->arena, &account);
    if (!e)
        e = actor_get(txn, (actor_id){token->actor}, &call->arena, &actor);
    if (!e && (account->is_disabled || actor->deleted_ms || actor->suspended_ms))
        e = ERR_NOTFOUND;
    if (e)
        return e;
    call->who = (actor_id){token->actor};
    call->role = account->role;
    call->by.who = arena_printf(&call->arena, "account:%s", account->name);
    return call->by.who ? OK : ERR_LIMIT;
}

struct touch {
    struct mutation mutation;
    uint64_t id;
};

static enum err touch_apply(struct txn *txn, struct mutation *m)
{
    enum err e = token_touch(txn, container_of(m, struct touch, mutation)->id, clock_ms());
    return e == ERR_NOTFOUND ? OK : e;
}

static void touch_done(struct mutation *m, enum err e)
{
    struct touch *touch = container_of(m, struct touch, mutation);
    (void)e;
    xfree(&touch);
}

/* Notes, once a day, that the token is in use; nobody waits for it. */
static void touch_token(struct api_call *call, const Token *token)
{
    if (clock_ms() - token->used_ms < TOKEN_USED_STEP_MS)
        return;
    struct touch *touch = xcalloc(1, sizeof *touch);
    *touch = (struct touch){{.apply = touch_apply, .done = touch_done}, token->id};
    if (writer_push(call->fed->writer, &touch->mutation))
        xfree(&touch);
}

static enum err read_token(struct api_call *call, const char *secret)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Token *token;
    enum err e = api_read(call, &txn);
    if (!e)
        e = token_find(txn, secret, &call->arena, &token);
    if (!e && token->actor)
        e = read_account(call, txn, token);
    if (e)
        return e;
    call->token = token;
    touch_token(call, token);
    return OK;
}

/* NULL: this one may call this route. */
static struct response *identify(struct api_call *call)
{
    const struct api_route *route = call->route;
    bool is_ignored = route->flags & API_TOKEN_IGNORED;
    const char *secret = is_ignored ? NULL : api_bearer(call);
    enum err e = secret ? read_token(call, secret) : ERR_NOTFOUND;
    if (e && e != ERR_NOTFOUND)
        return api_of_err(e, NULL);
    if (secret && !call->token)
        return unauthorized("The access token is invalid");
    bool is_open =
        route->who == API_PUBLIC || (route->who == API_READER && call->api->config->api.is_public);
    if (is_open && !call->token)
        return NULL;
    if (!call->token)
        return unauthorized("This method requires an authenticated user");
    bool needs_person = route->who != API_PUBLIC && route->who != API_APP && !is_open;
    if (needs_person && !call->who.v)
        return unauthorized("This method requires an authenticated user");
    if (route->scope && route->who != API_PUBLIC &&
        !scope_covers(call->token->scopes, route->scope))
        return api_error(403, "This action is outside the authorized scopes");
    if (route->who == API_MODERATOR && call->role != ROLE__MODERATOR && call->role != ROLE__ADMIN)
        return api_forbidden();
    return NULL;
}

/* ---- how often ---- */

void api_limits_init(struct api *api)
{
    api->limits = (struct limits){
        .calls = limit_create((unsigned)api->config->api.requests, API_WINDOW_MS),
        .registrations = limit_create(API_REGISTRATIONS_MOST, API_REGISTRATIONS_WINDOW_MS),
        .names = limit_create(SIGNIN_NAME_MOST, SIGNIN_WINDOW_MS),
        .addresses = limit_create(SIGNIN_ADDRESS_MOST, SIGNIN_WINDOW_MS)};
}

void api_limits_clear(struct api *api)
{
    limit_free(&api->limits.calls);
    limit_free(&api->limits.registrations);
    limit_free(&api->limits.names);
    limit_free(&api->limits.addresses);
}

/* Counts the call: an account's, whatever its tokens; an application's own token; an address. */
static bool may_go_on(struct api_call *call)
{
    if (call->route->flags & API_UNCOUNTED)
        return true;
    struct address owner = address_owner(call->request->client);
    struct bytes key = {owner.ip, sizeof owner.ip};
    if (call->who.v)
        key = (struct bytes){(const uint8_t *)&call->who.v, sizeof call->who.v};
    else if (call->token)
        key = (struct bytes){(const uint8_t *)&call->token->id, sizeof call->token->id};
    if (!call->is_counted)
        call->left = limit_take(call->api->limits.calls, key, clock_ms());
    call->is_counted = true;
    return !call->left.is_over;
}

static void set_limits(struct response *response, const struct limit_state *left)
{
    char most[16], rest[16], reset[CLOCK_RFC3339_BYTES], seconds[24];
    int64_t wait_ms = left->reset_ms - clock_ms();
    snprintf(most, sizeof most, "%u", left->most);
    snprintf(rest, sizeof rest, "%u", left->left);
    snprintf(seconds, sizeof seconds, "%" PRId64, wait_ms > 0 ? wait_ms / 1000 + 1 : 1);
    clock_format_rfc3339(left->reset_ms, reset);
    response_set(response, "X-RateLimit-Limit", most);
    response_set(response, "X-RateLimit-Remaining", rest);
    response_set(response, "X-RateLimit-Reset", reset);
    if (left->is_over)
        response_set(response, "Retry-After", seconds);
}

/* ---- a call on its way ---- */

void api_set_cors(struct response *response)
{
    response_set(response, "Access-Control-Allow-Origin", "*");
    response_set(response, "Access-Control-Expose-Headers",
                 "Link, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id, "
                 "Mastodon-Async-Refresh");
}

static struct response *call_run(struct api_call *call)
{
    struct why why = {""};
    const struct params_body body = {.type = request_header(call->request, "content-type"),
                                     .bytes = call->request->body,
                                     .file = call->request->body_file,
                                     .size = call->request->body_file_bytes};
    enum err e = params_read_body(target_query(call->request->target), &body, &call->arena,
                                  &call->params, &why);
    struct response *refusal = e ? api_error(e == ERR_LIMIT ? 422 : 400, why.text) : identify(call);
    if (!may_go_on(call)) {
        response_free(&refusal);
        return api_error(429, "Too many requests");
    }
    return refusal ? refusal : call->route->run(call);
}

/* What every answer carries. */
static void call_seal(struct api_call *call, struct response *response)
{
    if (call->route->flags & API_NO_CORS)
        return;
    api_set_cors(response);
    if (call->is_counted)
        set_limits(response, &call->left);
}

static void call_clear(struct api_call *call)
{
    buf_clear(&call->body);
    arena_clear(&call->arena);
}

static void run_task(struct task *task);

static void call_push(struct api_call *call)
{
    struct workers *pool = call->request->body_file >= 0 ? call->api->uploads
                           : call->is_patient            ? call->api->patient
                                                         : call->api->workers;
    if (workers_push(pool, &call->task) == OK)
        return;
    struct request *request = call->request;
    struct response *busy = api_error(503, "overloaded: try again");
    response_set(busy, "Retry-After", "5");
    api_set_cors(busy);
    call_clear(call);
    xfree(&call);
    request_finish(request, busy);
}

static struct api_call *call_create(struct api *api, struct request *request,
                                    const struct api_route *route)
{
    struct api_call *call = xcalloc(1, sizeof *call);
    *call = (struct api_call){.task = {.run = run_task},
                              .api = api,
                              .fed = api->fed,
                              .request = request,
                              .route = route,
                              .arena = ARENA_INIT(API_ARENA_BYTES),
                              .is_patient = route->flags & API_PATIENT};
    return call;
}

static void run_task(struct task *task)
{
    struct api_call *call = container_of(task, struct api_call, task);
    struct request *request = call->request;
    struct response *response = call_run(call);
    if (!response && call->wants_patience) {
        struct api_call *again = call_create(call->api, request, call->route);
        again->is_patient = true;
        again->is_counted = call->is_counted;
        again->left = call->left;
        call_clear(call);
        xfree(&call);
        call_push(again);
        return;
    }
    assert(response);
    call_seal(call, response);
    void (*after)(void *context) = call->after;
    void *after_context = call->after_context;
    call_clear(call);
    xfree(&call);
    request_finish(request, response);
    if (after)
        after(after_context);
}

bool api_be_patient(struct api_call *call)
{
    bool may_wait = call->is_patient || call->request->body_file >= 0; /* it has a thread of few */
    call->wants_patience = !may_wait;
    return may_wait;
}

static const struct api_route *route_of(const struct api *api, const struct route *route)
{
    return api->of_route[route - api->routes];
}

static struct response *dispatch(struct request *request)
{
    struct api *api = front_api(request);
    const struct api_route *route = route_of(api, request->match.route);
    struct api_call *call = call_create(api, request, route);
    if (route->flags & API_AT_ONCE) {
        struct response *response = call_run(call);
        if (response)
            call_seal(call, response);
        call_clear(call);
        xfree(&call);
        return response;
    }
    request_suspend(request);
    call_push(call);
    return NULL;
}

/* ---- what is left over ---- */

static struct response *no_such_route(struct request *request)
{
    (void)request;
    struct response *response = api_not_found();
    api_set_cors(response);
    return response;
}

static struct response *preflight(struct request *request)
{
    (void)request;
    struct response *response = response_create(204);
    response_set(response, "Access-Control-Allow-Origin", "*");
    response_set(response, "Access-Control-Allow-Methods",
                 "GET, POST, PUT, PATCH, DELETE, OPTIONS");
    response_set(response, "Access-Control-Allow-Headers",
                 "Authorization, Content-Type, Idempotency-Key");
    response_set(response, "Access-Control-Max-Age", API_CORS_AGE_S);
    return response;
}

static const struct route leftovers[] = {
    {"OPTIONS", "/api/{path*}", preflight, 0, NULL, 0},
    {"OPTIONS", "/oauth/token", preflight, 0, NULL, 0},
    {"OPTIONS", "/oauth/revoke", preflight, 0, NULL, 0},
    {"OPTIONS", "/oauth/userinfo", preflight, 0, NULL, 0},
    {"OPTIONS", "/.well-known/{path*}", preflight, 0, NULL, 0},
    {"OPTIONS", "/nodeinfo/{path*}", preflight, 0, NULL, 0},
    {"OPTIONS", "/media/{path*}", preflight, 0, NULL, 0},
    {"GET", "/api/{path*}", no_such_route, 0, NULL, 0},
    {"POST", "/api/{path*}", no_such_route, 0, NULL, 0},
    {"PUT", "/api/{path*}", no_such_route, 0, NULL, 0},
    {"PATCH", "/api/{path*}", no_such_route, 0, NULL, 0},
    {"DELETE", "/api/{path*}", no_such_route, 0, NULL, 0},
};

static size_t upload_body_max(const struct api *api)
{
    return (size_t)api->config->limits.upload_max_bytes + (size_t)API_FORM_MAX_BYTES;
}

void api_routes_build(struct api *api, const struct route *others, size_t n_others,
                      struct arena *arena)
{
    size_t n = n_others + COUNT(leftovers);
    for (size_t t = 0; api_tables[t]; t++)
        for (const struct api_route *r = api_tables[t]; r->method; r++)
            n++;
    api->routes = arena_calloc(arena, n, sizeof *api->routes);
    api->of_route = arena_calloc(arena, n, sizeof(struct api_route *));
    assert(api->routes && api->of_route);
    memcpy(api->routes, others, n_others * sizeof *others);
    api->n_routes = n_others;
    for (size_t t = 0; api_tables[t]; t++)
        for (const struct api_route *r = api_tables[t]; r->method; r++) {
            api->of_route[api->n_routes] = r;
            bool is_upload = r->flags & API_UPLOAD;
            api->routes[api->n_routes++] =
                (struct route){.method = r->method,
                               .pattern = r->path,
                               .handler = dispatch,
                               .body_max_bytes = is_upload ? upload_body_max(api) : 0,
                               .needs = is_upload ? ROUTE_SPOOLED : 0};
        }
    memcpy(api->routes + api->n_routes, leftovers, sizeof leftovers);
    api->n_routes += COUNT(leftovers);
}
