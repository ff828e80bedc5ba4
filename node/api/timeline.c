/*
 * timeline - pages of statuses: home, public, hashtags, lists, an account's.
 *
 * What belongs on a page and what is left out is decided by federation/timeline.h. A group's
 * statuses are what was posted to it, each as its author's own status: apps show whose it is, and
 * can answer it.
 */
#include "federation/timeline.h"

#include "federation/audience.h"
#include "federation/markup.h"
#include "node/api/entity.h"
#include "node/api/filter.h"
#include "node/api/page.h"
#include "node/api/routes.h"
#include "storage/edge.h"

#include <stdlib.h>

#define STATUSES_STANDARD 20
#define STATUSES_MAX 40

struct rows {
    const Post *post[STATUSES_MAX];
    size_t n;
    uint64_t first, last; /* ends of the next pages, newer and older: posts looked at */
    bool has_more;        /* beyond the page, in the direction it was read */
};

static void turn(struct rows *rows)
{
    for (size_t i = 0; i < rows->n / 2; i++) {
        const Post *older = rows->post[i];
        rows->post[i] = rows->post[rows->n - 1 - i];
        rows->post[rows->n - 1 - i] = older;
    }
}

static enum err read_rows(struct api_call *call, struct txn *txn,
                          const struct timeline_query *query, struct rows *rows)
{
    AUTO(timeline_close) struct timeline timeline = {0};
    struct timeline_entry entry;
    enum err e = timeline_open(txn, query, &timeline);
    if (e)
        return e;
    while (rows->n < STATUSES_MAX && !(e = timeline_next(&timeline, &call->arena, &entry)))
        rows->post[rows->n++] = entry.boost ? entry.boost : entry.post;
    if (!e || e == ERR_NOTFOUND)
        e = timeline_has_more(&timeline, &rows->has_more);
    bool is_upwards = query->page.order == PAGE_OLDEST_FIRST;
    if (is_upwards)
        turn(rows);
    if (rows->n) {
        rows->first = rows->post[0]->id;
        rows->last = rows->post[rows->n - 1]->id;
    }
    if (rows->has_more)
        *(is_upwards ? &rows->first : &rows->last) = timeline.last.v;
    return e;
}

static enum err write_rows(struct api_call *call, struct view *view, const struct rows *rows)
{
    struct jw *w = api_json(call);
    enum err e = OK;
    jw_list(w, NULL);
    for (size_t i = 0; i < rows->n && (!e || e == ERR_NOTFOUND); i++)
        e = entity_status(w, NULL, view, rows->post[i]);
    jw_list_end(w);
    return e == ERR_NOTFOUND ? OK : e;
}

static struct response *answer_rows(struct api_call *call, const struct api_page *page,
                                    const struct rows *rows)
{
    struct response *response = api_answer(call);
    bool is_upwards = page->min_id, ends = !is_upwards && !rows->has_more;
    api_page_link(call, response, page, rows->first, rows->last, rows->n,
                  ends ? API_PAGE_ENDS : API_PAGE_HAS_MORE);
    return response;
}

static struct response *answer_timeline(struct api_call *call, struct timeline_query *query,
                                        enum view_context context)
{
    AUTO(txn_end) struct txn *txn = NULL;
    struct api_page page = api_page_read(call, STATUSES_STANDARD, STATUSES_MAX);
    struct rows rows = {.n = 0};
    query->reader = call->who;
    query->page = (struct page){.before = page.max_id,
                                .after = page.min_id ? page.min_id : page.since_id,
                                .limit = page.limit,
                                .order = page.min_id ? PAGE_OLDEST_FIRST : PAGE_NEWEST_FIRST};
    enum err e = api_read(call, &txn);
    struct view view = view_of(call, txn, context);
    struct filters *filters;
    if (!e && !(e = view_filters(&view, &filters))) {
        query->filters = filters;
        query->filter_contexts = view_filter_contexts(&view);
        e = read_rows(call, txn, query, &rows);
    }
    if (!e)
        e = write_rows(call, &view, &rows);
    return e ? api_of_err(e, NULL) : answer_rows(call, &page, &rows);
}

