/*
 * filters - what the caller does not want to see: filters, their keywords and single statuses.
 */
#include "federation/audience.h"
#include "node/api/filter.h"
#include "node/api/filter_change.h"
#include "node/api/routes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ID_TEXT_BYTES 24
#define NAME_BYTES 64

static void id_text(struct jw *w, const char *name, uint64_t id)
{
    char text[ID_TEXT_BYTES];
    snprintf(text, sizeof text, "%" PRIu64, id);
    jw_text(w, name, text);
}

static void entity_keyword(struct jw *w, const FilterKeyword *keyword)
{
    jw_object(w, NULL);
    id_text(w, "id", keyword->id);
    jw_text(w, "keyword", keyword->text);
    jw_bool(w, "whole_word", keyword->is_whole_word);
    jw_object_end(w);
}

static void entity_entry(struct jw *w, const FilterPost *entry)
{
    jw_object(w, NULL);
    id_text(w, "id", entry->id);
    id_text(w, "status_id", entry->post);
    jw_object_end(w);
}

static void keywords(struct jw *w, const char *name, const Filter *filter)
{
    jw_list(w, name);
    for (size_t i = 0; i < filter->n_keywords; i++)
        entity_keyword(w, filter->keywords[i]);
    jw_list_end(w);
}

static void entries(struct jw *w, const char *name, const Filter *filter)
{
    jw_list(w, name);
    for (size_t i = 0; i < filter->n_posts; i++)
        entity_entry(w, filter->posts[i]);
    jw_list_end(w);
}

static void entity_filter(struct jw *w, const Filter *filter)
{
    jw_object(w, NULL);
    entity_filter_members(w, filter);
    keywords(w, "keywords", filter);
    entries(w, "statuses", filter);
    jw_object_end(w);
}

/* ---- reading ---- */

static struct response *get_filters(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Filter *filter;
    enum err e = api_read(call, &txn);
    struct jw *w = api_json(call);
    jw_list(w, NULL);
    for (uint64_t id = 0; !e && !(e = filter_next(txn, call->who, id, &call->arena, &filter));
         id = filter->id)
        entity_filter(w, filter);
    jw_list_end(w);
    return e == ERR_NOTFOUND ? api_answer(call) : api_of_err(e, NULL);
}

static struct response *find(struct api_call *call, enum filter_found_by by, Filter **out,
                             size_t *out_at)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = api_read(call, &txn);
    if (!e)
        e = filter_find(call, txn, by, out, out_at);
    return e ? api_of_err(e, NULL) : NULL;
}

static struct response *get_filter(struct api_call *call)
{
    Filter *filter;
    size_t at;
    struct response *refusal = find(call, FILTER_BY_ID, &filter, &at);
    if (refusal)
        return refusal;
    entity_filter(api_json(call), filter);
    return api_answer(call);
}

static struct response *get_keywords(struct api_call *call)
{
    Filter *filter;
    size_t at;
    struct response *refusal = find(call, FILTER_BY_ID, &filter, &at);
    if (refusal)
        return refusal;
    keywords(api_json(call), NULL, filter);
    return api_answer(call);
}

static struct response *get_entries(struct api_call *call)
{
    Filter *filter;
    size_t at;
    struct response *refusal = find(call, FILTER_BY_ID, &filter, &at);
    if (refusal)
        return refusal;
    entries(api_json(call), NULL, filter);
    return api_answer(call);
}

static struct response *get_keyword(struct api_call *call)
{
    Filter *filter;
    size_t at;
    struct response *refusal = find(call, FILTER_BY_KEYWORD, &filter, &at);
    if (refusal)
        return refusal;
    entity_keyword(api_json(call), filter->keywords[at]);
    return api_answer(call);
}

static struct response *get_entry(struct api_call *call)
{
    Filter *filter;
    size_t at;
    struct response *refusal = find(call, FILTER_BY_POST, &filter, &at);
    if (refusal)
        return refusal;
    entity_entry(api_json(call), filter->posts[at]);
    return api_answer(call);
}

/* ---- a filter ---- */

static const char *attribute(const struct params *params, unsigned i, const char *name)
{
    char full[NAME_BYTES];
    snprintf(full, sizeof full, "keywords_attributes[%u][%s]", i, name);
    return params_get(params, full);
}

static bool attribute_is_true(const struct params *params, unsigned i, const char *name,
                              bool standard)
{
    char full[NAME_BYTES];
    snprintf(full, sizeof full, "keywords_attributes[%u][%s]", i, name);
    return params_bool(params, full, standard);
}

