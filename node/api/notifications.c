/*
 * notifications - what the caller was told, one by one (the first version of that interface).
 */
#include "node/api/page.h"
#include "node/api/routes.h"
#include "node/api/told.h"
#include "storage/marker.h"

#define LIST_STANDARD 40
#define LIST_MAX 80
#define UNREAD_STANDARD 100
#define UNREAD_MAX 1000

/* ---- a page --------------------------------------------------------------------------------- */

struct found {
    Notification *item[UNREAD_MAX];
    size_t n;
    bool is_cut; /* there may be more: TOLD_SCAN_MAX was reached */
};

static enum err step(struct view *view, const struct api_page *page, uint64_t *at,
                     Notification **out)
{
    enum err e = page->min_id ? notification_above(view->txn, view->reader, *at, view->arena, out)
                              : notification_next(view->txn, view->reader, *at, view->arena, out);
    if (e)
        return e;
    *at = (*out)->id;
    bool is_past = page->min_id ? page->max_id && *at >= page->max_id : *at <= page->since_id;
    return is_past ? ERR_NOTFOUND : OK;
}

static void turn(struct found *found)
{
    for (size_t i = 0; i < found->n / 2; i++) {
        Notification *other = found->item[found->n - 1 - i];
        found->item[found->n - 1 - i] = found->item[i];
        found->item[i] = other;
    }
}

