#include "storage/narrow.h"

#include "storage/actor.h"

#include <string.h>

#define NARROW_ARENA_BYTES ((size_t)512 * 1024)

static bool is_open(const Post *post)
{
    return post->visibility == VISIBILITY__PUBLIC || post->visibility == VISIBILITY__UNLISTED;
}

static void to_direct(Post *reply)
{
    reply->visibility = VISIBILITY__DIRECT;
    reply->audience_of = 0;
    reply->n_audience_also = 0;
}

static void to_followers_of(Post *reply, uint64_t owner)
{
    reply->visibility = VISIBILITY__FOLLOWERS;
    reply->audience_of = owner == reply->author ? 0 : owner;
    reply->n_audience_also = 0;
}

static bool has_owner(const Post *post, uint64_t owner)
{
    for (size_t i = 0; i < post->n_audience_also; i++)
        if (post->audience_also[i] == owner)
            return true;
    return post_audience_owner(post) == owner;
}

/* Whoever reads the reply must follow `owner` as well. */
static enum err also(Post *reply, uint64_t owner, struct arena *arena)
{
    size_t n = reply->n_audience_also;
    if (has_owner(reply, owner))
        return OK;
    if (n + 2 > NARROW_OWNERS_MAX) {
        to_direct(reply);
        return OK;
    }
    uint64_t *list = arena_calloc(arena, n + 1, sizeof *list);
    if (!list)
        return ERR_LIMIT;
    if (n)
        memcpy(list, reply->audience_also, n * sizeof *list);
    list[n] = owner;
    reply->audience_also = list;
    reply->n_audience_also = n + 1;
    return OK;
}

static enum err also_all(Post *reply, const Post *parent, struct arena *arena)
{
    enum err e = also(reply, post_audience_owner(parent), arena);
    for (size_t i = 0;
         !e && reply->visibility == VISIBILITY__FOLLOWERS && i < parent->n_audience_also; i++)
        e = also(reply, parent->audience_also[i], arena);
    return e;
}

static bool lists(char *const *list, size_t n, const char *uri)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], uri) == 0)
            return true;
    return false;
}

static enum err names_followers(struct txn *txn, const Post *reply, uint64_t of, bool *out)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(NARROW_ARENA_BYTES);
    Actor *owner;
    enum err e = actor_get(txn, (actor_id){of}, &arena, &owner);
    *out = !e && owner->followers[0] &&
           (lists(reply->to, reply->n_to, owner->followers) ||
            lists(reply->cc, reply->n_cc, owner->followers));
    return e == ERR_NOTFOUND ? OK : e;
}

/* Was it sent to the followers of whom the parent is for, or of its author? */
static enum err take_owner(struct txn *txn, Post *reply, const Post *parent)
{
    const uint64_t owner[] = {post_audience_owner(parent), parent->author};
    for (size_t i = 0; i < COUNT(owner); i++) {
        bool is_theirs;
        enum err e = names_followers(txn, reply, owner[i], &is_theirs);
        if (e)
            return e;
        if (is_theirs) {
            to_followers_of(reply, owner[i]);
            return OK;
        }
    }
    return OK;
}

static enum err intersect(Post *reply, const Post *parent, struct arena *arena)
{
    switch (parent->visibility) {
    case VISIBILITY__FOLLOWERS:
        if (is_open(reply))
            to_followers_of(reply, post_audience_owner(parent));
        if (reply->visibility == VISIBILITY__FOLLOWERS)
            return also_all(reply, parent, arena);
        to_direct(reply);
        return OK;
    case VISIBILITY__LOCAL:
        if (is_open(reply) || reply->visibility == VISIBILITY__LOCAL)
            reply->visibility = VISIBILITY__LOCAL;
        else
            to_direct(reply);
        return OK;
    case VISIBILITY__DIRECT:
        to_direct(reply);
        return OK;
    default:
        return OK;
    }
}

enum err narrow_to_parent(struct txn *txn, Post *reply, const Post *parent, struct arena *arena,
                          bool *out_changed)
{
    const Post before = *reply;
    bool is_closed =
        reply->visibility == VISIBILITY__FOLLOWERS || reply->visibility == VISIBILITY__DIRECT;
    enum err e = OK;
    if (!reply->is_local && is_closed && reply->n_audience_also == 0)
        e = take_owner(txn, reply, parent);
    if (!e)
        e = intersect(reply, parent, arena);
    *out_changed = reply->visibility != before.visibility ||
                   reply->audience_of != before.audience_of ||
                   reply->n_audience_also != before.n_audience_also;
    return e;
}
