/*
 * search - who and what a reader may find.
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

#define SEARCH_TEXT_MAX_BYTES 1024
#define SEARCH_WORDS_MAX 16
#define SEARCH_LIMIT_MAX 80
#define SEARCH_OFFSET_MAX 1000
#define SEARCH_ACTORS_MAX 2000  /* rows read of ours, and of others */
#define SEARCH_FOLLOWS_MAX 5000 /* of the reader's, when those were not enough */

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
/* Could this be looked up elsewhere? A handle with a host, or a web address. */
bool search_is_address(const char *text);

#endif
