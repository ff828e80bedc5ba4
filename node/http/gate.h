/*
 * gate - what stands between strangers and libmicrohttpd.
 *
 * Each gate thread is one epoll loop. It accepts, speaks TLS, reads a request head,
 * judges it (head.h) and writes it out again, clean, into one end of a socket pair;
 * whoever serves requests has the other end. Body bytes follow with their framing
 * proven and their number bounded; the answer comes back the same way. One request
 * at a time is under way per connection, so that a refusal never overtakes an
 * earlier answer and nothing after a refusal is read as a request.
 *
 *     client ==TCP/TLS== gate thread ==socket pair== server
 *
 * The line "@gate: https <client certificate>" or "@gate: http" is added to what is
 * handed in. No client can send it: "@" is not allowed in a field name.
 *
 * Bounds    at most GATE_BUFFER_BYTES wait in either direction per connection, a head
 *           under HEAD_MAX_BYTES, and INNER_BYTES in the pair. A slow reader slows the
 *           server down, a slow server slows the sender down.
 * Threads   start, drain, stop, set_tls: the owner. hooks are called on gate threads.
 * Source    threats.md T01-T08, T61; RFC 9112
 */
#ifndef WARD_NODE_HTTP_GATE_H
#define WARD_NODE_HTTP_GATE_H

#include "node/http/address.h"
#include "node/http/head.h"
#include "node/http/tls.h"

#define GATE_BUFFER_BYTES (16 * 1024)
#define GATE_LISTENERS_MAX 4
#define GATE_THREADS_MAX 64
#define GATE_OVER_MAX 32 /* connections over the limit while somebody is being evicted */

struct gate_limits {
    int64_t head_ms;    /* TLS handshake and first head complete */
    int64_t request_ms; /* head and body complete; bodies allowed over 1 MiB get longer */
    int64_t idle_ms;    /* between requests */
    int64_t answer_ms;  /* until an answer begins */
    int64_t linger_ms;  /* reading on after a last answer, so that it is not lost to a reset */
    uint64_t min_rate;  /* bytes per second, both ways, while a side is waiting for the client */
    size_t connections; /* in all */
    size_t per_address; /* for everybody */
    size_t per_known;   /* for addresses in `known` */
};

#define GATE_LIMITS_DEFAULT                                                                        \
    {                                                                                              \
        .head_ms = 10000, .request_ms = 30000, .idle_ms = 15000, .answer_ms = 120000,              \
        .linger_ms = 1000, .min_rate = 1024, .connections = 4096, .per_address = 32,               \
        .per_known = 128                                                                           \
    }

/* What the routes say about a head. */
#define GATE_ALLOW_BYTES 64
struct gate_verdict {
    int status; /* 0: let it in */
    const char *why;
    char allow[GATE_ALLOW_BYTES]; /* with 405 */
    uint64_t body_max_bytes;
};

struct gate_hooks {
    void *context;
    void (*judge)(void *context, const struct head *head, struct gate_verdict *out);
    /*
     * Takes `fd`, the far end of a socket pair, whatever is returned: requests come out of it.
     * `index` is the gate thread's number.
     */
    enum err (*take)(void *context, size_t index, int fd, const struct sockaddr *from,
                     socklen_t from_n);
};

struct gate_listener {
    int fd;                  /* bound and listening; the gate closes it */
    struct tls_context *tls; /* NULL: plain. Taken over */
};

struct gate_config {
    size_t threads;
    struct gate_limits limits;
    struct head_hosts hosts;
    struct address_ranges known;   /* peers' addresses */
    struct address_ranges proxies; /* not limited per address: many clients are behind one */
    struct gate_listener listeners[GATE_LISTENERS_MAX];
    size_t n_listeners;
    struct gate_hooks hooks;
};

struct gate;

/* What `config` points at must outlive the gate. ERR_LIMIT when the system has no more threads. */
MUST_CHECK enum err gate_start(const struct gate_config *config, struct gate **out,
                               struct why *why);
/* New connections of all TLS listeners get `tls` (shared, not taken). */
void gate_set_tls(struct gate *gate, struct tls_context *tls);
/* Accepts no more; idle connections are closed now, the others after their answer. */
void gate_drain(struct gate *gate);
size_t gate_connections(struct gate *gate);
/* Closes what is left and joins the threads. */
void gate_stop(struct gate **gate);

/* The refusals so far, by reason, for metrics. */
struct gate_counts {
    uint64_t accepted, refused_address, refused_full, evicted, refused_head, timed_out;
};
void gate_counts_get(struct gate *gate, struct gate_counts *out);

#endif
