/*
 * conversation - direct posts by thread and by who takes part: read from the posts each time.
 *
 * Two direct posts belong together when they stand in one thread and concern the same people. A
 * conversation is named by its first post, and stands where its last one does. Nothing of it is
 * stored but what its owner did with it (storage/conversation.h): a parent that comes late joins
 * what belongs together without anybody's help.
 *
 * Left out: posts of whom the owner blocks or mutes, and what they put away, until more comes.
 *
 * Memory   in the caller's arena
 * Threads  the txn's
 * Source   Mastodon API "conversations"
 */
#ifndef WARD_FEDERATION_CONVERSATION_H
#define WARD_FEDERATION_CONVERSATION_H

#include "storage/post.h"

#define CONVERSATION_PEOPLE_MAX 256
#define CONVERSATION_PAGE_MAX 128
#define CONVERSATION_SCAN_MAX 5000 /* direct posts looked at for one page */
#define CONVERSATION_LOOK_MAX 1000 /* posts of one thread looked at */

struct conversation {
    post_id id;       /* its first post */
    const Post *last; /* the newest that its owner is shown */
    uint64_t root, people_hash;
    uint64_t people[CONVERSATION_PEOPLE_MAX]; /* actors, its owner too, each once */
    size_t n_people;
    bool is_unread;
};

struct conversation_walk {
    struct txn *txn;
    actor_id owner;
    uint64_t before, after; /* post ids: only conversations whose last post lies between; 0: open */
    int64_t now_ms;
    /* conversation.c alone */
    uint64_t at;
    unsigned looked;
    struct {
        uint64_t root, people_hash;
    } seen[CONVERSATION_PAGE_MAX];
    size_t n_seen;
};
/* The next one, the newest first; ERR_NOTFOUND: that was all (or enough). */
MUST_CHECK enum err conversation_next(struct conversation_walk *walk, struct arena *arena,
                                      struct conversation *out);
/* The one a direct post stands in. ERR_NOTFOUND: it is none of theirs, or is not shown. */
MUST_CHECK enum err conversation_of(struct txn *txn, actor_id owner, const Post *post,
                                    int64_t now_ms, struct arena *arena, struct conversation *out);
/* By its name. ERR_NOTFOUND: there is none, or it is not the owner's. */
MUST_CHECK enum err conversation_find(struct txn *txn, actor_id owner, post_id id, int64_t now_ms,
                                      struct arena *arena, struct conversation *out);

#endif
