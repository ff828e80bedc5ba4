#include "node/cli/nouns.h"
#include "node/cli/people.h"

/* ---- list ----------------------------------------------------------------------------------- */

static enum err cli_request_list(struct cli *cli, struct why *why)
{
    static const struct people_list list = {EDGE_FOLLOW_REQUEST, PEOPLE_WHO, "asked", NULL};
    AUTO(cli_store_close) struct cli_store store = {0};
    actor_id who;
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_account(&store, cli->argument[0], &who, why);
    return e ? e : cli_people_list(cli, &store, who, &list, why);
}

/* ---- accept, reject ------------------------------------------------------------------------- */

static enum err answer(struct cli *cli, people_act *act, const char *state, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    actor_id whom, who;
    enum err e = cli_people_act(cli, &store, act, &whom, &who, why);
    if (e)
        return e;
    output_begin(&cli->output, OUTPUT_THING);
    output_str(&cli->output, "account", cli->argument[0]);
    output_str(&cli->output, "follower", cli->argument[1]);
    output_str(&cli->output, "state", state);
    output_end(&cli->output);
    return OK;
}

static enum err cli_request_accept(struct cli *cli, struct why *why)
{
    return answer(cli, act_accept_local, "accepted", why);
}

static enum err cli_request_reject(struct cli *cli, struct why *why)
{
    return answer(cli, act_reject_local, "rejected", why);
}

static const struct cli_command request_commands[] = {
    {"list", "NAME", "who asks to follow NAME", NULL, 0, cli_request_list},
    {"accept", "NAME ACCT", "ACCT may follow NAME", NULL, CLI_CHANGES, cli_request_accept},
    {"reject", "NAME ACCT", "ACCT may not follow NAME, or not any more", NULL, CLI_CHANGES,
     cli_request_reject},
    {0}};
const struct cli_noun cli_request_noun = {"request", "who asks to follow a locked account",
                                          request_commands};
