/*
 * act - the acts, each with two doors and one room: federation/act/<verb>.c.
 *
 * Remote door: act_<verb>_remote(act, txn, ...) reads the store, decides, and sets act->apply; it
 * is called by ingest through act_find_remote. Local door: act_<verb>_local(fed, ..., by) is what
 * API and CLI call; it waits until the act is on disk. Both end in the same apply, inside a
 * mutation.
 *
 * Memory   an act owns its arena: everything apply needs was copied into it
 * Threads  doors: any thread; apply: the writer
 * Source   ActivityPub #server-to-server-interactions
 */
#ifndef WARD_FEDERATION_ACT_ACT_H
#define WARD_FEDERATION_ACT_ACT_H

#include "federation/as2.h"
#include "federation/federation.h"
#include "federation/markup.h"
#include "federation/uri.h"
#include "storage/actor.h"
#include "storage/peer.h"

#define ACT_ARENA_BYTES (12 * 1024 * 1024)

struct act {
    struct mutation mutation; /* first */
    struct arena arena;
    struct federation *fed;

    /* the remote door's input, set by ingest */
    const struct as2_activity *activity;
    actor_id who;         /* activity->actor: stored; its key verified the request, or its proof
                             the activity (forwarded.h) */
    struct bytes body;    /* the activity as it was sent */
    const char *who_host; /* host(X) */
    peer_id peer;         /* of who_host */
    const char *fetched;  /* this URI was fetched for it just now; NULL: none */
    int64_t now_ms;
    int64_t received_ms; /* earlier than now_ms when it waited for something */

    /* the remote door's output */
    enum err (*apply)(struct txn *txn, struct act *act); /* NULL: nothing to store */
    void *state;                                         /* the verb's own, in the arena */
    const char *outcome; /* static word for the log: "followed", "duplicate", "ignored: ..." */

    /* the inbox's own */
    peer_id sender;          /* whose key signed the request: not `peer` when it was forwarded */
    struct forward *forward; /* to be passed on (forward.h); NULL: not */
    bool is_hearsay;         /* its origin was asked instead: it is not remembered as received */
    SignatureScheme scheme;  /* the peer proved that it speaks it; UNTRIED: nothing proved */
    const char *synchronization; /* what the sender says of its followers; NULL: nothing */
    bool wants_followers;        /* the list is to be fetched */
    uint8_t body_digest[32];
    uint64_t parked; /* removed in the same transaction */
    void (*finished)(struct act *act, enum err e);
    void *context;
};

enum act_verdict {
    ACT_DONE,   /* apply it (or nothing, when apply is NULL), answer 202 */
    ACT_REJECT, /* answer `status` */
    ACT_NEEDS,  /* `needs` first */
};
struct act_answer {
    int status;
    const char *needs;
    WantKind needs_kind;
};

typedef enum act_verdict act_remote(struct act *act, struct txn *txn, struct act_answer *answer,
                                    struct why *why);

/* The remote door of an AS2 type; NULL: a type we tolerate and ignore. */
act_remote *act_find_remote(const char *type);

struct act *act_create(struct federation *fed);
void act_free(struct act **act);

/* Runs a local mutation: with its audit record in the same transaction (act_name "post.create",
 * object a URI or handle; NULL: none), waits until it is on disk, wakes the delivery. */
MUST_CHECK enum err act_run(struct federation *fed, struct mutation *m, const struct by *by,
                            const char *act_name, const char *object);

/* ---- the doors ---- */

act_remote act_request_remote;
act_remote act_post_remote, act_edit_remote, act_delete_remote, act_follow_remote,
    act_accept_remote, act_reject_remote, act_undo_remote, act_like_remote, act_boost_remote,
    act_react_remote, act_block_remote, act_move_remote, act_flag_remote, act_moderate_remote;
/* Add and Remove; what is no pin goes to act_moderate_remote. */
act_remote act_pin_remote;
/* A Like, whatever emoji it carries. */
act_remote act_like_plain;

struct post_media { /* a file of ours that is complete on disk */
    uint64_t id;
    /* An upload of the author's that waits (storage/media.h): its record says the rest. What is
     * not the author's, or is in a post already: ERR_NOTFOUND; not ready: ERR_LATER. */
    bool is_upload;
    const char *media_type, *blurhash;
    const char *description; /* alt text; NULL: none */
    uint32_t width, height;
    uint64_t size;
    float focus_x, focus_y; /* -1..1 */
};

