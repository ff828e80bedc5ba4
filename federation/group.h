/*
 * group - what a group of ours decides and does: who may post to it, who hears of it, and what is
 * taken back when a member goes.
 *
 * Members are its accepted followers (EDGE_FOLLOW member -> group). What it lets in it hands on to
 * their nodes as Announce{activity}, byte for byte as its author sent it, so that a proof the
 * author gave stays good; and, for servers that know boosts only, a thread's first public post by a
 * plain Announce of its id besides.
 *
 * A post is restricted to its group when audience_of is the group: nobody but members reads it,
 * not even who is mentioned in it.
 *
 * Threads  group_has_member_at, group_admits, group_is_restricted: any with a txn; the rest inside
 *          a mutation
 * Source   FEP-1b12; join-lemmy.org "Federation"
 */
#ifndef WARD_FEDERATION_GROUP_H
#define WARD_FEDERATION_GROUP_H

#include "federation/as2.h"
#include "federation/federation.h"
#include "storage/post.h"

/* Nobody but members may read this post, and only through the group. */
bool group_is_restricted(const Post *post);
/* Does anybody at `host` follow the group? */
bool group_has_member_at(struct txn *txn, const Actor *group, const char *host);
/* May they post to this group of ours? Not when banned or blocked; to a locked or members-only
 * group only as a member. */
bool group_admits(struct txn *txn, const Actor *group, actor_id author);
/* A restricted post to a group of ours: it goes nowhere but through the group. */
bool group_is_hosted(struct txn *txn, const Post *post);
/* The group known here that a note is for: whose members alone may read it, else the first that its
 * audience, to, cc or mentions name; 0: none. `post` is the record made of it so far. */
actor_id group_of_note(struct txn *txn, const struct as2_note *note, const Post *post);
/* Does the post name the group: in to or cc, by its id or its followers, or by a mention? */
bool group_is_named(const Post *post, const Actor *group);

/* Does somebody of ours follow this actor, or ask to? */
bool group_is_wanted(struct txn *txn, actor_id actor);
bool group_is_followed_here(struct txn *txn, actor_id actor);

/*
 * Before a post is added: post->group, found by whoever made the record, stays only where that may
 * be. Of ours it must admit the author; of another's it counts for our own authors, and for others
 * when the group announces it.
 * ERR_DENIED: it is for a group of ours alone, and that does not admit its author.
 */
MUST_CHECK enum err group_settle(struct txn *txn, Post *post);

/*
 * The group took the post in, or out. What went out does not come in again, also when it was never
 * here. Out: one of ours stays its author's; another's goes from here, unless somebody of ours
 * reads its author or is mentioned in it, and everyone may read it.
 * ERR_EXISTS: it is in, or out, already. ERR_DENIED: it was taken out before.
 */
MUST_CHECK enum err group_enter(struct txn *txn, post_id post, const Actor *group);
MUST_CHECK enum err group_expel(struct txn *txn, const char *uri, const Actor *group,
                                int64_t now_ms);
/* As above: was the post taken out of the group before? */
bool group_is_expelled(struct txn *txn, const char *uri, const Actor *group);

/*
 * Hands an activity about `post` on to the members' nodes, when the post is in a group of ours:
 * nothing otherwise. `activity` is JSON; `type` its type. Empty (the post was fetched): a boost
 * of it alone, when everyone may read it. An Update or Delete also goes to every
 * inbox that got the post.
 */
MUST_CHECK enum err group_distribute(struct txn *txn, const struct federation *fed,
                                     const Post *post, const char *type, struct bytes activity,
                                     int64_t now_ms);

/*
 * A member was removed: when nobody at their host is left in the group, what is queued of it for
 * that host is cancelled (T68).
 */
MUST_CHECK enum err group_cancel_host(struct txn *txn, const Actor *group, const Actor *member,
                                      int64_t now_ms);

#endif
