#include "federation/act/act.h"
#include "federation/resolve.h"
#include "node/cli/nouns.h"
#include "node/cli/store.h"
#include "storage/actor.h"
#include "storage/edge.h"

#define PAGE 100

/* ---- list ----------------------------------------------------------------------------------- */

struct line {
    const char *handle, *uri;
    int64_t since_ms;
    bool is_told;
};

static enum err read_page(struct cli_store *store, struct arena *arena, struct edge_key *key,
                          struct line line[PAGE], size_t *n)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = engine_read_begin(store->engine, &txn);
    for (*n = 0; !e && *n < PAGE; ++*n) {
        Actor *actor;
        Edge *edge;
        e = edge_next(txn, key);
        if (e)
            break;
        e = edge_get(txn, *key, arena, &edge);
        if (!e)
            e = actor_get(txn, (actor_id){key->whom}, arena, &actor);
        if (!e)
            line[*n] = (struct line){actor_handle(actor, arena), actor->uri, edge->created_ms,
                                     edge->uri[0]};
    }
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err list(struct cli *cli, enum edge_kind kind, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    struct line line[PAGE];
    size_t n = 0;
    actor_id who;
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_account(&store, cli->argument[0], &who, why);
    if (e)
        return e;
    struct edge_key key = {kind, who.v, 0};
    output_begin(&cli->output, OUTPUT_LIST);
    do {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(CLI_ARENA_BYTES);
        e = read_page(&store, &arena, &key, line, &n);
        if (e)
            return cli_failed(e, cli->argument[0], why);
        for (size_t i = 0; i < n; i++) {
            output_row(&cli->output);
            output_str(&cli->output, "account", line[i].handle);
            output_time(&cli->output, "since", line[i].since_ms);
            output_bool(&cli->output, "told", line[i].is_told);
            output_str(&cli->output, "uri", line[i].uri);
        }
    } while (n == PAGE);
    output_end(&cli->output);
    return OK;
}

/* ---- changes -------------------------------------------------------------------------------- */

typedef enum err pair_act(struct federation *fed, actor_id who, actor_id whom, const struct by *by,
                          struct why *why);

static enum err change(struct cli *cli, pair_act *act, const char *state, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    actor_id who, whom;
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_account(&store, cli->argument[0], &who, why);
    if (!e)
        e = resolve_actor(&store.fed, cli->argument[1], &whom, why);
    if (!e)
        e = act(&store.fed, who, whom, &store.by, why);
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