/* One of keywords_attributes: with an id a keyword that is there is changed, or goes. */
static enum err take_keyword(struct filter_change *c, Filter *filter, unsigned i)
{
    const struct params *params = &c->call->params;
    const char *id_sent = attribute(params, i, "id"), *text = attribute(params, i, "keyword");
    uint64_t id;
    if (!id_sent)
        return text ? filter_add_keyword(c, filter, text,
                                         attribute_is_true(params, i, "whole_word", true))
                    : OK;
    if (id_parse(id_sent, &id))
        return ERR_NOTFOUND;
    for (size_t k = 0; k < filter->n_keywords; k++) {
        FilterKeyword *keyword = filter->keywords[k];
        if (keyword->id != id)
            continue;
        if (attribute_is_true(params, i, "_destroy", false)) {
            filter_drop_keyword(filter, k);
            return OK;
        }
        if (text)
            keyword->text = (char *)text;
        keyword->is_whole_word = attribute_is_true(params, i, "whole_word", keyword->is_whole_word);
        return OK;
    }
    return ERR_NOTFOUND;
}

static enum err edit_filter(struct filter_change *c, Filter *filter, size_t at)
{
    const struct params *params = &c->call->params;
    const char *title = params_get(params, "title"), *word = params_get(params, "filter_action");
    int action = word ? filter_action_of(word) : (int)filter->action;
    (void)at;
    if (action < 0)
        return why_set(&c->why, ERR_INVALID, "filter_action is warn, hide or blur");
    if (title)
        filter->title = (char *)title;
    filter->action = (FilterAction)action;
    enum err e = filter_take_terms(c, filter);
    for (unsigned i = 0; !e && i < 2 * FILTER_KEYWORDS_MAX; i++)
        e = take_keyword(c, filter, i);
    return e;
}

static struct response *write_filter(struct api_call *call, enum filter_found_by by)
{
    struct filter_change c = {.by = by, .edit = edit_filter};
    struct response *refusal = filter_change_run(call, &c);
    if (refusal)
        return refusal;
    entity_filter(api_json(call), c.filter);
    return api_answer(call);
}

static struct response *post_filter(struct api_call *call)
{
    return write_filter(call, FILTER_NEW);
}

static struct response *put_filter(struct api_call *call)
{
    return write_filter(call, FILTER_BY_ID);
}

static enum err edit_away(struct filter_change *c, Filter *filter, size_t at)
{
    (void)filter;
    (void)at;
    c->is_gone = true;
    return OK;
}

static struct response *delete_filter(struct api_call *call)
{
    struct filter_change c = {.by = FILTER_BY_ID, .edit = edit_away};
    struct response *refusal = filter_change_run(call, &c);
    return refusal ? refusal : api_answer_empty(call);
}

/* ---- keywords ---- */

static enum err edit_add_keyword(struct filter_change *c, Filter *filter, size_t at)
{
    const char *text = params_get(&c->call->params, "keyword");
    (void)at;
    if (!text)
        return why_set(&c->why, ERR_INVALID, "Keyword can't be blank");
    return filter_add_keyword(c, filter, text, params_bool(&c->call->params, "whole_word", true));
}

static enum err edit_keyword(struct filter_change *c, Filter *filter, size_t at)
{
    const struct params *params = &c->call->params;
    FilterKeyword *keyword = filter->keywords[at];
    const char *text = params_get(params, "keyword");
    if (text)
        keyword->text = (char *)text;
    keyword->is_whole_word = params_bool(params, "whole_word", keyword->is_whole_word);
    return OK;
}

static struct response *write_keyword(struct api_call *call, struct filter_change *c)
{
    struct response *refusal = filter_change_run(call, c);
    if (refusal)
        return refusal;
    entity_keyword(api_json(call), c->filter->keywords[c->at]);
    return api_answer(call);
}

static struct response *post_keyword(struct api_call *call)
{
    struct filter_change c = {.by = FILTER_BY_ID, .edit = edit_add_keyword};
    return write_keyword(call, &c);
}

static struct response *put_keyword(struct api_call *call)
{
    struct filter_change c = {.by = FILTER_BY_KEYWORD, .edit = edit_keyword};
    return write_keyword(call, &c);
}

static enum err edit_drop_keyword(struct filter_change *c, Filter *filter, size_t at)
{
    (void)c;
    filter_drop_keyword(filter, at);
    return OK;
}

static struct response *delete_keyword(struct api_call *call)
{
    struct filter_change c = {.by = FILTER_BY_KEYWORD, .edit = edit_drop_keyword};
    struct response *refusal = filter_change_run(call, &c);
    return refusal ? refusal : api_answer_empty(call);
}

/* ---- single statuses ---- */

