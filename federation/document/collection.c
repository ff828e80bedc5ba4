#include "federation/document/document.h"

#include "federation/as2.h"
#include "federation/consent.h"
#include "federation/document/part.h"
#include "storage/actor.h"
#include "storage/edge.h"
#include "storage/post.h"

#include <inttypes.h>
#include <string.h>

#define PAGE_ITEMS 40
#define MODERATORS_MAX 256
#define PAGE_LOOKS 400   /* posts looked at for one page: most may not be for everyone */
#define TOTAL_LOOKS 2000 /* posts looked at to count those for everyone; of more: no total */
#define ITEM_ARENA_BYTES (4 * 1024 * 1024) /* a reply may be of a peer's making */

/* ---- the frame every collection has ---- */

#define TOTAL_UNTOLD UINT64_MAX

static void begin_collection(struct jw *w, const char *uri, uint64_t total)
{
    jw_object(w, NULL);
    part_context(w);
    jw_text(w, "id", uri);
    jw_text(w, "type", "OrderedCollection");
    if (total != TOTAL_UNTOLD)
        jw_number(w, "totalItems", (int64_t)total);
}

static void begin_page(struct jw *w, const char *uri, uint64_t before)
{
    AUTO(buf_clear) struct buf query = BUF_INIT(64);
    buf_str(&query, "?page=true");
    if (before)
        buf_printf(&query, "&before=%" PRIu64, before);
    jw_object(w, NULL);
    part_context(w);
    jw_text2(w, "id", uri, buf_text(&query));
    jw_text(w, "type", "OrderedCollectionPage");
    jw_text(w, "partOf", uri);
    jw_list(w, "orderedItems");
}

/* `next`: where the following page begins; 0: this was the last. */
static enum err end_page(struct jw *w, const char *uri, uint64_t next)
{
    jw_list_end(w);
    if (next) {
        AUTO(buf_clear) struct buf query = BUF_INIT(64);
        buf_printf(&query, "?page=true&before=%" PRIu64, next);
        jw_text2(w, "next", uri, buf_text(&query));
    }
    jw_object_end(w);
    return jw_finish(w);
}

static enum err whole_collection(const char *uri, uint64_t total, bool has_pages, struct buf *out)
{
    struct jw w = {.buf = out};
    begin_collection(&w, uri, total);
    if (has_pages)
        jw_text2(&w, "first", uri, "?page=true");
    jw_object_end(&w);
    return jw_finish(&w);
}

/* ---- of posts ---- */

static bool is_for_everyone(const Post *post)
{
    return !consent_is_hidden(post) &&
           (post->visibility == VISIBILITY__PUBLIC || post->visibility == VISIBILITY__UNLISTED);
}

typedef enum err item_writer(struct jw *w, struct txn *txn, const Post *post, struct arena *arena);

/* One post of a stream; *out_written: it was for everyone. A post just deleted is passed over. */
static enum err write_post(struct jw *w, struct txn *txn, post_id id, item_writer *write,
                           bool *out_written)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ITEM_ARENA_BYTES);
    Post *post;
    *out_written = false;
    enum err e = post_get(txn, id, &arena, &post);
    if (e)
        return e == ERR_NOTFOUND ? OK : e;
    if (!is_for_everyone(post))
        return OK;
    e = write(w, txn, post, &arena);
    if (e == ERR_NOTFOUND)
        return OK;
    *out_written = !e;
    return e;
}

static enum err stream_page(struct txn *txn, struct stream_key key, const char *uri,
                            uint64_t before, item_writer *write, struct buf *out)
{
    struct jw w = {.buf = out};
    AUTO(stream_close) struct stream stream = {.heap = NULL};
    struct page page = {.before = before, .limit = PAGE_LOOKS};
    enum err e = stream_open(txn, &key, 1, page, &stream);
    if (e)
        return e;
    begin_page(&w, uri, before);
    unsigned written = 0, looks = 0;
    post_id id = {0};
    while (written < PAGE_ITEMS && (e = stream_next(&stream, &id)) == OK) {
        bool is_written;
        looks++;
        e = write_post(&w, txn, id, write, &is_written);
        if (e)
            return e;
        written += is_written;
    }
    if (e && e != ERR_NOTFOUND)
        return e;
    bool has_more = written == PAGE_ITEMS || looks == PAGE_LOOKS;
    return end_page(&w, uri, has_more ? id.v : 0);
}

