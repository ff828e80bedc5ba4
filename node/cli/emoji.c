#include "federation/act/act.h"
#include "node/cli/nouns.h"
#include "node/cli/store.h"
#include "node/media/media.h"
#include "node/media/media_file.h"
#include "storage/own_emoji.h"

static void say(struct cli *cli, const char *state)
{
    output_begin(&cli->output, OUTPUT_THING);
    output_str(&cli->output, "shortcode", cli->argument[0]);
    output_str(&cli->output, "state", state);
    output_end(&cli->output);
}

static enum err cli_emoji_add(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    struct media_made made = {0};
    const char *data_dir;
    enum err e = cli_store_open(cli, &store, why);
    if (e)
        return e;
    data_dir = store.fed.config->data_dir;
    e = media_make(data_dir, cli->argument[1], MEDIA_EMOJI_SIDE_MAX, &made, why);
    if (e)
        return e;
    e = act_emoji_add_local(&store.fed, cli->argument[0], made.id, made.type, &store.by, why);
    if (e || cli->is_dry_run)
        media_unmake(data_dir, made.id);
    if (!e)
        say(cli, "added");
    return e;
}

static enum err cli_emoji_remove(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    enum err e = cli_store_open(cli, &store, why);
    if (!e)
        e = act_emoji_remove_local(&store.fed, cli->argument[0], &store.by, why);
    if (!e)
        say(cli, "removed");
    return e;
}

static enum err cli_emoji_list(struct cli *cli, struct why *why)
{
    AUTO(cli_store_close) struct cli_store store = {0};
    AUTO(txn_end) struct txn *txn = NULL;
    char after[OWN_EMOJI_SHORTCODE_MAX + 1] = "";
    enum err e = cli_store_open(cli, &store, why);
    if (e)
        return e;
    const char *base = federation_base(&store.fed, &store.arena);
    e = engine_read_begin(store.engine, &txn);
    output_begin(&cli->output, OUTPUT_LIST);
    while (!e) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
        OwnEmoji *emoji;
        e = own_emoji_next(txn, after, &arena, &emoji);
        if (e)
            break;
        snprintf(after, sizeof after, "%s", emoji->shortcode);
        output_row(&cli->output);
        output_str(&cli->output, "shortcode", emoji->shortcode);
        output_str(&cli->output, "media_type", emoji->media_type);
        output_str(&cli->output, "url",
                   arena_printf(&arena, "%s/emoji/%llu", base, (unsigned long long)emoji->media));
        output_time(&cli->output, "since", emoji->created_ms);
    }
    output_end(&cli->output);
    return e == ERR_NOTFOUND ? OK : cli_failed(e, "emoji", why);
}

static const struct cli_command commands[] = {
    {"add", "SHORTCODE FILE", "this picture stands for :SHORTCODE: in what is written here", NULL,
     CLI_CHANGES, cli_emoji_add},
    {"list", "", "all of ours", NULL, 0, cli_emoji_list},
    {"remove", "SHORTCODE", "no longer", NULL, CLI_CHANGES, cli_emoji_remove},
    {0}};
const struct cli_noun cli_emoji_noun = {"emoji", "the node's own emoji", commands};
