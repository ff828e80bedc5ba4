#include "node/api/signin.h"

#include "federation/uri.h"
#include "node/api/limit.h"
#include "storage/account.h"
#include "storage/actor.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/session.h"

#include <string.h>

#define COOKIE "ward_session"
#define COOKIE_BYTES 43
#define NAME_MAX_BYTES 300
#define PASSWORD_MAX_BYTES 1024

/* ---- the cookie ---- */

/* Its value when it is one that we could have made; NULL otherwise. */
static const char *read_cookie(struct api_call *call)
{
    const char *field = request_header(call->request, "cookie");
    while (field && *field) {
        field += strspn(field, " ;");
        size_t n = strcspn(field, ";");
        size_t name_n = strlen(COOKIE "=");
        if (n == name_n + COOKIE_BYTES && strncmp(field, COOKIE "=", name_n) == 0)
            return arena_strndup(&call->arena, field + name_n, COOKIE_BYTES);
        field += n;
    }
    return NULL;
}

enum err signin_read(struct api_call *call, struct signin *out)
{
    AUTO(txn_end) struct txn *txn = NULL;
    uint8_t unused[SECRET_HASH_BYTES];
    Account *account;
    *out = (struct signin){.cookie = read_cookie(call)};
    if (!out->cookie) {
        out->is_new = true;
        return secret_make(&call->arena, &out->cookie, unused);
    }
    enum err e = api_read(call, &txn);
    if (!e)
        e = session_find(txn, out->cookie, clock_ms(), &call->arena, &account);
    if (e)
        return e == ERR_NOTFOUND ? OK : e;
    out->account = account;
    call->by.who = arena_printf(&call->arena, "account:%s", account->name);
    return call->by.who ? OK : ERR_LIMIT;
}

void signin_answer(struct api_call *call, const struct signin *signin, struct response *response)
{
    if (!signin->is_new)
        return;
    bool is_plain = call->api->config->node.is_insecure_http && !call->request->is_tls;
    const char *cookie = arena_printf(&call->arena, "%s=%s; Path=/oauth; HttpOnly; SameSite=Lax%s",
                                      COOKIE, signin->cookie, is_plain ? "" : "; Secure");
    if (cookie)
        response_set(response, "Set-Cookie", cookie);
}

/* ---- forms ---- */

const char *signin_form_token(struct api_call *call, const struct signin *signin)
{
    uint8_t hash[SECRET_HASH_BYTES];
    const char *text = arena_printf(&call->arena, "form of %s", signin->cookie);
    const char *token = text && !secret_hash(text, hash) ? secret_text(hash, &call->arena) : NULL;
    return token ? token : "";
}

bool signin_form_is_ours(struct api_call *call, const struct signin *signin)
{
    const char *from = request_header(call->request, "sec-fetch-site");
    const char *sent = params_get(&call->params, "csrf");
    const char *right = signin_form_token(call, signin);
    if (from && strcmp(from, "same-origin") != 0 && strcmp(from, "none") != 0)
        return false;
    return sent && *right && bytes_equal_secret(bytes_of(sent), bytes_of(right));
}

/* ---- a name and a password ---- */

struct enter {
    struct mutation mutation;
    struct arena *arena;
    actor_id who;
    const char *password; /* as stored when it was checked */
    const char *secret;   /* out */
};

static enum err enter_apply(struct txn *txn, struct mutation *m)
{
    struct enter *enter = container_of(m, struct enter, mutation);
    Account *account;
    int64_t now_ms = clock_ms();
    enum err e = account_get(txn, enter->who, enter->arena, &account);
    if (e)
        return e;
    if (!account_may_act(account, now_ms) || strcmp(account->password, enter->password) != 0)
        return ERR_DENIED;
    return session_add(txn, enter->who, now_ms, enter->arena, &enter->secret);
}

/* "ann", "@ann", "Ann@this.host": the name; NULL when it is nobody's of ours. */
static const char *name_of(struct api_call *call, const char *typed)
{
    struct handle handle;
    char *name = strlen(typed) <= NAME_MAX_BYTES
                     ? arena_strdup(&call->arena, typed + strspn(typed, " \t"))
                     : NULL;
    for (char *p = name; p && *p; p++) {
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
        if (*p == ' ' || *p == '\t')
            *p = '\0';
    }
    if (!name || handle_parse(name, &call->arena, &handle, NULL))
        return NULL;
    bool is_ours = !handle.host[0] || strcmp(handle.host, call->fed->config->host) == 0;
    return is_ours ? handle.name : NULL;
}

/* NULL account: there is nobody, or they may not sign in. */
static enum err find_account(struct api_call *call, const char *name, const Account **out)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Account *account;
    *out = NULL;
    enum err e = api_read(call, &txn);
    if (!e)
        e = name ? account_find(txn, name, &call->arena, &account) : ERR_NOTFOUND;
    if (!e)
        *out = account;
    return e == ERR_NOTFOUND ? OK : e;
}

/* Both count at once, so that many tries at a time are no way around. */
static bool take(struct api_call *call, struct bytes name, struct bytes from)
{
    struct limits *limits = &call->api->limits;
    if (limit_take(limits->addresses, from, clock_ms()).is_over)
        return false;
    return !limit_take(limits->names, name, clock_ms()).is_over;
}

enum err signin_enter(struct api_call *call, const char *name, const char *password,
                      struct signin *signin)
{
    struct enter enter = {.mutation = {.apply = enter_apply}, .arena = &call->arena};
    struct address owner = address_owner(call->request->client);
    struct bytes from = {owner.ip, sizeof owner.ip};
    const char *known_as = name_of(call, name);
    struct bytes tried = bytes_of(known_as ? known_as : name);
    const Account *account;
    if (!take(call, tried, from))
        return ERR_LIMIT;
    enum err e = find_account(call, known_as, &account);
    if (e)
        return e;
    bool is_right = strlen(password) <= PASSWORD_MAX_BYTES &&
                    password_check(password, account ? account->password : NULL);
    if (!account || !is_right || account->is_disabled)
        return ERR_DENIED;
    enter.who = (actor_id){account->actor};
    enter.password = account->password;
    call->by.who = arena_printf(&call->arena, "account:%s", account->name);
    e = act_run(call->fed, &enter.mutation, &call->by, "account.sign_in", account->name);
    if (e)
        return e;
    limit_return(call->api->limits.names, tried, clock_ms());
    limit_return(call->api->limits.addresses, from, clock_ms());
    *signin = (struct signin){.cookie = enter.secret, .is_new = true, .account = account};
    return OK;
}
