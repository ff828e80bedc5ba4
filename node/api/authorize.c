/*
 * authorize - somebody lets an application act for them: the pages of sign-in.
 *
 * The pages keep nothing between two requests but who is signed in: what the application asked
 * for goes through the forms and is judged again each time.
 *
 * Source   RFC 6749 §4.1; RFC 7636; RFC 9700; T77, T110
 */
#include "federation/sanitize.h"
#include "node/api/html.h"
#include "node/api/oauth.h"
#include "node/api/routes.h"
#include "node/api/scope.h"
#include "node/api/signin.h"
#include "storage/account.h"
#include "storage/application.h"
#include "storage/auth_code.h"
#include "storage/base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PAGE_PATH "/oauth/authorize"

/* What an application asks for. */
struct ask {
    const Application *application;
    const char *redirect_uri;               /* one of its own */
    const char *scopes, *state, *challenge; /* state, challenge: NULL when not sent */
    bool is_out_of_band;
};

static const char *param(struct api_call *call, const char *name)
{
    return params_get(&call->params, name);
}

/* ---- pages ---- */

static struct response *error_page(int status, const char *title, const char *text)
{
    struct buf page = BUF_INIT(HTML_PAGE_MAX_BYTES);
    html_begin(&page, title);
    buf_str(&page, "<p>");
    html_escape(text, &page);
    buf_str(&page, "</p>\n");
    return html_page(status, &page);
}

static struct response *trouble_page(enum err e)
{
    int status = response_status_of_err(e);
    return error_page(status, "That did not work",
                      status == 503 ? "This node cannot do that just now. Please try again."
                                    : "Something went wrong on this node.");
}

/* Back to the application, with `name` and the state. */
static struct response *send_back(struct api_call *call, const struct ask *ask, const char *name,
                                  const char *value)
{
    const char *to = oauth_redirect_add(&call->arena, ask->redirect_uri, name, value);
    if (to && ask->state)
        to = oauth_redirect_add(&call->arena, to, "state", ask->state);
    if (!to)
        return trouble_page(ERR_LIMIT);
    struct response *response = response_create(303);
    response_set(response, "Location", to);
    response_set(response, "Cache-Control", "private, no-store");
    return response;
}

static struct response *refuse(struct api_call *call, const struct ask *ask, const char *error,
                               const char *text)
{
    return ask->is_out_of_band ? error_page(400, "This cannot be allowed", text)
                               : send_back(call, ask, "error", error);
}

static void begin_form(struct api_call *call, struct buf *page, const struct ask *ask,
                       const struct signin *signin)
{
    char id[24];
    snprintf(id, sizeof id, "%" PRIu64, ask->application->id);
    buf_str(page, "<form method=\"post\" action=\"" PAGE_PATH "\">\n");
    html_hidden(page, "csrf", signin_form_token(call, signin));
    html_hidden(page, "response_type", "code");
    html_hidden(page, "client_id", id);
    html_hidden(page, "redirect_uri", ask->redirect_uri);
    html_hidden(page, "scope", ask->scopes);
    html_hidden(page, "state", ask->state);
    html_hidden(page, "code_challenge", ask->challenge);
    if (ask->challenge)
        html_hidden(page, "code_challenge_method", "S256");
}

static struct response *sign_in_page(struct api_call *call, const struct ask *ask,
                                     const struct signin *signin, int status, const char *wrong)
{
    struct buf page = BUF_INIT(HTML_PAGE_MAX_BYTES);
    const char *typed = param(call, "username");
    AUTO(buf_clear) struct buf title = BUF_INIT(512);
    buf_printf(&title, "Sign in to %s", call->fed->config->host);
    html_begin(&page, buf_text(&title));
    buf_str(&page, "<p><strong>");
    html_escape(ask->application->name, &page);
    buf_str(&page, "</strong> wants to use your account. Sign in to decide.</p>\n");
    if (wrong) {
        buf_str(&page, "<p class=\"wrong\" role=\"alert\" id=\"wrong\">");
        html_escape(wrong, &page);
        buf_str(&page, "</p>\n");
    }
    begin_form(call, &page, ask, signin);
    buf_str(&page, "<label for=\"username\">Account name</label>\n"
                   "<input id=\"username\" name=\"username\" autocomplete=\"username\" "
                   "autocapitalize=\"none\" spellcheck=\"false\" required value=\"");
    html_escape(typed ? typed : "", &page);
    buf_str(&page, "\">\n<label for=\"password\">Password</label>\n"
                   "<input id=\"password\" name=\"password\" type=\"password\" "
                   "autocomplete=\"current-password\" required>\n"
                   "<button class=\"main\" name=\"answer\" value=\"sign_in\">Sign in</button>\n"
                   "<button name=\"answer\" value=\"refuse\" formnovalidate>Cancel</button>\n"
                   "</form>\n");
    struct response *response = html_page(status, &page);
    signin_answer(call, signin, response);
    return response;
}

