/*
 * vote - polls: what Create and Update need to know of them.
 *
 * A vote is a Create of a Note with a name, no content, and a poll it answers, sent to the poll's
 * author alone; one for each choice. What it says is counted, never shown, never kept as a post.
 *
 * Source   Mastodon "Question"; GoToSocial federation, polls
 */
#ifndef WARD_FEDERATION_ACT_VOTE_H
#define WARD_FEDERATION_ACT_VOTE_H

#include "federation/act/common.h"
#include "storage/poll.h"

/* Of a poll of ours; it has 2 to AS2_OPTIONS_MAX options. */
#define ACT_POLL_OPTION_MAX_CHARACTERS 200
#define ACT_POLL_OPEN_MAX_MS ((int64_t)366 * 24 * 3600 * 1000)

/* Has it the shape of a vote? Then act_vote_remote is its door, whatever it is a vote in. */
bool act_is_vote(const struct as2_note *note);
act_remote act_vote_remote;

/* Is what a draft says about a poll possible? OK when it has none. */
MUST_CHECK enum err act_poll_check(const struct post_draft *draft, int64_t now_ms, struct why *why);
/* The poll of a draft, in the arena; NULL: it has none. */
Poll *act_poll_of_draft(const struct post_draft *draft, struct arena *arena);

#endif
