/*
 * filter_change - one change to a filter, as the calls of both versions of the resource make it.
 *
 * Threads  filter_change_run waits for the disk
 */
#ifndef WARD_NODE_API_FILTER_CHANGE_H
#define WARD_NODE_API_FILTER_CHANGE_H

#include "node/api/api.h"
#include "storage/filter.h"

enum filter_found_by { FILTER_NEW, FILTER_BY_ID, FILTER_BY_KEYWORD, FILTER_BY_POST };

struct filter_change {
    struct mutation mutation;
    struct api_call *call;
    enum filter_found_by by;
    uint64_t id; /* of the filter, the keyword, the post's entry */
    int64_t now_ms;
    /* Changes the filter, from the call's parameters alone: it may run again. `at` is the keyword's
     * or entry's place. */
    enum err (*edit)(struct filter_change *change, Filter *filter, size_t at);
    struct why why;
    Filter *filter; /* out: as it is now */
    size_t at;      /* out: of what was found or added */
    bool is_gone;   /* set by edit: the filter is deleted */
};

/* NULL: done. Otherwise the answer. The id comes from the path unless `by` is FILTER_NEW. */
struct response *filter_change_run(struct api_call *call, struct filter_change *change);
/* By its id, keyword or entry, the caller's. */
MUST_CHECK enum err filter_find(struct api_call *call, struct txn *txn, enum filter_found_by by,
                                Filter **out, size_t *out_at);

/* context[], expires_in: what was sent is taken over. */
MUST_CHECK enum err filter_take_terms(struct filter_change *change, Filter *filter);
/* Adds one (text is not copied). ERR_LIMIT: there are too many. */
MUST_CHECK enum err filter_add_keyword(struct filter_change *change, Filter *filter,
                                       const char *text, bool is_whole_word);
void filter_drop_keyword(Filter *filter, size_t at);

#endif
