#include "storage/token.h"

#include "federation/act/act.h"
#include "node/api/scope.h"
#include "node/cli/nouns.h"
#include "node/cli/store.h"
#include "storage/actor.h"
#include "storage/base/clock.h"

#include <string.h>

/* ---- create --------------------------------------------------------------------------------- */

struct create {
    struct mutation mutation;
    actor_id who;
    const char *scopes, *application;
    struct arena *arena;
    const char *secret; /* out */
    uint64_t id;        /* out */
};

static enum err create_apply(struct txn *txn, struct mutation *m)
{
    struct create *create = container_of(m, struct create, mutation);
    Token token = TOKEN__INIT;
    token.actor = create->who.v;
    token.scopes = (char *)create->scopes;
    token.application = (char *)create->application;
    enum err e = token_create(txn, &token, clock_ms(), create->arena, &create->secret);
    create->id = token.id;
    return e;
}

static enum err check_scopes(const char *scopes, struct why *why)
{
    return scopes_are_known(scopes)
               ? OK
               : why_set(why, ERR_INVALID,
                         "unknown scope in \"%.80s\"; write for example \"read write\"", scopes);
}

static enum err cli_token_create(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    struct create create = {.mutation = {.apply = create_apply},
                            .scopes = cli_option_or(cli, "scopes", "read write follow"),
                            .application = cli_option_or(cli, "name", "command line"),
                            .arena = &store.arena};
    enum err e = check_scopes(create.scopes, why);
    if (!e)
        e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_account(&store, cli->argument[0], &create.who, why);
    if (e)
        return e;
    e = act_run(&store.fed, &create.mutation, &store.by, "token.create", cli->argument[0]);
    if (e)
        return cli_failed(e, "token", why);
    if (!cli->is_json) { /* so that a script can say TOKEN=$(ward token create alice) */
        fprintf(cli->out, "%s\n", create.secret);
        return OK;
    }
    output_begin(&cli->output, OUTPUT_THING);
    output_id(&cli->output, "id", create.id);
    output_str(&cli->output, "token", create.secret);
    output_str(&cli->output, "scopes", create.scopes);
    output_end(&cli->output);
    return OK;
}

/* ---- list, revoke --------------------------------------------------------------------------- */

#define PAGE 100

struct line {
    Token *token;
    const char *name;
};

static enum err read_page(struct cli_store *store, struct arena *arena, uint8_t hash[32],
                          struct line line[PAGE], size_t *n)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Actor *actor;
    enum err e = engine_read_begin(store->engine, &txn);
    for (*n = 0; !e && *n < PAGE; ++*n) {
        e = token_next(txn, hash, arena, &line[*n].token);
        if (e)
            break;
        e = actor_get(txn, (actor_id){line[*n].token->actor}, arena, &actor);
        if (!e)
            line[*n].name = actor->username;
    }
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err cli_token_list(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    struct line line[PAGE];
    uint8_t hash[32] = {0};
    size_t n;
    enum err e = cli_store_open(cli, &store, why);
    if (e)
        return e;
    output_begin(&cli->output, OUTPUT_LIST);
    do {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(CLI_ARENA_BYTES);
        e = read_page(&store, &arena, hash, line, &n);
        if (e)
            return cli_failed(e, "tokens", why);
        for (size_t i = 0; i < n; i++) {
            if (cli->arguments && strcmp(cli->argument[0], line[i].name))
                continue;
            output_row(&cli->output);
            output_id(&cli->output, "id", line[i].token->id);
            output_str(&cli->output, "account", line[i].name);
            output_str(&cli->output, "scopes", line[i].token->scopes);
            output_str(&cli->output, "application", line[i].token->application);
            output_time(&cli->output, "created", line[i].token->created_ms);
            output_time(&cli->output, "used", line[i].token->used_ms);
        }
    } while (n == PAGE);
    output_end(&cli->output);
    return OK;
}

struct revoke {
    struct mutation mutation;
    uint64_t id;
};

static enum err revoke_apply(struct txn *txn, struct mutation *m)
{
    return token_revoke(txn, container_of(m, struct revoke, mutation)->id);
}

static enum err cli_token_revoke(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    struct revoke revoke = {.mutation = {.apply = revoke_apply}};
    if (id_parse(cli->argument[0], &revoke.id))
        return why_set(why, ERR_INVALID, "\"%.40s\" is no id; \"ward token list\" shows them",
                       cli->argument[0]);
    enum err e = cli_store_open(cli, &store, why);
    if (e)
        return e;
    e = act_run(&store.fed, &revoke.mutation, &store.by, "token.revoke", cli->argument[0]);
    if (e)
        return cli_failed(e, cli->argument[0], why);
    output_begin(&cli->output, OUTPUT_THING);
    output_id(&cli->output, "id", revoke.id);
    output_str(&cli->output, "state", "revoked");
    output_end(&cli->output);
    return OK;
}

/* ---- the table ------------------------------------------------------------------------------ */

static const struct cli_option create_options[] = {
    {"scopes", "LIST", "what it may do, separated by spaces (read write follow)"},
    {"name", "APP", "what uses it (command line)"},
    {0}};

static const struct cli_command commands[] = {
    {"create", "NAME", "print a new token for the client API; it is shown only once",
     create_options, CLI_CHANGES, cli_token_create},
    {"list", "[NAME]", "all tokens, or those of one account", NULL, 0, cli_token_list},
    {"revoke", "ID", "a token is worth nothing any more", NULL, CLI_CHANGES, cli_token_revoke},
    {0}};
const struct cli_noun cli_token_noun = {"token", "tokens for programs that use the client API",
                                        commands};
