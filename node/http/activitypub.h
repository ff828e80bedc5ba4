/*
 * activitypub - the public routes of federation: inboxes, and the documents we serve.
 *
 * Actors, keys, WebFinger, NodeInfo and host-meta are readable by anyone (two servers that check
 * each other's key fetches would loop for ever). Everything else needs a signature by an actor of
 * an admitted host; what that host may not read answers exactly like what never was (T64).
 *
 * Threads  handlers run on HTTP threads and hand everything that verifies or writes to the workers
 * Source   ActivityPub #inbox, #retrieving-objects; RFC 7033; RFC 6415; NodeInfo
 */
#ifndef WARD_NODE_HTTP_ACTIVITYPUB_H
#define WARD_NODE_HTTP_ACTIVITYPUB_H

#include "federation/federation.h"
#include "node/http/server.h"

/* The routes; server_start's context must be the struct front (front.h). */
extern const struct route activitypub_routes[];
extern const size_t activitypub_route_count;

#endif
