/*
 * moved - the verbs of `ward account` that are about moving (moved.c).
 */
#ifndef WARD_NODE_CLI_MOVED_H
#define WARD_NODE_CLI_MOVED_H

#include "node/cli/cli.h"

MUST_CHECK enum err cli_account_alias(struct cli *cli, struct why *why);
MUST_CHECK enum err cli_account_move(struct cli *cli, struct why *why);

#endif
