#include "federation/audience.h"
#include "federation/sanitize.h"
#include "node/cli/nouns.h"
#include "node/cli/store.h"
#include "storage/post.h"

#include <string.h>

#define VERSIONS_MAX 200

static enum err read_versions(struct cli_store *store, post_id id, actor_id reader,
                              PostEdit **version, size_t *n)
{
    AUTO(txn_end) struct txn *txn = NULL;
    int64_t before_ms = INT64_MAX;
    Post *post;
    enum err e = engine_read_begin(store->engine, &txn);
    if (!e)
        e = post_get(txn, id, &store->arena, &post);
    if (!e && !audience_may_read(txn, post, reader))
        e = ERR_NOTFOUND;
    while (!e && *n < VERSIONS_MAX) {
        e = post_history_next(txn, id, before_ms, &store->arena, &version[*n]);
        if (!e)
            before_ms = version[(*n)++]->replaced_ms;
        else if (e == ERR_NOTFOUND)
            return OK;
    }
    return e;
}

static enum err print_version(struct output *out, const PostEdit *version)
{
    AUTO(buf_clear) struct buf text = BUF_INIT(SANITIZE_IN_MAX_BYTES);
    enum err e = sanitize_to_text(version->content_html, &text);
    if (e)
        return e;
    output_row(out);
    output_time(out, "replaced", version->replaced_ms);
    if (out->is_json) {
        output_str(out, "title", *version->name ? version->name : NULL);
        output_str(out, "cw", *version->summary ? version->summary : NULL);
        output_texts(out, "options", version->options, version->n_options);
        output_texts(out, "attachments", version->attachments, version->n_attachments);
    }
    output_str(out, "text", buf_text(&text));
    return OK;
}

static enum err cli_history(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    PostEdit *version[VERSIONS_MAX];
    const char *as = cli_option(cli, "as");
    actor_id reader = {0};
    size_t n = 0;
    post_id id;
    enum err e = cli_store_open(cli, &store, why);
    if (!e && as)
        e = cli_find_account(&store, as, &reader, why);
    if (!e)
        e = cli_find_post(&store, cli->argument[0], &id, why);
    if (e)
        return e;
    e = read_versions(&store, id, reader, version, &n);
    if (e)
        return cli_failed(e, cli->argument[0], why);
    output_begin(&cli->output, OUTPUT_LIST);
    for (size_t i = 0; !e && i < n; i++)
        e = print_version(&cli->output, version[i]);
    output_end(&cli->output);
    return e ? cli_failed(e, cli->argument[0], why) : OK;
}

static const struct cli_option history_options[] = {
    {"as", "NAME", "what NAME may read of it; without: what everyone may"}, {0}};
static const struct cli_command history_commands[] = {
    {NULL, "POST", "what a post said before its edits, newest first", history_options, 0,
     cli_history},
    {0}};
const struct cli_noun cli_history_noun = {"history", "former versions of a post", history_commands};
