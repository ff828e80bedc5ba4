/*
 * peer - what `ward peer` shares with `ward queue` and `ward status`.
 */
#ifndef WARD_NODE_CLI_PEER_H
#define WARD_NODE_CLI_PEER_H

#include "node/cli/store.h"

/* "healthy", "failing", "untried" */
const char *cli_peer_health_name(const PeerHealth *health);
/* Makes a peer due now, with an audit record. */
MUST_CHECK enum err cli_peer_expedite(struct cli_store *store, peer_id peer, const char *host,
                                      struct why *why);

#endif
