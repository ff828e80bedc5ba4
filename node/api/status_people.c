/*
 * status_people - who likes a status, who boosted it, what quotes it.
 */
#include "node/api/page.h"
#include "node/api/people.h"
#include "node/api/routes.h"
#include "node/api/status.h"
#include "storage/stream.h"

#define QUOTES_STANDARD 20
#define QUOTES_MAX 40
#define QUOTES_LOOKED_AT_MAX 400

static struct response *answer_people(struct api_call *call, enum edge_kind kind)
{
    AUTO(txn_end) struct txn *txn = NULL;
    post_id id;
    enum err e = status_of_path(call, &id);
    if (!e)
        e = api_read(call, &txn);
    if (e)
        return api_of_err(e, NULL);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    return people_answer(call, &view, &(struct people){kind, PEOPLE_WHO, id.v});
}

static struct response *get_favourited_by(struct api_call *call)
{
    return answer_people(call, EDGE_LIKE);
}

static struct response *get_reblogged_by(struct api_call *call)
{
    return answer_people(call, EDGE_BOOST);
}

struct quotes {
    uint64_t first, last;
    size_t n;
};

static enum err write_quotes(struct api_call *call, struct view *view, post_id id,
                             const struct api_page *page, struct quotes *out)
{
    AUTO(stream_close) struct stream stream = {0};
    const struct stream_key key = {STREAM_QUOTE, id.v};
    const struct page all = {.before = page->max_id,
                             .after = page->min_id ? page->min_id : page->since_id,
                             .limit = QUOTES_LOOKED_AT_MAX};
    struct jw *w = api_json(call);
    enum err e = stream_open(view->txn, &key, 1, all, &stream);
    post_id quote;
    jw_list(w, NULL);
    while (!e && out->n < page->limit && !(e = stream_next(&stream, &quote))) {
        e = entity_status_id(w, NULL, view, quote);
        if (!e) {
            out->first = out->n++ ? out->first : quote.v;
            out->last = quote.v;
        }
        e = e == ERR_NOTFOUND ? OK : e;
    }
    jw_list_end(w);
    return e == ERR_NOTFOUND ? OK : e;
}

static struct response *get_quotes(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    struct api_page page = api_page_read(call, QUOTES_STANDARD, QUOTES_MAX);
    struct quotes quotes = {0};
    post_id id;
    enum err e = status_of_path(call, &id);
    if (!e)
        e = api_read(call, &txn);
    struct view view = view_of(call, txn, VIEW_THREAD);
    if (!e)
        e = write_quotes(call, &view, id, &page, &quotes);
    if (e)
        return api_of_err(e, NULL);
    struct response *response = api_answer(call);
    api_page_link(call, response, &page, quotes.first, quotes.last, quotes.n, API_PAGE_AS_COUNTED);
    return response;
}

/* Nothing is sent to a service to be translated. */
static struct response *translate(struct api_call *call)
{
    (void)call;
    return api_not_found();
}

const struct api_route api_status_people_routes[] = {
    {.method = "GET",
     .path = "/api/v1/statuses/{id}/favourited_by",
     .tier = 2,
     .who = API_READER,
     .scope = "read:accounts",
     .id = API_ID_STATUS,
     .answers = "[Account]",
     .run = get_favourited_by,
     .about = "who likes it"},
    {.method = "GET",
     .path = "/api/v1/statuses/{id}/reblogged_by",
     .tier = 2,
     .who = API_READER,
     .scope = "read:accounts",
     .id = API_ID_STATUS,
     .answers = "[Account]",
     .run = get_reblogged_by,
     .about = "who boosted it"},
    {.method = "GET",
     .path = "/api/v1/statuses/{id}/quotes",
     .tier = 3,
     .who = API_READER,
     .scope = "read:statuses",
     .id = API_ID_STATUS,
     .answers = "[Status]",
     .run = get_quotes,
     .about = "what quotes it"},
    {.method = "POST",
     .path = "/api/v1/statuses/{id}/translate",
     .tier = 3,
     .who = API_USER,
     .scope = "read:statuses",
     .id = API_ID_STATUS,
     .answers = "{}",
     .run = translate,
     .about = "404: nothing is sent away to be translated"},
    {0}};
