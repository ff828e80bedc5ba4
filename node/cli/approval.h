/*
 * approval - the options that say whom a post is open to, and how they are shown.
 */
#ifndef WARD_NODE_CLI_APPROVAL_H
#define WARD_NODE_CLI_APPROVAL_H

#include "node/cli/store.h"

#define APPROVAL_WHOM "everyone|followers|mentioned|nobody|ask"

/* The policy of the options of these names, in the store's arena; NULL when none is given. */
struct approval_options {
    const char *reply, *boost, *quote;
};
MUST_CHECK enum err cli_policy(struct cli *cli, struct cli_store *store,
                               const struct approval_options *names, InteractionPolicy **out,
                               struct why *why);

/* What such an option would say of it; NULL (nothing said): everyone. */
const char *cli_policy_word(const Interaction *said);

#endif
