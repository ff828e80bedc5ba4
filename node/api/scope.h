/*
 * scope - what a token is good for.
 *
 * A list of words separated by spaces; a parent covers its children ("read" covers
 * "read:statuses"), and "follow" covers reading and writing blocks, follows and mutes.
 *
 * Threads  pure
 * Source   Mastodon OAuth scopes; RFC 6749 §3.3
 */
#ifndef WARD_NODE_API_SCOPE_H
#define WARD_NODE_API_SCOPE_H

#include "storage/base/base.h"

#define SCOPES_MAX_BYTES 512

/* Every word of the list is a scope there is. */
bool scopes_are_known(const char *scopes);
/* `granted` covers the one scope `wanted` ("read:statuses"), or one of several ("a|b"). */
bool scope_covers(const char *granted, const char *wanted);
/* `granted` covers every word of `wanted`. */
bool scopes_cover(const char *granted, const char *wanted);
/* `one` is a word of the list, itself. */
bool scope_is_listed(const char *scopes, const char *one);
/* What a scope lets an application do, for the person who decides. */
const char *scope_words(const char *scope);
/* The scopes there are, one each, NULL-ended. */
extern const char *const scopes_all[];

#endif
