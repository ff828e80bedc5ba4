/*
 * status_draft - from the parameters of an app to a draft of a post.
 *
 * What apps send is shown as it was typed, unless content_type says text/markdown. What is not sent
 * is as the account has it.
 *
 * Memory   call->arena
 * Errors   ERR_INVALID, with the sentence the author is shown; ERR_NOTFOUND what is answered or
 *          quoted does not exist for them
 * Source   Mastodon API methods/statuses
 */
#ifndef WARD_NODE_API_STATUS_DRAFT_H
#define WARD_NODE_API_STATUS_DRAFT_H

#include "node/api/api.h"

#define STATUS_MEDIA_MAX 4

MUST_CHECK enum err status_draft(struct api_call *call, struct post_draft *out, struct why *why);
/* "public", "unlisted", "private", "direct"; and "local", which never leaves the node. */
MUST_CHECK enum err status_visibility(const char *text, Visibility *out, struct why *why);
/* Text and warning together are within what the node takes. */
MUST_CHECK enum err status_check_length(struct api_call *call, const char *text,
                                        const char *warning, struct why *why);
/* Does the text mention somebody elsewhere who is not known here? */
bool status_names_strangers(struct api_call *call, const char *text);

#endif
