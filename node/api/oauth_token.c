/*
 * oauth_token - a code becomes a token; a token ends; whose it is; what of all this we can.
 *
 * Source   RFC 6749 §4.1.3, §4.4; RFC 7009; RFC 7636; RFC 8414; OpenID Connect Core §5.3; T110
 */
#include "node/api/entity.h"
#include "node/api/media_url.h"
#include "node/api/oauth.h"
#include "node/api/routes.h"
#include "node/api/scope.h"
#include "storage/application.h"
#include "storage/auth_code.h"
#include "storage/base/clock.h"

#include <inttypes.h>
#include <string.h>

/* Tokens of its own that an application may have: whoever can register could fill the disk. The
 * oldest goes. */
#define OWN_TOKENS_MAX 32

static const char *param(struct api_call *call, const char *name)
{
    return params_get(&call->params, name);
}

/* ---- making one ---- */

struct exchange {
    struct mutation mutation;
    struct arena *arena;
    const Application *application;
    /* a code's */
    const char *code, *redirect_uri, *verifier;
    const char *wrong;  /* out: why it is not good */
    Token token;        /* out */
    const char *secret; /* out */
};

static const char *judge_code(struct exchange *x, struct txn *txn, const AuthCode *code)
{
    Account *account;
    if (account_get(txn, (actor_id){code->actor}, x->arena, &account) ||
        !account_may_act(account, code->created_ms))
        return "The person signed out since";
    if (!x->redirect_uri || strcmp(x->redirect_uri, code->redirect_uri) != 0)
        return "redirect_uri is not the one the code was made for";
    if (code->challenge[0] && !x->verifier)
        return "code_verifier is missing";
    if (!code->challenge[0] && x->verifier)
        return "There was no code_challenge";
    if (code->challenge[0] && !oauth_challenge_is(x->arena, code->challenge, x->verifier))
        return "code_verifier does not match the challenge";
    return NULL;
}

/* A code that comes again was seen by somebody else: what was made of it ends. */
static enum err code_apply(struct txn *txn, struct mutation *m)
{
    struct exchange *x = container_of(m, struct exchange, mutation);
    AuthCode *code;
    int64_t now_ms = clock_ms();
    x->wrong = NULL;
    enum err e = auth_code_find(txn, x->code, now_ms, x->arena, &code);
    if (e == ERR_NOTFOUND || (!e && code->app != x->application->id)) {
        x->wrong = "The code is unknown, too old or another application's";
        return OK;
    }
    if (e)
        return e;
    if (code->token) {
        x->wrong = "The code was used before";
        e = token_revoke(txn, code->token);
        return e == ERR_NOTFOUND ? OK : e;
    }
    if ((x->wrong = judge_code(x, txn, code)))
        return OK;
    token__init(&x->token);
    x->token.actor = code->actor;
    x->token.scopes = code->scopes;
    x->token.app = x->application->id;
    x->token.application = x->application->name;
    e = token_create(txn, &x->token, now_ms, x->arena, &x->secret);
    if (!e)
        e = application_touch(txn, x->application->id, now_ms);
    return e ? e : auth_code_use(txn, x->code, code, x->token.id);
}

/* Makes room for one more of the application's own. */
static enum err drop_oldest(struct txn *txn, uint64_t application, struct arena *arena)
{
    uint64_t id = 0, oldest = 0;
    unsigned own = 0;
    enum err e;
    while ((e = token_of_next(txn, TOKEN_OF_APPLICATION, application, &id)) == OK) {
        Token *token;
        if ((e = token_get(txn, id, arena, &token)))
            return e;
        if (token->actor)
            continue;
        oldest = oldest ? oldest : id;
        own++;
    }
    if (e != ERR_NOTFOUND)
        return e;
    return own < OWN_TOKENS_MAX ? OK : token_revoke(txn, oldest);
}

