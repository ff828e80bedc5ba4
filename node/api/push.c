/*
 * push - where an app wants to be woken when something is told: one subscription a token.
 */
#include "storage/push.h"
#include "federation/guard.h"
#include "federation/multibase.h"
#include "federation/uri.h"
#include "node/api/routes.h"
#include "node/push/key.h"
#include "storage/base/clock.h"
#include "storage/notification.h"

#include <stdio.h>
#include <string.h>

#define KEY_TEXT_MAX_BYTES 128 /* 65 bytes in base64 are 88 */

static const char *const alerts[] = {
    "mention", "status", "reblog", "follow",        "follow_request", "favourite",
    "poll",    "update", "quote",  "admin.sign_up", "admin.report",
};
static const char *const policies[] = {[PUSH_FROM__PUSH_ANYONE] = "all",
                                       [PUSH_FROM__PUSH_FOLLOWED] = "followed",
                                       [PUSH_FROM__PUSH_FOLLOWERS] = "follower",
                                       [PUSH_FROM__PUSH_NOBODY] = "none"};

/* ---- the entity ----------------------------------------------------------------------------- */

static bool has_alert(const PushSubscription *subscription, const char *type)
{
    for (size_t i = 0; i < subscription->n_alerts; i++)
        if (strcmp(subscription->alerts[i], type) == 0)
            return true;
    return false;
}

static struct response *answer(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    PushSubscription *found;
    enum err e = api_read(call, &txn);
    if (!e)
        e = push_get(txn, call->who, call->token->id, &call->arena, &found);
    if (e)
        return api_of_err(e, NULL);
    struct jw *w = api_json(call);
    jw_object(w, NULL);
    jw_number(w, "id", found->id);
    jw_text(w, "endpoint", found->endpoint);
    jw_text(w, "server_key", push_public_key(txn, &call->arena));
    jw_object(w, "alerts");
    for (size_t i = 0; i < COUNT(alerts); i++)
        jw_bool(w, alerts[i], has_alert(found, alerts[i]));
    jw_object_end(w);
    jw_text(w, "policy", found->from < COUNT(policies) ? policies[found->from] : "none");
    jw_bool(w, "standard", found->is_standard);
    jw_object_end(w);
    return api_answer(call);
}

/* ---- what is asked -------------------------------------------------------------------------- */

/* base64 in either alphabet, with or without its padding: apps send all four. */
static enum err read_key(struct api_call *call, const char *name, size_t bytes,
                         ProtobufCBinaryData *out)
{
    char text[KEY_TEXT_MAX_BYTES + 1];
    const char *given = params_get(&call->params, name);
    size_t n = given ? strcspn(given, "=") : 0;
    struct bytes key;
    if (!n || n > KEY_TEXT_MAX_BYTES)
        return ERR_INVALID;
    for (size_t i = 0; i < n; i++)
        text[i] = given[i] == '+' ? '-' : given[i] == '/' ? '_' : given[i];
    text[n] = '\0';
    if (base64url_decode(bytes_of(text), &call->arena, &key) || key.n != bytes)
        return ERR_INVALID;
    *out = (ProtobufCBinaryData){key.n, (uint8_t *)key.p};
    return OK;
}

/* Which types, and of whom. */
static enum err read_data(struct api_call *call, PushSubscription *out)
{
    const char *policy = params_get(&call->params, "data[policy]");
    out->alerts = arena_calloc(&call->arena, COUNT(alerts), sizeof *out->alerts);
    if (!out->alerts)
        return ERR_LIMIT;
    out->n_alerts = 0;
    for (size_t i = 0; i < COUNT(alerts); i++) {
        char name[64];
        snprintf(name, sizeof name, "data[alerts][%s]", alerts[i]);
        if (params_bool(&call->params, name, false))
            out->alerts[out->n_alerts++] = (char *)alerts[i];
    }
    out->from = PUSH_FROM__PUSH_ANYONE;
    for (size_t i = 0; policy && i < COUNT(policies); i++)
        if (strcmp(policy, policies[i]) == 0)
            out->from = (PushFrom)i;
    return OK;
}

