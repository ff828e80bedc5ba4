#include "federation/document/thread.h"

#include "federation/audience.h"
#include "federation/document/part.h"
#include "storage/post.h"
#include "storage/stream.h"

#include <inttypes.h>
#include <string.h>

#define ITEM_ARENA_BYTES (4 * 1024 * 1024) /* a reply may be of a peer's making */

bool document_has_thread(const Post *root)
{
    size_t n = strlen(root->uri);
    return root->is_local && !root->boost_of && strncmp(root->context, root->uri, n) == 0 &&
           strcmp(root->context + n, "/context") == 0;
}

/* The next post of the thread upwards; ERR_NOTFOUND at its end. */
static enum err next_post(struct txn *txn, const Post *root, post_id *id, struct arena *arena,
                          Post **out)
{
    struct stream_key key = {STREAM_THREAD, root->thread_root};
    enum err e = stream_above(txn, key, id);
    if (e)
        return e;
    e = post_get(txn, *id, arena, out);
    return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
}

static enum err count_open(struct txn *txn, const Post *root, int64_t *out)
{
    post_id id = {0};
    *out = 0;
    for (unsigned looks = 0; looks < THREAD_TOTAL_LOOKS; looks++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(ITEM_ARENA_BYTES);
        Post *post;
        enum err e = next_post(txn, root, &id, &arena, &post);
        if (e)
            return e == ERR_NOTFOUND ? OK : e;
        *out += audience_may_read(txn, post, (actor_id){0});
    }
    *out = -1;
    return OK;
}

static enum err whole(struct txn *txn, const Post *root, const Actor *author, struct buf *out)
{
    struct jw w = {.buf = out};
    int64_t total;
    enum err e = count_open(txn, root, &total);
    if (e)
        return e;
    jw_object(&w, NULL);
    part_context(&w);
    jw_text(&w, "id", root->context);
    jw_text(&w, "type", "OrderedCollection");
    jw_text(&w, "attributedTo", author->uri);
    if (total >= 0)
        jw_number(&w, "totalItems", total);
    jw_text2(&w, "first", root->context, "?page=true");
    jw_object_end(&w);
    return jw_finish(&w);
}

static void page_uri(struct jw *w, const char *name, const Post *root, uint64_t after)
{
    AUTO(buf_clear) struct buf query = BUF_INIT(64);
    buf_str(&query, "?page=true");
    if (after)
        buf_printf(&query, "&after=%" PRIu64, after);
    jw_text2(w, name, root->context, buf_text(&query));
}

/* The items of a page; *id moves to the last post looked at, or to 0 at the thread's end. */
static enum err add_items(struct jw *w, struct txn *txn, const Post *root, const char *host,
                          post_id *id)
{
    unsigned written = 0;
    for (unsigned looks = 0; looks < THREAD_PAGE_LOOKS && written < THREAD_PAGE_ITEMS; looks++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(ITEM_ARENA_BYTES);
        Post *post;
        enum err e = next_post(txn, root, id, &arena, &post);
        if (e == ERR_NOTFOUND)
            *id = (post_id){0};
        if (e)
            return e == ERR_NOTFOUND ? OK : e;
        if (!audience_may_host_read(txn, post, host))
            continue;
        jw_text(w, NULL, post->uri);
        written++;
    }
    return OK;
}

enum err document_thread(struct txn *txn, const Post *root, const Actor *author, const char *host,
                         const struct thread_page *page, struct buf *out)
{
    if (!page->is_page)
        return whole(txn, root, author, out);
    struct jw w = {.buf = out};
    post_id id = {page->after};
    jw_object(&w, NULL);
    part_context(&w);
    page_uri(&w, "id", root, page->after);
    jw_text(&w, "type", "OrderedCollectionPage");
    jw_text(&w, "partOf", root->context);
    jw_text(&w, "attributedTo", author->uri);
    jw_list(&w, "orderedItems");
    enum err e = add_items(&w, txn, root, host, &id);
    if (e)
        return e;
    jw_list_end(&w);
    if (id.v)
        page_uri(&w, "next", root, id.v);
    jw_object_end(&w);
    return jw_finish(&w);
}
