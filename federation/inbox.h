/*
 * inbox - ingest(): one received request, judged from the store alone.
 *
 *     DONE      apply `act` (NULL: nothing to do) and answer 202
 *     REJECT    answer `status`; nothing is stored
 *     NEEDS     park the request under `needs`, answer 202; the fetcher gets the URI; later it is
 *               ingested again, from the start
 *
 * Nothing in it waits for the network, and judging twice changes nothing. Order of checks: who is
 * it (signature header), may that host talk to us, size and shape, does the signature hold, do the
 * origins agree, has it been seen, then the act's remote door.
 *
 * Threads  ingest: any; inbox_receive, inbox_resume: a worker
 * Source   ActivityPub #inbox, #server-to-server-interactions; README "Architecture"; threats
 *          T10-T29, T37-T48, T85-T89
 */
#ifndef WARD_FEDERATION_INBOX_H
#define WARD_FEDERATION_INBOX_H

#include "federation/act/act.h"
#include "federation/signature.h"

struct received {
    struct http_message message; /* borrowed for the call */
    int64_t received_ms; /* the clock its dates are judged by, also when it was parked since */
    const char *fetched; /* what it was parked for has just been fetched; NULL: was not parked */
};

enum ingest_verdict { INGEST_DONE, INGEST_REJECT, INGEST_NEEDS };

struct ingest {
    enum ingest_verdict verdict;
    int status; /* REJECT: 400 401 403 503 */
    struct why why;
    const char *needs; /* in the arena */
    WantKind needs_kind;
    bool is_verified;
    const char *principal;     /* actor URI whose key verified, in the arena */
    char host[URI_HOST_BYTES]; /* of the signer's key: who is talking */
    peer_id peer;
    struct act *act; /* owned by the caller until pushed */
};

void ingest(struct federation *fed, const struct received *in, struct arena *arena,
            struct ingest *out);

/*
 * The whole way of one request: ingest, then apply or park, committed; then `done` once, with the
 * HTTP status (202, or a refusal with its reason), on the writer thread or this one. `in` may be
 * freed when inbox_receive returns.
 */
typedef void inbox_done(void *context, int status, const struct why *why);
void inbox_receive(struct federation *fed, const struct received *in, inbox_done *done,
                   void *context);

/* Ingests again everything that waits for `uri`; `gone` says why it will never come (or NULL). */
void inbox_resume(struct federation *fed, const char *uri, const struct why *gone);

/* Parks what a fetched document itself needs (its author), to be resolved again later. `rounds`:
 * how often that was done with it before. ERR_INVALID: too often; ERR_LIMIT: its host's quota is
 * used up. */
MUST_CHECK enum err inbox_park_document(struct federation *fed, const char *uri, struct bytes body,
                                        const char *needs, unsigned rounds);

/* What waits for `uri` waits for `other` instead: a key document said who its owner is. */
void inbox_repark(struct federation *fed, const char *uri, const char *other);

#endif
