/*
 * nouns - the table of every file of this folder, for help.c to list.
 */
#ifndef WARD_NODE_CLI_NOUNS_H
#define WARD_NODE_CLI_NOUNS_H

#include "node/cli/cli.h"

extern const struct cli_noun cli_account_noun, cli_boost_noun, cli_check_noun, cli_delete_noun,
    cli_delivery_noun, cli_edit_noun, cli_follow_noun, cli_init_noun, cli_like_noun,
    cli_lookup_noun, cli_peer_noun, cli_post_noun, cli_queue_noun, cli_request_noun, cli_serve_noun,
    cli_status_noun, cli_thread_noun, cli_timeline_noun, cli_token_noun, cli_unboost_noun,
    cli_unfollow_noun, cli_unlike_noun, cli_react_noun, cli_unreact_noun;

#endif
