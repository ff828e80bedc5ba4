#include "federation/timeline.h"

#include "federation/audience.h"
#include "storage/edge.h"
#include "storage/peer.h"

enum err timeline_open(struct txn *txn, const struct timeline_query *query, struct timeline *out)
{
    struct stream_key key = {0};
    struct page page = query->page;

    *out = (struct timeline){.txn = txn, .query = *query};
    page.limit = 0; /* counted here: what is left out does not count */
    switch (query->kind) {
    case TIMELINE_HOME:
        return stream_open_home(txn, query->reader, page, &out->stream);
    case TIMELINE_LOCAL:
        key.kind = STREAM_LOCAL;
        break;
    case TIMELINE_PUBLIC:
        key.kind = STREAM_PUBLIC;
        break;
    case TIMELINE_TAG:
        key = (struct stream_key){STREAM_TAG, tag_owner(txn, query->tag)};
        break;
    case TIMELINE_MENTIONS:
        key = (struct stream_key){STREAM_MENTION, query->reader.v};
        break;
    case TIMELINE_AUTHOR:
        key = (struct stream_key){STREAM_AUTHOR, query->of.v};
        break;
    case TIMELINE_GROUP:
        key = (struct stream_key){STREAM_GROUP, query->of.v};
        break;
    case TIMELINE_THREAD:
        key = (struct stream_key){STREAM_THREAD, query->root.v};
        break;
    }
    return stream_open(txn, &key, 1, page, &out->stream);
}

static bool has(struct timeline *t, enum edge_kind kind, uint64_t who, uint64_t whom)
{
    return edge_has(t->txn, (struct edge_key){kind, who, whom});
}

/* Does the reader want to hear of this actor at all, and is the actor in good standing? */
static bool is_welcome(struct timeline *t, const Actor *actor)
{
    uint64_t reader = t->query.reader.v;
    if (actor->suspended_ms || actor->deleted_ms)
        return false;
    return !reader || reader == actor->id ||
           (!has(t, EDGE_BLOCK, reader, actor->id) && !has(t, EDGE_BLOCK, actor->id, reader) &&
            !has(t, EDGE_MUTE, reader, actor->id));
}

static bool is_followed(struct timeline *t, uint64_t actor)
{
    uint64_t reader = t->query.reader.v;
    return reader && (reader == actor || has(t, EDGE_FOLLOW, reader, actor));
}

/* Home shows replies only within the circle the reader follows, or to the reader. When nobody knows
 * whom a reply answers (the post is gone, or never came), it stands for itself. */
static bool is_out_of_circle(struct timeline *t, const Post *post, struct arena *arena)
{
    Post *parent;
    if (!post->in_reply_to || post->author == t->query.reader.v ||
        (post->group && is_followed(t, post->group)))
        return false;
    for (size_t i = 0; i < post->n_mentions; i++)
        if (post->mentions[i]->actor == t->query.reader.v)
            return false;
    return post_get(t->txn, (post_id){post->in_reply_to}, arena, &parent) == OK &&
           !is_followed(t, parent->author);
}

static bool is_of_limited_peer(struct timeline *t, const Actor *author, struct arena *arena)
{
    peer_id id;
    Peer *peer;
    return author->host[0] && peer_find(t->txn, author->host, &id) == OK &&
           peer_get(t->txn, id, arena, &peer) == OK && peer->state == PEER_STATE__LIMITED &&
           !is_followed(t, author->id);
}

static bool is_shown(struct timeline *t, const struct timeline_entry *entry, struct arena *arena)
{
    if (!is_welcome(t, entry->author) || (entry->booster && !is_welcome(t, entry->booster)))
        return false;
    if (!audience_may_read(t->txn, entry->post, t->query.reader) ||
        (entry->boost && !audience_may_read(t->txn, entry->boost, t->query.reader)))
        return false;
    switch (t->query.kind) {
    case TIMELINE_HOME:
        return entry->boost || !is_out_of_circle(t, entry->post, arena);
    case TIMELINE_PUBLIC:
    case TIMELINE_TAG:
        return !is_of_limited_peer(t, entry->author, arena);
    default:
        return true;
    }
}

static enum err get_with_author(struct timeline *t, uint64_t id, struct arena *arena,
                                const Post **out_post, const Actor **out_author)
{
    Post *post;
    Actor *author;
    enum err e = post_get(t->txn, (post_id){id}, arena, &post);
    if (!e)
        e = actor_get(t->txn, (actor_id){post->author}, arena, &author);
    if (e)
        return e == ERR_NOTFOUND ? ERR_CORRUPT : e; /* one snapshot: streams name what is there */
    *out_post = post;
    *out_author = author;
    return OK;
}

static enum err read_entry(struct timeline *t, post_id id, struct arena *arena,
                           struct timeline_entry *out)
{
    *out = (struct timeline_entry){.id = id};
    enum err e = get_with_author(t, id.v, arena, &out->post, &out->author);
    if (e || !out->post->boost_of)
        return e;
    out->boost = out->post;
    out->booster = out->author;
    return get_with_author(t, out->boost->boost_of, arena, &out->post, &out->author);
}

enum err timeline_next(struct timeline *t, struct arena *arena, struct timeline_entry *out)
{
    unsigned limit = t->query.page.limit;
    if (limit && t->given == limit)
        return ERR_NOTFOUND;
    while (t->looked_at++ < TIMELINE_SCAN_MAX) {
        struct timeline_entry entry;
        post_id id;
        enum err e = stream_next(&t->stream, &id);
        if (!e)
            e = read_entry(t, id, arena, &entry);
        if (e)
            return e;
        if (!is_shown(t, &entry, arena))
            continue;
        *out = entry;
        t->given++;
        return OK;
    }
    return ERR_NOTFOUND;
}

void timeline_close(struct timeline *t)
{
    stream_close(&t->stream);
}
