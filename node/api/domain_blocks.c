/*
 * domain_blocks - the hosts the caller wants nothing from.
 */
#include "node/api/page.h"
#include "node/api/routes.h"

#include "federation/uri.h"
#include "storage/domain_block.h"

#define HOSTS_LIMIT 100
#define HOSTS_LIMIT_MAX 200

struct hosts {
    uint64_t cursor[HOSTS_LIMIT_MAX];
    const char *host[HOSTS_LIMIT_MAX];
    size_t n;
    bool has_more;
};

static enum err find(struct api_call *call, struct txn *txn, const struct api_page *page,
                     struct hosts *out)
{
    bool is_up = page->min_id != 0;
    uint64_t at = is_up ? page->min_id : page->max_id ? page->max_id : UINT64_MAX;
    const char *host;
    enum err e = OK;
    *out = (struct hosts){.has_more = is_up};
    for (;;) {
        e = is_up ? domain_block_next(txn, call->who, &at, &call->arena, &host)
                  : domain_block_below(txn, call->who, &at, &call->arena, &host);
        if (e || at <= page->since_id)
            break;
        if (out->n == page->limit) {
            out->has_more = true;
            break;
        }
        out->cursor[out->n] = at;
        out->host[out->n++] = host;
    }
    return e == ERR_NOTFOUND ? OK : e;
}

static struct response *get_domain_blocks(struct api_call *call)
{
    AUTO(txn_end) struct txn *txn = NULL;
    struct api_page page = api_page_read(call, HOSTS_LIMIT, HOSTS_LIMIT_MAX);
    struct hosts hosts;
    enum err e = api_read(call, &txn);
    if (!e)
        e = find(call, txn, &page, &hosts);
    if (e)
        return api_of_err(e, NULL);
    struct jw *w = api_json(call);
    jw_list(w, NULL);
    for (size_t i = 0; i < hosts.n; i++)
        jw_text(w, NULL, hosts.host[page.min_id ? hosts.n - 1 - i : i]);
    jw_list_end(w);
    struct response *response = api_answer(call);
    if (hosts.n)
        api_page_link(call, response, &page, hosts.cursor[page.min_id ? hosts.n - 1 : 0],
                      hosts.cursor[page.min_id ? 0 : hosts.n - 1], hosts.n,
                      hosts.has_more ? API_PAGE_HAS_MORE : API_PAGE_ENDS);
    return response;
}

typedef enum err act_on_domain(struct federation *fed, actor_id who, const char *host,
                               const struct by *by, struct why *why);

static struct response *change(struct api_call *call, act_on_domain *act)
{
    struct why why = {""};
    char host[URI_HOST_BYTES];
    const char *domain = params_get(&call->params, "domain");
    if (!domain || uri_host_canonical(domain, host))
        return api_invalid("domain is no host name");
    enum err e = act(call->fed, call->who, host, &call->by, &why);
    bool is_done = !e || e == ERR_EXISTS || e == ERR_NOTFOUND;
    return is_done ? api_answer_empty(call) : api_of_err(e, &why);
}

static struct response *post_domain_block(struct api_call *call)
{
    return change(call, act_block_domain_local);
}

static struct response *delete_domain_block(struct api_call *call)
{
    return change(call, act_unblock_domain_local);
}

const struct api_route api_domain_blocks_routes[] = {
    {"GET", "/api/v1/domain_blocks", 2, API_USER, "read:blocks", API_ID_NONE, "[string]", 0,
     get_domain_blocks, "the hosts the caller wants nothing from"},
    {"POST", "/api/v1/domain_blocks", 2, API_USER, "write:blocks", API_ID_NONE, "{}", 0,
     post_domain_block, "domain: nothing from there, and nobody there follows the caller"},
    {"DELETE", "/api/v1/domain_blocks", 2, API_USER, "write:blocks", API_ID_NONE, "{}", 0,
     delete_domain_block, "domain: take it back"},
    {0}};
