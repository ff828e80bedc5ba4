/*
 * files - media that not everyone may see, to those who were told their address.
 */
#include "federation/audience.h"
#include "node/api/media_url.h"
#include "node/api/routes.h"
#include "node/http/file.h"
#include "node/media/media_file.h"
#include "storage/media.h"

#define TOLD_ADDRESS_CACHE "private, max-age=300"

static enum err find(struct api_call *call, Media **out)
{
    AUTO(txn_end) struct txn *txn = NULL;
    char mac[MEDIA_MAC_BYTES];
    uint64_t id, post;
    enum err e = api_path_id(call, "id", &id);
    if (!e)
        e = api_read(call, &txn);
    if (!e)
        e = media_get(txn, id, &call->arena, out);
    if (!e)
        e = media_post(txn, *out, &call->arena, &post);
    if (e)
        return e;
    media_url_mac(call->api, id, post, mac);
    return media_url_mac_is(mac, request_param(call->request, "mac")) ? OK : ERR_NOTFOUND;
}

static struct response *get_file(struct api_call *call)
{
    Media *media;
    struct file_answer file = {0};
    enum err e = find(call, &media);
    if (!e)
        e = media_open(call->api->config->node.data, media->id, &file.fd, &file.size);
    if (e)
        return api_of_err(e, NULL);
    file.type = media->media_type;
    struct response *response = file_answer(call->request, &file);
    response_set(response, "Cache-Control", TOLD_ADDRESS_CACHE);
    response_set(response, "X-Robots-Tag", "noindex");
    return response;
}

const struct api_route api_files_routes[] = {
    {.method = "GET",
     .path = "/media/{id}/{mac}",
     .tier = 1,
     .who = API_PUBLIC,
     .answers = "",
     .flags = API_AT_ONCE | API_TOKEN_IGNORED | API_UNCOUNTED,
     .run = get_file,
     .about = "a file, to whom its address was told"},
    {0}};
