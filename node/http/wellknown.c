#include "node/http/wellknown.h"

#include "federation/document/document.h"
#include "federation/uri.h"
#include "node/http/front.h"
#include "storage/actor.h"
#include "storage/edge.h"

#include <string.h>
#include <strings.h>

#define PAGE_ARENA_BYTES (1024 * 1024)

/* Web apps of other sites may read it. */
static struct response *open_to_apps(struct response *response)
{
    response_set(response, "Access-Control-Allow-Origin", "*");
    return response;
}

/* The local name that `resource` means: acct:name@host, or an actor's URI. ERR_INVALID: neither. */
static enum err resource_actor(struct federation *fed, struct txn *txn, const char *resource,
                               struct arena *arena, actor_id *out)
{
    struct handle handle;
    if (strncasecmp(resource, "https://", 8) == 0 || strncasecmp(resource, "http://", 7) == 0)
        return actor_find(txn, resource, out);
    if (strncasecmp(resource, "acct:", 5) != 0 || handle_parse(resource, arena, &handle, NULL) ||
        !handle.host[0])
        return ERR_INVALID;
    if (strcmp(handle.host, fed->config->host) != 0)
        return ERR_NOTFOUND;
    if (strcmp(handle.name, fed->config->host) == 0)
        return actor_instance(txn, out);
    return actor_find_handle(txn, handle.name, out);
}

struct response *wellknown_webfinger(struct request *request)
{
    struct federation *fed = front_federation(request);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(PAGE_ARENA_BYTES);
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    AUTO(txn_end) struct txn *txn = NULL;
    const char *resource = request_query(request, "resource");
    actor_id id;
    Actor *actor;

    if (!resource || !*resource)
        return response_error(400, "resource is missing: acct:NAME@HOST");
    enum err e = engine_read_begin(fed->engine, &txn);
    if (!e)
        e = resource_actor(fed, txn, resource, &arena, &id);
    if (e == ERR_INVALID)
        return response_error(400, "resource must be acct:NAME@HOST or an actor's URI");
    if (!e)
        e = actor_get(txn, id, &arena, &actor);
    bool is_gone = !e && !actor->host[0] && actor->deleted_ms;
    if (!e && (actor->host[0] || is_gone))
        e = ERR_NOTFOUND;
    if (!e)
        e = document_webfinger(actor, fed->config->host, &json);
    struct response *response = is_gone ? response_error(410, NULL)
                                : e     ? response_of_err(e, NULL)
                                        : response_json(200, &json);
    if (!e)
        response_set(response, "Content-Type", "application/jrd+json");
    return open_to_apps(response);
}

struct response *wellknown_host_meta(struct request *request)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4096);
    AUTO(buf_clear) struct buf xml = BUF_INIT(4096);
    enum err e = document_host_meta(federation_base(front_federation(request), &arena), &xml);
    return open_to_apps(e ? response_of_err(e, NULL)
                          : response_text(200, "application/xrd+xml", &xml));
}

struct response *wellknown_nodeinfo_index(struct request *request)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4096);
    AUTO(buf_clear) struct buf json = BUF_INIT(4096);
    enum err e = document_nodeinfo_index(federation_base(front_federation(request), &arena), &json);
    return open_to_apps(e ? response_of_err(e, NULL) : response_json(200, &json));
}

struct response *wellknown_nodeinfo(struct request *request)
{
    struct federation *fed = front_federation(request);
    AUTO(buf_clear) struct buf json = BUF_INIT(16384);
    AUTO(txn_end) struct txn *txn = NULL;
    const char *version = request_param(request, "version");
    if (strcmp(version, "2.0") != 0 && strcmp(version, "2.1") != 0)
        return open_to_apps(response_error(404, "not found"));
    enum err e = engine_read_begin(fed->engine, &txn);
    if (e)
        return response_of_err(e, NULL);
    struct nodeinfo_facts facts = {.version = VERSION,
                                   .users = counter_get(txn, COUNTER_STORE, STORE_ACCOUNTS),
                                   .posts = counter_get(txn, COUNTER_STORE, STORE_OPEN_POSTS),
                                   .is_open = fed->config->mode == FEDERATION_OPEN};
    e = document_nodeinfo(&facts, version, &json);
    if (e)
        return response_of_err(e, NULL);
    struct response *response = response_json(200, &json);
    AUTO(buf_clear) struct buf type = BUF_INIT(256);
    buf_printf(&type,
               "application/json; profile=\"http://nodeinfo.diaspora.software/ns/schema/%s#\"",
               version);
    response_set(response, "Content-Type", buf_text(&type));
    return open_to_apps(response);
}
