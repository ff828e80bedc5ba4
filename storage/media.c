#include "storage/media.h"

enum err media_add(struct txn *txn, const Media *media)
{
    struct key key = key_id(media->id);
    return record_add(txn, TABLE_MEDIA, key_bytes(&key), &media->base);
}

enum err media_get(struct txn *txn, uint64_t id, struct arena *arena, Media **out)
{
    struct key key = key_id(id);
    return record_get(txn, TABLE_MEDIA, key_bytes(&key), &media__descriptor, arena, out);
}

enum err media_drop_of(struct txn *txn, const Post *post)
{
    for (size_t i = 0; i < post->n_attachments; i++) {
        struct key key = key_id(post->attachments[i]->media);
        if (!post->attachments[i]->media)
            continue;
        enum err e = engine_del(txn, TABLE_MEDIA, key_bytes(&key));
        if (e && e != ERR_NOTFOUND)
            return e;
    }
    return OK;
}
