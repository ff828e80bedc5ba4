/*
 * consent - who wants to reply to, boost, like or quote a post of ours, and what its author said.
 *
 * One record for one interaction: what it is, with which post of ours, and the URI of the reply,
 * boost, like or quoting post. An approved one is served to whoever asks whether it was allowed.
 * It goes with the post.
 *
 * On disk  consent, consent_of
 */
#ifndef WARD_STORAGE_CONSENT_H
#define WARD_STORAGE_CONSENT_H

#include "storage/record.h"

enum consent_kind { /* Consent.kind: for ever */
                    CONSENT_REPLY = 1,
                    CONSENT_BOOST = 2,
                    CONSENT_QUOTE = 3,
                    CONSENT_LIKE = 4,
};

/* Inserts (id 0: takes one and the time) or replaces. Owner, target, kind and object of one that is
 * there stay. ERR_EXISTS: inserting what is there already; ERR_NOTFOUND: no such post. */
MUST_CHECK enum err consent_put(struct txn *txn, Consent *consent, int64_t now_ms);
MUST_CHECK enum err consent_get(struct txn *txn, actor_id owner, uint64_t id, struct arena *arena,
                                Consent **out);
MUST_CHECK enum err consent_find(struct txn *txn, post_id target, enum consent_kind kind,
                                 const char *object, struct arena *arena, Consent **out);
/* Newest first: the next below `before` (start with UINT64_MAX). */
MUST_CHECK enum err consent_next(struct txn *txn, actor_id owner, uint64_t before,
                                 struct arena *arena, Consent **out);
/* All about a post: for post_delete. */
MUST_CHECK enum err consent_drop(struct txn *txn, post_id target);

#endif
