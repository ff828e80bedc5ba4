/*
 * server - the gate, libmicrohttpd behind it, and the routes: an HTTP server.
 *
 * Several may run in one process: the public one, and a small one on the admin
 * address with its own table.
 *
 * Threads  start, stop, reload_tls, counts: the owner. Handlers run on HTTP threads,
 *          `threads` of them, and must not wait.
 * Errors   ERR_INVALID for an address or a certificate that cannot be used; ERR_LIMIT
 *          when the system is out of something
 */
#ifndef WARD_NODE_HTTP_SERVER_H
#define WARD_NODE_HTTP_SERVER_H

#include "node/http/gate.h"
#include "node/http/request.h"
#include "node/http/router.h"

#define SERVER_BODIES_MAX_BYTES (256u * 1024 * 1024)

struct server_listen {
    const struct sockaddr *address; /* port 0: any free one */
    socklen_t address_n;
    bool is_tls;
};

struct server_config {
    struct server_listen listen[GATE_LISTENERS_MAX];
    size_t n_listen;
    struct tls_files tls; /* needed when a listener is_tls */
    struct head_hosts hosts;
    struct gate_limits limits; /* GATE_LIMITS_DEFAULT */
    struct address_ranges known, proxies;
    size_t threads; /* 0: one per core */
    /* Requests one address may make, over time and at once; more get 429. 0: as many as it likes.
     */
    unsigned requests_per_s, requests_burst;
    uint64_t bodies_max_bytes; /* memory of all bodies at once, then 503; 0: the default */
    /* For ROUTE_SPOOLED: an open file without a name, or -1; on an HTTP thread. The bytes of all
     * such files together; then 503. */
    int (*spool)(void *context);
    uint64_t spool_max_bytes;
    bool is_public_https; /* a proxy in front speaks TLS with the clients */
    /*
     * Asked before every handler, for instance about route->needs: NULL lets the request
     * through, else this is the answer. May be NULL.
     */
    struct response *(*guard)(struct request *request);
};

struct server;

/* What `config` and `table` point at must outlive the server. */
MUST_CHECK enum err server_start(const struct server_config *config, const struct route *table,
                                 size_t n, void *context, struct server **out, struct why *why);
/* The port the listener really has. */
int server_port(const struct server *server, size_t listener);
/* Reads the certificate files again; on failure the old ones stay in use. */
MUST_CHECK enum err server_reload_tls(struct server *server, struct why *why);
/*
 * Accepts no more, waits up to `drain_ms` for what is in flight, answers 503 to what is
 * still suspended, and joins the threads.
 */
void server_stop(struct server **server, int64_t drain_ms);

struct server_counts {
    struct gate_counts gate;
    size_t connections, suspended;
    uint64_t requests, bodies_bytes;
};
void server_counts_get(struct server *server, struct server_counts *out);

#endif
