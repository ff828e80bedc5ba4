/*
 * shelf - what one put aside: bookmarks and favourites, the last one first.
 *
 * They are in the order in which they were marked, so the cursor in Link is no status's id.
 */
#include "federation/audience.h"
#include "federation/wish.h"
#include "node/api/entity.h"
#include "node/api/page.h"
#include "node/api/routes.h"
#include "storage/base/clock.h"
#include "storage/edge.h"

#define SHELF_STANDARD 20
#define SHELF_MAX 40
#define LOOKS_MAX 1000 /* rows looked at for one page */

struct shelf {
    struct edge_key key;
    struct wishes wishes;
    const Post *post[SHELF_MAX];
    uint64_t order[SHELF_MAX];
    size_t n;
    uint64_t last; /* looked at, shown or not */
    bool has_more;
};

/* A mute takes nothing off the shelf, a block does. */
static bool is_shown(struct shelf *shelf, struct txn *txn, const Post *post)
{
    const struct wish *author;
    wishes_trim(&shelf->wishes);
    return wish_of(&shelf->wishes, post->author, &author) == OK && !author->is_gone &&
           !author->is_blocked && author->shows != PEER_STATE__BLOCKED &&
           audience_may_read(txn, post, shelf->wishes.reader);
}

static bool is_beyond(const struct api_page *page, uint64_t order)
{
    return (page->since_id && order <= page->since_id) ||
           (page->min_id && page->max_id && order >= page->max_id);
}

static enum err fill(struct api_call *call, struct txn *txn, const struct api_page *page,
                     struct shelf *shelf)
{
    enum edge_order_way way = page->min_id ? EDGE_ORDER_NEWER : EDGE_ORDER_OLDER;
    uint64_t order = page->min_id ? page->min_id : page->max_id ? page->max_id : UINT64_MAX;
    enum err e = OK;
    for (unsigned looks = 0; !e; looks++) {
        Post *post;
        e = edge_order_next(txn, &shelf->key, way, &order);
        if (e || is_beyond(page, order))
            break;
        if (shelf->n == page->limit || looks == LOOKS_MAX) {
            shelf->has_more = true;
            break;
        }
        struct arena_mark mark = arena_mark(&call->arena);
        e = post_get(txn, (post_id){shelf->key.whom}, &call->arena, &post);
        if (e)
            break;
        shelf->last = order;
        if (!is_shown(shelf, txn, post)) {
            arena_rewind(&call->arena, mark);
            continue;
        }
        shelf->post[shelf->n] = post;
        shelf->order[shelf->n++] = order;
    }
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err render(struct api_call *call, struct view *view, const struct shelf *shelf,
                       bool is_upwards)
{
    struct jw *w = api_json(call);
    enum err e = OK;
    jw_list(w, NULL);
    for (size_t i = 0; i < shelf->n && (!e || e == ERR_NOTFOUND); i++)
        e = entity_status(w, NULL, view, shelf->post[is_upwards ? shelf->n - 1 - i : i]);
    jw_list_end(w);
    return e == ERR_NOTFOUND ? OK : e;
}

static void shelf_close(struct shelf *shelf)
{
    wishes_close(&shelf->wishes);
}

static struct response *answer_shelf(struct api_call *call, enum edge_kind kind)
{
    AUTO(txn_end) struct txn *txn = NULL;
    AUTO(shelf_close) struct shelf shelf = {.key = {kind, call->who.v, 0}};
    struct api_page page = api_page_read(call, SHELF_STANDARD, SHELF_MAX);
    bool is_upwards = page.min_id != 0;
    enum err e = api_read(call, &txn);
    wishes_open(txn, call->who, clock_ms(), &shelf.wishes);
    if (!e)
        e = fill(call, txn, &page, &shelf);
    struct view view = view_of(call, txn, VIEW_NO_CONTEXT);
    if (!e)
        e = render(call, &view, &shelf, is_upwards);
    if (e)
        return api_of_err(e, NULL);
    struct response *response = api_answer(call);
    uint64_t begin = shelf.n ? shelf.order[0] : 0, end = shelf.has_more ? shelf.last : 0;
    if (!end && shelf.n)
        end = shelf.order[shelf.n - 1];
    api_page_link(call, response, &page, is_upwards ? end : begin, is_upwards ? begin : end,
                  shelf.n, is_upwards || shelf.has_more ? API_PAGE_HAS_MORE : API_PAGE_ENDS);
    return response;
}

static struct response *get_bookmarks(struct api_call *call)
{
    return answer_shelf(call, EDGE_BOOKMARK);
}

static struct response *get_favourites(struct api_call *call)
{
    return answer_shelf(call, EDGE_LIKE);
}

const struct api_route api_shelf_routes[] = {
    {"GET", "/api/v1/bookmarks", 2, API_USER, "read:bookmarks", API_ID_NONE, "[Status]", 0,
     get_bookmarks, "statuses the caller bookmarked, the last one first"},
    {"GET", "/api/v1/favourites", 2, API_USER, "read:favourites", API_ID_NONE, "[Status]", 0,
     get_favourites, "statuses the caller marked as favourites, the last one first"},
    {0}};
