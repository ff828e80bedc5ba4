/*
 * notification_policy - who may tell the caller something: anyone, for now. Apps ask at their
 * start, and take a 404 for a fault.
 */
#include "node/api/routes.h"

static const char *const kinds[] = {"for_not_following", "for_not_followers", "for_new_accounts",
                                    "for_private_mentions", "for_limited_accounts"};
/* The first version asked whether they are filtered out. */
static const char *const former_kinds[] = {"filter_not_following", "filter_not_followers",
                                           "filter_new_accounts", "filter_private_mentions"};

static void summary(struct jw *w)
{
    jw_object(w, "summary");
    jw_number(w, "pending_requests_count", 0);
    jw_number(w, "pending_notifications_count", 0);
    jw_object_end(w);
}

static struct response *get_policy(struct api_call *call)
{
    struct jw *w = api_json(call);
    jw_object(w, NULL);
    for (size_t i = 0; i < COUNT(kinds); i++)
        jw_text(w, kinds[i], "accept");
    summary(w);
    jw_object_end(w);
    return api_answer(call);
}

static struct response *get_former_policy(struct api_call *call)
{
    struct jw *w = api_json(call);
    jw_object(w, NULL);
    for (size_t i = 0; i < COUNT(former_kinds); i++)
        jw_bool(w, former_kinds[i], false);
    summary(w);
    jw_object_end(w);
    return api_answer(call);
}

static struct response *get_requests(struct api_call *call)
{
    struct jw *w = api_json(call);
    jw_list(w, NULL);
    jw_list_end(w);
    return api_answer(call);
}

#define READ "read:notifications"

const struct api_route api_notification_policy_routes[] = {
    {"GET", "/api/v2/notifications/policy", 3, API_USER, READ, API_ID_NONE, "NotificationPolicy", 0,
     get_policy, "who may tell the caller something: anyone"},
    {"GET", "/api/v1/notifications/policy", 3, API_USER, READ, API_ID_NONE, "{}", 0,
     get_former_policy, "the same, as it was asked before"},
    {"GET", "/api/v1/notifications/requests", 3, API_USER, READ, API_ID_NONE, "[]", 0, get_requests,
     "what waits to be let through: nothing"},
    {0}};