bool act_is_language(const char *text); /* made as BCP 47 has it; whether it exists is not asked */

struct post_translation {
    const char *language, *source; /* BCP 47; Markdown */
};

/* A request that may be sent again (storage/idempotency.h). */
struct post_once {
    uint64_t token;
    const char *key; /* NULL: it is not said which */
};

struct post_draft {
    actor_id author;
    struct post_once once;
    uint64_t scheduled; /* it is this one's time (storage/scheduled.h); 0: posted at once */
    const char *source; /* "" with media or a poll alone */
    enum markup_syntax syntax;
    const char *summary, *language;
    bool is_sensitive;       /* it is whenever it has a summary */
    bool may_address_nobody; /* DIRECT without a recipient: a note to oneself */
    uint64_t application;    /* it was written with; 0: none */
    Visibility visibility;
    post_id in_reply_to;             /* 0: none */
    post_id quote_of;                /* 0: none */
    const InteractionPolicy *policy; /* what it does not say: as the account's own */
    actor_id group;                  /* 0: the one it mentions or answers in, if any */
    const char *const *to;           /* further handles addressed, as typed */
    size_t to_count;
    int64_t published_ms; /* 0: now */
    const struct post_media *media;
    size_t media_count;
    const struct post_translation *translations; /* of `source`, in other languages */
    size_t translation_count;
    const char *const *options; /* of a poll, 2 to AS2_OPTIONS_MAX; none: no poll */
    size_t option_count;
    bool is_multiple;
    int64_t poll_ends_ms; /* 0: never */
};

/*
 * Local doors. Handles in the text or in `to` that are not known are looked up when
 * `resolve` is given (it may wait for the network: CLI), else left as text.
 * Errors: ERR_INVALID the draft; ERR_DENIED not yours, or not allowed; ERR_NOTFOUND no such thing;
 * ERR_EXISTS (of act_post_local, with *out) draft->once was used before, for that post.
 */
typedef enum err act_resolve(struct federation *fed, const char *handle, actor_id *out,
                             struct why *why);

MUST_CHECK enum err act_post_local(struct federation *fed, const struct post_draft *draft,
                                   act_resolve *resolve, const struct by *by, post_id *out,
                                   struct why *why);
/*
 * A draft that is posted at `due_ms`; what it says is looked at then. What could not be posted
 * stays, with the reason (schedule.h). draft->once counts here. ERR_EXISTS as above; ERR_LIMIT: the
 * account has SCHEDULED_MAX. reschedule: another time. Both are told to nobody.
 */
MUST_CHECK enum err act_schedule_local(struct federation *fed, const struct post_draft *draft,
                                       int64_t due_ms, const struct by *by, uint64_t *out,
                                       struct why *why);
MUST_CHECK enum err act_reschedule_local(struct federation *fed, actor_id who, uint64_t scheduled,
                                         int64_t due_ms, const struct by *by, struct why *why);
MUST_CHECK enum err act_unschedule_local(struct federation *fed, actor_id who, uint64_t scheduled,
                                         const struct by *by, struct why *why);
/* What an edit changes; NULL (sensitive: negative): it stays. */
struct edit_media {
    uint64_t id;             /* an attachment of the post, or an upload */
    const char *description; /* NULL: stays */
    bool has_focus;
    float focus_x, focus_y;
};
struct edit_draft {
    const char *source, *summary, *language;
    enum markup_syntax syntax;
    int is_sensitive;
    const struct edit_media *media; /* all of them, in their order */
    size_t media_count;
    const struct post_draft *poll; /* its poll: with other options the votes are lost */
};
MUST_CHECK enum err act_edit_draft_local(struct federation *fed, actor_id who, post_id post,
                                         const struct edit_draft *draft, act_resolve *resolve,
                                         const struct by *by, struct why *why);
MUST_CHECK enum err act_edit_local(struct federation *fed, actor_id who, post_id post,
                                   const char *source, const char *summary, act_resolve *resolve,
                                   const struct by *by, struct why *why);
