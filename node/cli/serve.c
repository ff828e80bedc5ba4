#include "node/serve.h"

#include "node/cli/nouns.h"

static enum err cli_serve(struct cli *cli, struct why *why)
{
    enum err e = cli_load_config(cli, why);
    return e ? e : serve(cli->config, why);
}

static const struct cli_command serve_commands[] = {
    {NULL, "", "run in the foreground; logs to standard error", NULL, 0, cli_serve}, {0}};
const struct cli_noun cli_serve_noun = {"serve", "run the node", serve_commands};
