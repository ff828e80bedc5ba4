#include "storage/post.h"
#include "storage/media.h"

#include "storage/actor.h"
#include "storage/card.h"
#include "storage/consent.h"
#include "storage/edge.h"
#include "storage/event.h"
#include "storage/host.h"
#include "storage/notification.h"
#include "storage/poll.h"
#include "storage/quote.h"
#include "storage/stream.h"
#include "storage/thread.h"
#include "storage/word.h"

#include <string.h>

#define POST_ARENA_BYTES (4 << 20) /* a record was a document of 1 MiB at most */

enum err post_get(struct txn *txn, post_id id, struct arena *arena, Post **out)
{
    struct key key = key_id(id.v);
    return record_get(txn, TABLE_POST, key_bytes(&key), &post__descriptor, arena, out);
}

enum err post_find(struct txn *txn, const char *uri, post_id *out)
{
    return text_index_find(txn, TABLE_POST_URI, uri, &out->v);
}

static enum err post_exists(struct txn *txn, uint64_t id, bool *out)
{
    struct key key = key_id(id);
    struct bytes any;
    enum err e = engine_get(txn, TABLE_POST, key_bytes(&key), &any);
    *out = e == OK;
    return e == ERR_NOTFOUND ? OK : e;
}

/* What streams say twice (a tag named twice) or no more is no error. */
static enum err stream_set(struct txn *txn, enum stream_kind kind, uint64_t owner, uint64_t post,
                           bool present)
{
    struct stream_key key = {kind, owner};
    enum err e =
        present ? stream_add(txn, key, (post_id){post}) : stream_del(txn, key, (post_id){post});
    return e == ERR_EXISTS || e == ERR_NOTFOUND ? OK : e;
}

/* The streams an edit can change: who and what is named in the text. */
static enum err named_streams_set(struct txn *txn, const Post *post, bool present)
{
    enum err e = OK;
    for (size_t i = 0; !e && post->visibility == VISIBILITY__PUBLIC && i < post->n_tags; i++)
        e = stream_set(txn, STREAM_TAG, tag_owner(txn, post->tags[i]), post->id, present);
    for (size_t i = 0; !e && i < post->n_mentions; i++) {
        uint64_t whom = post->mentions[i]->actor;
        if (whom)
            e = stream_set(txn, STREAM_MENTION, whom, post->id, present);
        if (!e && whom && whom != post->author && post->visibility == VISIBILITY__DIRECT)
            e = stream_set(txn, STREAM_DIRECT, whom, post->id, present);
    }
    return e;
}

static enum err streams_set(struct txn *txn, const Post *post, bool present)
{
    bool is_public = post->visibility == VISIBILITY__PUBLIC;
    bool is_ours = post->is_local && (is_public || post->visibility == VISIBILITY__LOCAL);
    enum err e = stream_set(txn, STREAM_AUTHOR, post->author, post->id, present);
    if (e)
        return e;
    if (post->boost_of)
        return stream_set(txn, STREAM_BOOST, post->boost_of, post->id, present);
    if (post->visibility == VISIBILITY__DIRECT &&
        (e = stream_set(txn, STREAM_DIRECT, post->author, post->id, present)))
        return e;
    if (is_public && (e = stream_set(txn, STREAM_PUBLIC, 0, post->id, present)))
        return e;
    if (is_ours && (e = stream_set(txn, STREAM_LOCAL, 0, post->id, present)))
        return e;
    if (post->group && (e = stream_set(txn, STREAM_GROUP, post->group, post->id, present)))
        return e;
    if (post->quote_of && (e = stream_set(txn, STREAM_QUOTE, post->quote_of, post->id, present)))
        return e;
    return named_streams_set(txn, post, present);
}

static bool is_open(const Post *post)
{
    return post->visibility == VISIBILITY__PUBLIC || post->visibility == VISIBILITY__UNLISTED;
}

/* How many posts are no secret. */
static enum err count_open(struct txn *txn, const Post *post, int by)
{
    if (post->boost_of || !is_open(post))
        return OK;
    enum err e = counter_add(txn, COUNTER_OPEN_POSTS, post->author, by);
    return e || !post->is_local ? e : counter_add(txn, COUNTER_STORE, STORE_OPEN_POSTS, by);
}