MUST_CHECK enum err act_delete_local(struct federation *fed, actor_id who, post_id post,
                                     const struct by *by, struct why *why);
/* A post of ours (id or URI), living or deleted, is taken back from everyone who had it; done
 * again, those who did not confirm are asked again. recall.h tells who did. */
MUST_CHECK enum err act_recall_local(struct federation *fed, const char *post, const struct by *by,
                                     struct why *why);
/* The author of ours answers a request (consent.h) by its id; an approval given is taken back by a
 * decline. */
MUST_CHECK enum err act_approve_local(struct federation *fed, actor_id owner, uint64_t id,
                                      const struct by *by, struct why *why);
MUST_CHECK enum err act_decline_local(struct federation *fed, actor_id owner, uint64_t id,
                                      const struct by *by, struct why *why);
MUST_CHECK enum err act_follow_local(struct federation *fed, actor_id who, actor_id whom,
                                     const struct by *by, struct why *why);
#define FOLLOW_LANGUAGES_MAX 32
struct follow_terms { /* what of somebody is wanted */
    enum act_follow_with {
        ACT_FOLLOW_AS_BEFORE,
        ACT_FOLLOW_WITH,
        ACT_FOLLOW_WITHOUT
    } boosts,
        notify; /* of each post */
    bool sets_languages;
    const char *const *languages; /* only posts in these; none: in all */
    size_t language_count;
};
/* Follows, or changes the terms of a follow there is. NULL: as act_follow_local. */
MUST_CHECK enum err act_follow_on_terms_local(struct federation *fed, actor_id who, actor_id whom,
                                              const struct follow_terms *terms, const struct by *by,
                                              struct why *why);
MUST_CHECK enum err act_unfollow_local(struct federation *fed, actor_id who, actor_id whom,
                                       const struct by *by, struct why *why);
/* Answers a pending follow request of `whom` (ours) by `who`. */
MUST_CHECK enum err act_accept_local(struct federation *fed, actor_id whom, actor_id who,
                                     const struct by *by, struct why *why);
MUST_CHECK enum err act_reject_local(struct federation *fed, actor_id whom, actor_id who,
                                     const struct by *by, struct why *why);
MUST_CHECK enum err act_like_local(struct federation *fed, actor_id who, post_id post,
                                   const struct by *by, struct why *why);
MUST_CHECK enum err act_unlike_local(struct federation *fed, actor_id who, post_id post,
                                     const struct by *by, struct why *why);
/* `emoji`: one Unicode emoji, or a ":shortcode:" of ours. It takes the place of the one before.
 * ERR_EXISTS: it is that already.
 */
MUST_CHECK enum err act_react_local(struct federation *fed, actor_id who, post_id post,
                                    const char *emoji, const struct by *by, struct why *why);
MUST_CHECK enum err act_unreact_local(struct federation *fed, actor_id who, post_id post,
                                      const struct by *by, struct why *why);
#define ACT_PINS_MAX 5 /* of one of ours */
/* Shown first, and in `featured`. ERR_DENIED: not one's own, or not for everyone. ERR_LIMIT: too
 * many. */
MUST_CHECK enum err act_pin_local(struct federation *fed, actor_id who, post_id post,
                                  const struct by *by, struct why *why);
MUST_CHECK enum err act_unpin_local(struct federation *fed, actor_id who, post_id post,
                                    const struct by *by, struct why *why);
/* `choices`: texts of options, or their numbers from 1. ERR_EXISTS: voted before. */
MUST_CHECK enum err act_vote_local(struct federation *fed, actor_id who, post_id post,
                                   const char *const *choices, size_t n, const struct by *by,
                                   struct why *why);
MUST_CHECK enum err act_boost_local(struct federation *fed, actor_id who, post_id post,
                                    const struct by *by, post_id *out, struct why *why);
MUST_CHECK enum err act_unboost_local(struct federation *fed, actor_id who, post_id post,
                                      const struct by *by, struct why *why);

/* What one of ours keeps for themselves: a bookmark; no notifications from the thread of a post.
 * ERR_EXISTS, ERR_NOTFOUND: it is so already. */
MUST_CHECK enum err act_bookmark_local(struct federation *fed, actor_id who, post_id post,
                                       const struct by *by, struct why *why);
