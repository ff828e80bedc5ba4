/*
 * attach - pictures of ours that go with a new post: an Attachment in the post and the record that
 * says whose the file is, in the post's own transaction.
 */
#include "federation/act/post.h"

#include "federation/sanitize.h"
#include "storage/media.h"

static enum err attach_one(struct txn *txn, const struct federation *fed,
                           const struct post_media *from, Post *post, struct arena *arena,
                           int64_t now_ms)
{
    Media media = MEDIA__INIT;
    media.id = from->id;
    media.post = post->id;
    media.owner = post->author;
    media.media_type = (char *)from->media_type;
    media.size = from->size;
    media.created_ms = now_ms;
    Attachment *to = arena_alloc(arena, sizeof *to);
    if (!to)
        return ERR_LIMIT;
    attachment__init(to);
    to->media = from->id;
    to->url = arena_printf(arena, "%s/media/%llu", federation_base(fed, arena),
                           (unsigned long long)from->id);
    to->media_type = (char *)from->media_type;
    to->description = (char *)sanitize_line(from->description ? from->description : "",
                                            ACT_ALT_MAX_CHARACTERS, arena);
    to->blurhash = (char *)from->blurhash;
    to->width = from->width;
    to->height = from->height;
    to->focus_x = from->focus_x;
    to->focus_y = from->focus_y;
    if (!to->url || !to->description)
        return ERR_LIMIT;
    post->attachments[post->n_attachments++] = to;
    return media_add(txn, &media);
}

enum err act_post_attach(struct txn *txn, const struct federation *fed,
                         const struct post_draft *draft, Post *post, struct arena *arena,
                         int64_t now_ms)
{
    enum err e = OK;
    if (draft->media_count > ACT_MEDIA_MAX)
        return ERR_INVALID;
    post->attachments = arena_calloc(arena, draft->media_count, sizeof *post->attachments);
    for (size_t i = 0; !e && i < draft->media_count; i++)
        e = attach_one(txn, fed, &draft->media[i], post, arena, now_ms);
    return e;
}
