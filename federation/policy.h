/*
 * policy - with whom this node talks, and about what. Read from the store each time: no cache.
 *
 * Threads  any with a txn
 * Errors   ERR_DENIED with the reason
 * Source   README "Trust between institutions"; threats T16, T53, T85, T86, T88
 */
#ifndef WARD_FEDERATION_POLICY_H
#define WARD_FEDERATION_POLICY_H

#include "federation/federation.h"
#include "storage/peer.h"

/* May `host` (host(X)) talk to us, and we to it? *out_peer is 0 when nothing is stored of it. A
 * block holds for the hosts below it as well, unless one of them was allowed by name. */
MUST_CHECK enum err policy_admit(struct txn *txn, const struct federation_config *config,
                                 const char *host, int64_t now_ms, peer_id *out_peer,
                                 struct why *why);
/* How what came from `host` is shown here: as its record says, and as BLOCKED below a blocked host
 * unless one was decided about by name. Our own ("") is ALLOWED. */
PeerState policy_shows(struct txn *txn, const char *host);
/*
 * Mutual TLS: is one of `names` (http_message.client_names) the name of `host`? A certificate of
 * another peer says nothing about this one (T87). OK when `names` is NULL: none was asked for.
 */
MUST_CHECK enum err policy_check_names(const char *host, const char *names, struct why *why);
/* May a post of this visibility be sent to the peer? Asked when queueing and when sending. */
MUST_CHECK enum err policy_may_send(struct txn *txn, const struct federation_config *config,
                                    peer_id peer, Visibility visibility, int64_t now_ms,
                                    struct why *why);

/* An admin's decisions, each with its audit record, one transaction. */
struct peer_terms {
    const char *agreement; /* NULL: leave as it is */
    int64_t expires_ms;    /* -1: leave as it is; 0: never */
    int scope;             /* PeerScope; -1: leave as it is */
    const char *pin_sha256;
};
MUST_CHECK enum err policy_allow_peer(struct federation *fed, const char *host,
                                      const struct peer_terms *terms, const struct by *by,
                                      struct why *why);
MUST_CHECK enum err policy_set_peer(struct federation *fed, const char *host, PeerState state,
                                    const struct by *by, struct why *why);
/* Removes the record; refused while it has queued jobs. */
MUST_CHECK enum err policy_forget_peer(struct federation *fed, const char *host,
                                       const struct by *by, struct why *why);

#endif
