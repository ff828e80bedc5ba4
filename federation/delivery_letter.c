#include "federation/delivery_letter.h"

#include "federation/sanitize.h"
#include "storage/actor.h"
#include "storage/notification.h"
#include "storage/post.h"

#define LETTER_ARENA_BYTES ((size_t)512 * 1024)
#define LETTER_MAX_BYTES ((size_t)64 * 1024)

static void write_html(const Actor *author, const char *about, const char *text, struct buf *out)
{
    buf_str(out, "<p>@");
    html_escape(author->username, out);
    buf_str(out, ": ");
    html_escape(text, out);
    if (about[0]) {
        buf_str(out, " (<a href=\"");
        html_escape(about, out);
        buf_str(out, "\">");
        html_escape(about, out);
        buf_str(out, "</a>)");
    }
    buf_str(out, "</p>");
}

static enum err tell(struct txn *txn, const Actor *author, const Post *post, int64_t now_ms)
{
    Notification notification = NOTIFICATION__INIT;
    notification.type = NOTIFICATION_TYPE__MENTION;
    notification.from = post->author;
    notification.post = post->id;
    return notification_add(txn, (actor_id){author->id}, &notification, now_ms);
}

enum err delivery_letter(struct txn *txn, const Actor *author, const char *about, const char *text,
                         int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(LETTER_ARENA_BYTES);
    AUTO(buf_clear) struct buf html = BUF_INIT(LETTER_MAX_BYTES);
    Post post = POST__INIT;
    Mention mention = MENTION__INIT, *mentions[] = {&mention};
    Actor *node;
    actor_id id;
    enum err e = actor_instance(txn, &id);
    if (!e)
        e = actor_get(txn, id, &arena, &node);
    if (e)
        return e == ERR_NOTFOUND ? OK : e;
    write_html(author, about, text, &html);
    mention.actor = author->id;
    mention.uri = author->uri;
    mention.handle = author->username;
    e = html.is_full ? ERR_LIMIT : id_next(txn, now_ms, &post.id);
    if (e)
        return e;
    post.uri = post.url =
        arena_printf(&arena, "%s/posts/%llu", node->uri, (unsigned long long)post.id);
    if (!post.uri)
        return ERR_LIMIT;
    post.type = (char *)"Note";
    post.author = node->id;
    post.content_html = (char *)buf_text(&html);
    post.language = (char *)"en";
    post.visibility = VISIBILITY__DIRECT;
    post.mentions = mentions;
    post.n_mentions = COUNT(mentions);
    e = post_add(txn, &post, now_ms);
    return e ? e : tell(txn, author, &post, now_ms);
}
