#include "storage/notification.h"
#include "federation/act/act.h"
#include "node/cli/nouns.h"
#include "node/cli/store.h"
#include "storage/actor.h"
#include "storage/post.h"

#define PAGE 100

static const char *type_text(NotificationType type)
{
    static const char *const text[] = {"mention",        "follow",
                                       "follow request", "like",
                                       "boost",          "update",
                                       "not delivered",  "follow accepted",
                                       "poll end",       "moved",
                                       "reaction",       "quoted",
                                       "approval asked", "approval answered",
                                       "reported",       "group changed",
                                       "posted",         "quoted update"};
    return type < COUNT(text) ? text[type] : "unknown";
}

/* ---- list ----------------------------------------------------------------------------------- */

static enum err print_one(struct cli *cli, struct txn *txn, const Notification *one,
                          struct arena *arena)
{
    Actor *from = NULL;
    Post *post = NULL;
    enum err e = one->from ? actor_get(txn, (actor_id){one->from}, arena, &from) : OK;
    if (!e && one->post)
        e = post_get(txn, (post_id){one->post}, arena, &post);
    if (e && e != ERR_NOTFOUND)
        return e;
    output_row(&cli->output);
    output_id(&cli->output, "id", one->id);
    output_str(&cli->output, "type", type_text(one->type));
    output_str(&cli->output, "from", from ? actor_handle(from, arena) : NULL);
    output_time(&cli->output, "at", one->created_ms);
    output_str(&cli->output, "text", one->text[0] ? one->text : NULL);
    output_str(&cli->output, "post", post ? post->uri : NULL);
    return OK;
}

/* A snapshot a page; *before moves on. ERR_NOTFOUND: that was the last. */
static enum err print_page(struct cli *cli, struct cli_store *store, actor_id who, uint64_t *before,
                           int64_t *left)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = engine_read_begin(store->engine, &txn);
    for (unsigned i = 0; !e && i<PAGE && * left> 0; i++, --*left) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(CLI_ARENA_BYTES);
        Notification *one;
        e = notification_next(txn, who, *before, &arena, &one);
        if (e)
            break;
        *before = one->id;
        e = print_one(cli, txn, one, &arena);
    }
    return !e && *left == 0 ? ERR_NOTFOUND : e;
}

static enum err cli_notification_list(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    uint64_t before = UINT64_MAX;
    int64_t left = 40;
    actor_id who;
    enum err e = cli_option_number(cli, "limit", 1, 100000, &left, why);
    if (!e)
        e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_account(&store, cli->argument[0], &who, why);
    if (e)
        return e;
    output_begin(&cli->output, OUTPUT_LIST);
    while (!e)
        e = print_page(cli, &store, who, &before, &left);
    output_end(&cli->output);
    return e == ERR_NOTFOUND ? OK : cli_failed(e, cli->argument[0], why);
}

/* ---- dismiss -------------------------------------------------------------------------------- */

struct dismissal {
    struct mutation mutation;
    actor_id who;
    notification_id id;
};

static enum err dismiss_apply(struct txn *txn, struct mutation *m)
{
    const struct dismissal *d = container_of(m, struct dismissal, mutation);
    return notification_del(txn, d->who, d->id);
}

static enum err cli_notification_dismiss(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    struct dismissal d = {.mutation = {.apply = dismiss_apply}};
    if (id_parse(cli->argument[1], &d.id.v))
        return why_set(why, ERR_INVALID, "%s is no id: see ward notification list",
                       cli->argument[1]);
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_account(&store, cli->argument[0], &d.who, why);
    if (e)
        return e;
    e = act_run(&store.fed, &d.mutation, &store.by, "notification.dismiss", cli->argument[1]);
    if (e)
        return cli_failed(e, cli->argument[1], why);
    output_begin(&cli->output, OUTPUT_THING);
    output_id(&cli->output, "id", d.id.v);
    output_str(&cli->output, "state", "dismissed");
    output_end(&cli->output);
    return OK;
}

static const struct cli_option list_options[] = {
    {"limit", "N", "at most so many, the newest (standard: 40)", false}, {0}};

static const struct cli_command notification_commands[] = {
    {"list", "NAME", "what NAME was told, also what apps have no word for", list_options, 0,
     cli_notification_list},
    {"dismiss", "NAME ID", "forgets one of them", NULL, CLI_CHANGES, cli_notification_dismiss},
    {0}};
const struct cli_noun cli_notification_noun = {"notification", "what an account was told",
                                               notification_commands};
