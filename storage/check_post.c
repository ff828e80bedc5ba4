#include "storage/check_rows.h"

#include "storage/consent.h"
#include "storage/edge.h"
#include "storage/poll.h"
#include "storage/post.h"
#include "storage/quote.h"
#include "storage/stream.h"
#include "storage/thread.h"

#include <string.h>

static Post *post_of(struct check *check, uint64_t id)
{
    return check_record(check, TABLE_POST, id, &post__descriptor);
}

static bool has_tag(struct check *check, const Post *post, uint64_t owner)
{
    for (size_t i = 0; i < post->n_tags; i++)
        if (tag_owner(check->txn, post->tags[i]) == owner)
            return true;
    return false;
}

static bool mentions(const Post *post, uint64_t actor)
{
    for (size_t i = 0; actor && i < post->n_mentions; i++)
        if (post->mentions[i]->actor == actor)
            return true;
    return false;
}

/* The rule of enum stream_kind: does the post belong in this stream? */
static bool belongs(struct check *check, const Post *post, enum stream_kind kind, uint64_t owner)
{
    bool is_boost = post->boost_of != 0;
    bool is_public = !is_boost && post->visibility == VISIBILITY__PUBLIC;
    bool is_ours =
        !is_boost && post->is_local && (is_public || post->visibility == VISIBILITY__LOCAL);
    switch (kind) {
    case STREAM_AUTHOR:
        return owner == post->author;
    case STREAM_PUBLIC:
        return owner == 0 && is_public;
    case STREAM_LOCAL:
        return owner == 0 && is_ours;
    case STREAM_TAG:
        return is_public && has_tag(check, post, owner);
    case STREAM_MENTION:
        return !is_boost && mentions(post, owner);
    case STREAM_REPLY:
        return owner && owner == post->in_reply_to;
    case STREAM_THREAD:
        return !is_boost && owner == post->thread_root;
    case STREAM_BOOST:
        return owner && owner == post->boost_of;
    case STREAM_GROUP:
        return owner && owner == post->group;
    case STREAM_QUOTE:
        return owner && owner == post->quote_of;
    case STREAM_DIRECT:
        return !is_boost && post->visibility == VISIBILITY__DIRECT &&
               (owner == post->author || mentions(post, owner));
    }
    return false;
}

static void must_be_in(struct check *check, const Post *post, enum stream_kind kind, uint64_t owner,
                       const char *name)
{
    if (belongs(check, post, kind, owner) &&
        !stream_has(check->txn, (struct stream_key){kind, owner}, (post_id){post->id}))
        check_wrong(check, "is not in its stream %s: %s", name, post->uri);
}

static void post_streams(struct check *check, const Post *post)
{
    must_be_in(check, post, STREAM_AUTHOR, post->author, "AUTHOR");
    must_be_in(check, post, STREAM_DIRECT, post->author, "DIRECT");
    must_be_in(check, post, STREAM_PUBLIC, 0, "PUBLIC");
    must_be_in(check, post, STREAM_LOCAL, 0, "LOCAL");
    must_be_in(check, post, STREAM_REPLY, post->in_reply_to, "REPLY");
    must_be_in(check, post, STREAM_THREAD, post->thread_root, "THREAD");
    must_be_in(check, post, STREAM_BOOST, post->boost_of, "BOOST");
    must_be_in(check, post, STREAM_GROUP, post->group, "GROUP");
    must_be_in(check, post, STREAM_QUOTE, post->quote_of, "QUOTE");
    for (size_t i = 0; i < post->n_tags; i++)
        must_be_in(check, post, STREAM_TAG, tag_owner(check->txn, post->tags[i]), "TAG");
    for (size_t i = 0; i < post->n_mentions; i++) {
        must_be_in(check, post, STREAM_MENTION, post->mentions[i]->actor, "MENTION");
        must_be_in(check, post, STREAM_DIRECT, post->mentions[i]->actor, "DIRECT");
    }
}

/* Of orphan, unquoted and authorized. */
static struct key uri_key(struct check *check, const char *uri, const Post *post)
{
    struct key key = {0};
    uint8_t hash[KEY_HASH_BYTES];
    text_hash(check->txn, uri, hash);
    key_add_bytes(&key, (struct bytes){hash, sizeof hash});
    key_add_u64(&key, post->id);
    return key;
}

static void post_quotes(struct check *check, const Post *post)
{
    const char *const given[] = {post->quote_approval_uri, post->reply_approval_uri};
    if (post->quote_of && !check_has(check, TABLE_POST, key_id(post->quote_of)))
        check_wrong(check, "quotes a post that does not exist: %s", post->uri);
    if (check_has(check, TABLE_UNQUOTED, uri_key(check, post->quote_uri, post)) !=
        quote_is_waiting(post))
        check_wrong(check, "%s: %s",
                    quote_is_waiting(post) ? "has no unquoted row" : "waits for no post to quote",
                    post->uri);
    for (size_t i = 0; i < COUNT(given); i++)
        if (given[i][0] && !check_has(check, TABLE_AUTHORIZED, uri_key(check, given[i], post)))
            check_wrong(check, "has no row for its authorization: %s", post->uri);
}

