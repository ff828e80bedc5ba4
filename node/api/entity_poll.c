#include "node/api/entity.h"
#include "storage/base/clock.h"
#include "storage/edge.h"
#include "storage/poll.h"

#include <inttypes.h>
#include <stdio.h>

#define ID_TEXT_BYTES 24

static void options(struct jw *w, const Poll *poll)
{
    jw_list(w, "options");
    for (size_t i = 0; i < poll->n_options; i++) {
        jw_object(w, NULL);
        jw_text(w, "title", poll->options[i]->name);
        jw_number(w, "votes_count", (int64_t)poll->options[i]->votes);
        jw_object_end(w);
    }
    jw_list_end(w);
}

/* Who wrote a poll counts as having voted: apps show them the results then. */
static void of_reader(struct jw *w, struct view *view, const Post *post)
{
    struct edge_key key = {EDGE_VOTE, view->reader.v, post->id};
    Edge *vote = NULL;
    if (!view->reader.v)
        return;
    bool has_voted = edge_get(view->txn, key, view->arena, &vote) == OK;
    jw_bool(w, "voted", has_voted || post->author == view->reader.v);
    jw_list(w, "own_votes");
    for (size_t i = 0; has_voted && i < vote->n_choices; i++)
        jw_number(w, NULL, vote->choices[i]);
    jw_list_end(w);
}

void entity_poll(struct jw *w, const char *name, struct view *view, const Post *post)
{
    const Poll *poll = post->poll;
    char id[ID_TEXT_BYTES];
    uint64_t votes = 0;
    for (size_t i = 0; i < poll->n_options; i++)
        votes += poll->options[i]->votes;
    snprintf(id, sizeof id, "%" PRIu64, post->id);
    jw_object(w, name);
    jw_text(w, "id", id);
    if (poll->ends_ms)
        jw_time(w, "expires_at", poll->ends_ms);
    else
        jw_null(w, "expires_at");
    jw_bool(w, "expired", !poll_is_open(poll, clock_ms()));
    jw_bool(w, "multiple", poll->is_multiple);
    jw_number(w, "votes_count", (int64_t)votes);
    if (poll->voters || !votes)
        jw_number(w, "voters_count", (int64_t)poll->voters);
    else /* its node does not say */
        jw_null(w, "voters_count");
    options(w, poll);
    entity_emojis(w, "emojis", view, post->emoji, post->n_emoji);
    of_reader(w, view, post);
    jw_object_end(w);
}
