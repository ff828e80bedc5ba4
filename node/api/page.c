#include "node/api/page.h"

#include <inttypes.h>
#include <string.h>

static uint64_t id_or_none(const struct api_call *call, const char *name)
{
    uint64_t id;
    return params_id(&call->params, name, &id) ? 0 : id;
}

struct api_page api_page_read(const struct api_call *call, unsigned standard, unsigned cap)
{
    int64_t limit;
    if (params_number(&call->params, "limit", standard, &limit) || limit < 1)
        limit = standard;
    return (struct api_page){.max_id = id_or_none(call, "max_id"),
                             .since_id = id_or_none(call, "since_id"),
                             .min_id = id_or_none(call, "min_id"),
                             .limit = limit > cap ? cap : (unsigned)limit};
}

static bool is_paging(struct bytes pair)
{
    static const char *const names[] = {"max_id", "since_id", "min_id", "limit", "access_token"};
    const uint8_t *equals = pair.n ? memchr(pair.p, '=', pair.n) : NULL;
    struct bytes name = {pair.p, equals ? (size_t)(equals - pair.p) : pair.n};
    for (size_t i = 0; i < COUNT(names); i++)
        if (bytes_equal(name, bytes_of(names[i])))
            return true;
    return false;
}

/* The query as it came, without what pages. It was checked by the gate: nothing in it ends a line.
 */
static void keep_query(struct buf *out, const char *target)
{
    struct bytes rest = target_query(target);
    while (rest.n) {
        const uint8_t *end = memchr(rest.p, '&', rest.n);
        struct bytes pair = {rest.p, end ? (size_t)(end - rest.p) : rest.n};
        size_t step = pair.n + (end ? 1 : 0);
        rest.p += step;
        rest.n -= step;
        if (pair.n == 0 || is_paging(pair) || memchr(pair.p, '>', pair.n))
            continue;
        buf_add(out, pair.p, pair.n);
        buf_char(out, '&');
    }
}

static void add_link(struct api_call *call, struct buf *out, const struct api_page *page,
                     const char *cursor, uint64_t id, const char *rel)
{
    struct bytes path = target_path(call->request->target);
    buf_printf(out, "%s<%s%.*s?", out->n ? ", " : "", api_url(call, ""), (int)path.n, path.p);
    keep_query(out, call->request->target);
    buf_printf(out, "limit=%u&%s=%" PRIu64 ">; rel=\"%s\"", page->limit, cursor, id, rel);
}

void api_page_link(struct api_call *call, struct response *response, const struct api_page *page,
                   uint64_t first, uint64_t last, size_t count, enum api_page_more more)
{
    AUTO(buf_clear) struct buf link = BUF_INIT(16 * 1024);
    bool has_more =
        more == API_PAGE_HAS_MORE || (more == API_PAGE_AS_COUNTED && count >= page->limit);
    if (count == 0 && more != API_PAGE_HAS_MORE)
        return;
    if (has_more && last)
        add_link(call, &link, page, "max_id", last, "next");
    if (first)
        add_link(call, &link, page, "min_id", first, "prev");
    if (link.n && !link.is_full)
        response_set(response, "Link", buf_text(&link));
}