enum err post_streams_change(struct txn *txn, const Post *before, const Post *after)
{
    enum err e = streams_set(txn, before, false);
    if (!e)
        e = streams_set(txn, after, true);
    if (!e)
        e = count_open(txn, before, -1);
    return e ? e : count_open(txn, after, 1);
}

static enum err count(struct txn *txn, const Post *post, int by)
{
    if (post->boost_of)
        return OK;
    enum err e = counter_add(txn, COUNTER_POSTS, post->author, by);
    if (!e)
        e = count_open(txn, post, by);
    if (e)
        return e;
    return counter_add(txn, COUNTER_STORE, post->is_local ? STORE_LOCAL_POSTS : STORE_REMOTE_POSTS,
                       by);
}

/* May this post be added, and whose is it? */
static enum err post_admit(struct txn *txn, Post *post, struct arena *arena)
{
    Tombstone *tombstone;
    post_id known;
    Actor *author;
    Post *boosted;
    if (!post->uri[0])
        return ERR_INVALID;
    enum err e = post_find(txn, post->uri, &known);
    if (e != ERR_NOTFOUND)
        return e ? e : ERR_EXISTS;
    e = tombstone_get(txn, post->uri, arena, &tombstone);
    if (e != ERR_NOTFOUND)
        return e ? e : ERR_DENIED;
    e = actor_get(txn, (actor_id){post->author}, arena, &author);
    if (!e && post->boost_of)
        e = post_get(txn, (post_id){post->boost_of}, arena, &boosted);
    if (e)
        return e;
    post->is_local = !author->host[0];
    return post->boost_of && boosted->boost_of ? ERR_INVALID : OK;
}

static enum err post_store(struct txn *txn, const Post *post)
{
    struct key key = key_id(post->id);
    return record_put(txn, TABLE_POST, key_bytes(&key), &post->base);
}

/* A backfilled post sorts where it belongs; what claims to be from the future does not lead. */
static int64_t sorted_at(const Post *post, int64_t now_ms)
{
    return post->published_ms > 0 && post->published_ms < now_ms ? post->published_ms : now_ms;
}

enum err post_add(struct txn *txn, Post *post, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4 * POST_ARENA_BYTES);
    Post stored = *post; /* strings found on the way live in our arena only */
    enum err e = post_admit(txn, &stored, &arena);
    if (!e && !stored.id) /* one of ours brings its own: its URI is made of it */
        e = id_next_past(txn, sorted_at(&stored, now_ms), now_ms, &stored.id);
    if (!e)
        e = thread_place(txn, &stored, &arena);
    if (!e)
        e = quote_place(txn, &stored);
    if (e)
        return e;
    stored.received_ms = now_ms;
    if (stored.published_ms <= 0)
        stored.published_ms = now_ms;
    if ((e = post_store(txn, &stored)) ||
        (e = text_index_add(txn, TABLE_POST_URI, stored.uri, stored.id)) ||
        (e = streams_set(txn, &stored, true)) || (e = word_change(txn, NULL, &stored)) ||
        (e = thread_enter(txn, &stored)) || (e = quote_enter(txn, &stored)) ||
        (e = quote_adopt(txn, &stored)) || (e = count(txn, &stored, 1)) ||
        (e = thread_adopt(txn, &stored)) ||
        (e = poll_due_move(txn, stored.id, NULL, stored.poll)) ||
        (e = event_add_post(txn, EVENT_KIND__EVENT_POST, &stored, now_ms)))
        return e;
    post->id = stored.id;
    post->is_local = stored.is_local;
    post->in_reply_to = stored.in_reply_to;
    post->thread_root = stored.thread_root;
    post->quote_of = stored.quote_of;
    post->visibility = stored.visibility;
    post->audience_of = stored.audience_of;
    if (!stored.n_audience_also) /* the list itself is in an arena that ends here */
        post->n_audience_also = 0;
    post->published_ms = stored.published_ms;
    post->received_ms = stored.received_ms;
    return OK;
}