/* The page's own address with what was asked; "" when the arena is full. */
static const char *page_address(struct api_call *call, const struct ask *ask, bool is_afresh)
{
    char id[24];
    snprintf(id, sizeof id, "%" PRIu64, ask->application->id);
    const struct {
        const char *name, *value;
    } part[] = {{"response_type", "code"},
                {"client_id", id},
                {"redirect_uri", ask->redirect_uri},
                {"scope", ask->scopes},
                {"state", ask->state},
                {"code_challenge", ask->challenge},
                {"code_challenge_method", ask->challenge ? "S256" : NULL},
                {"force_login", is_afresh ? "true" : NULL}};
    const char *address = PAGE_PATH;
    for (size_t i = 0; address && i < COUNT(part); i++)
        if (part[i].value)
            address = oauth_redirect_add(&call->arena, address, part[i].name, part[i].value);
    return address ? address : "";
}

static void list_scopes(struct buf *page, const char *scopes)
{
    buf_str(page, "<ul>\n");
    for (size_t i = 0; scopes_all[i]; i++) {
        if (!scope_is_listed(scopes, scopes_all[i]))
            continue;
        buf_str(page, "<li>");
        html_escape(scope_words(scopes_all[i]), page);
        buf_str(page, "</li>\n");
    }
    buf_str(page, "</ul>\n");
}

static struct response *consent_page(struct api_call *call, const struct ask *ask,
                                     const struct signin *signin)
{
    struct buf page = BUF_INIT(HTML_PAGE_MAX_BYTES);
    html_begin(&page, "Let this application in?");
    buf_str(&page, "<p><strong>");
    html_escape(ask->application->name, &page);
    buf_str(&page, "</strong>");
    if (ask->application->website[0]) {
        buf_str(&page, " (");
        html_escape(ask->application->website, &page);
        buf_str(&page, ")");
    }
    buf_str(&page, " asks to use the account <strong>@");
    html_escape(signin->account->name, &page);
    buf_str(&page, "@");
    html_escape(call->fed->config->host, &page);
    buf_str(&page, "</strong>. It could:</p>\n");
    list_scopes(&page, ask->scopes);
    buf_str(&page, "<p>It calls itself so; this node has not checked it.");
    if (!ask->is_out_of_band) {
        buf_str(&page, " You are then sent to ");
        html_escape(ask->redirect_uri, &page);
    }
    buf_str(&page, "</p>\n");
    begin_form(call, &page, ask, signin);
    buf_str(&page, "<button class=\"main\" name=\"answer\" value=\"allow\">Allow</button>\n"
                   "<button name=\"answer\" value=\"refuse\">Refuse</button>\n</form>\n"
                   "<p><a href=\"");
    html_escape(page_address(call, ask, true), &page);
    buf_str(&page, "\">Use another account</a></p>\n");
    return html_page(200, &page);
}

static struct response *code_page(const char *code)
{
    struct buf page = BUF_INIT(HTML_PAGE_MAX_BYTES);
    html_begin(&page, "Your code");
    buf_str(&page, "<p>Copy this code into the application. It is good for ten minutes.</p>\n"
                   "<code class=\"oauth-code\">");
    html_escape(code, &page);
    buf_str(&page, "</code>\n");
    return html_page(200, &page);
}

/* ---- what was asked ---- */

/* Without a known application and an address of its own nobody is sent anywhere. */
static struct response *read_client(struct api_call *call, struct ask *ask)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Application *application;
    enum err e = api_read(call, &txn);
    if (!e)
        e = oauth_application(call, txn, param(call, "client_id"), &application);
    if (e == ERR_NOTFOUND)
        return error_page(400, "Unknown application",
                          "This application is not known here. Start again in the application.");
    if (e)
        return trouble_page(e);
    ask->application = application;
    ask->redirect_uri = param(call, "redirect_uri");
    if (!ask->redirect_uri || !oauth_redirect_is_of(application, ask->redirect_uri))
        return error_page(400, "Wrong address",
                          "The address to go back to is none that the application registered.");
    ask->is_out_of_band = strcmp(ask->redirect_uri, OAUTH_OUT_OF_BAND) == 0;
    return NULL;
}

static struct response *read_ask(struct api_call *call, struct ask *ask)
{
    const char *type = param(call, "response_type"), *scope = param(call, "scope");
    const char *method = param(call, "code_challenge_method");
    struct response *refusal = read_client(call, ask);
    if (refusal)
        return refusal;
    ask->state = param(call, "state");
    ask->challenge = param(call, "code_challenge");
    if (ask->challenge && !*ask->challenge)
        ask->challenge = NULL;
    ask->scopes = oauth_scopes(&call->arena, scope && *scope ? scope : OAUTH_STANDARD_SCOPE);
    if (!type || strcmp(type, "code") != 0)
        return refuse(call, ask, "unsupported_response_type",
                      "The application asked for something else than a code.");
    if (!ask->scopes || !scopes_are_known(ask->scopes) ||
        !scopes_cover(ask->application->scopes, ask->scopes))
        return refuse(call, ask, "invalid_scope",
                      "The application asked for more than it said it would.");
    if (ask->challenge &&
        (!method || strcmp(method, "S256") != 0 || !oauth_challenge_is_good(ask->challenge)))
        return refuse(call, ask, "invalid_request",
                      "The application must use the challenge method S256.");
    return NULL;
}

