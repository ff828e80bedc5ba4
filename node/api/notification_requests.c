/*
 * notification_requests - what waits until the caller lets its sender through. A request has the id
 * of the account whose notifications it is made of.
 */
#include "federation/audience.h"
#include "federation/notice.h"
#include "node/api/entity.h"
#include "node/api/page.h"
#include "node/api/routes.h"
#include "storage/base/clock.h"
#include "storage/edge.h"
#include "storage/event.h"
#include "storage/notification.h"
#include "storage/request.h"

#include <inttypes.h>
#include <stdio.h>

#define LIST_STANDARD 40
#define LIST_MAX 80
#define SCAN_MAX 1000 /* looked at for a page */
#define STEP 500      /* notifications in one transaction */
#define IDS_MAX 100
#define NUMBER_TEXT_BYTES 24

/* ---- what is answered ----------------------------------------------------------------------- */

/* Is anything from them shown at all? They may have been blocked, or be gone, since. */
static bool is_shown(struct view *view, uint64_t from)
{
    Notification any = NOTIFICATION__INIT;
    any.from = from;
    return notice_is_shown(view->txn, view->reader, &any, clock_ms());
}

static void number_text(struct jw *w, const char *name, uint64_t number)
{
    char text[NUMBER_TEXT_BYTES];
    snprintf(text, sizeof text, "%" PRIu64, number);
    jw_text(w, name, text);
}

static enum err last_status(struct jw *w, struct view *view, uint64_t id)
{
    Notification *newest;
    Post *post;
    enum err e =
        notification_get(view->txn, view->reader, (notification_id){id}, view->arena, &newest);
    if (e || !newest->post || post_get(view->txn, (post_id){newest->post}, view->arena, &post) ||
        !audience_may_read(view->txn, post, view->reader)) {
        jw_null(w, "last_status");
        return e;
    }
    return entity_status(w, "last_status", view, post);
}

static enum err render(struct jw *w, struct view *view, uint64_t from)
{
    struct request_summary request;
    enum err e = request_get(view->txn, view->reader, (actor_id){from}, &request);
    if (!e && !is_shown(view, from))
        e = ERR_NOTFOUND;
    if (e)
        return e;
    jw_object(w, NULL);
    number_text(w, "id", from);
    jw_time(w, "created_at", id_time_ms(request.oldest));
    jw_time(w, "updated_at", id_time_ms(request.newest));
    number_text(w, "notifications_count", request.count);
    e = entity_account_id(w, "account", view, (actor_id){from});
    if (!e)
        e = last_status(w, view, request.newest);
    jw_object_end(w);
    return e;
}

/* ---- a page --------------------------------------------------------------------------------- */

struct found {
    uint64_t from[LIST_MAX];
    size_t n;
};

static enum err find(struct view *view, const struct api_page *page, struct found *out)
{
    uint64_t at = page->min_id ? page->min_id : page->max_id ? page->max_id : UINT64_MAX;
    enum err e = OK;
    for (unsigned i = 0; !e && i < SCAN_MAX && out->n < page->limit; i++) {
        e = page->min_id ? request_above(view->txn, view->reader, &at)
                         : request_below(view->txn, view->reader, &at);
        if (e || (page->min_id ? page->max_id && at >= page->max_id : at <= page->since_id))
            break;
        if (is_shown(view, at))
            out->from[out->n++] = at;
    }
    for (size_t i = 0; page->min_id && i < out->n / 2; i++) {
        uint64_t other = out->from[out->n - 1 - i];
        out->from[out->n - 1 - i] = out->from[i];
        out->from[i] = other;
    }
    return e == ERR_NOTFOUND ? OK : e;
}

static struct response *get_requests(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    struct api_page page = api_page_read(call, LIST_STANDARD, LIST_MAX);
    struct found found = {.n = 0};
    enum err e = api_read(call, &txn);
    struct view view = view_of(call, txn, VIEW_NOTIFICATIONS);
    if (!e)
        e = find(&view, &page, &found);
    struct jw *w = api_json(call);
    jw_list(w, NULL);
    for (size_t i = 0; !e && i < found.n; i++)
        e = render(w, &view, found.from[i]);
    jw_list_end(w);
    if (e)
        return api_of_err(e, NULL);
    struct response *response = api_answer(call);
    if (found.n)
        api_page_link(call, response, &page, found.from[0], found.from[found.n - 1], found.n,
                      API_PAGE_AS_COUNTED);
    return response;
}

static struct response *get_request(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    uint64_t from;
    enum err e = api_path_id(call, "id", &from);
    if (!e)
        e = api_read(call, &txn);
    struct view view = view_of(call, txn, VIEW_NOTIFICATIONS);
    if (!e)
        e = render(api_json(call), &view, from);
    return e ? api_of_err(e, NULL) : api_answer(call);
}

