/*
 * federation - what every part of this room is given: settings, the store, and how to get things
 * done elsewhere. Made once by the process (daemon, CLI, test) and constant while threads run.
 *
 * Our URIs (all of them begin with federation_base): /users/NAME, its /inbox /outbox /followers
 * /followers_synchronization /following /featured, /users/NAME/posts/ID (a post),
 * .../posts/ID/activity (its Create or Announce), .../posts/ID/replies, .../posts/ID/context (the
 * thread it began), /users/NAME/approvals/ID (an authorization), /inbox (shared), /actor (the
 * instance actor), /tags/NAME (public posts of ours with that hashtag).
 */
#ifndef WARD_FEDERATION_FEDERATION_H
#define WARD_FEDERATION_FEDERATION_H

#include "storage/base/arena.h"
#include "storage/base/task.h"
#include "storage/writer.h"

#include <netinet/in.h>

enum federation_mode {
    FEDERATION_ALLOWLIST, /* only peers an admin allowed */
    FEDERATION_OPEN,      /* anyone but the blocked */
};

struct network_range { /* IPv4 as ::ffff:a.b.c.d, prefix_bits counted in 128 */
    struct in6_addr address;
    unsigned prefix_bits;
};

struct federation_config {
    const char *host;   /* our host(X), with port when it is not 443 */
    bool insecure_http; /* our ids and peers by plain http */
    enum federation_mode mode;
    const struct network_range *allow_addresses; /* private ranges that may be contacted */
    size_t allow_address_count;
    const char *tls_ca; /* file of extra CAs for outgoing requests; NULL: the system's only */
    const char *client_cert, *client_key; /* files, shown to peers that ask; NULL: none */
    bool needs_client_cert;               /* peers' requests must come with one in their name */
    bool object_proofs; /* what leaves in the name of an actor of ours carries its proof */

    const char *data_dir; /* pictures of ours lie in its folder media */

    int64_t connect_timeout_ms;       /* 5 s */
    int64_t transfer_timeout_ms;      /* 15 s, whole */
    size_t document_max_bytes;        /* 1 MiB */
    const char *const *preview_hosts; /* host(X) of pages that links may be shown by */
    size_t preview_host_count;
    unsigned fetch_parallel;     /* 16 */
    unsigned delivery_parallel;  /* 64 requests in flight in all */
    unsigned delivery_per_peer;  /* 8 */
    int64_t queue_life_ms;       /* 30 days */
    int64_t late_notice_ms;      /* 4 h: the author is told */
    int64_t refusal_patience_ms; /* 48 h: how long 401, 403, 404 are tried again */
    int64_t back_off_ms[8];      /* 1 m, 5 m, 15 m, 1 h, then the last again and again; 0 ends */
    size_t back_off_count;
    int64_t signature_window_ms; /* 1 h */
};

struct federation {
    const struct federation_config *config;
    struct engine *engine;
    struct writer *writer;
    void *process; /* for the three below */

    /* Gives a task to the worker pool: ERR_LIMIT full, ERR_LATER stopping. NULL: run it at once. */
    enum err (*run_task)(struct federation *fed, struct task *task);
    /* Something was queued, wanted: look again. Any thread; coalesces. NULL: nobody to wake. */
    void (*wake_delivery)(struct federation *fed);
    void (*wake_fetcher)(struct federation *fed);
    /* Counts an event for the metrics ("inbox.accepted"); NULL: nobody counts. */
    void (*count)(struct federation *fed, const char *event);
};

/* "https://host", in the arena. */
const char *federation_base(const struct federation *fed, struct arena *arena);
/* The rest of one of our own URIs ("/users/ann"), NULL when `uri` is not ours. */
const char *federation_own_path(const struct federation *fed, const char *uri);

/* On whose behalf something is done here: goes to the audit log. */
struct by {
    const char *who;    /* "unix:root", "account:ann" */
    const char *reason; /* NULL: none given */
};

#endif