static unsigned only(struct api_call *call)
{
    static const struct {
        const char *name;
        unsigned bit;
    } switches[] = {{"only_media", TIMELINE_WITH_MEDIA},
                    {"local", TIMELINE_OF_HERE},
                    {"remote", TIMELINE_OF_PEERS},
                    {"exclude_replies", TIMELINE_NO_REPLIES},
                    {"exclude_reblogs", TIMELINE_NO_BOOSTS}};
    unsigned bits = 0;
    for (size_t i = 0; i < COUNT(switches); i++)
        if (params_bool(&call->params, switches[i].name, false))
            bits |= switches[i].bit;
    return bits;
}

static struct response *get_home(struct api_call *call)
{
    struct timeline_query query = {.kind = TIMELINE_HOME};
    return answer_timeline(call, &query, VIEW_HOME);
}

/* What is local is also what never leaves the node: a stream of its own. */
static struct response *get_public(struct api_call *call)
{
    struct timeline_query query = {.kind = TIMELINE_PUBLIC, .only = only(call)};
    if (query.only & TIMELINE_OF_HERE)
        query.kind = TIMELINE_LOCAL;
    return answer_timeline(call, &query, VIEW_PUBLIC);
}

static struct response *get_direct(struct api_call *call)
{
    struct timeline_query query = {.kind = TIMELINE_DIRECT};
    return answer_timeline(call, &query, VIEW_HOME);
}

static struct response *get_list(struct api_call *call)
{
    struct timeline_query query = {.kind = TIMELINE_LIST};
    enum err e = api_path_id(call, "id", &query.list);
    return e ? api_of_err(e, NULL) : answer_timeline(call, &query, VIEW_HOME);
}

/* ---- hashtags ---- */

static struct response *nothing(struct api_call *call)
{
    struct jw *w = api_json(call);
    jw_list(w, NULL);
    jw_list_end(w);
    return api_answer(call);
}

/* What is no hashtag is left out. NULL-ended. */
static const char *const *tags(struct api_call *call, const char *name)
{
    const char *given[TIMELINE_TAGS_MAX];
    size_t n = params_list(&call->params, name, given, COUNT(given)), kept = 0;
    const char **folded = arena_calloc(&call->arena, n + 1, sizeof *folded);
    for (size_t i = 0; folded && i < n; i++) {
        folded[kept] = tag_fold(given[i][0] == '#' ? given[i] + 1 : given[i], &call->arena);
        kept += folded[kept] != NULL;
    }
    return folded;
}

static struct response *get_tag(struct api_call *call)
{
    struct timeline_query query = {.kind = TIMELINE_TAG,
                                   .tag =
                                       tag_fold(request_param(call->request, "tag"), &call->arena),
                                   .only = only(call),
                                   .any = tags(call, "any[]"),
                                   .all = tags(call, "all[]"),
                                   .none = tags(call, "none[]")};
    return query.tag ? answer_timeline(call, &query, VIEW_PUBLIC) : nothing(call);
}

/* ---- an account's ---- */

static enum err find_actor(struct api_call *call, actor_id *out)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Actor *actor;
    enum err e = api_path_id(call, "id", &out->v);
    if (!e)
        e = api_read(call, &txn);
    if (!e)
        e = actor_get(txn, *out, &call->arena, &actor);
    return !e && actor->deleted_ms ? ERR_NOTFOUND : e;
}

static int newer_first(const void *a, const void *b)
{
    const Edge *const *x = a, *const *y = b;
    return ((*x)->created_ms < (*y)->created_ms) - ((*x)->created_ms > (*y)->created_ms);
}

