/*
 * message - the next word for one subscription, ready to be sent.
 *
 * The push service is outside the house. What it is given is encrypted, but what an app shows of it
 * may stand on a locked screen: unless `push_content` says full, that is who did what, and nothing
 * of what they wrote. The app fetches the notification by its id.
 *
 * The payload's access_token is empty: of tokens only a hash is kept here. Apps that serve several
 * accounts find the right one by the address of the subscription.
 *
 * Memory   in the caller's arena
 * Threads  the txn's
 * Source   RFC 8030; the payload is the one Mastodon's apps read
 */
#ifndef WARD_NODE_PUSH_MESSAGE_H
#define WARD_NODE_PUSH_MESSAGE_H

#include "node/api/api.h"
#include "node/push/encrypt.h"

#define PUSH_LIFE_MS ((int64_t)24 * 3600 * 1000) /* older ones are no news: dropped */
#define PUSH_SCAN_MAX 200 /* notifications looked at for one subscription at a time */
#define PUSH_LINES 6

enum push_content { PUSH_CONTENT_NONE, PUSH_CONTENT_FULL }; /* the option's choices, in order */

struct push_message {
    uint64_t notification; /* what it tells of; 0: of nothing, but `done` moved */
    uint64_t done;         /* this one and all before it are dealt with once it is sent */
    const char *host;      /* of the push service */
    const char *lines[PUSH_LINES];
    size_t line_count;
    struct bytes body;
};

/* OK also when there is nothing to send and only `done` moved. ERR_NOTFOUND: nothing new.
 * ERR_INVALID: the subscription is no good. */
MUST_CHECK enum err push_message_next(const struct api *api, struct txn *txn,
                                      const PushSubscription *subscription,
                                      const struct push_key *key, struct arena *arena,
                                      int64_t now_ms, struct push_message *out);

#endif
