/*
 * channel - what a client of the streaming API listens to, by the names apps know.
 *
 *     user  user:notification  public  public:local  public:remote  (public:...:media)
 *     hashtag  hashtag:local  list  direct
 *
 * Threads  pure
 * Source   Mastodon streaming API, 4.3
 */
#ifndef WARD_NODE_STREAM_CHANNEL_H
#define WARD_NODE_STREAM_CHANNEL_H

#include "federation/document/json.h"
#include "federation/timeline.h"

enum channel_kind {
    CHANNEL_USER,
    CHANNEL_NOTIFICATIONS, /* user:notification */
    CHANNEL_PUBLIC,
    CHANNEL_LOCAL,
    CHANNEL_REMOTE,
    CHANNEL_TAG,
    CHANNEL_TAG_LOCAL,
    CHANNEL_LIST,
    CHANNEL_DIRECT,
};

#define CHANNEL_TAG_BYTES 512 /* 100 characters */
struct channel {
    enum channel_kind kind;
    bool only_media;
    uint64_t list;
    char tag[CHANNEL_TAG_BYTES];   /* folded */
    char asked[CHANNEL_TAG_BYTES]; /* as the client spells it, which it expects to be called */
};

/* `tag` and `list` may be NULL where the stream takes none. ERR_INVALID with why. */
MUST_CHECK enum err channel_read(const char *stream, const char *tag, const char *list,
                                 struct channel *out, struct why *why);
bool channel_equal(const struct channel *a, const struct channel *b);
/* Of one reader, who must be somebody. */
bool channel_needs_person(const struct channel *channel);
/* The scope it takes. */
const char *channel_scope(const struct channel *channel);
/* ["hashtag", "icu"] under the name "stream" */
void channel_write(struct jw *w, const struct channel *channel);
/* The timeline that stands for it; false: it carries no posts. The query borrows the channel. */
bool channel_timeline(const struct channel *channel, actor_id reader, struct timeline_query *out);

/* What a client says on its socket: {"type": "subscribe", "stream": "hashtag", "tag": "icu"}. */
struct channel_command {
    bool is_subscribe; /* else unsubscribe */
    struct channel channel;
};
MUST_CHECK enum err channel_command_read(struct bytes json, struct channel_command *out,
                                         struct why *why);

#endif
