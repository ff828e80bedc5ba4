/*
 * front - what the handlers of the public address are given: server_start's context.
 *
 * Set before the server starts, then constant.
 */
#ifndef WARD_NODE_HTTP_FRONT_H
#define WARD_NODE_HTTP_FRONT_H

#include "federation/federation.h"
#include "node/http/request.h"

struct api;

struct front {
    struct federation *fed;
    struct api *api; /* the client API's own (node/api/api.h) */
};

static inline struct federation *front_federation(const struct request *request)
{
    return ((const struct front *)request->context)->fed;
}

static inline struct api *front_api(const struct request *request)
{
    return ((const struct front *)request->context)->api;
}

#endif
