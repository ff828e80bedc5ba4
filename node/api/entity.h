/*
 * entity - what the API answers, rendered straight into a buffer: one function an entity.
 *
 * Every key an app expects is there and has the type it expects, whatever the record lacks.
 * Times are UTC with milliseconds, ids are decimal strings, addresses are absolute and ours:
 * pictures of other nodes come through this one (media addresses, media_url.h), so that no reader's
 * address reaches another host.
 *
 * A view is one snapshot as one reader sees it. It remembers the accounts it rendered, so that a
 * page by few authors reads each once.
 *
 * Memory   works in view->arena
 * Threads  the txn's
 * Errors   those of the store; a thing that is half there (its author is gone) is ERR_NOTFOUND, and
 *          nothing was written
 * Source   Mastodon API entities, 4.3
 */
#ifndef WARD_NODE_API_ENTITY_H
#define WARD_NODE_API_ENTITY_H

#include "federation/conversation.h"
#include "federation/document/json.h"
#include "node/api/api.h"
#include "storage/account.h"
#include "storage/actor.h"
#include "storage/post.h"

/* Where statuses are shown: which filters apply. */
enum view_context {
    VIEW_NO_CONTEXT,
    VIEW_HOME,
    VIEW_NOTIFICATIONS,
    VIEW_PUBLIC,
    VIEW_THREAD,
    VIEW_ACCOUNT,
};

struct view {
    struct txn *txn;
    struct arena *arena;
    const struct api *api;
    const struct federation *fed;
    const char *base; /* "https://host" */
    actor_id reader;  /* 0: nobody in particular */
    enum view_context context;
    bool tells_source; /* statuses carry what was typed: after an edit or a delete, to the author */
    /* entity_*.c and filter.c alone */
    struct filters *filters; /* of the reader, loaded at first use; NULL: not yet */
    Actor *seen[16];
    size_t n_seen;
};

/* For `call`, over its snapshot. */
struct view view_of(struct api_call *call, struct txn *txn, enum view_context context);
/* For any reader: of what is told without being asked for. */
struct view view_for(const struct api *api, struct txn *txn, struct arena *arena, actor_id reader,
                     enum view_context context);
/* An actor, remembered. */
MUST_CHECK enum err view_actor(struct view *view, actor_id id, Actor **out);

/* `name` is NULL for an item of a list or the whole answer. */
MUST_CHECK enum err entity_account(struct jw *w, const char *name, struct view *view,
                                   const Actor *actor);
MUST_CHECK enum err entity_account_id(struct jw *w, const char *name, struct view *view,
                                      actor_id id);
/* As an item of a list, with the end of the mute (0: none). */
MUST_CHECK enum err entity_muted_account(struct jw *w, struct view *view, actor_id id,
                                         int64_t until_ms);
MUST_CHECK enum err entity_credential_account(struct jw *w, const char *name, struct view *view,
                                              const Actor *actor, const Account *account);
/* A post or a boost. */
MUST_CHECK enum err entity_status(struct jw *w, const char *name, struct view *view,
                                  const Post *post);
MUST_CHECK enum err entity_status_id(struct jw *w, const char *name, struct view *view, post_id id);
/*
 * What the reader is told, in a word of the API; ERR_NOTFOUND, nothing written: apps have no word
 * for it, or it is not shown (any more). Those without a word are read with `ward notification`.
 */
MUST_CHECK enum err entity_notification(struct jw *w, const char *name, struct view *view,
                                        const Notification *notification);
bool entity_notification_is_shown(struct view *view, const Notification *notification);
/* "mention", "favourite"...; NULL: none. */
const char *entity_notification_type(const Notification *notification);
/* Of the reader. */
MUST_CHECK enum err entity_conversation(struct jw *w, const char *name, struct view *view,
                                        const struct conversation *conversation);
/* Of the reader with `actor`. */
MUST_CHECK enum err entity_relationship(struct jw *w, const char *name, struct view *view,
                                        actor_id actor);
/* One's own, or for moderators. */
MUST_CHECK enum err entity_report(struct jw *w, const char *name, struct view *view,
                                  const Report *report);
void entity_poll(struct jw *w, const char *name, struct view *view, const Post *post);
void entity_media(struct jw *w, const char *name, struct view *view, const Post *post,
                  const Attachment *attachment);
/* `tag`: folded. */
void entity_tag(struct jw *w, const char *name, struct view *view, const char *tag);
/* An item of a list. */
void entity_emoji(struct jw *w, struct view *view, const Emoji *emoji);
void entity_emojis(struct jw *w, const char *name, struct view *view, Emoji *const *emoji,
                   size_t n);
/* One of the reader's own that waits for a post; url is null while it is worked at. */
void entity_upload(struct jw *w, const char *name, struct view *view, const Media *media);
/* "public", "unlisted", "private", "direct": LOCAL is told as private. */
const char *entity_visibility(Visibility visibility);
/* "ann", or "ann@host" */
const char *entity_acct(struct view *view, const Actor *actor);

#endif
