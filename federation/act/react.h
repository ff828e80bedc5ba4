/*
 * react - what Like and Undo need to know of a reaction.
 *
 * Threads  any
 * Source   FEP-c0e0; Misskey's Like with content
 */
#ifndef WARD_FEDERATION_ACT_REACT_H
#define WARD_FEDERATION_ACT_REACT_H

#include "federation/act/common.h"

/*
 * The emoji of an EmojiReact or of a Like that carries one, "❤" or ":shortcode:", in the arena.
 * NULL: none that can be shown, so that it counts as a plain like.
 */
const char *act_reaction_of(const struct as2_activity *activity, struct arena *arena);

/* Is the reaction that stands at `key` this one? A later one is not undone with an earlier one. */
bool act_reaction_is(struct txn *txn, struct edge_key key, const struct as2_activity *activity);

#endif
