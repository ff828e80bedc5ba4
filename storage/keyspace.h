/*
 * keyspace - THE table of keys: what is stored where, and what that promises.
 *
 * Integers are big-endian, so byte order is number order. h(x) is a 128-bit keyed
 * hash (SipHash-2-4-128 under a key made at `ward init`), because a URI may exceed
 * LMDB's 511-byte key; the full text is in the value and compared. "text+id" is an
 * 8-byte id followed by the text.
 *
 * database       key                       value         written by            read by
 * meta           name                      bytes         meta_put              meta_get
 * actor          actor:8                   Actor         actor_put             actor_get
 * actor_uri      h(uri):16                 text+id       actor_put             actor_find
 * actor_handle   h(name@host):16           text+id       actor_put             actor_find_handle
 * key_uri        h(key id):16              text+id       actor_put             actor_find_key
 * account        actor:8                   Account       account_put           account_get
 * private_key    actor:8                   PrivateKeys   account_put_keys      account_keys
 * post           post:8                    Post          post_put              post_get
 * post_uri       h(uri):16                 text+id       post_put              post_find
 * post_history   post:8 replaced_ms:8      PostEdit      post_edit             post_history_next
 * orphan         h(uri):16 post:8          -             post_add              post_add
 * unquoted       h(uri):16 post:8          -             post_add              post_add
 * authorized     h(uri):16 post:8          -             post_add, ...         authorized_next
 * consent        owner:8 id:8              Consent       consent_put           consent_get
 * consent_of     post:8 kind:1 h(uri):16   owner:8 id:8  consent_put           consent_find
 * tombstone      h(uri):16                 Tombstone     post_delete, ...      tombstone_get
 * stream         kind:1 owner:8 post:8     -             stream_add            stream_next
 * edge           kind:1 who:8 whom:8       Edge          edge_add              edge_get, edge_next
 * edge_rev       kind:1 whom:8 who:8       -             edge_add              edge_rev_next
 * edge_order     kind:1 who:8 order:8      whom:8        edge_add              edge_order_next
 * edge_uri       h(uri):16                 kind:1 who:8 whom:8 uri  edge_add   edge_find
 * counter        kind:1 owner:8            count:8       counter_add           counter_get
 * notification   owner:8 id:8              Notification  notification_add      notification_next
 * notified       post:8 owner:8 type:1 from:8 text:8  id:8  notification_add  notification_drop
 * notification_request  owner:8 from:8 id:8  -      notification_add      request_next, request_get
 * peer           peer:8                    Peer          peer_put              peer_get, peer_next
 * peer_host      h(host):16                text+id       peer_put              peer_find
 * peer_health    peer:8                    PeerHealth    peer_put_health       peer_health
 * peer_due       next_ms:8 peer:8          -             outqueue, delivery    peer_due_next
 * outqueue       peer:8 seq:8              OutJob        outqueue_add          outqueue_next
 * outbody        body:8                    OutBody       outqueue_add_body     outqueue_body
 * ledger         subject:8 peer:8 seq:8    Delivery      ledger_*              ledger_next
 * parked         id:8                      Parked        parked_put            parked_get
 * parked_by      h(needs):16 id:8          -             parked_put            parked_next
 * want           h(uri):16                 Want          want_put              want_get
 * want_due       next_ms:8 h(uri):16       -             want_put              want_due_next
 * poll_due       due_ms:8 post:8           -             poll_put, post_*      poll_due_first
 * seen           h(activity id):16         Seen          seen_add              seen_get
 * fetched        post:8 peer:8             inbox         fetched_add           fetched_next
 * backfill       id:8                      Backfill      backfill_add          backfill_get
 * backfill_of    root post:8               id:8          backfill_add          backfill_find
 * backfill_run   id:8                      -             backfill_add          backfill_next
 * backfill_item  id:8 h(uri):16            BackfillItem  backfill_item_add     backfill_item_get
 * backfill_by    h(uri):16 id:8            -             backfill_item_want    backfill_wants
 * token          SHA-256(token):32         Token         token_create          token_find
 * token_id       token:8                   SHA-256:32    token_create          token_get
 * token_of       kind:1 owner:8 token:8    -             token_create          token_of_next
 * application    application:8             Application   application_add       application_get
 * auth_code      SHA-256(code):32          AuthCode      auth_code_add         auth_code_find
 * session        SHA-256(session):32       Session       session_add           session_find
 * audit          seq:8                     AuditRecord   audit_add             audit_next
 * media          media:8                   Media         media_add             media_get
 * emoji          shortcode                 OwnEmoji      own_emoji_add         own_emoji_get
 * emoji_media    media:8                   shortcode     own_emoji_add         own_emoji_find
 * follow_digest  actor:8 h(host):16        count:8 sum:32  edge_add, edge_del  follow_digest_get
 * report         report:8                  Report        report_add            report_next
 * report_of      about:8 report:8          -             report_add            report_add
 * event          seq:8                     Event         event_add             event_next
 * tag_follow     actor:8 tag_owner:8       tag           tag_follow_add        tag_follow_next
 * domain_block   actor:8 h(host):8         host          domain_block_add      domain_block_next
 * actor_word     origin:1 word 0 actor:8   -             actor_put             actor_word_next
 * marker         actor:8 kind:1            Marker        marker_put            marker_get
 * conversation   actor:8 post:8            ConversationMark  conversation_put  conversation_get
 * list           owner:8 list:8            List          list_add, list_put    list_get, list_next
 * filter         owner:8 filter:8          Filter        filter_add, ...       filter_get, ...
 * push           actor:8 token:8           PushSubscription  push_put           push_get
 * word           word_owner(word):8 post:8  -            post_add, post_edit   meet_next
 * idempotency    h(token key):16           Idempotency   idempotency_add       idempotency_get
 * scheduled      owner:8 id:8              Scheduled     scheduled_put         scheduled_get, ...
 * scheduled_due  due_ms:8 owner:8 id:8     -             scheduled_put         scheduled_due_first
 * card_wanted    post:8                    CardWanted    card_want             card_wanted_next
 *
 * Promises (check.c proves each)
 *  1 actor_uri, actor_handle and key_uri name existing actors that name them back; every actor
 *    has its actor_uri.
 *  2 every account has its actor, its private keys and a handle.
 *  3 post_uri and post name each other; every author exists; no post has a tombstone; a post
 *    has its orphan row exactly when it names a parent and has none here, its unquoted row exactly
 *    when it quotes a post that is not here, and an authorized row for each authorization it has.
 *  4 every stream entry names an existing post that belongs there, and every post is in each
 *    stream it belongs to. (A thread keeps its owner after the root was deleted.)
 *  5 every edge has its edge_rev and the reverse; edge_uri names an edge that names it back; an
 *    edge to a post names an existing post, and Edge.post the boost that stands for it. A follow
 *    has its edge NOTIFY exactly when it asks to be told.
 *  6 a counter equals the number of rows it counts; every notification has its notified row and
 *    the reverse, and names an existing post or none.
 *  7 peer_host and peer name each other; a peer with jobs has exactly one peer_due entry, at
 *    its health's next_attempt_ms; a peer without has none.
 *  8 outbody.references is the number of jobs that name it; no body without a job.
 *  9 a job with a subject has its ledger line in state QUEUED or RETRY, and such a line has its
 *    job.
 * 10 every parked item has its parked_by and its want; every want is due, by exactly one
 *    want_due at its next_attempt_ms, or is a negative-cache entry and not due.
 * 11 the audit records are numbered without a gap and each holds the hash of the one before;
 *    meta audit_head (seq:8 SHA-256:32) names the last.
 * 12 every record decodes; every id in a key equals the id in its value.
 * 13 consent and consent_of name each other; the post they are about exists and is its owner's.
 * 14 a media record names a post that has it as an attachment, and the reverse; or none, and waits;
 *    an avatar or header is its owner's; a preview and what it shows name each other.
 * 15 follow_digest counts the followers of an actor at a host, and its sum is the XOR of the
 *    SHA-256 of their URIs; there is no row of nobody.
 * 16 a poll that is due (poll_due_ms) has exactly one poll_due entry, at that time; one that is
 *    not has none. A poll of ours has as many voters as edges VOTE lead to it.
 * 17 report and report_of name each other; the accused exists.
 * 18 backfill and backfill_of name each other; a backfill has its backfill_run exactly while it has
 *    not ended, and items only then; an item has its backfill_by and its want exactly while it is
 *    wanted.
 * 19 emoji and emoji_media name each other.
 * 20 events are numbered without a gap, from wherever they begin.
 * 21 tag_follow and domain_block are of an account, and the key is that of the text.
 * 22 an actor who is not gone has an actor_word row for each word of its names, and no other.
 * 23 the owner of a list or filter has an account; whoever is in a list (edge LISTED) is its owner
 *    or followed by them.
 * 24 a marker, conversation or push subscription is of an actor of ours; the latter has its token.
 * 25 token, token_id and token_of name each other: every token has one row of its id, and one of
 *    each owner it has. The application it was given to exists.
 * 26 a post has a word row for each of its words (word.h), and no other.
 * 27 edge_order has a row for each edge that has an order, and no other.
 * 28 the key of an idempotency row is that of its token and text.
 * 29 a scheduled post is of an account, and has exactly one scheduled_due entry, at its due_ms,
 *    while it waits.
 * 30 notification_request has a row for each notification that is filtered, and no other.
 * 31 a card_wanted row is of a post of ours, which has no card.
 *
 * A new key is a new row, its promise and its check, in one commit.
 */
