#include "node/cli/nouns.h"
#include "node/cli/people.h"

/* ---- list ----------------------------------------------------------------------------------- */

static void show_told(struct output *out, const Edge *edge)
{
    output_bool(out, "told", edge->uri[0]); /* by an activity, which has an id */
}

static enum err list(struct cli *cli, enum edge_kind kind, struct why *why)
{
    const struct people_list blocked = {kind, PEOPLE_WHOM, "since", show_told};
    AUTO(cli_store_close) struct cli_store store = {0};
    actor_id who;
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_account(&store, cli->argument[0], &who, why);
    return e ? e : cli_people_list(cli, &store, who, &blocked, why);
}

/* ---- changes -------------------------------------------------------------------------------- */

static enum err change(struct cli *cli, people_act *act, const char *state, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    actor_id who, whom;
    enum err e = cli_people_act(cli, &store, act, &who, &whom, why);
    if (e && e != ERR_EXISTS) /* already so is done */
        return e;
    output_begin(&cli->output, OUTPUT_THING);
    output_str(&cli->output, "account", cli->argument[0]);
    output_str(&cli->output, "target", cli->argument[1]);
    output_str(&cli->output, "state", state);
    output_end(&cli->output);
    return OK;
}

static enum err block_telling(struct federation *fed, actor_id who, actor_id whom,
                              const struct by *by, struct why *why)
{
    return act_block_local(fed, who, whom, ACT_BLOCK_TOLD, by, why);
}

static enum err block_silently(struct federation *fed, actor_id who, actor_id whom,
                               const struct by *by, struct why *why)
{
    return act_block_local(fed, who, whom, ACT_BLOCK_UNTOLD, by, why);
}

static enum err cli_block(struct cli *cli, struct why *why)
{
    if (cli->arguments == 1)
        return list(cli, EDGE_BLOCK, why);
    return change(cli, cli_option(cli, "tell") ? block_telling : block_silently, "blocked", why);
}

static enum err cli_unblock(struct cli *cli, struct why *why)
{
    return change(cli, act_unblock_local, "not blocked", why);
}

static enum err cli_mute(struct cli *cli, struct why *why)
{
    if (cli->arguments == 1)
        return list(cli, EDGE_MUTE, why);
    return change(cli, act_mute_local, "muted", why);
}

static enum err cli_unmute(struct cli *cli, struct why *why)
{
    return change(cli, act_unmute_local, "not muted", why);
}

/* ---- the tables ----------------------------------------------------------------------------- */

static const struct cli_option block_options[] = {
    {"tell", NULL, "tell their node that they are blocked", false}, {0}};

static const struct cli_command block_commands[] = {
    {NULL, "NAME [ACTOR]", "NAME blocks ACTOR; without ACTOR: whom NAME blocks", block_options,
     CLI_CHANGES, cli_block},
    {0}};
const struct cli_noun cli_block_noun = {"block", "have nothing to do with someone", block_commands};

static const struct cli_command unblock_commands[] = {
    {NULL, "NAME ACTOR", "NAME no longer blocks ACTOR", NULL, CLI_CHANGES, cli_unblock}, {0}};
const struct cli_noun cli_unblock_noun = {"unblock", "take a block back", unblock_commands};

static const struct cli_command mute_commands[] = {
    {NULL, "NAME [ACTOR]", "NAME no longer sees ACTOR; without ACTOR: whom NAME mutes", NULL,
     CLI_CHANGES, cli_mute},
    {0}};
const struct cli_noun cli_mute_noun = {"mute", "not see someone", mute_commands};

static const struct cli_command unmute_commands[] = {
    {NULL, "NAME ACTOR", "NAME sees ACTOR again", NULL, CLI_CHANGES, cli_unmute}, {0}};
const struct cli_noun cli_unmute_noun = {"unmute", "take a mute back", unmute_commands};
