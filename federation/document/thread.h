/*
 * thread - the collection a conversation of ours is: <root>/context.
 *
 * Every post of the thread that is known here and that the asking host may read, oldest first, by
 * id: each is fetched from its own origin. totalItems counts what everyone may read; a total of all
 * would tell how much is written in private.
 *
 * Errors   as the store; ERR_LIMIT the buf is full
 * Source   FEP-7888; FEP-f228 (collection of posts); FEP-11dd
 */
#ifndef WARD_FEDERATION_DOCUMENT_THREAD_H
#define WARD_FEDERATION_DOCUMENT_THREAD_H

#include "storage/base/buf.h"
#include "storage/schema.pb-c.h"
#include "storage/writer.h"

#define THREAD_PAGE_ITEMS 100
#define THREAD_PAGE_LOOKS 1000  /* posts looked at for one page */
#define THREAD_TOTAL_LOOKS 2000 /* posts looked at to count them; of more: no total */

/* Is there a context of ours for this post: does it begin a thread? */
bool document_has_thread(const Post *root);

struct thread_page {
    bool is_page;
    uint64_t after; /* the last id of the page before; 0: the first page */
};
MUST_CHECK enum err document_thread(struct txn *txn, const Post *root, const Actor *author,
                                    const char *host, const struct thread_page *page,
                                    struct buf *out);

#endif
