/*
 * people - pages of accounts at the other end of edges: followers, blocks, whoever asks to follow.
 *
 * Ordered by the id of the account, the newest account first; that id is the cursor in Link.
 */
#ifndef WARD_NODE_API_PEOPLE_H
#define WARD_NODE_API_PEOPLE_H

#include "node/api/entity.h"

#define PEOPLE_LIMIT 40
#define PEOPLE_LIMIT_MAX 80

struct people {
    enum edge_kind kind;
    enum people_side {
        PEOPLE_WHOM,
        PEOPLE_WHO
    } side; /* who is listed: at which end of the edges */
    uint64_t of;
};

/* The whole answer. A mute that ended is not in it; the others say when they do. */
struct response *people_answer(struct api_call *call, struct view *view,
                               const struct people *people);

#endif
