#include "node/cli/people.h"

#include "federation/resolve.h"
#include "storage/actor.h"

#define PAGE 100

enum err cli_people_act(struct cli *cli, struct cli_store *store, people_act *act,
                        actor_id *out_who, actor_id *out_whom, struct why *why)
{
    enum err e = cli_store_open(cli, store, why);
    if (!e)
        e = cli_find_account(store, cli->argument[0], out_who, why);
    if (!e)
        e = resolve_actor(&store->fed, cli->argument[1], out_whom, why);
    return e ? e : act(&store->fed, *out_who, *out_whom, &store->by, why);
}

struct line {
    const Actor *actor;
    const Edge *edge;
};

static enum err read_page(struct cli_store *store, struct arena *arena, enum people_side side,
                          struct edge_key *key, struct line line[PAGE], size_t *n)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = engine_read_begin(store->engine, &txn);
    for (*n = 0; !e && *n < PAGE; ++*n) {
        Actor *actor;
        Edge *edge;
        e = side == PEOPLE_WHO ? edge_rev_next(txn, key) : edge_next(txn, key);
        if (e)
            break;
        e = edge_get(txn, *key, arena, &edge);
        if (!e)
            e = actor_get(txn, (actor_id){side == PEOPLE_WHO ? key->who : key->whom}, arena,
                          &actor);
        if (!e)
            line[*n] = (struct line){actor, edge};
    }
    return e == ERR_NOTFOUND ? OK : e;
}

static void print_line(struct cli *cli, const struct people_list *list, const struct line *line,
                       struct arena *arena)
{
    output_row(&cli->output);
    output_str(&cli->output, "account", actor_handle(line->actor, arena));
    output_time(&cli->output, list->time_name, line->edge->created_ms);
    if (list->more)
        list->more(&cli->output, line->edge);
    output_str(&cli->output, "uri", line->actor->uri);
}

enum err cli_people_list(struct cli *cli, struct cli_store *store, actor_id of,
                         const struct people_list *list, struct why *why)
{
    struct edge_key key = {.kind = list->kind};
    struct line line[PAGE];
    size_t n = 0;
    *(list->side == PEOPLE_WHO ? &key.whom : &key.who) = of.v;
    output_begin(&cli->output, OUTPUT_LIST);
    do {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(CLI_ARENA_BYTES);
        enum err e = read_page(store, &arena, list->side, &key, line, &n);
        if (e)
            return cli_failed(e, cli->argument[0], why);
        for (size_t i = 0; i < n; i++)
            print_line(cli, list, &line[i], &arena);
    } while (n == PAGE);
    output_end(&cli->output);
    return OK;
}
