/*
 * post - what Create, Update and Delete of a post share.
 *
 * Threads  act_check_note, act_markup: any; the rest inside a mutation
 */
#ifndef WARD_FEDERATION_ACT_POST_H
#define WARD_FEDERATION_ACT_POST_H

#include "federation/act/common.h"
#include "federation/markup.h"

#define ACT_EMOJI_MAX 64            /* different ones of one post */
#define ACT_MEDIA_MAX 16            /* pictures of one post */
#define ACT_ALT_MAX_CHARACTERS 1500 /* of an alt text */
#define ACT_POST_MAX_BYTES 20000    /* of what an author types */

/* Do id and author of an embedded note belong to the actor who sent it (T28, T29)? */
enum act_verdict act_check_note(const struct act *act, const struct as2_note *note,
                                struct act_answer *answer, struct why *why);

/*
 * From what was typed (markup->syntax says in what) to HTML: mentions are looked up (and, with
 * `resolve`, fetched), their ids appended to `mentioned`, which has room for MARKUP_MENTIONS_MAX.
 */
MUST_CHECK enum err act_markup(struct federation *fed, const char *source, act_resolve *resolve,
                               struct arena *arena, struct markup *markup, actor_id *mentioned,
                               size_t *mentioned_count, const char **html, struct why *why);

/*
 * A version of a post of somebody elsewhere, from its author or its origin: stored when the post is
 * not here, taken over when it is newer than what is (T39). *out_outcome is a word for the log.
 */
MUST_CHECK enum err act_edit_store(struct txn *txn, const Post *version, int64_t now_ms,
                                   const char **out_outcome);
/* The draft's pictures become attachments of `post`, whose id is known. Inside a mutation. */
MUST_CHECK enum err act_post_attach(struct txn *txn, const struct federation *fed,
                                    const struct post_draft *draft, Post *post, struct arena *arena,
                                    int64_t now_ms);
/* An upload of the author's that waits becomes an attachment of `post`, which has room for one
 * more: for edits. ERR_NOTFOUND: it is not theirs to use; ERR_LATER: not ready. */
MUST_CHECK enum err act_upload_attach(struct txn *txn, const struct federation *fed, uint64_t id,
                                      Post *post, struct arena *arena);

/* post->emoji: those of ours that its text, warning, translations and poll name. Inside a mutation.
 */
MUST_CHECK enum err act_emoji_choose(struct txn *txn, const struct federation *fed,
                                     struct arena *arena, Post *post);

/* Tells whom the post names. */
MUST_CHECK enum err act_notify_mentions(struct txn *txn, const Post *post, int64_t now_ms);

/* The translations of a draft as HTML: draft->translation_count of them, in the arena. */
MUST_CHECK enum err act_translate(struct federation *fed, const struct post_draft *draft,
                                  act_resolve *resolve, struct arena *arena, LanguageText ***out,
                                  struct why *why);

bool act_mention_has(const Post *post, uint64_t actor);
/* Adds a mention of `id` (ours only: when `is_ours_only`) to a list that has room. The actor itself
 * is read aside: profiles are a peer's to fill, and many of them would fill the arena. */
MUST_CHECK enum err act_mention_add(struct txn *txn, actor_id id, bool is_ours_only,
                                    struct arena *arena, Post *post);

/*
 * Queues an activity about a post of ours for everyone in its audience; an Update or Delete also
 * for every host that got the post. Nothing for a local post.
 */
MUST_CHECK enum err act_post_queue(struct txn *txn, const struct federation *fed, const Post *post,
                                   const char *type, const char *activity_uri, struct bytes json,
                                   int64_t now_ms);

#endif
