#include "federation/act/act.h"
#include "federation/resolve.h"
#include "node/cli/account_data.h"
#include "node/csv.h"
#include "storage/base/clock.h"
#include "storage/list.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define FILE_MAX_BYTES ((size_t)20 << 20) /* as Mastodon takes them */

struct import {
    struct cli *cli;
    struct cli_store store;
    actor_id who;
    enum account_data data;
    struct csv_row heading;
    size_t rows, failed;
};

/* The field of that column; NULL: the file has none. */
static const char *cell(const struct import *m, const struct csv_row *row, const char *column)
{
    for (size_t i = 0; i < m->heading.n && i < row->n; i++)
        if (strcasecmp(m->heading.field[i], column) == 0)
            return row->field[i];
    return NULL;
}

static bool cell_is(const struct import *m, const struct csv_row *row, const char *column,
                    bool standard)
{
    const char *text = cell(m, row, column);
    return text && *text ? strcasecmp(text, "true") == 0 || strcmp(text, "1") == 0 : standard;
}

/* ---- one row -------------------------------------------------------------------------------- */

static enum err find_person(struct import *m, const struct csv_row *row, actor_id *out,
                            struct why *why)
{
    const char *handle = cell(m, row, "Account address");
    if (!handle || !*handle)
        return why_set(why, ERR_INVALID, "there is no account address");
    return resolve_actor(&m->store.fed, handle, out, why);
}

static size_t split_languages(char *text, const char *out[FOLLOW_LANGUAGES_MAX])
{
    size_t n = 0;
    char *rest = NULL;
    for (char *word = strtok_r(text, ", ", &rest); word && n < FOLLOW_LANGUAGES_MAX;
         word = strtok_r(NULL, ", ", &rest))
        out[n++] = word;
    return n;
}

static enum err import_follow(struct import *m, const struct csv_row *row, struct arena *arena,
                              struct why *why)
{
    const char *languages[FOLLOW_LANGUAGES_MAX], *text = cell(m, row, "Languages");
    char *copy = arena_strdup(arena, text ? text : "");
    struct follow_terms terms = {
        .boosts = cell_is(m, row, "Show boosts", true) ? ACT_FOLLOW_WITH : ACT_FOLLOW_WITHOUT,
        .notify =
            cell_is(m, row, "Notify on new posts", false) ? ACT_FOLLOW_WITH : ACT_FOLLOW_WITHOUT,
        .sets_languages = text,
        .languages = languages};
    actor_id whom;
    enum err e = copy ? find_person(m, row, &whom, why) : ERR_LIMIT;
    if (e)
        return e;
    terms.language_count = split_languages(copy, languages);
    return act_follow_on_terms_local(&m->store.fed, m->who, whom, &terms, &m->store.by, why);
}

static enum err import_block(struct import *m, const struct csv_row *row, struct why *why)
{
    actor_id whom;
    enum err e = find_person(m, row, &whom, why);
    return e ? e
             : act_block_local(&m->store.fed, m->who, whom, ACT_BLOCK_UNTOLD, &m->store.by, why);
}

static enum err import_mute(struct import *m, const struct csv_row *row, struct why *why)
{
    const struct mute_terms terms = {.hides_notifications =
                                         cell_is(m, row, "Hide notifications", true)};
    actor_id whom;
    enum err e = find_person(m, row, &whom, why);
    return e ? e : act_mute_on_terms_local(&m->store.fed, m->who, whom, &terms, &m->store.by, why);
}

static enum err import_bookmark(struct import *m, const struct csv_row *row, struct why *why)
{
    const char *uri = cell(m, row, "#uri");
    post_id post;
    if (!uri || !*uri)
        return why_set(why, ERR_INVALID, "there is no address of a post");
    enum err e = resolve_post(&m->store.fed, uri, &post, why);
    return e ? e : act_bookmark_local(&m->store.fed, m->who, post, &m->store.by, why);
}

static enum err import_domain(struct import *m, const struct csv_row *row, struct why *why)
{
    const char *text = cell(m, row, "#domain"), *host;
    enum err e = text && *text ? cli_host(&m->store, text, &host, why)
                               : why_set(why, ERR_INVALID, "there is no host");
    return e ? e : act_block_domain_local(&m->store.fed, m->who, host, &m->store.by, why);
}

/* ---- lists ---------------------------------------------------------------------------------- */

struct member_add {
    struct mutation mutation;
    actor_id who, member;
    const char *title;
    int64_t now_ms;
};

static enum err find_list(struct txn *txn, const struct member_add *add, uint64_t *out)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    List *list, made = LIST__INIT;
    uint64_t after = 0;
    enum err e;
    while ((e = list_next(txn, add->who, after, &arena, &list)) == OK) {
        *out = after = list->id;
        if (strcmp(list->title, add->title) == 0)
            return OK;
    }
    if (e != ERR_NOTFOUND)
        return e;
    made.owner = add->who.v;
    made.title = (char *)add->title;
    e = list_add(txn, &made, add->now_ms);
    *out = made.id;
    return e;
}

static enum err member_apply(struct txn *txn, struct mutation *m)
{
    struct member_add *add = container_of(m, struct member_add, mutation);
    uint64_t list;
    enum err e = find_list(txn, add, &list);
    return e ? e : list_member_add(txn, add->who, list, add->member, add->now_ms);
}

