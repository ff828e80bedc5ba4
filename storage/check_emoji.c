#include "storage/check_rows.h"

#include "storage/own_emoji.h"

#include <string.h>

enum err check_emoji(struct check *check)
{
    OwnEmoji *emoji, *named;
    if (!check_decode(check, &own_emoji__descriptor, &emoji))
        return OK;
    size_t n = strlen(emoji->shortcode);
    if (n != check->key.n || memcmp(emoji->shortcode, check->key.p, n) != 0)
        check_wrong(check, "the record says it is another");
    if (!own_emoji_is_shortcode(emoji->shortcode))
        check_wrong(check, "that is no shortcode");
    enum err e = own_emoji_find(check->txn, emoji->media, &check->arena, &named);
    if (e || strcmp(named->shortcode, emoji->shortcode) != 0)
        check_wrong(check, "has no emoji_media");
    return check_trouble(e);
}

enum err check_emoji_media(struct check *check)
{
    OwnEmoji *emoji;
    uint64_t id = check_key_u64(check, 0);
    enum err e = own_emoji_find(check->txn, id, &check->arena, &emoji);
    if (e || emoji->media != id)
        check_wrong(check, "names no emoji with this picture");
    return check_trouble(e);
}
