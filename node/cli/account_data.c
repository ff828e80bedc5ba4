#include "node/cli/account_data.h"

#include "federation/act/act.h"
#include "node/csv.h"
#include "storage/domain_block.h"
#include "storage/edge.h"
#include "storage/list.h"
#include "storage/post.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PAGE 100 /* rows read in one snapshot */
#define PAGE_MAX_BYTES ((size_t)8 << 20)

const struct cli_option cli_account_data_options[] = {
    {"follows", NULL, "following_accounts.csv"},
    {"lists", NULL, "lists.csv"},
    {"blocks", NULL, "blocked_accounts.csv"},
    {"mutes", NULL, "muted_accounts.csv"},
    {"bookmarks", NULL, "bookmarks.csv"},
    {"domain-blocks", NULL, "blocked_domains.csv"},
    {0}};

const struct data_file data_files[DATA_COUNT] = {
    [DATA_FOLLOWS] = {{"Account address", "Show boosts", "Notify on new posts", "Languages"}, true},
    [DATA_LISTS] = {{"List name", "Account address"}, false},
    [DATA_BLOCKS] = {{"Account address"}, false},
    [DATA_MUTES] = {{"Account address", "Hide notifications"}, true},
    [DATA_BOOKMARKS] = {{"#uri"}, false},
    [DATA_DOMAIN_BLOCKS] = {{"#domain"}, false},
};

enum err data_choose(const struct cli *cli, enum account_data *out, struct why *why)
{
    size_t chosen = 0;
    for (size_t i = 0; i < DATA_COUNT; i++)
        if (cli_option(cli, cli_account_data_options[i].name)) {
            *out = (enum account_data)i;
            chosen++;
        }
    return chosen == 1 ? OK
                       : why_set(why, ERR_INVALID,
                                 "say which one: --follows, --lists, --blocks, --mutes, "
                                 "--bookmarks or --domain-blocks");
}

/* Where an export has come to. */
struct exporting {
    struct cli_store *store;
    actor_id who;
    enum account_data data;
    uint64_t at, member; /* the last row given; of a list: the member of list `at` */
    struct buf *out;
};

static const char *full_handle(struct exporting *x, const Actor *actor, struct arena *arena)
{
    const char *host = actor->host[0] ? actor->host : x->store->fed.config->host;
    const char *handle = arena_printf(arena, "%s@%s", actor->username, host);
    return handle ? handle : "";
}

static enum err handle_of(struct exporting *x, struct txn *txn, uint64_t id, struct arena *arena,
                          const char **out)
{
    Actor *actor;
    enum err e = actor_get(txn, (actor_id){id}, arena, &actor);
    if (!e)
        *out = full_handle(x, actor, arena);
    return e;
}

static const char *yes_no(bool v)
{
    return v ? "true" : "false";
}

static enum err add_follow(struct exporting *x, struct txn *txn, const Edge *edge,
                           struct arena *arena)
{
    AUTO(buf_clear) struct buf languages = BUF_INIT(4096);
    const char *field[4] = {NULL, yes_no(!edge->hide_boosts), yes_no(edge->notify)};
    enum err e = handle_of(x, txn, x->at, arena, &field[0]);
    for (size_t i = 0; i < edge->n_languages; i++)
        buf_printf(&languages, "%s%s", i ? ", " : "", edge->languages[i]);
    field[3] = languages.n ? buf_text(&languages) : "";
    if (!e)
        csv_add(x->out, field, COUNT(field));
    return e;
}

static enum err add_bookmark(struct exporting *x, struct txn *txn, struct arena *arena)
{
    Post *post;
    enum err e = post_get(txn, (post_id){x->at}, arena, &post);
    if (!e)
        csv_add(x->out, &(const char *){post->uri}, 1);
    return e;
}

static enum err add_edge(struct exporting *x, struct txn *txn, const Edge *edge,
                         struct arena *arena)
{
    const char *field[2] = {NULL, yes_no(edge->hides_notifications)};
    if (x->data == DATA_FOLLOWS)
        return add_follow(x, txn, edge, arena);
    if (x->data == DATA_BOOKMARKS)
        return add_bookmark(x, txn, arena);
    enum err e = handle_of(x, txn, x->at, arena, &field[0]);
    if (!e)
        csv_add(x->out, field, x->data == DATA_MUTES ? 2 : 1);
    return e;
}

