/*
 * status - one status, several, the conversation around one; and the end of one.
 */
#include "node/api/status.h"

#include "node/api/routes.h"
#include "storage/edge.h"
#include "storage/stream.h"

#define STATUSES_AT_ONCE 40
#define ANCESTORS_MAX 200
#define DESCENDANTS_MAX 600
#define DEPTH_MAX 100

enum err status_of_path(struct api_call *call, post_id *out)
{
    AUTO(txn_end) struct txn *txn = NULL;
    post_id id;
    Post *post;
    enum err e = api_path_id(call, "id", &id.v);
    if (!e)
        e = api_read(call, &txn);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    if (!e)
        e = status_get_shown(&view, id, &post);
    if (!e)
        *out = (post_id){post->id};
    return e;
}

static struct response *answer(struct api_call *call, post_id id, enum view_context context,
                               bool tells_source)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = api_read(call, &txn);
    struct view view = view_of(call, txn, context);
    view.tells_source = tells_source;
    if (!e)
        e = entity_status_id(api_json(call), NULL, &view, id);
    return e ? api_of_err(e, NULL) : api_answer(call);
}

struct response *status_answer(struct api_call *call, post_id id)
{
    return answer(call, id, VIEW_NO_CONTEXT, false);
}

struct response *status_answer_typed(struct api_call *call, post_id id)
{
    return answer(call, id, VIEW_NO_CONTEXT, true);
}

static struct response *get_status(struct api_call *call)
{
    post_id id;
    enum err e = api_path_id(call, "id", &id.v);
    return e ? api_of_err(e, NULL) : answer(call, id, VIEW_THREAD, false);
}

/* In the order asked; what is not there, or not for the reader, is left out. */
static struct response *get_statuses(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    const char *asked[STATUSES_AT_ONCE];
    size_t n = params_list(&call->params, "id[]", asked, COUNT(asked));
    enum err e = api_read(call, &txn);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    struct jw *w = api_json(call);
    jw_list(w, NULL);
    for (size_t i = 0; !e && i < n; i++) {
        post_id id;
        if (id_parse(asked[i], &id.v) == OK)
            e = entity_status_id(w, NULL, &view, id);
        if (e == ERR_NOTFOUND)
            e = OK;
    }
    jw_list_end(w);
    return e ? api_of_err(e, NULL) : api_answer(call);
}

/* ---- the conversation ---- */

/* A page of long texts ends early rather than not at all. */
static bool has_room(const struct api_call *call)
{
    return call->arena.used_bytes < API_ARENA_BYTES / 2 && call->body.n < API_ANSWER_MAX_BYTES / 2;
}

static bool is_unwelcome(struct view *view, const Post *post)
{
    uint64_t reader = view->reader.v;
    return reader && reader != post->author &&
           (edge_has(view->txn, (struct edge_key){EDGE_BLOCK, reader, post->author}) ||
            edge_has(view->txn, (struct edge_key){EDGE_MUTE, reader, post->author}));
}

