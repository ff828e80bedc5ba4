/*
 * group - what is shared about groups: what both doors do to one of ours, what one elsewhere hands
 * on.
 *
 * Threads  act_announced_*, act_group_is_target: any with a txn; the rest inside a mutation
 */
#ifndef WARD_FEDERATION_ACT_GROUP_H
#define WARD_FEDERATION_ACT_GROUP_H

#include "federation/act/post.h"
#include "federation/group.h"

/* The member goes and is banned; their node is told, and what is queued for it is cancelled. */
MUST_CHECK enum err act_group_remove_apply(struct txn *txn, const struct federation *fed,
                                           const Actor *group, actor_id member, int64_t now_ms);
/* The post goes: the members' nodes get `activity` (a Delete by a moderator, as JSON). */
MUST_CHECK enum err act_group_expel_apply(struct txn *txn, const struct federation *fed,
                                          const Actor *group, const Post *post,
                                          struct bytes activity, int64_t now_ms);
/* A Delete, by somebody else than the author, of a post in a group of ours: counts when they
 * moderate it; nothing otherwise. Sets act->outcome. */
MUST_CHECK enum err act_group_expel_remote(struct txn *txn, struct act *act, const Post *post);

/*
 * The group a post of ours is in: `wanted`, else its parent's, else one it mentions. Sets group,
 * and for a members-only one visibility and audience; adds the mention, for which post->mentions
 * has room for one more.
 * ERR_DENIED, ERR_INVALID: `wanted` cannot be had, `why` says so.
 */
MUST_CHECK enum err act_group_choose(struct txn *txn, actor_id wanted, const Post *parent,
                                     struct arena *arena, Post *post, struct why *why);
/* Is this a group of ours, or its followers? */
bool act_group_is_target(struct txn *txn, const char *target);
/* An Announce of an activity, and of a stored post that names the announcing group (announce.c). */
act_remote act_announced_remote;
enum act_verdict act_announced_post(struct act *act);
/* A group elsewhere ended a membership of one of ours: they are told. Nothing when it is none. */
MUST_CHECK enum err act_group_told_out(struct txn *txn, actor_id ours, actor_id by, int64_t now_ms);
/* Tells one of ours what a group did; `text` says it. */
MUST_CHECK enum err act_group_notify(struct txn *txn, actor_id whom, const Actor *group,
                                     post_id post, const char *text, int64_t now_ms);

#endif
