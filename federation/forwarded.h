/*
 * forwarded - what to believe of an activity that reached us through somebody else than its actor:
 * an inbox that passes it on, a group that announces it.
 *
 * Nothing it says is believed because of who brought it. Either its actor's proof is in it
 * (proof.h), or what it is about is fetched from its origin: then what was fetched counts, and the
 * activity itself is dropped.
 *
 *     PROVED   it is its actor's: act on it as on one that they sent themselves
 *     NEEDS    `needs` first, then ask again (fetched: that URI)
 *     FETCHED  its origin was asked, or needs not be: `post` is what is stored now
 *     REFUSED  nothing makes it believable: `why`
 *
 * A proof says nothing of when it was sent, or to whom: an old Follow could be brought again after
 * its Undo. So only an activity with an id, which is acted on once, is PROVED, and only while that
 * it was seen is still remembered (FORWARDED_AGE_MAX_MS by the proof's `created`).
 *
 * Only Create, Update and Delete of a post can be looked up at their origin; a Like or a Follow
 * needs the proof. Every fetch is one that policy admits, at the actor's own host (T86); who
 * brought it must have a part in it, so that a peer cannot send us to fetch whatever it likes.
 *
 * Memory   results live in the caller's arena
 * Threads  any with a txn
 * Source   ActivityPub #inbox-forwarding; FEP-8b32; FEP-1b12; threats T17, T27, T86, T109
 */
#ifndef WARD_FEDERATION_FORWARDED_H
#define WARD_FEDERATION_FORWARDED_H

#include "federation/as2.h"
#include "federation/federation.h"
#include "federation/uri.h"

#define FORWARDED_AGE_MAX_MS                                                                       \
    ((int64_t)40 * 24 * 60 * 60 * 1000) /* late by a queue's life, and more */

struct forwarded {
    const struct as2_activity *activity;
    struct bytes json;   /* as it was sent: inner_json of an Announce; empty: has no proof */
    const char *by_host; /* host(X) of who brought it */
    const char *fetched; /* act->fetched: was asked for, for this very request; or NULL */
    int64_t now_ms;
};

enum forwarded_verdict {
    FORWARDED_REFUSED,
    FORWARDED_PROVED,
    FORWARDED_NEEDS,
    FORWARDED_FETCHED,
};

struct forwarded_answer {
    actor_id who; /* PROVED: stored, and not suspended */
    char host[URI_HOST_BYTES];
    peer_id peer;
    const char *needs; /* NEEDS */
    WantKind needs_kind;
    post_id post; /* FETCHED: 0 when there is none (any more) */
};

enum forwarded_verdict forwarded_judge(const struct federation *fed, struct txn *txn,
                                       const struct forwarded *in, struct arena *arena,
                                       struct forwarded_answer *out, struct why *why);

#endif