static void post_neighbours(struct check *check, const Post *post)
{
    Tombstone *tombstone;
    if (!check_has(check, TABLE_ACTOR, key_id(post->author)))
        check_wrong(check, "its author does not exist: %s", post->uri);
    if (post->boost_of && !check_has(check, TABLE_POST, key_id(post->boost_of)))
        check_wrong(check, "boosts a post that does not exist: %s", post->uri);
    if (post->in_reply_to && !check_has(check, TABLE_POST, key_id(post->in_reply_to)))
        check_wrong(check, "answers a post that does not exist: %s", post->uri);
    if (tombstone_get(check->txn, post->uri, &check->arena, &tombstone) == OK)
        check_wrong(check, "lives, and has a tombstone: %s", post->uri);
    if (check_has(check, TABLE_ORPHAN, uri_key(check, post->in_reply_to_uri, post)) !=
        thread_is_orphan(post))
        check_wrong(check, "%s: %s", thread_is_orphan(post) ? "has no orphan row" : "is no orphan",
                    post->uri);
    if (!post->boost_of && counter_get(check->txn, COUNTER_POSTS, post->author) == 0)
        check_wrong(check, "is not counted for its author: %s", post->uri);
    bool is_open =
        post->visibility == VISIBILITY__PUBLIC || post->visibility == VISIBILITY__UNLISTED;
    if (!post->boost_of && is_open &&
        counter_get(check->txn, COUNTER_OPEN_POSTS, post->author) == 0)
        check_wrong(check, "is not counted as open: %s", post->uri);
}

/* due:8 post:8, when the poll is due at all. */
static bool due_key_of(const Post *post, struct key *out)
{
    int64_t due_ms = post->poll ? poll_due_ms(post->poll) : 0;
    *out = key_ids(due_ms < 0 ? 0 : (uint64_t)due_ms, post->id);
    return due_ms != 0;
}

static enum err post_poll(struct check *check, const Post *post)
{
    struct key due, votes = {0};
    uint64_t voters;
    if (due_key_of(post, &due) && !check_has(check, TABLE_POLL_DUE, due))
        check_wrong(check, "its poll is due and has no poll_due: %s", post->uri);
    if (!post->poll || !post->is_local)
        return OK;
    key_add_u8(&votes, EDGE_VOTE);
    key_add_u64(&votes, post->id);
    enum err e = check_count(check, TABLE_EDGE_REV, votes, &voters);
    if (!e && voters != post->poll->voters)
        check_wrong(check, "its poll has %llu voters, there are %llu votes: %s",
                    (unsigned long long)post->poll->voters, (unsigned long long)voters, post->uri);
    return e;
}

enum err check_poll_due(struct check *check)
{
    struct key due;
    Post *post = post_of(check, check_key_u64(check, 8));
    if (!post || !due_key_of(post, &due))
        check_wrong(check, "names no poll that is due");
    else if (!bytes_equal(check->key, key_bytes(&due)))
        check_wrong(check, "is not when the poll is due: %s", post->uri);
    return OK;
}

enum err check_post(struct check *check)
{
    Post *post;
    post_id found = {0};
    if (!check_decode(check, &post__descriptor, &post))
        return OK;
    if (post->id != check_key_u64(check, 0))
        check_wrong(check, "the record has another id");
    if (check_trouble(post_find(check->txn, post->uri, &found)) || found.v != post->id)
        check_wrong(check, "post_uri does not name it: %s", post->uri);
    post_neighbours(check, post);
    post_quotes(check, post);
    post_streams(check, post);
    check_post_media(check, post);
    enum err e = check_post_words(check, post);
    return e ? e : post_poll(check, post);
}

enum err check_post_uri(struct check *check)
{
    uint64_t id;
    const char *uri = check_text(check, &id);
    if (!uri)
        return OK;
    Post *post = post_of(check, id);
    if (!post || strcmp(post->uri, uri) != 0)
        check_wrong(check, "names a post that %s: %s", post ? "has another URI" : "does not exist",
                    uri);
    return OK;
}

enum err check_post_history(struct check *check)
{
    PostEdit *edit;
    if (!check_decode(check, &post_edit__descriptor, &edit))
        return OK;
    if ((uint64_t)edit->replaced_ms != check_key_u64(check, 8))
        check_wrong(check, "the record has another time");
    if (!check_has(check, TABLE_POST, key_id(check_key_u64(check, 0))))
        check_wrong(check, "is of a post that does not exist");
    return OK;
}

enum err check_orphan(struct check *check)
{
    Post *post = post_of(check, check_key_u64(check, KEY_HASH_BYTES));
    if (!post)
        check_wrong(check, "names a post that does not exist");
    else if (!thread_is_orphan(post) || !check_hashes(check, post->in_reply_to_uri))
        check_wrong(check, "names a post that does not wait for this parent: %s", post->uri);
    return OK;
}