#ifndef WARD_STORAGE_KEYSPACE_H
#define WARD_STORAGE_KEYSPACE_H

#include "storage/base/base.h"

enum table {
    TABLE_META,
    TABLE_ACTOR,
    TABLE_ACTOR_URI,
    TABLE_ACTOR_HANDLE,
    TABLE_KEY_URI,
    TABLE_ACCOUNT,
    TABLE_PRIVATE_KEY,
    TABLE_POST,
    TABLE_POST_URI,
    TABLE_POST_HISTORY,
    TABLE_ORPHAN,
    TABLE_TOMBSTONE,
    TABLE_STREAM,
    TABLE_EDGE,
    TABLE_EDGE_REV,
    TABLE_EDGE_URI,
    TABLE_COUNTER,
    TABLE_NOTIFICATION,
    TABLE_NOTIFIED,
    TABLE_PEER,
    TABLE_PEER_HOST,
    TABLE_PEER_HEALTH,
    TABLE_PEER_DUE,
    TABLE_OUTQUEUE,
    TABLE_OUTBODY,
    TABLE_LEDGER,
    TABLE_PARKED,
    TABLE_PARKED_BY,
    TABLE_WANT,
    TABLE_WANT_DUE,
    TABLE_POLL_DUE,
    TABLE_SEEN,
    TABLE_FETCHED,
    TABLE_TOKEN,
    TABLE_AUDIT,
    TABLE_UNQUOTED,
    TABLE_AUTHORIZED,
    TABLE_CONSENT,
    TABLE_CONSENT_OF,
    TABLE_MEDIA,
    TABLE_FOLLOW_DIGEST,
    TABLE_REPORT,
    TABLE_REPORT_OF,
    TABLE_BACKFILL,
    TABLE_BACKFILL_OF,
    TABLE_BACKFILL_RUN,
    TABLE_BACKFILL_ITEM,
    TABLE_BACKFILL_BY,
    TABLE_EMOJI,
    TABLE_EMOJI_MEDIA,
    TABLE_EVENT,
    TABLE_TAG_FOLLOW,
    TABLE_DOMAIN_BLOCK,
    TABLE_ACTOR_WORD,
    TABLE_MARKER,
    TABLE_CONVERSATION,
    TABLE_LIST,
    TABLE_FILTER,
    TABLE_TOKEN_ID,
    TABLE_TOKEN_OF,
    TABLE_APPLICATION,
    TABLE_AUTH_CODE,
    TABLE_SESSION,
    TABLE_EDGE_ORDER,
    TABLE_PUSH,
    TABLE_WORD,
    TABLE_IDEMPOTENCY,
    TABLE_SCHEDULED,
    TABLE_SCHEDULED_DUE,
    TABLE_NOTIFICATION_REQUEST,
    TABLE_CARD_WANTED,
    TABLE_COUNT
};

