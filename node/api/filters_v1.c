/*
 * filters_v1 - filters as older apps know them: one phrase each, which is a keyword of a filter.
 */
#include "node/api/filter.h"
#include "node/api/filter_change.h"
#include "node/api/routes.h"

#include <inttypes.h>
#include <stdio.h>

#define ID_TEXT_BYTES 24

static void entity_phrase(struct jw *w, const Filter *filter, size_t at)
{
    const FilterKeyword *keyword = filter->keywords[at];
    char id[ID_TEXT_BYTES];
    snprintf(id, sizeof id, "%" PRIu64, keyword->id);
    jw_object(w, NULL);
    jw_text(w, "id", id);
    jw_text(w, "phrase", keyword->text);
    entity_filter_contexts(w, filter->contexts);
    if (filter->expires_ms)
        jw_time(w, "expires_at", filter->expires_ms);
    else
        jw_null(w, "expires_at");
    jw_bool(w, "irreversible", filter->action == FILTER_ACTION__HIDE);
    jw_bool(w, "whole_word", keyword->is_whole_word);
    jw_object_end(w);
}

static struct response *get_phrases(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Filter *filter;
    enum err e = api_read(call, &txn);
    struct jw *w = api_json(call);
    jw_list(w, NULL);
    for (uint64_t id = 0; !e && !(e = filter_next(txn, call->who, id, &call->arena, &filter));
         id = filter->id)
        for (size_t i = 0; i < filter->n_keywords; i++)
            entity_phrase(w, filter, i);
    jw_list_end(w);
    return e == ERR_NOTFOUND ? api_answer(call) : api_of_err(e, NULL);
}

static struct response *get_phrase(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Filter *filter;
    size_t at;
    enum err e = api_read(call, &txn);
    if (!e)
        e = filter_find(call, txn, FILTER_BY_KEYWORD, &filter, &at);
    if (e)
        return api_of_err(e, NULL);
    entity_phrase(api_json(call), filter, at);
    return api_answer(call);
}

static enum err edit_phrase(struct filter_change *c, Filter *filter, size_t at)
{
    const struct params *params = &c->call->params;
    const char *phrase = params_get(params, "phrase");
    bool is_new = c->by == FILTER_NEW;
    if (is_new && !phrase)
        return why_set(&c->why, ERR_INVALID, "Phrase can't be blank");
    if (is_new) {
        filter->title = (char *)phrase;
        enum err e = filter_add_keyword(c, filter, phrase, false);
        if (e)
            return e;
        at = 0;
    }
    FilterKeyword *keyword = filter->keywords[at];
    if (phrase)
        keyword->text = (char *)phrase;
    keyword->is_whole_word = params_bool(params, "whole_word", keyword->is_whole_word);
    if (params_has(params, "irreversible"))
        filter->action =
            params_bool(params, "irreversible", false) ? FILTER_ACTION__HIDE : FILTER_ACTION__WARN;
    return filter_take_terms(c, filter);
}

static struct response *write_phrase(struct api_call *call, enum filter_found_by by)
{
    struct filter_change c = {.by = by, .edit = edit_phrase};
    struct response *refusal = filter_change_run(call, &c);
    if (refusal)
        return refusal;
    entity_phrase(api_json(call), c.filter, c.at);
    return api_answer(call);
}

static struct response *post_phrase(struct api_call *call)
{
    return write_phrase(call, FILTER_NEW);
}

static struct response *put_phrase(struct api_call *call)
{
    return write_phrase(call, FILTER_BY_KEYWORD);
}

/* With its last keyword the filter goes, unless it names statuses too. */
static enum err edit_drop(struct filter_change *c, Filter *filter, size_t at)
{
    filter_drop_keyword(filter, at);
    c->is_gone = filter->n_keywords == 0 && filter->n_posts == 0;
    return OK;
}

static struct response *delete_phrase(struct api_call *call)
{
    struct filter_change c = {.by = FILTER_BY_KEYWORD, .edit = edit_drop};
    struct response *refusal = filter_change_run(call, &c);
    return refusal ? refusal : api_answer_empty(call);
}

const struct api_route api_filters_v1_routes[] = {
    {"GET", "/api/v1/filters", 1, API_USER, "read:filters", API_ID_NONE, "[V1Filter]", 0,
     get_phrases, "the caller's filters, a phrase each"},
    {"POST", "/api/v1/filters", 2, API_USER, "write:filters", API_ID_NONE, "V1Filter", 0,
     post_phrase, "makes one: phrase, context, irreversible, whole_word, expires_in"},
    {"GET", "/api/v1/filters/{id}", 2, API_USER, "read:filters", API_ID_FILTER_KEYWORD, "V1Filter",
     0, get_phrase, "one of them"},
    {"PUT", "/api/v1/filters/{id}", 2, API_USER, "write:filters", API_ID_FILTER_KEYWORD, "V1Filter",
     0, put_phrase, "changes it"},
    {"DELETE", "/api/v1/filters/{id}", 2, API_USER, "write:filters", API_ID_FILTER_KEYWORD, "{}", 0,
     delete_phrase, "the phrase goes"},
    {0}};
