/*
 * cli - the command table: nouns, verbs, their options, and one place that runs them.
 *
 * Each noun has its file (node/cli/peer.c), which exports one `struct cli_noun`.
 * A handler turns strings into types, calls the act or the noun in the rooms below,
 * renders the answer through `cli->output` and pokes the daemon. It decides nothing.
 *
 * Exit status (cli_exit_status is the only place): 0 done; 1 refused or not found;
 * 2 bad usage (ERR_INVALID); 3 storage or system failure. An error is one line on
 * standard error: what is wrong, and what would be right.
 *
 * Memory   argument and option strings belong to argv
 * Threads  one
 */
#ifndef WARD_NODE_CLI_CLI_H
#define WARD_NODE_CLI_CLI_H

#include "node/cli/output.h"
#include "node/config.h"
#include "storage/base/base.h"

#define CLI_ARGUMENTS_MAX 16
#define CLI_OPTIONS_MAX 64

struct cli;

/* An option of one command. `--config --json --help` belong to all, see cli_flags for others. */
struct cli_option {
    const char *name;  /* without "--"; NULL ends the list */
    const char *value; /* "TEXT", "FILE", ...; NULL: a switch */
    const char *text;
    bool may_repeat;
};

enum cli_flags {
    CLI_CHANGES = 1,  /* takes --dry-run and --reason */
    CLI_DESTROYS = 2, /* also takes --yes, and asks without it */
};

struct cli_command {
    const char *verb;      /* NULL: the noun alone is the command (`ward follow ...`) */
    const char *arguments; /* "NAME TARGET", "[HOST]", "WORD..."; checked against what is given */
    const char *text;      /* one line, for help */
    const struct cli_option *options; /* NULL: none of its own */
    unsigned flags;
    enum err (*run)(struct cli *cli, struct why *why); /* NULL ends the table */
};

struct cli_noun {
    const char *name;
    const char *text;
    const struct cli_command *commands;
};

/* One invocation. */
struct cli {
    const struct cli_noun *noun;
    const struct cli_command *command;
    const char *config_file;
    const char *reason; /* NULL: none given */
    bool is_json, is_dry_run, is_confirmed, wants_help;

    const char *argument[CLI_ARGUMENTS_MAX];
    size_t arguments;
    struct {
        const char *name, *value;
    } option[CLI_OPTIONS_MAX]; /* in the order given */
    size_t options;

    FILE *out, *err;
    struct output output;
    struct config *config; /* set by cli_load_config */
};

/* All of it: parse, run, report. `out` and `err` are standard output and error. */
int cli_run(int argc, const char *const *argv, FILE *out, FILE *err);

/* Finds the command and checks arguments and options against its row. ERR_INVALID: bad usage. */
MUST_CHECK enum err cli_parse(struct cli *cli, int argc, const char *const *argv, struct why *why);

int cli_exit_status(enum err e);

/* ---- for handlers ---- */

/* The value of an option, NULL when it was not given; "" for a switch. */
const char *cli_option(const struct cli *cli, const char *name);
/* The option's value, or `standard`. */
const char *cli_option_or(const struct cli *cli, const char *name, const char *standard);
/* ERR_INVALID when it is given and no number in the range; *out is kept when it is not given. */
MUST_CHECK enum err cli_option_number(const struct cli *cli, const char *name, int64_t minimum,
                                      int64_t maximum, int64_t *out, struct why *why);

/*
 * OK when `--yes` or `--dry-run` was given or the person at the terminal agrees. `what` completes
 * "About to ...". ERR_DENIED otherwise.
 */
MUST_CHECK enum err cli_confirm(struct cli *cli, const char *what, struct why *why);

/* Loads the configuration that --config, $WARD_CONFIG or the default name. Once. */
MUST_CHECK enum err cli_load_config(struct cli *cli, struct why *why);

/* `text`, or all of standard input when it is "-". ERR_LIMIT past `max_bytes`. */
MUST_CHECK enum err cli_read_text(const char *text, struct buf *out, struct why *why);

/* Who runs this, for the audit log: "unix:root". */
#define CLI_WHO_BYTES 64
void cli_who(char out[CLI_WHO_BYTES]);

/* ---- help (node/cli/help.c) ---- */

extern const struct cli_noun *const cli_nouns[]; /* ends with NULL */
const struct cli_noun *cli_noun_find(const char *name);
bool cli_option_common(unsigned flags, size_t i, struct cli_option *out);
void cli_help_noun(const struct cli_noun *noun, FILE *out);
void cli_help_command(const struct cli_noun *noun, const struct cli_command *command, FILE *out);
/* What may stand where the last of `words` stands; one a line. For shells. */
void cli_complete(const char *const *words, size_t n, FILE *out);

#endif
