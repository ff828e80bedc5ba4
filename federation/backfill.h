/*
 * backfill - having threads whole: what of a conversation did not come by itself is fetched.
 *
 * Started by a post of somebody elsewhere that answers something, or that begins a thread and is
 * not quite new (it was boosted, looked up). First its ancestors are fetched, one by one; then the
 * thread's own collection (`context`, FEP-f228) is walked, and when there is none that can be read,
 * the replies collection of each post. Once; again at most every BACKFILL_AGAIN_MS when something
 * new is said. All of it goes through the want table, a few at a time, under the limits below, from
 * hosts that are admitted and from nowhere else (T53), each post from its own origin.
 *
 * A post that is fetched is stored as any other: what was deleted stays away, it is for no more
 * people than what it answers, and it is there once. It notifies those it names when it is younger
 * than BACKFILL_NOTIFY_MS; older ones are no news.
 *
 * What could not be had is counted, by host and reason, in the record (storage/backfill.h).
 *
 * Threads  backfill_consider, _sweep: inside a mutation; the others: any but the writer's
 * Source   FEP-7888, FEP-f228; threats T53, T60, T86
 */
#ifndef WARD_FEDERATION_BACKFILL_H
#define WARD_FEDERATION_BACKFILL_H

#include "federation/as2.h"
#include "federation/federation.h"
#include "storage/backfill.h"

#define BACKFILL_ANCESTORS_MAX 64
#define BACKFILL_POSTS_MAX 500
#define BACKFILL_PAGES_MAX 10        /* of the context collection */
#define BACKFILL_COLLECTIONS_MAX 100 /* pages of replies collections, in all */
#define BACKFILL_DEPTH_MAX 64        /* replies of replies of ... */
#define BACKFILL_AHEAD 8             /* wanted at a time, of one thread */
#define BACKFILL_RUNNING_MAX 64      /* threads at a time */
#define BACKFILL_HOSTS_MAX 32        /* told apart in what is missing */
#define BACKFILL_TRIES 2             /* of what nobody but a backfill waits for */
#define BACKFILL_LIFE_MS ((int64_t)15 * 60 * 1000)
#define BACKFILL_AGAIN_MS ((int64_t)30 * 60 * 1000)
#define BACKFILL_FRESH_MS ((int64_t)10 * 60 * 1000) /* nobody has answered it yet */
#define BACKFILL_NOTIFY_MS ((int64_t)24 * 3600 * 1000)

/* A post was stored: is there more of its thread to look for? */
MUST_CHECK enum err backfill_consider(struct txn *txn, const struct federation *fed,
                                      const Post *post, int64_t now_ms);
/* Somebody asks for the thread of this post: looks again whatever was found before. */
MUST_CHECK enum err backfill_start(struct federation *fed, post_id post, struct why *why);

/* What became of a URI: the post is stored now (or was refused: deleted), it cannot be had, it
 * calls itself `other`, or it was a collection. Nothing when no backfill wants it. */
void backfill_came(struct federation *fed, const char *uri);
void backfill_missed(struct federation *fed, const char *uri, BackfillReason reason);
void backfill_moved(struct federation *fed, const char *uri, const char *other);
void backfill_collection(struct federation *fed, const char *uri, const struct as2_document *page);
/* The fetcher's answer in terms of what is missing. */
BackfillReason backfill_reason(enum err e, int status);

/* Ends those whose time is over. At the start of the process, what they want is due at once. */
enum backfill_occasion { BACKFILL_TICK, BACKFILL_AT_START };
MUST_CHECK enum err backfill_sweep(struct txn *txn, const struct federation *fed,
                                   enum backfill_occasion occasion, int64_t now_ms);

#endif
