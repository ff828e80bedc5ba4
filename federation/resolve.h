/*
 * resolve - from a handle or URI to something in the store.
 *
 * resolve_fetched is what becomes of a document the fetcher brought: checked against its origin,
 * stored, and everything that waited for it is ingested again.
 *
 * Source   RFC 7033; FEP-2c59; threats T18, T19, T30, T33, T34
 */
#ifndef WARD_FEDERATION_RESOLVE_H
#define WARD_FEDERATION_RESOLVE_H

#include "federation/as2.h"
#include "federation/fetch.h"
#include "storage/actor.h"

/*
 * Waits for the network (CLI only): "name", "name@host" or an actor URI. Known actors are answered
 * from the store. Errors as fetch_now; `why` says at which step.
 */
MUST_CHECK enum err resolve_actor(struct federation *fed, const char *text, actor_id *out,
                                  struct why *why);
/* The same, but somebody elsewhere is fetched again even when known. */
MUST_CHECK enum err resolve_actor_afresh(struct federation *fed, const char *text, actor_id *out,
                                         struct why *why);
/* The same for a post: id, URI. */
MUST_CHECK enum err resolve_post(struct federation *fed, const char *text, post_id *out,
                                 struct why *why);

/* Called on a worker with the answer to a want; `e` and `why` as fetch_now gives them. */
void resolve_fetched(struct federation *fed, const char *uri, WantKind kind, enum err e,
                     const struct fetched *fetched, const struct why *why);

/* A document that was parked for its author, now that somebody was fetched; `rounds`: how often it
 * was parked. */
void resolve_document_again(struct federation *fed, const char *uri, struct bytes body,
                            unsigned rounds);

/*
 * Is this actor document believable as the answer to `uri`? ids, inbox, outbox and keys agree with
 * its host (T18, T33); fills an Actor record (id 0) in the arena. `uri` may be a key id.
 */
MUST_CHECK enum err resolve_check_actor(struct federation *fed, const char *uri,
                                        const struct as2_actor *document, struct arena *arena,
                                        Actor **out, struct why *why);
#endif
