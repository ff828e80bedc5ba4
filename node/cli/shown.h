/*
 * shown - a post as a command shows it: everything it says, whoever's server said it.
 *
 * For a person one cell: title, content warning, text, poll, time and place, attachments by their
 * alt text, what it quotes (as its author allows; else the link), and the link to the original
 * where the text is not all there is. In JSON each has a field of its own.
 *
 * Source   README "Federation"
 */
#ifndef WARD_NODE_CLI_SHOWN_H
#define WARD_NODE_CLI_SHOWN_H

#include "node/cli/output.h"
#include "storage/record.h"

struct shown_quote { /* what the reader may see of what is quoted; post NULL: nothing */
    const char *author;
    const Post *post;
};
MUST_CHECK enum err shown_quote_get(struct txn *txn, const Post *post, actor_id reader,
                                    struct arena *arena, struct shown_quote *out);

/* ERR_INVALID, ERR_LIMIT: the stored HTML cannot be read. */
MUST_CHECK enum err shown_post(struct output *out, const Post *post,
                               const struct shown_quote *quote);

#endif
