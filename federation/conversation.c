#include "federation/conversation.h"

#include "federation/audience.h"
#include "storage/conversation.h"
#include "storage/edge.h"
#include "storage/mute.h"
#include "storage/stream.h"

#define UNREAD_LOOK_MAX 40 /* newest posts of a conversation that may be new */
#define POST_ARENA_BYTES ((size_t)8 << 20)

/* ---- what belongs together ------------------------------------------------------------------ */

/* Any 64 bits to 64 others, each once: sums of them tell sets apart. */
static uint64_t mix(uint64_t v)
{
    v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9u;
    v = (v ^ v >> 27) * 0x94d049bb133111ebu;
    return v ^ v >> 31;
}

static void add_person(struct conversation *c, uint64_t actor)
{
    for (size_t i = 0; i < c->n_people; i++)
        if (c->people[i] == actor)
            return;
    if (!actor || c->n_people == CONVERSATION_PEOPLE_MAX)
        return;
    c->people[c->n_people++] = actor;
    c->people_hash += mix(actor);
}

static void identify(const Post *post, struct conversation *out)
{
    *out = (struct conversation){.last = post, .root = post->thread_root};
    add_person(out, post->author);
    for (size_t i = 0; i < post->n_mentions; i++)
        add_person(out, post->mentions[i]->actor);
}

static bool belongs(const struct conversation *c, const Post *post)
{
    struct conversation other;
    if (post->visibility != VISIBILITY__DIRECT || post->thread_root != c->root)
        return false;
    identify(post, &other);
    return other.people_hash == c->people_hash;
}

static bool is_shown(struct txn *txn, actor_id owner, const Post *post, int64_t now_ms)
{
    if (post->author == owner.v)
        return true;
    actor_id author = {post->author};
    return !edge_has(txn, (struct edge_key){EDGE_BLOCK, owner.v, author.v}) &&
           !edge_has(txn, (struct edge_key){EDGE_BLOCK, author.v, owner.v}) &&
           !mute_holds(txn, owner, author, now_ms) && audience_may_read(txn, post, owner);
}

/* ---- one thread ----------------------------------------------------------------------------- */

/* Its first post names it. */
static enum err find_first(struct txn *txn, struct conversation *c)
{
    post_id at = {0};
    c->id = (post_id){c->last->id};
    for (unsigned i = 0; i < CONVERSATION_LOOK_MAX; i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(POST_ARENA_BYTES);
        Post *post;
        enum err e = stream_above(txn, (struct stream_key){STREAM_THREAD, c->root}, &at);
        if (!e)
            e = post_get(txn, at, &arena, &post);
        if (e)
            return e == ERR_NOTFOUND ? OK : e;
        if (belongs(c, post)) {
            c->id = at;
            return OK;
        }
    }
    return OK;
}

struct look {
    struct txn *txn;
    actor_id owner;
    const struct conversation *c;
    int64_t now_ms;
    struct page page;
};

/* Walks the thread downwards over what belongs to the conversation; `on` says whether to go on. */
static enum err look_down(const struct look *look, unsigned max,
                          bool (*on)(const Post *post, void *context), void *context)
{
    AUTO(stream_close) struct stream stream = {0};
    struct stream_key key = {STREAM_THREAD, look->c->root};
    enum err e = stream_open(look->txn, &key, 1, look->page, &stream);
    for (unsigned i = 0, found = 0; !e && found < max && i < CONVERSATION_LOOK_MAX; i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(POST_ARENA_BYTES);
        Post *post;
        post_id id;
        e = stream_next(&stream, &id);
        if (!e)
            e = post_get(look->txn, id, &arena, &post);
        if (e || !belongs(look->c, post) || !is_shown(look->txn, look->owner, post, look->now_ms))
            continue;
        found++;
        if (!on(post, context))
            break;
    }
    return e == ERR_NOTFOUND ? OK : e;
}

/* Own words say that what came before them was read. */
struct reading {
    actor_id owner;
    int64_t read_ms, newest_ms;
};

static bool read_on(const Post *post, void *context)
{
    struct reading *reading = context;
    if (post->author == reading->owner.v) {
        if (post->received_ms > reading->read_ms)
            reading->read_ms = post->received_ms;
    } else if (post->received_ms > reading->newest_ms) {
        reading->newest_ms = post->received_ms;
    }
    return true;
}

static enum err settle(struct txn *txn, actor_id owner, int64_t now_ms,
                       const ConversationMark *mark, struct conversation *out)
{
    struct look look = {.txn = txn, .owner = owner, .c = out, .now_ms = now_ms};
    struct reading reading = {owner, mark->read_ms, 0};
    enum err e = look_down(&look, UNREAD_LOOK_MAX, read_on, &reading);
    out->is_unread = reading.newest_ms > reading.read_ms;
    return e;
}