/* What an edit may replace besides the text. */
static enum err version_lists(const Post *old, struct arena *arena, PostEdit *version)
{
    size_t options = old->poll ? old->poll->n_options : 0;
    version->options = arena_calloc(arena, options + 1, sizeof *version->options);
    version->attachments = arena_calloc(arena, old->n_attachments + 1, sizeof(char *));
    if (!version->options || !version->attachments)
        return ERR_LIMIT;
    for (size_t i = 0; i < options; i++)
        version->options[version->n_options++] = old->poll->options[i]->name;
    for (size_t i = 0; i < old->n_attachments; i++)
        version->attachments[version->n_attachments++] = old->attachments[i]->url;
    return OK;
}

/* Puts the former version into the history, at a time no other version has. */
static enum err history_add(struct txn *txn, const Post *old, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    PostEdit version = POST_EDIT__INIT;
    enum err lists = version_lists(old, &arena, &version);
    if (lists)
        return lists;
    version.name = old->name;
    version.content_html = old->content_html;
    version.source = old->source;
    version.summary = old->summary;
    for (version.replaced_ms = now_ms;; version.replaced_ms++) {
        struct key key = key_ids(old->id, (uint64_t)version.replaced_ms);
        enum err e = record_add(txn, TABLE_POST_HISTORY, key_bytes(&key), &version.base);
        if (e != ERR_EXISTS)
            return e;
    }
}

/* An edit changes what is said, never whose it is, who may read it or what it answers (T38). */
static Post edited(const Post *old, const Post *new, int64_t now_ms)
{
    Post post = *new;
    post.uri = old->uri;
    post.author = old->author;
    post.is_local = old->is_local;
    post.visibility = old->visibility;
    post.audience_of = old->audience_of;
    post.n_audience_also = old->n_audience_also, post.audience_also = old->audience_also;
    post.group = old->group;
    post.n_to = old->n_to, post.to = old->to;
    post.n_cc = old->n_cc, post.cc = old->cc;
    post.in_reply_to = old->in_reply_to;
    post.in_reply_to_uri = old->in_reply_to_uri;
    post.thread_root = old->thread_root;
    post.context = old->context;
    post.boost_of = old->boost_of;
    post.quote_of = old->quote_of;
    post.quote_uri = old->quote_uri;
    post.quote_approval = old->quote_approval;
    post.quote_approval_uri = old->quote_approval_uri;
    post.reply_approval = old->reply_approval;
    post.reply_approval_uri = old->reply_approval_uri;
    post.published_ms = old->published_ms;
    post.received_ms = old->received_ms;
    post.application = old->application;
    if (post.updated_ms <= 0)
        post.updated_ms = now_ms > old->updated_ms ? now_ms : old->updated_ms + 1;
    return post;
}

enum err post_edit(struct txn *txn, Post *post, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(POST_ARENA_BYTES);
    Post *old;
    enum err e = post_get(txn, (post_id){post->id}, &arena, &old);
    if (e)
        return e;
    if (old->boost_of)
        return ERR_INVALID;
    Post stored = edited(old, post, now_ms);
    if (stored.updated_ms <= old->updated_ms)
        return ERR_EXISTS;
    if ((e = history_add(txn, old, now_ms)) || (e = poll_edit(txn, old, stored.poll)) ||
        (e = named_streams_set(txn, old, false)) || (e = named_streams_set(txn, &stored, true)) ||
        (e = word_change(txn, old, &stored)) ||
        (e = event_add_post(txn, EVENT_KIND__EVENT_POST_EDITED, &stored, now_ms)))
        return e;
    return post_store(txn, &stored);
}

enum err post_set_group(struct txn *txn, post_id id, actor_id group)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(POST_ARENA_BYTES);
    Post *post;
    enum err e = post_get(txn, id, &arena, &post);
    if (e)
        return e;
    if (post->group == group.v)
        return ERR_EXISTS;
    if (post->group && (e = stream_set(txn, STREAM_GROUP, post->group, id.v, false)))
        return e;
    post->group = group.v;
    if (group.v && (e = stream_set(txn, STREAM_GROUP, group.v, id.v, true)))
        return e;
    return post_store(txn, post);
}

