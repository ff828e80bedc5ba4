/*
 * as2 - ActivityStreams 2 from bytes to typed structs: activity, note, actor. JSON ends here.
 *
 * Tolerates what servers really send (any type in any place, id or object, one or many, maps
 * beside strings, as:Public in three spellings) and normalises it: absent is NULL or 0, lists are
 * lists, the public collection is AS2_PUBLIC. `@context` is never fetched. Refused are what would
 * mean one thing here and another elsewhere: @graph, @included, @reverse, and an own @context that
 * remaps a term we use (T35).
 *
 * Units    Unix milliseconds
 * Memory   everything lives in the caller's arena; the JSON tree is gone on return
 * Threads  pure
 * Errors   ERR_INVALID not usable (400); ERR_LIMIT depth, tokens, or arena (400)
 * Source   ActivityStreams 2.0; ActivityPub; FEP-044f, FEP-1b12, FEP-521a, FEP-844e, FEP-e232;
 *          threats T31-T35, T48, T55-T58, T89
 */
#ifndef WARD_FEDERATION_AS2_H
#define WARD_FEDERATION_AS2_H

#include "storage/base/arena.h"
#include "storage/schema.pb-c.h"

#define AS2_PUBLIC "https://www.w3.org/ns/activitystreams#Public"
#define AS2_DEPTH_MAX 64
#define AS2_TOKENS_MAX 50000 /* without it 1 MiB of JSON costs 79 MiB of heap */
#define AS2_STRING_MAX 65536 /* longer content is cut, longer ids refused */
#define AS2_RECIPIENTS_MAX 256
#define AS2_TAGS_MAX 64
#define AS2_ATTACHMENTS_MAX 16
#define AS2_FIELDS_MAX 16  /* of a profile */
#define AS2_KEYS_MAX 16    /* of an actor */
#define AS2_OPTIONS_MAX 20 /* of a poll */
#define AS2_LANGUAGES_MAX 8
#define AS2_POLICY_MAX 16  /* URIs of one entry of an interactionPolicy */
#define AS2_OBJECTS_MAX 64 /* of a Flag */
#define AS2_ALIASES_MAX 16 /* alsoKnownAs */
#define AS2_ITEMS_MAX 500  /* of a collection page */
#define AS2_KEY_MAX 8192
#define AS2_ARENA_BYTES (8 * 1024 * 1024) /* enough for any body within the limits above */

struct as2_list { /* strings */
    const char **item;
    size_t n;
};

struct as2_tag {
    enum { AS2_MENTION, AS2_HASHTAG, AS2_EMOJI } kind;
    const char *name; /* as sent: "@bob@host", "#tag", ":shortcode:" */
    const char *href; /* mention: the actor; emoji: the image */
};

struct as2_attachment {
    const char *url, *media_type, *description, *blurhash;
    uint32_t width, height;
    float focus_x, focus_y;
};

struct as2_text {
    const char *language, *text;
};

struct as2_poll { /* Question: oneOf, anyOf */
    struct {
        const char *name;
        uint64_t votes;
    } * options;
    size_t option_count;
    bool is_multiple;
    int64_t ends_ms, closed_ms; /* 0: never, not yet. Closed, nobody says when: 1 */
    uint64_t voters;
};

/* One entry of an interactionPolicy: URIs, as sent (AS2_PUBLIC, an actor, a collection). */
struct as2_interaction {
    bool is_said;
    struct as2_list automatic, manual;
};
struct as2_policy { /* canReply, canAnnounce, canQuote, canLike */
    struct as2_interaction reply, boost, quote, like;
};

/* Anything that is shown: Note, Article, Question, Page, Image, Video, Audio, Event, Document. */
struct as2_note {
    const char *id, *type, *attributed_to;
    const char *content;      /* as sent: not sanitised yet */
    const char *content_type; /* mediaType: NULL or "text/html", seldom "text/markdown" */
    const char *language;     /* of content, from contentMap */
    const char *summary, *name, *url, *in_reply_to, *context, *quote;
    const char *source, *source_type; /* rarely wanted */
    const char *replies;              /* its collection of replies, by id */
    const char *quote_authorization;  /* FEP-044f quoteAuthorization */
    const char *reply_authorization;  /* replyAuthorization, older: approvedBy */
    const char *location;             /* of an Event, by name */
    struct as2_list to, cc;           /* bto and bcc are dropped on sight */
    struct as2_list audience;         /* FEP-1b12: the group; others: whatever they like */
    struct as2_text *translations;    /* content in other languages than `language` */
    size_t translation_count;
    struct as2_poll *poll; /* NULL: not a Question */
    struct as2_policy policy;
    int64_t starts_ms, ends_ms; /* of an Event */
    struct as2_tag *tags;
    size_t tag_count;
    struct as2_attachment *attachments;
    size_t attachment_count;
    bool is_sensitive;
    bool is_cut;          /* a limit above shortened it */
    int64_t published_ms; /* 0: absent or absurd */
    int64_t updated_ms;
};

