/*
 * filters - does a post match what its reader filters out (storage/filter.h)?
 *
 * Keywords are found in a post's text (title, warning, content, poll options, alt texts) whatever
 * the case and the form of the letters: both are NFKC and case-folded. A keyword that stands for a
 * whole word is not found inside another one: where its own end is part of a word, so must the word
 * end there (Unicode's word breaks). Filters that expired are not there; nobody's own posts match.
 *
 * Memory   everything lives in the arena given to filters_load; hits in their own
 * Threads  filters_load: the txn's; then constant
 * Source   UAX #29; Mastodon's filters documentation
 */
#ifndef WARD_FEDERATION_FILTERS_H
#define WARD_FEDERATION_FILTERS_H

#include "storage/filter.h"

#define FILTERS_TEXT_MAX_BYTES                                                                     \
    ((size_t)256 * 1024) /* of one post; what is beyond is not looked at */

struct filter_word {
    struct bytes folded;
    bool needs_start, needs_end; /* of a word, there */
};

struct filters {
    actor_id owner;
    size_t n;
    struct filter_rule {
        const Filter *filter;
        struct filter_word *words; /* one for each keyword */
    } * rules;
};

/* What of a post matched one filter: indexes into it. */
struct filter_hit {
    const Filter *filter;
    size_t *keywords, *posts;
    size_t n_keywords, n_posts;
};

/* Those of the owner that have not expired. */
MUST_CHECK enum err filters_load(struct txn *txn, actor_id owner, int64_t now_ms,
                                 struct arena *arena, struct filters **out);

/* Every filter for one of `contexts` (bits, filter.h) that matches; 0: none did. */
MUST_CHECK enum err filters_match(const struct filters *filters, unsigned contexts,
                                  const Post *post, struct arena *arena, struct filter_hit **out,
                                  size_t *out_n);
/* Does one that hides match? */
bool filters_hide(const struct filters *filters, unsigned contexts, const Post *post);

#endif