static enum err read_subscription(struct api_call *call, PushSubscription *out, struct why *why)
{
    const char *endpoint = params_get(&call->params, "subscription[endpoint]");
    if (!endpoint || !*endpoint || strlen(endpoint) > URI_MAX_BYTES)
        return why_set(why, ERR_INVALID, "Endpoint can't be blank");
    enum err e = guard_uri(call->fed->config, endpoint, why);
    if (e)
        return e;
    if (read_key(call, "subscription[keys][p256dh]", PUSH_POINT_BYTES, &out->point) ||
        !push_point_is_good(out->point.data))
        return why_set(why, ERR_INVALID, "Key p256dh is no P-256 key");
    if (read_key(call, "subscription[keys][auth]", PUSH_AUTH_BYTES, &out->auth))
        return why_set(why, ERR_INVALID, "Key auth is no 16 bytes in base64");
    out->endpoint = (char *)endpoint;
    out->is_standard = params_bool(&call->params, "subscription[standard]", false);
    out->actor = call->who.v;
    out->token = call->token->id;
    out->created_ms = clock_ms();
    return read_data(call, out);
}

/* ---- routes --------------------------------------------------------------------------------- */

struct subscribing {
    struct mutation mutation;
    PushSubscription subscription;
};

/* What was told before is not sent. */
static enum err subscribe_apply(struct txn *txn, struct mutation *m)
{
    struct subscribing *s = container_of(m, struct subscribing, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    Notification *newest;
    s->subscription.id = 0;
    enum err e =
        notification_next(txn, (actor_id){s->subscription.actor}, UINT64_MAX, &arena, &newest);
    s->subscription.done = e ? 0 : newest->id;
    return e && e != ERR_NOTFOUND ? e : push_put(txn, &s->subscription);
}

static struct response *post_subscription(struct api_call *call)
{
    struct subscribing s = {.mutation = {.apply = subscribe_apply}};
    struct why why = {""};
    push_subscription__init(&s.subscription);
    enum err e = read_subscription(call, &s.subscription, &why);
    if (!e)
        e = api_write(call, &s.mutation);
    return e == ERR_DENIED ? api_invalid("%s", why.text) : e ? api_of_err(e, &why) : answer(call);
}

static enum err change_apply(struct txn *txn, struct mutation *m)
{
    struct subscribing *s = container_of(m, struct subscribing, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    PushSubscription *found;
    enum err e =
        push_get(txn, (actor_id){s->subscription.actor}, s->subscription.token, &arena, &found);
    if (e)
        return e;
    found->alerts = s->subscription.alerts;
    found->n_alerts = s->subscription.n_alerts;
    found->from = s->subscription.from;
    return push_put(txn, found);
}

static struct response *put_subscription(struct api_call *call)
{
    struct subscribing s = {.mutation = {.apply = change_apply}};
    push_subscription__init(&s.subscription);
    s.subscription.actor = call->who.v;
    s.subscription.token = call->token->id;
    enum err e = read_data(call, &s.subscription);
    if (!e)
        e = api_write(call, &s.mutation);
    return e ? api_of_err(e, NULL) : answer(call);
}

static struct response *get_subscription(struct api_call *call)
{
    return answer(call);
}

static enum err unsubscribe_apply(struct txn *txn, struct mutation *m)
{
    const struct subscribing *s = container_of(m, struct subscribing, mutation);
    enum err e = push_del(txn, (actor_id){s->subscription.actor}, s->subscription.token);
    return e == ERR_NOTFOUND ? OK : e;
}

static struct response *delete_subscription(struct api_call *call)
{
    struct subscribing s = {.mutation = {.apply = unsubscribe_apply}};
    s.subscription.actor = call->who.v;
    s.subscription.token = call->token->id;
    enum err e = api_write(call, &s.mutation);
    return e ? api_of_err(e, NULL) : api_answer_empty(call);
}

#define PATH "/api/v1/push/subscription"
#define ANSWER "WebPushSubscription"

const struct api_route api_push_routes[] = {{"POST", PATH, 2, API_USER, "push", API_ID_NONE, ANSWER,
                                             0, post_subscription,
                                             "where this app wants to be woken"},
                                            {"GET", PATH, 2, API_USER, "push", API_ID_NONE, ANSWER,
                                             0, get_subscription, "what this app asked for"},
                                            {"PUT", PATH, 2, API_USER, "push", API_ID_NONE, ANSWER,
                                             0, put_subscription, "of what this app is told"},
                                            {"DELETE", PATH, 2, API_USER, "push", API_ID_NONE, "{}",
                                             0, delete_subscription, "this app is woken no more"},
                                            {0}};
