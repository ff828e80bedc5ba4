/*
 * fetch - the only way out for GET: guarded, signed as the instance actor, bounded.
 *
 * fetch_now waits; it is for the CLI and for tests. The daemon runs a fetcher: one thread
 * (curl multi) that takes wants (parked.h) when they are due, and hands each document to
 * resolve_fetched() on the worker pool. At most config->fetch_parallel at once, 2 per host.
 *
 * Redirects: 3, same host only; each hop is guarded and signed anew. What comes back is counted in
 * the write callback; no compression is asked for. The scheme that worked is remembered per host.
 *
 * Threads  fetch_now: any, not the writer's. start/stop: serve.c. wake: any
 * Errors   ERR_NOTFOUND 404; ERR_DENIED 401, 403, guard or policy; ERR_INVALID 410, wrong content
 *          type, other 4xx (410: status says so); ERR_LIMIT too large; ERR_LATER the rest
 * Source   threats T30, T31, T49-T54, T59
 */
#ifndef WARD_FEDERATION_FETCH_H
#define WARD_FEDERATION_FETCH_H

#include "federation/federation.h"

enum fetch_kind {
    FETCH_ACTIVITY, /* activity+json or ld+json only */
    FETCH_JRD,      /* WebFinger: jrd+json or json; unsigned */
    FETCH_JSON,     /* NodeInfo; unsigned */
    FETCH_MEDIA,    /* any content type: what it is, its bytes say; fetch_file alone */
};

struct fetched {
    int status;      /* 0: no answer */
    const char *uri; /* the final one */
    struct bytes body;
};

/* Policy is checked first: a host that is not a peer (allowlist mode) or is blocked is ERR_DENIED.
 */
MUST_CHECK enum err fetch_now(struct federation *fed, const char *uri, enum fetch_kind kind,
                              struct arena *arena, struct fetched *out, struct why *why);

/*
 * The same of a picture or film, to `file` (written from its beginning; cut to what came): nothing
 * of it is held in memory. Signed as documents are: for some, who asks decides.
 */
MUST_CHECK enum err fetch_file(struct federation *fed, const char *uri, int file, size_t max_bytes,
                               struct why *why);

struct fetcher;
MUST_CHECK enum err fetcher_start(struct federation *fed, struct fetcher **out);
void fetcher_wake(struct fetcher *fetcher);
/* Before the workers and the writer stop: waits for what they were given. */
void fetcher_stop(struct fetcher **fetcher);
size_t fetcher_in_flight(struct fetcher *fetcher);

#endif