/* The activity with its object's id: whoever wants the post gets it from there. */
static enum err write_activity(struct jw *w, struct txn *txn, const Post *post, struct arena *arena)
{
    Actor *author;
    Post *boosted = NULL;
    enum err e = actor_get(txn, (actor_id){post->author}, arena, &author);
    if (!e && post->boost_of)
        e = post_get(txn, (post_id){post->boost_of}, arena, &boosted);
    if (e)
        return e;
    if (boosted && !is_for_everyone(boosted))
        return ERR_NOTFOUND;
    jw_object(w, NULL);
    jw_text2(w, "id", post->uri, boosted ? "" : "/activity");
    jw_text(w, "type", boosted ? "Announce" : "Create");
    jw_text(w, "actor", author->uri);
    jw_time(w, "published", post->published_ms);
    part_list(w, "to", post->to, post->n_to);
    part_list(w, "cc", post->cc, post->n_cc);
    jw_text(w, "object", boosted ? boosted->uri : post->uri);
    jw_object_end(w);
    return OK;
}

static enum err write_uri(struct jw *w, struct txn *txn, const Post *post, struct arena *arena)
{
    (void)txn;
    (void)arena;
    jw_text(w, NULL, post->uri);
    return OK;
}

/* How many the pages list: a total of all would tell how much is written in private (T66). */
static enum err count_open(struct txn *txn, struct stream_key key, uint64_t *out)
{
    AUTO(stream_close) struct stream stream = {.heap = NULL};
    uint64_t open = 0;
    post_id id;
    enum err e = stream_open(txn, &key, 1, (struct page){.limit = TOTAL_LOOKS}, &stream);
    unsigned looks = 0;
    for (; !e && (e = stream_next(&stream, &id)) == OK; looks++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(ITEM_ARENA_BYTES);
        Post *post, *boosted;
        e = post_get(txn, id, &arena, &post);
        if (!e && post->boost_of) {
            e = post_get(txn, (post_id){post->boost_of}, &arena, &boosted);
            open += !e && is_for_everyone(post) && is_for_everyone(boosted);
        } else if (!e) {
            open += is_for_everyone(post);
        }
        e = e == ERR_NOTFOUND ? OK : e;
    }
    if (e != ERR_NOTFOUND)
        return e;
    *out = looks == TOTAL_LOOKS ? TOTAL_UNTOLD : open;
    return OK;
}

static enum err whole_stream(struct txn *txn, struct stream_key key, const char *uri,
                             struct buf *out)
{
    uint64_t total;
    enum err e = count_open(txn, key, &total);
    return e ? e : whole_collection(uri, total, true, out);
}

enum err document_outbox(struct txn *txn, const Actor *actor, const struct collection_page *page,
                         struct buf *out)
{
    struct stream_key key = {STREAM_AUTHOR, actor->id};
    if (page && page->is_page)
        return stream_page(txn, key, actor->outbox, page->before, write_activity, out);
    return whole_stream(txn, key, actor->outbox, out);
}

enum err document_replies(struct txn *txn, const Post *post, const struct collection_page *page,
                          struct buf *out)
{
    AUTO(buf_clear) struct buf uri = BUF_INIT(4096);
    buf_printf(&uri, "%s/replies", post->uri);
    struct stream_key key = {STREAM_REPLY, post->id};
    if (page && page->is_page)
        return stream_page(txn, key, buf_text(&uri), page->before, write_uri, out);
    return whole_stream(txn, key, buf_text(&uri), out);
}

static enum err write_uri_of_ours(struct jw *w, struct txn *txn, const Post *post,
                                  struct arena *arena)
{
    return post->is_local ? write_uri(w, txn, post, arena) : ERR_NOTFOUND;
}

enum err document_tag(struct txn *txn, const char *base, const char *tag,
                      const struct collection_page *page, struct buf *out)
{
    AUTO(buf_clear) struct buf uri = BUF_INIT(4096);
    part_tag_uri(&uri, base, strlen(base), tag);
    struct stream_key key = {STREAM_TAG, tag_owner(txn, tag)};
    if (page && page->is_page)
        return stream_page(txn, key, buf_text(&uri), page->before, write_uri_of_ours, out);
    return whole_collection(buf_text(&uri), TOTAL_UNTOLD, true, out);
}

/* Pinned posts: few, so they come in one piece. */
enum err document_featured(struct txn *txn, const Actor *actor, struct buf *out)
{
    struct edge_key key = {EDGE_PIN, actor->id, 0};
    struct jw w = {.buf = out};
    unsigned written = 0;
    enum err e = OK;
    jw_object(&w, NULL);
    part_context(&w);
    jw_text(&w, "id", actor->featured);
    jw_text(&w, "type", "OrderedCollection");
    jw_list(&w, "orderedItems");
    while (written < PAGE_ITEMS && (e = edge_next(txn, &key)) == OK) {
        bool is_written;
        e = write_post(&w, txn, (post_id){key.whom}, write_uri, &is_written);
        if (e)
            return e;
        written += is_written;
    }
    if (e && e != ERR_NOTFOUND)
        return e;
    jw_list_end(&w);
    jw_number(&w, "totalItems", written);
    jw_object_end(&w);
    return jw_finish(&w);
}

/* ---- of actors ---- */

