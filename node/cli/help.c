#include "node/cli/nouns.h"

#include <inttypes.h>
#include <string.h>

/* ---- the nouns ------------------------------------------------------------------------------ */

static const struct cli_noun help_noun;
const struct cli_noun *const cli_nouns[] = {
    /* clang-format off */
    &cli_init_noun,
    &cli_serve_noun,
    &cli_status_noun,
    &cli_account_noun,
    &cli_token_noun,
    &cli_api_noun,
    &cli_follow_noun,
    &cli_unfollow_noun,
    &cli_post_noun,
    &cli_edit_noun,
    &cli_delete_noun,
    &cli_boost_noun,
    &cli_unboost_noun,
    &cli_like_noun,
    &cli_unlike_noun,
    &cli_react_noun,
    &cli_unreact_noun,
    &cli_vote_noun,
    &cli_pin_noun,
    &cli_unpin_noun,
    &cli_timeline_noun,
    &cli_thread_noun,
    &cli_lookup_noun,
    &cli_history_noun,
    &cli_peer_noun,
    &cli_delivery_noun,
    &cli_recall_noun,
    &cli_queue_noun,
    &cli_request_noun,
    &cli_approval_noun,
    &cli_group_noun,
    &cli_block_noun,
    &cli_unblock_noun,
    &cli_mute_noun,
    &cli_unmute_noun,
    &cli_moved_noun,
    &cli_notification_noun,
    &cli_report_noun,
    &cli_relay_noun,
    &cli_emoji_noun,
    &cli_check_noun,
    &help_noun,
    NULL,
    /* clang-format on */
};

const struct cli_noun *cli_noun_find(const char *name)
{
    for (size_t i = 0; cli_nouns[i]; i++)
        if (!strcmp(cli_nouns[i]->name, name))
            return cli_nouns[i];
    return NULL;
}

bool cli_option_common(unsigned flags, size_t i, struct cli_option *out)
{
    static const struct {
        struct cli_option option;
        unsigned flags; /* any of these; 0: every command */
    } common[] = {
        {{"config", "FILE",
          "configuration file (default: $WARD_CONFIG, else " CONFIG_DEFAULT_FILE ")"},
         0},
        {{"json", NULL, "answer in JSON; lists: one object a line"}, 0},
        {{"help", NULL, "show this"}, 0},
        {{"dry-run", NULL, "show what would change, change nothing"}, CLI_CHANGES},
        {{"reason", "TEXT", "why, for the audit log"}, CLI_CHANGES},
        {{"yes", NULL, "do not ask"}, CLI_DESTROYS},
    };
    for (size_t c = 0; c < COUNT(common); c++) {
        if (common[c].flags && !(common[c].flags & flags))
            continue;
        if (i-- == 0) {
            *out = common[c].option;
            return true;
        }
    }
    return false;
}

/* ---- help ----------------------------------------------------------------------------------- */

static void print_usage(const struct cli_noun *noun, const struct cli_command *c, FILE *out)
{
    fprintf(out, "ward %s%s%s%s%s", noun->name, c->verb ? " " : "", c->verb ? c->verb : "",
            *c->arguments ? " " : "", c->arguments);
}

