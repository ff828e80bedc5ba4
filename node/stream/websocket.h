/*
 * websocket - the server's end of one WebSocket: frames in and out, over bytes somebody else moves.
 *
 * Whatever breaks the protocol (a frame without mask, a length that is not the shortest, a reserved
 * bit) ends it with a close frame of the right code. Pings are answered; messages are text, of
 * WEBSOCKET_MESSAGE_BYTES at most. What is sent waits in a queue with a bound: who does not read is
 * given up.
 *
 * Threads  one owner at a time
 * Source   RFC 6455; threat T111
 */
#ifndef WARD_NODE_STREAM_WEBSOCKET_H
#define WARD_NODE_STREAM_WEBSOCKET_H

#include "storage/base/base.h"

#include <sys/types.h>

#define WEBSOCKET_MESSAGE_BYTES ((size_t)8 * 1024)
#define WEBSOCKET_QUEUE_BYTES ((size_t)512 * 1024)
#define WEBSOCKET_QUEUE_FRAMES 4096
#define WEBSOCKET_READ_BYTES ((size_t)16 * 1024) /* at one call: then it is the next one's turn */

/* The codes of RFC 6455 §7.4.1 that we send. */
#define WEBSOCKET_GOING_AWAY 1001
#define WEBSOCKET_POLICY 1008
#define WEBSOCKET_TRY_LATER 1013

struct websocket_io {
    void *context;
    /* How many bytes; 0: none just now; -1: the connection ended. They never wait. */
    ssize_t (*read)(void *context, uint8_t *out, size_t max);
    ssize_t (*write)(void *context, const uint8_t *p, size_t n);
    void (*on_text)(void *context, struct bytes text); /* a whole message */
};

struct websocket;
struct websocket *websocket_create(const struct websocket_io *io);
void websocket_free(struct websocket **websocket);

/* Reads what there is (up to WEBSOCKET_READ_BYTES). ERR_DENIED: it is over, close the connection.
 */
MUST_CHECK enum err websocket_read(struct websocket *websocket);
/* Sends what waits, as far as it goes. ERR_DENIED: as above. */
MUST_CHECK enum err websocket_write(struct websocket *websocket);
bool websocket_wants_write(const struct websocket *websocket);
/* Queues a message. ERR_LIMIT: the other end does not read. */
MUST_CHECK enum err websocket_text(struct websocket *websocket, struct bytes text);
MUST_CHECK enum err websocket_ping(struct websocket *websocket);
/* Queues the close frame; what is queued after it is not sent. */
void websocket_end(struct websocket *websocket, unsigned code, const char *reason);

/* Sec-WebSocket-Accept for a key of the right form; ERR_INVALID for another. */
#define WEBSOCKET_ACCEPT_BYTES 29
MUST_CHECK enum err websocket_accept(const char *key, char out[WEBSOCKET_ACCEPT_BYTES]);

#endif
