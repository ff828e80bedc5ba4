/*
 * document - what we serve by GET: actor, note, collections, tombstone, WebFinger, NodeInfo,
 * host-meta.
 *
 * Memory   JSON is appended to the caller's buf
 * Threads  pure, except collections, which read the txn they are given
 * Errors   ERR_LIMIT the buf is full; collections as the store
 * Source   ActivityPub #actor-objects, #collections; FEP-521a; RFC 7033; RFC 6415;
 * NodeInfo 2.0, 2.1
 */
#ifndef WARD_FEDERATION_DOCUMENT_DOCUMENT_H
#define WARD_FEDERATION_DOCUMENT_DOCUMENT_H

#include "federation/document/activity.h"
#include "storage/stream.h"

MUST_CHECK enum err document_actor(const Actor *actor, struct buf *out);
/* A Note by itself, with @context; its Create is document_create. */
MUST_CHECK enum err document_note(const Post *post, const Actor *author, struct buf *out);
MUST_CHECK enum err document_tombstone(const Tombstone *tombstone, struct buf *out);

/*
 * Collections. Without `page` the collection itself (totalItems, first); with it one page of up
 * to 40: posts newest first, actors in the order of their ids, `next` while there may be more.
 * Only what everyone may read is ever in them.
 * Followers and following show the number; the items only to an allowed, signed peer
 * (`show_items`).
 */
struct collection_page {
    bool is_page;
    uint64_t before; /* the last id of the page before; 0: the first page */
};
MUST_CHECK enum err document_outbox(struct txn *txn, const Actor *actor,
                                    const struct collection_page *page, struct buf *out);
MUST_CHECK enum err document_followers(struct txn *txn, const Actor *actor, bool show_items,
                                       const struct collection_page *page, struct buf *out);
/* FEP-8fcf: the followers that live at `host`, all of them (ERR_LIMIT: they do not fit). */
MUST_CHECK enum err document_followers_at(struct txn *txn, const Actor *actor, const char *host,
                                          struct buf *out);
MUST_CHECK enum err document_following(struct txn *txn, const Actor *actor, bool show_items,
                                       const struct collection_page *page, struct buf *out);
MUST_CHECK enum err document_replies(struct txn *txn, const Post *post,
                                     const struct collection_page *page, struct buf *out);
/* Public posts of ours with this (folded) tag. */
MUST_CHECK enum err document_tag(struct txn *txn, const char *base, const char *tag,
                                 const struct collection_page *page, struct buf *out);
MUST_CHECK enum err document_featured(struct txn *txn, const Actor *actor, struct buf *out);

/* FEP-1b12: who moderates a group, in one piece. */
MUST_CHECK enum err document_moderators(struct txn *txn, const Actor *group, struct buf *out);

MUST_CHECK enum err document_webfinger(const Actor *actor, const char *host, struct buf *out);
MUST_CHECK enum err document_host_meta(const char *base, struct buf *out);
MUST_CHECK enum err document_nodeinfo_index(const char *base, struct buf *out);
struct nodeinfo_facts {
    const char *version; /* of Ward */
    uint64_t users;
    uint64_t posts; /* of ours, public and unlisted: how much is private is nobody's business */
    bool is_open;   /* federation = open */
};
/* `version` "2.0" or "2.1" */
MUST_CHECK enum err document_nodeinfo(const struct nodeinfo_facts *facts, const char *version,
                                      struct buf *out);

#endif
