/*
 * wellknown - what everyone may ask without a signature: WebFinger, host-meta, NodeInfo.
 *
 * Rows of the table in activitypub.c; request->context is the struct front.
 *
 * Threads  HTTP threads: short reads of one snapshot
 * Source   RFC 7033; RFC 6415; NodeInfo 2.0, 2.1
 */
#ifndef WARD_NODE_HTTP_WELLKNOWN_H
#define WARD_NODE_HTTP_WELLKNOWN_H

#include "federation/federation.h"
#include "node/http/server.h"

struct response *wellknown_webfinger(struct request *request);
struct response *wellknown_host_meta(struct request *request);
struct response *wellknown_nodeinfo_index(struct request *request);
struct response *wellknown_nodeinfo(struct request *request);

#endif
