/*
 * setup - the settings and the store, made ready for the rooms below: the same for the
 * daemon and for commands.
 */
#ifndef WARD_NODE_SETUP_H
#define WARD_NODE_SETUP_H

#include "federation/federation.h"
#include "node/config.h"

/* What federation needs of `config`; lists live in the arena, strings in `config`. */
void setup_federation(const struct config *config, struct arena *arena,
                      struct federation_config *out);

enum setup_user { SETUP_DAEMON, SETUP_COMMAND };

/*
 * Opens the store of `config` and makes sure that it belongs to this host. The daemon, the only
 * one that may open an older store, brings it up to date first.
 */
MUST_CHECK enum err setup_engine(const struct config *config, enum setup_user user,
                                 struct engine **out, struct why *why);

#endif
