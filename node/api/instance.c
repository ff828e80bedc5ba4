/*
 * instance - what the node says of itself: who runs it, what it takes, what may be read here.
 *
 * Everything said is what holds: limits are those that are enforced, and what does not work is not
 * announced.
 *
 * Source   Mastodon API entities Instance, V1::Instance, 4.3
 */
#include "federation/act/post.h"
#include "federation/act/vote.h"
#include "federation/markup.h"
#include "node/api/entity.h"
#include "node/api/routes.h"
#include "node/api/status_draft.h"
#include "node/media/media.h"
#include "node/push/key.h"
#include "storage/edge.h"
#include "storage/peer.h"

#include <stdio.h>
#include <string.h>

/* What apps choose their calls by: three numbers first, for Mastodon.py. */
#define LIKE_VERSION "4.3.0 (compatible; Ward " VERSION ")"
/* Generation of Mastodon's API that all calls are up to; 0: none is claimed. */
#define API_GENERATION 4

/* Nothing is asked of these; apps want a number. */
#define FRAME_RATE_MAX 120
#define FILM_PIXELS_MAX 33177600 /* 7680 x 4320 */

static const char *const media_types[] = {
    "image/jpeg", "image/png",   "image/gif",       "image/webp", "image/heic", "image/heif",
    "image/avif", "video/mp4",   "video/quicktime", "audio/mpeg", "audio/mp3",  "audio/mp4",
    "audio/m4a",  "audio/x-m4a", "audio/ogg",       "audio/wav",  "audio/x-wav"};

