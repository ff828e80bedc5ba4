/*
 * consent - may somebody reply to, boost, like or quote a post; and what follows from the answer.
 *
 * A post says whom it is open to (Post.policy). For posts of ours we judge, and keep what was asked
 * and answered (storage/consent.h); about others' posts we ask their node, and believe an
 * authorization only as its origin serves it. Until then a reply is shown to its author and to whom
 * it answers, and a quote as the link it contains. All of it is judged in the transaction in which
 * two posts meet, whichever came first. What answers a reply that waits, waits with it.
 *
 * Threads  reading: any; the rest inside a mutation
 * Source   FEP-044f; GoToSocial "Interaction Controls"
 */
#ifndef WARD_FEDERATION_CONSENT_H
#define WARD_FEDERATION_CONSENT_H

#include "federation/as2.h"
#include "federation/federation.h"
#include "storage/consent.h"
#include "storage/post.h"

enum consent_bits { /* of Interaction (schema.proto) */
                    CONSENT_EVERYONE = 1,
                    CONSENT_FOLLOWERS = 2,
                    CONSENT_FOLLOWED = 4,
                    CONSENT_MENTIONED = 8,
};

enum consent_answer { CONSENT_YES, CONSENT_ASK, CONSENT_NO };
/* For a post elsewhere, ASK where its node alone can tell; NO is certain. Audience is not judged,
 * but that nobody else quotes what is not open to all. */
enum consent_answer consent_judge(struct txn *txn, const Post *target, enum consent_kind kind,
                                  actor_id who);

/* Is this reply kept from the others in its thread, and may `reader` see it all the same? */
bool consent_is_hidden(const Post *post);
bool consent_may_see(struct txn *txn, const Post *post, actor_id reader);
/* Whom a reply answers, or a quoting post quotes; 0: not known here. */
actor_id consent_owner(struct txn *txn, const Post *post, enum consent_kind kind);
/* Is the quote to be shown, or only its link? */
bool consent_has_quote(const Post *post);

/* Before a post is stored: sets reply_approval and quote_approval, by what it answers and quotes.
 */
MUST_CHECK enum err consent_place(struct txn *txn, Post *post);
/* After: asks the owner, wants the authorization, and judges what had come before it. */
MUST_CHECK enum err consent_settle(struct txn *txn, const Post *post, int64_t now_ms);

/* An Update of a stored post may bring an authorization, whenever it was written; it takes none
 * away. */
MUST_CHECK enum err consent_update(struct txn *txn, Post *stored, const Post *update,
                                   int64_t now_ms);
/* A reply was approved, or is not any more: what answers it waits as it does. */
MUST_CHECK enum err consent_spread(struct txn *txn, const Post *post, int64_t now_ms);

/* "<owner>/approvals/<id>": where an approved one is served. */
const char *consent_uri(const Actor *owner, const Consent *consent, struct arena *arena);
/* Has this URI fetched; nothing waits for it but the posts that name it. */
MUST_CHECK enum err consent_want(struct txn *txn, const char *uri, int64_t now_ms);
/* Tells the owner that they are asked. */
MUST_CHECK enum err consent_ask(struct txn *txn, const Consent *consent, int64_t now_ms);

/* An authorization as its origin serves it: the next post after *post (start with 0) it is for and
 * that waits for it. ERR_NOTFOUND: none (more). */
MUST_CHECK enum err consent_match(struct txn *txn, const struct as2_document *authorization,
                                  post_id *post, enum consent_kind *out_kind);

#endif
