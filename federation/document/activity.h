/*
 * activity - the activities we send, as JSON: made once, queued as bytes, signed at send time.
 *
 * Every extension term is defined in the @context, inline or by a URL that JSON-LD processors carry
 * (quirks of peers that expand contexts: an unknown context URL loses the activity).
 *
 * Memory   JSON is appended to the caller's buf
 * Threads  pure
 * Errors   ERR_LIMIT the buf is full
 * Source   ActivityPub; ActivityStreams 2.0
 */
#ifndef WARD_FEDERATION_DOCUMENT_ACTIVITY_H
#define WARD_FEDERATION_DOCUMENT_ACTIVITY_H

#include "federation/federation.h"
#include "storage/base/buf.h"
#include "storage/schema.pb-c.h"

#define DOCUMENT_MAX_BYTES (1024 * 1024)

/* Follow, Like, Block, EmojiReact: object is a URI. Accept, Reject, Undo: inner is the activity
 * meant. */
struct plain_activity {
    const char *id, *type, *actor;
    const char *object;                 /* NULL: inner counts */
    const struct plain_activity *inner; /* one level */
    const char *to;                     /* one recipient; NULL: none written */
    const char *content;                /* the emoji of an EmojiReact; NULL: no such */
    const Emoji *emoji;                 /* that content names, when it is a custom one; or NULL */
    const char *audience;               /* the group it is done in (FEP-1b12); NULL: none */
    const char *target;                 /* of a Move, Add, Remove; NULL: no such */
};
MUST_CHECK enum err document_plain(const struct plain_activity *activity, struct buf *out);

/* Create with the note inside, Update likewise (id from updated_ms), Delete with a Tombstone. */
MUST_CHECK enum err document_create(const Post *post, const Actor *author, struct buf *out);
MUST_CHECK enum err document_update(const Post *post, const Actor *author, struct buf *out);
/* An Update that is no edit: an approval came or went `at_ms`. */
MUST_CHECK enum err document_update_at(const Post *post, const Actor *author, int64_t at_ms,
                                       struct buf *out);
MUST_CHECK enum err document_delete(const Post *post, const Actor *author, struct buf *out);
/* Update of a poll whose counts changed (id from told_ms): `updated` is of the text alone. */
MUST_CHECK enum err document_update_counts(const Post *post, const Actor *author, struct buf *out);
/* The Create of a vote, for the author of the poll alone. */
struct vote_document {
    const char *id; /* of the vote; its Create is /activity */
    const char *actor, *poll, *author, *choice;
    int64_t published_ms;
};
MUST_CHECK enum err document_vote(const struct vote_document *vote, struct buf *out);
/* `boost` is the boost's record (uri, to, cc, published), `object` the boosted post's URI. */
MUST_CHECK enum err document_announce(const Post *boost, const Actor *by, const char *object,
                                      struct buf *out);
/* FEP-1b12: what a group hands on to its members. */
struct announce {
    const char *id;
    bool is_open; /* to everyone, else to the group's followers alone */
    int64_t published_ms;
    struct bytes activity; /* JSON as it came; empty: `object` counts */
    const char *object;    /* a post's URI */
};
MUST_CHECK enum err document_announce_activity(const Actor *group, const struct announce *announce,
                                               struct buf *out);
/* Update of an actor, after a change of profile or keys. */
MUST_CHECK enum err document_update_actor(const Actor *actor, int64_t now_ms, struct buf *out);

/* A report for the moderators of another node. */
struct flag_document {
    const char *id, *actor, *about, *comment;
    char *const *posts; /* URIs */
    size_t post_count;
};
MUST_CHECK enum err document_flag(const struct flag_document *flag, struct buf *out);

#endif
