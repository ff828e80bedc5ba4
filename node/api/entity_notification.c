#include "federation/notice.h"
#include "node/api/entity.h"
#include "node/api/filter.h"
#include "storage/base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ID_TEXT_BYTES 24

/* Reactions that say no more than a favourite does. The others apps cannot show: a cross or a
 * question mark told as a favourite would say the opposite of what was meant. */
static bool is_liking(const char *emoji)
{
    static const char *const likes[] = {
        "\u2764",     "\u2764\ufe0f", "\u2b50",     "\u2b50\ufe0f",
        "\U0001F44D", "\U0001F44F",   "\U0001F64F",
    };
    for (size_t i = 0; i < COUNT(likes); i++)
        if (strcmp(emoji, likes[i]) == 0)
            return true;
    return false;
}

const char *entity_notification_type(const Notification *notification)
{
    switch (notification->type) {
    case NOTIFICATION_TYPE__MENTION:
        return "mention";
    case NOTIFICATION_TYPE__FOLLOW:
        return "follow";
    case NOTIFICATION_TYPE__FOLLOW_REQUEST:
        return "follow_request";
    case NOTIFICATION_TYPE__LIKE:
        return "favourite";
    case NOTIFICATION_TYPE__REACTION:
        return is_liking(notification->text) ? "favourite" : NULL;
    case NOTIFICATION_TYPE__BOOST:
        return "reblog";
    case NOTIFICATION_TYPE__UPDATE:
        return "update";
    case NOTIFICATION_TYPE__POLL_ENDED:
        return "poll";
    case NOTIFICATION_TYPE__QUOTED:
        return "quote";
    case NOTIFICATION_TYPE__QUOTED_UPDATE:
        return "quoted_update";
    case NOTIFICATION_TYPE__REPORTED:
        return "admin.report";
    case NOTIFICATION_TYPE__POSTED:
        return "status";
    default:
        return NULL;
    }
}

/* The account an app shows it with: a poll's end comes from nobody when the poll is one's own. */
static enum err find_account(struct view *view, const Notification *notification, Actor **out)
{
    Post *post;
    actor_id from = {notification->from};
    enum err e = OK;
    if (!from.v && notification->post) {
        e = post_get(view->txn, (post_id){notification->post}, view->arena, &post);
        from.v = e ? 0 : post->author;
    }
    if (!e && !from.v)
        e = ERR_NOTFOUND;
    return e ? e : view_actor(view, from, out);
}

static void id_text(struct jw *w, const char *name, const char *prefix, uint64_t id)
{
    char text[ID_TEXT_BYTES];
    snprintf(text, sizeof text, "%" PRIu64, id);
    jw_text2(w, name, prefix, text);
}

/* What a filter of the reader's hides; none hides their own posts. */
static bool is_hidden(struct view *view, const Notification *notification)
{
    Post *post;
    return notification->post &&
           post_get(view->txn, (post_id){notification->post}, view->arena, &post) == OK &&
           filter_hides(view, post);
}

bool entity_notification_is_shown(struct view *view, const Notification *notification)
{
    return entity_notification_type(notification) &&
           notice_is_shown(view->txn, view->reader, notification, clock_ms()) &&
           !is_hidden(view, notification);
}

enum err entity_notification(struct jw *w, const char *name, struct view *view,
                             const Notification *notification)
{
    Actor *account;
    Post *post = NULL;
    if (!entity_notification_is_shown(view, notification))
        return ERR_NOTFOUND;
    enum err e = find_account(view, notification, &account);
    if (!e && notification->post)
        e = post_get(view->txn, (post_id){notification->post}, view->arena, &post);
    if (e)
        return e;
    jw_object(w, name);
    id_text(w, "id", "", notification->id);
    jw_text(w, "type", entity_notification_type(notification));
    jw_time(w, "created_at", notification->created_ms);
    id_text(w, "group_key", "ungrouped-", notification->id);
    e = entity_account(w, "account", view, account);
    if (!e && post)
        e = entity_status(w, "status", view, post);
    jw_object_end(w);
    return e;
}
