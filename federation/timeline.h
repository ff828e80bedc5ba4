/*
 * timeline - the posts one reader may see, newest first (or, in a page read upwards, oldest first).
 *
 * A stream (stream.h) holds everything that belongs to it, whatever its visibility; this is where
 * the reader's rights and wishes are applied, at each read, so that an unfollow, block, mute or
 * change of policy takes effect at once. Left out: what the reader may not read (audience.h);
 * authors that are suspended, deleted, of a blocked peer, muted or blocked, either way, or of a
 * host the reader blocks; what the reader's filters hide; in public and tag streams, authors of
 * limited peers whom the reader does not follow.
 *
 * At home are whom the reader follows, the hashtags they follow, and themselves. There are no
 * replies to people the reader does not follow, no boosts and languages that a follow does not
 * want, and nothing of who is in an exclusive list. A list has its members, boosts and languages
 * as at home, and the replies its policy lets in.
 *
 * Memory   posts live in the caller's arena; what is not shown is freed again
 * Threads  the txn's
 * Errors   as the store
 */
#ifndef WARD_FEDERATION_TIMELINE_H
#define WARD_FEDERATION_TIMELINE_H

#include "federation/audience.h"
#include "federation/filters.h"
#include "federation/wish.h"
#include "storage/post.h"
#include "storage/stream.h"

/* Entries looked at for one page at most: a page may be short, never slow. */
#define TIMELINE_SCAN_MAX 5000
#define TIMELINE_TAGS_MAX 16 /* of `any` */

enum timeline_kind {
    TIMELINE_HOME,
    TIMELINE_LOCAL,
    TIMELINE_PUBLIC,
    TIMELINE_TAG,      /* tag: folded (markup.h tag_fold) */
    TIMELINE_MENTIONS, /* posts that address the reader */
    TIMELINE_DIRECT,   /* direct posts, to the reader and by them */
    TIMELINE_AUTHOR,   /* of: whose; of a group: what was posted to it, too */
    TIMELINE_GROUP,    /* of: the group; what was posted to it */
    TIMELINE_THREAD,   /* root: the thread's oldest post */
    TIMELINE_LIST,     /* list: one of the reader's; ERR_NOTFOUND when it is not */
};

/* Switches, as bits. */
enum timeline_only {
    TIMELINE_WITH_MEDIA = 1,
    TIMELINE_NO_REPLIES = 2, /* but those of an author to themselves */
    TIMELINE_NO_BOOSTS = 4,
    TIMELINE_OF_HERE = 8, /* by our own actors */
    TIMELINE_OF_PEERS = 16,
};

struct timeline_query {
    enum timeline_kind kind;
    actor_id reader; /* 0: nobody in particular, who sees what everyone may read */
    const char *tag;
    actor_id of;
    post_id root;
    uint64_t list;
    struct page page;
    unsigned only; /* enum timeline_only */
    /* Folded tags, each list ended by NULL; NULL: none. any: of TIMELINE_TAG, beside `tag`; what is
     * shown has all of `all` and none of `none`. */
    const char *const *any, *const *all, *const *none;
    const struct filters *filters; /* of the reader; NULL: nothing is hidden by them */
    unsigned filter_contexts;      /* bits: enum filter_context */
};

struct timeline {
    struct txn *txn;
    struct timeline_query query;
    struct stream stream;
    struct wishes wishes;
    struct audience_reader reader;
    ListReplies replies; /* of TIMELINE_LIST */
    bool has_tags;       /* of TIMELINE_HOME: the reader follows hashtags */
    unsigned given, looked_at;
    post_id last; /* looked at, shown or not */
};

struct timeline_entry {
    post_id id;           /* pages go by it; a boost's own */
    const Post *post;     /* what is shown */
    const Post *boost;    /* the boost that brought it; NULL: the post itself */
    const Actor *author;  /* of post */
    const Actor *booster; /* NULL without a boost; both live until the next entry */
};

MUST_CHECK enum err timeline_open(struct txn *txn, const struct timeline_query *query,
                                  struct timeline *out);
/* OK, or ERR_NOTFOUND at the end of the page. */
MUST_CHECK enum err timeline_next(struct timeline *timeline, struct arena *arena,
                                  struct timeline_entry *out);
/* After the page's end: may anything lie beyond it? Its next page begins at timeline->last, for the
 * page may have ended because it looked at enough. */
MUST_CHECK enum err timeline_has_more(struct timeline *timeline, bool *out);
void timeline_close(struct timeline *timeline);

/*
 * Does a post or boost stand on that timeline now? What a walk would show, asked about one post,
 * for who is told of posts as they come (node/stream). The page does not count.
 */
MUST_CHECK enum err timeline_has(struct txn *txn, const struct timeline_query *query,
                                 const Post *post, struct arena *arena, bool *out);
/* Of one that was deleted (Event.gone): could the reader have seen it there? Whoever wants to hear
 * no more of its author is told all the same that it is gone. */
bool timeline_had(struct txn *txn, const struct timeline_query *query, const Post *gone);
/* For timeline.c: what timeline_open does, without the streams. */
MUST_CHECK enum err timeline_prepare(struct txn *txn, const struct timeline_query *query,
                                     struct timeline *out);
/* Is it in one of the streams that the timeline merges, whoever may read it? */
bool timeline_holds(struct txn *txn, const struct timeline_query *query, const Post *post);

#endif