static const char *title_of(const struct api_call *call)
{
    const char *title = call->api->config->about.title;
    return title ? title : call->fed->config->host;
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

/* ---- members of both ---- */

static void config_statuses(struct jw *w, const struct config *config)
{
    jw_object(w, "statuses");
    jw_number(w, "max_characters", config->api.post_max_characters);
    jw_number(w, "max_media_attachments", STATUS_MEDIA_MAX);
    jw_number(w, "characters_reserved_per_url", MARKUP_URL_CHARACTERS);
    jw_object_end(w);
}

static void config_media(struct jw *w, const struct config *config)
{
    int64_t most = config->limits.upload_max_bytes, picture_most = (int64_t)MEDIA_PICTURE_MAX_BYTES;
    jw_object(w, "media_attachments");
    jw_list(w, "supported_mime_types");
    for (size_t i = 0; i < COUNT(media_types); i++)
        jw_text(w, NULL, media_types[i]);
    jw_list_end(w);
    jw_number(w, "description_limit", ACT_ALT_MAX_CHARACTERS);
    jw_number(w, "image_size_limit", most < picture_most ? most : picture_most);
    jw_number(w, "image_matrix_limit", MEDIA_PIXELS_MAX);
    jw_number(w, "video_size_limit", most);
    jw_number(w, "video_frame_rate_limit", FRAME_RATE_MAX);
    jw_number(w, "video_matrix_limit", FILM_PIXELS_MAX);
    jw_object_end(w);
}

static void config_limits(struct jw *w, const struct config *config)
{
    jw_object(w, "accounts");
    jw_number(w, "max_featured_tags", 0);
    jw_number(w, "max_pinned_statuses", ACT_PINS_MAX);
    jw_number(w, "max_profile_fields", AS2_FIELDS_MAX);
    jw_object_end(w);
    config_statuses(w, config);
    config_media(w, config);
    jw_object(w, "polls");
    jw_number(w, "max_options", AS2_OPTIONS_MAX);
    jw_number(w, "max_characters_per_option", ACT_POLL_OPTION_MAX_CHARACTERS);
    jw_number(w, "min_expiration", 1);
    jw_number(w, "max_expiration", ACT_POLL_OPEN_MAX_MS / 1000);
    jw_object_end(w);
}

static void add_rules(struct jw *w, const char *name, const struct config *config)
{
    jw_list(w, name);
    for (size_t i = 0; i < config->about.rules.n; i++) {
        char id[24];
        snprintf(id, sizeof id, "%zu", i + 1);
        jw_object(w, NULL);
        jw_text(w, "id", id);
        jw_text(w, "text", config->about.rules.item[i]);
        jw_text(w, "hint", "");
        jw_object(w, "translations");
        jw_object_end(w);
        jw_object_end(w);
    }
    jw_list_end(w);
}

static void add_languages(struct jw *w, const struct config *config)
{
    jw_list(w, "languages");
    for (size_t i = 0; i < config->about.languages.n; i++)
        jw_text(w, NULL, config->about.languages.item[i]);
    jw_list_end(w);
}

/* The account that people may turn to; null when there is none, or no such one. */
static enum err add_contact(struct jw *w, const char *name, struct view *view)
{
    const char *contact = view->api->config->about.contact_account;
    actor_id who;
    enum err e = contact ? actor_find_handle(view->txn, contact, &who) : ERR_NOTFOUND;
    if (!e)
        return entity_account_id(w, name, view, who);
    if (e == ERR_NOTFOUND)
        jw_null(w, name);
    return e == ERR_NOTFOUND ? OK : e;
}

static const char *streaming_url(const struct view *view)
{
    bool is_https = strncmp(view->base, "https:", 6) == 0;
    const char *host = strstr(view->base, "://");
    const char *url =
        arena_printf(view->arena, "%s%s", is_https ? "wss" : "ws", host ? host : "://");
    return url ? url : "";
}

static const char *picture_url(struct api_call *call)
{
    return api_url(call, "/static/header.png");
}

/* ---- version 2 ---- */

static void add_access(struct jw *w, const char *name, const char *to_whom)
{
    jw_object(w, name);
    jw_text(w, "local", to_whom);
    jw_text(w, "remote", to_whom);
    jw_object_end(w);
}

static void add_configuration(struct jw *w, struct api_call *call, const struct view *view)
{
    const struct config *config = call->api->config;
    const char *to_whom = config->api.is_public ? "public" : "authenticated";
    jw_object(w, "configuration");
    jw_object(w, "urls");
    jw_text(w, "streaming", streaming_url(view));
    jw_text(w, "about", api_url(call, "/about"));
    jw_null(w, "privacy_policy");
    jw_null(w, "terms_of_service");
    jw_object_end(w);
    jw_object(w, "vapid");
    jw_text(w, "public_key", push_public_key(view->txn, view->arena));
    jw_object_end(w);
    config_limits(w, config);
    jw_object(w, "translation");
    jw_bool(w, "enabled", false);
    jw_object_end(w);
    jw_object(w, "timelines_access");
    add_access(w, "live_feeds", to_whom);
    add_access(w, "hashtag_feeds", to_whom);
    add_access(w, "trending_link_feeds", "disabled");
    jw_object_end(w);
    jw_bool(w, "limited_federation", call->fed->config->mode != FEDERATION_OPEN);
    jw_object_end(w);
}

static void add_usage(struct jw *w, const struct view *view)
{
    jw_object(w, "usage");
    jw_object(w, "users");
    jw_number(w, "active_month", (int64_t)counter_get(view->txn, COUNTER_STORE, STORE_ACCOUNTS));
    jw_object_end(w);
    jw_object_end(w);
}

static void add_registrations(struct jw *w)
{
    jw_object(w, "registrations"); /* administrators make the accounts */
    jw_bool(w, "enabled", false);
    jw_bool(w, "approval_required", false);
    jw_bool(w, "reason_required", false);
    jw_null(w, "message");
    jw_null(w, "url");
    jw_null(w, "min_age");
    jw_object_end(w);
    jw_object(w, "api_versions");
    if (API_GENERATION)
        jw_number(w, "mastodon", API_GENERATION);
    jw_object_end(w);
}

static enum err add_instance_v2(struct jw *w, struct api_call *call, struct view *view)
{
    const struct config *config = call->api->config;
    jw_object(w, NULL);
    jw_text(w, "domain", call->fed->config->host);
    jw_text(w, "title", title_of(call));
    jw_text(w, "version", LIKE_VERSION);
    jw_text(w, "source_url", "");
    jw_text(w, "description", or_empty(config->about.description));
    add_usage(w, view);
    jw_object(w, "thumbnail");
    jw_text(w, "url", picture_url(call));
    jw_null(w, "blurhash");
    jw_object(w, "versions");
    jw_object_end(w);
    jw_object_end(w);
    jw_list(w, "icon");
    jw_list_end(w);
    add_languages(w, config);
    add_configuration(w, call, view);
    add_registrations(w);
    jw_object(w, "contact");
    jw_text(w, "email", or_empty(config->about.contact_email));
    enum err e = add_contact(w, "account", view);
    jw_object_end(w);
    add_rules(w, "rules", config);
    jw_object_end(w);
    return e;
}

/* ---- version 1 ---- */

static enum err add_stats(struct jw *w, struct view *view)
{
    int64_t known = 0;
    peer_id at = {0};
    enum err e;
    for (;; known++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(64 << 10);
        Peer *peer;
        if ((e = peer_next(view->txn, at, &arena, &peer)))
            break;
        at.v = peer->id;
    }
    jw_object(w, "stats");
    jw_number(w, "user_count", (int64_t)counter_get(view->txn, COUNTER_STORE, STORE_ACCOUNTS));
    jw_number(w, "status_count", (int64_t)counter_get(view->txn, COUNTER_STORE, STORE_OPEN_POSTS));
    jw_number(w, "domain_count", known);
    jw_object_end(w);
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err add_instance_v1(struct jw *w, struct api_call *call, struct view *view)
{
    const struct config *config = call->api->config;
    jw_object(w, NULL);
    jw_text(w, "uri", call->fed->config->host);
    jw_text(w, "title", title_of(call));
    jw_text(w, "short_description", or_empty(config->about.description));
    jw_text(w, "description", or_empty(config->about.description));
    jw_text(w, "email", or_empty(config->about.contact_email));
    jw_text(w, "version", LIKE_VERSION);
    jw_object(w, "urls");
    jw_text(w, "streaming_api", streaming_url(view));
    jw_object_end(w);
    enum err e = add_stats(w, view);
    jw_text(w, "thumbnail", picture_url(call));
    add_languages(w, config);
    jw_bool(w, "registrations", false);
    jw_bool(w, "approval_required", false);
    jw_bool(w, "invites_enabled", false);
    jw_number(w, "max_toot_chars", config->api.post_max_characters);
    jw_object(w, "configuration");
    config_limits(w, config);
    jw_object_end(w);
    if (!e)
        e = add_contact(w, "contact_account", view);
    add_rules(w, "rules", config);
    jw_object_end(w);
    return e;
}

/* ---- calls ---- */

static struct response *answer(struct api_call *call,
                               enum err (*add)(struct jw *w, struct api_call *call,
                                               struct view *view))
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = api_read(call, &txn);
    if (e)
        return api_of_err(e, NULL);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    e = add(api_json(call), call, &view);
    return e ? api_of_err(e, NULL) : api_answer(call);
}

static struct response *get_v1(struct api_call *call)
{
    return answer(call, add_instance_v1);
}

static struct response *get_v2(struct api_call *call)
{
    return answer(call, add_instance_v2);
}

static struct response *get_rules(struct api_call *call)
{
    add_rules(api_json(call), NULL, call->api->config);
    return api_answer(call);
}

#define ROW(PATH, ANSWERS, RUN, ABOUT)                                                             \
    {                                                                                              \
        .method = "GET", .path = PATH, .tier = 1, .who = API_PUBLIC, .answers = ANSWERS,           \
        .run = RUN, .about = ABOUT                                                                 \
    }

const struct api_route api_instance_routes[] = {
    ROW("/api/v1/instance", "InstanceV1", get_v1, "what the node is and takes"),
    ROW("/api/v2/instance", "InstanceV2", get_v2, "what the node is and takes"),
    ROW("/api/v1/instance/rules", "[Rule]", get_rules, "the rules of the node"),
    {0}};
