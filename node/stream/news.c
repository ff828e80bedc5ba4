#include "node/stream/news.h"

#include "node/api/filter.h"
#include "node/api/scope.h"
#include "storage/base/clock.h"
#include "storage/notification.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NEWS_ARENA_BYTES ((size_t)32 << 20)
#define RENDER_ARENA_BYTES ((size_t)32 << 20)
#define PAYLOAD_MAX_BYTES ((size_t)1 << 20)
#define ID_TEXT_BYTES 24

static bool is_about_post(EventKind kind)
{
    return kind == EVENT_KIND__EVENT_POST || kind == EVENT_KIND__EVENT_POST_EDITED;
}

enum err news_open(struct news *news, const struct api *api, struct txn *txn, const Event *event)
{
    *news = (struct news){
        .api = api, .txn = txn, .event = event, .arena = ARENA_INIT(NEWS_ARENA_BYTES)};
    for (size_t i = 0; i < NEWS_RENDERED; i++)
        news->rendered[i].json = (struct buf)BUF_INIT(PAYLOAD_MAX_BYTES);
    if (event->kind == EVENT_KIND__EVENT_POST_DELETED)
        news->post = event->gone;
    if (!is_about_post(event->kind))
        return OK;
    enum err e = post_get(txn, (post_id){event->post}, &news->arena, &news->post);
    return e == ERR_NOTFOUND ? OK : e; /* deleted since: that comes as its own event */
}

void news_close(struct news *news)
{
    for (size_t i = 0; i < NEWS_RENDERED; i++)
        buf_clear(&news->rendered[i].json);
    arena_clear(&news->arena);
}

/* ---- rendering ------------------------------------------------------------------------------ */

static enum view_context context_of(const struct channel *channel)
{
    switch (channel->kind) {
    case CHANNEL_USER:
    case CHANNEL_LIST:
        return VIEW_HOME;
    case CHANNEL_NOTIFICATIONS:
        return VIEW_NOTIFICATIONS;
    default:
        return VIEW_PUBLIC;
    }
}

/* The conversation that the post is the last word of. */
static enum err render_conversation(struct news *news, struct view *view, struct jw *w)
{
    struct conversation_walk walk = {.txn = news->txn,
                                     .owner = view->reader,
                                     .before = news->post->id + 1,
                                     .after = news->post->id - 1,
                                     .now_ms = clock_ms()};
    struct conversation *conversation = arena_alloc(view->arena, sizeof *conversation);
    if (!conversation)
        return ERR_LIMIT;
    enum err e = conversation_next(&walk, view->arena, conversation);
    return e ? e : entity_conversation(w, NULL, view, conversation);
}

static enum err render(struct news *news, struct view *view, struct jw *w)
{
    Notification *notification;
    if (view->context == VIEW_THREAD)
        return render_conversation(news, view, w);
    if (news->event->kind != EVENT_KIND__EVENT_NOTIFICATION)
        return entity_status(w, NULL, view, news->post);
    enum err e =
        notification_get(view->txn, view->reader, (notification_id){news->event->notification},
                         view->arena, &notification);
    return e ? e : entity_notification(w, NULL, view, notification);
}

static struct news_rendered *find_rendered(struct news *news, actor_id reader,
                                           enum view_context context)
{
    for (size_t i = 0; i < NEWS_RENDERED; i++) {
        struct news_rendered *r = &news->rendered[i];
        if (r->is_made && r->reader.v == reader.v && r->context == context)
            return r;
    }
    return NULL;
}

/* For this reader, unless that was just done; false: it is not shown to them. */
static bool rendered_for(struct news *news, actor_id reader, enum view_context context,
                         struct bytes *out)
{
    struct news_rendered *r = find_rendered(news, reader, context);
    if (!r) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(RENDER_ARENA_BYTES);
        struct view view = view_for(news->api, news->txn, &arena, reader, context);
        r = &news->rendered[news->n_rendered++ % NEWS_RENDERED];
        buf_reset(&r->json);
        struct jw w = {.buf = &r->json};
        r->reader = reader;
        r->context = context;
        r->is_shown = render(news, &view, &w) == OK && jw_finish(&w) == OK;
        r->is_made = true;
    }
    *out = buf_bytes(&r->json);
    return r->is_shown;
}

