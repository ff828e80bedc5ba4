#include "federation/timeline.h"

#include "federation/audience.h"
#include "federation/policy.h"
#include "storage/base/clock.h"
#include "storage/domain_block.h"
#include "storage/edge.h"
#include "storage/mute.h"

#include <string.h>

static enum err open_actor(struct timeline *t, struct page page)
{
    uint64_t of = t->query.of.v;
    const struct stream_key keys[] = {{STREAM_AUTHOR, of}, {STREAM_GROUP, of}};
    return stream_open(t->txn, keys, COUNT(keys), page, &t->stream);
}

static enum err open_direct(struct timeline *t, struct page page)
{
    uint64_t reader = t->query.reader.v;
    const struct stream_key keys[] = {{STREAM_AUTHOR, reader}, {STREAM_MENTION, reader}};
    return stream_open(t->txn, keys, COUNT(keys), page, &t->stream);
}

static enum err open_tags(struct timeline *t, struct page page)
{
    struct stream_key keys[1 + TIMELINE_TAGS_MAX] = {{STREAM_TAG, tag_owner(t->txn, t->query.tag)}};
    const char *const *any = t->query.any;
    size_t n = 1;
    for (; any && *any && n < COUNT(keys); any++)
        keys[n++] = (struct stream_key){STREAM_TAG, tag_owner(t->txn, *any)};
    return stream_open(t->txn, keys, n, page, &t->stream);
}

static enum err open_one(struct timeline *t, enum stream_kind kind, uint64_t owner,
                         struct page page)
{
    struct stream_key key = {kind, owner};
    return stream_open(t->txn, &key, 1, page, &t->stream);
}

enum err timeline_open(struct txn *txn, const struct timeline_query *query, struct timeline *out)
{
    struct page page = query->page;

    *out = (struct timeline){.txn = txn, .query = *query};
    page.limit = 0; /* counted here: what is left out does not count */
    switch (query->kind) {
    case TIMELINE_HOME:
        return stream_open_home(txn, query->reader, page, &out->stream);
    case TIMELINE_LOCAL:
        return open_one(out, STREAM_LOCAL, 0, page);
    case TIMELINE_PUBLIC:
        return open_one(out, STREAM_PUBLIC, 0, page);
    case TIMELINE_TAG:
        return open_tags(out, page);
    case TIMELINE_MENTIONS:
        return open_one(out, STREAM_MENTION, query->reader.v, page);
    case TIMELINE_DIRECT:
        return open_direct(out, page);
    case TIMELINE_AUTHOR:
        return open_actor(out, page);
    case TIMELINE_GROUP:
        return open_one(out, STREAM_GROUP, query->of.v, page);
    case TIMELINE_THREAD:
        return open_one(out, STREAM_THREAD, query->root.v, page);
    }
    return ERR_INVALID;
}

static bool has(struct timeline *t, enum edge_kind kind, uint64_t who, uint64_t whom)
{
    return edge_has(t->txn, (struct edge_key){kind, who, whom});
}

/* Does the reader want to hear of this actor at all, and is the actor in good standing? */
static bool is_welcome(struct timeline *t, const Actor *actor)
{
    uint64_t reader = t->query.reader.v;
    bool is_asked_about = t->query.kind == TIMELINE_AUTHOR && t->query.of.v == actor->id;
    if (actor->suspended_ms || actor->deleted_ms ||
        policy_shows(t->txn, actor->host) == PEER_STATE__BLOCKED)
        return false;
    return !reader || reader == actor->id ||
           (!has(t, EDGE_BLOCK, reader, actor->id) && !has(t, EDGE_BLOCK, actor->id, reader) &&
            (is_asked_about ||
             (!mute_holds(t->txn, t->query.reader, (actor_id){actor->id}, clock_ms()) &&
              !domain_block_has(t->txn, t->query.reader, actor->host))));
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

/* Who answers themselves goes on with what they said. */
static bool is_reply_to_others(struct timeline *t, const Post *post, struct arena *arena)
{
    Post *parent;
    if (!post->in_reply_to)
        return post->in_reply_to_uri[0];
    return post_get(t->txn, (post_id){post->in_reply_to}, arena, &parent) ||
           parent->author != post->author;
}

static bool has_tag(const Post *post, const char *tag)
{
    for (size_t i = 0; i < post->n_tags; i++)
        if (strcmp(post->tags[i], tag) == 0)
            return true;
    return false;
}

static bool has_tags_asked(const struct timeline_query *query, const Post *post)
{
    for (const char *const *tag = query->all; tag && *tag; tag++)
        if (!has_tag(post, *tag))
            return false;
    for (const char *const *tag = query->none; tag && *tag; tag++)
        if (has_tag(post, *tag))
            return false;
    return true;
}

static bool is_asked_for(struct timeline *t, const struct timeline_entry *entry,
                         struct arena *arena)
{
    unsigned only = t->query.only;
    if (t->query.kind == TIMELINE_DIRECT && entry->post->visibility != VISIBILITY__DIRECT)
        return false;
    return !(only & TIMELINE_WITH_MEDIA && entry->post->n_attachments == 0) &&
           !(only & TIMELINE_NO_BOOSTS && entry->boost) &&
           !(only & TIMELINE_OF_HERE && entry->author->host[0]) &&
           !(only & TIMELINE_OF_PEERS && !entry->author->host[0]) &&
           has_tags_asked(&t->query, entry->post) &&
           !(only & TIMELINE_NO_REPLIES && !entry->boost &&
             is_reply_to_others(t, entry->post, arena));
}

static bool is_shown(struct timeline *t, const struct timeline_entry *entry, struct arena *arena)
{
    if (!is_asked_for(t, entry, arena))
        return false;
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
        return policy_shows(t->txn, entry->author->host) != PEER_STATE__LIMITED ||
               is_followed(t, entry->author->id);
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
        t->last = id;
        if (!is_shown(t, &entry, arena))
            continue;
        *out = entry;
        t->given++;
        return OK;
    }
    return ERR_NOTFOUND;
}

enum err timeline_has_more(struct timeline *t, bool *out)
{
    bool is_at_end;
    enum err e = stream_is_at_end(&t->stream, &is_at_end);
    *out = !is_at_end;
    return e;
}

void timeline_close(struct timeline *t)
{
    stream_close(&t->stream);
}

enum err timeline_has(struct txn *txn, const struct timeline_query *query, const Post *post,
                      struct arena *arena, bool *out)
{
    struct timeline t = {.txn = txn, .query = *query};
    struct timeline_entry entry;
    *out = false;
    if (!timeline_holds(txn, query, post))
        return OK;
    enum err e = read_entry(&t, (post_id){post->id}, arena, &entry);
    *out = !e && is_shown(&t, &entry, arena);
    return e;
}

bool timeline_had(struct txn *txn, const struct timeline_query *query, const Post *gone)
{
    unsigned only = query->only;
    return timeline_holds(txn, query, gone) && audience_may_read(txn, gone, query->reader) &&
           (query->kind != TIMELINE_DIRECT || gone->visibility == VISIBILITY__DIRECT) &&
           !(only & TIMELINE_WITH_MEDIA && gone->n_attachments == 0) &&
           !(only & TIMELINE_OF_HERE && !gone->is_local) &&
           !(only & TIMELINE_OF_PEERS && gone->is_local) && has_tags_asked(query, gone);
}
