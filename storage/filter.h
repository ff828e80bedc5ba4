/*
 * filter - what somebody of ours does not want to see: words and single posts, where, and for how
 * long. What matches is federation/filters.h's.
 *
 * Keywords and posts live in the record of their filter and have ids of their own.
 *
 * Memory   records live in the caller's arena
 * Threads  reads: any thread with a txn. Writes: inside a mutation only.
 * On disk  filter (keyspace.h)
 */
#ifndef WARD_STORAGE_FILTER_H
#define WARD_STORAGE_FILTER_H

#include "storage/record.h"

#define FILTERS_MAX 100         /* of one owner */
#define FILTER_KEYWORDS_MAX 200 /* of one filter; so are the posts */
#define FILTER_POSTS_MAX 200
#define FILTER_TITLE_MAX_BYTES 512
#define FILTER_KEYWORD_MAX_BYTES 512

enum filter_context {
    FILTER_HOME = 1, /* lists too */
    FILTER_NOTIFICATIONS = 2,
    FILTER_PUBLIC = 4,
    FILTER_THREAD = 8,
    FILTER_ACCOUNT = 16,
};

/*
 * Takes an id; new keywords and posts (id 0) take theirs, here and in filter_put. Tells the
 * owner's clients (event.h).
 *
 * ERR_LIMIT    one of the bounds above
 * ERR_INVALID  no title, no context, an empty keyword
 */
MUST_CHECK enum err filter_add(struct txn *txn, Filter *filter, int64_t now_ms);
MUST_CHECK enum err filter_put(struct txn *txn, Filter *filter, int64_t now_ms);
MUST_CHECK enum err filter_get(struct txn *txn, actor_id owner, uint64_t id, struct arena *arena,
                               Filter **out);
/* The next after `after` (start with 0): the oldest first. */
MUST_CHECK enum err filter_next(struct txn *txn, actor_id owner, uint64_t after,
                                struct arena *arena, Filter **out);
MUST_CHECK enum err filter_del(struct txn *txn, actor_id owner, uint64_t id, int64_t now_ms);
/* For account.c: every filter of an owner. */
MUST_CHECK enum err filter_del_all(struct txn *txn, actor_id owner);

/* The filter that has this keyword, or this post (by the id of its entry), and where. */
MUST_CHECK enum err filter_find_keyword(struct txn *txn, actor_id owner, uint64_t keyword,
                                        struct arena *arena, Filter **out, size_t *out_at);
MUST_CHECK enum err filter_find_post(struct txn *txn, actor_id owner, uint64_t entry,
                                     struct arena *arena, Filter **out, size_t *out_at);

#endif
