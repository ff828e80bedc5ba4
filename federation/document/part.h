/*
 * part - what documents and activities have in common: a note, an actor, a list, a context, each
 * written without being the outermost object. For federation/document/ only.
 *
 * Threads  pure
 */
#ifndef WARD_FEDERATION_DOCUMENT_PART_H
#define WARD_FEDERATION_DOCUMENT_PART_H

#include "federation/document/json.h"
#include "storage/schema.pb-c.h"

/* @context of AS2 alone. */
void part_context(struct jw *w);
/* With the terms that `post` uses, defined inline. */
void part_note_context(struct jw *w, const Post *post);
void part_actor_context(struct jw *w);

/* The properties, for the caller's jw_object and jw_object_end. */
void part_note(struct jw *w, const Post *post, const Actor *author);
void part_actor(struct jw *w, const Actor *actor);

/* A custom emoji, as one of `tag`. */
void part_emoji(struct jw *w, const Emoji *emoji);

/* FEP-1b12: the group a post is in, which it always mentions. */
void part_audience(struct jw *w, const Post *post);
/* interaction.c: quotes, authorizations, and whom a post is open to. */
void part_interaction_terms(struct jw *w, const Post *post);
void part_quote(struct jw *w, const Post *post);
void part_quote_tag(struct jw *w, const Post *post);
void part_policy(struct jw *w, const Post *post, const Actor *author);
/* The content, with a link to what is quoted. */
void part_quote_link(const Post *post, struct buf *out);

void part_list(struct jw *w, const char *name, char *const *items, size_t n);
/* "<base>/tags/<tag>", percent-encoded: what hashtags link to. `base` is its first n bytes. */
void part_tag_uri(struct buf *out, const char *base, size_t n, const char *tag);
/* "https://host" of a URI of ours, as its length. */
size_t part_base_length(const char *uri);

#endif