/* What is accepted is moved before the answer: there is never something left to merge. */
static struct response *get_merged(struct api_call *call)
{
    struct jw *w = api_json(call);
    jw_object(w, NULL);
    jw_bool(w, "merged", true);
    jw_object_end(w);
    return api_answer(call);
}

/* ---- accepted or not ------------------------------------------------------------------------ */

struct decision {
    struct mutation mutation;
    actor_id who, from;
    int64_t now_ms;
    bool is_accepted, is_more;
};

static enum err accept_step(struct txn *txn, struct decision *d)
{
    Edge edge = EDGE__INIT;
    edge.created_ms = d->now_ms;
    enum err e = edge_add(txn, (struct edge_key){EDGE_ADMITTED, d->who.v, d->from.v}, &edge);
    if (!e || e == ERR_EXISTS)
        e = request_admit(txn, d->who, d->from, STEP, &d->is_more);
    if (!e && !d->is_more)
        e = event_add_for(txn, EVENT_KIND__EVENT_NOTIFICATIONS_MERGED, d->who, d->from.v,
                          d->now_ms);
    return e;
}

static enum err decide_apply(struct txn *txn, struct mutation *m)
{
    struct decision *d = container_of(m, struct decision, mutation);
    return d->is_accepted ? accept_step(txn, d)
                          : request_drop(txn, d->who, d->from, STEP, &d->is_more);
}

/* ERR_NOTFOUND: there is no such request. */
static enum err decide(struct api_call *call, uint64_t from, bool is_accepted)
{
    AUTO(txn_end) struct txn *txn = NULL;
    struct request_summary request;
    struct decision d = {.mutation = {.apply = decide_apply},
                         .who = call->who,
                         .from = {from},
                         .now_ms = clock_ms(),
                         .is_accepted = is_accepted};
    enum err e = api_read(call, &txn);
    if (!e)
        e = request_get(txn, call->who, d.from, &request);
    txn_end(&txn); /* before the disk is waited for */
    do
        e = e ? e : api_write(call, &d.mutation);
    while (!e && d.is_more);
    return e;
}

static struct response *decide_one(struct api_call *call, bool is_accepted)
{
    uint64_t from;
    enum err e = api_path_id(call, "id", &from);
    if (!e)
        e = decide(call, from, is_accepted);
    return e ? api_of_err(e, NULL) : api_answer_empty(call);
}

/* Those that are no requests (any more) are passed over. */
static struct response *decide_many(struct api_call *call, bool is_accepted)
{
    const char *text[IDS_MAX];
    size_t n = params_list(&call->params, "id[]", text, IDS_MAX);
    enum err e = OK;
    for (size_t i = 0; !e && i < n; i++) {
        uint64_t from;
        e = id_parse(text[i], &from) ? ERR_NOTFOUND : decide(call, from, is_accepted);
        e = e == ERR_NOTFOUND ? OK : e;
    }
    return e ? api_of_err(e, NULL) : api_answer_empty(call);
}

static struct response *post_accept(struct api_call *call)
{
    return decide_one(call, true);
}

static struct response *post_dismiss(struct api_call *call)
{
    return decide_one(call, false);
}

static struct response *post_accept_many(struct api_call *call)
{
    return decide_many(call, true);
}

static struct response *post_dismiss_many(struct api_call *call)
{
    return decide_many(call, false);
}

#define READ "read:notifications"
#define WRITE "write:notifications"
#define REQUESTS "/api/v1/notifications/requests"

const struct api_route api_notification_requests_routes[] = {
    {"GET", REQUESTS, 3, API_USER, READ, API_ID_NONE, "[NotificationRequest]", 0, get_requests,
     "what waits to be let through, by sender"},
    {"GET", REQUESTS "/merged", 3, API_USER, READ, API_ID_NONE, "{}", 0, get_merged,
     "whether what was accepted is in its place: always"},
    {"POST", REQUESTS "/accept", 3, API_USER, WRITE, API_ID_NONE, "{}", 0, post_accept_many,
     "lets several senders through"},
    {"POST", REQUESTS "/dismiss", 3, API_USER, WRITE, API_ID_NONE, "{}", 0, post_dismiss_many,
     "forgets what waits from several senders"},
    {"GET", REQUESTS "/{id}", 3, API_USER, READ, API_ID_NOTIFICATION_REQUEST, "NotificationRequest",
     0, get_request, "what waits from one sender"},
    {"POST", REQUESTS "/{id}/accept", 3, API_USER, WRITE, API_ID_NOTIFICATION_REQUEST, "{}", 0,
     post_accept, "lets a sender through, from now on"},
    {"POST", REQUESTS "/{id}/dismiss", 3, API_USER, WRITE, API_ID_NOTIFICATION_REQUEST, "{}", 0,
     post_dismiss, "forgets what waits from one sender"},
    {0}};
