#include "federation/resolve.h"
#include "node/cli/mark.h"
#include "node/cli/nouns.h"
#include "node/cli/store.h"

static enum err cli_vote(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    actor_id who;
    post_id id;
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_account(&store, cli->argument[0], &who, why);
    if (!e)
        e = resolve_post(&store.fed, cli->argument[1], &id, why);
    if (!e)
        e = act_vote_local(&store.fed, who, id, &cli->argument[2], cli->arguments - 2, &store.by,
                           why);
    if (e)
        return e;
    output_begin(&cli->output, OUTPUT_THING);
    output_str(&cli->output, "account", cli->argument[0]);
    output_id(&cli->output, "id", id.v);
    output_str(&cli->output, "state", "voted");
    output_end(&cli->output);
    return OK;
}

static const struct cli_command vote_commands[] = {
    {NULL, "NAME POST CHOICE...", "vote in a poll, by text or number of an option", NULL,
     CLI_CHANGES, cli_vote},
    {0}};
const struct cli_noun cli_vote_noun = {"vote", "vote in a poll", vote_commands};
