/*
 * filter - the reader's filters, at work on what a view shows.
 *
 * Threads  the view's
 * Errors   those of the store; without a reader nothing is filtered
 */
#ifndef WARD_NODE_API_FILTER_H
#define WARD_NODE_API_FILTER_H

#include "federation/filters.h"
#include "node/api/entity.h"

/* Loaded once for each view. */
MUST_CHECK enum err view_filters(struct view *view, struct filters **out);
/* Bits of enum filter_context; 0: a view where no filter applies. */
unsigned view_filter_contexts(const struct view *view);
/* Is it hidden here? `post` is what is shown, not the boost. */
bool filter_hides(struct view *view, const Post *post);
/* Which filters `post` matched, and with what: a list of FilterResult. Where the view has no
 * context, those of all: apps know where they show it. */
void entity_filtered(struct jw *w, const char *name, struct view *view, const Post *post);

/* For the filters' resource: "id", "title", "context", "expires_at", "filter_action". */
void entity_filter_members(struct jw *w, const Filter *filter);
void entity_filter_contexts(struct jw *w, unsigned contexts);
/* The bit of "home", "notifications", ...; 0: no such word. */
unsigned filter_context_of(const char *word);
/* -1: no such word. */
int filter_action_of(const char *word);

#endif
