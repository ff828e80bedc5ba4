#include "node/api/entity.h"
#include "node/api/media_url.h"
#include "storage/edge.h"

#include <inttypes.h>
#include <stdio.h>

#define ID_TEXT_BYTES 24

static void id_text(struct jw *w, const char *name, uint64_t id)
{
    char text[ID_TEXT_BYTES];
    snprintf(text, sizeof text, "%" PRIu64, id);
    jw_text(w, name, text);
}

const char *entity_acct(struct view *view, const Actor *actor)
{
    const char *acct = actor->host[0]
                           ? arena_printf(view->arena, "%s@%s", actor->username, actor->host)
                           : actor->username;
    return acct ? acct : "";
}

void entity_emojis(struct jw *w, const char *name, struct view *view, Emoji *const *emoji, size_t n)
{
    jw_list(w, name);
    for (size_t i = 0; i < n; i++) {
        const char *url = media_url_picture(view, emoji[i]->url);
        jw_object(w, NULL);
        jw_text(w, "shortcode", emoji[i]->shortcode);
        jw_text(w, "url", url);
        jw_text(w, "static_url", url);
        jw_bool(w, "visible_in_picker", true);
        jw_null(w, "category");
        jw_object_end(w);
    }
    jw_list_end(w);
}

static void account_fields(struct jw *w, const Actor *actor)
{
    jw_list(w, "fields");
    for (size_t i = 0; i < actor->n_fields; i++) {
        jw_object(w, NULL);
        jw_text(w, "name", actor->fields[i]->name);
        jw_text(w, "value", actor->fields[i]->value_html);
        jw_null(w, "verified_at");
        jw_object_end(w);
    }
    jw_list_end(w);
}

static void account_members(struct jw *w, struct view *view, const Actor *actor)
{
    const char *avatar = media_url_avatar(view, actor), *header = media_url_header(view, actor);
    id_text(w, "id", actor->id);
    jw_text(w, "username", actor->username);
    jw_text(w, "acct", entity_acct(view, actor));
    jw_text(w, "display_name", actor->display_name);
    jw_bool(w, "locked", actor->is_locked);
    jw_bool(w, "bot", actor->type == ACTOR_TYPE__SERVICE || actor->type == ACTOR_TYPE__APPLICATION);
    jw_bool(w, "discoverable", actor->is_discoverable);
    jw_bool(w, "indexable", false);
    jw_bool(w, "group", actor->type == ACTOR_TYPE__GROUP);
    jw_time(w, "created_at", actor->created_ms);
    jw_text(w, "note", actor->summary_html);
    jw_text(w, "url", actor->url[0] ? actor->url : actor->uri);
    jw_text(w, "uri", actor->uri);
    jw_text(w, "avatar", avatar);
    jw_text(w, "avatar_static", avatar);
    jw_text(w, "header", header);
    jw_text(w, "header_static", header);
    jw_number(w, "followers_count", (int64_t)counter_get(view->txn, COUNTER_FOLLOWERS, actor->id));
    jw_number(w, "following_count", (int64_t)counter_get(view->txn, COUNTER_FOLLOWING, actor->id));
    jw_number(w, "statuses_count", (int64_t)counter_get(view->txn, COUNTER_POSTS, actor->id));
    jw_null(w, "last_status_at");
    jw_bool(w, "hide_collections", false);
    entity_emojis(w, "emojis", view, actor->emoji, actor->n_emoji);
    account_fields(w, actor);
}

enum err entity_account(struct jw *w, const char *name, struct view *view, const Actor *actor)
{
    jw_object(w, name);
    account_members(w, view, actor);
    jw_object_end(w);
    return OK;
}

enum err entity_account_id(struct jw *w, const char *name, struct view *view, actor_id id)
{
    Actor *actor;
    enum err e = view_actor(view, id, &actor);
    return e ? e : entity_account(w, name, view, actor);
}

enum err entity_credential_account(struct jw *w, const char *name, struct view *view,
                                   const Actor *actor, const Account *account)
{
    static const char *const roles[] = {"", "Moderator", "Admin", "Auditor"};
    char role[8];
    snprintf(role, sizeof role, "%d", (int)account->role);
    jw_object(w, name);
    account_members(w, view, actor);
    jw_object(w, "source");
    jw_text(w, "note", "");
    jw_list(w, "fields");
    jw_list_end(w);
    jw_text(w, "privacy", "public");
    jw_bool(w, "sensitive", false);
    jw_text(w, "language", account->language);
    jw_number(w, "follow_requests_count", 0);
    jw_object_end(w);
    jw_object(w, "role");
    jw_text(w, "id", role);
    jw_text(w, "name", account->role < COUNT(roles) ? roles[account->role] : "");
    jw_text(w, "color", "");
    jw_text(w, "permissions", "0");
    jw_bool(w, "highlighted", false);
    jw_object_end(w);
    jw_object_end(w);
    return OK;
}
