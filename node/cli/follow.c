#include "node/cli/nouns.h"
#include "node/cli/people.h"

/* What became of it: a remote node may not have answered yet. */
static const char *state_of(struct cli_store *store, actor_id who, actor_id whom)
{
    AUTO(txn_end) struct txn *txn = NULL;
    if (engine_read_begin(store->engine, &txn))
        return NULL;
    if (edge_has(txn, (struct edge_key){EDGE_FOLLOW, who.v, whom.v}))
        return "following";
    if (edge_has(txn, (struct edge_key){EDGE_FOLLOW_REQUEST, who.v, whom.v}))
        return "requested";
    return "not following";
}

static enum err run(struct cli *cli, people_act *act, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    actor_id who, whom;
    enum err e = cli_people_act(cli, &store, act, &who, &whom, why);
    if (e && e != ERR_EXISTS) /* already so is done */
        return e;
    output_begin(&cli->output, OUTPUT_THING);
    output_str(&cli->output, "account", cli->argument[0]);
    output_str(&cli->output, "target", cli->argument[1]);
    output_str(&cli->output, "state", state_of(&store, who, whom));
    output_end(&cli->output);
    return OK;
}

static enum err cli_follow(struct cli *cli, struct why *why)
{
    return run(cli, act_follow_local, why);
}

static enum err cli_unfollow(struct cli *cli, struct why *why)
{
    return run(cli, act_unfollow_local, why);
}

static const struct cli_command follow_commands[] = {
    {NULL, "NAME TARGET", "NAME follows TARGET (name, name@host or URI)", NULL, CLI_CHANGES,
     cli_follow},
    {0}};
const struct cli_noun cli_follow_noun = {"follow", "follow someone", follow_commands};

static const struct cli_command unfollow_commands[] = {
    {NULL, "NAME TARGET", "NAME no longer follows TARGET", NULL, CLI_CHANGES, cli_unfollow}, {0}};
const struct cli_noun cli_unfollow_noun = {"unfollow", "stop following someone", unfollow_commands};
