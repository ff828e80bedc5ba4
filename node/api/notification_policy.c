/*
 * notification_policy - from whom the caller is told at once, later or never.
 */
#include "node/api/routes.h"
#include "storage/account.h"
#include "storage/request.h"

#include <stddef.h>
#include <string.h>

#define SUMMARY_MAX 100 /* counted up to there, as apps show it */

static const struct kind {
    const char *name, *former; /* the first version asked whether they are filtered out */
    size_t offset;
} kinds[] = {
    {"for_not_following", "filter_not_following", offsetof(NotificationPolicy, not_following)},
    {"for_not_followers", "filter_not_followers", offsetof(NotificationPolicy, not_followers)},
    {"for_new_accounts", "filter_new_accounts", offsetof(NotificationPolicy, new_accounts)},
    {"for_private_mentions", "filter_private_mentions",
     offsetof(NotificationPolicy, private_mentions)},
    {"for_limited_accounts", NULL, offsetof(NotificationPolicy, limited_accounts)},
};

static const char *const verdicts[] = {"accept", "filter", "drop"};

static NotificationVerdict *verdict_of(NotificationPolicy *policy, const struct kind *kind)
{
    return (NotificationVerdict *)(void *)((char *)policy + kind->offset);
}

/* ---- what is answered ----------------------------------------------------------------------- */

static enum err summary(struct jw *w, struct txn *txn, actor_id who)
{
    uint64_t from = UINT64_MAX;
    unsigned requests = 0, notifications = 0;
    enum err e = OK;
    while (!e && requests < SUMMARY_MAX) {
        struct request_summary one;
        e = request_below(txn, who, &from);
        if (!e)
            e = request_get(txn, who, (actor_id){from}, &one);
        if (!e) {
            requests++;
            notifications += one.count;
        }
    }
    jw_object(w, "summary");
    jw_number(w, "pending_requests_count", requests);
    jw_number(w, "pending_notifications_count",
              notifications < SUMMARY_MAX ? notifications : SUMMARY_MAX);
    jw_object_end(w);
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err load(struct txn *txn, actor_id who, struct arena *arena, Account **out_account,
                     NotificationPolicy *out)
{
    *out = (NotificationPolicy)NOTIFICATION_POLICY__INIT;
    enum err e = account_get(txn, who, arena, out_account);
    if (!e && (*out_account)->notifications)
        *out = *(*out_account)->notifications;
    return e;
}

enum version { FORMER, PRESENT };

static struct response *answer(struct api_call *call, enum version version)
{
    AUTO(txn_end) struct txn *txn = NULL;
    NotificationPolicy policy;
    Account *account;
    enum err e = api_read(call, &txn);
    if (!e)
        e = load(txn, call->who, &call->arena, &account, &policy);
    if (e)
        return api_of_err(e, NULL);
    struct jw *w = api_json(call);
    jw_object(w, NULL);
    for (size_t i = 0; i < COUNT(kinds); i++) {
        NotificationVerdict verdict = *verdict_of(&policy, &kinds[i]);
        if (version == PRESENT)
            jw_text(w, kinds[i].name, verdicts[verdict < COUNT(verdicts) ? verdict : 0]);
        else if (kinds[i].former)
            jw_bool(w, kinds[i].former, verdict != NOTIFICATION_VERDICT__ADMIT);
    }
    e = summary(w, txn, call->who);
    jw_object_end(w);
    return e ? api_of_err(e, NULL) : api_answer(call);
}

/* ---- changing it ---------------------------------------------------------------------------- */

struct change {
    struct mutation mutation;
    actor_id who;
    int wanted[COUNT(kinds)]; /* -1: stays as it is */
};

static enum err change_apply(struct txn *txn, struct mutation *m)
{
    const struct change *c = container_of(m, struct change, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4 << 20);
    NotificationPolicy policy;
    Account *account;
    enum err e = load(txn, c->who, &arena, &account, &policy);
    if (e)
        return e;
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (c->wanted[i] >= 0)
            *verdict_of(&policy, &kinds[i]) = (NotificationVerdict)c->wanted[i];
    account->notifications = &policy;
    return account_put(txn, account);
}

/* -1: it was not sent. */
static enum err read_verdict(const struct api_call *call, const char *name, int *out)
{
    const char *text = params_get(&call->params, name);
    *out = -1;
    for (size_t i = 0; text && i < COUNT(verdicts); i++)
        if (strcmp(text, verdicts[i]) == 0)
            *out = (int)i;
    return text && *out < 0 ? ERR_INVALID : OK;
}

static int read_former(const struct api_call *call, const char *name)
{
    if (!name || !params_has(&call->params, name))
        return -1;
    return params_bool(&call->params, name, false) ? NOTIFICATION_VERDICT__FILTER
                                                   : NOTIFICATION_VERDICT__ADMIT;
}

static struct response *patch(struct api_call *call, enum version version)
{
    struct change c = {.mutation = {.apply = change_apply}, .who = call->who};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (version == FORMER)
            c.wanted[i] = read_former(call, kinds[i].former);
        else if (read_verdict(call, kinds[i].name, &c.wanted[i]))
            return api_invalid("%s is accept, filter or drop", kinds[i].name);
    }
    enum err e = api_write(call, &c.mutation);
    return e ? api_of_err(e, NULL) : answer(call, version);
}

static struct response *get_policy(struct api_call *call)
{
    return answer(call, PRESENT);
}

static struct response *get_former_policy(struct api_call *call)
{
    return answer(call, FORMER);
}

static struct response *patch_policy(struct api_call *call)
{
    return patch(call, PRESENT);
}

static struct response *patch_former_policy(struct api_call *call)
{
    return patch(call, FORMER);
}

#define READ "read:notifications"
#define WRITE "write:notifications"

const struct api_route api_notification_policy_routes[] = {
    {"GET", "/api/v2/notifications/policy", 3, API_USER, READ, API_ID_NONE, "NotificationPolicy", 0,
     get_policy, "from whom the caller is told at once, later or never"},
    {"PATCH", "/api/v2/notifications/policy", 3, API_USER, WRITE, API_ID_NONE, "NotificationPolicy",
     0, patch_policy, "changes that: accept, filter or drop"},
    {"GET", "/api/v1/notifications/policy", 3, API_USER, READ, API_ID_NONE, "{}", 0,
     get_former_policy, "the same, as it was asked before"},
    {"PATCH", "/api/v1/notifications/policy", 3, API_USER, WRITE, API_ID_NONE, "{}", 0,
     patch_former_policy, "changes it, as before: filtered or not"},
    {0}};
