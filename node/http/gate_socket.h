/*
 * gate_socket - what a connection's machine (gate_conn.c) moves bytes with: pieces that wait, the
 * client's socket with or without TLS, and the inner one towards libmicrohttpd.
 *
 * None of it waits. A call that could not do all it was asked to clears the may_... flag that epoll
 * sets again; one that finds the client gone has killed the connection.
 *
 * Threads  the gate thread that owns the connection
 */
#ifndef WARD_NODE_HTTP_GATE_SOCKET_H
#define WARD_NODE_HTTP_GATE_SOCKET_H

#include "node/http/gate_conn.h"

/* Bytes that wait: room for `n` more, append, drop from the front, look. */
uint8_t *piece_room(struct piece *piece, size_t n);
void piece_add(struct piece *piece, const void *p, size_t n);
void piece_drop(struct piece *piece, size_t n);
void piece_clear(struct piece *piece);
struct bytes piece_bytes(const struct piece *piece);

/* The next phase, and the list of the thread that goes with it. */
void conn_enter(struct conn *c, enum phase phase);

/* Sends what the client's socket takes; the rest waits in to_client. */
void conn_give(struct conn *c, const uint8_t *p, size_t n);
/* True when something moved. */
bool conn_flush_client(struct conn *c);
/* Up to `room` bytes; sets is_client_done at the end. */
size_t conn_read(struct conn *c, uint8_t *out, size_t room);

/* A new pair of sockets, one end handed to the server; false: the system or the server refuses. */
bool conn_open_inner(struct conn *c);
bool conn_flush_inner(struct conn *c);
void conn_close_inner(struct conn *c);
/* Does errno say "not now"? */
bool conn_would_block(void);

#endif
