/*
 * streaming - opens streams: one WebSocket for all of them, or an answer of server-sent events for
 * each. Who is told what is decided in node/stream.
 *
 * A cookie is never looked at here (T111): a token is, as header, as WebSocket protocol, which is
 * where a browser can put one, or as parameter, for the oldest apps.
 */
#include "node/api/routes.h"
#include "node/stream/streamer.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PREFIX "/api/v1/streaming/"
#define NAME_BYTES 64

static struct response *admit(struct api_call *call, struct client **out)
{
    const char *scopes = call->token ? call->token->scopes : NULL;
    const char *secret = call->token ? api_bearer(call) : NULL;
    enum err e = streamer_admit(call->api->streamer, call->who, secret, scopes, out);
    if (!e)
        return NULL;
    struct response *response =
        e == ERR_LIMIT ? api_error(429, "Too many streams are open") : api_of_err(e, NULL);
    response_set(response, "Retry-After", "30");
    return response;
}

/* NULL: the caller may listen to it. */
static struct response *read_channel(struct api_call *call, const char *name, struct channel *out)
{
    AUTO(txn_end) struct txn *txn = NULL;
    const char *scopes = call->token ? call->token->scopes : NULL, *text = "";
    struct why why = {""};
    if (channel_read(name, params_get(&call->params, "tag"), params_get(&call->params, "list"), out,
                     &why))
        return api_error(400, why.text);
    enum err e = api_read(call, &txn);
    if (e)
        return api_of_err(e, NULL);
    int status = streamer_judge(txn, out, call->who, scopes, &text);
    return status ? api_error(status, text) : NULL;
}

/* ---- server-sent events --------------------------------------------------------------------- */

/* "public:local:media" for /api/v1/streaming/public/local?only_media=true */
static void name_of(const struct api_call *call, char name[NAME_BYTES])
{
    bool only_media = params_bool(&call->params, "only_media", false);
    snprintf(name, NAME_BYTES, "%s%s", call->route->path + strlen(PREFIX),
             only_media ? ":media" : "");
    for (char *slash = name; (slash = strchr(slash, '/'));)
        *slash = ':';
}

static struct response *get_events(struct api_call *call)
{
    struct channel channel;
    struct client *client = NULL;
    char name[NAME_BYTES];
    name_of(call, name);
    struct response *refusal = read_channel(call, name, &channel);
    if (!refusal)
        refusal = admit(call, &client);
    if (refusal)
        return refusal;
    (void)!client_subscribe(client, &channel); /* the first: there is room */
    return streamer_answer(client, call->request);
}

/* ---- WebSocket ------------------------------------------------------------------------------ */

/* NULL: *out_accept is what the handshake answers. */
static struct response *shake_hands(struct api_call *call, char accept[WEBSOCKET_ACCEPT_BYTES])
{
    const char *upgrade = request_header(call->request, "upgrade");
    const char *version = request_header(call->request, "sec-websocket-version");
    const char *key = request_header(call->request, "sec-websocket-key");
    if (!upgrade || strcasecmp(upgrade, "websocket") != 0)
        return api_error(400, "This is a WebSocket");
    if (!version || strcmp(version, "13") != 0) {
        struct response *response = api_error(426, "WebSocket version 13 is spoken here");
        response_set(response, "Sec-WebSocket-Version", "13");
        return response;
    }
    return websocket_accept(key, accept) ? api_error(400, "Sec-WebSocket-Key is malformed") : NULL;
}

static struct response *get_socket(struct api_call *call)
{
    char accept[WEBSOCKET_ACCEPT_BYTES];
    const char *stream = params_get(&call->params, "stream");
    const char *protocol = request_header(call->request, "sec-websocket-protocol");
    struct client *client = NULL;
    struct channel channel;
    struct response *refusal = shake_hands(call, accept);
    if (!refusal && stream && *stream)
        refusal = read_channel(call, stream, &channel);
    if (!refusal)
        refusal = admit(call, &client);
    if (refusal)
        return refusal;
    if (stream && *stream)
        (void)!client_subscribe(client, &channel);
    struct response *response = streamer_upgrade(client);
    response_set(response, "Sec-WebSocket-Accept", accept);
    if (protocol)
        response_set(response, "Sec-WebSocket-Protocol", protocol);
    return response;
}

static struct response *get_health(struct api_call *call)
{
    (void)call;
    return response_bytes(200, "text/plain; charset=utf-8", bytes_of("OK"));
}

#define ANY "read:statuses|read:notifications"

const struct api_route api_streaming_routes[] = {
    {"GET", "/api/v1/streaming", 2, API_READER, ANY, API_ID_NONE, "", API_TOKEN_IN_QUERY,
     get_socket, "a WebSocket for every stream"},
    {"GET", "/api/v1/streaming/", 2, API_READER, ANY, API_ID_NONE, "", API_TOKEN_IN_QUERY,
     get_socket, "the same"},
    {"GET", PREFIX "health", 2, API_PUBLIC, NULL, API_ID_NONE, "", API_AT_ONCE, get_health,
     "streams can be opened"},
    {"GET", PREFIX "user", 2, API_USER, "read:statuses", API_ID_NONE, "", API_TOKEN_IN_QUERY,
     get_events, "home and notifications as they come"},
    {"GET", PREFIX "user/notification", 2, API_USER, "read:notifications", API_ID_NONE, "",
     API_TOKEN_IN_QUERY, get_events, "notifications as they come"},
    {"GET", PREFIX "public", 2, API_READER, "read:statuses", API_ID_NONE, "", API_TOKEN_IN_QUERY,
     get_events, "public statuses as they come"},
    {"GET", PREFIX "public/local", 2, API_READER, "read:statuses", API_ID_NONE, "",
     API_TOKEN_IN_QUERY, get_events, "those of this node"},
    {"GET", PREFIX "public/remote", 2, API_READER, "read:statuses", API_ID_NONE, "",
     API_TOKEN_IN_QUERY, get_events, "those of other nodes"},
    {"GET", PREFIX "hashtag", 2, API_READER, "read:statuses", API_ID_NONE, "", API_TOKEN_IN_QUERY,
     get_events, "statuses with a hashtag as they come"},
    {"GET", PREFIX "hashtag/local", 2, API_READER, "read:statuses", API_ID_NONE, "",
     API_TOKEN_IN_QUERY, get_events, "those of this node"},
    {"GET", PREFIX "list", 2, API_USER, "read:lists", API_ID_NONE, "", API_TOKEN_IN_QUERY,
     get_events, "statuses of a list as they come"},
    {"GET", PREFIX "direct", 2, API_USER, "read:statuses", API_ID_NONE, "", API_TOKEN_IN_QUERY,
     get_events, "conversations as they come"},
    {0}};
