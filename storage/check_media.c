#include "storage/check_rows.h"

static bool has_media(const Post *post, uint64_t media)
{
    for (size_t i = 0; i < post->n_attachments; i++)
        if (post->attachments[i]->media == media)
            return true;
    return false;
}

static void check_owner(struct check *check, const Media *media)
{
    const Actor *owner = check_record(check, TABLE_ACTOR, media->owner, &actor__descriptor);
    uint64_t named = 0;
    if (owner && media->use == MEDIA_USE__AVATAR)
        named = owner->icon;
    else if (owner && media->use == MEDIA_USE__HEADER)
        named = owner->image;
    if (named != media->id)
        check_wrong(check, "is no picture of its owner");
}

static void check_previewed(struct check *check, const Media *media)
{
    const Media *shown = check_record(check, TABLE_MEDIA, media->post, &media__descriptor);
    if (!shown || shown->preview != media->id)
        check_wrong(check, "is a preview of nothing");
}

enum err check_media(struct check *check)
{
    Media *media;
    if (!check_decode(check, &media__descriptor, &media))
        return OK;
    if (media->id != check_key_u64(check, 0))
        check_wrong(check, "the record says it is another");
    if (media->use == MEDIA_USE__PREVIEW)
        check_previewed(check, media);
    else if (media->use != MEDIA_USE__ATTACHMENT_OF_POST)
        check_owner(check, media);
    else if (media->post) {
        const Post *post = check_record(check, TABLE_POST, media->post, &post__descriptor);
        if (!post || !has_media(post, media->id))
            check_wrong(check, "belongs to no post");
    }
    if (media->preview && !check_has(check, TABLE_MEDIA, key_id(media->preview)))
        check_wrong(check, "has lost its preview");
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
