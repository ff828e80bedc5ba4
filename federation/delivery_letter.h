/*
 * delivery_letter - a direct post of the node itself to an author whose post did not arrive.
 *
 * Apps have no word for NOT_DELIVERED, and whoever has only an app must know all the same. The
 * instance actor writes it: nobody can sign in as it, block it or take its name. It is no reply,
 * which would count in public, and names the post by its address. It never leaves the node: it is
 * for one of ours, and nothing is queued.
 *
 * Threads  inside a mutation
 */
#ifndef WARD_FEDERATION_DELIVERY_LETTER_H
#define WARD_FEDERATION_DELIVERY_LETTER_H

#include "storage/record.h"

/* `about`: the post's address, or "". Without an instance actor nothing is written. */
MUST_CHECK enum err delivery_letter(struct txn *txn, const Actor *author, const char *about,
                                    const char *text, int64_t now_ms);

#endif
