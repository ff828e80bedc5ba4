#include "federation/document/activity.h"

#include "federation/as2.h"
#include "federation/document/part.h"

#include <inttypes.h>
#include <string.h>

static void add_plain(struct jw *w, const struct plain_activity *activity)
{
    jw_text_if(w, "id", activity->id);
    jw_text(w, "type", activity->type);
    jw_text(w, "actor", activity->actor);
    jw_text_if(w, "object", activity->object);
    jw_text_if(w, "content", activity->content);
    jw_text_if(w, "target", activity->target);
    if (activity->emoji) {
        jw_list(w, "tag");
        part_emoji(w, activity->emoji);
        jw_list_end(w);
    }
}

static void add_plain_context(struct jw *w, const struct plain_activity *activity)
{
    const char *type = activity->inner ? activity->inner->type : activity->type;
    if (strcmp(type, "EmojiReact") != 0) {
        part_context(w);
        return;
    }
    jw_list(w, "@context");
    jw_text(w, NULL, "https://www.w3.org/ns/activitystreams");
    jw_object(w, NULL);
    jw_text(w, "EmojiReact", "http://litepub.social/ns#EmojiReact");
    jw_text(w, "toot", "http://joinmastodon.org/ns#");
    jw_text(w, "Emoji", "toot:Emoji");
    jw_object_end(w);
    jw_list_end(w);
}

enum err document_plain(const struct plain_activity *activity, struct buf *out)
{
    struct jw w = {.buf = out};
    jw_object(&w, NULL);
    add_plain_context(&w, activity);
    add_plain(&w, activity);
    if (!activity->object && activity->inner) {
        jw_object(&w, "object");
        add_plain(&w, activity->inner);
        jw_object_end(&w);
    }
    jw_text_if(&w, "audience", activity->audience);
    if (activity->to) {
        jw_list(&w, "to");
        jw_text(&w, NULL, activity->to);
        jw_list_end(&w);
    }
    jw_object_end(&w);
    return jw_finish(&w);
}

/* `suffix` makes the activity's id out of the post's: repeated rendering gives the same id. */
static void begin_about(struct jw *w, const Post *post, const Actor *author, const char *type,
                        const char *suffix)
{
    jw_text2(w, "id", post->uri, suffix);
    jw_text(w, "type", type);
    jw_text(w, "actor", author->uri);
    part_list(w, "to", post->to, post->n_to);
    part_list(w, "cc", post->cc, post->n_cc);
    part_audience(w, post);
}

static enum err note_activity(const Post *post, const Actor *author, const char *type,
                              const char *suffix, int64_t published_ms, struct buf *out)
{
    struct jw w = {.buf = out};
    jw_object(&w, NULL);
    part_note_context(&w, post);
    begin_about(&w, post, author, type, suffix);
    jw_time(&w, "published", published_ms);
    jw_object(&w, "object");
    part_note(&w, post, author);
    jw_object_end(&w);
    jw_object_end(&w);
    return jw_finish(&w);
}

enum err document_create(const Post *post, const Actor *author, struct buf *out)
{
    return note_activity(post, author, "Create", "/activity", post->published_ms, out);
}

enum err document_update_at(const Post *post, const Actor *author, int64_t at_ms, struct buf *out)
{
    AUTO(buf_clear) struct buf suffix = BUF_INIT(64);
    buf_printf(&suffix, "#updates/%" PRId64, at_ms);
    return note_activity(post, author, "Update", buf_text(&suffix), at_ms, out);
}

enum err document_update(const Post *post, const Actor *author, struct buf *out)
{
    return document_update_at(post, author, post->updated_ms, out);
}

enum err document_update_counts(const Post *post, const Actor *author, struct buf *out)
{
    AUTO(buf_clear) struct buf suffix = BUF_INIT(64);
    buf_printf(&suffix, "#counts/%" PRId64, post->poll->told_ms);
    return note_activity(post, author, "Update", buf_text(&suffix), post->poll->told_ms, out);
}

