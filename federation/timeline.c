#include "federation/timeline.h"

#include "storage/edge.h"
#include "storage/list.h"
#include "storage/tag_follow.h"

#include <string.h>

/* An entry that may be shown. */
struct candidate {
    const Post *post, *boost;
    const struct wish *author, *booster; /* booster: NULL without a boost */
};

static bool is_followed(struct timeline *t, uint64_t actor)
{
    uint64_t reader = t->query.reader.v;
    return reader &&
           (reader == actor || edge_has(t->txn, (struct edge_key){EDGE_FOLLOW, reader, actor}));
}

/* Does the reader want to hear of this actor at all, and is the actor in good standing? Who asks
 * for what one account wrote is shown it though they mute it. */
static bool is_welcome(struct timeline *t, const struct wish *wish)
{
    bool is_asked_about = t->query.kind == TIMELINE_AUTHOR && t->query.of.v == wish->actor->id;
    return !wish->is_gone && wish->shows != PEER_STATE__BLOCKED && !wish->is_blocked &&
           (!wish->is_muted || is_asked_about);
}

/* ---- replies ---- */

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

static bool is_asked_for(struct timeline *t, const struct candidate *c, struct arena *arena)
{
    unsigned only = t->query.only;
    return !(only & TIMELINE_WITH_MEDIA && c->post->n_attachments == 0) &&
           !(only & TIMELINE_NO_BOOSTS && c->boost) &&
           !(only & TIMELINE_OF_HERE && c->author->actor->host[0]) &&
           !(only & TIMELINE_OF_PEERS && !c->author->actor->host[0]) &&
           has_tags_asked(&t->query, c->post) &&
           !(only & TIMELINE_NO_REPLIES && !c->boost && is_reply_to_others(t, c->post, arena));
}

/* ---- where the reader follows ---- */

static bool has_followed_tag(struct timeline *t, const struct candidate *c)
{
    if (!t->has_tags || c->boost || c->post->visibility != VISIBILITY__PUBLIC)
        return false;
    for (size_t i = 0; i < c->post->n_tags; i++)
        if (tag_follow_has(t->txn, t->query.reader, c->post->tags[i]))
            return true;
    return false;
}

/* What the follow of whoever brought it wants. */
static bool is_wanted(const struct candidate *c)
{
    const struct wish *from = c->booster ? c->booster : c->author;
    return !(c->booster && from->follow && from->follow->hide_boosts) &&
           wish_has_language(from, c->post->language);
}

static bool is_for_home(struct timeline *t, const struct candidate *c, struct arena *arena)
{
    if (!is_wanted(c))
        return false;
    if (has_followed_tag(t, c))
        return c->author->shows != PEER_STATE__LIMITED || wish_is_near(c->author);
    return c->boost || !is_out_of_circle(t, c->post, arena);
}

static bool is_for_list(struct timeline *t, const struct candidate *c, struct arena *arena)
{
    Post *parent;
    if (!is_wanted(c))
        return false;
    if (c->boost || !is_reply_to_others(t, c->post, arena))
        return true;
    if (!c->post->in_reply_to)
        return t->replies != LIST_REPLIES__TO_NOBODY; /* nobody knows to whom */
    if (post_get(t->txn, (post_id){c->post->in_reply_to}, arena, &parent))
        return false;
    if (parent->author == t->query.reader.v)
        return true;
    switch (t->replies) {
    case LIST_REPLIES__TO_MEMBERS:
        return list_has(t->txn, t->query.list, (actor_id){parent->author});
    case LIST_REPLIES__TO_FOLLOWED:
        return is_followed(t, parent->author);
    default:
        return false;
    }
}

