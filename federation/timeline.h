/*
 * timeline - the posts one reader may see, newest first.
 *
 * A stream (stream.h) holds everything that belongs to it, whatever its visibility; this is where
 * the reader's rights and wishes are applied, at each read, so that an unfollow, block, mute or
 * change of policy takes effect at once. Left out: what the reader may not read (audience.h);
 * authors that are suspended, deleted, muted or blocked, either way; at home, replies to people the
 * reader does not follow; in public and tag streams, authors of limited peers whom the reader does
 * not follow.
 *
 * Memory   a timeline holds no memory of its own but the stream's; posts live in the caller's arena
 * Threads  the txn's
 * Errors   as the store
 */
#ifndef WARD_FEDERATION_TIMELINE_H
#define WARD_FEDERATION_TIMELINE_H

#include "storage/post.h"
#include "storage/stream.h"

/* Entries looked at for one page at most: a page may be short, never slow. */
#define TIMELINE_SCAN_MAX 5000

enum timeline_kind {
    TIMELINE_HOME,
    TIMELINE_LOCAL,
    TIMELINE_PUBLIC,
    TIMELINE_TAG,      /* tag: folded (markup.h tag_fold) */
    TIMELINE_MENTIONS, /* posts that address the reader */
    TIMELINE_AUTHOR,   /* of: whose */
    TIMELINE_GROUP,    /* of: the group; what was posted to it */
    TIMELINE_THREAD,   /* root: the thread's oldest post */
};

struct timeline_query {
    enum timeline_kind kind;
    actor_id reader; /* 0: nobody in particular, who sees what everyone may read */
    const char *tag;
    actor_id of;
    post_id root;
    struct page page;
};

struct timeline {
    struct txn *txn;
    struct timeline_query query;
    struct stream stream;
    unsigned given, looked_at;
};

struct timeline_entry {
    post_id id;           /* pages go by it; a boost's own */
    const Post *post;     /* what is shown */
    const Post *boost;    /* the boost that brought it; NULL: the post itself */
    const Actor *author;  /* of post */
    const Actor *booster; /* NULL without a boost */
};

MUST_CHECK enum err timeline_open(struct txn *txn, const struct timeline_query *query,
                                  struct timeline *out);
/* OK, or ERR_NOTFOUND at the end of the page. The entry lives in the arena. */
MUST_CHECK enum err timeline_next(struct timeline *timeline, struct arena *arena,
                                  struct timeline_entry *out);
void timeline_close(struct timeline *timeline);

#endif
