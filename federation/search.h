/*
 * search - who and what a reader may find.
 *
 * Posts are found by the words of their text (word.h), newest first: those of this node, of whom
 * the reader follows, or that they had to do with; of strangers elsewhere, what is public and whose
 * author lets it be found. Each is judged as it is found: what the reader may not read, or does not
 * want to hear of, is not there.
 *
 * Actors are found by how the words of their names begin, whoever they are: also those the reader
 * blocked (to unblock them), not those who are suspended or gone.
 *
 * Bounds   SEARCH_*: what one search looks at; a page may be short, never slow
 * Memory   what is found lives in the caller's arena
 * Threads  the txn's
 * Errors   as the store; nothing found is no error
 */
#ifndef WARD_FEDERATION_SEARCH_H
#define WARD_FEDERATION_SEARCH_H

#include "federation/federation.h"
#include "storage/actor.h"
#include "storage/stream.h"

#define SEARCH_TEXT_MAX_BYTES 1024
#define SEARCH_WORDS_MAX 16
#define SEARCH_LIMIT_MAX 80
#define SEARCH_OFFSET_MAX 1000
#define SEARCH_ACTORS_MAX 2000  /* rows read of ours, and of others */
#define SEARCH_FOLLOWS_MAX 5000 /* of the reader's, when those were not enough */
#define SEARCH_STEPS_MAX 20000  /* looks at rows of words */
#define SEARCH_JUDGED_MAX 2000  /* posts read */

struct actor_search {
    actor_id reader; /* 0: nobody in particular */
    const char *text;
    bool is_followed;       /* only whom the reader follows */
    unsigned offset, limit; /* cut to the maxima above */
};

struct actors_found {
    Actor *item[SEARCH_LIMIT_MAX];
    size_t n;
};

/* Whose name or handle it is, then whom the reader follows, ours, others; the best known first. */
MUST_CHECK enum err search_actors(const struct federation *fed, struct txn *txn,
                                  const struct actor_search *search, struct arena *arena,
                                  struct actors_found *out);
/* Whose handle that is: "ann", "@ann@host"; a host of our own means one of ours. */
MUST_CHECK enum err search_handle(const struct federation *fed, struct txn *txn, const char *text,
                                  struct arena *arena, actor_id *out);

struct post_search {
    actor_id reader;  /* 0: nobody in particular */
    const char *text; /* search_query.h */
    actor_id author;  /* 0: anybody */
    struct page page; /* its limit is not looked at */
    unsigned offset, limit;
};

struct posts_found {
    post_id id[SEARCH_LIMIT_MAX];
    size_t n;
};

MUST_CHECK enum err search_posts(const struct federation *fed, struct txn *txn,
                                 const struct post_search *search, struct posts_found *out);

/* A web address, and nothing else. */
bool search_is_url(const char *text);
/* Could this be looked up elsewhere? A handle with a host ("ann@host"), or a web address. */
bool search_is_address(const char *text);

#endif
