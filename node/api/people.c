#include "node/api/people.h"

#include "node/api/page.h"
#include "node/api/routes.h"
#include "storage/base/clock.h"
#include "storage/edge.h"
#include "storage/mute.h"

#define LOOKS_MAX 2000 /* rows looked at for one page */

struct found {
    actor_id id[PEOPLE_LIMIT_MAX + 1];
    size_t n;
    bool has_older;
};

static enum err step(struct txn *txn, const struct people *people, bool is_up, uint64_t *at)
{
    bool lists_whom = people->side == PEOPLE_WHOM;
    struct edge_key key = {people->kind, lists_whom ? people->of : *at,
                           lists_whom ? *at : people->of};
    enum err e = lists_whom ? is_up ? edge_next(txn, &key) : edge_below(txn, &key)
                 : is_up ? edge_rev_next(txn, &key)
                            : edge_rev_below(txn, &key);
    if (!e)
        *at = lists_whom ? key.whom : key.who;
    return e;
}

static bool is_listed(struct view *view, const struct people *people, actor_id id)
{
    Actor *actor;
    if (view_actor(view, id, &actor) || actor->deleted_ms || actor->suspended_ms)
        return false;
    return people->kind != EDGE_MUTE ||
           mute_holds(view->txn, (actor_id){people->of}, id, clock_ms());
}

static void turn_round(struct found *found)
{
    for (size_t i = 0; i < found->n / 2; i++) {
        actor_id kept = found->id[i];
        found->id[i] = found->id[found->n - 1 - i];
        found->id[found->n - 1 - i] = kept;
    }
}

/* One more than the page has room for tells whether there is another page. */
static enum err find(struct view *view, const struct people *people, const struct api_page *page,
                     struct found *out)
{
    bool is_up = page->min_id != 0;
    uint64_t at = is_up ? page->min_id : page->max_id ? page->max_id : UINT64_MAX;
    enum err e = OK;
    *out = (struct found){.has_older = is_up};
    for (unsigned looks = 0; looks < LOOKS_MAX && out->n <= page->limit; looks++) {
        e = step(view->txn, people, is_up, &at);
        if (e || (page->since_id && at <= page->since_id) ||
            (is_up && page->max_id && at >= page->max_id))
            break;
        if (is_listed(view, people, (actor_id){at}))
            out->id[out->n++] = (actor_id){at};
    }
    if (out->n > page->limit) {
        out->n = page->limit;
        out->has_older = true;
    }
    if (is_up)
        turn_round(out);
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err render(struct jw *w, struct view *view, const struct people *people, actor_id id)
{
    Edge *mute;
    if (people->kind != EDGE_MUTE)
        return entity_account_id(w, NULL, view, id);
    enum err e = mute_get(view->txn, (actor_id){people->of}, id, clock_ms(), view->arena, &mute);
    return e ? e : entity_muted_account(w, view, id, mute->until_ms);
}

struct response *people_answer(struct api_call *call, struct view *view,
                               const struct people *people)
{
    struct api_page page = api_page_read(call, PEOPLE_LIMIT, PEOPLE_LIMIT_MAX);
    struct found found;
    enum err e = find(view, people, &page, &found);
    struct jw *w = api_json(call);
    jw_list(w, NULL);
    for (size_t i = 0; !e && i < found.n; i++)
        e = render(w, view, people, found.id[i]);
    jw_list_end(w);
    if (e)
        return api_of_err(e, NULL);
    struct response *response = api_answer(call);
    if (found.n)
        api_page_link(call, response, &page, found.id[0].v, found.id[found.n - 1].v, found.n,
                      found.has_older ? API_PAGE_HAS_MORE : API_PAGE_ENDS);
    return response;
}

/* ---- whom somebody follows, and who follows them ---- */

/* Who keeps them to themselves shows them to nobody; nor does one who is blocked see any. */
static bool hides_people(struct view *view, const Actor *actor)
{
    uint64_t reader = view->reader.v;
    if (reader == actor->id)
        return false;
    return actor->hides_collections || actor->suspended_ms ||
           edge_has(view->txn, (struct edge_key){EDGE_BLOCK, actor->id, reader}) ||
           (actor->is_members_only &&
            !edge_has(view->txn, (struct edge_key){EDGE_FOLLOW, reader, actor->id}));
}

static struct response *answer_nobody(struct api_call *call)
{
    struct jw *w = api_json(call);
    jw_list(w, NULL);
    jw_list_end(w);
    return api_answer(call);
}

static struct response *answer_follows(struct api_call *call, enum people_side side)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Actor *actor;
    actor_id id;
    enum err e = api_path_id(call, "id", &id.v);
    if (!e)
        e = api_read(call, &txn);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    if (!e)
        e = view_actor(&view, id, &actor);
    if (!e && actor->deleted_ms)
        e = ERR_NOTFOUND;
    if (e)
        return api_of_err(e, NULL);
    if (hides_people(&view, actor))
        return answer_nobody(call);
    return people_answer(call, &view, &(struct people){EDGE_FOLLOW, side, id.v});
}

static struct response *get_followers(struct api_call *call)
{
    return answer_follows(call, PEOPLE_WHO);
}

static struct response *get_following(struct api_call *call)
{
    return answer_follows(call, PEOPLE_WHOM);
}

/* ---- the caller's own ---- */

static struct response *answer_own(struct api_call *call, enum edge_kind kind,
                                   enum people_side side)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = api_read(call, &txn);
    if (e)
        return api_of_err(e, NULL);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    return people_answer(call, &view, &(struct people){kind, side, call->who.v});
}

static struct response *get_blocks(struct api_call *call)
{
    return answer_own(call, EDGE_BLOCK, PEOPLE_WHOM);
}

static struct response *get_mutes(struct api_call *call)
{
    return answer_own(call, EDGE_MUTE, PEOPLE_WHOM);
}

static struct response *get_follow_requests(struct api_call *call)
{
    return answer_own(call, EDGE_FOLLOW_REQUEST, PEOPLE_WHO);
}

const struct api_route api_people_routes[] = {
    {"GET", "/api/v1/accounts/{id}/followers", 2, API_READER, "read:accounts", API_ID_ACCOUNT,
     "[Account]", 0, get_followers, "who follows them, as far as known here"},
    {"GET", "/api/v1/accounts/{id}/following", 2, API_READER, "read:accounts", API_ID_ACCOUNT,
     "[Account]", 0, get_following, "whom they follow, as far as known here"},
    {"GET", "/api/v1/blocks", 2, API_USER, "read:blocks", API_ID_NONE, "[Account]", 0, get_blocks,
     "whom the caller blocks"},
    {"GET", "/api/v1/mutes", 2, API_USER, "read:mutes", API_ID_NONE, "[MutedAccount]", 0, get_mutes,
     "whom the caller mutes, and until when"},
    {"GET", "/api/v1/follow_requests", 2, API_USER, "read:follows", API_ID_NONE, "[Account]", 0,
     get_follow_requests, "who asks to follow the caller"},
    {0}};
