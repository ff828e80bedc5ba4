#include "node/cli/cli.h"

#include "node/config_value.h"
#include "node/text.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLI_TEXT_MAX_BYTES (1 << 20)

int cli_exit_status(enum err e)
{
    switch (e) {
    case OK:
        return 0;
    case ERR_INVALID:
        return 2;
    case ERR_CORRUPT:
    case ERR_STORE:
        return 3;
    default:
        return 1;
    }
}

/* ---- parsing -------------------------------------------------------------------------------- */

static enum err unknown(struct why *why, const char *kind, const char *word,
                        const char *const *words, const char *help)
{
    const char *like = text_suggest(word, words);
    if (like)
        return why_set(why, ERR_INVALID, "unknown %s \"%.40s\"; did you mean \"%s\"?", kind, word,
                       like);
    return why_set(why, ERR_INVALID, "unknown %s \"%.40s\"; see \"ward %s\"", kind, word, help);
}

static enum err find_noun(struct cli *cli, const char *word, struct why *why)
{
    const char *names[64] = {0};
    cli->noun = cli_noun_find(word);
    if (cli->noun)
        return OK;
    for (size_t i = 0; cli_nouns[i] && i + 1 < COUNT(names); i++)
        names[i] = cli_nouns[i]->name;
    return unknown(why, "command", word, names, "help");
}

static enum err find_verb(struct cli *cli, const char *word, struct why *why)
{
    const char *names[32] = {0};
    char help[64];
    const struct cli_command *c = cli->noun->commands;
    for (size_t i = 0; c->run && i + 1 < COUNT(names); i++, c++) {
        names[i] = c->verb;
        if (!strcmp(c->verb, word)) {
            cli->command = c;
            return OK;
        }
    }
    snprintf(help, sizeof help, "%s --help", cli->noun->name);
    return unknown(why, "verb", word, names, help);
}

static enum err take_word(struct cli *cli, const char *word, struct why *why)
{
    if (!cli->noun) {
        enum err e = find_noun(cli, word, why);
        if (!e && !cli->noun->commands->verb)
            cli->command = cli->noun->commands;
        return e;
    }
    if (!cli->command)
        return find_verb(cli, word, why);
    if (cli->arguments == CLI_ARGUMENTS_MAX)
        return why_set(why, ERR_INVALID, "more than %d arguments", CLI_ARGUMENTS_MAX);
    cli->argument[cli->arguments++] = word;
    return OK;
}

/* The row of an option of this command, or of every command. */
static bool find_option(const struct cli *cli, const char *name, struct cli_option *out)
{
    unsigned flags = cli->command ? cli->command->flags : 0;
    for (size_t i = 0; cli_option_common(flags, i, out); i++)
        if (!strcmp(out->name, name))
            return true;
    if (!cli->command || !cli->command->options)
        return false;
    for (const struct cli_option *o = cli->command->options; o->name; o++)
        if (!strcmp(o->name, name)) {
            *out = *o;
            return true;
        }
    return false;
}

static enum err unknown_option(const struct cli *cli, const char *name, struct why *why)
{
    const char *names[64] = {0};
    size_t n = 0;
    struct cli_option o;
    unsigned flags = cli->command ? cli->command->flags : 0;
    for (size_t i = 0; cli_option_common(flags, i, &o); i++)
        names[n++] = o.name;
    for (const struct cli_option *p = cli->command ? cli->command->options : NULL;
         p && p->name && n + 1 < COUNT(names); p++)
        names[n++] = p->name;
    const char *like = text_suggest(name, names);
    if (like)
        return why_set(why, ERR_INVALID, "unknown option --%.40s; did you mean --%s?", name, like);
    return why_set(why, ERR_INVALID, "unknown option --%.40s; --help lists them", name);
}

static enum err keep_option(struct cli *cli, const struct cli_option *option, const char *value,
                            struct why *why)
{
    if (!option->may_repeat && cli_option(cli, option->name))
        return why_set(why, ERR_INVALID, "--%s is given twice", option->name);
    if (cli->options == CLI_OPTIONS_MAX)
        return why_set(why, ERR_INVALID, "more than %d options", CLI_OPTIONS_MAX);
    cli->option[cli->options].name = option->name;
    cli->option[cli->options++].value = value;
    return OK;
}

