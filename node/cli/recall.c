#include "federation/recall.h"

#include "federation/act/act.h"
#include "node/cli/nouns.h"
#include "node/cli/store.h"
#include "storage/base/clock.h"

#include <poll.h>

#define WAIT_MAX_S (24 * 3600)
#define LOOK_EVERY_MS 200

static enum err read_recall(struct cli_store *store, const char *text, struct arena *arena,
                            struct recall *out, struct why *why)
{
    AUTO(txn_end) struct txn *txn = NULL;
    recall_clear(out);
    enum err e = engine_read_begin(store->engine, &txn);
    if (!e)
        e = recall_find(txn, &store->fed, text, arena, out, why);
    if (!e)
        e = recall_read(txn, arena, out);
    return e && !why->text[0] ? cli_failed(e, text, why) : e;
}

static const char *state_name(enum recall_state state)
{
    static const char *const name[] = {
        [RECALL_CONFIRMED] = "confirmed",   [RECALL_WAITING] = "waiting",
        [RECALL_REFUSED] = "refused",       [RECALL_EXPIRED] = "expired",
        [RECALL_BARRED] = "not sent",       [RECALL_UNASKED] = "not asked",
        [RECALL_UNREACHED] = "not reached",
    };
    return name[state];
}

static void print_recall(struct output *out, const struct recall *recall)
{
    output_begin(out, OUTPUT_LIST);
    for (size_t i = 0; i < recall->n; i++) {
        const struct recall_line *line = &recall->line[i];
        bool is_confirmed = line->state == RECALL_CONFIRMED;
        output_row(out);
        output_str(out, "host", line->host);
        output_str(out, "state", state_name(line->state));
        output_bool(out, "had_it", line->had_it);
        output_time(out, "confirmed", is_confirmed ? line->at_ms : 0);
        output_int(out, "attempts", line->attempts);
        output_int(out, "last_status", line->status);
        output_time(out, "next_attempt", line->next_ms);
        output_str(out, "why", !is_confirmed && line->why[0] ? line->why : NULL);
    }
    output_end(out);
}

/* Until everyone confirmed, nobody can any more, or time is up. */
static enum err wait_for(struct cli *cli, struct cli_store *store, int64_t wait_s,
                         struct arena *arena, struct recall *recall, struct why *why)
{
    int64_t until_ms = clock_mono_ms() + wait_s * 1000;
    for (;;) {
        size_t waiting = 0;
        arena_clear(arena);
        enum err e = read_recall(store, cli->argument[0], arena, recall, why);
        for (size_t i = 0; i < recall->n; i++)
            waiting += recall->line[i].state == RECALL_WAITING;
        if (e || !waiting || cli->is_dry_run || clock_mono_ms() >= until_ms)
            return e;
        if (poll(NULL, 0, LOOK_EVERY_MS) < 0) /* the daemon's commits wake nobody here */
            return OK;
    }
}

/* Asks before a living post goes; one that is gone is only asked about again. */
static enum err confirm(struct cli *cli, const struct recall *recall, struct why *why)
{
    return recall->is_deleted
               ? OK
               : cli_confirm(cli, "take this post back here and from every node that has it", why);
}

static enum err cli_recall(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    AUTO(arena_clear) struct arena arena = ARENA_INIT(CLI_ARENA_BYTES);
    AUTO(recall_clear) struct recall recall = {0};
    int64_t wait_s = 0;
    enum err e = cli_option_number(cli, "wait", 0, WAIT_MAX_S, &wait_s, why);
    if (!e)
        e = cli_store_open(cli, &store, why);
    if (!e)
        e = read_recall(&store, cli->argument[0], &arena, &recall, why);
    if (!e)
        e = confirm(cli, &recall, why);
    if (!e && (!recall.is_deleted || recall_missing(&recall)))
        e = act_recall_local(&store.fed, recall.uri, &store.by, why);
    if (!e)
        cli_store_poke(&store);
    if (!e)
        e = wait_for(cli, &store, wait_s, &arena, &recall, why);
    if (e)
        return e;
    print_recall(&cli->output, &recall);
    size_t missing = recall_missing(&recall);
    if (missing && !cli->is_dry_run)
        return why_set(why, ERR_LATER,
                       "%zu of %zu hosts did not confirm yet; run it again to ask them again",
                       missing, recall.n);
    return OK;
}

static const struct cli_option recall_options[] = {
    {"wait", "SECONDS", "wait so long for confirmations (0)"}, {0}};

static const struct cli_command recall_commands[] = {
    {NULL, "POST", "take a post back from every node; shows who confirmed", recall_options,
     CLI_CHANGES | CLI_DESTROYS, cli_recall},
    {0}};
const struct cli_noun cli_recall_noun = {
    "recall", "take a post back from every node; shows who confirmed", recall_commands};
