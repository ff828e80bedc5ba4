#include "federation/policy.h"
#include "node/api/entity.h"
#include "node/api/media_url.h"
#include "storage/edge.h"
#include "storage/stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define ID_TEXT_BYTES 24
#define LAST_POST_LOOKS 10
#define LAST_POST_ARENA_BYTES ((size_t)16 << 20)
#define FOLLOW_REQUESTS_COUNTED 1000

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

void entity_emoji(struct jw *w, struct view *view, const Emoji *emoji)
{
    const char *url = media_url_picture(view, emoji->url);
    jw_object(w, NULL);
    jw_text(w, "shortcode", emoji->shortcode);
    jw_text(w, "url", url);
    jw_text(w, "static_url", url);
    jw_bool(w, "visible_in_picker", true);
    jw_null(w, "category");
    jw_object_end(w);
}

void entity_emojis(struct jw *w, const char *name, struct view *view, Emoji *const *emoji, size_t n)
{
    jw_list(w, name);
    for (size_t i = 0; i < n; i++)
        entity_emoji(w, view, emoji[i]);
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

/* How many of their posts a reader may know of: what else there is, and for whom, is nobody's
 * business. */
static int64_t posts_known(struct view *view, const Actor *actor)
{
    bool is_own = view->reader.v == actor->id;
    return (int64_t)counter_get(view->txn, is_own ? COUNTER_POSTS : COUNTER_OPEN_POSTS, actor->id);
}

/* The day of the last post that is no secret; 0: none among the last few. */
static int64_t last_post_ms(struct view *view, const Actor *actor)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(LAST_POST_ARENA_BYTES);
    AUTO(stream_close) struct stream stream = {0};
    struct stream_key key = {STREAM_AUTHOR, actor->id};
    post_id id;
    Post *post;
    if (stream_open(view->txn, &key, 1, (struct page){.limit = LAST_POST_LOOKS}, &stream))
        return 0;
    while (stream_next(&stream, &id) == OK && post_get(view->txn, id, &arena, &post) == OK)
        if (!post->boost_of &&
            (post->visibility == VISIBILITY__PUBLIC || post->visibility == VISIBILITY__UNLISTED))
            return post->published_ms;
    return 0;
}

static void last_status_at(struct jw *w, struct view *view, const Actor *actor)
{
    char day[16];
    struct tm tm;
    time_t at = (time_t)(last_post_ms(view, actor) / 1000);
    if (at && gmtime_r(&at, &tm) && strftime(day, sizeof day, "%Y-%m-%d", &tm))
        jw_text(w, "last_status_at", day);
    else
        jw_null(w, "last_status_at");
}

static const char *role_name(Role role)
{
    return role == ROLE__ADMIN ? "Admin" : role == ROLE__MODERATOR ? "Moderator" : "";
}

static void role_members(struct jw *w, Role role)
{
    char id[8];
    snprintf(id, sizeof id, "%d", (int)role);
    jw_text(w, "id", id);
    jw_text(w, "name", role_name(role));
    jw_text(w, "color", "");
}

/* Whom one turns to is shown on their profile. */
static void roles(struct jw *w, struct view *view, const Actor *actor)
{
    Account *account;
    if (actor->host[0])
        return;
    jw_list(w, "roles");
    if (account_get(view->txn, (actor_id){actor->id}, view->arena, &account) == OK &&
        role_name(account->role)[0]) {
        jw_object(w, NULL);
        role_members(w, account->role);
        jw_object_end(w);
    }
    jw_list_end(w);
}

/* Of one whom moderators took away only the name is left. */
static Actor without_profile(const Actor *actor)
{
    Actor bare = *actor;
    bare.display_name = bare.summary_html = bare.icon_url = bare.image_url = (char *)"";
    bare.icon = bare.image = 0;
    bare.n_fields = bare.n_emoji = 0;
    bare.moved_to = (char *)"";
    return bare;
}

static void account_names(struct jw *w, struct view *view, const Actor *actor)
{
    id_text(w, "id", actor->id);
    jw_text(w, "username", actor->username);
    jw_text(w, "acct", entity_acct(view, actor));
    jw_text(w, "display_name", actor->display_name);
    jw_text(w, "url", actor->url[0] ? actor->url : actor->uri);
    jw_text(w, "uri", actor->uri);
    jw_time(w, "created_at", actor->created_ms);
}

static void account_flags(struct jw *w, const Actor *actor)
{
    jw_bool(w, "locked", actor->is_locked);
    jw_bool(w, "bot", actor->type == ACTOR_TYPE__SERVICE || actor->type == ACTOR_TYPE__APPLICATION);
    jw_bool(w, "group", actor->type == ACTOR_TYPE__GROUP);
    jw_bool(w, "discoverable", actor->is_discoverable);
    jw_bool(w, "indexable", actor->is_indexable);
    jw_bool(w, "hide_collections", actor->hides_collections);
    if (!actor->host[0])
        jw_bool(w, "noindex", !actor->is_indexable);
}