static struct response *get_page(struct api_call *call)
{
    struct ask ask = {0};
    struct signin signin;
    struct response *refusal = read_ask(call, &ask);
    if (refusal)
        return refusal;
    enum err e = signin_read(call, &signin);
    if (e)
        return trouble_page(e);
    if (!signin.account || params_bool(&call->params, "force_login", false))
        return sign_in_page(call, &ask, &signin, 200, NULL);
    return consent_page(call, &ask, &signin);
}

/* ---- what was answered ---- */

static struct response *answer_sign_in(struct api_call *call, const struct ask *ask,
                                       struct signin *signin)
{
    const char *name = param(call, "username"), *password = param(call, "password");
    enum err e = signin_enter(call, name ? name : "", password ? password : "", signin);
    if (e == ERR_DENIED)
        return sign_in_page(call, ask, signin, 422, "The name or the password is wrong.");
    if (e == ERR_LIMIT)
        return sign_in_page(call, ask, signin, 429,
                            "Too many tries. Please wait a quarter of an hour.");
    if (e)
        return trouble_page(e);
    struct response *response = response_create(303);
    response_set(response, "Location", page_address(call, ask, false));
    response_set(response, "Cache-Control", "private, no-store");
    signin_answer(call, signin, response);
    return response;
}

struct allow {
    struct mutation mutation;
    struct arena *arena;
    const struct ask *ask;
    actor_id who;
    const char *code; /* out */
};

static enum err allow_apply(struct txn *txn, struct mutation *m)
{
    struct allow *allow = container_of(m, struct allow, mutation);
    AuthCode code = AUTH_CODE__INIT;
    code.app = allow->ask->application->id;
    code.actor = allow->who.v;
    code.redirect_uri = (char *)allow->ask->redirect_uri;
    code.scopes = (char *)allow->ask->scopes;
    code.challenge = (char *)(allow->ask->challenge ? allow->ask->challenge : "");
    enum err e = application_touch(txn, code.app, clock_ms());
    return e ? e : auth_code_add(txn, &code, clock_ms(), allow->arena, &allow->code);
}

static struct response *answer_allow(struct api_call *call, const struct ask *ask,
                                     const struct signin *signin)
{
    struct allow allow = {.mutation = {.apply = allow_apply},
                          .arena = &call->arena,
                          .ask = ask,
                          .who = {signin->account->actor}};
    const char *about =
        arena_printf(&call->arena, "%" PRIu64 " %s", ask->application->id, ask->application->name);
    enum err e = act_run(call->fed, &allow.mutation, &call->by, "application.allow", about);
    if (e)
        return trouble_page(e);
    return ask->is_out_of_band ? code_page(allow.code) : send_back(call, ask, "code", allow.code);
}

static struct response *post_page(struct api_call *call)
{
    struct ask ask = {0};
    struct signin signin;
    const char *answer = param(call, "answer");
    struct response *refusal = read_ask(call, &ask);
    if (refusal)
        return refusal;
    enum err e = signin_read(call, &signin);
    if (e)
        return trouble_page(e);
    if (!signin_form_is_ours(call, &signin))
        return error_page(403, "This form is not ours",
                          "It came from elsewhere, or was open too long, or cookies are off. Start "
                          "again in the application.");
    if (answer && strcmp(answer, "refuse") == 0)
        return refuse(call, &ask, "access_denied", "The application was not let in.");
    if (answer && strcmp(answer, "allow") == 0)
        return signin.account ? answer_allow(call, &ask, &signin)
                              : sign_in_page(call, &ask, &signin, 200, NULL);
    return answer_sign_in(call, &ask, &signin);
}

#define PAGE(METHOD, PATH, RUN, ABOUT)                                                             \
    {                                                                                              \
        .method = METHOD, .path = PATH, .tier = 1, .who = API_PUBLIC, .answers = "",               \
        .flags = API_NO_CORS | API_TOKEN_IGNORED, .run = RUN, .about = ABOUT                       \
    }

const struct api_route api_authorize_routes[] = {
    PAGE("GET", PAGE_PATH, get_page, "the page to sign in and let a program in"),
    PAGE("GET", PAGE_PATH "/", get_page, "the same"),
    PAGE("POST", PAGE_PATH, post_page, "its forms"),
    PAGE("POST", PAGE_PATH "/", post_page, "the same"),
    {0}};
