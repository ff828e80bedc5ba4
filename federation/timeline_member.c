/*
 * Which posts a timeline is made of: what timeline_open merges, said about one post.
 */
#include "federation/timeline.h"

#include "storage/edge.h"
#include "storage/list.h"
#include "storage/tag_follow.h"

#include <string.h>

static bool is_public(const Post *post)
{
    return !post->boost_of && post->visibility == VISIBILITY__PUBLIC;
}

static bool has_any_tag(const struct timeline_query *query, const Post *post)
{
    for (size_t i = 0; i < post->n_tags; i++) {
        if (strcmp(post->tags[i], query->tag) == 0)
            return true;
        for (const char *const *any = query->any; any && *any; any++)
            if (strcmp(post->tags[i], *any) == 0)
                return true;
    }
    return false;
}

static bool is_to_or_by(const Post *post, actor_id who)
{
    if (post->author == who.v)
        return true;
    for (size_t i = 0; i < post->n_mentions; i++)
        if (post->mentions[i]->actor == who.v)
            return true;
    return false;
}

/* Is it one of those whose streams come home? */
static bool comes_home(struct txn *txn, actor_id reader, uint64_t actor)
{
    return actor &&
           (actor == reader.v || (edge_has(txn, (struct edge_key){EDGE_FOLLOW, reader.v, actor}) &&
                                  !list_is_exclusive(txn, reader, (actor_id){actor})));
}

static bool has_followed_tag(struct txn *txn, actor_id reader, const Post *post)
{
    for (size_t i = 0; is_public(post) && i < post->n_tags; i++)
        if (tag_follow_has(txn, reader, post->tags[i]))
            return true;
    return false;
}

bool timeline_holds(struct txn *txn, const struct timeline_query *query, const Post *post)
{
    switch (query->kind) {
    case TIMELINE_HOME:
        return comes_home(txn, query->reader, post->author) ||
               comes_home(txn, query->reader, post->group) ||
               has_followed_tag(txn, query->reader, post);
    case TIMELINE_LIST:
        return list_has(txn, query->list, (actor_id){post->author}) ||
               list_has(txn, query->list, (actor_id){post->group});
    case TIMELINE_LOCAL:
        return is_public(post)
                   ? post->is_local
                   : !post->boost_of && post->is_local && post->visibility == VISIBILITY__LOCAL;
    case TIMELINE_PUBLIC:
        return is_public(post);
    case TIMELINE_TAG:
        return is_public(post) && has_any_tag(query, post);
    case TIMELINE_DIRECT:
        return post->visibility == VISIBILITY__DIRECT && is_to_or_by(post, query->reader);
    case TIMELINE_MENTIONS:
        return is_to_or_by(post, query->reader);
    case TIMELINE_AUTHOR:
        return post->author == query->of.v || post->group == query->of.v;
    case TIMELINE_GROUP:
        return post->group == query->of.v;
    case TIMELINE_THREAD:
        return post->thread_root == query->root.v;
    }
    return false;
}
