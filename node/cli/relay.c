#include "federation/act/relay.h"
#include "federation/resolve.h"
#include "node/cli/nouns.h"
#include "node/cli/store.h"
#include "storage/actor.h"
#include "storage/edge.h"

#include <string.h>

static enum err get_actor(struct cli_store *store, actor_id id, Actor **out)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = engine_read_begin(store->engine, &txn);
    return e ? e : actor_get(txn, id, &store->arena, out);
}

/* A relay is known by its actor. Lists of relays often name the inbox: the actor is beside it then,
 * and has to say that this is its inbox. */
static enum err find_relay(struct cli_store *store, const char *uri, bool *is_inbox, actor_id *out,
                           struct why *why)
{
    size_t n = strlen(uri), tail = strlen("/inbox");
    Actor *actor;
    *is_inbox = n > tail && strcmp(uri + n - tail, "/inbox") == 0;
    const char *of =
        *is_inbox ? arena_printf(&store->arena, "%.*s/actor", (int)(n - tail), uri) : uri;
    enum err e = resolve_actor(&store->fed, of, out, why);
    if (!e)
        e = get_actor(store, *out, &actor);
    if (e || !*is_inbox)
        return e;
    return strcmp(actor->inbox, uri) == 0 || strcmp(actor->shared_inbox, uri) == 0
               ? OK
               : why_set(why, ERR_DENIED, "%s has another inbox; give the relay's actor", of);
}

static enum err parse_style(const char *text, bool is_inbox, enum act_relay_style *out,
                            struct why *why)
{
    if (!text)
        *out = is_inbox ? ACT_RELAY_MASTODON : ACT_RELAY_LITEPUB;
    else if (strcmp(text, "mastodon") == 0)
        *out = ACT_RELAY_MASTODON;
    else if (strcmp(text, "litepub") == 0)
        *out = ACT_RELAY_LITEPUB;
    else
        return why_set(why, ERR_INVALID, "--style is mastodon or litepub");
    return OK;
}

static void say(struct cli *cli, const char *state)
{
    output_begin(&cli->output, OUTPUT_THING);
    output_str(&cli->output, "relay", cli->argument[0]);
    output_str(&cli->output, "state", state);
    output_end(&cli->output);
}

static enum err cli_relay_add(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    enum act_relay_style style;
    actor_id relay;
    bool is_inbox;
    enum err e = parse_style(cli_option(cli, "style"), false, &style, why);
    if (!e)
        e = cli_store_open(cli, &store, why);
    if (!e)
        e = find_relay(&store, cli->argument[0], &is_inbox, &relay, why);
    if (!e)
        e = parse_style(cli_option(cli, "style"), is_inbox, &style, why);
    if (!e)
        e = act_relay_add_local(&store.fed, relay, style, &store.by, why);
    if (e)
        return e;
    say(cli, "requested");
    return OK;
}

static enum err cli_relay_remove(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    actor_id relay;
    bool is_inbox;
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = find_relay(&store, cli->argument[0], &is_inbox, &relay, why);
    if (!e)
        e = act_relay_remove_local(&store.fed, relay, &store.by, why);
    if (e)
        return e;
    say(cli, "removed");
    return OK;
}

static enum err cli_relay_list(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    AUTO(txn_end) struct txn *txn = NULL;
    struct edge_key key = {.kind = EDGE_RELAY};
    actor_id instance;
    enum err e = cli_store_open(cli, &store, why);
    if (e)
        return e;
    e = engine_read_begin(store.engine, &txn);
    if (!e)
        e = actor_instance(txn, &instance);
    key.who = e ? 0 : instance.v;
    output_begin(&cli->output, OUTPUT_LIST);
    while (!e && (e = edge_next(txn, &key)) == OK) { /* few, by RELAYS_MAX */
        Actor *relay;
        Edge *edge;
        e = edge_get(txn, key, &store.arena, &edge);
        if (!e)
            e = actor_get(txn, (actor_id){key.whom}, &store.arena, &relay);
        if (e)
            break;
        output_row(&cli->output);
        output_str(&cli->output, "relay", relay->uri);
        output_str(&cli->output, "style", edge->content);
        output_str(&cli->output, "state", edge->post ? "accepted" : "requested");
        output_time(&cli->output, "since", edge->created_ms);
    }
    output_end(&cli->output);
    return e == ERR_NOTFOUND ? OK : cli_failed(e, "relays", why);
}

static const struct cli_option add_options[] = {
    {"style", "mastodon|litepub", "what it takes: activities (of an inbox), or Announces", false},
    {0}};

static const struct cli_command commands[] = {
    {"add", "URI", "exchange public posts with this relay, named by its actor or inbox",
     add_options, CLI_CHANGES, cli_relay_add},
    {"list", "", "all relays", NULL, 0, cli_relay_list},
    {"remove", "URI", "no longer", NULL, CLI_CHANGES, cli_relay_remove},
    {0}};
const struct cli_noun cli_relay_noun = {"relay", "servers that pass public posts on", commands};