enum err check_unquoted(struct check *check)
{
    Post *post = post_of(check, check_key_u64(check, KEY_HASH_BYTES));
    if (!post)
        check_wrong(check, "names a post that does not exist");
    else if (!quote_is_waiting(post) || !check_hashes(check, post->quote_uri))
        check_wrong(check, "names a post that does not wait for this one: %s", post->uri);
    return OK;
}

enum err check_authorized(struct check *check)
{
    Post *post = post_of(check, check_key_u64(check, KEY_HASH_BYTES));
    if (!post)
        check_wrong(check, "names a post that does not exist");
    else if (!check_hashes(check, post->quote_approval_uri) &&
             !check_hashes(check, post->reply_approval_uri))
        check_wrong(check, "names a post without this authorization: %s", post->uri);
    return OK;
}

enum err check_consent(struct check *check)
{
    Consent *consent, *found;
    if (!check_decode(check, &consent__descriptor, &consent))
        return OK;
    if (consent->owner != check_key_u64(check, 0) || consent->id != check_key_u64(check, 8))
        check_wrong(check, "the record has another id");
    Post *post = post_of(check, consent->target);
    if (!post || post->author != consent->owner)
        check_wrong(check, "is about a post that %s", post ? "is another's" : "does not exist");
    if (consent_find(check->txn, (post_id){consent->target}, (enum consent_kind)consent->kind,
                     consent->object, &check->arena, &found) ||
        found->id != consent->id)
        check_wrong(check, "consent_of does not name it: %s", consent->object);
    return OK;
}

enum err check_consent_of(struct check *check)
{
    Consent *consent;
    if (record_get(check->txn, TABLE_CONSENT, check->value, &consent__descriptor, &check->arena,
                   &consent) ||
        consent->target != check_key_u64(check, 0) || consent->kind != check->key.p[8])
        check_wrong(check, "names a consent that does not exist, or is another");
    return OK;
}

enum err check_tombstone(struct check *check)
{
    Tombstone *tombstone;
    if (check_decode(check, &tombstone__descriptor, &tombstone) &&
        !check_hashes(check, tombstone->uri))
        check_wrong(check, "the key is not the hash of the URI: %s", tombstone->uri);
    return OK;
}

enum err check_stream(struct check *check)
{
    uint64_t owner = check_key_u64(check, 1);
    Post *post = post_of(check, check_key_u64(check, 9));
    if (!post)
        check_wrong(check, "names a post that does not exist");
    else if (!belongs(check, post, (enum stream_kind)check->key.p[0], owner))
        check_wrong(check, "the post does not belong in this stream: %s", post->uri);
    else if (check->key.p[0] == STREAM_REPLY &&
             counter_get(check->txn, COUNTER_REPLIES, owner) == 0)
        check_wrong(check, "the reply is not counted: %s", post->uri);
    return OK;
}

enum err check_notification(struct check *check)
{
    Notification *notification;
    if (!check_decode(check, &notification__descriptor, &notification))
        return OK;
    if (notification->id != check_key_u64(check, 8))
        check_wrong(check, "the record has another id");
    if (notification->post && !check_has(check, TABLE_POST, key_id(notification->post)))
        check_wrong(check, "names a post that does not exist");

    struct key same = key_ids(notification->post, check_key_u64(check, 0));
    uint8_t hash[KEY_HASH_BYTES] = {0};
    struct bytes id;
    uint64_t named = 0;
    size_t at = 0;
    if (notification->text[0])
        text_hash(check->txn, notification->text, hash);
    key_add_u8(&same, (uint8_t)notification->type);
    key_add_u64(&same, notification->from);
    key_add_bytes(&same, (struct bytes){hash, 8});
    if (engine_get(check->txn, TABLE_NOTIFIED, key_bytes(&same), &id) ||
        key_read_u64(id, &at, &named) || named != notification->id)
        check_wrong(check, "notified does not name it");
    struct key request = key_ids(check_key_u64(check, 0), notification->from);
    key_add_u64(&request, notification->id);
    if (notification->is_filtered && !check_has(check, TABLE_NOTIFICATION_REQUEST, request))
        check_wrong(check, "is filtered and stands in no request");
    return OK;
}

enum err check_notified(struct check *check)
{
    uint64_t id = 0, post = check_key_u64(check, 0), owner = check_key_u64(check, 8);
    size_t at = 0;
    struct key key;
    Notification *notification;
    bool same = key_read_u64(check->value, &at, &id) == OK;
    key = key_ids(owner, id);
    same = same && record_get(check->txn, TABLE_NOTIFICATION, key_bytes(&key),
                              &notification__descriptor, &check->arena, &notification) == OK;
    if (!same)
        check_wrong(check, "names a notification that does not exist");
    else if (notification->post != post || notification->from != check_key_u64(check, 17) ||
             notification->type != (NotificationType)check->key.p[16])
        check_wrong(check, "names a notification that says something else");
    return OK;
}

enum err check_fetched(struct check *check)
{
    if (!check_has(check, TABLE_POST, key_id(check_key_u64(check, 0))))
        check_wrong(check, "names a post that does not exist");
    return OK;
}
