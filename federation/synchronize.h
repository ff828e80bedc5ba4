/*
 * synchronize - two nodes agree on who follows whom (FEP-8fcf).
 *
 * What goes to somebody's followers says, to each host by itself, a digest of those followers that
 * live there. A node whose own list differs fetches the other's and follows it: whom the list does
 * not name follows no more here, and who is named without following is taken off it by an Undo.
 *
 * Believed is only what the signature covers (over RFC 9421 with RSA it does not: Mastodon takes
 * exactly three components), about the sender's own followers, and a list that has the digest that
 * was told.
 * One list of one actor is asked for at most once in five minutes.
 *
 * Threads  synchronize_notice: inside a mutation; synchronize_fetched: a worker; the rest any
 * Source   FEP-8fcf
 */
#ifndef WARD_FEDERATION_SYNCHRONIZE_H
#define WARD_FEDERATION_SYNCHRONIZE_H

#include "federation/as2.h"
#include "federation/federation.h"
#include "storage/actor.h"

#define SYNCHRONIZE_FIELD "Collection-Synchronization"
#define SYNCHRONIZE_FIELD_MAX_BYTES 8192
#define SYNCHRONIZE_PAUSE_MS (5 * 60 * 1000)
#define SYNCHRONIZE_PATH "followers_synchronization"

/* The field for what `actor` (ours) sends to its followers at `host`; NULL: none follow there. */
const char *synchronize_field(struct txn *txn, const Actor *actor, const char *host,
                              struct arena *arena);

/* A covered field of `who` (elsewhere): *out_wants when the list is to be fetched now. A field that
 * makes no sense is passed over. */
MUST_CHECK enum err synchronize_notice(struct txn *txn, actor_id who, const char *field,
                                       int64_t now_ms, bool *out_wants);

/* The document that such a want brought; false: the want is of another kind. */
bool synchronize_fetched(struct federation *fed, const char *uri,
                         const struct as2_document *document);

#endif
