#include "node/api/entity.h"

struct view view_for(const struct api *api, struct txn *txn, struct arena *arena, actor_id reader,
                     enum view_context context)
{
    const char *base = federation_base(api->fed, arena);
    return (struct view){.txn = txn,
                         .arena = arena,
                         .api = api,
                         .fed = api->fed,
                         .base = base ? base : "",
                         .reader = reader,
                         .context = context};
}

struct view view_of(struct api_call *call, struct txn *txn, enum view_context context)
{
    return view_for(call->api, txn, &call->arena, call->who, context);
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
