/*
 * mark - commands of the shape `ward VERB NAME POST`: an account of ours does something to a post.
 */
#ifndef WARD_NODE_CLI_MARK_H
#define WARD_NODE_CLI_MARK_H

#include "federation/act/act.h"
#include "node/cli/cli.h"

typedef enum err mark_act(struct federation *fed, actor_id who, post_id post, const struct by *by,
                          struct why *why);

/* Finds both, runs `act` and says `state`. What was so already is done. */
MUST_CHECK enum err cli_mark(struct cli *cli, mark_act *act, const char *state, struct why *why);

#endif