enum err post_leave_group(struct txn *txn, post_id id)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(POST_ARENA_BYTES);
    Post *post;
    enum err e = post_get(txn, id, &arena, &post);
    if (e || !post->group)
        return e;
    e = post_set_group(txn, id, (actor_id){0});
    if (e || post->audience_of != post->group)
        return e;
    if ((e = named_streams_set(txn, post, false)))
        return e;
    post->group = post->audience_of = 0;
    post->visibility = VISIBILITY__DIRECT;
    post->n_mentions = 0;
    e = stream_set(txn, STREAM_DIRECT, post->author, post->id, true);
    return e ? e : post_store(txn, post);
}

/* Likes, boosts, bookmarks and pins of it. */
static enum err edges_drop(struct txn *txn, uint64_t post)
{
    static const enum edge_kind kinds[] = {EDGE_LIKE,     EDGE_BOOST, EDGE_BOOKMARK,   EDGE_PIN,
                                           EDGE_REACTION, EDGE_VOTE,  EDGE_THREAD_MUTE};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct edge_key key = {.kind = kinds[i], .whom = post};
        enum err e;
        while ((e = edge_rev_next(txn, &key)) == OK)
            if ((e = edge_del(txn, key)))
                return e;
        if (e != ERR_NOTFOUND)
            return e;
    }
    return OK;
}

static enum err boosts_drop(struct txn *txn, post_id post, int64_t now_ms)
{
    AUTO(stream_close) struct stream boosts = {0};
    post_id boost;
    enum err e =
        stream_open(txn, &(struct stream_key){STREAM_BOOST, post.v}, 1, (struct page){0}, &boosts);
    if (e)
        return e;
    while ((e = stream_next(&boosts, &boost)) == OK)
        if ((e = post_delete(txn, boost, now_ms)))
            return e;
    return e == ERR_NOTFOUND ? OK : e;
}

/* The edge that a boost's record stands for. */
static enum err boost_edge_drop(struct txn *txn, const Post *boost, struct arena *arena)
{
    struct edge_key key = {EDGE_BOOST, boost->author, boost->boost_of};
    Edge *edge;
    enum err e = edge_get(txn, key, arena, &edge);
    if (e)
        return e == ERR_NOTFOUND ? OK : e;
    return edge->post == boost->id ? edge_del(txn, key) : OK;
}