/* ---- who is told what ----------------------------------------------------------------------- */

static bool is_history(const struct news *news)
{
    return news->event->kind == EVENT_KIND__EVENT_POST &&
           id_time_ms(news->event->post) + NEWS_AGE_MAX_MS < news->event->at_ms;
}

static bool post_news(struct news *news, const struct channel *channel, actor_id reader,
                      struct news_item *out)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(RENDER_ARENA_BYTES);
    struct view view = view_for(news->api, news->txn, &arena, reader, context_of(channel));
    struct timeline_query query;
    struct filters *filters;
    bool has;
    if (!news->post || is_history(news) || !channel_timeline(channel, reader, &query) ||
        view_filters(&view, &filters))
        return false;
    query.filters = filters;
    query.filter_contexts = view_filter_contexts(&view);
    if (timeline_has(news->txn, &query, news->post, &arena, &has) || !has)
        return false;
    out->event = news->event->kind == EVENT_KIND__EVENT_POST ? "update" : "status.update";
    return rendered_for(news, reader, context_of(channel), &out->payload);
}

/* A direct post is told as the conversation it belongs to. */
static bool conversation_news(struct news *news, actor_id reader, struct news_item *out)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(RENDER_ARENA_BYTES);
    struct timeline_query query = {.kind = TIMELINE_DIRECT, .reader = reader};
    bool has;
    if (!news->post || news->event->kind != EVENT_KIND__EVENT_POST || is_history(news) ||
        timeline_has(news->txn, &query, news->post, &arena, &has) || !has)
        return false;
    out->event = "conversation";
    return rendered_for(news, reader, VIEW_THREAD, &out->payload);
}

static struct bytes id_payload(struct news *news, uint64_t id)
{
    const char *text = arena_printf(&news->arena, "%" PRIu64, id);
    return bytes_of(text ? text : "");
}

static bool delete_news(struct news *news, const struct channel *channel, actor_id reader,
                        struct news_item *out)
{
    struct timeline_query query;
    if (!news->post || !channel_timeline(channel, reader, &query) ||
        !timeline_had(news->txn, &query, news->post))
        return false;
    *out = (struct news_item){"delete", id_payload(news, news->event->post)};
    return true;
}

/* Things of the owner's: on the user's own channels, as far as the token goes. */
static bool owner_news(struct news *news, const struct channel *channel,
                       const struct news_reader *reader, struct news_item *out)
{
    bool is_user = channel->kind == CHANNEL_USER,
         is_notice = channel->kind == CHANNEL_NOTIFICATIONS;
    bool may_read_notices = reader->scopes && scope_covers(reader->scopes, "read:notifications");
    if (!reader->who.v || news->event->owner != reader->who.v)
        return false;
    switch (news->event->kind) {
    case EVENT_KIND__EVENT_NOTIFICATION:
        out->event = "notification";
        return (is_user || is_notice) && may_read_notices &&
               rendered_for(news, reader->who, VIEW_NOTIFICATIONS, &out->payload);
    case EVENT_KIND__EVENT_NOTIFICATIONS_MERGED:
        *out = (struct news_item){"notifications_merged", bytes_of("1")};
        return (is_user || is_notice) && may_read_notices;
    case EVENT_KIND__EVENT_FILTERS:
        *out = (struct news_item){"filters_changed", {0}};
        return is_user;
    default:
        return false;
    }
}

bool news_for(struct news *news, const struct channel *channel, const struct news_reader *reader,
              struct news_item *out)
{
    *out = (struct news_item){0};
    switch (news->event->kind) {
    case EVENT_KIND__EVENT_POST:
    case EVENT_KIND__EVENT_POST_EDITED:
        return channel->kind == CHANNEL_DIRECT ? conversation_news(news, reader->who, out)
                                               : post_news(news, channel, reader->who, out);
    case EVENT_KIND__EVENT_POST_DELETED:
        return delete_news(news, channel, reader->who, out);
    default:
        return owner_news(news, channel, reader, out);
    }
}
