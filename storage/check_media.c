#include "storage/check_rows.h"

static bool has_media(const Post *post, uint64_t media)
{
    for (size_t i = 0; i < post->n_attachments; i++)
        if (post->attachments[i]->media == media)
            return true;
    return false;
}

enum err check_media(struct check *check)
{
    Media *media;
    if (!check_decode(check, &media__descriptor, &media))
        return OK;
    if (media->id != check_key_u64(check, 0))
        check_wrong(check, "the record says it is another");
    const Post *post = check_record(check, TABLE_POST, media->post, &post__descriptor);
    if (!post || !has_media(post, media->id))
        check_wrong(check, "belongs to no post");
    return OK;
}

void check_post_media(struct check *check, const Post *post)
{
    for (size_t i = 0; i < post->n_attachments; i++) {
        uint64_t id = post->attachments[i]->media;
        if (!id)
            continue;
        const Media *media = check_record(check, TABLE_MEDIA, id, &media__descriptor);
        if (!media || media->post != post->id)
            check_wrong(check, "its picture %llu has no record", (unsigned long long)id);
    }
}
