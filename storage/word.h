/*
 * word - posts by the words of their text, and by what they are.
 *
 * The words of a post are those of its text, title, warning, hashtags, poll options and of what
 * its pictures are described by, whatever its audience: who may find it is asked when it was found.
 * A boost has none. What a post is has a word too, which no text contains: WORD_HAS_POLL, ...
 *
 * Bounds   the first WORD_ROWS_MAX words of a post
 * Threads  the txn's
 * On disk  word (keyspace.h)
 */
#ifndef WARD_STORAGE_WORD_H
#define WARD_STORAGE_WORD_H

#include "storage/record.h"
#include "storage/words.h"

#define WORD_ROWS_MAX 1024

#define WORD_HAS_MEDIA " media"
#define WORD_HAS_IMAGE " image"
#define WORD_HAS_POLL " poll"
#define WORD_HAS_LINK " link"
#define WORD_IS_REPLY " reply"
#define WORD_IS_SENSITIVE " sensitive"
#define WORD_LANGUAGE " language:" /* and its first part: "de" of "de-CH" */

/* What a word is in the keys: a 64-bit keyed hash. */
uint64_t word_owner(struct txn *txn, const char *word);

struct word_owners {
    uint64_t *item; /* ascending, each once */
    size_t n;
};
/* Of every word of the post, in the arena. */
MUST_CHECK enum err word_owners_of(struct txn *txn, const Post *post, struct arena *arena,
                                   struct word_owners *out);
/* post.c alone: the rows follow the record; either may be NULL. */
MUST_CHECK enum err word_change(struct txn *txn, const Post *before, const Post *after);
bool word_has(struct txn *txn, uint64_t owner, post_id post);

/* Every text a post is found by goes to `words`, in order. */
MUST_CHECK enum err word_texts(const Post *post, struct words *words);

#endif
