/*
 * status_mark - what a reader does with a status by one tap: favourite, boost, bookmark, pin, and
 * silence the conversation. What is so already is answered as if it had just been done.
 */
#include "node/api/routes.h"
#include "node/api/status.h"
#include "storage/edge.h"

typedef enum err mark_act(struct federation *fed, actor_id who, post_id post, const struct by *by,
                          struct why *why);

/* ERR_NOTFOUND of an act that takes something back: there was nothing. That the status is there
 * was looked up before. */
enum mark_way { MARK_SET, MARK_TAKE_BACK };

static struct response *mark(struct api_call *call, mark_act *act, enum mark_way way)
{
    struct why why = {""};
    post_id id;
    enum err e = status_of_path(call, &id);
    if (e)
        return api_of_err(e, NULL);
    e = act(call->fed, call->who, id, &call->by, &why);
    if (e == ERR_EXISTS || (e == ERR_NOTFOUND && way == MARK_TAKE_BACK))
        e = OK;
    return e ? api_of_err(e, &why) : status_answer(call, id);
}

static struct response *favourite(struct api_call *call)
{
    return mark(call, act_like_local, MARK_SET);
}

static struct response *unfavourite(struct api_call *call)
{
    return mark(call, act_unlike_local, MARK_TAKE_BACK);
}

static struct response *unreblog(struct api_call *call)
{
    return mark(call, act_unboost_local, MARK_TAKE_BACK);
}

static struct response *bookmark(struct api_call *call)
{
    return mark(call, act_bookmark_local, MARK_SET);
}

static struct response *unbookmark(struct api_call *call)
{
    return mark(call, act_unbookmark_local, MARK_TAKE_BACK);
}

static struct response *mute(struct api_call *call)
{
    return mark(call, act_mute_thread_local, MARK_SET);
}

static struct response *unmute(struct api_call *call)
{
    return mark(call, act_unmute_thread_local, MARK_TAKE_BACK);
}

/* One's own: somebody else's is told as an error in words, as the act refuses it. */
static struct response *pin(struct api_call *call)
{
    return mark(call, act_pin_local, MARK_SET);
}

static struct response *unpin(struct api_call *call)
{
    return mark(call, act_unpin_local, MARK_TAKE_BACK);
}

static enum err find_boost(struct api_call *call, post_id post, post_id *out)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Edge *edge;
    enum err e = api_read(call, &txn);
    if (!e)
        e = edge_get(txn, (struct edge_key){EDGE_BOOST, call->who.v, post.v}, &call->arena, &edge);
    if (!e)
        out->v = edge->post;
    return e;
}

/* Answers the boost, with the status inside. */
static struct response *reblog(struct api_call *call)
{
    struct why why = {""};
    post_id id, boost;
    enum err e = status_of_path(call, &id);
    if (!e)
        e = act_boost_local(call->fed, call->who, id, &call->by, &boost, &why);
    if (e == ERR_EXISTS)
        e = find_boost(call, id, &boost);
    return e ? api_of_err(e, &why) : status_answer(call, boost);
}

#define MARK(tier_, word, scope_, text, function)                                                  \
    {                                                                                              \
        .method = "POST", .path = "/api/v1/statuses/{id}/" word, .tier = tier_, .who = API_USER,   \
        .scope = scope_, .id = API_ID_STATUS, .answers = "Status", .run = function, .about = text  \
    }

const struct api_route api_status_mark_routes[] = {
    MARK(1, "favourite", "write:favourites", "likes it", favourite),
    MARK(1, "unfavourite", "write:favourites", "takes the like back", unfavourite),
    MARK(1, "reblog", "write:statuses", "boosts it; answers the boost", reblog),
    MARK(1, "unreblog", "write:statuses", "takes the boost back", unreblog),
    MARK(2, "bookmark", "write:bookmarks", "keeps it, told to nobody", bookmark),
    MARK(2, "unbookmark", "write:bookmarks", "keeps it no longer", unbookmark),
    MARK(2, "pin", "write:accounts", "shows it first in one's profile", pin),
    MARK(2, "unpin", "write:accounts", "shows it in its place again", unpin),
    MARK(2, "mute", "write:mutes", "no notifications from its conversation", mute),
    MARK(2, "unmute", "write:mutes", "notifications from it again", unmute),
    {0}};
