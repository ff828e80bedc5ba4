#include "node/api/told.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum err told_wish_read(const struct api_call *call, struct told_wish *out)
{
    out->n_types = params_list(&call->params, "types[]", out->types, TOLD_TYPES_MAX);
    out->n_excluded = params_list(&call->params, "exclude_types[]", out->excluded, TOLD_TYPES_MAX);
    return params_id(&call->params, "account_id", &out->account);
}

static bool is_among(const char *type, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(type, list[i]) == 0)
            return true;
    return false;
}

bool told_is_wished(struct view *view, const struct told_wish *wish,
                    const Notification *notification)
{
    const char *type = entity_notification_type(notification);
    return type && (!wish->n_types || is_among(type, wish->types, wish->n_types)) &&
           !is_among(type, wish->excluded, wish->n_excluded) &&
           (!wish->account || wish->account == notification->from) &&
           entity_notification_is_shown(view, notification);
}

void told_key(const Notification *n, const char *const *grouped, size_t n_grouped,
              char out[TOLD_KEY_BYTES])
{
    const char *type = entity_notification_type(n);
    int64_t window = n->created_ms / TOLD_WINDOW_MS;
    bool is_of_post = type && (!strcmp(type, "favourite") || !strcmp(type, "reblog"));
    if (type && is_of_post && is_among(type, grouped, n_grouped))
        snprintf(out, TOLD_KEY_BYTES, "%s-%" PRIu64 "-%" PRId64, type, n->post, window);
    else if (type && !strcmp(type, "follow") && is_among(type, grouped, n_grouped))
        snprintf(out, TOLD_KEY_BYTES, "follow-%" PRId64, window);
    else
        snprintf(out, TOLD_KEY_BYTES, "ungrouped-%" PRIu64, n->id);
}

enum err told_window(const char *key, int64_t *out_ms)
{
    const char *last = strrchr(key, '-');
    uint64_t window;
    bool is_group = strncmp(key, "favourite-", 10) == 0 || strncmp(key, "reblog-", 7) == 0 ||
                    strncmp(key, "follow-", 7) == 0;
    if (!is_group || !last || id_parse(last + 1, &window) ||
        window > INT64_MAX / TOLD_WINDOW_MS - 1)
        return ERR_NOTFOUND;
    *out_ms = (int64_t)window * TOLD_WINDOW_MS;
    return OK;
}
