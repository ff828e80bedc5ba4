#include "node/api/scheduled.h"

#include "node/api/page.h"
#include "node/api/routes.h"
#include "storage/base/clock.h"
#include "storage/media.h"
#include "storage/scheduled.h"

#include <inttypes.h>
#include <stdio.h>

#define ID_TEXT_BYTES 24
#define SCHEDULED_STANDARD 20
#define SCHEDULED_PAGE_MAX 40
#define SCHEDULED_LATEST_MS ((int64_t)5 * 366 * 24 * 3600 * 1000)

enum err scheduled_time(const char *text, int64_t *out_ms, struct why *why)
{
    int64_t now_ms = clock_ms();
    if (clock_parse_rfc3339(text, out_ms))
        return why_set(why, ERR_INVALID, "Scheduled at \"%.40s\" is no time", text);
    if (*out_ms < now_ms + SCHEDULED_AHEAD_MS || *out_ms > now_ms + SCHEDULED_LATEST_MS)
        return why_set(why, ERR_INVALID, "Scheduled at must be at least five minutes ahead");
    return OK;
}

static void id_text(struct jw *w, const char *name, uint64_t id)
{
    char text[ID_TEXT_BYTES];
    snprintf(text, sizeof text, "%" PRIu64, id);
    if (id)
        jw_text(w, name, text);
    else
        jw_null(w, name);
}

static void text_or_null(struct jw *w, const char *name, const char *text)
{
    if (*text)
        jw_text(w, name, text);
    else
        jw_null(w, name);
}

static void poll(struct jw *w, const Scheduled *row)
{
    if (!row->n_options) {
        jw_null(w, "poll");
        return;
    }
    jw_object(w, "poll");
    jw_list(w, "options");
    for (size_t i = 0; i < row->n_options; i++)
        jw_text(w, NULL, row->options[i]);
    jw_list_end(w);
    jw_number(w, "expires_in", row->poll_open_ms / 1000);
    jw_bool(w, "multiple", row->is_multiple);
    jw_bool(w, "hide_totals", false);
    jw_object_end(w);
}

static void params_of(struct jw *w, const Scheduled *row)
{
    jw_object(w, "params");
    jw_text(w, "text", row->source);
    jw_text(w, "visibility", entity_visibility(row->visibility));
    jw_bool(w, "sensitive", row->is_sensitive);
    text_or_null(w, "spoiler_text", row->summary);
    text_or_null(w, "language", row->language);
    id_text(w, "in_reply_to_id", row->in_reply_to);
    id_text(w, "quoted_status_id", row->quote_of);
    jw_list(w, "media_ids");
    for (size_t i = 0; i < row->n_media; i++)
        id_text(w, NULL, row->media[i]);
    jw_list_end(w);
    poll(w, row);
    text_or_null(w, "idempotency", row->idempotency);
    jw_null(w, "scheduled_at");
    jw_bool(w, "with_rate_limit", false);
    jw_object_end(w);
}

static void write_scheduled(struct jw *w, struct view *view, const Scheduled *row)
{
    jw_object(w, NULL);
    id_text(w, "id", row->id);
    jw_time(w, "scheduled_at", row->due_ms);
    params_of(w, row);
    jw_list(w, "media_attachments");
    for (size_t i = 0; i < row->n_media; i++) {
        Media *media;
        if (media_waiting(view->txn, row->media[i], row->owner, view->arena, &media) == OK)
            entity_upload(w, NULL, view, media);
    }
    jw_list_end(w);
    text_or_null(w, "error", row->refusal); /* ours: why it was not posted at its time */
    jw_object_end(w);
}

struct response *scheduled_answer(struct api_call *call, uint64_t id)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Scheduled *row;
    enum err e = api_read(call, &txn);
    if (!e)
        e = scheduled_get(txn, call->who, id, &call->arena, &row);
    if (e)
        return api_of_err(e, NULL);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    write_scheduled(api_json(call), &view, row);
    return api_answer(call);
}