/* `*i` is at "--name" or "--name=value"; left at the last word used. */
static enum err take_option(struct cli *cli, int argc, const char *const *argv, int *i,
                            struct why *why)
{
    const char *word = argv[*i] + 2;
    const char *equals = strchr(word, '=');
    char name[64] = "";
    struct cli_option option;
    snprintf(name, sizeof name, "%.*s", equals ? (int)(equals - word) : 63, word);
    if (!find_option(cli, name, &option))
        return unknown_option(cli, name, why);
    if (!option.value) {
        if (equals)
            return why_set(why, ERR_INVALID, "--%s takes no value", name);
        return keep_option(cli, &option, "", why);
    }
    if (!equals && *i + 1 >= argc)
        return why_set(why, ERR_INVALID, "--%s needs a value: --%s %s", name, name, option.value);
    return keep_option(cli, &option, equals ? equals + 1 : argv[++*i], why);
}

/* "NAME [HOST] WORD...": how many words may be given. */
static void count_arguments(const char *arguments, size_t *least, size_t *most)
{
    *least = *most = 0;
    for (const char *p = arguments; *p;) {
        size_t n = strcspn(p, " ");
        *least += *p != '[';
        *most += 1;
        if (n > 3 && memmem(p, n, "...", 3))
            *most = CLI_ARGUMENTS_MAX;
        p += n;
        p += strspn(p, " ");
    }
}

static enum err check_arguments(const struct cli *cli, struct why *why)
{
    const char *verb = cli->command->verb;
    size_t least, most;
    count_arguments(cli->command->arguments, &least, &most);
    if (cli->arguments >= least && cli->arguments <= most)
        return OK;
    const char *what = cli->arguments < least ? "too few arguments" : "too many arguments";
    return why_set(why, ERR_INVALID, "%s; usage: ward %s%s%s%s%s", what, cli->noun->name,
                   verb ? " " : "", verb ? verb : "", *cli->command->arguments ? " " : "",
                   cli->command->arguments);
}

static void apply_common(struct cli *cli)
{
    const char *environment = getenv("WARD_CONFIG");
    cli->config_file = cli_option_or(
        cli, "config", environment && *environment ? environment : CONFIG_DEFAULT_FILE);
    cli->is_json = cli_option(cli, "json");
    cli->wants_help = cli_option(cli, "help");
    cli->is_dry_run = cli_option(cli, "dry-run");
    cli->is_confirmed = cli_option(cli, "yes");
    cli->reason = cli_option(cli, "reason");
}

enum err cli_parse(struct cli *cli, int argc, const char *const *argv, struct why *why)
{
    bool is_option_end = false;
    for (int i = 1; i < argc; i++) {
        enum err e;
        if (!is_option_end && !strcmp(argv[i], "--")) {
            is_option_end = true;
            continue;
        }
        if (!is_option_end && !strncmp(argv[i], "--", 2))
            e = take_option(cli, argc, argv, &i, why);
        else if (!is_option_end && argv[i][0] == '-' && argv[i][1])
            e = why_set(why, ERR_INVALID,
                        "unknown option %.40s; options begin with --, and -- ends them", argv[i]);
        else
            e = take_word(cli, argv[i], why);
        if (e)
            return e;
    }
    apply_common(cli);
    if (cli->wants_help)
        return OK;
    if (!cli->noun)
        return why_set(why, ERR_INVALID, "no command; \"ward help\" lists them");
    if (!cli->command)
        return why_set(why, ERR_INVALID, "ward %s needs a verb; see \"ward %s --help\"",
                       cli->noun->name, cli->noun->name);
    return check_arguments(cli, why);
}

/* ---- running -------------------------------------------------------------------------------- */

static enum err show_help(struct cli *cli)
{
    if (cli->command)
        cli_help_command(cli->noun, cli->command, cli->out);
    else
        cli_help_noun(cli->noun, cli->out);
    return OK;
}

