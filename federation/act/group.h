/*
 * group - what both doors do to a group of ours, inside a mutation.
 */
#ifndef WARD_FEDERATION_ACT_GROUP_H
#define WARD_FEDERATION_ACT_GROUP_H

#include "federation/act/common.h"
#include "federation/group.h"

/* The member goes and is banned; their node is told, and what is queued for it is cancelled. */
MUST_CHECK enum err act_group_remove_apply(struct txn *txn, const struct federation *fed,
                                           const Actor *group, actor_id member, int64_t now_ms);
/* The post goes: the members' nodes get `activity` (a Delete by a moderator, as JSON). */
MUST_CHECK enum err act_group_expel_apply(struct txn *txn, const struct federation *fed,
                                          const Actor *group, const Post *post,
                                          struct bytes activity, int64_t now_ms);
/* Tells one of ours what a group did; `text` says it. */
MUST_CHECK enum err act_group_notify(struct txn *txn, actor_id whom, const Actor *group,
                                     post_id post, const char *text, int64_t now_ms);

#endif