/* There are few: a page is all of them, the last pinned first. */
static enum err read_pins(struct api_call *call, struct txn *txn, actor_id whose, struct rows *rows)
{
    struct edge_key key = {.kind = EDGE_PIN, .who = whose.v};
    Edge *pins[STATUSES_MAX];
    size_t n = 0;
    enum err e = OK;
    while (n < COUNT(pins) && !(e = edge_next(txn, &key))) {
        e = edge_get(txn, key, &call->arena, &pins[n]);
        if (e)
            return e;
        pins[n++]->post = key.whom;
    }
    qsort(pins, n, sizeof pins[0], newer_first);
    for (size_t i = 0; i < n && (!e || e == ERR_NOTFOUND); i++) {
        Post *post;
        e = post_get(txn, (post_id){pins[i]->post}, &call->arena, &post);
        if (!e && audience_may_read(txn, post, call->who))
            rows->post[rows->n++] = post;
    }
    return e == ERR_NOTFOUND ? OK : e;
}

static struct response *answer_pins(struct api_call *call, actor_id whose)
{
    AUTO(txn_end) struct txn *txn = NULL;
    struct rows rows = {.n = 0};
    enum err e = api_read(call, &txn);
    if (!e)
        e = read_pins(call, txn, whose, &rows);
    struct view view = view_of(call, txn, VIEW_ACCOUNT);
    if (!e)
        e = write_rows(call, &view, &rows);
    return e ? api_of_err(e, NULL) : api_answer(call);
}

static struct response *get_account_statuses(struct api_call *call)
{
    struct timeline_query query = {.kind = TIMELINE_AUTHOR, .only = only(call)};
    const char *tagged = params_get(&call->params, "tagged");
    enum err e = find_actor(call, &query.of);
    if (e)
        return api_of_err(e, NULL);
    if (params_bool(&call->params, "pinned", false))
        return answer_pins(call, query.of);
    const char *const all[] = {tagged ? tag_fold(tagged, &call->arena) : NULL, NULL};
    if (tagged && !all[0])
        return nothing(call);
    query.all = all;
    return answer_timeline(call, &query, VIEW_ACCOUNT);
}

const struct api_route api_timeline_routes[] = {
    {.method = "GET",
     .path = "/api/v1/timelines/home",
     .tier = 1,
     .who = API_USER,
     .scope = "read:statuses",
     .answers = "[Status]",
     .run = get_home,
     .about = "what those one follows wrote and boosted"},
    {.method = "GET",
     .path = "/api/v1/timelines/public",
     .tier = 1,
     .who = API_READER,
     .scope = "read:statuses",
     .answers = "[Status]",
     .run = get_public,
     .about = "public statuses of everyone known here; local, remote, only_media"},
    {.method = "GET",
     .path = "/api/v1/timelines/direct",
     .tier = 3,
     .who = API_USER,
     .scope = "read:statuses",
     .answers = "[Status]",
     .run = get_direct,
     .about = "direct statuses, as old apps ask for them"},
    {.method = "GET",
     .path = "/api/v1/timelines/list/{id}",
     .tier = 2,
     .who = API_USER,
     .scope = "read:lists",
     .id = API_ID_LIST,
     .answers = "[Status]",
     .run = get_list,
     .about = "what the members of a list wrote and boosted"},
    {.method = "GET",
     .path = "/api/v1/timelines/tag/{tag}",
     .tier = 2,
     .who = API_READER,
     .scope = "read:statuses",
     .id = API_ID_TAG,
     .answers = "[Status]",
     .run = get_tag,
     .about = "public statuses with a hashtag; any, all, none, local, remote, only_media"},
    {.method = "GET",
     .path = "/api/v1/accounts/{id}/statuses",
     .tier = 1,
     .who = API_READER,
     .scope = "read:statuses",
     .id = API_ID_ACCOUNT,
     .answers = "[Status]",
     .run = get_account_statuses,
     .about = "of one account; pinned, tagged, only_media, exclude_replies, exclude_reblogs"},
    {0}};
