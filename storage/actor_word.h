/*
 * actor_word - actors by how a word of their name begins.
 *
 * The words are those of the username, the display name and, of remote actors, the host's name.
 * Whoever is gone, and the actors of whole nodes, have none.
 *
 * Threads  the txn's
 * On disk  actor_word (keyspace.h)
 */
#ifndef WARD_STORAGE_ACTOR_WORD_H
#define WARD_STORAGE_ACTOR_WORD_H

#include "storage/record.h"
#include "storage/words.h"

#define ACTOR_WORDS_MAX 48

/* actor.c alone: the rows follow the record. `before` is NULL for a new one. */
MUST_CHECK enum err actor_word_change(struct txn *txn, const Actor *before, const Actor *after);
/* What the actor is found by, sorted. */
MUST_CHECK enum err actor_word_list(const Actor *actor, struct arena *arena, struct words *out);
struct key actor_word_key(const Actor *actor, const char *word);

enum actor_origin { ACTOR_OURS, ACTOR_REMOTE };
/* Whoever has a word that begins so: in the order of the words, some of them several times. */
MUST_CHECK enum err actor_word_open(struct txn *txn, enum actor_origin origin, const char *prefix,
                                    struct range *out);
/* OK or ERR_NOTFOUND at the end. */
MUST_CHECK enum err actor_word_next(struct range *range, actor_id *out);

#endif
