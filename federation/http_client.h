/*
 * http_client - one outgoing request, guarded and bounded; and the loop that drives many.
 *
 * What holds for every request of ours holds here, once: https only (http when the config says so);
 * the socket address is judged by guard_address when the socket is opened, so no spelling and no
 * second DNS answer slips through; no redirect is followed; no proxy, cookie, netrc or compression;
 * TLS 1.2 at least, the system's CAs and config->tls_ca; header block, body and time are bounded.
 *
 * A connection is kept for reuse while there is traffic; a loop that has been idle for half a
 * minute closes all of them and gives their memory back.
 *
 * Units    ms, bytes
 * Memory   a call owns its answer; what a request points to is borrowed until http_call_free
 * Threads  a call and its loop: one thread. http_loop_wake: any
 * Source   threats T49-T54, T59. The only home of libcurl.
 */
#ifndef WARD_FEDERATION_HTTP_CLIENT_H
#define WARD_FEDERATION_HTTP_CLIENT_H

#include "federation/federation.h"
#include "federation/uri.h"

#define HTTP_HEADERS_MAX_BYTES (32 * 1024)
#define HTTP_REQUEST_MAX_LINES 16

struct http_request {
    const char *uri;
    struct bytes body;        /* p set: POST, else GET */
    const char *const *lines; /* "Name: value" */
    size_t line_count;
    size_t answer_max_bytes;
    bool is_to_file; /* the body of a 200 goes to `file`, from its beginning, not to memory */
    int file;
    const char *pin_sha256; /* hex, of the certificate's SubjectPublicKeyInfo; NULL or "": none */
    bool has_min_rate;      /* 1 KiB per s over 5 s, once the answer has begun */
};

struct http_answer {
    int status;        /* 0: none, or cut before its end */
    bool is_denied;    /* guard_address refused an address of that host */
    bool is_too_large; /* the status stands, the body was given up */
    char content_type[128];
    char location[URI_MAX_BYTES + 1];
    char retry_after[64];
    char accept_signature[512];
    struct bytes body;
    struct why why; /* set when status is 0 or something was refused */
};

struct http_call;

/* ERR_INVALID, ERR_DENIED from guard_uri; ERR_INVALID for a pin that is none. */
MUST_CHECK enum err http_call_create(const struct federation_config *config,
                                     const struct http_request *request, struct http_call **out,
                                     struct why *why);
/* Waits for the answer: for fetch_now. */
void http_call_run(struct http_call *call);
/* Valid once the call has ended. */
const struct http_answer *http_call_answer(const struct http_call *call);
/* The caller's own, NULL at first: which of its things this call is for. */
void http_call_set_owner(struct http_call *call, void *owner);
void *http_call_owner(const struct http_call *call);
void http_call_free(struct http_call **call); /* not while it is in a loop */

struct http_loop;
struct http_loop *http_loop_create(void);
void http_loop_add(struct http_loop *loop, struct http_call *call);
/* Takes a call out before its end. */
void http_loop_remove(struct http_loop *loop, struct http_call *call);
/* Moves bytes, waiting for something to happen at most `wait_ms`. */
void http_loop_turn(struct http_loop *loop, int64_t wait_ms);
/* A call that ended, no longer in the loop; NULL: none. */
struct http_call *http_loop_ended(struct http_loop *loop);
/* Ends the wait of http_loop_turn, now or the next one. Any thread. */
void http_loop_wake(struct http_loop *loop);
void http_loop_free(struct http_loop **loop);

#endif
