#include "node/push/message.h"

#include "federation/multibase.h"
#include "federation/sanitize.h"
#include "federation/uri.h"
#include "node/api/entity.h"
#include "node/api/media_url.h"
#include "storage/edge.h"
#include "storage/notification.h"

#include <string.h>

#define JWT_LIFE_S ((int64_t)12 * 3600) /* a service takes 24 h at most */
#define BODY_CHARACTERS 140
#define TEXT_MAX_BYTES (64 << 10)

/* ---- which ---------------------------------------------------------------------------------- */

static bool is_asked_for(const PushSubscription *subscription, const char *type)
{
    for (size_t i = 0; i < subscription->n_alerts; i++)
        if (strcmp(subscription->alerts[i], type) == 0)
            return true;
    return false;
}

static bool is_of_whom_asked(struct txn *txn, const PushSubscription *subscription, uint64_t from)
{
    switch (subscription->from) {
    case PUSH_FROM__PUSH_ANYONE:
        return true;
    case PUSH_FROM__PUSH_FOLLOWED:
        return edge_has(txn, (struct edge_key){EDGE_FOLLOW, subscription->actor, from});
    case PUSH_FROM__PUSH_FOLLOWERS:
        return edge_has(txn, (struct edge_key){EDGE_FOLLOW, from, subscription->actor});
    default:
        return false;
    }
}

static bool is_to_be_sent(struct view *view, const PushSubscription *subscription,
                          const Notification *n, int64_t now_ms)
{
    const char *type = entity_notification_type(n);
    return type && n->created_ms > now_ms - PUSH_LIFE_MS && is_asked_for(subscription, type) &&
           is_of_whom_asked(view->txn, subscription, n->from) &&
           entity_notification_is_shown(view, n);
}

static enum err choose(struct view *view, const PushSubscription *subscription, int64_t now_ms,
                       struct push_message *out, Notification **out_notification)
{
    out->done = subscription->done;
    *out_notification = NULL;
    for (unsigned i = 0; i < PUSH_SCAN_MAX; i++) {
        Notification *one;
        enum err e = notification_above(view->txn, view->reader, out->done, view->arena, &one);
        if (e)
            return e == ERR_NOTFOUND && i > 0 ? OK : e;
        out->done = one->id;
        if (is_to_be_sent(view, subscription, one, now_ms)) {
            *out_notification = one;
            out->notification = one->id;
            return OK;
        }
    }
    return OK;
}

/* ---- what it says --------------------------------------------------------------------------- */

static const char *title(struct view *view, const char *type, const Actor *from)
{
    static const struct {
        const char *type, *before, *after;
    } texts[] = {
        {"mention", "", " mentioned you"},    {"status", "", " posted"},
        {"reblog", "", " boosted your post"}, {"favourite", "", " favourited your post"},
        {"follow", "", " follows you"},       {"follow_request", "", " asks to follow you"},
        {"poll", "A poll of ", " has ended"}, {"update", "", " edited a post"},
        {"quote", "", " quoted your post"},   {"quoted_update", "", " edited a post you quoted"},
        {"admin.report", "A report by ", ""}};
    const char *name = from->display_name[0] ? from->display_name : entity_acct(view, from);
    for (size_t i = 0; i < COUNT(texts); i++)
        if (strcmp(texts[i].type, type) == 0)
            return arena_printf(view->arena, "%s%.200s%s", texts[i].before, name, texts[i].after);
    return name;
}

/* At most so many characters of it; where it is cut it ends in three dots. */
static const char *shorten(struct arena *arena, const char *text)
{
    size_t n = 0, characters = 0;
    for (; text[n] && characters <= BODY_CHARACTERS; n++)
        characters += ((uint8_t)text[n + 1] & 0xc0) != 0x80;
    while (n && ((uint8_t)text[n] & 0xc0) == 0x80)
        n--;
    return text[n] ? arena_printf(arena, "%.*s...", (int)n, text) : text;
}

static const char *content(struct view *view, const Notification *n)
{
    AUTO(buf_clear) struct buf text = BUF_INIT(TEXT_MAX_BYTES);
    Post *post;
    if (view->api->config->push.content != PUSH_CONTENT_FULL || !n->post ||
        post_get(view->txn, (post_id){n->post}, view->arena, &post))
        return "";
    if (post->summary[0])
        return shorten(view->arena, post->summary);
    if (sanitize_to_text(post->content_html, &text))
        return "";
    const char *kept = arena_strdup(view->arena, buf_text(&text));
    return kept ? shorten(view->arena, kept) : "";
}

static enum err find_sender(struct view *view, const Notification *n, Actor **out)
{
    Post *post;
    if (n->from)
        return view_actor(view, (actor_id){n->from}, out);
    enum err e = post_get(view->txn, (post_id){n->post}, view->arena, &post);
    return e ? e : view_actor(view, (actor_id){post->author}, out);
}

