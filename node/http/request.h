/*
 * request - what a handler sees of a request, and how it answers later.
 *
 * A handler runs on an HTTP thread once the whole body is there. It either returns
 * the answer, or calls request_suspend(), hands the request to another thread and
 * returns NULL; that thread calls request_finish() exactly once. Suspend first, then
 * push: the other thread may be done before the push returns.
 *
 * When the server stops, or gives a request up, an answer has been sent already:
 * request_finish() then only releases. A suspended request may outlive the server.
 *
 * Memory   everything a request points at lives until the handler returned an answer,
 *          or request_finish()
 * Threads  the handler's, then whoever it was pushed to: one at a time.
 *          request_suspend: the handler's. request_finish, request_wake: any.
 */
#ifndef WARD_NODE_HTTP_REQUEST_H
#define WARD_NODE_HTTP_REQUEST_H

#include "node/http/address.h"
#include "node/http/response.h"
#include "node/http/router.h"
#include "storage/base/arena.h"

/* Head, decoded parameters and queries of one request. */
#define REQUEST_ARENA_MAX_BYTES (192 * 1024)

struct request_field {
    const char *name, *value;
};

struct request {
    void *context;      /* as given to server_start() */
    const char *method; /* "HEAD" is what was asked, the route is GET's */
    const char *target; /* raw: what a signature was made over */
    const char *host;
    struct request_field *fields; /* all of them, as sent, in order */
    size_t n_fields;
    struct bytes body;
    int body_file; /* of a ROUTE_SPOOLED route: where the body is instead; -1: there is none */
    uint64_t body_file_bytes;
    struct route_match match;
    struct address client;    /* behind a proxy of ours: the one it speaks for */
    bool is_tls;              /* the client's own connection is secure */
    const char *client_cert;  /* SHA-256 of a verified client certificate in hex, "" if none */
    const char *client_names; /* the DNS names in it, each with a space before it; "" */
    void *session;            /* the guard's and the handlers' own; the server leaves it alone */
    struct arena arena;       /* for whatever must live as long as the request */
};

/* The first field of that name; case does not count. NULL when there is none. */
const char *request_header(const struct request *request, const char *name);
/* A placeholder's decoded value; asking for one that the pattern lacks is a bug. */
const char *request_param(const struct request *request, const char *name);
/* The first query parameter of that name, decoded ("" for "?name"); NULL when there is none. */
const char *request_query(struct request *request, const char *name);
/* The request showed who is asking: Authorization, Cookie or Signature was sent. */
bool request_has_credentials(const struct request *request);

void request_suspend(struct request *request);
void request_finish(struct request *request, struct response *response);

/*
 * For a stream's owner: keeps the request's connection known after its answer has begun.
 * Call request_watch() in the handler; then request_wake() from any thread has the stream's
 * `read` called again; request_unwatch() ends that. A wake after the end does nothing.
 * Wake and finish without holding a lock that the stream's `read` or `close` takes.
 */
struct request *request_watch(struct request *request);
void request_wake(struct request *request);
void request_unwatch(struct request **request);

#endif