/* "actor", "actor_uri", ...: the database's name on disk. Static memory. */
const char *table_name(enum table table);

/* A key under construction: at most 511 bytes (LMDB). */
#define KEY_MAX_BYTES 64
#define KEY_HASH_BYTES 16
struct key {
    uint8_t p[KEY_MAX_BYTES];
    size_t n;
};

void key_add_u8(struct key *key, uint8_t v);
void key_add_u64(struct key *key, uint64_t v);
void key_add_bytes(struct key *key, struct bytes v); /* asserts that it fits */
struct bytes key_bytes(const struct key *key);

/* Keys of one and of two ids. */
static inline struct key key_id(uint64_t id)
{
    struct key key = {0};
    key_add_u64(&key, id);
    return key;
}
static inline struct key key_ids(uint64_t first, uint64_t second)
{
    struct key key = key_id(first);
    key_add_u64(&key, second);
    return key;
}

/* Reads at `offset` and moves it on; ERR_CORRUPT when the key is too short. */
MUST_CHECK enum err key_read_u8(struct bytes key, size_t *offset, uint8_t *out);
MUST_CHECK enum err key_read_u64(struct bytes key, size_t *offset, uint64_t *out);

/* Streams: which ordered sets of post ids there are. */
enum stream_kind {
    STREAM_AUTHOR = 1, /* owner: actor. Everything they wrote or boosted, whatever its visibility */
    STREAM_PUBLIC = 2, /* owner: 0. Public posts of everyone known here; no boosts */
    STREAM_LOCAL = 3,  /* owner: 0. Public and local posts of our own actors; no boosts */
    STREAM_TAG = 4,    /* owner: tag_owner(tag). Public posts */
    STREAM_MENTION = 5, /* owner: actor. Posts that address them by name */
    STREAM_REPLY = 6,   /* owner: post. Its direct replies */
    STREAM_THREAD = 7,  /* owner: post. Everything whose thread_root it is, itself too */
    STREAM_BOOST = 8,   /* owner: post. The boosts of it (post records) */
    STREAM_GROUP = 9,   /* owner: group actor. What was posted to it */
    STREAM_QUOTE = 10,  /* owner: post. The posts that quote it */
    STREAM_DIRECT = 11, /* owner: actor. Direct posts they wrote, or that name them */
};