static enum err own_apply(struct txn *txn, struct mutation *m)
{
    struct exchange *x = container_of(m, struct exchange, mutation);
    x->token.id = 0;
    enum err e = drop_oldest(txn, x->application->id, x->arena);
    if (!e)
        e = application_touch(txn, x->application->id, clock_ms());
    return e ? e : token_create(txn, &x->token, clock_ms(), x->arena, &x->secret);
}

static struct response *answer_token(struct api_call *call, const struct exchange *x)
{
    struct jw *w = api_json(call);
    jw_object(w, NULL);
    jw_text(w, "access_token", x->secret);
    jw_text(w, "token_type", "Bearer");
    jw_text(w, "scope", x->token.scopes);
    jw_number(w, "created_at", x->token.created_ms / 1000);
    jw_object_end(w);
    struct response *response = api_answer(call);
    response_set(response, "Cache-Control", "no-store");
    return response;
}

static struct response *from_code(struct api_call *call, struct exchange *x)
{
    x->mutation.apply = code_apply;
    x->code = param(call, "code");
    x->redirect_uri = param(call, "redirect_uri");
    x->verifier = param(call, "code_verifier");
    if (x->verifier && !*x->verifier)
        x->verifier = NULL;
    if (!x->code)
        return oauth_error(400, "invalid_request", "code is missing");
    enum err e = api_write(call, &x->mutation);
    if (e)
        return api_of_err(e, NULL);
    return x->wrong ? oauth_error(400, "invalid_grant", x->wrong) : answer_token(call, x);
}

static struct response *from_client(struct api_call *call, struct exchange *x)
{
    const char *asked = param(call, "scope");
    const char *scopes = oauth_scopes(&call->arena, asked && *asked ? asked : OAUTH_STANDARD_SCOPE);
    if (!scopes || !scopes_are_known(scopes) || !scopes_cover(x->application->scopes, scopes))
        return oauth_error(400, "invalid_scope", "The scope is more than the application's");
    x->mutation.apply = own_apply;
    x->token.scopes = (char *)scopes;
    x->token.app = x->application->id;
    x->token.application = x->application->name;
    enum err e = api_write(call, &x->mutation);
    return e ? api_of_err(e, NULL) : answer_token(call, x);
}

static struct response *post_token(struct api_call *call)
{
    struct exchange x = {.arena = &call->arena};
    struct response *refusal = NULL;
    const char *grant = param(call, "grant_type");
    token__init(&x.token);
    if (!grant)
        return oauth_error(400, "invalid_request", "grant_type is missing");
    x.application = oauth_client(call, &refusal);
    if (!x.application)
        return refusal;
    if (strcmp(grant, "authorization_code") == 0)
        return from_code(call, &x);
    if (strcmp(grant, "client_credentials") == 0)
        return from_client(call, &x);
    return oauth_error(400, "unsupported_grant_type",
                       "grant_type is authorization_code or client_credentials");
}

/* ---- ending one ---- */

struct revoke {
    struct mutation mutation;
    uint64_t id;
};

static enum err revoke_apply(struct txn *txn, struct mutation *m)
{
    enum err e = token_revoke(txn, container_of(m, struct revoke, mutation)->id);
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err find_token(struct api_call *call, const char *secret, Token **out)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = api_read(call, &txn);
    return e ? e : token_find(txn, secret, &call->arena, out);
}

static struct response *post_revoke(struct api_call *call)
{
    struct revoke revoke = {.mutation = {.apply = revoke_apply}};
    struct response *refusal = NULL;
    const char *secret = param(call, "token");
    const Application *application = oauth_client(call, &refusal);
    Token *token;
    if (!application)
        return refusal;
    enum err e = secret ? find_token(call, secret, &token) : ERR_DENIED;
    if (e == ERR_NOTFOUND)
        return api_answer_empty(call);
    if (e == ERR_DENIED || (!e && token->app != application->id))
        return oauth_error(403, "unauthorized_client",
                           "You are not authorized to revoke this token");
    if (e)
        return api_of_err(e, NULL);
    revoke.id = token->id;
    e = api_write(call, &revoke.mutation);
    return e ? api_of_err(e, NULL) : api_answer_empty(call);
}

