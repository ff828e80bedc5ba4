/*
 * news - what an event is to a reader on a channel: who is told what.
 *
 * The rules are the timelines' own (timeline_has), so that nobody is told of a post here that a
 * page would not show; of a deleted one (timeline_had) only those hear who could have seen it. An
 * answer is rendered for the reader, by the functions that render it for the REST API.
 *
 *     AUTO(news_close) struct news news;
 *     if (news_open(&news, api, txn, event) == OK)
 *         for each listener
 *             if (news_for(&news, channel, reader, &item)) ...
 *
 * Memory   an item's texts live until the next news_for
 * Threads  the txn's
 */
#ifndef WARD_NODE_STREAM_NEWS_H
#define WARD_NODE_STREAM_NEWS_H

#include "node/api/entity.h"
#include "node/stream/channel.h"
#include "storage/event.h"

/* A post dated longer ago than this when it comes is history (a thread that is filled in, a relay
 * that is late): timelines sort it where it belongs, nobody is told. */
#define NEWS_AGE_MAX_MS ((int64_t)6 * 3600 * 1000)

struct news_reader {
    actor_id who;       /* 0: nobody in particular */
    const char *scopes; /* of the token; NULL: none is needed */
};

struct news_item {
    const char *event;    /* "update", ... */
    struct bytes payload; /* JSON, or an id; empty: none */
};

/* As rendered last for some reader. */
#define NEWS_RENDERED 4
struct news_rendered {
    actor_id reader;
    enum view_context context;
    bool is_made, is_shown;
    struct buf json;
};

struct news {
    const struct api *api;
    struct txn *txn;
    const Event *event;
    struct arena arena;
    Post *post; /* it, or what is left of it; NULL: the event is about none, or it is gone by now */
    struct news_rendered rendered[NEWS_RENDERED];
    size_t n_rendered;
};

MUST_CHECK enum err news_open(struct news *news, const struct api *api, struct txn *txn,
                              const Event *event);
bool news_for(struct news *news, const struct channel *channel, const struct news_reader *reader,
              struct news_item *out);
void news_close(struct news *news);

#endif
