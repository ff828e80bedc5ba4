#include "federation/resolve.h"
#include "node/cli/mark.h"
#include "node/cli/nouns.h"
#include "node/cli/store.h"

static enum err cli_react(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    const char *emoji = cli->argument[2];
    actor_id who;
    post_id id;
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_account(&store, cli->argument[0], &who, why);
    if (!e)
        e = resolve_post(&store.fed, cli->argument[1], &id, why);
    if (!e)
        e = act_react_local(&store.fed, who, id, emoji, &store.by, why);
    if (e && e != ERR_EXISTS)
        return e;
    output_begin(&cli->output, OUTPUT_THING);
    output_str(&cli->output, "account", cli->argument[0]);
    output_id(&cli->output, "id", id.v);
    output_str(&cli->output, "reaction", emoji);
    output_end(&cli->output);
    return OK;
}

static enum err cli_unreact(struct cli *cli, struct why *why)
{
    return cli_mark(cli, act_unreact_local, "no reaction", why);
}

static const struct cli_command react_commands[] = {
    {NULL, "NAME POST EMOJI", "put an emoji under a post, in place of the one before", NULL,
     CLI_CHANGES, cli_react},
    {0}};
const struct cli_noun cli_react_noun = {"react", "put an emoji under a post", react_commands};

static const struct cli_command unreact_commands[] = {
    {NULL, "NAME POST", "take the emoji back", NULL, CLI_CHANGES, cli_unreact}, {0}};
const struct cli_noun cli_unreact_noun = {"unreact", "take the emoji back", unreact_commands};
