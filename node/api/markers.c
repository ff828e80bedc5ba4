/*
 * markers - how far the caller has read home and notifications.
 */
#include "node/api/routes.h"
#include "storage/base/clock.h"
#include "storage/marker.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct timeline {
    const char *name, *parameter;
    enum marker_kind kind;
} timelines[] = {{"home", "home[last_read_id]", MARKER_HOME},
                 {"notifications", "notifications[last_read_id]", MARKER_NOTIFICATIONS}};

static enum err marker(struct jw *w, struct api_call *call, struct txn *txn,
                       const struct timeline *timeline)
{
    char id[24];
    Marker *found;
    enum err e = marker_get(txn, call->who, timeline->kind, &call->arena, &found);
    if (e)
        return e == ERR_NOTFOUND ? OK : e;
    snprintf(id, sizeof id, "%" PRIu64, found->last_read);
    jw_object(w, timeline->name);
    jw_text(w, "last_read_id", id);
    jw_number(w, "version", found->version);
    jw_time(w, "updated_at", found->updated_ms);
    jw_object_end(w);
    return OK;
}

/* Those of `timelines` whose bit is set, as far as they are known. */
static struct response *answer(struct api_call *call, unsigned wanted)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = api_read(call, &txn);
    struct jw *w = api_json(call);
    jw_object(w, NULL);
    for (size_t i = 0; !e && i < COUNT(timelines); i++)
        if (wanted & 1u << i)
            e = marker(w, call, txn, &timelines[i]);
    jw_object_end(w);
    return e ? api_of_err(e, NULL) : api_answer(call);
}

static struct response *get_markers(struct api_call *call)
{
    const char *name[8];
    size_t n = params_list(&call->params, "timeline[]", name, COUNT(name));
    unsigned wanted = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < COUNT(timelines); k++)
            if (strcmp(name[i], timelines[k].name) == 0)
                wanted |= 1u << k;
    return answer(call, wanted);
}

struct marking {
    struct mutation mutation;
    actor_id who;
    uint64_t last_read[COUNT(timelines)]; /* 0: stays */
    int64_t now_ms;
};

static enum err mark_apply(struct txn *txn, struct mutation *m)
{
    const struct marking *marking = container_of(m, struct marking, mutation);
    enum err e = OK;
    for (size_t i = 0; !e && i < COUNT(timelines); i++)
        if (marking->last_read[i])
            e = marker_put(txn, marking->who, timelines[i].kind, marking->last_read[i],
                           marking->now_ms);
    return e;
}

static struct response *post_markers(struct api_call *call)
{
    struct marking marking = {
        .mutation = {.apply = mark_apply}, .who = call->who, .now_ms = clock_ms()};
    unsigned given = 0;
    for (size_t i = 0; i < COUNT(timelines); i++) {
        if (params_id(&call->params, timelines[i].parameter, &marking.last_read[i]))
            return api_invalid("%s is no id", timelines[i].parameter);
        given |= marking.last_read[i] ? 1u << i : 0;
    }
    enum err e = given ? api_write(call, &marking.mutation) : OK;
    return e ? api_of_err(e, NULL) : answer(call, given);
}

const struct api_route api_markers_routes[] = {
    {"GET", "/api/v1/markers", 2, API_USER, "read:statuses", API_ID_NONE, "{}", 0, get_markers,
     "how far the caller has read"},
    {"POST", "/api/v1/markers", 2, API_USER, "write:statuses", API_ID_NONE, "{}", 0, post_markers,
     "sets how far the caller has read"},
    {0}};
