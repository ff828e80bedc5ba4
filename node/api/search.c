/*
 * search - who, what and which tags a word finds.
 */
#include "federation/search.h"
#include "federation/markup.h"
#include "federation/resolve.h"
#include "node/api/entity.h"
#include "node/api/page.h"
#include "node/api/routes.h"
#include "storage/stream.h"
#include "storage/tag_follow.h"

#include <string.h>

#define ACCOUNTS_STANDARD 40
#define ACCOUNTS_MAX 80
#define SEARCH_STANDARD 20
#define SEARCH_MAX 40

/* What was asked. */
struct asked {
    const char *q;    /* without blanks and @ in front */
    const char *type; /* NULL: everything */
    bool is_resolving, is_following;
    unsigned limit, offset;
    actor_id author;
    struct page page;
    actor_id actor; /* looked up elsewhere; 0: not */
    post_id post;
};

static unsigned cut(int64_t number, unsigned max)
{
    return number > max ? max : (unsigned)number;
}

static struct asked read_asked(const struct api_call *call, unsigned standard, unsigned max)
{
    struct api_page page = api_page_read(call, standard, max);
    int64_t offset;
    struct asked asked = {.q = params_get(&call->params, "q"),
                          .type = params_get(&call->params, "type"),
                          .is_resolving = params_bool(&call->params, "resolve", false),
                          .is_following = params_bool(&call->params, "following", false),
                          .limit = page.limit,
                          .page = {page.max_id, page.min_id ? page.min_id : page.since_id, 0}};
    if (params_id(&call->params, "account_id", &asked.author.v))
        asked.author.v = UINT64_MAX; /* nobody has that id */
    if (params_number(&call->params, "offset", 0, &offset) || offset < 0)
        offset = 0;
    asked.offset = cut(offset, SEARCH_OFFSET_MAX);
    if (!asked.q)
        asked.q = "";
    asked.q += strspn(asked.q, " @");
    return asked;
}

static bool wants(const struct asked *asked, const char *type)
{
    return !asked->type || !*asked->type || strcmp(asked->type, type) == 0;
}

/* ---- look-ups ---- */

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

/* Is it the handle or address of somebody, or something, that is here? */
static bool is_known(struct api_call *call, const struct asked *asked)
{
    AUTO(txn_end) struct txn *txn = NULL;
    actor_id actor;
    post_id post;
    return api_read(call, &txn) == OK &&
           (search_handle(call->fed, txn, asked->q, &call->arena, &actor) == OK ||
            actor_find(txn, asked->q, &actor) == OK || post_find(txn, asked->q, &post) == OK);
}

/*
 * Looks a handle or address up elsewhere when that was asked for and nothing here has it. False:
 * this thread may not wait, the call must run again. What cannot be found is no error: the answer
 * is empty.
 */
static bool look_up(struct api_call *call, struct asked *asked)
{
    struct why why = {""};
    bool is_url = search_is_url(asked->q);
    if (!asked->is_resolving || !call->who.v || !search_is_address(asked->q) ||
        is_known(call, asked))
        return true;
    if (!api_be_patient(call))
        return false;
    if (is_url && wants(asked, "statuses") &&
        resolve_post(call->fed, asked->q, &asked->post, &why) == OK)
        return true;
    if (wants(asked, "accounts") && resolve_actor(call->fed, asked->q, &asked->actor, &why))
        asked->actor.v = 0;
    return true;
}

/* ---- answers ---- */

static enum err list_accounts(struct jw *w, const char *name, struct view *view,
                              struct api_call *call, const struct asked *asked)
{
    struct actors_found found = {.n = 0};
    enum err e = OK;
    jw_list(w, name);
    if (asked->actor.v)
        e = entity_account_id(w, NULL, view, asked->actor);
    else
        e = find_accounts(call, view->txn, asked, &found);
    for (size_t i = 0; !e && i < found.n; i++)
        e = entity_account(w, NULL, view, found.item[i]);
    jw_list_end(w);
    return e;
}

static enum err find_posts(struct api_call *call, struct txn *txn, const struct asked *asked,
                           struct posts_found *out)
{
    struct post_search search = {.reader = call->who,
                                 .text = asked->q,
                                 .author = asked->author,
                                 .page = asked->page,
                                 .offset = asked->offset,
                                 .limit = asked->limit};
    *out = (struct posts_found){.id = {asked->post}, .n = asked->post.v ? 1 : 0};
    if (out->n || !search_is_url(asked->q))
        return out->n ? OK : search_posts(call->fed, txn, &search, out);
    enum err e = post_find(txn, asked->q, &out->id[0]);
    out->n = e ? 0 : 1;
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err list_statuses(struct jw *w, struct view *view, struct api_call *call,
                              const struct asked *asked)
{
    struct posts_found found;
    enum err e = find_posts(call, view->txn, asked, &found);
    jw_list(w, "statuses");
    for (size_t i = 0; !e && i < found.n; i++) {
        e = entity_status_id(w, NULL, view, found.id[i]);
        if (e == ERR_NOTFOUND) /* an address of what the reader may not read */
            e = OK;
    }
    jw_list_end(w);
    return e;
}

/* ---- handlers ---- */

static struct response *get_accounts(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    struct asked asked = read_asked(call, ACCOUNTS_STANDARD, ACCOUNTS_MAX);
    asked.type = "accounts";
    if (!look_up(call, &asked))
        return NULL;
    enum err e = api_read(call, &txn);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    if (!e)
        e = list_accounts(api_json(call), NULL, &view, call, &asked);
    return e ? api_of_err(e, NULL) : api_answer(call);
}

/* The hashtag of that name, when somebody used it in public. */
static enum err list_tags(struct jw *w, struct view *view, const struct asked *asked)
{
    AUTO(stream_close) struct stream stream = {0};
    const char *tag = tag_fold(asked->q + (*asked->q == '#'), view->arena);
    post_id any;
    enum err e = OK;
    jw_list(w, "hashtags");
    if (tag && !asked->offset)
        e = stream_open(view->txn, &(struct stream_key){STREAM_TAG, tag_owner(view->txn, tag)}, 1,
                        (struct page){0}, &stream);
    if (!e && tag && stream_next(&stream, &any) == OK) {
        const char *path = arena_printf(view->arena, "/tags/%s", tag);
        jw_object(w, NULL);
        jw_text(w, "name", tag);
        jw_text2(w, "url", view->base, path ? path : "");
        jw_list(w, "history");
        jw_list_end(w);
        jw_bool(w, "following", tag_follow_has(view->txn, view->reader, tag));
        jw_object_end(w);
    }
    jw_list_end(w);
    return e;
}

static void list_nothing(struct jw *w, const char *name)
{
    jw_list(w, name);
    jw_list_end(w);
}

static struct response *get_search(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    struct asked asked = read_asked(call, SEARCH_STANDARD, SEARCH_MAX);
    if (!look_up(call, &asked))
        return NULL;
    enum err e = api_read(call, &txn);
    if (e)
        return api_of_err(e, NULL);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    struct jw *w = api_json(call);
    jw_object(w, NULL);
    if (wants(&asked, "accounts") && !asked.post.v)
        e = list_accounts(w, "accounts", &view, call, &asked);
    else
        list_nothing(w, "accounts");
    if (!e && wants(&asked, "statuses"))
        e = list_statuses(w, &view, call, &asked);
    else
        list_nothing(w, "statuses");
    if (!e && wants(&asked, "hashtags"))
        e = list_tags(w, &view, &asked);
    else
        list_nothing(w, "hashtags");
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
