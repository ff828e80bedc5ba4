/*
 * delivery_job - one delivery on its way: read from the store, signed, sent, judged, recorded.
 *
 * The steps, in order; who touches a job is told by its phase alone:
 *
 *     delivery_job_load     delivery thread, inside its snapshot: everything is copied
 *     delivery_job_sign     a worker: the key is read, used and forgotten; the call is made
 *     (the loop sends it)   delivery thread
 *     delivery_job_judge    delivery thread: what the answer means
 *     delivery_record       pushed to the writer: job removed and ledger line closed, or the next
 *                           attempt set; and what was learnt of the peer
 *
 * A crash between the answer and the record sends twice; the peer drops the repeat by its id.
 *
 * Source   README "Delivery"; threats T88, T98, T99
 */
#ifndef WARD_FEDERATION_DELIVERY_JOB_H
#define WARD_FEDERATION_DELIVERY_JOB_H

#include "federation/delivery.h"
#include "federation/http_client.h"
#include "federation/outgoing.h"
#include "federation/retry.h"

enum delivery_outcome {
    OUTCOME_SEND,      /* none yet: it is to be sent */
    OUTCOME_CANCELLED, /* policy does not let it go any more, or it cannot be signed */
    OUTCOME_JUDGED,    /* `verdict` counts */
};

struct delivery_job {
    struct mutation mutation;
    struct task task;
    void *context; /* the loop's own */
    struct federation *fed;

    struct arena arena;
    peer_id peer;
    OutJob *job;
    struct bytes body;
    PrivateKeys *keys;
    const char *synchronization; /* NULL: none is sent */
    const char *host, *pin;
    SignatureScheme known, scheme;
    bool is_second; /* the other scheme was answered 401 */

    struct http_call *http;
    enum delivery_outcome outcome;
    enum verdict verdict;
    struct answer answer;
    struct why why;
    int64_t now_ms;

    /* what the record says of the peer, for the log; set by its apply */
    bool has_failed_anew, has_recovered, is_over;
    bool is_alarming; /* has been failing for an hour by now */
    DeliveryState ended_as;
};

/* ERR_NOTFOUND: it ended meanwhile. The outcome is OUTCOME_CANCELLED when it may not go. */
MUST_CHECK enum err delivery_job_load(struct delivery_job *job, struct federation *fed,
                                      struct txn *txn, peer_id peer, uint64_t seq, int64_t now_ms);
/* Makes job->http; what cannot be signed or addressed becomes an outcome. */
void delivery_job_sign(struct delivery_job *job);
/* job->http has ended. True: to be signed again at once, with the other scheme. */
bool delivery_job_judge(struct delivery_job *job);
/* The apply of job->mutation (delivery_record.c). */
enum err delivery_record_apply(struct txn *txn, struct mutation *m);
/* Forgets everything but `context`. */
void delivery_job_clear(struct delivery_job *job);

/*
 * Tells the author, when it is one of our own people, that something is late or was not delivered.
 * Saying the same twice says it once.
 */
MUST_CHECK enum err delivery_tell(struct txn *txn, const OutJob *job, const char *text,
                                  int64_t now_ms);

#endif
