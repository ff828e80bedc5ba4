#include "storage/check_rows.h"

#include "storage/marker.h"
#include "storage/push.h"

static void must_be_ours(struct check *check)
{
    Actor *actor = check_record(check, TABLE_ACTOR, check_key_u64(check, 0), &actor__descriptor);
    if (!actor || actor->host[0])
        check_wrong(check, "is of no actor of ours");
}

enum err check_marker(struct check *check)
{
    Marker *marker;
    if (!check_decode(check, &marker__descriptor, &marker))
        return OK;
    must_be_ours(check);
    if (check->key.n != 9 || check->key.p[8] < MARKER_HOME ||
        check->key.p[8] > MARKER_NOTIFICATIONS)
        check_wrong(check, "marks nothing that is known");
    if (!marker->version)
        check_wrong(check, "has no version");
    return OK;
}

enum err check_notification_request(struct check *check)
{
    struct key key = key_ids(check_key_u64(check, 0), check_key_u64(check, 16));
    Notification *notification;
    if (record_get(check->txn, TABLE_NOTIFICATION, key_bytes(&key), &notification__descriptor,
                   &check->arena, &notification))
        check_wrong(check, "names a notification that does not exist");
    else if (!notification->is_filtered || notification->from != check_key_u64(check, 8))
        check_wrong(check, "names a notification that does not wait, or is from somebody else");
    return OK;
}

enum err check_conversation(struct check *check)
{
    ConversationMark *mark;
    if (check_decode(check, &conversation_mark__descriptor, &mark))
        must_be_ours(check);
    return OK;
}

enum err check_push(struct check *check)
{
    PushSubscription *subscription;
    if (!check_decode(check, &push_subscription__descriptor, &subscription))
        return OK;
    must_be_ours(check);
    if (subscription->actor != check_key_u64(check, 0) ||
        subscription->token != check_key_u64(check, 8))
        check_wrong(check, "the record is of another actor or token");
    if (!check_has(check, TABLE_TOKEN_ID, key_id(subscription->token)))
        check_wrong(check, "its token was revoked");
    if (subscription->point.len != PUSH_KEY_BYTES - 32 || !subscription->id)
        check_wrong(check, "has no key or id");
    return OK;
}
