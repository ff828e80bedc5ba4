/*
 * status - what the files about statuses share: which one is asked about, and its answer.
 *
 * What the reader may not see does not exist: ERR_NOTFOUND. Nor do posts of authors who are
 * suspended or gone, or who block the reader, and boosts of what may not be seen.
 *
 * Memory   in view->arena
 * Threads  the txn's
 */
#ifndef WARD_NODE_API_STATUS_H
#define WARD_NODE_API_STATUS_H

#include "node/api/entity.h"

/* A post or boost, as the reader may see it. */
MUST_CHECK enum err status_get(struct view *view, post_id id, Post **out);
/* The same, but of a boost the post it shows. */
MUST_CHECK enum err status_get_shown(struct view *view, post_id id, Post **out);

/* The status as it is now, in a snapshot of its own. */
struct response *status_answer(struct api_call *call, post_id id);
/* With what was typed: for its author. */
struct response *status_answer_typed(struct api_call *call, post_id id);
/* The post named by {id} in the path; of a boost the post it shows. */
MUST_CHECK enum err status_of_path(struct api_call *call, post_id *out);

#endif
