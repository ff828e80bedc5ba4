#include "federation/federation.h"

#include <string.h>

const char *federation_base(const struct federation *fed, struct arena *arena)
{
    return arena_printf(arena, "%s://%s", fed->config->insecure_http ? "http" : "https",
                        fed->config->host);
}

const char *federation_own_path(const struct federation *fed, const char *uri)
{
    const char *scheme = fed->config->insecure_http ? "http://" : "https://";
    size_t host_bytes = strlen(fed->config->host);

    if (!uri || strncmp(uri, scheme, strlen(scheme)) != 0)
        return NULL;
    uri += strlen(scheme);
    if (strncmp(uri, fed->config->host, host_bytes) != 0 || uri[host_bytes] != '/')
        return NULL;
    return uri + host_bytes;
}
