/*
 * recall - who had a post of ours, and who confirmed that it is gone.
 *
 * Told from the ledger of the post, which outlives it, host by host: a host had the post when
 * anything about it arrived there, and confirmed its deletion when it answered 2xx to the Delete.
 *
 * Memory   lines live in the caller's arena, the list is freed by recall_clear
 * Threads  the txn's
 */
#ifndef WARD_FEDERATION_RECALL_H
#define WARD_FEDERATION_RECALL_H

#include "federation/federation.h"
#include "storage/outqueue.h"
#include "storage/post.h"

enum recall_state {
    RECALL_CONFIRMED,
    RECALL_WAITING,   /* the Delete is queued, or being tried */
    RECALL_REFUSED,   /* the host refused it */
    RECALL_EXPIRED,   /* it did not answer for as long as we try */
    RECALL_BARRED,    /* not sent: policy, or an administrator */
    RECALL_UNASKED,   /* no Delete was sent there yet */
    RECALL_UNREACHED, /* it never got the post: there is nothing to confirm */
};

struct recall_line {
    peer_id peer;
    const char *host, *inbox; /* inbox: where the Delete goes, or went */
    enum recall_state state;
    bool had_it;     /* for certain */
    uint64_t seq;    /* of the Delete that waits; 0: none */
    int64_t at_ms;   /* when it was confirmed, refused, given up; 0: not yet */
    int64_t next_ms; /* WAITING: next attempt; 0: at once */
    uint32_t attempts, status;
    const char *why;
};

struct recall {
    post_id post;
    actor_id author;
    const char *uri;
    bool is_deleted, was_open;
    struct recall_line *line;
    size_t n, room;
};

/* By id or URI: a post of ours, living or deleted. (By id: not of a deleted account.)
 * ERR_NOTFOUND; ERR_DENIED: written elsewhere; ERR_INVALID: a boost. */
MUST_CHECK enum err recall_find(struct txn *txn, const struct federation *fed, const char *text,
                                struct arena *arena, struct recall *out, struct why *why);
/* Fills in the lines, anew. */
MUST_CHECK enum err recall_read(struct txn *txn, struct arena *arena, struct recall *recall);
void recall_clear(struct recall *recall);
/* How many hosts may have it and did not confirm. */
size_t recall_missing(const struct recall *recall);

#endif