static bool is_let_in(struct timeline *t, const struct candidate *c, struct arena *arena)
{
    if (!is_asked_for(t, c, arena) || !is_welcome(t, c->author) ||
        (c->booster && !is_welcome(t, c->booster)) ||
        !audience_lets_read(t->txn, c->post, &t->reader) ||
        (c->boost && !audience_lets_read(t->txn, c->boost, &t->reader)))
        return false;
    switch (t->query.kind) {
    case TIMELINE_HOME:
        return is_for_home(t, c, arena);
    case TIMELINE_LIST:
        return is_for_list(t, c, arena);
    case TIMELINE_PUBLIC:
    case TIMELINE_TAG:
        return c->author->shows != PEER_STATE__LIMITED || wish_is_near(c->author);
    default:
        return true;
    }
}

static bool is_shown(struct timeline *t, const struct candidate *c, struct arena *arena)
{
    const struct filters *filters = t->query.filters;
    return is_let_in(t, c, arena) &&
           !(filters && filters_hide(filters, t->query.filter_contexts, c->post));
}

/* ---- one after the other ---- */

static enum err get_with_author(struct timeline *t, uint64_t id, struct arena *arena,
                                const Post **out_post, const struct wish **out_author)
{
    Post *post;
    enum err e = post_get(t->txn, (post_id){id}, arena, &post);
    if (!e)
        e = wish_of(&t->wishes, post->author, out_author);
    if (e)
        return e == ERR_NOTFOUND ? ERR_CORRUPT : e; /* one snapshot: streams name what is there */
    *out_post = post;
    return OK;
}

static enum err read_candidate(struct timeline *t, uint64_t id, struct arena *arena,
                               struct candidate *out)
{
    *out = (struct candidate){.boost = NULL};
    enum err e = get_with_author(t, id, arena, &out->post, &out->author);
    if (e || !out->post->boost_of)
        return e;
    out->boost = out->post;
    out->booster = out->author;
    return get_with_author(t, out->boost->boost_of, arena, &out->post, &out->author);
}

/* What is not shown leaves nothing in the arena: a page may pass over thousands. */
static enum err look(struct timeline *t, post_id id, struct arena *arena, bool *out_shown,
                     struct timeline_entry *out)
{
    struct candidate c;
    struct arena_mark mark = arena_mark(arena);
    enum err e = read_candidate(t, id.v, arena, &c);
    if (e)
        return e;
    t->last = id;
    *out_shown = is_shown(t, &c, arena);
    if (*out_shown)
        *out = (struct timeline_entry){.id = id,
                                       .post = c.post,
                                       .boost = c.boost,
                                       .author = c.author->actor,
                                       .booster = c.booster ? c.booster->actor : NULL};
    else
        arena_rewind(arena, mark);
    return OK;
}

enum err timeline_next(struct timeline *t, struct arena *arena, struct timeline_entry *out)
{
    unsigned limit = t->query.page.limit;
    if (limit && t->given == limit)
        return ERR_NOTFOUND;
    wishes_trim(&t->wishes);
    while (t->looked_at++ < TIMELINE_SCAN_MAX) {
        bool shown = false;
        post_id id;
        enum err e = stream_next(&t->stream, &id);
        if (!e)
            e = look(t, id, arena, &shown, out);
        if (e)
            return e;
        if (shown) {
            t->given++;
            return OK;
        }
        wishes_trim(&t->wishes);
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
    wishes_close(&t->wishes);
}

enum err timeline_has(struct txn *txn, const struct timeline_query *query, const Post *post,
                      struct arena *arena, bool *out)
{
    AUTO(timeline_close) struct timeline t = {.txn = NULL};
    struct timeline_entry entry;
    *out = false;
    if (!timeline_holds(txn, query, post))
        return OK;
    enum err e = timeline_prepare(txn, query, &t);
    return e ? e : look(&t, (post_id){post->id}, arena, out, &entry);
}

bool timeline_had(struct txn *txn, const struct timeline_query *query, const Post *gone)
{
    unsigned only = query->only;
    return timeline_holds(txn, query, gone) && audience_may_read(txn, gone, query->reader) &&
           !(only & TIMELINE_WITH_MEDIA && gone->n_attachments == 0) &&
           !(only & TIMELINE_OF_HERE && !gone->is_local) &&
           !(only & TIMELINE_OF_PEERS && gone->is_local) && has_tags_asked(query, gone);
}
