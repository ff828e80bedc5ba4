#include "storage/own_emoji.h"

#include <string.h>

#define EMOJI_ARENA_BYTES ((size_t)16 * 1024)

size_t own_emoji_span(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
}

bool own_emoji_is_shortcode(const char *text)
{
    size_t n = own_emoji_span(text);
    return !text[n] && n >= OWN_EMOJI_SHORTCODE_MIN && n <= OWN_EMOJI_SHORTCODE_MAX;
}

enum err own_emoji_add(struct txn *txn, const OwnEmoji *emoji)
{
    struct key media = key_id(emoji->media);
    struct bytes shortcode = bytes_of(emoji->shortcode);
    enum err e = record_add(txn, TABLE_EMOJI, shortcode, &emoji->base);
    return e ? e : engine_add(txn, TABLE_EMOJI_MEDIA, key_bytes(&media), shortcode);
}

enum err own_emoji_get(struct txn *txn, const char *shortcode, struct arena *arena, OwnEmoji **out)
{
    if (!own_emoji_is_shortcode(shortcode))
        return ERR_NOTFOUND;
    return record_get(txn, TABLE_EMOJI, bytes_of(shortcode), &own_emoji__descriptor, arena, out);
}

enum err own_emoji_find(struct txn *txn, uint64_t media, struct arena *arena, OwnEmoji **out)
{
    struct key key = key_id(media);
    struct bytes shortcode;
    enum err e = engine_get(txn, TABLE_EMOJI_MEDIA, key_bytes(&key), &shortcode);
    return e ? e : record_get(txn, TABLE_EMOJI, shortcode, &own_emoji__descriptor, arena, out);
}

enum err own_emoji_next(struct txn *txn, const char *after, struct arena *arena, OwnEmoji **out)
{
    AUTO(range_close) struct range range = {0};
    struct key lo = {0};
    struct bytes key, value;
    key_add_bytes(&lo, bytes_of(after));
    if (*after)
        key_add_u8(&lo, 0); /* past itself */
    enum err e = range_open(txn, TABLE_EMOJI, key_bytes(&lo), (struct bytes){0}, RANGE_UP, &range);
    if (!e)
        e = range_next(&range, &key, &value);
    return e ? e : record_decode(&own_emoji__descriptor, value, arena, out);
}

enum err own_emoji_del(struct txn *txn, const char *shortcode)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(EMOJI_ARENA_BYTES);
    OwnEmoji *emoji;
    enum err e = own_emoji_get(txn, shortcode, &arena, &emoji);
    if (e)
        return e;
    struct key media = key_id(emoji->media);
    e = engine_del(txn, TABLE_EMOJI_MEDIA, key_bytes(&media));
    return e ? e : engine_del(txn, TABLE_EMOJI, bytes_of(shortcode));
}