enum edge_kind {
    EDGE_FOLLOW = 1,         /* actor -> actor, accepted */
    EDGE_FOLLOW_REQUEST = 2, /* actor -> actor, not answered yet (either direction of travel) */
    EDGE_BLOCK = 3,          /* actor -> actor */
    EDGE_MUTE = 4,           /* actor -> actor */
    EDGE_LIKE = 5,           /* actor -> post */
    EDGE_BOOST = 6,          /* actor -> post; Edge.post is the boost's record */
    EDGE_BOOKMARK = 7,       /* actor -> post */
    EDGE_PIN = 8,            /* actor -> post */
    EDGE_REACTION = 9,       /* actor -> post; Edge.content the emoji: the last one stands */
    EDGE_VOTE = 10,          /* actor -> post (a poll); Edge.choices */
    EDGE_MODERATOR = 11,     /* actor -> group of ours */
    EDGE_BAN = 12,           /* actor -> group of ours: removed, may not come back by itself */
    EDGE_RELAY = 13,         /* our instance actor -> relay actor; Edge.post 1: accepted */
    EDGE_THREAD_MUTE = 14,   /* actor -> post: the root of a thread they are not told of */
    EDGE_NOTE = 15,          /* actor -> actor; Edge.content: what they noted, for themselves */
    EDGE_LISTED = 16,        /* list -> actor */
    EDGE_NOTIFY = 17,        /* actor -> actor: a follow with Edge.notify, to be found from whom */
    EDGE_ADMITTED = 18,      /* actor -> actor: whose notifications are let through */
};

enum counter_kind {
    COUNTER_FOLLOWERS = 1,   /* owner: actor; rows of edge_rev FOLLOW */
    COUNTER_FOLLOWING = 2,   /* owner: actor; rows of edge FOLLOW */
    COUNTER_LIKES = 3,       /* owner: post; rows of edge_rev LIKE */
    COUNTER_BOOSTS = 4,      /* owner: post; rows of edge_rev BOOST */
    COUNTER_REPLIES = 5,     /* owner: post; rows of stream REPLY */
    COUNTER_POSTS = 6,       /* owner: actor; posts of theirs that are no boosts */
    COUNTER_PARKED = 7,      /* owner: peer; parked items on its quota */
    COUNTER_QUEUED = 8,      /* owner: peer; rows of outqueue */
    COUNTER_DELIVERY = 9,    /* owner: DeliveryState; ever ended so (QUEUED: ever queued) */
    COUNTER_STORE = 10,      /* owner: enum store_count */
    COUNTER_REACTIONS = 11,  /* owner: post; rows of edge_rev REACTION */
    COUNTER_OPEN_POSTS = 12, /* owner: actor; COUNTER_POSTS, public and unlisted ones only */
    COUNTER_REPORTS = 20,    /* owner: peer, 0 for ours; reports of theirs that are open */
};

/* Whom COUNTER_STORE counts; boosts are no posts here. */
enum store_count {
    STORE_ACCOUNTS = 1,
    STORE_REMOTE_ACTORS = 2,
    STORE_LOCAL_POSTS = 3,
    STORE_REMOTE_POSTS = 4,
    STORE_OPEN_POSTS = 5, /* of ours, public and unlisted: what may be told to anyone */
    STORE_APPLICATIONS = 6,
};

#endif