MUST_CHECK enum err act_unbookmark_local(struct federation *fed, actor_id who, post_id post,
                                         const struct by *by, struct why *why);
MUST_CHECK enum err act_mute_thread_local(struct federation *fed, actor_id who, post_id post,
                                          const struct by *by, struct why *why);
MUST_CHECK enum err act_unmute_thread_local(struct federation *fed, actor_id who, post_id post,
                                            const struct by *by, struct why *why);

/* A block also ends the follows both ways. Whether the target's node is told is the blocker's
 * choice; nobody is by default. ERR_EXISTS, ERR_NOTFOUND: it is so already. */
enum act_block_telling { ACT_BLOCK_UNTOLD, ACT_BLOCK_TOLD };
MUST_CHECK enum err act_block_local(struct federation *fed, actor_id who, actor_id whom,
                                    enum act_block_telling telling, const struct by *by,
                                    struct why *why);
MUST_CHECK enum err act_unblock_local(struct federation *fed, actor_id who, actor_id whom,
                                      const struct by *by, struct why *why);
MUST_CHECK enum err act_mute_local(struct federation *fed, actor_id who, actor_id whom,
                                   const struct by *by, struct why *why);
struct mute_terms {
    int64_t until_ms; /* 0: for good */
    bool hides_notifications;
};
/* Muted already: from now on on these terms. NULL: for good, with notifications (ERR_EXISTS). */
MUST_CHECK enum err act_mute_on_terms_local(struct federation *fed, actor_id who, actor_id whom,
                                            const struct mute_terms *terms, const struct by *by,
                                            struct why *why);
MUST_CHECK enum err act_unmute_local(struct federation *fed, actor_id who, actor_id whom,
                                     const struct by *by, struct why *why);

/* One of ours wants nothing from a host (host(X)): neither side follows the other any more, posts
 * and what is done there are not shown. ERR_EXISTS, ERR_NOTFOUND: it is so already. */
MUST_CHECK enum err act_block_domain_local(struct federation *fed, actor_id who, const char *host,
                                           const struct by *by, struct why *why);
MUST_CHECK enum err act_unblock_domain_local(struct federation *fed, actor_id who, const char *host,
                                             const struct by *by, struct why *why);

/*
 * Moving. An account of ours names what other accounts its person has (alias), and says that it
 * moved: to a target that names it in turn, as it was fetched last (resolve_actor_afresh). From
 * then on it writes nothing; target 0 takes that back. Whoever here follows somebody who moved has
 * an offer (a notification MOVED): accepting it follows the new account and, once that is accepted,
 * unfollows the old one.
 */
MUST_CHECK enum err act_alias_local(struct federation *fed, actor_id who, const char *uri,
                                    bool is_named, const struct by *by, struct why *why);
MUST_CHECK enum err act_move_local(struct federation *fed, actor_id who, actor_id target,
                                   const struct by *by, struct why *why);
MUST_CHECK enum err act_moved_accept_local(struct federation *fed, actor_id who, actor_id old,
                                           const struct by *by, struct why *why);
MUST_CHECK enum err act_moved_dismiss_local(struct federation *fed, actor_id who, actor_id old,
                                            const struct by *by, struct why *why);

/* What one of ours tells the moderators: ours, and (forwarded, by the node and without the name)
 * those of the accused's node. ERR_EXISTS: an open one says the same. */
#define REPORT_POSTS_MAX 64
struct report_draft {
    actor_id from, about;
    const post_id *posts; /* of `about` */
    size_t post_count;
    const char *comment; /* may be "" when a category or a post says enough */
    bool is_forwarded;
    ReportCategory category;
    const char *const *rules; /* ids of rules of this node */
    size_t rule_count;
};
MUST_CHECK enum err act_report_local(struct federation *fed, const struct report_draft *draft,
                                     const struct by *by, uint64_t *out, struct why *why);
enum act_report_end { ACT_REPORT_RESOLVED, ACT_REPORT_OPEN };
MUST_CHECK enum err act_report_resolve(struct federation *fed, uint64_t report,
                                       enum act_report_end end, const struct by *by,
                                       struct why *why);

