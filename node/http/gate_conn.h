/*
 * gate_conn - one client connection inside a gate thread: the machine that reads,
 * judges, relays and closes. Only gate.c includes this.
 *
 * Threads  the gate thread that owns the connection
 */
#ifndef WARD_NODE_HTTP_GATE_CONN_H
#define WARD_NODE_HTTP_GATE_CONN_H

#include "node/http/answer.h"
#include "node/http/gate.h"

#include <pthread.h>
#include <stdatomic.h>

enum phase {
    PHASE_HANDSHAKE,
    PHASE_HEAD,     /* between requests, or inside a head */
    PHASE_BODY,     /* a request's body is being relayed; its answer may already be coming */
    PHASE_ANSWER,   /* the request is complete; nothing is read from the client */
    PHASE_UPGRADED, /* bytes are relayed as they are */
    PHASE_LINGER,   /* the last answer is on its way; what still comes is thrown away */
    PHASE_DEAD,
};

/* Bytes that wait; memory is held only while there are any. */
struct piece {
    uint8_t *p;
    size_t from, n, room;
};

struct conn_list {
    struct conn *first, *last;
};

struct conn {
    struct conn *next, *previous; /* in the thread's list `waiting` or `busy` */
    struct conn_list *list;
    struct conn *next_again, *next_dead;
    bool is_again;

    struct gate_thread *thread;
    enum phase phase;
    int client, inner; /* sockets; inner is -1 between */
    struct tls_session *tls;
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } from;
    socklen_t from_n;
    struct address address; /* as counted */
    bool is_counted;

    /* What epoll said and no call has denied since: edges are not repeated. */
    bool may_read_client, may_write_client, may_read_inner, may_write_inner;
    bool is_client_done; /* end of file */
    bool is_inner_deaf;  /* the server reads no more of this request */
    bool has_served, has_said_goodbye;

    struct piece in, to_inner, to_client;
    size_t scanned;
    struct chunk_reader chunks;
    bool is_chunked;
    uint64_t body_left, body_seen, body_max;
    struct answer answer;

    int64_t head_from_ms, idle_from_ms, body_from_ms, answer_from_ms, linger_from_ms;
    int64_t stall_from_ms, stall_acked;
    int64_t sent;
};

struct gate_thread {
    /* set before the thread starts, then constant */
    struct gate *gate;
    const struct gate_config *config;
    struct address_counts *counts;
    size_t index;
    pthread_t id;
    int epoll, wake;

    /* the gate thread only */
    struct conn_list waiting; /* handshake or head, longest wait first: the ones to evict */
    struct conn_list busy;
    struct conn *again; /* had more to do than its turn allowed */
    struct conn *dead;  /* freed when no event of this batch can name them any more */
    bool is_listening;
    int64_t now_ms;
    uint8_t scratch[GATE_BUFFER_BYTES];

    /* any thread */
    atomic_bool is_draining, is_stopping;
    atomic_size_t n_conns;
    atomic_uint evictions_wanted; /* by other threads, which had nobody to evict */
    atomic_uint_fast64_t accepted, refused_address, refused_full, evicted, refused_head, timed_out;
};

/* Takes over the socket and the session. The address is counted already. */
void conn_add(struct gate_thread *thread, int fd, struct tls_session *tls,
              const struct sockaddr *from, socklen_t from_n);
/* Does everything that can be done now. */
void conn_pump(struct conn *conn);
/* Ends what waited too long. */
void conn_check_time(struct conn *conn);
/* Closes at once; the memory lives until conn_bury(). */
void conn_kill(struct conn *conn);
void conn_bury(struct gate_thread *thread);

/* The far end is told apart from the client in an epoll event by the lowest bit. */
#define CONN_TAG_INNER 1u

#endif
