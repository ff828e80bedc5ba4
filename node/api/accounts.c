/*
 * accounts - somebody's profile: by id, by handle.
 */
#include "node/api/entity.h"
#include "node/api/routes.h"

#include "federation/uri.h"

#include <string.h>

#define IDS_MAX 80 /* in one call */

/* What is gone is not found; what moderators suspended is told as such. */
static enum err account_get_shown(struct view *view, actor_id id, Actor **out)
{
    enum err e = view_actor(view, id, out);
    return e ? e : (*out)->deleted_ms ? ERR_NOTFOUND : OK;
}

static struct response *answer_account(struct api_call *call, struct view *view, actor_id id)
{
    Actor *actor;
    enum err e = account_get_shown(view, id, &actor);
    if (!e)
        e = entity_account(api_json(call), NULL, view, actor);
    return e ? api_of_err(e, NULL) : api_answer(call);
}

static struct response *get_account(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    actor_id id;
    enum err e = api_path_id(call, "id", &id.v);
    if (!e)
        e = api_read(call, &txn);
    if (e)
        return api_of_err(e, NULL);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    return answer_account(call, &view, id);
}

static struct response *get_accounts(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    const char *text[IDS_MAX];
    size_t n = params_list(&call->params, "id[]", text, COUNT(text));
    enum err e = api_read(call, &txn);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    struct jw *w = api_json(call);
    jw_list(w, NULL);
    for (size_t i = 0; !e && i < n; i++) {
        Actor *actor;
        actor_id id;
        if (id_parse(text[i], &id.v))
            continue;
        e = account_get_shown(&view, id, &actor);
        if (!e)
            e = entity_account(w, NULL, &view, actor);
        e = e == ERR_NOTFOUND ? OK : e;
    }
    jw_list_end(w);
    return e ? api_of_err(e, NULL) : api_answer(call);
}

/* "ann", "@ann", "ann@here", "bob@there": as they are filed. */
static enum err find_handle(struct api_call *call, struct txn *txn, const char *text, actor_id *out)
{
    struct handle handle;
    if (!text || handle_parse(text, &call->arena, &handle, NULL))
        return ERR_NOTFOUND;
    bool is_ours = !handle.host[0] || strcmp(handle.host, call->fed->config->host) == 0;
    const char *filed =
        is_ours ? handle.name : arena_printf(&call->arena, "%s@%s", handle.name, handle.host);
    return filed ? actor_find_handle(txn, filed, out) : ERR_LIMIT;
}

static struct response *get_lookup(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    actor_id id;
    enum err e = api_read(call, &txn);
    if (!e)
        e = find_handle(call, txn, params_get(&call->params, "acct"), &id);
    if (e)
        return api_of_err(e, NULL);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    return answer_account(call, &view, id);
}

/* Accounts are made by administrators. */
static struct response *refuse_signup(struct api_call *call)
{
    (void)call;
    return api_forbidden();
}

const struct api_route api_accounts_routes[] = {
    {"GET", "/api/v1/accounts/{id}", 1, API_READER, "read:accounts", API_ID_ACCOUNT, "Account", 0,
     get_account, "somebody's profile"},
    {"GET", "/api/v1/accounts", 2, API_READER, "read:accounts", API_ID_NONE, "[Account]", 0,
     get_accounts, "several profiles: id[]"},
    {"GET", "/api/v1/accounts/lookup", 2, API_READER, "read:accounts", API_ID_NONE, "Account", 0,
     get_lookup, "an account known here, by its handle: acct"},
    {"POST", "/api/v1/accounts", 3, API_APP, "write:accounts", API_ID_NONE, "Error", 0,
     refuse_signup, "refused: accounts are made by administrators"},
    {0}};