/* Newest first; from above min_id upwards when that is asked. */
static enum err find(struct view *view, const struct api_page *page, const struct told_wish *wish,
                     struct found *out)
{
    uint64_t at = page->min_id ? page->min_id : page->max_id ? page->max_id : UINT64_MAX;
    enum err e = OK;
    out->n = 0;
    for (unsigned looked = 0; out->n < page->limit; looked++) {
        Notification *one;
        out->is_cut = looked == TOLD_SCAN_MAX;
        if (out->is_cut || (e = step(view, page, &at, &one)))
            break;
        if (told_is_wished(view, wish, one))
            out->item[out->n++] = one;
    }
    if (page->min_id)
        turn(out);
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err find_for(struct api_call *call, struct view *view, const struct api_page *page,
                         struct found *out)
{
    struct told_wish wish;
    enum err e = told_wish_read(call, &wish);
    return e ? e : find(view, page, &wish, out);
}

/* ---- routes --------------------------------------------------------------------------------- */

static struct response *get_notifications(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    struct api_page page = api_page_read(call, LIST_STANDARD, LIST_MAX);
    struct found *found = arena_alloc(&call->arena, sizeof *found);
    enum err e = found ? api_read(call, &txn) : ERR_LIMIT;
    struct view view = view_of(call, txn, VIEW_NOTIFICATIONS);
    if (!e)
        e = find_for(call, &view, &page, found);
    if (e)
        return api_of_err(e, NULL);
    struct jw *w = api_json(call);
    jw_list(w, NULL);
    for (size_t i = 0; !e && i < found->n; i++)
        e = entity_notification(w, NULL, &view, found->item[i]);
    jw_list_end(w);
    if (e)
        return api_of_err(e, NULL);
    struct response *response = api_answer(call);
    if (found->n)
        api_page_link(call, response, &page, found->item[0]->id, found->item[found->n - 1]->id,
                      found->n, found->is_cut ? API_PAGE_HAS_MORE : API_PAGE_AS_COUNTED);
    return response;
}

static struct response *get_notification(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Notification *found;
    uint64_t id;
    enum err e = api_path_id(call, "id", &id);
    if (!e)
        e = api_read(call, &txn);
    if (!e)
        e = notification_get(txn, call->who, (notification_id){id}, &call->arena, &found);
    struct view view = view_of(call, txn, VIEW_NOTIFICATIONS);
    if (!e)
        e = entity_notification(api_json(call), NULL, &view, found);
    return e ? api_of_err(e, NULL) : api_answer(call);
}

/* Those newer than the reader's mark, up to `limit`. */
static struct response *get_unread_count(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Marker *marker;
    struct api_page page = {.limit = api_page_read(call, UNREAD_STANDARD, UNREAD_MAX).limit};
    struct found *found = arena_alloc(&call->arena, sizeof *found);
    enum err e = found ? api_read(call, &txn) : ERR_LIMIT;
    struct view view = view_of(call, txn, VIEW_NOTIFICATIONS);
    if (!e)
        e = marker_get(txn, call->who, MARKER_NOTIFICATIONS, &call->arena, &marker);
    page.since_id = e ? 0 : marker->last_read;
    if (!e || e == ERR_NOTFOUND)
        e = find_for(call, &view, &page, found);
    if (e)
        return api_of_err(e, NULL);
    struct jw *w = api_json(call);
    jw_object(w, NULL);
    jw_number(w, "count", (int64_t)found->n);
    jw_object_end(w);
    return api_answer(call);
}

/* ---- away with them ------------------------------------------------------------------------- */

struct dismissal {
    struct mutation mutation;
    actor_id who;
    uint64_t id; /* clearing: all from this one up are done */
    uint64_t next;
    bool is_last;
};

#define CLEAR_STEP 1000 /* notifications in one transaction */

static enum err dismiss_apply(struct txn *txn, struct mutation *m)
{
    struct dismissal *d = container_of(m, struct dismissal, mutation);
    return notification_del(txn, d->who, (notification_id){d->id});
}

/* What apps were never shown stays: a post that was not delivered is no less so. */
static enum err clear_apply(struct txn *txn, struct mutation *m)
{
    struct dismissal *d = container_of(m, struct dismissal, mutation);
    enum err e = OK;
    d->next = d->id;
    for (unsigned i = 0; !e && i < CLEAR_STEP; i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
        Notification *one;
        e = notification_next(txn, d->who, d->next, &arena, &one);
        if (!e)
            d->next = one->id;
        if (!e && entity_notification_type(one) && !one->is_filtered)
            e = notification_del(txn, d->who, (notification_id){one->id});
    }
    d->is_last = e == ERR_NOTFOUND;
    return d->is_last ? OK : e;
}

static struct response *post_dismiss(struct api_call *call)
{
    struct dismissal d = {.mutation = {.apply = dismiss_apply}, .who = call->who};
    enum err e = api_path_id(call, "id", &d.id);
    if (!e)
        e = api_write(call, &d.mutation);
    return e ? api_of_err(e, NULL) : api_answer_empty(call);
}

static struct response *post_clear(struct api_call *call)
{
    struct dismissal d = {.mutation = {.apply = clear_apply}, .who = call->who, .next = UINT64_MAX};
    enum err e;
    do {
        d.id = d.next;
        e = api_write(call, &d.mutation);
    } while (!e && !d.is_last);
    return e ? api_of_err(e, NULL) : api_answer_empty(call);
}

#define READ "read:notifications"
#define WRITE "write:notifications"

const struct api_route api_notifications_routes[] = {
    {"GET", "/api/v1/notifications", 1, API_USER, READ, API_ID_NONE, "[Notification]", 0,
     get_notifications, "what the caller was told, the newest first"},
    {"GET", "/api/v1/notifications/unread_count", 2, API_USER, READ, API_ID_NONE, "{}", 0,
     get_unread_count, "how many are newer than the marker"},
    {"POST", "/api/v1/notifications/clear", 2, API_USER, WRITE, API_ID_NONE, "{}", 0, post_clear,
     "forgets all of them"},
    {"GET", "/api/v1/notifications/{id}", 2, API_USER, READ, API_ID_NOTIFICATION, "Notification", 0,
     get_notification, "one of them"},
    {"POST", "/api/v1/notifications/{id}/dismiss", 2, API_USER, WRITE, API_ID_NOTIFICATION, "{}", 0,
     post_dismiss, "forgets one of them"},
    {0}};
