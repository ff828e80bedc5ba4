#include "federation/act/common.h"

#include "federation/notice.h"

#include <string.h>

enum act_verdict act_need_post(struct act *act, struct txn *txn, const char *uri,
                               struct act_answer *answer, post_id *out)
{
    *out = (post_id){0};
    if (post_find(txn, uri, out) == OK)
        return ACT_DONE;

    char host[URI_HOST_BYTES];
    peer_id peer;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    Tombstone *tombstone;
    Want *want;

    if (federation_own_path(act->fed, uri) || uri_host(uri, host) ||
        strcmp(host, act->fed->config->host) == 0)
        act->outcome = "ignored: no such post here";
    else if (tombstone_get(txn, uri, &arena, &tombstone) == OK)
        act->outcome = "ignored: that post was deleted";
    else if (policy_admit(txn, act->fed->config, host, act->now_ms, &peer, NULL))
        act->outcome = "ignored: the post's host is no peer";
    else if (want_get(txn, uri, &arena, &want) == OK && want->failed_ms)
        act->outcome = "ignored: the post could not be fetched";
    else {
        answer->needs = uri;
        answer->needs_kind = WANT_KIND__OBJECT_DOCUMENT;
        return ACT_NEEDS;
    }
    return ACT_DONE;
}

enum err act_queue_json(struct txn *txn, const struct federation *fed, const char *type,
                        const char *uri, struct bytes json, actor_id who, actor_id whom,
                        uint64_t subject, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    AUTO(destinations_clear) struct destinations list = {0};
    enum err e = destinations_add_actor(txn, &list, whom, &arena);
    if (e)
        return e;

    OutJob job = OUT_JOB__INIT;
    size_t queued;
    job.actor = who.v;
    job.activity_type = (char *)type;
    job.activity_uri = (char *)uri;
    job.subject = subject;
    job.visibility = VISIBILITY__PUBLIC; /* carries no content of a post */
    return destinations_queue(txn, fed, &list, json, &job, now_ms, &queued);
}

enum err act_queue_plain(struct txn *txn, const struct federation *fed,
                         const struct plain_activity *activity, actor_id who, actor_id whom,
                         uint64_t subject, int64_t now_ms)
{
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    enum err e = document_plain(activity, &json);
    return e ? e
             : act_queue_json(txn, fed, activity->type, activity->id, buf_bytes(&json), who, whom,
                              subject, now_ms);
}

const char *act_new_uri(struct txn *txn, const Actor *actor, const char *what, int64_t now_ms,
                        struct arena *arena)
{
    uint64_t id;
    if (id_next(txn, now_ms, &id))
        return NULL;
    return arena_printf(arena, "%s/%s/%llu", actor->uri, what, (unsigned long long)id);
}

const char *act_undo_mark(const char *activity_uri, const char *actor_uri, struct arena *arena)
{
    return arena_printf(arena, "%s undone by %s", activity_uri, actor_uri);
}

bool act_is_undone(struct txn *txn, const struct act *act)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    Tombstone *tombstone;
    if (!act->activity->id)
        return false;
    const char *mark = act_undo_mark(act->activity->id, act->activity->actor, &arena);
    return mark && tombstone_get(txn, mark, &arena, &tombstone) == OK;
}

enum err act_notify(struct txn *txn, const Actor *whom, NotificationType type, actor_id from,
                    post_id post, int64_t now_ms)
{
    return act_notify_text(txn, whom, type, from, post, "", now_ms);
}

enum err act_notify_text(struct txn *txn, const Actor *whom, NotificationType type, actor_id from,
                         post_id post, const char *text, int64_t now_ms)
{
    if (whom->host[0] || whom->id == from.v)
        return OK; /* remote people are told by their own node */
    Notification notification = NOTIFICATION__INIT;
    notification.type = type;
    notification.from = from.v;
    notification.post = post.v;
    notification.text = (char *)text;
    if (!notice_is_wanted(txn, (actor_id){whom->id}, &notification, now_ms))
        return OK; /* whom one does not want to hear of */
    NotificationVerdict verdict = notice_judge(txn, (actor_id){whom->id}, &notification, now_ms);
    if (verdict == NOTIFICATION_VERDICT__DROP)
        return OK;
    notification.is_filtered = verdict == NOTIFICATION_VERDICT__FILTER;
    enum err e = notification_add(txn, (actor_id){whom->id}, &notification, now_ms);
    return e == ERR_EXISTS ? OK : e;
}

void act_policy_merge(InteractionPolicy *out, const InteractionPolicy *first,
                      const InteractionPolicy *then)
{
    static const InteractionPolicy silent = INTERACTION_POLICY__INIT;
    const InteractionPolicy *a = first ? first : &silent, *b = then ? then : &silent;
    out->reply = a->reply ? a->reply : b->reply;
    out->boost = a->boost ? a->boost : b->boost;
    out->quote = a->quote ? a->quote : b->quote;
    out->like = a->like ? a->like : b->like;
}