static void print_option(const struct cli_option *o, FILE *out)
{
    int n = fprintf(out, "  --%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
    fprintf(out, "%*s%s\n", n < 26 ? 26 - n : 2, "", o->text);
}

void cli_help_command(const struct cli_noun *noun, const struct cli_command *command, FILE *out)
{
    struct cli_option option;
    print_usage(noun, command, out);
    fprintf(out, " [options]\n\n%s\n\n", command->text);
    for (const struct cli_option *o = command->options; o && o->name; o++)
        print_option(o, out);
    for (size_t i = 0; cli_option_common(command->flags, i, &option); i++)
        print_option(&option, out);
}

static void help_all(FILE *out)
{
    fputs("ward - a federated microblog node for hospitals\n\n", out);
    for (size_t i = 0; cli_nouns[i]; i++)
        fprintf(out, "  %-12s %s\n", cli_nouns[i]->name, cli_nouns[i]->text);
    fputs("\n\"ward NOUN --help\" says more; so do ward(1) and ward-NOUN(1).\n", out);
}

void cli_help_noun(const struct cli_noun *noun, FILE *out)
{
    if (!noun) {
        help_all(out);
        return;
    }
    if (!noun->commands->verb) {
        cli_help_command(noun, noun->commands, out);
        return;
    }
    fprintf(out, "ward %s - %s\n\n", noun->name, noun->text);
    for (const struct cli_command *c = noun->commands; c->run; c++) {
        fputs("  ", out);
        print_usage(noun, c, out);
        fprintf(out, "\n      %s\n", c->text);
    }
    fprintf(out, "\n\"ward %s VERB --help\" lists the options.\n", noun->name);
}

static enum err help_options(struct cli *cli)
{
    struct config_option option;
    output_begin(&cli->output, OUTPUT_LIST);
    for (size_t i = 0; config_option_get(i, &option); i++) {
        output_row(&cli->output);
        output_str(&cli->output, "name", option.name);
        output_str(&cli->output, "type", option.type);
        output_str(&cli->output, "default", option.standard);
        output_str(&cli->output, "minimum", option.minimum);
        output_str(&cli->output, "maximum", option.maximum);
        output_str(&cli->output, "text", option.text);
    }
    output_end(&cli->output);
    return OK;
}

static enum err cli_help(struct cli *cli, struct why *why)
{
    const char *topic = cli->arguments ? cli->argument[0] : NULL;
    if (topic && !strcmp(topic, "options"))
        return help_options(cli);
    if (topic && !strcmp(topic, "complete")) {
        cli_complete(cli->argument + 1, cli->arguments - 1, cli->out);
        return OK;
    }
    const struct cli_noun *noun = topic ? cli_noun_find(topic) : NULL;
    if (topic && !noun)
        return why_set(why, ERR_NOTFOUND, "no command \"%.40s\"; \"ward help\" lists them", topic);
    cli_help_noun(noun, cli->out);
    return OK;
}

static const struct cli_command help_commands[] = {
    {NULL, "[NOUN] [WORD]...", "list the commands; \"ward help options\" lists ward.conf's options",
     NULL, 0, cli_help},
    {0}};
static const struct cli_noun help_noun = {"help", "list the commands", help_commands};

/* ---- completion ----------------------------------------------------------------------------- */

static void offer(const char *prefix, const char *word, const char *dashes, FILE *out)
{
    size_t n = strlen(dashes);
    if (strncmp(prefix, dashes, n < strlen(prefix) ? n : strlen(prefix)))
        return;
    if (strlen(prefix) <= n || !strncmp(word, prefix + n, strlen(prefix) - n))
        fprintf(out, "%s%s\n", dashes, word);
}

static const struct cli_command *command_of(const struct cli_noun *noun, const char *verb)
{
    for (const struct cli_command *c = noun->commands; c->run; c++)
        if (!c->verb || (verb && !strcmp(c->verb, verb)))
            return c;
    return NULL;
}

void cli_complete(const char *const *words, size_t n, FILE *out)
{
    const char *last = n ? words[n - 1] : "";
    const struct cli_noun *noun = n > 1 ? cli_noun_find(words[0]) : NULL;
    if (n <= 1) {
        for (size_t i = 0; cli_nouns[i]; i++)
            offer(last, cli_nouns[i]->name, "", out);
        return;
    }
    if (!noun)
        return;
    if (n == 2 && noun->commands->verb && last[0] != '-') {
        for (const struct cli_command *c = noun->commands; c->run; c++)
            offer(last, c->verb, "", out);
        return;
    }
    const struct cli_command *command = command_of(noun, n > 2 ? words[1] : NULL);
    if (!command || last[0] != '-')
        return; /* the shell offers files */
    struct cli_option option;
    for (const struct cli_option *o = command->options; o && o->name; o++)
        offer(last, o->name, "--", out);
    for (size_t i = 0; cli_option_common(command->flags, i, &option); i++)
        offer(last, option.name, "--", out);
}
