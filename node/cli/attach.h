/*
 * attach - `ward post --media FILE --alt TEXT --focus X,Y`: pictures from files to a draft.
 */
#ifndef WARD_NODE_CLI_ATTACH_H
#define WARD_NODE_CLI_ATTACH_H

#include "federation/act/act.h"
#include "node/cli/store.h"

/*
 * Takes every --media in; --alt and --focus belong to the --media before them. On an error nothing
 * is left behind.
 *
 * ERR_INVALID  no picture we take, --alt without --media, an alt text that is too long
 */
MUST_CHECK enum err cli_attach(struct cli *cli, struct cli_store *store, struct post_draft *draft,
                               struct why *why);
/* The draft did not become a post: its files go. */
void cli_detach(struct cli_store *store, const struct post_draft *draft);

#endif
