/*
 * account_data - what a person takes from one server to another: whom they follow, block and mute,
 * their lists, bookmarks and hosts not wanted; as the files Mastodon writes and reads.
 *
 * Source   the files of Mastodon 4.3 "Import and export"
 */
#ifndef WARD_NODE_CLI_ACCOUNT_DATA_H
#define WARD_NODE_CLI_ACCOUNT_DATA_H

#include "node/cli/store.h"

extern const struct cli_option cli_account_data_options[];
MUST_CHECK enum err cli_account_export(struct cli *cli, struct why *why);
MUST_CHECK enum err cli_account_import(struct cli *cli, struct why *why);

/* For both: one of these is chosen by an option of its name. */
enum account_data {
    DATA_FOLLOWS,
    DATA_LISTS,
    DATA_BLOCKS,
    DATA_MUTES,
    DATA_BOOKMARKS,
    DATA_DOMAIN_BLOCKS,
    DATA_COUNT,
};
#define DATA_COLUMNS_MAX 4
struct data_file {
    const char *column[DATA_COLUMNS_MAX]; /* in order; NULL: no more */
    bool has_heading;                     /* Mastodon writes one */
};
extern const struct data_file data_files[DATA_COUNT];
MUST_CHECK enum err data_choose(const struct cli *cli, enum account_data *out, struct why *why);

#endif
