/*
 * status_write - a new status, as an app sends it: now, or at a time to come.
 *
 * An app on bad radio sends again, with the same Idempotency-Key: it is answered with what the
 * first request made.
 */
#include "node/api/status_draft.h"

#include "federation/resolve.h"
#include "node/api/routes.h"
#include "node/api/scheduled.h"
#include "node/api/status.h"

static struct response *schedule(struct api_call *call, const struct post_draft *draft,
                                 const char *at)
{
    struct why why = {""};
    int64_t due_ms;
    uint64_t id;
    enum err e = scheduled_time(at, &due_ms, &why);
    if (!e)
        e = act_schedule_local(call->fed, draft, due_ms, &call->by, &id, &why);
    return e && e != ERR_EXISTS ? api_of_err(e, &why) : scheduled_answer(call, id);
}

static struct response *post_status(struct api_call *call)
{
    struct why why = {""};
    struct post_draft draft;
    post_id id;
    const char *at = params_get(&call->params, "scheduled_at");
    enum err e = status_draft(call, &draft, &why);
    if (e)
        return api_of_err(e, &why);
    if (at && *at)
        return schedule(call, &draft, at);
    if (!call->is_patient && status_names_strangers(call, draft.source) && !api_be_patient(call))
        return NULL;
    e = act_post_local(call->fed, &draft, call->is_patient ? resolve_actor : NULL, &call->by, &id,
                       &why);
    return e && e != ERR_EXISTS ? api_of_err(e, &why) : status_answer(call, id);
}

const struct api_route api_status_write_routes[] = {
    {.method = "POST",
     .path = "/api/v1/statuses",
     .tier = 1,
     .who = API_USER,
     .scope = "write:statuses",
     .answers = "Status",
     .run = post_status,
     .about = "posts it: status, media_ids[], poll, in_reply_to_id, visibility, scheduled_at, ..."},
    {0}};
