/*
 * approval - what request.c and approval.c share with the acts that an author may be asked about.
 *
 * Threads  inside a mutation, but act_is_approval
 */
#ifndef WARD_FEDERATION_ACT_APPROVAL_H
#define WARD_FEDERATION_ACT_APPROVAL_H

#include "federation/act/common.h"
#include "federation/consent.h"

/* Sends our author's answer; nothing while there is none, or to one of ours. */
MUST_CHECK enum err act_consent_send(struct txn *txn, const struct federation *fed,
                                     const Consent *consent, int64_t now_ms);
/* The post that was asked for gets the answer; one of ours is sent on its way with it. */
MUST_CHECK enum err act_consent_take(struct txn *txn, const struct federation *fed,
                                     const Consent *consent, int64_t now_ms);
/* A post of ours was approved or declined: it goes out, or goes out anew, and its author is told.
 */
MUST_CHECK enum err act_consent_landed(struct txn *txn, const struct federation *fed,
                                       const Post *post, enum consent_kind kind, actor_id by,
                                       int64_t now_ms);
/* Asks the author of what `post` (ours) answers or quotes. */
MUST_CHECK enum err act_consent_request(struct txn *txn, const struct federation *fed,
                                        const Post *post, enum consent_kind kind, int64_t now_ms);

/* Whose authorization is taken back: posts with it lose it when `who` had given it. */
MUST_CHECK enum err act_consent_taken_back(struct txn *txn, const struct federation *fed,
                                           const char *uri, actor_id who, int64_t now_ms,
                                           bool *out_found);
/* The authorization at `uri`, as fetched from there. */
MUST_CHECK enum err act_consent_given(struct federation *fed,
                                      const struct as2_document *authorization);

/* What a new post of ours quotes; 0: nothing. `why`: it may not. */
MUST_CHECK enum err act_quote_choose(struct txn *txn, post_id chosen, struct arena *arena,
                                     Post *post, struct why *why);
/* Gives a stored quote of a post of ours its authorization, when it needs no answer. */
MUST_CHECK enum err act_quote_authorize(struct txn *txn, Post *post, struct arena *arena);
/* Sends a new post of ours on its way, or asks first. */
MUST_CHECK enum err act_post_send(struct txn *txn, const struct federation *fed, const Post *post,
                                  const Actor *who, int64_t now_ms);

/* Is this Accept or Reject the answer to a request of ours, and not to a follow? */
bool act_is_approval(const struct act *act);
act_remote act_approval_accept, act_approval_reject;

#endif