static enum err edit_add_entry(struct filter_change *c, Filter *filter, size_t at)
{
    struct arena *arena = &c->call->arena;
    size_t n = filter->n_posts;
    FilterPost **grown = arena_calloc(arena, n + 1, sizeof *grown);
    FilterPost *entry = arena_alloc(arena, sizeof *entry);
    (void)at;
    if (!grown || !entry)
        return ERR_LIMIT;
    *entry = (FilterPost)FILTER_POST__INIT;
    if (params_id(&c->call->params, "status_id", &entry->post) || !entry->post)
        return why_set(&c->why, ERR_INVALID, "status_id is no id");
    if (n)
        memcpy(grown, filter->posts, n * sizeof(FilterPost *));
    grown[n] = entry;
    filter->posts = grown;
    filter->n_posts = n + 1;
    c->at = n;
    return OK;
}

/* What the caller may not read is not there. */
static enum err check_status(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    uint64_t id;
    Post *post;
    if (params_id(&call->params, "status_id", &id) || !id)
        return ERR_INVALID;
    enum err e = api_read(call, &txn);
    if (!e)
        e = post_get(txn, (post_id){id}, &call->arena, &post);
    return !e && !audience_may_read(txn, post, call->who) ? ERR_NOTFOUND : e;
}

static struct response *post_entry(struct api_call *call)
{
    struct filter_change c = {.by = FILTER_BY_ID, .edit = edit_add_entry};
    enum err e = check_status(call);
    struct response *refusal = e ? api_of_err(e, NULL) : filter_change_run(call, &c);
    if (refusal)
        return refusal;
    entity_entry(api_json(call), c.filter->posts[c.at]);
    return api_answer(call);
}

static enum err edit_drop_entry(struct filter_change *c, Filter *filter, size_t at)
{
    (void)c;
    filter->n_posts--;
    memmove(filter->posts + at, filter->posts + at + 1,
            (filter->n_posts - at) * sizeof(FilterPost *));
    return OK;
}

static struct response *delete_entry(struct api_call *call)
{
    struct filter_change c = {.by = FILTER_BY_POST, .edit = edit_drop_entry};
    struct response *refusal = filter_change_run(call, &c);
    return refusal ? refusal : api_answer_empty(call);
}

#define READ "read:filters"
#define WRITE "write:filters"

const struct api_route api_filters_routes[] = {
    {"GET", "/api/v2/filters", 1, API_USER, READ, API_ID_NONE, "[Filter]", 0, get_filters,
     "the caller's filters"},
    {"POST", "/api/v2/filters", 2, API_USER, WRITE, API_ID_NONE, "Filter", 0, post_filter,
     "makes a filter: title, context, filter_action, expires_in, keywords_attributes"},
    {"GET", "/api/v2/filters/{id}", 2, API_USER, READ, API_ID_FILTER, "Filter", 0, get_filter,
     "one filter"},
    {"PUT", "/api/v2/filters/{id}", 2, API_USER, WRITE, API_ID_FILTER, "Filter", 0, put_filter,
     "changes what is sent; a keyword by its id, or _destroy"},
    {"DELETE", "/api/v2/filters/{id}", 2, API_USER, WRITE, API_ID_FILTER, "{}", 0, delete_filter,
     "the filter goes"},
    {"GET", "/api/v2/filters/{id}/keywords", 2, API_USER, READ, API_ID_FILTER, "[FilterKeyword]", 0,
     get_keywords, "its keywords"},
    {"POST", "/api/v2/filters/{id}/keywords", 2, API_USER, WRITE, API_ID_FILTER, "FilterKeyword", 0,
     post_keyword, "adds a keyword: keyword, whole_word"},
    {"GET", "/api/v2/filters/keywords/{id}", 2, API_USER, READ, API_ID_FILTER_KEYWORD,
     "FilterKeyword", 0, get_keyword, "one keyword"},
    {"PUT", "/api/v2/filters/keywords/{id}", 2, API_USER, WRITE, API_ID_FILTER_KEYWORD,
     "FilterKeyword", 0, put_keyword, "changes a keyword"},
    {"DELETE", "/api/v2/filters/keywords/{id}", 2, API_USER, WRITE, API_ID_FILTER_KEYWORD, "{}", 0,
     delete_keyword, "the keyword goes"},
    {"GET", "/api/v2/filters/{id}/statuses", 2, API_USER, READ, API_ID_FILTER, "[FilterStatus]", 0,
     get_entries, "the single statuses it filters"},
    {"POST", "/api/v2/filters/{id}/statuses", 2, API_USER, WRITE, API_ID_FILTER, "FilterStatus", 0,
     post_entry, "filters one status: status_id"},
    {"GET", "/api/v2/filters/statuses/{id}", 2, API_USER, READ, API_ID_FILTER_STATUS,
     "FilterStatus", 0, get_entry, "one of those"},
    {"DELETE", "/api/v2/filters/statuses/{id}", 2, API_USER, WRITE, API_ID_FILTER_STATUS, "{}", 0,
     delete_entry, "that status is filtered no more"},
    {0}};
