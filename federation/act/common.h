/*
 * common - what several acts share: finding the post an activity is about, queueing a small
 * activity, naming a new one, telling people.
 *
 * Threads  act_need_post: any; the rest inside a mutation
 */
#ifndef WARD_FEDERATION_ACT_COMMON_H
#define WARD_FEDERATION_ACT_COMMON_H

#include "federation/act/act.h"
#include "federation/audience.h"
#include "federation/document/activity.h"
#include "federation/policy.h"
#include "storage/edge.h"
#include "storage/notification.h"
#include "storage/outqueue.h"
#include "storage/parked.h"
#include "storage/post.h"

/*
 * The post with this URI: *out is 0 when it is not here and will not come (act->outcome says why).
 * ACT_NEEDS: it can be fetched, from a host we talk to.
 */
enum act_verdict act_need_post(struct act *act, struct txn *txn, const char *uri,
                               struct act_answer *answer, post_id *out);

/* Queues a small activity of `who` for `whom` (nothing when they are ours). */
MUST_CHECK enum err act_queue_plain(struct txn *txn, const struct federation *fed,
                                    const struct plain_activity *activity, actor_id who,
                                    actor_id whom, uint64_t subject, int64_t now_ms);

/* The same with JSON that is ready. */
MUST_CHECK enum err act_queue_json(struct txn *txn, const struct federation *fed, const char *type,
                                   const char *uri, struct bytes json, actor_id who, actor_id whom,
                                   uint64_t subject, int64_t now_ms);

/* "<actor>/<what>/<new id>" for an activity of ours. NULL: the store refuses. */
const char *act_new_uri(struct txn *txn, const Actor *actor, const char *what, int64_t now_ms,
                        struct arena *arena);

/*
 * Was this activity undone by its actor before it came? The order of arrival must not matter. What
 * an Undo leaves is kept under the actor's name as well: a neighbour on the same host can neither
 * undo for another nor be in the way of it (T42).
 */
bool act_is_undone(struct txn *txn, const struct act *act);
const char *act_undo_mark(const char *activity_uri, const char *actor_uri, struct arena *arena);

/* Tells one of our own people; remote ones and oneself are passed over. */
MUST_CHECK enum err act_notify(struct txn *txn, const Actor *whom, NotificationType type,
                               actor_id from, post_id post, int64_t now_ms);
MUST_CHECK enum err act_notify_text(struct txn *txn, const Actor *whom, NotificationType type,
                                    actor_id from, post_id post, const char *text, int64_t now_ms);

/* The emoji of ours with this shortcode, as posts and reactions carry it; ERR_NOTFOUND. */
MUST_CHECK enum err act_emoji_get(struct txn *txn, const struct federation *fed,
                                  const char *shortcode, struct arena *arena, Emoji **out);

/* Takes a boost back: its edge and its record (boost.c; Undo needs it too). */
MUST_CHECK enum err act_boost_undo_store(struct txn *txn, struct edge_key key, int64_t now_ms);

/* Pins for an actor elsewhere what is theirs and for everyone; *outcome tells (pin.c). */
MUST_CHECK enum err act_pin_store(struct txn *txn, actor_id who, post_id post, int64_t now_ms,
                                  const char **outcome);

/* An actor elsewhere is no more: it goes with its relations and posts (past a thousand they stay,
 * hidden by deleted_ms). */
MUST_CHECK enum err act_delete_actor(struct txn *txn, actor_id who, int64_t now_ms);

/*
 * What follow.c does for others. follow: ERR_EXISTS follows already; ERR_DENIED a block is in the
 * way (`why` says so) or their host is no peer; `instead_of` is unfollowed once this one is
 * accepted (0: nobody). unfollow, reject: ERR_NOTFOUND nothing to take back; the other side is
 * told.
 */
MUST_CHECK enum err act_follow_store(struct txn *txn, const struct federation *fed, actor_id who,
                                     actor_id whom, actor_id instead_of, int64_t now_ms,
                                     struct why *why);
MUST_CHECK enum err act_unfollow_store(struct txn *txn, const struct federation *fed, actor_id who,
                                       actor_id whom, int64_t now_ms);
MUST_CHECK enum err act_reject_store(struct txn *txn, const struct federation *fed, actor_id whom,
                                     actor_id who, int64_t now_ms);

/* An actor of ours was changed: stores it, and tells its followers by an Update. */
MUST_CHECK enum err act_actor_changed(struct txn *txn, const struct federation *fed, Actor *actor,
                                      int64_t now_ms);

/* Cancels what waits for `reader`'s inbox of `author`'s posts and may not go there any more (T68).
 * What this misses (a very long queue) delivery leaves out when its turn comes. */
MUST_CHECK enum err act_unqueue_reader(struct txn *txn, actor_id author, actor_id reader,
                                       int64_t now_ms);

/* What goes with an actor: who they follow and who follows them; and their posts, a thousand in one
 * transaction (*out_more: there may be others, hidden by deleted_ms). */
MUST_CHECK enum err act_delete_edges_of(struct txn *txn, actor_id who);
MUST_CHECK enum err act_delete_posts_of(struct txn *txn, actor_id who, int64_t now_ms,
                                        bool *out_more);

/* Accept or Reject of `theirs`' follow of `ours`. */
MUST_CHECK enum err act_queue_answer(struct txn *txn, const struct federation *fed,
                                     const char *type, const Actor *ours, const Actor *theirs,
                                     const char *follow_uri, int64_t now_ms);

/* What `first` says, and of what it leaves open (or being NULL) what `then` says. */
void act_policy_merge(InteractionPolicy *out, const InteractionPolicy *first,
                      const InteractionPolicy *then);

#endif
