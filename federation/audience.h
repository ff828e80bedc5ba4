/*
 * audience - who may read a post, and where it must go.
 *
 * A reply never reaches more people than what it answers. Ours are written so (act/post.c). A
 * remote one that claims more is kept with what both allow (storage/narrow.h): a public reply of
 * theirs to a followers-only post of ours is read here by those who may read that post, and by
 * whom it names. Its author made it public, on their node; here it would stand beside words that
 * are not public, and it may repeat them. That it exists tells that the parent does.
 *
 * FOLLOWERS is for the followers of Post.audience_of, or of the author when that is 0, and of every
 * one of Post.audience_also. In a members-only group (group.h) a mention gives nobody the right to
 * read. Whose followers a remote note is for is told by its to and cc: the
 * author's own; those of a group that is addressed; those of the parent's author or audience (the
 * last when parent and reply meet). Any other collection means nobody: DIRECT.
 *
 * Source   ActivityPub #delivery, #security; threats T64-T68
 */
#ifndef WARD_FEDERATION_AUDIENCE_H
#define WARD_FEDERATION_AUDIENCE_H

#include "federation/as2.h"
#include "federation/federation.h"
#include "storage/actor.h"
#include "storage/post.h"

/* What a note's to and cc mean by themselves, before it meets its parent. */
struct audience {
    Visibility visibility;
    actor_id of; /* FOLLOWERS: whose; 0: the author's */
};
struct audience audience_of_note(struct txn *txn, const struct as2_note *note, const Actor *author);
/* What to/cc mean, given the author's followers collection. */
Visibility audience_visibility(const struct as2_list *to, const struct as2_list *cc,
                               const char *followers);

/* May this actor (ours or remote; 0: nobody in particular) read the post? A reply that waits for
 * the consent of whom it answers is for its author and for them (consent.h). */
bool audience_may_read(struct txn *txn, const Post *post, actor_id reader);
/* The same for many posts, the reader looked up once: in one txn. */
struct audience_reader {
    actor_id id;
    bool is_gone; /* suspended, deleted or unknown */
    bool is_local;
};
struct audience_reader audience_reader(struct txn *txn, actor_id reader);
bool audience_lets_read(struct txn *txn, const Post *post, const struct audience_reader *reader);
/* May a node read it: is someone there its author, addressed, or (followers-only) one of those whom
 * it is for? */
bool audience_may_host_read(struct txn *txn, const Post *post, const char *host);

/*
 * Where an activity of `actor` goes. Inboxes are collected once each (the shared one where there is
 * one), per peer; local actors are passed over.
 */
struct destination {
    peer_id peer;
    const char *host;
    const char *inbox;
};
struct destinations {
    struct destination *item; /* heap, freed by destinations_clear */
    size_t n, room;
    uint32_t *slot; /* index over the inboxes: item number + 1, 0 empty */
    size_t slot_count;
};
/* These run inside a mutation: a host not met before becomes a peer record. */
MUST_CHECK enum err destinations_add_actor(struct txn *txn, struct destinations *list,
                                           actor_id whom, struct arena *arena);
MUST_CHECK enum err destinations_add_followers(struct txn *txn, struct destinations *list,
                                               actor_id of, struct arena *arena);
/* Everyone who may read the post by its audience: whom it names, whom it is for, and (unless it is
 * direct) their followers. Nobody for a local one. */
MUST_CHECK enum err destinations_add_audience(struct txn *txn, struct destinations *list,
                                              const Post *post, struct arena *arena);
/* Whoever began the thread (and keeps its collection), when the post is open. */
MUST_CHECK enum err destinations_add_thread_owner(struct txn *txn, struct destinations *list,
                                                  const Post *post, struct arena *arena);
/* Every inbox this post was ever queued for: an Update or Delete goes there too. */
MUST_CHECK enum err destinations_add_ledger(struct txn *txn, struct destinations *list,
                                            post_id post, struct arena *arena);
/* Every inbox of those who fetched it by themselves. */
MUST_CHECK enum err destinations_add_fetched(struct txn *txn, struct destinations *list,
                                             post_id post, struct arena *arena);
/* Where mail for this actor goes: the shared inbox when it is believable. Lives with the actor. */
const char *audience_inbox(const Actor *actor);
/* Takes out what lives at this host. Nothing may be added after it. */
void destinations_leave_out(struct destinations *list, const char *host);
void destinations_clear(struct destinations *list);

/*
 * Queues `json`, with a proof by `like->actor` (proof_own) unless it is another's that is passed
 * on, for every destination policy lets it go to; for the others the ledger says "cancelled" and
 * why. Job fields but inbox and body are taken from `like`. Returns how many were queued in *out.
 */
MUST_CHECK enum err destinations_queue(struct txn *txn, const struct federation *fed,
                                       const struct destinations *list, struct bytes json,
                                       const OutJob *like, int64_t now_ms, size_t *out);

#endif