static enum err next_edge(struct exporting *x, struct txn *txn, struct arena *arena)
{
    static const enum edge_kind kinds[DATA_COUNT] = {[DATA_FOLLOWS] = EDGE_FOLLOW,
                                                     [DATA_BLOCKS] = EDGE_BLOCK,
                                                     [DATA_MUTES] = EDGE_MUTE,
                                                     [DATA_BOOKMARKS] = EDGE_BOOKMARK};
    struct edge_key key = {kinds[x->data], x->who.v, x->at};
    Edge *edge;
    enum err e = edge_next(txn, &key);
    if (!e)
        e = edge_get(txn, key, arena, &edge);
    if (e)
        return e;
    x->at = key.whom;
    return add_edge(x, txn, edge, arena);
}

static enum err next_domain(struct exporting *x, struct txn *txn, struct arena *arena)
{
    const char *host;
    enum err e = domain_block_next(txn, x->who, &x->at, arena, &host);
    if (!e)
        csv_add(x->out, &host, 1);
    return e;
}

static enum err next_member(struct exporting *x, struct txn *txn, struct arena *arena)
{
    const char *field[2];
    actor_id member = {x->member};
    List *list;
    while (!x->at || list_member_next(txn, x->at, &member) != OK) {
        enum err e = list_next(txn, x->who, x->at, arena, &list);
        if (e)
            return e;
        x->at = list->id;
        member.v = x->member = 0;
    }
    x->member = member.v;
    enum err e = list_get(txn, x->who, x->at, arena, &list);
    if (!e)
        e = handle_of(x, txn, member.v, arena, &field[1]);
    if (e)
        return e;
    field[0] = list->title;
    csv_add(x->out, field, COUNT(field));
    return OK;
}

static enum err export_page(struct exporting *x)
{
    AUTO(txn_end) struct txn *txn = NULL;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(CLI_ARENA_BYTES);
    enum err e = engine_read_begin(x->store->engine, &txn);
    for (unsigned i = 0; !e && i < PAGE; i++)
        e = x->data == DATA_LISTS           ? next_member(x, txn, &arena)
            : x->data == DATA_DOMAIN_BLOCKS ? next_domain(x, txn, &arena)
                                            : next_edge(x, txn, &arena);
    return e;
}

static enum err write_pages(struct exporting *x, FILE *file, struct why *why)
{
    enum err e = OK;
    while (!e) {
        AUTO(buf_clear) struct buf out = BUF_INIT(PAGE_MAX_BYTES);
        x->out = &out;
        e = export_page(x);
        if ((e && e != ERR_NOTFOUND) || out.is_full)
            return cli_failed(e ? e : ERR_LIMIT, "the export", why);
        if (fwrite(buf_text(&out), 1, out.n, file) != out.n)
            return why_set(why, ERR_STORE, "it cannot be written: %s", strerror(errno));
    }
    return OK;
}

static void write_heading(const struct data_file *data, FILE *file)
{
    AUTO(buf_clear) struct buf out = BUF_INIT(4096);
    size_t n = 0;
    while (n < DATA_COLUMNS_MAX && data->column[n])
        n++;
    csv_add(&out, data->column, n);
    fputs(buf_text(&out), file);
}

static enum err nothing_apply(struct txn *txn, struct mutation *m)
{
    (void)txn;
    (void)m;
    return OK; /* only what the audit log says of it is stored */
}

enum err cli_account_export(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    struct exporting x = {.store = &store};
    struct mutation m = {.apply = nothing_apply};
    enum err e = data_choose(cli, &x.data, why);
    if (!e)
        e = cli_store_open(cli, &store, why);
    if (!e)
        e = cli_find_account(&store, cli->argument[0], &x.who, why);
    if (!e)
        e = act_run(&store.fed, &m, &store.by, "account.export",
                    arena_printf(&store.arena, "%s %s", cli->argument[0],
                                 cli_account_data_options[x.data].name));
    if (e)
        return e;
    FILE *file = cli->arguments > 1 ? fopen(cli->argument[1], "we") : cli->out;
    if (!file)
        return why_set(why, ERR_STORE, "%s: %s", cli->argument[1], strerror(errno));
    if (data_files[x.data].has_heading)
        write_heading(&data_files[x.data], file);
    e = write_pages(&x, file, why);
    bool is_written = file == cli->out ? fflush(file) == 0 : fclose(file) == 0;
    return e || is_written ? e : why_set(why, ERR_STORE, "it cannot be written");
}