/* A full disk or a closed pipe must not look like success. */
static enum err flush(struct cli *cli, enum err e, struct why *why)
{
    if (fflush(cli->out) || ferror(cli->out))
        return e ? e : why_set(why, ERR_STORE, "standard output: %s", strerror(errno));
    return e;
}

static void complain(FILE *err, enum err e, const struct why *why)
{
    AUTO(buf_clear) struct buf line = BUF_INIT(4 * WHY_MAX_BYTES);
    text_escape(&line, bytes_of(*why->text ? why->text : err_name(e)), TEXT_TERMINAL,
                2 * WHY_MAX_BYTES);
    fprintf(err, "ward: %s\n", buf_text(&line));
}

int cli_run(int argc, const char *const *argv, FILE *out, FILE *err)
{
    struct cli cli = {.out = out, .err = err};
    struct why why = {""};
    enum err e = cli_parse(&cli, argc, argv, &why);
    output_init(&cli.output, out, cli.is_json);
    if (!e)
        e = cli.wants_help ? show_help(&cli) : cli.command->run(&cli, &why);
    e = flush(&cli, e, &why);
    if (e)
        complain(err, e, &why);
    output_clear(&cli.output);
    config_free(&cli.config);
    return cli_exit_status(e);
}

/* ---- for handlers --------------------------------------------------------------------------- */

const char *cli_option(const struct cli *cli, const char *name)
{
    for (size_t i = 0; i < cli->options; i++)
        if (!strcmp(cli->option[i].name, name))
            return cli->option[i].value;
    return NULL;
}

const char *cli_option_or(const struct cli *cli, const char *name, const char *standard)
{
    const char *value = cli_option(cli, name);
    return value ? value : standard;
}

enum err cli_option_number(const struct cli *cli, const char *name, int64_t minimum,
                           int64_t maximum, int64_t *out, struct why *why)
{
    const char *text = cli_option(cli, name);
    int64_t v;
    if (!text)
        return OK;
    if (config_value_count(text, &v, why) || v < minimum || v > maximum)
        return why_set(why, ERR_INVALID, "--%s \"%.40s\" is no number from %" PRId64 " to %" PRId64,
                       name, text, minimum, maximum);
    *out = v;
    return OK;
}

enum err cli_confirm(struct cli *cli, const char *what, struct why *why)
{
    char answer[16] = "";
    if (cli->is_confirmed || cli->is_dry_run)
        return OK;
    if (!isatty(STDIN_FILENO))
        return why_set(why, ERR_DENIED, "about to %s: add --yes to say that you mean it", what);
    fprintf(cli->err, "About to %s. Continue? [y/N] ", what);
    fflush(cli->err);
    if (fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y'))
        return OK;
    return why_set(why, ERR_DENIED, "not confirmed; nothing was changed");
}

enum err cli_load_config(struct cli *cli, struct why *why)
{
    return cli->config ? OK : config_load(cli->config_file, &cli->config, why);
}

enum err cli_read_text(const char *text, struct buf *out, struct why *why)
{
    char piece[4096];
    size_t n;
    out->max_bytes = CLI_TEXT_MAX_BYTES;
    if (strcmp(text, "-")) {
        buf_str(out, text);
    } else {
        while ((n = fread(piece, 1, sizeof piece, stdin)) > 0)
            buf_add(out, piece, n);
        if (ferror(stdin))
            return why_set(why, ERR_STORE, "standard input: %s", strerror(errno));
    }
    if (out->is_full)
        return why_set(why, ERR_LIMIT, "the text is longer than %d bytes", CLI_TEXT_MAX_BYTES);
    if (!utf8_check(buf_bytes(out)) || memchr(buf_text(out), 0, out->n))
        return why_set(why, ERR_INVALID, "the text is not UTF-8");
    return OK;
}

void cli_who(char out[CLI_WHO_BYTES])
{
    struct passwd entry, *found = NULL;
    char room[4096];
    if (getpwuid_r(getuid(), &entry, room, sizeof room, &found) == 0 && found)
        snprintf(out, CLI_WHO_BYTES, "unix:%s", entry.pw_name);
    else
        snprintf(out, CLI_WHO_BYTES, "unix:%u", (unsigned)getuid());
}