static struct response *get_scheduled(struct api_call *call)
{
    uint64_t id;
    enum err e = api_path_id(call, "id", &id);
    return e ? api_of_err(e, NULL) : scheduled_answer(call, id);
}

/* An account has few: pages upwards are not offered. */
static struct response *list_scheduled(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    struct api_page page = api_page_read(call, SCHEDULED_STANDARD, SCHEDULED_PAGE_MAX);
    uint64_t at = page.max_id ? page.max_id : UINT64_MAX, first = 0, last = 0;
    uint64_t above = page.min_id ? page.min_id : page.since_id;
    size_t n = 0;
    enum err e = api_read(call, &txn);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    struct jw *w = api_json(call);
    jw_list(w, NULL);
    while (!e && n < page.limit) {
        Scheduled *row;
        e = scheduled_next(txn, call->who, &at, &call->arena, &row);
        if (e || at <= above)
            break;
        write_scheduled(w, &view, row);
        last = row->id;
        first = n++ ? first : row->id;
    }
    jw_list_end(w);
    if (e && e != ERR_NOTFOUND)
        return api_of_err(e, NULL);
    struct response *response = api_answer(call);
    api_page_link(call, response, &page, first, last, n, API_PAGE_AS_COUNTED);
    return response;
}

/* Before what was sent is judged: somebody else's is not there. */
static enum err check_own(struct api_call *call, uint64_t id)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Scheduled *row;
    enum err e = api_read(call, &txn);
    return e ? e : scheduled_get(txn, call->who, id, &call->arena, &row);
}

static struct response *put_scheduled(struct api_call *call)
{
    const char *at = params_get(&call->params, "scheduled_at");
    struct why why = {""};
    int64_t due_ms;
    uint64_t id;
    enum err e = api_path_id(call, "id", &id);
    if (!e)
        e = check_own(call, id);
    if (!e)
        e = scheduled_time(at ? at : "", &due_ms, &why);
    if (!e)
        e = act_reschedule_local(call->fed, call->who, id, due_ms, &call->by, &why);
    return e ? api_of_err(e, &why) : scheduled_answer(call, id);
}

static struct response *delete_scheduled(struct api_call *call)
{
    struct why why = {""};
    uint64_t id;
    enum err e = api_path_id(call, "id", &id);
    if (!e)
        e = act_unschedule_local(call->fed, call->who, id, &call->by, &why);
    return e ? api_of_err(e, &why) : api_answer_empty(call);
}

const struct api_route api_scheduled_routes[] = {{.method = "GET",
                                                  .path = "/api/v1/scheduled_statuses",
                                                  .tier = 2,
                                                  .who = API_USER,
                                                  .scope = "read:statuses",
                                                  .answers = "[ScheduledStatus]",
                                                  .run = list_scheduled,
                                                  .about = "what waits for its time"},
                                                 {.method = "GET",
                                                  .path = "/api/v1/scheduled_statuses/{id}",
                                                  .tier = 2,
                                                  .who = API_USER,
                                                  .scope = "read:statuses",
                                                  .id = API_ID_SCHEDULED,
                                                  .answers = "ScheduledStatus",
                                                  .run = get_scheduled,
                                                  .about = "one of them"},
                                                 {.method = "PUT",
                                                  .path = "/api/v1/scheduled_statuses/{id}",
                                                  .tier = 2,
                                                  .who = API_USER,
                                                  .scope = "write:statuses",
                                                  .id = API_ID_SCHEDULED,
                                                  .answers = "ScheduledStatus",
                                                  .run = put_scheduled,
                                                  .about = "another time: scheduled_at"},
                                                 {.method = "DELETE",
                                                  .path = "/api/v1/scheduled_statuses/{id}",
                                                  .tier = 2,
                                                  .who = API_USER,
                                                  .scope = "write:statuses",
                                                  .id = API_ID_SCHEDULED,
                                                  .answers = "{}",
                                                  .run = delete_scheduled,
                                                  .about = "it is not posted"},
                                                 {0}};
