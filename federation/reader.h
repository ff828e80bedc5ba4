/*
 * reader - who asks for a document by GET, and may their host have it.
 *
 * A signed GET whose key is not known yet cannot be judged: reader_wait has the key fetched and
 * calls back when it is there (or will not be), so that a server that asks for the first time gets
 * its answer to this request and not to the next one. Waiting is held in memory only: a crash
 * loses a GET, never data.
 *
 * Threads  any; the callback runs on whichever thread brought the key, or the one that expires
 * Source   README "Trust between institutions"; threats T64, T65, T85
 */
#ifndef WARD_FEDERATION_READER_H
#define WARD_FEDERATION_READER_H

#include "federation/federation.h"
#include "federation/signature.h"
#include "federation/uri.h"

#define READERS_WAITING_MAX 256 /* in all; one more is refused */
#define READER_WAIT_MS 20000

struct reader {
    char host[URI_HOST_BYTES];
    peer_id peer;      /* 0: not met before (open mode) */
    const char *inbox; /* OK: of who asks, in the arena */
    bool is_stranger;  /* ERR_DENIED: a better signature would not help either */
    const char *needs; /* ERR_LATER: the key document to fetch, in the arena */
};

/*
 * OK             signed by an actor of an admitted host: *out is set
 * ERR_NOTFOUND   not signed
 * ERR_LATER      the key must be fetched first: out->needs
 * ERR_DENIED     badly signed, or by a host we do not talk to; ERR_INVALID malformed
 */
MUST_CHECK enum err reader_identify(struct federation *fed, struct txn *txn,
                                    const struct http_message *msg, struct arena *arena,
                                    struct reader *out, struct why *why);

/* Remembers, on disk, that this reader got `post`: its Delete goes there too. Waits for the writer.
 */
MUST_CHECK enum err reader_note_fetched(struct federation *fed, const struct reader *reader,
                                        post_id post);

/* ERR_LIMIT: too many wait already, nothing will be called. `ready` is called once. */
MUST_CHECK enum err reader_wait(struct federation *fed, const char *needs,
                                void (*ready)(void *context), void *context);

/* resolve: the document at `uri` came or will not come; or its answer lies at `other`. */
void reader_wake(const char *uri);
void reader_redirect(struct federation *fed, const char *uri, const char *other);
/* Calls those that waited too long; all of them when `everyone` (stopping). */
enum reader_expiry { READERS_OVERDUE, READERS_ALL };
void reader_expire(enum reader_expiry which, int64_t now_mono_ms);

#endif