/* Nothing for what the reader may not, or does not want to, see. */
static enum err write_one(struct jw *w, struct view *view, post_id id)
{
    Post *post;
    enum err e = status_get(view, id, &post);
    if (!e && !is_unwelcome(view, post))
        e = entity_status(w, NULL, view, post);
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err write_ancestors(struct jw *w, struct api_call *call, struct view *view,
                                const Post *post)
{
    uint64_t id[ANCESTORS_MAX];
    size_t n = 0;
    enum err e = OK;
    jw_list(w, "ancestors");
    for (uint64_t at = post->in_reply_to; at && n < ANCESTORS_MAX;) {
        AUTO(arena_clear) struct arena scratch = ARENA_INIT(8 << 20);
        Post *parent;
        if (post_get(view->txn, (post_id){at}, &scratch, &parent))
            break;
        id[n++] = at;
        at = parent->in_reply_to;
    }
    while (!e && n-- > 0 && has_room(call))
        e = write_one(w, view, (post_id){id[n]});
    jw_list_end(w);
    return e;
}

struct level {
    uint64_t post;
    post_id at; /* its reply that was shown last */
};

/* Depth first, the oldest reply first. */
static enum err write_descendants(struct jw *w, struct api_call *call, struct view *view,
                                  const Post *post)
{
    struct level level[DEPTH_MAX] = {{post->id, {0}}};
    unsigned depth = 1, looked_at = 0;
    enum err e = OK;
    jw_list(w, "descendants");
    while (!e && depth && looked_at < DESCENDANTS_MAX && has_room(call)) {
        const struct stream_key key = {STREAM_REPLY, level[depth - 1].post};
        e = stream_above(view->txn, key, &level[depth - 1].at);
        if (e == ERR_NOTFOUND) {
            depth--;
            e = OK;
            continue;
        }
        looked_at++;
        post_id reply = level[depth - 1].at;
        if (!e)
            e = write_one(w, view, reply);
        if (depth < DEPTH_MAX)
            level[depth++] = (struct level){reply.v, {0}};
    }
    jw_list_end(w);
    return e;
}

static struct response *get_context(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    post_id id;
    Post *post;
    enum err e = api_path_id(call, "id", &id.v);
    if (!e)
        e = api_read(call, &txn);
    struct view view = view_of(call, txn, VIEW_THREAD);
    if (!e)
        e = status_get_shown(&view, id, &post);
    if (e)
        return api_of_err(e, NULL);
    struct jw *w = api_json(call);
    jw_object(w, NULL);
    e = write_ancestors(w, call, &view, post);
    if (!e)
        e = write_descendants(w, call, &view, post);
    jw_object_end(w);
    return e ? api_of_err(e, NULL) : api_answer(call);
}

/* ---- the end ---- */

/* Told as it was, with what was typed: apps offer to write it anew. */
static struct response *delete_status(struct api_call *call)
{
    struct why why = {""};
    post_id id;
    Post *post;
    {
        AUTO(txn_end) struct txn *txn = NULL;
        enum err e = api_path_id(call, "id", &id.v);
        if (!e)
            e = api_read(call, &txn);
        struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
        view.tells_source = true;
        if (!e)
            e = status_get(&view, id, &post);
        if (!e && post->author != call->who.v)
            e = ERR_NOTFOUND;
        if (!e)
            e = entity_status(api_json(call), NULL, &view, post);
        if (e)
            return api_of_err(e, NULL);
    }
    enum err e = post->boost_of ? act_unboost_local(call->fed, call->who, id, &call->by, &why)
                                : act_delete_local(call->fed, call->who, id, &call->by, &why);
    return e ? api_of_err(e, &why) : api_answer(call);
}

const struct api_route api_status_routes[] = {
    {.method = "GET",
     .path = "/api/v1/statuses",
     .tier = 2,
     .who = API_READER,
     .scope = "read:statuses",
     .answers = "[Status]",
     .run = get_statuses,
     .about = "those of id[] that the reader may see, in the order asked"},
    {.method = "GET",
     .path = "/api/v1/statuses/{id}",
     .tier = 1,
     .who = API_READER,
     .scope = "read:statuses",
     .id = API_ID_STATUS,
     .answers = "Status",
     .run = get_status,
     .about = "one status"},
    {.method = "GET",
     .path = "/api/v1/statuses/{id}/context",
     .tier = 1,
     .who = API_READER,
     .scope = "read:statuses",
     .id = API_ID_STATUS,
     .answers = "Context",
     .run = get_context,
     .about = "what it answers, and what answers it"},
    {.method = "DELETE",
     .path = "/api/v1/statuses/{id}",
     .tier = 1,
     .who = API_USER,
     .scope = "write:statuses",
     .id = API_ID_OWN_STATUS,
     .answers = "Status",
     .run = delete_status,
     .about = "deletes it everywhere; answers with what was typed"},
    {0}};
