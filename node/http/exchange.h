/*
 * exchange - one request and its answer as libmicrohttpd sees them. Only server.c
 * and exchange.c include this.
 *
 * An exchange is counted: libmicrohttpd holds one reference until it says the request
 * is completed, a suspended request holds one until request_finish(), a watched stream
 * one until request_unwatch(). The server's own memory lives until the last of them.
 *
 * Threads  see the groups in struct server
 */
#ifndef WARD_NODE_HTTP_EXCHANGE_H
#define WARD_NODE_HTTP_EXCHANGE_H

#include "node/http/rate.h"
#include "node/http/server.h"

#include <microhttpd.h>

#include <pthread.h>
#include <stdatomic.h>

struct server {
    /* set by server_start, then constant */
    const struct server_config *config;
    const struct route *table;
    size_t n_routes;
    void *context;
    uint64_t bodies_max_bytes;
    struct gate *gate;
    struct rate *rate; /* NULL: no limit */
    size_t n_daemons;
    struct MHD_Daemon **daemons;
    int ports[GATE_LISTENERS_MAX];

    /* any thread */
    atomic_size_t references;
    atomic_uint_fast64_t requests, bodies_bytes, spool_bytes;

    /* any thread, under mu */
    pthread_mutex_t mu;
    pthread_cond_t all_resumed;
    bool is_stopping;
    struct exchange *suspended; /* waiting for request_finish() or request_wake() */
    size_t n_suspended, n_resuming;
};

enum exchange_step { EXCHANGE_NEW, EXCHANGE_BODY, EXCHANGE_HANDED, EXCHANGE_ANSWERED };

struct exchange {
    struct request request;
    struct server *server;
    atomic_size_t references;

    /* the HTTP thread of the connection */
    enum exchange_step step;
    struct buf body;
    uint64_t body_counted, spool_counted;
    const char *overload; /* why this one is answered 503: bodies together are too large, ... */
    struct response_upgrade upgrade; /* answered, not begun yet */

    /* any thread, under server->mu */
    struct MHD_Connection *connection; /* NULL once completed */
    struct response *answer;           /* waits for the HTTP thread */
    bool is_suspended, is_given_up, has_stream_news;
    struct exchange *next, *previous; /* in server->suspended */
};

/* The callbacks of MHD_start_daemon; `context` is the server. */
void *exchange_begin(void *context, const char *target, struct MHD_Connection *connection);
enum MHD_Result exchange_continue(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *n, void **exchange);
void exchange_complete(void *context, struct MHD_Connection *connection, void **exchange,
                       enum MHD_RequestTerminationCode how);

/* From now on nothing is suspended any more; what is, is answered 503. */
void exchange_give_up_all(struct server *server);

void server_release(struct server *server); /* one reference less */

#endif
