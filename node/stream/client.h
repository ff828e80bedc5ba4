/*
 * client - one who listens: a WebSocket, or an answer of server-sent events.
 *
 * Both kinds are told items and hold them in a queue with a bound; who does not read is given up,
 * and others are not kept waiting. A WebSocket's bytes move on the streamer thread; an answer's are
 * fetched by its HTTP thread.
 *
 * Threads  the streamer's; client_read, client_closed: the HTTP thread of the answer
 * Source   RFC 6455; HTML "server-sent events"; threat T111
 */
#ifndef WARD_NODE_STREAM_CLIENT_H
#define WARD_NODE_STREAM_CLIENT_H

#include "node/http/request.h"
#include "node/stream/news.h"
#include "node/stream/websocket.h"

#include <pthread.h>

#define CLIENT_CHANNELS_MAX 32
#define CLIENT_SECRET_BYTES 256
#define CLIENT_EARLY_BYTES ((size_t)16 * 1024)
#define CLIENT_COMMANDS_MAX 60 /* in CLIENT_COMMANDS_MS: then it is too much */
#define CLIENT_COMMANDS_MS 10000
#define CLIENT_PING_MS 30000
#define CLIENT_SILENCE_MS 75000 /* two pings without an answer, and a half */
#define CLIENT_THUMP_MS 15000

struct streamer;

struct client {
    /* set before it is handed to the streamer, then constant */
    struct streamer *streamer;
    size_t slot;
    bool is_socket;
    actor_id who;
    uint64_t from_seq;       /* the last event before it came: it is told of what follows */
    char *secret, *scopes;   /* NULL: without a token */
    struct request *request; /* of an answer: to wake it */

    /* streamer thread only (before: whoever made it) */
    struct client *next, *previous;
    struct channel *channels;
    size_t n_channels;
    struct websocket *socket;
    int fd;
    struct buf early; /* bytes that came with the handshake */
    size_t early_at;
    int64_t heard_ms, next_beat_ms, next_check_ms;
    int64_t commands_from_ms;
    unsigned commands;
    bool is_over, waits_to_write;

    /* under the streamer's mu */
    struct client *next_handed;
    bool is_departed;

    /* any thread, under mu: an answer's queue */
    pthread_mutex_t mu;
    struct buf out;
    size_t out_at;
    bool is_ended;
};

struct client *client_create(struct streamer *streamer, actor_id who, const char *secret,
                             const char *scopes);
void client_free(struct client **client);

/* ERR_LIMIT: too many; ERR_EXISTS: listens to it already. */
MUST_CHECK enum err client_subscribe(struct client *client, const struct channel *channel);
void client_unsubscribe(struct client *client, const struct channel *channel);

/* These give a client up (is_over) that does not take what it is told. */
void client_tell(struct client *client, const struct channel *channel,
                 const struct news_item *item);
void client_error(struct client *client, int status, const char *text);
/* The connection is still there, whatever is said. */
void client_beat(struct client *client, int64_t now_ms);
/* No more for this one: a socket is told why. */
void client_end(struct client *client, unsigned code, const char *reason);

/* An answer's stream (response.h): its HTTP thread asks for bytes. */
ptrdiff_t client_read(void *client, uint8_t *out, size_t max);

#endif