/* A custom emoji; its picture was made before (node/media/media.h). ERR_EXISTS, ERR_NOTFOUND: it is
 * so already. */
MUST_CHECK enum err act_emoji_add_local(struct federation *fed, const char *shortcode,
                                        uint64_t media, const char *media_type, const struct by *by,
                                        struct why *why);
MUST_CHECK enum err act_emoji_remove_local(struct federation *fed, const char *shortcode,
                                           const struct by *by, struct why *why);

struct account_draft {
    const char *name, *display_name, *password; /* password NULL: cannot sign in with one */
    Role role;
    ActorType type;
    bool is_locked;       /* follow requests need approval */
    bool is_members_only; /* a group: nobody but its followers reads it; it is locked then */
};
/* Makes an account with its actor and both key pairs (takes up to a second). */
MUST_CHECK enum err act_account_create(struct federation *fed, const struct account_draft *draft,
                                       const struct by *by, actor_id *out, struct why *why);

/*
 * What is done with a group of ours: members and posts go, for good until they are let in again;
 * moderators, ours or another node's, may do the same from where they are (FEP-1b12).
 * ERR_NOTFOUND: `group` is no group of ours, or the other is not what it should be there.
 */
MUST_CHECK enum err act_group_remove_local(struct federation *fed, actor_id group, actor_id member,
                                           const struct by *by, struct why *why);
MUST_CHECK enum err act_group_unban_local(struct federation *fed, actor_id group, actor_id whom,
                                          const struct by *by, struct why *why);
MUST_CHECK enum err act_group_appoint_local(struct federation *fed, actor_id group, actor_id whom,
                                            const struct by *by, struct why *why);
MUST_CHECK enum err act_group_dismiss_local(struct federation *fed, actor_id group, actor_id whom,
                                            const struct by *by, struct why *why);
MUST_CHECK enum err act_group_delete_post_local(struct federation *fed, actor_id group,
                                                post_id post, const struct by *by, struct why *why);

struct profile_field {
    const char *name, *value; /* text; addresses in the value become links */
};
#define ACCOUNT_FIELDS_MAX 6
enum account_flag { ACCOUNT_FLAG_STAYS, ACCOUNT_FLAG_YES, ACCOUNT_FLAG_NO };

struct account_edit { /* NULL, or negative: stays as it is */
    const char *display_name;
    const char *bio; /* Markdown, or plain text */
    bool is_bio_plain;
    int is_locked;                   /* follow requests need approval */
    const InteractionPolicy *policy; /* of new posts; what it does not say stays */
    enum account_flag bot, discoverable, indexable;
    enum account_flag hides_collections; /* whom they follow, and who follows them */
    const struct profile_field *fields;  /* all of them */
    size_t field_count;
    const struct post_media *avatar, *header; /* id 0: none from now on */
    const Visibility *visibility;             /* of new posts */
    enum account_flag sensitive;              /* new media */
    const char *language;                     /* of new posts; "": none */
};
/* Changes what others see of an account, and tells its followers. */
MUST_CHECK enum err act_account_edit(struct federation *fed, actor_id who,
                                     const struct account_edit *edit, const struct by *by,
                                     struct why *why);
/* The account goes, with its posts and relations, here and (by a Delete to every inbox we know) on
 * every peer. The name is never given again. Cut short, what is left stays hidden. */
MUST_CHECK enum err act_account_delete(struct federation *fed, actor_id who, const struct by *by,
                                       struct why *why);
/* The instance actor of a fresh store. */
MUST_CHECK enum err act_instance_create(struct federation *fed, const struct by *by,
                                        struct why *why);

/* Stores a note that came from its origin or its author: shared by Create, fetched objects.
 * `author` is stored; sanitises, finds visibility, mentions, tags; the record is in the arena. */
MUST_CHECK enum err act_post_from_note(struct act *act, struct txn *txn,
                                       const struct as2_note *note, actor_id author, Post **out,
                                       struct why *why);
/* post_add with its notifications. */
MUST_CHECK enum err act_post_store(struct txn *txn, Post *post, int64_t now_ms);
/* The same without notifications: what is fetched later is no news. */
MUST_CHECK enum err act_post_store_quietly(struct txn *txn, Post *post, int64_t now_ms);

#endif
