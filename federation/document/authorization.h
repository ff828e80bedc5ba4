/*
 * authorization - asking an author whether a post may answer or quote theirs, the answer, and what
 * we serve as proof of it.
 *
 * Memory   JSON is appended to the caller's buf
 * Threads  pure
 * Errors   ERR_LIMIT the buf is full
 * Source   FEP-044f; GoToSocial "Interaction Controls"
 */
#ifndef WARD_FEDERATION_DOCUMENT_AUTHORIZATION_H
#define WARD_FEDERATION_DOCUMENT_AUTHORIZATION_H

#include "storage/base/buf.h"
#include "storage/consent.h"

/* `target`: URI of the post of ours that may be interacted with. */
MUST_CHECK enum err document_authorization(const Consent *consent, const char *id,
                                           const Actor *owner, const char *target, struct buf *out);

struct consent_reply {
    const char *id, *type;   /* "Accept", "Reject" */
    const char *owner, *who; /* URIs: who answers, who asked */
    const Consent *consent;
    const char *target; /* URI of the owner's post */
    const char *result; /* Accept: the authorization; NULL: none */
};
MUST_CHECK enum err document_consent_reply(const struct consent_reply *reply, struct buf *out);

/* QuoteRequest, ReplyRequest: `post` wants to quote or answer `target`, whose author is `to`. */
MUST_CHECK enum err document_request(const char *id, const char *type, const Post *post,
                                     const Actor *author, const char *target, const char *to,
                                     struct buf *out);

#endif