static enum err render(struct view *view, const Notification *n, struct buf *out)
{
    struct jw w = {.buf = out};
    const char *type = entity_notification_type(n);
    Actor *from;
    enum err e = find_sender(view, n, &from);
    if (e)
        return e;
    const char *heading = title(view, type, from), *body = content(view, n);
    if (!heading || !body)
        return ERR_LIMIT;
    jw_object(&w, NULL);
    jw_text(&w, "access_token", "");
    jw_text(&w, "preferred_locale", "en");
    jw_number(&w, "notification_id", (int64_t)n->id);
    jw_text(&w, "notification_type", type);
    jw_text(&w, "icon", media_url_avatar(view, from));
    jw_text(&w, "title", heading);
    jw_text(&w, "body", body);
    jw_object_end(&w);
    return jw_finish(&w);
}

/* ---- ready to go ---------------------------------------------------------------------------- */

static void add_line(struct push_message *message, const char *line)
{
    message->lines[message->line_count++] = line;
}

/* "https://host:port" of the endpoint: up to the third slash. */
static const char *origin(const char *endpoint, struct arena *arena)
{
    const char *host = strstr(endpoint, "://");
    if (!host)
        return NULL;
    size_t n = (size_t)(host - endpoint) + 3 + strcspn(host + 3, "/?#");
    return arena_strndup(arena, (const uint8_t *)endpoint, n);
}

static enum err add_lines(struct view *view, const PushSubscription *subscription,
                          const struct push_key *ours, const struct push_key *once,
                          const uint8_t salt[PUSH_SALT_BYTES], int64_t now_ms,
                          struct push_message *out)
{
    struct arena *arena = view->arena;
    const char *audience = origin(subscription->endpoint, arena), *jwt, *point, *dh, *salted;
    enum err e = audience
                     ? push_jwt(ours, audience, view->base, now_ms / 1000 + JWT_LIFE_S, arena, &jwt)
                     : ERR_INVALID;
    if (e)
        return e;
    point = base64url_encode((struct bytes){ours->point, sizeof ours->point}, arena);
    dh = base64url_encode((struct bytes){once->point, sizeof once->point}, arena);
    salted = base64url_encode((struct bytes){salt, PUSH_SALT_BYTES}, arena);
    add_line(out, "Content-Type: application/octet-stream");
    add_line(out, "TTL: 86400"); /* PUSH_LIFE_MS */
    if (subscription->is_standard) {
        add_line(out, "Content-Encoding: aes128gcm");
        add_line(out, arena_printf(arena, "Authorization: vapid t=%s, k=%s", jwt, point));
    } else {
        add_line(out, "Content-Encoding: aesgcm");
        add_line(out, arena_printf(arena, "Authorization: WebPush %s", jwt));
        add_line(out, arena_printf(arena, "Encryption: salt=%s", salted));
        add_line(out, arena_printf(arena, "Crypto-Key: dh=%s;p256ecdsa=%s", dh, point));
    }
    return point && dh && salted && out->lines[out->line_count - 1] ? OK : ERR_LIMIT;
}

static enum err seal(struct view *view, const PushSubscription *subscription,
                     const struct push_key *ours, struct bytes plain, int64_t now_ms,
                     struct push_message *out)
{
    struct push_reader reader;
    struct push_key once;
    uint8_t salt[PUSH_SALT_BYTES];
    char host[URI_HOST_BYTES];
    if (subscription->point.len != sizeof reader.point ||
        subscription->auth.len != sizeof reader.auth || uri_host(subscription->endpoint, host) ||
        !(out->host = arena_strdup(view->arena, host)))
        return ERR_INVALID;
    memcpy(reader.point, subscription->point.data, sizeof reader.point);
    memcpy(reader.auth, subscription->auth.data, sizeof reader.auth);
    enum err e = push_key_create(&once);
    if (!e)
        e = push_salt_create(salt);
    if (!e)
        e = push_encrypt(subscription->is_standard ? PUSH_AES128GCM : PUSH_AESGCM, &reader, &once,
                         salt, plain, view->arena, &out->body);
    return e ? e : add_lines(view, subscription, ours, &once, salt, now_ms, out);
}

enum err push_message_next(const struct api *api, struct txn *txn,
                           const PushSubscription *subscription, const struct push_key *key,
                           struct arena *arena, int64_t now_ms, struct push_message *out)
{
    AUTO(buf_clear) struct buf plain = BUF_INIT(PUSH_PLAIN_MAX_BYTES);
    const char *base = federation_base(api->fed, arena);
    struct view view = {.txn = txn,
                        .arena = arena,
                        .api = api,
                        .fed = api->fed,
                        .base = base ? base : "",
                        .reader = {subscription->actor},
                        .context = VIEW_NOTIFICATIONS};
    Notification *notification;
    *out = (struct push_message){0};
    enum err e = choose(&view, subscription, now_ms, out, &notification);
    if (e || !notification)
        return e;
    e = render(&view, notification, &plain);
    return e ? e : seal(&view, subscription, key, buf_bytes(&plain), now_ms, out);
}
