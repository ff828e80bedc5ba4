/*
 * event - what happened that clients should be told of, in order, for a while.
 *
 * An event is written in the transaction of its effect, by whoever writes that: post.c,
 * notification.c, what keeps conversations, filters and announcements. Readers (the streamer,
 * Web Push) are woken by a commit, look at what is new from where they were, and find in the store
 * itself what there is to tell: an event only names it. By then the thing may have changed again,
 * or be gone; of a deleted post the event keeps what tells who could see it, never what it said.
 *
 * Events are numbered 1, 2, 3, ... The oldest are forgotten with time (event_trim), the last never,
 * so that the numbers go on. A reader that must miss nothing across a restart keeps its place here.
 *
 * Threads  reads: any thread with a txn. Writes: inside a mutation only
 * On disk  event; meta "events_read_<reader>"
 */
#ifndef WARD_STORAGE_EVENT_H
#define WARD_STORAGE_EVENT_H

#include "storage/record.h"

#define EVENT_LIFE_MS ((int64_t)24 * 3600 * 1000) /* unread ones too */
#define EVENT_ROWS_MAX ((uint64_t)50000)          /* read ones: fewer than that are kept */

/* Sets seq and at_ms; the strings are the caller's. */
MUST_CHECK enum err event_add(struct txn *txn, Event *event, int64_t now_ms);
/* About a post; of a deleted one it keeps what decides who could see it. */
MUST_CHECK enum err event_add_post(struct txn *txn, EventKind kind, const Post *post,
                                   int64_t now_ms);
/* For one of ours (owner 0: for all of them): `subject` is what the kind says, or 0. */
MUST_CHECK enum err event_add_for(struct txn *txn, EventKind kind, actor_id owner, uint64_t subject,
                                  int64_t now_ms);

/* The number of the last event; 0: there was none yet. */
MUST_CHECK enum err event_last(struct txn *txn, uint64_t *out_seq);
/* The first after `after_seq`; ERR_NOTFOUND: nothing new. */
MUST_CHECK enum err event_next(struct txn *txn, uint64_t after_seq, struct arena *arena,
                               Event **out);

/* A reader that goes on where it was after a restart. Without a place it holds nothing back. */
enum event_reader { EVENT_READER_PUSH };
/* ERR_NOTFOUND: it has no place yet (begin at event_last). */
MUST_CHECK enum err event_place_get(struct txn *txn, enum event_reader reader, uint64_t *out_seq);
MUST_CHECK enum err event_place_put(struct txn *txn, enum event_reader reader, uint64_t seq);

/*
 * Forgets up to `max` of the oldest: those past EVENT_LIFE_MS, and what is more than EVENT_ROWS_MAX
 * as far as every reader with a place has read. ERR_NOTFOUND: no more may go now.
 */
MUST_CHECK enum err event_trim(struct txn *txn, unsigned max, int64_t now_ms);

#endif
