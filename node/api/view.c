#include "node/api/entity.h"

struct view view_of(struct api_call *call, struct txn *txn, enum view_context context)
{
    const char *base = federation_base(call->fed, &call->arena);
    return (struct view){.txn = txn,
                         .arena = &call->arena,
                         .api = call->api,
                         .fed = call->fed,
                         .base = base ? base : "",
                         .reader = call->who,
                         .context = context};
}

enum err view_actor(struct view *view, actor_id id, Actor **out)
{
    for (size_t i = 0; i < COUNT(view->seen) && i < view->n_seen; i++)
        if (view->seen[i]->id == id.v) {
            *out = view->seen[i];
            return OK;
        }
    enum err e = actor_get(view->txn, id, view->arena, out);
    if (!e)
        view->seen[view->n_seen++ % COUNT(view->seen)] = *out;
    return e;
}