static enum err write_actor(struct jw *w, struct txn *txn, uint64_t id)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ITEM_ARENA_BYTES);
    Actor *actor;
    enum err e = actor_get(txn, (actor_id){id}, &arena, &actor);
    if (!e)
        jw_text(w, NULL, actor->uri);
    return e == ERR_NOTFOUND ? OK : e;
}

enum side { SIDE_FOLLOWERS, SIDE_FOLLOWING };

/* Who is in a closed group is nobody's business but the group's. */
static enum err write_followed(struct jw *w, struct txn *txn, uint64_t id)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ITEM_ARENA_BYTES);
    Actor *actor;
    enum err e = actor_get(txn, (actor_id){id}, &arena, &actor);
    bool is_closed =
        !e && actor->type == ACTOR_TYPE__GROUP && (actor->is_members_only || actor->is_locked);
    if (!e && !is_closed)
        jw_text(w, NULL, actor->uri);
    return e == ERR_NOTFOUND ? OK : e;
}

/* In the order of the actors' ids, upwards: `before` is the last one of the page before. */
static enum err actor_page(struct txn *txn, const Actor *actor, enum side side, const char *uri,
                           uint64_t before, struct buf *out)
{
    struct edge_key key = {.kind = EDGE_FOLLOW};
    uint64_t *cursor = side == SIDE_FOLLOWERS ? &key.who : &key.whom;
    *(side == SIDE_FOLLOWERS ? &key.whom : &key.who) = actor->id;
    *cursor = before;
    struct jw w = {.buf = out};
    begin_page(&w, uri, before);
    unsigned written = 0;
    enum err e = OK;
    for (; written < PAGE_ITEMS; written++) {
        e = side == SIDE_FOLLOWERS ? edge_rev_next(txn, &key) : edge_next(txn, &key);
        if (!e)
            e = side == SIDE_FOLLOWERS ? write_actor(&w, txn, *cursor)
                                       : write_followed(&w, txn, *cursor);
        if (e)
            break;
    }
    if (e && e != ERR_NOTFOUND)
        return e;
    return end_page(&w, uri, written == PAGE_ITEMS ? *cursor : 0);
}

enum err document_followers(struct txn *txn, const Actor *actor, bool show_items,
                            const struct collection_page *page, struct buf *out)
{
    if (show_items && page && page->is_page)
        return actor_page(txn, actor, SIDE_FOLLOWERS, actor->followers, page->before, out);
    return whole_collection(actor->followers, counter_get(txn, COUNTER_FOLLOWERS, actor->id),
                            show_items, out);
}

enum err document_following(struct txn *txn, const Actor *actor, bool show_items,
                            const struct collection_page *page, struct buf *out)
{
    if (show_items && page && page->is_page)
        return actor_page(txn, actor, SIDE_FOLLOWING, actor->following, page->before, out);
    return whole_collection(actor->following, counter_get(txn, COUNTER_FOLLOWING, actor->id),
                            show_items, out);
}

enum err document_moderators(struct txn *txn, const Actor *group, struct buf *out)
{
    struct edge_key key = {.kind = EDGE_MODERATOR, .whom = group->id};
    struct jw w = {.buf = out};
    int64_t written = 0;
    enum err e = OK;
    jw_object(&w, NULL);
    part_context(&w);
    jw_text2(&w, "id", group->uri, "/moderators");
    jw_text(&w, "type", "OrderedCollection");
    jw_list(&w, "orderedItems");
    while (written < MODERATORS_MAX && (e = edge_rev_next(txn, &key)) == OK) {
        e = write_actor(&w, txn, key.who);
        if (e)
            return e;
        written++;
    }
    if (e && e != ERR_NOTFOUND)
        return e;
    jw_list_end(&w);
    jw_number(&w, "totalItems", written);
    jw_object_end(&w);
    return jw_finish(&w);
}

enum err document_followers_at(struct txn *txn, const Actor *actor, const char *host,
                               struct buf *out)
{
    AUTO(buf_clear) struct buf uri = BUF_INIT(4096);
    struct edge_key key = {.kind = EDGE_FOLLOW, .whom = actor->id};
    struct jw w = {.buf = out};
    enum err e;
    buf_printf(&uri, "%s/followers_synchronization", actor->uri);
    begin_collection(&w, buf_text(&uri), TOTAL_UNTOLD);
    jw_list(&w, "orderedItems");
    while ((e = edge_rev_next(txn, &key)) == OK) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(ITEM_ARENA_BYTES);
        Actor *follower;
        e = actor_get(txn, (actor_id){key.who}, &arena, &follower);
        if (!e && strcmp(follower->host, host) == 0)
            jw_text(&w, NULL, follower->uri);
        if (e && e != ERR_NOTFOUND)
            return e;
    }
    if (e != ERR_NOTFOUND)
        return e;
    jw_list_end(&w);
    jw_object_end(&w);
    return jw_finish(&w);
}
