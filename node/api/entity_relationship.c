#include "node/api/entity.h"
#include "storage/base/clock.h"
#include "storage/domain_block.h"
#include "storage/edge.h"
#include "storage/mute.h"

#include <inttypes.h>
#include <stdio.h>

#define ID_TEXT_BYTES 24

static void follow(struct jw *w, struct view *view, actor_id actor)
{
    struct edge_key key = {EDGE_FOLLOW, view->reader.v, actor.v};
    struct edge_key request = {EDGE_FOLLOW_REQUEST, view->reader.v, actor.v};
    bool is_following = edge_has(view->txn, key), is_asked = edge_has(view->txn, request);
    Edge *edge = NULL; /* either has the terms */
    if (edge_get(view->txn, is_following ? key : request, view->arena, &edge))
        edge = NULL;
    jw_bool(w, "following", is_following);
    jw_bool(w, "requested", is_asked);
    jw_bool(w, "showing_reblogs", edge && !edge->hide_boosts);
    jw_bool(w, "notifying", edge && edge->notify);
    if (!edge || edge->n_languages == 0) {
        jw_null(w, "languages");
        return;
    }
    jw_list(w, "languages");
    for (size_t i = 0; i < edge->n_languages; i++)
        jw_text(w, NULL, edge->languages[i]);
    jw_list_end(w);
}

static void mute(struct jw *w, struct view *view, actor_id actor)
{
    Edge *edge = NULL;
    bool is_muting = mute_get(view->txn, view->reader, actor, clock_ms(), view->arena, &edge) == OK;
    jw_bool(w, "muting", is_muting);
    jw_bool(w, "muting_notifications", is_muting && edge->hides_notifications);
    if (is_muting && edge->until_ms)
        jw_time(w, "muting_expires_at", edge->until_ms);
    else
        jw_null(w, "muting_expires_at");
}

/* Their block is told when they had it told: Edge.uri (act/block.c). */
static bool is_told_of_block(struct view *view, actor_id actor)
{
    Edge *edge;
    return edge_get(view->txn, (struct edge_key){EDGE_BLOCK, actor.v, view->reader.v}, view->arena,
                    &edge) == OK &&
           edge->uri[0];
}

static void note(struct jw *w, struct view *view, actor_id actor)
{
    Edge *edge;
    enum err e = edge_get(view->txn, (struct edge_key){EDGE_NOTE, view->reader.v, actor.v},
                          view->arena, &edge);
    jw_text(w, "note", e ? "" : edge->content);
}

enum err entity_relationship(struct jw *w, const char *name, struct view *view, actor_id id)
{
    char text[ID_TEXT_BYTES];
    uint64_t reader = view->reader.v;
    Actor *actor;
    enum err e = view_actor(view, id, &actor);
    if (e)
        return e;
    snprintf(text, sizeof text, "%" PRIu64, id.v);
    jw_object(w, name);
    jw_text(w, "id", text);
    follow(w, view, id);
    jw_bool(w, "followed_by", edge_has(view->txn, (struct edge_key){EDGE_FOLLOW, id.v, reader}));
    jw_bool(w, "requested_by",
            edge_has(view->txn, (struct edge_key){EDGE_FOLLOW_REQUEST, id.v, reader}));
    jw_bool(w, "blocking", edge_has(view->txn, (struct edge_key){EDGE_BLOCK, reader, id.v}));
    jw_bool(w, "blocked_by", is_told_of_block(view, id));
    mute(w, view, id);
    jw_bool(w, "domain_blocking", domain_block_has(view->txn, view->reader, actor->host));
    jw_bool(w, "endorsed", false);
    note(w, view, id);
    jw_object_end(w);
    return OK;
}
