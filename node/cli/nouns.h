/*
 * nouns - the table of every file of this folder, for help.c to list.
 */
#ifndef WARD_NODE_CLI_NOUNS_H
#define WARD_NODE_CLI_NOUNS_H

#include "node/cli/cli.h"

extern const struct cli_noun cli_account_noun;
extern const struct cli_noun cli_api_noun;
extern const struct cli_noun cli_approval_noun;
extern const struct cli_noun cli_block_noun;
extern const struct cli_noun cli_boost_noun;
extern const struct cli_noun cli_check_noun;
extern const struct cli_noun cli_delete_noun;
extern const struct cli_noun cli_delivery_noun;
extern const struct cli_noun cli_edit_noun;
extern const struct cli_noun cli_emoji_noun;
extern const struct cli_noun cli_follow_noun;
extern const struct cli_noun cli_group_noun;
extern const struct cli_noun cli_init_noun;
extern const struct cli_noun cli_like_noun;
extern const struct cli_noun cli_lookup_noun;
extern const struct cli_noun cli_moved_noun;
extern const struct cli_noun cli_mute_noun;
extern const struct cli_noun cli_notification_noun;
extern const struct cli_noun cli_peer_noun;
extern const struct cli_noun cli_post_noun;
extern const struct cli_noun cli_queue_noun;
extern const struct cli_noun cli_recall_noun;
extern const struct cli_noun cli_react_noun;
extern const struct cli_noun cli_relay_noun;
extern const struct cli_noun cli_report_noun;
extern const struct cli_noun cli_request_noun;
extern const struct cli_noun cli_serve_noun;
extern const struct cli_noun cli_status_noun;
extern const struct cli_noun cli_thread_noun;
extern const struct cli_noun cli_timeline_noun;
extern const struct cli_noun cli_token_noun;
extern const struct cli_noun cli_unblock_noun;
extern const struct cli_noun cli_unboost_noun;
extern const struct cli_noun cli_unfollow_noun;
extern const struct cli_noun cli_unlike_noun;
extern const struct cli_noun cli_unmute_noun;
extern const struct cli_noun cli_unreact_noun;
extern const struct cli_noun cli_vote_noun;
extern const struct cli_noun cli_history_noun;
extern const struct cli_noun cli_pin_noun;
extern const struct cli_noun cli_unpin_noun;

#endif