/* ---- whose it is ---- */

static struct response *get_userinfo(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Actor *actor;
    enum err e = api_read(call, &txn);
    if (!e)
        e = actor_get(txn, call->who, &call->arena, &actor);
    if (e)
        return api_of_err(e, NULL);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    struct jw *w = api_json(call);
    jw_object(w, NULL);
    jw_text(w, "iss", api_url(call, "/"));
    jw_text(w, "sub", actor->uri);
    jw_text(w, "name", actor->display_name);
    jw_text(w, "preferred_username", actor->username);
    jw_text(w, "profile", actor->url[0] ? actor->url : actor->uri);
    jw_text(w, "picture", media_url_avatar(&view, actor));
    jw_object_end(w);
    return api_answer(call);
}

/* ---- what we can ---- */

static void text_list(struct jw *w, const char *name, const char *const *text)
{
    jw_list(w, name);
    for (; *text; text++)
        jw_text(w, NULL, *text);
    jw_list_end(w);
}

static struct response *get_metadata(struct api_call *call)
{
    static const char *const code[] = {"code", NULL}, *const query[] = {"query", NULL},
                             *const s256[] = {"S256", NULL};
    static const char *const grants[] = {"authorization_code", "client_credentials", NULL};
    static const char *const methods[] = {"client_secret_basic", "client_secret_post", NULL};
    struct jw *w = api_json(call);
    jw_object(w, NULL);
    jw_text(w, "issuer", api_url(call, "/"));
    jw_text(w, "authorization_endpoint", api_url(call, "/oauth/authorize"));
    jw_text(w, "token_endpoint", api_url(call, "/oauth/token"));
    jw_text(w, "revocation_endpoint", api_url(call, "/oauth/revoke"));
    jw_text(w, "userinfo_endpoint", api_url(call, "/oauth/userinfo"));
    jw_text(w, "app_registration_endpoint", api_url(call, "/api/v1/apps"));
    text_list(w, "scopes_supported", scopes_all);
    text_list(w, "response_types_supported", code);
    text_list(w, "response_modes_supported", query);
    text_list(w, "grant_types_supported", grants);
    text_list(w, "token_endpoint_auth_methods_supported", methods);
    text_list(w, "code_challenge_methods_supported", s256);
    jw_object_end(w);
    return api_answer(call);
}

const struct api_route api_oauth_token_routes[] = {
    {.method = "POST",
     .path = "/oauth/token",
     .tier = 1,
     .who = API_PUBLIC,
     .answers = "Token",
     .flags = API_TOKEN_IGNORED,
     .run = post_token,
     .about = "a code becomes a token"},
    {.method = "POST",
     .path = "/oauth/revoke",
     .tier = 1,
     .who = API_PUBLIC,
     .answers = "{}",
     .flags = API_TOKEN_IGNORED,
     .run = post_revoke,
     .about = "a token ends"},
    {.method = "GET",
     .path = "/oauth/userinfo",
     .tier = 2,
     .who = API_USER,
     .scope = "profile",
     .answers = "UserInfo",
     .run = get_userinfo,
     .about = "whose a token is (OpenID Connect)"},
    {.method = "POST",
     .path = "/oauth/userinfo",
     .tier = 3,
     .who = API_USER,
     .scope = "profile",
     .answers = "UserInfo",
     .run = get_userinfo,
     .about = "the same"},
    {.method = "GET",
     .path = "/.well-known/oauth-authorization-server",
     .tier = 2,
     .who = API_PUBLIC,
     .answers = "OAuthMetadata",
     .flags = API_TOKEN_IGNORED,
     .run = get_metadata,
     .about = "how sign-in works here"},
    {0}};