/* Everything under an 8-byte prefix. */
static enum err rows_drop(struct txn *txn, enum table table, uint64_t post)
{
    AUTO(range_close) struct range range = {0};
    struct key prefix = key_id(post), copy;
    struct bytes key;
    enum err e = range_prefix(txn, table, key_bytes(&prefix), RANGE_UP, &range);
    if (e)
        return e;
    while ((e = range_next(&range, &key, NULL)) == OK) {
        copy = (struct key){0};
        key_add_bytes(&copy, key);
        if ((e = engine_del(txn, table, key_bytes(&copy))))
            return e;
    }
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err tombstone_leave(struct txn *txn, const Post *post, int64_t now_ms)
{
    char host[HOST_BYTES];
    uint8_t hash[KEY_HASH_BYTES];
    Tombstone tombstone = TOMBSTONE__INIT;
    host_of_uri(post->uri, host);
    tombstone.uri = post->uri;
    tombstone.host = host;
    tombstone.by = post->author;
    tombstone.deleted_ms = now_ms;
    tombstone.post = post->id;
    tombstone.was_open = is_open(post);
    text_hash(txn, post->uri, hash);
    return record_put(txn, TABLE_TOMBSTONE, (struct bytes){hash, sizeof hash}, &tombstone.base);
}

enum err post_delete(struct txn *txn, post_id id, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(2 * POST_ARENA_BYTES);
    struct key key = key_id(id.v);
    Post *post;
    enum err e = post_get(txn, id, &arena, &post);
    if (e)
        return e;
    if ((e = post->boost_of ? boost_edge_drop(txn, post, &arena) : boosts_drop(txn, id, now_ms)) ||
        (e = edges_drop(txn, id.v)) || (e = streams_set(txn, post, false)) ||
        (e = word_change(txn, post, NULL)) || (e = thread_leave(txn, post)) ||
        (e = quote_leave(txn, post)) || (e = quote_forsake(txn, post)) ||
        (e = consent_drop(txn, id)) || (e = card_unwant(txn, id)) ||
        (e = media_detach_all(txn, post, now_ms)) || (e = count(txn, post, -1)) ||
        (e = poll_due_move(txn, id.v, post->poll, NULL)) || (e = notification_drop(txn, id)) ||
        (e = rows_drop(txn, TABLE_POST_HISTORY, id.v)) ||
        (e = rows_drop(txn, TABLE_FETCHED, id.v)) ||
        (e = text_index_del(txn, TABLE_POST_URI, post->uri)) ||
        (e = engine_del(txn, TABLE_POST, key_bytes(&key))) ||
        (e = event_add_post(txn, EVENT_KIND__EVENT_POST_DELETED, post, now_ms)))
        return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
    return tombstone_leave(txn, post, now_ms);
}

enum err post_history_next(struct txn *txn, post_id id, int64_t before_ms, struct arena *arena,
                           PostEdit **out)
{
    AUTO(range_close) struct range range = {0};
    struct key lo = key_id(id.v), hi = key_ids(id.v, before_ms < 0 ? 0 : (uint64_t)before_ms);
    struct bytes key, value;
    enum err e =
        range_open(txn, TABLE_POST_HISTORY, key_bytes(&lo), key_bytes(&hi), RANGE_DOWN, &range);
    if (e)
        return e;
    e = range_next(&range, &key, &value);
    return e ? e : record_decode(&post_edit__descriptor, value, arena, out);
}

enum err tombstone_get(struct txn *txn, const char *uri, struct arena *arena, Tombstone **out)
{
    uint8_t hash[KEY_HASH_BYTES];
    Tombstone *found;
    text_hash(txn, uri, hash);
    enum err e = record_get(txn, TABLE_TOMBSTONE, (struct bytes){hash, sizeof hash},
                            &tombstone__descriptor, arena, &found);
    if (e)
        return e;
    if (strcmp(found->uri, uri) != 0)
        return ERR_NOTFOUND;
    *out = found;
    return OK;
}

enum err tombstone_add(struct txn *txn, const Tombstone *tombstone)
{
    uint8_t hash[KEY_HASH_BYTES];
    post_id living;
    enum err e = post_find(txn, tombstone->uri, &living);
    if (e != ERR_NOTFOUND)
        return e ? e : ERR_INVALID;
    text_hash(txn, tombstone->uri, hash);
    return record_add(txn, TABLE_TOMBSTONE, (struct bytes){hash, sizeof hash}, &tombstone->base);
}

enum err fetched_add(struct txn *txn, post_id post, peer_id peer, const char *inbox)
{
    bool exists;
    enum err e = post_exists(txn, post.v, &exists);
    if (e || !exists)
        return e ? e : ERR_NOTFOUND;
    struct key key = key_ids(post.v, peer.v);
    return engine_put(txn, TABLE_FETCHED, key_bytes(&key), bytes_of(inbox));
}

enum err fetched_next(struct txn *txn, post_id post, peer_id *peer, struct arena *arena,
                      const char **out_inbox)
{
    if (peer->v == UINT64_MAX)
        return ERR_NOTFOUND;
    AUTO(range_close) struct range range = {0};
    struct key lo = key_ids(post.v, peer->v + 1), hi = key_id(post.v + 1);
    struct bytes key, inbox;
    enum err e = range_open(txn, TABLE_FETCHED, key_bytes(&lo), key_bytes(&hi), RANGE_UP, &range);
    if (!e)
        e = range_next(&range, &key, &inbox);
    if (e)
        return e;
    size_t at = 8;
    *out_inbox = arena_strndup(arena, (const char *)inbox.p, inbox.n);
    return *out_inbox ? key_read_u64(key, &at, &peer->v) : ERR_LIMIT;
}
