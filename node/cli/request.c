#include "federation/act/act.h"
#include "federation/resolve.h"
#include "node/cli/nouns.h"
#include "node/cli/store.h"
#include "storage/actor.h"
#include "storage/edge.h"

/* ---- list ----------------------------------------------------------------------------------- */

#define PAGE 100

struct line {
    const char *handle, *uri;
    int64_t asked_ms;
};

static enum err read_page(struct cli_store *store, struct arena *arena, struct edge_key *key,
                          struct line line[PAGE], size_t *n)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = engine_read_begin(store->engine, &txn);
    for (*n = 0; !e && *n < PAGE; ++*n) {
        Actor *actor;
        Edge *edge;
        e = edge_rev_next(txn, key);
        if (e)
            break;
        e = edge_get(txn, *key, arena, &edge);
        if (!e)
            e = actor_get(txn, (actor_id){key->who}, arena, &actor);
        if (!e)
            line[*n] = (struct line){actor_handle(actor, arena), actor->uri, edge->created_ms};
    }
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err cli_request_list(struct cli *cli, struct why *why)
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
    struct edge_key key = {EDGE_FOLLOW_REQUEST, 0, who.v};
    output_begin(&cli->output, OUTPUT_LIST);
    do {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(CLI_ARENA_BYTES);
        e = read_page(&store, &arena, &key, line, &n);
        if (e)
            return cli_failed(e, "follow requests", why);
        for (size_t i = 0; i < n; i++) {
            output_row(&cli->output);
            output_str(&cli->output, "account", line[i].handle);
            output_time(&cli->output, "asked", line[i].asked_ms);
            output_str(&cli->output, "uri", line[i].uri);
        }
    } while (n == PAGE);
    output_end(&cli->output);
    return OK;
}

/* ---- accept, reject ------------------------------------------------------------------------- */

typedef enum err request_act(struct federation *fed, actor_id whom, actor_id who,
                             const struct by *by, struct why *why);

static enum err answer(struct cli *cli, request_act *act, const char *state, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    actor_id whom, who;
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_account(&store, cli->argument[0], &whom, why);
    if (!e)
        e = resolve_actor(&store.fed, cli->argument[1], &who, why);
    if (!e)
        e = act(&store.fed, whom, who, &store.by, why);
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
