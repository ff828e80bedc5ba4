#include "storage/report.h"
#include "federation/act/act.h"
#include "federation/resolve.h"
#include "node/cli/nouns.h"
#include "node/cli/store.h"
#include "storage/actor.h"

#include <string.h>

#define PAGE 50
#define TEXT_MOST (16 << 10)

/* ---- create --------------------------------------------------------------------------------- */

static enum err take_posts(struct cli *cli, struct cli_store *store, struct report_draft *draft,
                           struct why *why)
{
    post_id *posts = arena_calloc(&store->arena, cli->options, sizeof *posts);
    for (size_t i = 0; i < cli->options; i++) {
        if (strcmp(cli->option[i].name, "post") != 0)
            continue;
        enum err e = cli_find_post(store, cli->option[i].value, &posts[draft->post_count++], why);
        if (e)
            return e;
    }
    draft->posts = posts;
    return OK;
}

static enum err cli_report_create(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    AUTO(buf_clear) struct buf text = BUF_INIT(TEXT_MOST);
    struct report_draft draft = {.is_forwarded = cli_option(cli, "forward")};
    uint64_t id;
    enum err e = cli_read_text(cli->argument[2], &text, why);
    if (!e)
        e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_account(&store, cli->argument[0], &draft.from, why);
    if (!e)
        e = resolve_actor(&store.fed, cli->argument[1], &draft.about, why);
    if (!e)
        e = take_posts(cli, &store, &draft, why);
    if (e)
        return e;
    draft.comment = buf_text(&text);
    e = act_report_local(&store.fed, &draft, &store.by, &id, why);
    if (e)
        return e;
    output_begin(&cli->output, OUTPUT_THING);
    output_id(&cli->output, "report", id);
    output_str(&cli->output, "about", cli->argument[1]);
    output_bool(&cli->output, "forwarded", draft.is_forwarded);
    output_end(&cli->output);
    return OK;
}

/* ---- list, show ----------------------------------------------------------------------------- */

static const char *handle_of(struct txn *txn, uint64_t id, struct arena *arena)
{
    Actor *actor;
    return actor_get(txn, (actor_id){id}, arena, &actor) == OK ? actor_handle(actor, arena) : NULL;
}

struct line {
    Report *report;
    const char *from, *about;
};

static enum err read_page(struct cli_store *store, struct arena *arena, uint64_t *before,
                          struct line line[PAGE], size_t *n)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = engine_read_begin(store->engine, &txn);
    for (*n = 0; !e && *n < PAGE; ++*n) {
        struct line *l = &line[*n];
        e = report_next(txn, *before, arena, &l->report);
        if (e)
            break;
        *before = l->report->id;
        l->from = handle_of(txn, l->report->from, arena);
        l->about = handle_of(txn, l->report->about, arena);
    }
    return e == ERR_NOTFOUND ? OK : e;
}

static const char *category_text(ReportCategory category)
{
    static const char *const text[] = {"other", "spam", "legal", "violation"};
    return (size_t)category < COUNT(text) ? text[category] : "?";
}

static void print_line(struct output *out, const struct line *l)
{
    output_id(out, "report", l->report->id);
    output_str(out, "state", l->report->resolved_ms ? "resolved" : "open");
    output_str(out, "about", l->about);
    output_str(out, "by", l->from);
    output_int(out, "posts", (int64_t)l->report->n_posts);
    output_time(out, "told", l->report->created_ms);
    output_str(out, "category", category_text(l->report->category));
    output_str(out, "text", l->report->comment);
}

static enum err cli_report_list(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    struct line line[PAGE];
    uint64_t before = UINT64_MAX;
    size_t n = 0;
    enum err e = cli_store_open(cli, &store, why);
    if (e)
        return e;
    output_begin(&cli->output, OUTPUT_LIST);
    do {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(CLI_ARENA_BYTES);
        e = read_page(&store, &arena, &before, line, &n);
        if (e)
            return cli_failed(e, "reports", why);
        for (size_t i = 0; i < n; i++) {
            if (line[i].report->resolved_ms && !cli_option(cli, "all"))
                continue;
            output_row(&cli->output);
            print_line(&cli->output, &line[i]);
        }
    } while (n == PAGE);
    output_end(&cli->output);
    return OK;
}

static enum err report_of(struct cli *cli, uint64_t *out, struct why *why)
{
    return id_parse(cli->argument[0], out)
               ? why_set(why, ERR_INVALID,
                         "\"%.40s\" is no report; \"ward report list\" shows them",
                         cli->argument[0])
               : OK;
}

static enum err cli_report_show(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    AUTO(txn_end) struct txn *txn = NULL;
    struct line line;
    uint64_t id;
    enum err e = report_of(cli, &id, why);
    if (!e)
        e = cli_store_open(cli, &store, why);
    if (e)
        return e;
    e = engine_read_begin(store.engine, &txn);
    if (!e)
        e = report_get(txn, id, &store.arena, &line.report);
    if (e)
        return cli_failed(e, cli->argument[0], why);
    line.from = handle_of(txn, line.report->from, &store.arena);
    line.about = handle_of(txn, line.report->about, &store.arena);
    output_begin(&cli->output, OUTPUT_THING);
    print_line(&cli->output, &line);
    output_texts(&cli->output, "post_uris", line.report->post_uris, line.report->n_post_uris);
    output_str(&cli->output, "uri", line.report->uri);
    output_time(&cli->output, "forwarded", line.report->forwarded_ms);
    output_time(&cli->output, "resolved", line.report->resolved_ms);
    output_str(&cli->output, "resolved_by", line.report->resolved_by);
    output_end(&cli->output);
    return OK;
}

/* ---- resolve, reopen ------------------------------------------------------------------------ */

static enum err end(struct cli *cli, enum act_report_end end, const char *state, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    uint64_t id;
    enum err e = report_of(cli, &id, why);
    if (!e)
        e = cli_store_open(cli, &store, why);
    if (!e)
        e = act_report_resolve(&store.fed, id, end, &store.by, why);
    if (e)
        return e;
    output_begin(&cli->output, OUTPUT_THING);
    output_id(&cli->output, "report", id);
    output_str(&cli->output, "state", state);
    output_end(&cli->output);
    return OK;
}

static enum err cli_report_resolve(struct cli *cli, struct why *why)
{
    return end(cli, ACT_REPORT_RESOLVED, "resolved", why);
}

static enum err cli_report_reopen(struct cli *cli, struct why *why)
{
    return end(cli, ACT_REPORT_OPEN, "open", why);
}

static const struct cli_option create_options[] = {
    {"post", "POST", "a post of theirs that it is about", true},
    {"forward", NULL, "tell the moderators of their node too, without your name", false},
    {0}};
static const struct cli_option list_options[] = {{"all", NULL, "resolved ones too", false}, {0}};

static const struct cli_command commands[] = {
    {"create", "NAME ACTOR TEXT|-", "NAME tells the moderators what is wrong with ACTOR",
     create_options, CLI_CHANGES, cli_report_create},
    {"list", "", "what is open, newest first", list_options, 0, cli_report_list},
    {"show", "REPORT", "one report", NULL, 0, cli_report_show},
    {"resolve", "REPORT", "it is dealt with", NULL, CLI_CHANGES, cli_report_resolve},
    {"reopen", "REPORT", "it is not dealt with after all", NULL, CLI_CHANGES, cli_report_reopen},
    {0}};
const struct cli_noun cli_report_noun = {"report", "what the moderators were told", commands};
