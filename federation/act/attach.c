/*
 * attach - pictures of ours that go with a new post: an Attachment in the post and the record that
 * says whose the file is, in the post's own transaction.
 */
#include "federation/act/post.h"

#include "federation/sanitize.h"
#include "storage/media.h"

/* Sets what the post says about it. */
static enum err describe(const struct federation *fed, const struct post_media *from, Post *post,
                         struct arena *arena)
{
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
    return OK;
}

static enum err attach_file(struct txn *txn, const struct federation *fed,
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
    enum err e = describe(fed, from, post, arena);
    return e ? e : media_add(txn, &media);
}

enum err act_upload_attach(struct txn *txn, const struct federation *fed, uint64_t id, Post *post,
                           struct arena *arena)
{
    Media *media;
    enum err e = media_attach(txn, id, post->author, post->id, arena, &media);
    if (e)
        return e;
    const struct post_media from = {.id = id,
                                    .media_type = media->media_type,
                                    .blurhash = media->blurhash,
                                    .description = media->description,
                                    .width = media->width,
                                    .height = media->height,
                                    .focus_x = media->focus_x,
                                    .focus_y = media->focus_y};
    return describe(fed, &from, post, arena);
}

enum err act_post_attach(struct txn *txn, const struct federation *fed,
                         const struct post_draft *draft, Post *post, struct arena *arena,
                         int64_t now_ms)
{
    enum err e = OK;
    if (draft->media_count > ACT_MEDIA_MAX)
        return ERR_INVALID;
    post->attachments = arena_calloc(arena, draft->media_count, sizeof *post->attachments);
    for (size_t i = 0; !e && i < draft->media_count; i++) {
        const struct post_media *media = &draft->media[i];
        e = media->is_upload ? act_upload_attach(txn, fed, media->id, post, arena)
                             : attach_file(txn, fed, media, post, arena, now_ms);
    }
    return e;
}