static void account_look(struct jw *w, struct view *view, const Actor *actor)
{
    const char *avatar = media_url_avatar(view, actor), *header = media_url_header(view, actor);
    jw_text(w, "note", actor->summary_html);
    jw_text(w, "avatar", avatar);
    jw_text(w, "avatar_static", avatar);
    jw_text(w, "header", header);
    jw_text(w, "header_static", header);
    entity_emojis(w, "emojis", view, actor->emoji, actor->n_emoji);
    account_fields(w, actor);
}

static void account_counts(struct jw *w, struct view *view, const Actor *actor)
{
    jw_number(w, "followers_count", (int64_t)counter_get(view->txn, COUNTER_FOLLOWERS, actor->id));
    jw_number(w, "following_count", (int64_t)counter_get(view->txn, COUNTER_FOLLOWING, actor->id));
    jw_number(w, "statuses_count", posts_known(view, actor));
    last_status_at(w, view, actor);
}

enum account_depth { WITH_MOVED, WITHOUT_MOVED };

static void account_members(struct jw *w, struct view *view, const Actor *stored,
                            enum account_depth depth)
{
    PeerState state = policy_shows(view->txn, stored->host);
    bool is_suspended = stored->suspended_ms || state == PEER_STATE__BLOCKED;
    Actor bare = without_profile(stored);
    const Actor *actor = is_suspended ? &bare : stored;
    Actor *moved;
    actor_id target;
    account_names(w, view, actor);
    account_flags(w, actor);
    account_look(w, view, actor);
    account_counts(w, view, actor);
    roles(w, view, actor);
    if (is_suspended)
        jw_bool(w, "suspended", true);
    if (state == PEER_STATE__LIMITED)
        jw_bool(w, "limited", true);
    if (depth == WITHOUT_MOVED || !actor->moved_to[0] ||
        actor_find(view->txn, actor->moved_to, &target) || view_actor(view, target, &moved))
        return;
    jw_object(w, "moved");
    account_members(w, view, moved, WITHOUT_MOVED);
    jw_object_end(w);
}

enum err entity_account(struct jw *w, const char *name, struct view *view, const Actor *actor)
{
    jw_object(w, name);
    account_members(w, view, actor, WITH_MOVED);
    jw_object_end(w);
    return OK;
}

enum err entity_account_id(struct jw *w, const char *name, struct view *view, actor_id id)
{
    Actor *actor;
    enum err e = view_actor(view, id, &actor);
    return e ? e : entity_account(w, name, view, actor);
}

enum err entity_muted_account(struct jw *w, struct view *view, actor_id id, int64_t until_ms)
{
    Actor *actor;
    enum err e = view_actor(view, id, &actor);
    if (e)
        return e;
    jw_object(w, NULL);
    account_members(w, view, actor, WITH_MOVED);
    if (until_ms)
        jw_time(w, "mute_expires_at", until_ms);
    else
        jw_null(w, "mute_expires_at");
    jw_object_end(w);
    return OK;
}

/* ---- one's own ---- */

/* Apps number at most a badge with it. */
static int64_t follow_requests(struct view *view, actor_id of)
{
    struct edge_key key = {EDGE_FOLLOW_REQUEST, 0, of.v};
    int64_t n = 0;
    while (n < FOLLOW_REQUESTS_COUNTED && edge_rev_next(view->txn, &key) == OK)
        n++;
    return n;
}

static void source_fields(struct jw *w, const Account *account)
{
    jw_list(w, "fields");
    for (size_t i = 0; i < account->n_fields; i++) {
        jw_object(w, NULL);
        jw_text(w, "name", account->fields[i]->name);
        jw_text(w, "value", account->fields[i]->value);
        jw_null(w, "verified_at");
        jw_object_end(w);
    }
    jw_list_end(w);
}

/* As a quote policy is told: everyone, followers, or nobody but the author. */
static const char *quote_policy(const Account *account)
{
    const Interaction *quote = account->policy ? account->policy->quote : NULL;
    uint32_t whom = quote ? quote->automatic | quote->manual : 1;
    return whom & 1 ? "public" : whom & 2 ? "followers" : "nobody";
}

static void source(struct jw *w, struct view *view, const Actor *actor, const Account *account)
{
    jw_object(w, "source");
    jw_text(w, "note", account->bio);
    source_fields(w, account);
    jw_text(w, "privacy", entity_visibility(account->visibility));
    jw_bool(w, "sensitive", account->is_sensitive);
    if (account->language[0])
        jw_text(w, "language", account->language);
    else
        jw_null(w, "language");
    jw_number(w, "follow_requests_count", follow_requests(view, (actor_id){actor->id}));
    jw_bool(w, "hide_collections", actor->hides_collections);
    jw_bool(w, "discoverable", actor->is_discoverable);
    jw_bool(w, "indexable", actor->is_indexable);
    jw_text(w, "quote_policy", quote_policy(account));
    jw_object_end(w);
}

enum err entity_credential_account(struct jw *w, const char *name, struct view *view,
                                   const Actor *actor, const Account *account)
{
    jw_object(w, name);
    account_members(w, view, actor, WITH_MOVED);
    source(w, view, actor, account);
    jw_object(w, "role");
    role_members(w, account->role);
    jw_text(w, "permissions", "0");
    jw_bool(w, "highlighted", role_name(account->role)[0]);
    jw_object_end(w);
    jw_object_end(w);
    return OK;
}