/* ---- all of them ---------------------------------------------------------------------------- */

static bool is_seen(const struct conversation_walk *walk, const struct conversation *c)
{
    for (size_t i = 0; i < walk->n_seen; i++)
        if (walk->seen[i].root == c->root && walk->seen[i].people_hash == c->people_hash)
            return true;
    return false;
}

static void note(struct conversation_walk *walk, const struct conversation *c)
{
    walk->seen[walk->n_seen].root = c->root;
    walk->seen[walk->n_seen++].people_hash = c->people_hash;
}

struct above {
    int64_t hidden_ms;
    bool is_any;
};

static bool above_on(const Post *post, void *context)
{
    struct above *above = context;
    above->is_any = post->received_ms > above->hidden_ms;
    return !above->is_any;
}

/* Was it given on an earlier page, with a newer post? */
static enum err was_given(const struct conversation_walk *walk, const struct conversation *c,
                          const ConversationMark *mark, bool *out)
{
    struct look look = {.txn = walk->txn, .owner = walk->owner, .c = c, .now_ms = walk->now_ms};
    struct above above = {mark->hidden_ms, false};
    *out = false;
    if (!walk->before)
        return OK;
    look.page.after = walk->before - 1;
    enum err e = look_down(&look, CONVERSATION_LOOK_MAX, above_on, &above);
    *out = above.is_any;
    return e;
}

/* OK: *out is it. ERR_EXISTS: not this post. */
static enum err consider(struct conversation_walk *walk, const Post *post, struct conversation *out)
{
    ConversationMark mark;
    bool is_given;
    if (!is_shown(walk->txn, walk->owner, post, walk->now_ms))
        return ERR_EXISTS;
    identify(post, out);
    if (is_seen(walk, out))
        return ERR_EXISTS;
    enum err e = find_first(walk->txn, out);
    if (!e)
        e = conversation_get(walk->txn, walk->owner, out->id, &mark);
    if (!e && post->received_ms <= mark.hidden_ms)
        return ERR_EXISTS;
    if (!e)
        e = was_given(walk, out, &mark, &is_given);
    if (e)
        return e;
    note(walk, out);
    return is_given ? ERR_EXISTS : settle(walk->txn, walk->owner, walk->now_ms, &mark, out);
}

static enum err next_direct(struct conversation_walk *walk, struct arena *arena, Post **out)
{
    AUTO(stream_close) struct stream stream = {0};
    struct stream_key key = {STREAM_DIRECT, walk->owner.v};
    struct page page = {.before = walk->at ? walk->at : walk->before, .after = walk->after};
    post_id id;
    enum err e = stream_open(walk->txn, &key, 1, page, &stream);
    if (!e)
        e = stream_next(&stream, &id);
    if (e)
        return e;
    walk->at = id.v;
    return post_get(walk->txn, id, arena, out);
}

enum err conversation_next(struct conversation_walk *walk, struct arena *arena,
                           struct conversation *out)
{
    while (walk->looked++ < CONVERSATION_SCAN_MAX && walk->n_seen < CONVERSATION_PAGE_MAX) {
        Post *post;
        enum err e = next_direct(walk, arena, &post);
        if (!e)
            e = consider(walk, post, out);
        if (e != ERR_EXISTS)
            return e;
    }
    return ERR_NOTFOUND;
}

struct newest {
    uint64_t id;
};

static bool newest_on(const Post *post, void *context)
{
    ((struct newest *)context)->id = post->id;
    return false;
}

enum err conversation_of(struct txn *txn, actor_id owner, const Post *post, int64_t now_ms,
                         struct arena *arena, struct conversation *out)
{
    ConversationMark mark;
    struct newest newest = {0};
    Post *last;
    if (!stream_has(txn, (struct stream_key){STREAM_DIRECT, owner.v}, (post_id){post->id}))
        return ERR_NOTFOUND;
    identify(post, out);
    struct look look = {.txn = txn, .owner = owner, .c = out, .now_ms = now_ms};
    enum err e = find_first(txn, out);
    if (!e)
        e = look_down(&look, 1, newest_on, &newest);
    if (!e)
        e = newest.id ? post_get(txn, (post_id){newest.id}, arena, &last) : ERR_NOTFOUND;
    if (!e)
        e = conversation_get(txn, owner, out->id, &mark);
    if (e)
        return e;
    out->last = last;
    return settle(txn, owner, now_ms, &mark, out);
}

enum err conversation_find(struct txn *txn, actor_id owner, post_id id, int64_t now_ms,
                           struct arena *arena, struct conversation *out)
{
    Post *first;
    enum err e = post_get(txn, id, arena, &first);
    if (!e)
        e = conversation_of(txn, owner, first, now_ms, arena, out);
    /* it is named by its first post alone */
    return !e && out->id.v != id.v ? ERR_NOTFOUND : e;
}
