/*
 * builders - records of a small world for tests: actors, posts, peers, jobs.
 *
 * Whatever fails fails the test. Strings passed in must live until the call returns.
 */
#ifndef WARD_TESTS_SUPPORT_BUILDERS_H
#define WARD_TESTS_SUPPORT_BUILDERS_H

#include "storage/record.h"

#define BUILD_NOW_MS ((int64_t)1700000000000) /* the time all of these are made at */

/* "https://<host>/users/<name>" with one key "<uri>#main-key"; host "" is ours (ward.example). */
actor_id build_actor(struct txn *txn, const char *name, const char *host);

struct build_post {
    const char *uri;         /* required */
    actor_id author;         /* required */
    const char *in_reply_to; /* URI */
    const char *tags[4];     /* NULL ends */
    actor_id mentions[4];    /* 0 ends */
    uint64_t boost_of;
    Visibility visibility;
    const char *language; /* NULL: unknown */
    int64_t published_ms; /* 0: BUILD_NOW_MS */
};
/* What post_add answers; *out is set on OK. */
MUST_CHECK enum err build_post_try(struct txn *txn, const struct build_post *with, post_id *out);
post_id build_post(struct txn *txn, const struct build_post *with);
/* A boost's record and its edge. */
post_id build_boost(struct txn *txn, const char *uri, actor_id who, post_id what);

peer_id build_peer(struct txn *txn, const char *host);
/* One job with a body of its own, about `subject` (0: none). Returns its seq. */
uint64_t build_job(struct txn *txn, peer_id peer, uint64_t subject);

#endif
