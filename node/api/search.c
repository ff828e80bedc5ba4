/*
 * search - who, what and which tags a word finds.
 */
#include "federation/search.h"
#include "federation/resolve.h"
#include "node/api/entity.h"
#include "node/api/routes.h"

#include <string.h>

#define ACCOUNTS_STANDARD 40
#define ACCOUNTS_MAX 80
#define SEARCH_STANDARD 20
#define SEARCH_MAX 40

/* What was asked. */
struct asked {
    const char *q;
    const char *type; /* NULL: everything */
    bool is_resolving, is_following;
    unsigned limit, offset;
};

static unsigned cut(int64_t number, unsigned standard, unsigned max)
{
    return number < 0 ? standard : number > max ? max : (unsigned)number;
}

static struct asked read_asked(const struct api_call *call, unsigned standard, unsigned max)
{
    int64_t limit, offset;
    struct asked asked = {.q = params_get(&call->params, "q"),
                          .type = params_get(&call->params, "type"),
                          .is_resolving = params_bool(&call->params, "resolve", false),
                          .is_following = params_bool(&call->params, "following", false)};
    if (params_number(&call->params, "limit", standard, &limit) || limit < 1)
        limit = standard;
    if (params_number(&call->params, "offset", 0, &offset))
        offset = 0;
    asked.limit = cut(limit, standard, max);
    asked.offset = cut(offset, 0, SEARCH_OFFSET_MAX);
    if (!asked.q)
        asked.q = "";
    return asked;
}

static enum err find_accounts(struct api_call *call, struct txn *txn, const struct asked *asked,
                              struct actors_found *out)
{
    struct actor_search search = {.reader = call->who,
                                  .text = asked->q,
                                  .is_followed = asked->is_following,
                                  .offset = asked->offset,
                                  .limit = asked->limit};
    return search_actors(call->fed, txn, &search, &call->arena, out);
}

static enum err list_accounts(struct jw *w, const char *name, struct view *view,
                              const struct actors_found *found)
{
    enum err e = OK;
    jw_list(w, name);
    for (size_t i = 0; !e && i < found->n; i++)
        e = entity_account(w, NULL, view, found->item[i]);
    jw_list_end(w);
    return e;
}

/* ---- look-ups ---- */

/* Is somebody known by this handle or address? */
static bool is_known(struct api_call *call, const struct asked *asked)
{
    AUTO(txn_end) struct txn *txn = NULL;
    struct actors_found found;
    struct asked one = *asked;
    one.limit = 1, one.offset = 0, one.is_following = false;
    return api_read(call, &txn) == OK && find_accounts(call, txn, &one, &found) == OK && found.n;
}

/*
 * Looks a handle or address up elsewhere when that was asked for and nobody here has it; what comes
 * is found by what follows. False: this thread may not wait, the call must run again.
 */
static bool look_up(struct api_call *call, const struct asked *asked)
{
    struct why why;
    actor_id actor;
    const char *text = asked->q + strspn(asked->q, " @");
    if (!asked->is_resolving || !call->who.v || !search_is_address(text) || is_known(call, asked))
        return true;
    if (!api_be_patient(call))
        return false;
    if (resolve_actor(call->fed, text, &actor, &why))
        return true; /* nobody there: an empty answer says so */
    return true;
}

/* ---- handlers ---- */

static struct response *get_accounts(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    struct asked asked = read_asked(call, ACCOUNTS_STANDARD, ACCOUNTS_MAX);
    struct actors_found found;
    if (!look_up(call, &asked))
        return NULL;
    enum err e = api_read(call, &txn);
    if (!e)
        e = find_accounts(call, txn, &asked, &found);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    if (!e)
        e = list_accounts(api_json(call), NULL, &view, &found);
    return e ? api_of_err(e, NULL) : api_answer(call);
}

static bool wants(const struct asked *asked, const char *type)
{
    return !asked->type || !*asked->type || strcmp(asked->type, type) == 0;
}

static struct response *get_search(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    struct asked asked = read_asked(call, SEARCH_STANDARD, SEARCH_MAX);
    struct actors_found actors = {.n = 0};
    if (!look_up(call, &asked))
        return NULL;
    enum err e = api_read(call, &txn);
    if (!e && wants(&asked, "accounts"))
        e = find_accounts(call, txn, &asked, &actors);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    struct jw *w = api_json(call);
    jw_object(w, NULL);
    if (!e)
        e = list_accounts(w, "accounts", &view, &actors);
    jw_list(w, "statuses");
    jw_list_end(w);
    jw_list(w, "hashtags");
    jw_list_end(w);
    jw_object_end(w);
    return e ? api_of_err(e, NULL) : api_answer(call);
}

const struct api_route api_search_routes[] = {
    {.method = "GET",
     .path = "/api/v2/search",
     .tier = 1,
     .who = API_READER,
     .scope = "read:search",
     .answers = "Search",
     .run = get_search,
     .about = "accounts, statuses and hashtags that a word finds"},
    {.method = "GET",
     .path = "/api/v1/accounts/search",
     .tier = 2,
     .who = API_USER,
     .scope = "read:accounts",
     .answers = "[Account]",
     .run = get_accounts,
     .about = "accounts by the beginning of a name, while it is typed"},
    {0}};
