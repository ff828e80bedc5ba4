/*
 * fetch_call - one GET with its redirects and its second try: the steps fetch_now takes in a row
 * and the fetcher takes as answers come.
 *
 *     e = fetch_call_begin(fed, uri, kind, &call);
 *     do run call.http, in whatever way; while (fetch_call_again(&call));
 *     call.e and fetch_call_result(&call) are the outcome
 *
 * Memory   the result borrows from the call until fetch_call_clear
 * Threads  the caller's
 * Errors   as fetch_now
 */
#ifndef WARD_FEDERATION_FETCH_CALL_H
#define WARD_FEDERATION_FETCH_CALL_H

#include "federation/fetch.h"
#include "federation/http_client.h"
#include "storage/schema.pb-c.h"

#define FETCH_HOPS_MAX 3

struct fetch_call {
    struct federation *fed;
    enum fetch_kind kind;
    int file; /* FETCH_MEDIA: where it goes, and how much may */
    size_t file_max_bytes;
    struct arena arena;
    const char *uri; /* of the present hop, without a fragment */
    char host[URI_HOST_BYTES];
    unsigned hops;
    SignatureScheme known, scheme; /* what was remembered of the host; what is used now */
    bool is_second;                /* the other scheme was answered 401 */
    struct http_call *http;
    enum err e;
    struct why why;
};

MUST_CHECK enum err fetch_call_begin(struct federation *fed, const char *uri, enum fetch_kind kind,
                                     struct fetch_call *out);
/* call->http has ended. True: there is a new one to run. */
bool fetch_call_again(struct fetch_call *call);
struct fetched fetch_call_result(const struct fetch_call *call);
void fetch_call_clear(struct fetch_call *call); /* accepts what fetch_call_begin refused */

/* Pure: what an answer that is no redirect means. */
MUST_CHECK enum err fetch_judge(enum fetch_kind kind, const struct http_answer *answer,
                                struct why *why);
bool fetch_is_redirect(int status);
/* Where a Location leads: same scheme and host only; NULL: nowhere. */
const char *fetch_redirect_target(const char *from, const char *location, struct arena *arena);

#endif
