#include "storage/media.h"

#define MEDIA_ARENA_BYTES ((size_t)64 * 1024)

enum err media_add(struct txn *txn, const Media *media)
{
    struct key key = key_id(media->id);
    return record_add(txn, TABLE_MEDIA, key_bytes(&key), &media->base);
}

enum err media_put(struct txn *txn, const Media *media)
{
    struct key key = key_id(media->id);
    return record_put(txn, TABLE_MEDIA, key_bytes(&key), &media->base);
}

enum err media_get(struct txn *txn, uint64_t id, struct arena *arena, Media **out)
{
    struct key key = key_id(id);
    return record_get(txn, TABLE_MEDIA, key_bytes(&key), &media__descriptor, arena, out);
}

enum err media_del(struct txn *txn, uint64_t id)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(MEDIA_ARENA_BYTES);
    struct key key = key_id(id);
    Media *media;
    enum err e = media_get(txn, id, &arena, &media);
    if (!e && media->preview) {
        struct key preview = key_id(media->preview);
        e = engine_del(txn, TABLE_MEDIA, key_bytes(&preview));
        e = e == ERR_NOTFOUND ? OK : e;
    }
    return e ? e : engine_del(txn, TABLE_MEDIA, key_bytes(&key));
}

bool media_is_of_profile(const Media *media)
{
    return media->use == MEDIA_USE__AVATAR || media->use == MEDIA_USE__HEADER;
}

enum err media_post(struct txn *txn, const Media *media, struct arena *arena, uint64_t *out)
{
    Media *shown = (Media *)media;
    enum err e = OK;
    if (media->use == MEDIA_USE__PREVIEW)
        e = media_get(txn, media->post, arena, &shown);
    if (!e)
        *out = shown->post;
    return e;
}

enum err media_waiting(struct txn *txn, uint64_t id, uint64_t owner, struct arena *arena,
                       Media **out)
{
    enum err e = media_get(txn, id, arena, out);
    bool is_theirs = !e && (*out)->use == MEDIA_USE__ATTACHMENT_OF_POST && !(*out)->post &&
                     (*out)->owner == owner;
    return e || is_theirs ? e : ERR_NOTFOUND;
}

enum err media_attach(struct txn *txn, uint64_t id, uint64_t owner, uint64_t post,
                      struct arena *arena, Media **out)
{
    enum err e = media_waiting(txn, id, owner, arena, out);
    if (e)
        return e;
    if ((*out)->state != MEDIA_STATE__MEDIA_READY)
        return (*out)->state == MEDIA_STATE__MEDIA_WORKING ? ERR_LATER : ERR_INVALID;
    (*out)->post = post;
    return media_put(txn, *out);
}

enum err media_detach(struct txn *txn, const Attachment *attachment, int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(MEDIA_ARENA_BYTES);
    Media *media;
    enum err e =
        attachment->media ? media_get(txn, attachment->media, &arena, &media) : ERR_NOTFOUND;
    if (e)
        return e == ERR_NOTFOUND ? OK : e;
    media->post = 0;
    media->created_ms = now_ms;
    media->description = attachment->description;
    media->blurhash = attachment->blurhash;
    media->width = attachment->width;
    media->height = attachment->height;
    media->focus_x = attachment->focus_x;
    media->focus_y = attachment->focus_y;
    return media_put(txn, media);
}

enum err media_detach_all(struct txn *txn, const Post *post, int64_t now_ms)
{
    enum err e = OK;
    for (size_t i = 0; !e && i < post->n_attachments; i++)
        e = media_detach(txn, post->attachments[i], now_ms);
    return e;
}

enum err media_drop_of(struct txn *txn, const Post *post)
{
    for (size_t i = 0; i < post->n_attachments; i++) {
        uint64_t id = post->attachments[i]->media;
        enum err e = id ? media_del(txn, id) : OK;
        if (e && e != ERR_NOTFOUND)
            return e;
    }
    return OK;
}

bool media_is_stale(const Media *media, int64_t now_ms)
{
    return media->use == MEDIA_USE__ATTACHMENT_OF_POST && !media->post &&
           now_ms - media->created_ms >= MEDIA_WAIT_MS;
}