struct as2_key {
    const char *id, *owner;      /* owner NULL: the enclosing actor */
    const char *pem, *multibase; /* one of them */
};

struct as2_actor {
    const char *id;
    ActorType type;
    const char *username; /* NULL: none that can be part of a handle */
    const char *name, *summary, *url;
    const char *inbox, *outbox, *followers, *following, *featured, *shared_inbox;
    const char *icon, *image, *moved_to;
    struct as2_list also_known_as;
    struct as2_key *keys; /* publicKey (one or many) and assertionMethod Multikeys */
    size_t key_count;
    struct {
        const char *name, *value;
    } * fields;
    size_t field_count;
    struct as2_tag *emoji; /* AS2_EMOJI only */
    size_t emoji_count;
    const char *moderators;            /* of a Group: attributedTo, a collection */
    bool knows_rfc9421, knows_ed25519; /* FEP-844e: generator.implements */
    bool is_locked, is_discoverable, is_indexable, is_suspended;
    int64_t published_ms;
};

enum as2_object_kind {
    AS2_OBJECT_NONE,
    AS2_OBJECT_ID,       /* object_id only */
    AS2_OBJECT_NOTE,     /* note is set */
    AS2_OBJECT_ACTOR,    /* person is set */
    AS2_OBJECT_ACTIVITY, /* inner is set, one level only: its own object is an id or a note */
    AS2_OBJECT_TOMBSTONE,
    AS2_OBJECT_OTHER, /* object_type says what */
};

struct as2_activity {
    const char *id;    /* NULL: has none */
    const char *type;  /* the first known one of several; "" never: absent is ERR_INVALID */
    const char *actor; /* NULL in an inner one only */
    struct as2_list to, cc;
    const char *target, *content;
    const char *instrument;           /* by id: QuoteRequest, ReplyRequest: the new post */
    struct as2_note *instrument_note; /* the same, when it is embedded; NULL: it is not */
    const char *result;               /* by id: Accept: the authorization that was given */
    const char *icon;                 /* a reaction's custom emoji: the image of its Emoji tag */
    struct as2_list objects;          /* ids of all of them (Flag); object_id is the first */
    struct as2_note *notes; /* all embedded ones (GoToSocial's votes); the first is *note */
    size_t note_count;
    enum as2_object_kind object_kind;
    const char *object_id; /* of whatever kind; NULL: has none */
    const char *object_type;
    struct as2_note *note;
    struct as2_actor *person;
    struct as2_activity *inner;
    struct bytes
        inner_json; /* the embedded object as it was sent, when it has a proof of its own */
    bool has_proof; /* FEP-8b32: says nothing until proof.h verified it */
    int64_t published_ms;
};

/* Depth and tokens, before any parsing (T55, T56). */
MUST_CHECK enum err as2_prescan(struct bytes body, struct why *why);

MUST_CHECK enum err as2_decode_activity(struct bytes body, struct arena *arena,
                                        struct as2_activity *out, struct why *why);

/* A document that was fetched: whichever it is. */
struct as2_document {
    enum {
        AS2_DOCUMENT_ACTOR,
        AS2_DOCUMENT_KEY,
        AS2_DOCUMENT_NOTE,
        AS2_DOCUMENT_ACTIVITY,
        AS2_DOCUMENT_COLLECTION,
        AS2_DOCUMENT_TOMBSTONE,
        AS2_DOCUMENT_OTHER,
    } kind;
    const char *id, *type;
    struct as2_actor actor;
    struct as2_key key;
    struct as2_note note;
    struct as2_activity activity;
    /* OTHER, an authorization: who gave it, to what, to interact with what (FEP-044f) */
    const char *attributed_to, *interacting_object, *interaction_target;
    struct as2_list items;    /* collection: ids of the items on this page, embedded or not */
    const char *first, *next; /* collection pages */
    int64_t total_items;      /* -1: not said */
};
MUST_CHECK enum err as2_decode_document(struct bytes body, struct arena *arena,
                                        struct as2_document *out, struct why *why);

/* JRD (RFC 7033): the subject and the one `self` link of an ActivityStreams type (T34). */
MUST_CHECK enum err as2_decode_webfinger(struct bytes body, struct arena *arena,
                                         const char **out_subject, const char **out_self,
                                         struct why *why);

bool as2_list_has(const struct as2_list *list, const char *text);

#endif
