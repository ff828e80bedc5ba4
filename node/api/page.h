/*
 * page - paging by max_id, since_id, min_id and limit, and the Link header that leads on.
 *
 * max_id: only older ones; since_id: only newer ones, the newest first; min_id: the page just
 * above, which is read upwards and shown newest first all the same.
 *
 * Threads  pure
 * Source   Mastodon API guidelines "pagination"; RFC 8288
 */
#ifndef WARD_NODE_API_PAGE_H
#define WARD_NODE_API_PAGE_H

#include "node/api/api.h"

struct api_page {
    uint64_t max_id, since_id, min_id; /* 0: not given */
    unsigned limit;                    /* 1 up to the cap */
};

/* What was asked: `limit` is cut to `cap`, nonsense is as if not sent. */
struct api_page api_page_read(const struct api_call *call, unsigned standard, unsigned cap);

/*
 * Adds `Link` with rel="next" first (max_id=last) and rel="prev" (min_id=first), the request's
 * other parameters kept; an end that is 0 has no link. `count`: rows given; no `next` when they are
 * fewer than the limit, unless `more` says that there are more (rows were left out), and no header
 * at all for none without that.
 */
enum api_page_more { API_PAGE_AS_COUNTED, API_PAGE_HAS_MORE, API_PAGE_ENDS };
void api_page_link(struct api_call *call, struct response *response, const struct api_page *page,
                   uint64_t first, uint64_t last, size_t count, enum api_page_more more);

#endif
