/*
 * streamer - the thread that tells clients what happens, while it happens.
 *
 * It reads what is new in the event log (event.h) after each commit, finds out for each client's
 * channels whether it is news for that reader (news.h), and hands it over: to WebSockets it writes
 * itself, to answers (server-sent events) it gives bytes that their HTTP threads fetch. It also
 * listens to what sockets ask for, keeps quiet connections known to be alive, and every
 * STREAMER_CHECK_MS asks of each client whether its session still stands (T81).
 *
 * Bounds    clients in all and of one account (options stream_clients, stream_clients_per_account),
 *           a queue per client (websocket.h): a reader that does not read is dropped
 * Threads   start, stop: the owner. wake: any. The rest as said
 */
#ifndef WARD_NODE_STREAM_STREAMER_H
#define WARD_NODE_STREAM_STREAMER_H

#include "node/stream/client.h"

#define STREAMER_CHECK_MS 3000
#define STREAMER_TICK_MS 1000
#define STREAMER_EVENTS_AT_ONCE 64 /* then sockets are looked at again */

struct streamer;
struct streamer_config {
    const struct api *api;
    size_t clients_max, per_account_max;
};
MUST_CHECK enum err streamer_start(const struct streamer_config *config, struct streamer **out);
/* Something was committed, or may have been. */
void streamer_wake(struct streamer *streamer);
/* Ends every stream and takes no more: before the server is stopped. */
void streamer_close(struct streamer *streamer);
/* After everything that may call it. Accepts NULL inside. */
void streamer_stop(struct streamer **streamer);

/* How many listen. */
size_t streamer_clients(struct streamer *streamer);

/*
 * A client of `who`, which holds a place among the bounded ones until it ends. `secret` is the
 * token it showed (NULL: none), `scopes` what that is good for. Any thread.
 *
 * ERR_LIMIT  too many of this account, or in all
 * ERR_LATER  the node is stopping
 */
MUST_CHECK enum err streamer_admit(struct streamer *streamer, actor_id who, const char *secret,
                                   const char *scopes, struct client **out);
/*
 * May it listen to this? Answers what to say when not: an HTTP status, *out_text; 0: it may.
 * Any thread with a txn.
 */
int streamer_judge(struct txn *txn, const struct channel *channel, actor_id who, const char *scopes,
                   const char **out_text);
/* An answer that carries the client's stream. The client is its from now on. Handlers only. */
struct response *streamer_answer(struct client *client, struct request *request);
/* An answer that turns the connection into the client's socket. The same. */
struct response *streamer_upgrade(struct client *client);
/* For one that was admitted and given to no answer. */
void streamer_dismiss(struct client *client);

#endif
