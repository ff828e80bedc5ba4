/*
 * guard - whom we may contact. Every outgoing request asks, nothing else decides.
 *
 * guard_uri judges the text (scheme, userinfo, port) and, through policy, the host;
 * guard_address judges the socket address a name resolved to, at connect time, so that no
 * spelling of an address and no second DNS answer slips through.
 *
 * Threads  pure
 * Errors   ERR_INVALID not a URI we speak; ERR_DENIED an address that is not to be contacted
 * Source   RFC 6890, threats T49-T53
 */
#ifndef WARD_FEDERATION_GUARD_H
#define WARD_FEDERATION_GUARD_H

#include "federation/federation.h"

#include <sys/socket.h>

/* Global unicast, or inside one of config->allow_addresses. */
MUST_CHECK enum err guard_address(const struct federation_config *config,
                                  const struct sockaddr *address, struct why *why);

/* The text alone: https (http when insecure_http), no userinfo, no control bytes, not our own host.
 */
MUST_CHECK enum err guard_uri(const struct federation_config *config, const char *uri,
                              struct why *why);

/* "127.0.0.0/8, ::1/128" into ranges in the arena. ERR_INVALID says which part. */
MUST_CHECK enum err guard_parse_ranges(const char *text, struct arena *arena,
                                       const struct network_range **out, size_t *out_count,
                                       struct why *why);

#endif