enum err document_vote(const struct vote_document *vote, struct buf *out)
{
    struct jw w = {.buf = out};
    jw_object(&w, NULL);
    part_context(&w);
    jw_text2(&w, "id", vote->id, "/activity");
    jw_text(&w, "type", "Create");
    jw_text(&w, "actor", vote->actor);
    jw_text(&w, "to", vote->author);
    jw_time(&w, "published", vote->published_ms);
    jw_object(&w, "object");
    jw_text(&w, "id", vote->id);
    jw_text(&w, "type", "Note");
    jw_text(&w, "name", vote->choice);
    jw_text(&w, "attributedTo", vote->actor);
    jw_text(&w, "inReplyTo", vote->poll);
    jw_text(&w, "to", vote->author);
    jw_time(&w, "published", vote->published_ms);
    jw_object_end(&w);
    jw_object_end(&w);
    return jw_finish(&w);
}

enum err document_delete(const Post *post, const Actor *author, struct buf *out)
{
    struct jw w = {.buf = out};
    jw_object(&w, NULL);
    part_context(&w);
    begin_about(&w, post, author, "Delete", "#delete");
    jw_object(&w, "object");
    jw_text(&w, "id", post->uri);
    jw_text(&w, "type", "Tombstone");
    jw_object_end(&w);
    jw_object_end(&w);
    return jw_finish(&w);
}

enum err document_announce(const Post *boost, const Actor *by, const char *object, struct buf *out)
{
    struct jw w = {.buf = out};
    jw_object(&w, NULL);
    part_context(&w);
    begin_about(&w, boost, by, "Announce", "");
    jw_time(&w, "published", boost->published_ms);
    jw_text(&w, "object", object);
    jw_object_end(&w);
    return jw_finish(&w);
}

enum err document_announce_activity(const Actor *group, const struct announce *announce,
                                    struct buf *out)
{
    struct jw w = {.buf = out};
    jw_object(&w, NULL);
    part_context(&w);
    jw_text(&w, "id", announce->id);
    jw_text(&w, "type", "Announce");
    jw_text(&w, "actor", group->uri);
    jw_list(&w, "to");
    jw_text(&w, NULL, announce->is_open ? AS2_PUBLIC : group->followers);
    jw_list_end(&w);
    jw_list(&w, "cc");
    if (announce->is_open)
        jw_text(&w, NULL, group->followers);
    jw_list_end(&w);
    jw_time(&w, "published", announce->published_ms);
    if (announce->activity.n)
        jw_raw_bytes(&w, "object", announce->activity);
    else
        jw_text(&w, "object", announce->object);
    jw_object_end(&w);
    return jw_finish(&w);
}

enum err document_update_actor(const Actor *actor, int64_t now_ms, struct buf *out)
{
    AUTO(buf_clear) struct buf suffix = BUF_INIT(64);
    buf_printf(&suffix, "#updates/%" PRId64, now_ms);
    struct jw w = {.buf = out};
    jw_object(&w, NULL);
    part_actor_context(&w);
    jw_text2(&w, "id", actor->uri, buf_text(&suffix));
    jw_text(&w, "type", "Update");
    jw_text(&w, "actor", actor->uri);
    jw_list(&w, "to");
    jw_text(&w, NULL, AS2_PUBLIC);
    jw_list_end(&w);
    jw_object(&w, "object");
    part_actor(&w, actor);
    jw_object_end(&w);
    jw_object_end(&w);
    return jw_finish(&w);
}

/* The account first, then its posts, as every server expects them. */
enum err document_flag(const struct flag_document *flag, struct buf *out)
{
    struct jw w = {.buf = out};
    jw_object(&w, NULL);
    part_context(&w);
    jw_text(&w, "id", flag->id);
    jw_text(&w, "type", "Flag");
    jw_text(&w, "actor", flag->actor);
    jw_text(&w, "content", flag->comment);
    jw_list(&w, "object");
    jw_text(&w, NULL, flag->about);
    for (size_t i = 0; i < flag->post_count; i++)
        jw_text(&w, NULL, flag->posts[i]);
    jw_list_end(&w);
    jw_list(&w, "to");
    jw_text(&w, NULL, flag->about);
    jw_list_end(&w);
    jw_object_end(&w);
    return jw_finish(&w);
}
