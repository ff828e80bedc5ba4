/*
 * search_query - what somebody typed into a search field, understood.
 *
 * Words and "phrases", all of which must be there; with a minus before it, what must not be. And
 *
 *     from:me  from:user  from:user@host
 *     has:media  has:image  has:poll  has:link       is:reply  is:sensitive      language:de
 *     before:2026-11-22  after:2026-11  during:2026  (UTC; the day, month or year itself excluded)
 *     in:all  in:library (what one wrote, was addressed by, liked, kept or boosted)  in:public
 *
 * What is no operator we know is words.
 *
 * Memory   in the caller's arena
 * Threads  pure
 * Source   Mastodon's search operators
 */
#ifndef WARD_FEDERATION_SEARCH_QUERY_H
#define WARD_FEDERATION_SEARCH_QUERY_H

#include "storage/base/arena.h"

#define SEARCH_TERMS_MAX 24

enum search_term_kind {
    SEARCH_WORDS,  /* text */
    SEARCH_PHRASE, /* text, in this order */
    SEARCH_IS,     /* text: a word of word.h: " poll" */
    SEARCH_FROM,   /* text: a handle, or "me" */
};

struct search_term {
    enum search_term_kind kind;
    bool is_unwanted;
    const char *text;
};

enum search_in { SEARCH_IN_ALL, SEARCH_IN_LIBRARY, SEARCH_IN_PUBLIC };

struct search_query {
    struct search_term term[SEARCH_TERMS_MAX];
    size_t n;
    enum search_in in;
    int64_t from_ms, until_ms; /* [from, until); INT64_MIN, INT64_MAX: open */
};

/* ERR_LIMIT: more than SEARCH_TERMS_MAX terms, or the arena is full. */
MUST_CHECK enum err search_query_parse(const char *text, struct arena *arena,
                                       struct search_query *out);

#endif
