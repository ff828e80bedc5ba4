/*
 * apps - programs make themselves known: each for every person and device.
 */
#include "federation/sanitize.h"
#include "federation/uri.h"
#include "node/api/limit.h"
#include "node/api/oauth.h"
#include "node/api/routes.h"
#include "node/api/scope.h"
#include "node/push/key.h"
#include "storage/application.h"
#include "storage/base/clock.h"

#include <inttypes.h>
#include <string.h>

#define APP_NAME_MAX_BYTES 200
#define APP_WEBSITE_MAX_BYTES 2000
#define APP_REDIRECTS_MAX 16

struct registration {
    struct mutation mutation;
    struct arena *arena;
    Application application;
    const char *secret; /* out */
};

static enum err registration_apply(struct txn *txn, struct mutation *m)
{
    struct registration *r = container_of(m, struct registration, mutation);
    return application_add(txn, &r->application, clock_ms(), r->arena, &r->secret);
}

/* ---- what is asked ---- */

static enum err read_name(struct api_call *call, Application *out, struct why *why)
{
    const char *name = params_get(&call->params, "client_name");
    const char *website = params_get(&call->params, "website");
    if (name)
        name = sanitize_line(name, strlen(name), &call->arena); /* people decide by it */
    if (!name || !*name)
        return why_set(why, ERR_INVALID, "Client name can't be blank");
    if (strlen(name) > APP_NAME_MAX_BYTES)
        return why_set(why, ERR_INVALID, "Client name is too long");
    if (website && *website &&
        (strlen(website) > APP_WEBSITE_MAX_BYTES || uri_check(website, URI_HTTP_TOO, NULL)))
        return why_set(why, ERR_INVALID, "Website must be a valid URL");
    out->name = (char *)name;
    out->website = (char *)(website ? website : "");
    return OK;
}

static enum err read_scopes(struct api_call *call, Application *out, struct why *why)
{
    const char *asked = params_get(&call->params, "scopes");
    const char *scopes = oauth_scopes(&call->arena, asked && *asked ? asked : OAUTH_STANDARD_SCOPE);
    if (!scopes)
        return ERR_LIMIT;
    if (strlen(scopes) > SCOPES_MAX_BYTES || !scopes_are_known(scopes))
        return why_set(why, ERR_INVALID, "Scopes doesn't match configured on the server");
    out->scopes = (char *)scopes;
    return OK;
}

/* Words of a text, or of each of several. */
static enum err add_redirects(struct api_call *call, const char *text, Application *out,
                              struct why *why)
{
    static const char between[] = " \t\r\n";
    bool is_http = call->api->config->node.is_insecure_http;
    for (text += strspn(text, between); *text; text += strspn(text, between)) {
        size_t n = strcspn(text, between);
        if (out->n_redirect_uris == APP_REDIRECTS_MAX)
            return why_set(why, ERR_INVALID, "Redirect URI: at most %d", APP_REDIRECTS_MAX);
        char *uri = arena_strndup(&call->arena, text, n);
        enum err e = uri ? oauth_redirect_check(
                               uri, is_http ? OAUTH_HTTP_ANYWHERE : OAUTH_HTTP_LOOPBACK, why)
                         : ERR_LIMIT;
        if (e)
            return e;
        out->redirect_uris[out->n_redirect_uris++] = uri;
        text += n;
    }
    return OK;
}

static enum err read_redirects(struct api_call *call, Application *out, struct why *why)
{
    const char *given[APP_REDIRECTS_MAX];
    size_t n = params_list(&call->params, "redirect_uris", given, APP_REDIRECTS_MAX);
    enum err e = OK;
    out->redirect_uris = arena_calloc(&call->arena, APP_REDIRECTS_MAX, sizeof(char *));
    if (!out->redirect_uris)
        return ERR_LIMIT;
    for (size_t i = 0; !e && i < n; i++)
        e = add_redirects(call, given[i], out, why);
    if (!e && !out->n_redirect_uris)
        e = why_set(why, ERR_INVALID, "Redirect URI can't be blank");
    return e;
}

/* ---- what is answered ---- */

static void entity_application(struct jw *w, const Application *application, const char *secret,
                               struct txn *txn, struct arena *arena)
{
    AUTO(buf_clear) struct buf lines = BUF_INIT(APP_REDIRECTS_MAX * (OAUTH_REDIRECT_MAX_BYTES + 1));
    const char *id = arena_printf(arena, "%" PRIu64, application->id);
    jw_object(w, NULL);
    jw_text(w, "id", id ? id : "");
    jw_text(w, "name", application->name);
    if (application->website[0])
        jw_text(w, "website", application->website);
    else
        jw_null(w, "website");
    jw_list(w, "scopes");
    for (const char *p = application->scopes; *p; p += strcspn(p, " "), p += *p == ' ') {
        const char *word = arena_strndup(arena, p, strcspn(p, " "));
        jw_text(w, NULL, word ? word : "");
    }
    jw_list_end(w);
    jw_list(w, "redirect_uris");
    for (size_t i = 0; i < application->n_redirect_uris; i++) {
        jw_text(w, NULL, application->redirect_uris[i]);
        buf_printf(&lines, "%s%s", i ? "\n" : "", application->redirect_uris[i]);
    }
    jw_list_end(w);
    jw_text(w, "redirect_uri", buf_text(&lines));
    jw_text(w, "vapid_key", push_public_key(txn, arena));
    if (secret) {
        jw_text(w, "client_id", id ? id : "");
        jw_text(w, "client_secret", secret);
        jw_number(w, "client_secret_expires_at", 0);
    }
    jw_object_end(w);
}

static struct response *post_app(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    struct registration r = {.mutation = {.apply = registration_apply}, .arena = &call->arena};
    struct why why = {""};
    struct address from = address_owner(call->request->client);
    if (limit_take(call->api->limits.registrations, (struct bytes){from.ip, sizeof from.ip},
                   clock_ms())
            .is_over)
        return api_error(429, "Too many requests");
    application__init(&r.application);
    enum err e = read_name(call, &r.application, &why);
    if (!e)
        e = read_redirects(call, &r.application, &why);
    if (!e)
        e = read_scopes(call, &r.application, &why);
    if (!e)
        e = api_write(call, &r.mutation);
    if (!e)
        e = api_read(call, &txn);
    if (e)
        return api_of_err(e, &why);
    entity_application(api_json(call), &r.application, r.secret, txn, &call->arena);
    struct response *response = api_answer(call);
    response_set(response, "Cache-Control", "no-store");
    return response;
}

static struct response *get_app(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Application by_command = APPLICATION__INIT, *application = &by_command;
    by_command.name = call->token->application;
    by_command.scopes = call->token->scopes;
    enum err e = api_read(call, &txn);
    if (!e && call->token->app)
        e = application_get(txn, call->token->app, &call->arena, &application);
    if (e)
        return api_of_err(e, NULL);
    entity_application(api_json(call), application, NULL, txn, &call->arena);
    return api_answer(call);
}

const struct api_route api_apps_routes[] = {{.method = "POST",
                                             .path = "/api/v1/apps",
                                             .tier = 1,
                                             .who = API_PUBLIC,
                                             .answers = "Application",
                                             .flags = API_TOKEN_IGNORED,
                                             .run = post_app,
                                             .about = "a program makes itself known"},
                                            {.method = "GET",
                                             .path = "/api/v1/apps/verify_credentials",
                                             .tier = 2,
                                             .who = API_APP,
                                             .answers = "Application",
                                             .run = get_app,
                                             .about = "the program of this token"},
                                            {0}};