static enum err import_member(struct import *m, const struct csv_row *row, struct why *why)
{
    struct member_add add = {.mutation = {.apply = member_apply},
                             .who = m->who,
                             .title = cell(m, row, "List name"),
                             .now_ms = clock_ms()};
    if (!add.title || !*add.title)
        return why_set(why, ERR_INVALID, "there is no name of a list");
    enum err e = find_person(m, row, &add.member, why);
    if (e)
        return e;
    e = act_run(&m->store.fed, &add.mutation, &m->store.by, "list.add", add.title);
    if (e == ERR_DENIED)
        return why_set(why, e, "only whom one follows can be in a list");
    if (e == ERR_INVALID || e == ERR_LIMIT)
        return why_set(why, e, "the name is too long, or the lists are full");
    return e;
}

/* ---- the file ------------------------------------------------------------------------------- */

static enum err import_row(struct import *m, const struct csv_row *row, struct arena *arena,
                           struct why *why)
{
    switch (m->data) {
    case DATA_FOLLOWS:
        return import_follow(m, row, arena, why);
    case DATA_LISTS:
        return import_member(m, row, why);
    case DATA_BLOCKS:
        return import_block(m, row, why);
    case DATA_MUTES:
        return import_mute(m, row, why);
    case DATA_BOOKMARKS:
        return import_bookmark(m, row, why);
    case DATA_DOMAIN_BLOCKS:
        return import_domain(m, row, why);
    case DATA_COUNT:
        break;
    }
    return ERR_INVALID;
}

static void tell(struct import *m, unsigned line, const char *what, enum err e,
                 const struct why *why)
{
    bool is_done = !e || e == ERR_EXISTS;
    struct output *out = &m->cli->output;
    output_row(out);
    output_int(out, "line", line);
    output_str(out, "what", what);
    output_str(out, "outcome", !e ? "done" : is_done ? "already" : "failed");
    output_str(out, "why", is_done ? NULL : why->text[0] ? why->text : err_name(e));
    m->rows++;
    m->failed += !is_done;
}

/* A file begins with its columns, or (as Mastodon writes some) with its first row. */
static bool takes_heading(struct import *m, const struct csv_row *row)
{
    const struct data_file *data = &data_files[m->data];
    bool is_heading = row->n && strcasecmp(row->field[0], data->column[0]) == 0;
    m->heading = (struct csv_row){.n = 0};
    if (is_heading)
        m->heading = *row;
    else
        while (m->heading.n < DATA_COLUMNS_MAX && data->column[m->heading.n]) {
            m->heading.field[m->heading.n] = data->column[m->heading.n];
            m->heading.n++;
        }
    return is_heading;
}

static enum err import_rows(struct import *m, struct bytes text)
{
    struct csv csv = csv_open(text);
    bool is_first = true;
    for (;;) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(4 * 1024 * 1024);
        struct csv_row row;
        struct why why = {""};
        enum err e = csv_next(&csv, is_first ? &m->store.arena : &arena, &row);
        if (e == ERR_NOTFOUND)
            return OK;
        if (e)
            (void)why_set(&why, e, "this line is no CSV in UTF-8");
        if (!e && is_first && takes_heading(m, &row)) {
            is_first = false;
            continue;
        }
        is_first = is_first && e;
        if (!e)
            e = import_row(m, &row, &arena, &why);
        if (e == ERR_STORE)
            return e; /* the next line would fare no better */
        tell(m, csv.line, row.n ? row.field[row.n > 1 && m->data == DATA_LISTS ? 1 : 0] : "", e,
             &why);
    }
}

static enum err read_file(const char *path, struct buf *out, struct why *why)
{
    char piece[16 * 1024];
    size_t n;
    FILE *file = fopen(path, "re");
    if (!file)
        return why_set(why, ERR_NOTFOUND, "%s: %s", path, strerror(errno));
    while ((n = fread(piece, 1, sizeof piece, file)) > 0)
        buf_add(out, piece, n);
    bool is_read = !ferror(file);
    fclose(file);
    if (out->is_full)
        return why_set(why, ERR_LIMIT, "%s: larger than %zu MiB", path, FILE_MAX_BYTES >> 20);
    return is_read ? OK : why_set(why, ERR_STORE, "%s: %s", path, strerror(errno));
}

static enum err run(struct import *m, const struct buf *text, struct why *why)
{
    enum err e = cli_store_open(m->cli, &m->store, why);
    if (!e)
        e = cli_find_account(&m->store, m->cli->argument[0], &m->who, why);
    if (e)
        return e;
    output_begin(&m->cli->output, OUTPUT_LIST);
    e = import_rows(m, buf_bytes(text));
    output_end(&m->cli->output);
    if (e)
        return cli_failed(e, "the import", why);
    return m->failed ? why_set(why, ERR_DENIED, "%zu of %zu lines failed", m->failed, m->rows) : OK;
}

enum err cli_account_import(struct cli *cli, struct why *why)
{
    AUTO(buf_clear) struct buf text = BUF_INIT(FILE_MAX_BYTES);
    struct import m = {.cli = cli};
    enum err e = data_choose(cli, &m.data, why);
    if (!e)
        e = strcmp(cli->argument[1], "-") == 0 ? cli_read_text("-", &text, why)
                                               : read_file(cli->argument[1], &text, why);
    if (!e)
        e = run(&m, &text, why);
    cli_store_close(&m.store);
    return e;
}
