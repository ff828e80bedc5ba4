#include "node/cli/moved.h"

#include "federation/act/act.h"
#include "federation/resolve.h"
#include "node/cli/nouns.h"
#include "node/cli/store.h"
#include "storage/actor.h"
#include "storage/edge.h"
#include "storage/notification.h"

#include <string.h>

/* ---- of an account of ours ------------------------------------------------------------------ */

static enum err uri_of(struct cli_store *store, actor_id id, const char **out)
{
    AUTO(txn_end) struct txn *txn = NULL;
    Actor *actor;
    enum err e = engine_read_begin(store->engine, &txn);
    if (!e)
        e = actor_get(txn, id, &store->arena, &actor);
    if (!e)
        *out = actor->uri;
    return e;
}

static void say(struct cli *cli, const char *name, const char *value)
{
    output_begin(&cli->output, OUTPUT_THING);
    output_str(&cli->output, "account", cli->argument[0]);
    output_str(&cli->output, name, value);
    output_end(&cli->output);
}

/* An alias may be gone by now, so one that is taken back is not looked up when it is a URI. */
enum err cli_account_alias(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    bool is_named = !cli_option(cli, "remove");
    const char *uri = cli->argument[1];
    actor_id who, alias;
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_account(&store, cli->argument[0], &who, why);
    if (!e && (is_named || !strstr(uri, "://")))
        e = resolve_actor(&store.fed, uri, &alias, why);
    if (!e && (is_named || !strstr(uri, "://")))
        e = uri_of(&store, alias, &uri);
    if (!e)
        e = act_alias_local(&store.fed, who, uri, is_named, &store.by, why);
    if (e && e != ERR_EXISTS)
        return e;
    say(cli, is_named ? "alias" : "removed", uri);
    return OK;
}

enum err cli_account_move(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    bool is_undone = cli_option(cli, "undo");
    const char *uri = NULL;
    actor_id who, target = {0};
    if (is_undone == (cli->arguments == 2))
        return why_set(why, ERR_INVALID, "say where to: TARGET, or --undo");
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_account(&store, cli->argument[0], &who, why);
    if (!e && !is_undone)
        e = resolve_actor_afresh(&store.fed, cli->argument[1], &target, why);
    if (!e && !is_undone)
        e = uri_of(&store, target, &uri);
    if (!e && !is_undone)
        e = cli_confirm(cli,
                        "tell all followers that this account has moved, and let it write no "
                        "more",
                        why);
    if (!e)
        e = act_move_local(&store.fed, who, target, &store.by, why);
    if (e)
        return e;
    say(cli, "moved_to", uri);
    return OK;
}

/* ---- of those one follows ------------------------------------------------------------------- */

#define PAGE 100

struct line {
    const char *handle, *uri, *target;
    actor_id old;
    int64_t at_ms;
};

/* Up to a page of offers older than *before, which is moved on; fewer than a page: the last. */
static enum err read_page(struct cli_store *store, actor_id who, struct arena *arena,
                          uint64_t *before, struct line line[PAGE], size_t *n)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = engine_read_begin(store->engine, &txn);
    for (*n = 0; !e && *n < PAGE;) {
        Notification *found;
        Actor *old;
        e = notification_next(txn, who, *before, arena, &found);
        if (e)
            break;
        *before = found->id;
        if (found->type != NOTIFICATION_TYPE__MOVED)
            continue;
        e = actor_get(txn, (actor_id){found->from}, arena, &old);
        if (!e)
            line[(*n)++] = (struct line){actor_handle(old, arena), old->uri, found->text,
                                         (actor_id){old->id}, found->created_ms};
    }
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err cli_moved_list(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    struct line line[PAGE];
    uint64_t before = UINT64_MAX;
    size_t n = 0;
    actor_id who;
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_account(&store, cli->argument[0], &who, why);
    if (e)
        return e;
    output_begin(&cli->output, OUTPUT_LIST);
    do {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(CLI_ARENA_BYTES);
        e = read_page(&store, who, &arena, &before, line, &n);
        if (e)
            return cli_failed(e, cli->argument[0], why);
        for (size_t i = 0; i < n; i++) {
            output_row(&cli->output);
            output_str(&cli->output, "account", line[i].handle);
            output_str(&cli->output, "moved_to", line[i].target);
            output_time(&cli->output, "said", line[i].at_ms);
            output_str(&cli->output, "uri", line[i].uri);
        }
    } while (n == PAGE);
    output_end(&cli->output);
    return OK;
}

static void print_answer(struct cli *cli, const char *old, const char *state)
{
    output_row(&cli->output);
    output_str(&cli->output, "account", old);
    output_str(&cli->output, "state", state);
}

/* Each by itself: one that does not hold any more does not keep the others. */
static enum err accept_all(struct cli *cli, struct cli_store *store, actor_id who, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(CLI_ARENA_BYTES);
    struct line line[PAGE];
    uint64_t before = UINT64_MAX;
    size_t n;
    output_begin(&cli->output, OUTPUT_LIST);
    do {
        arena_clear(&arena);
        enum err e = read_page(store, who, &arena, &before, line, &n);
        if (e)
            return cli_failed(e, "offers", why);
        for (size_t i = 0; i < n; i++) {
            struct why reason = {""};
            e = act_moved_accept_local(&store->fed, who, line[i].old, &store->by, &reason);
            print_answer(cli, line[i].handle, e ? reason.text : "accepted");
        }
    } while (n == PAGE);
    output_end(&cli->output);
    return OK;
}

typedef enum err offer_act(struct federation *fed, actor_id who, actor_id old, const struct by *by,
                           struct why *why);

static enum err answer(struct cli *cli, offer_act *act, const char *state, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    bool is_all = cli_option(cli, "all");
    actor_id who, old;
    if (is_all == (cli->arguments == 2))
        return why_set(why, ERR_INVALID, "say which: OLD, or --all");
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_account(&store, cli->argument[0], &who, why);
    if (e)
        return e;
    if (is_all)
        return accept_all(cli, &store, who, why);
    e = resolve_actor(&store.fed, cli->argument[1], &old, why);
    if (!e)
        e = act(&store.fed, who, old, &store.by, why);
    if (e)
        return e;
    output_begin(&cli->output, OUTPUT_LIST);
    print_answer(cli, cli->argument[1], state);
    output_end(&cli->output);
    return OK;
}

static enum err cli_moved_accept(struct cli *cli, struct why *why)
{
    return answer(cli, act_moved_accept_local, "accepted", why);
}

static enum err cli_moved_dismiss(struct cli *cli, struct why *why)
{
    return answer(cli, act_moved_dismiss_local, "dismissed", why);
}

static const struct cli_option accept_options[] = {{"all", NULL, "all offers of NAME"}, {0}};

static const struct cli_command moved_commands[] = {
    {"list", "NAME", "whom NAME follows and who has moved", NULL, 0, cli_moved_list},
    {"accept", "NAME [OLD]", "follow the new account, then no longer the old one", accept_options,
     CLI_CHANGES, cli_moved_accept},
    {"dismiss", "NAME OLD", "leave it as it is", NULL, CLI_CHANGES, cli_moved_dismiss},
    {0}};
const struct cli_noun cli_moved_noun = {"moved", "who of those one follows has moved",
                                        moved_commands};
