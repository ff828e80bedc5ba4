/*
 * tags - hashtags and who follows them.
 */
#include "node/api/entity.h"
#include "node/api/page.h"
#include "node/api/routes.h"

#include "federation/markup.h"
#include "node/http/request.h"
#include "storage/tag_follow.h"

#define TAGS_LIMIT 100
#define TAGS_LIMIT_MAX 200

static enum err path_tag(struct api_call *call, const char **out)
{
    *out = tag_fold(request_param(call->request, "name"), &call->arena);
    return *out ? OK : ERR_NOTFOUND;
}

static struct response *get_tag(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    const char *tag;
    enum err e = path_tag(call, &tag);
    if (!e)
        e = api_read(call, &txn);
    if (e)
        return api_of_err(e, NULL);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    entity_tag(api_json(call), NULL, &view, tag);
    return api_answer(call);
}

struct tag_change {
    struct mutation mutation;
    actor_id who;
    const char *tag;
    bool is_followed;
};

static enum err tag_apply(struct txn *txn, struct mutation *m)
{
    struct tag_change *change = container_of(m, struct tag_change, mutation);
    enum err e = change->is_followed ? tag_follow_add(txn, change->who, change->tag)
                                     : tag_follow_del(txn, change->who, change->tag);
    return e == ERR_EXISTS || e == ERR_NOTFOUND ? OK : e; /* so already */
}

static struct response *change_tag(struct api_call *call, bool is_followed)
{
    struct tag_change change = {
        .mutation = {.apply = tag_apply}, .who = call->who, .is_followed = is_followed};
    enum err e = path_tag(call, &change.tag);
    if (!e)
        e = api_write(call, &change.mutation);
    if (e == ERR_LIMIT)
        return api_invalid("more than %d hashtags", TAG_FOLLOWS_MAX);
    return e ? api_of_err(e, NULL) : get_tag(call);
}

static struct response *post_follow(struct api_call *call)
{
    return change_tag(call, true);
}

static struct response *post_unfollow(struct api_call *call)
{
    return change_tag(call, false);
}

/* In the order of their streams, which is the cursor: there are at most a few hundred. */
static struct response *get_followed(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    struct api_page page = api_page_read(call, TAGS_LIMIT, TAGS_LIMIT_MAX);
    uint64_t at = page.max_id, first = 0, last = 0;
    const char *tag;
    size_t n = 0;
    enum err e = api_read(call, &txn);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    struct jw *w = api_json(call);
    jw_list(w, NULL);
    while (!e && !(e = tag_follow_next(txn, call->who, &at, &call->arena, &tag)) &&
           n++ < page.limit) {
        entity_tag(w, NULL, &view, tag);
        first = n == 1 ? at : first;
        last = at;
    }
    jw_list_end(w);
    if (e && e != ERR_NOTFOUND)
        return api_of_err(e, NULL);
    struct response *response = api_answer(call);
    api_page_link(call, response, &page, first, last, n < page.limit ? n : page.limit,
                  n > page.limit ? API_PAGE_HAS_MORE : API_PAGE_ENDS);
    return response;
}

const struct api_route api_tags_routes[] = {
    {"GET", "/api/v1/tags/{name}", 2, API_READER, "read", API_ID_TAG, "Tag", 0, get_tag,
     "a hashtag, and whether the caller follows it"},
    {"POST", "/api/v1/tags/{name}/follow", 2, API_USER, "write:follows", API_ID_TAG, "Tag", 0,
     post_follow, "its posts come home"},
    {"POST", "/api/v1/tags/{name}/unfollow", 2, API_USER, "write:follows", API_ID_TAG, "Tag", 0,
     post_unfollow, "not any more"},
    {"GET", "/api/v1/followed_tags", 2, API_USER, "read:follows", API_ID_NONE, "[Tag]", 0,
     get_followed, "the hashtags the caller follows"},
    {0}};
