#include "storage/card.h"

#include "storage/post.h"

#include <string.h>

#define CARD_ARENA_BYTES ((size_t)4 << 20)

static enum err put(struct txn *txn, const CardWanted *wanted)
{
    struct key key = key_id(wanted->post);
    return record_put(txn, TABLE_CARD_WANTED, key_bytes(&key), &wanted->base);
}

enum err card_want(struct txn *txn, post_id post, const char *url, int64_t now_ms)
{
    CardWanted wanted = CARD_WANTED__INIT;
    wanted.post = post.v;
    wanted.url = (char *)url;
    wanted.next_attempt_ms = now_ms;
    return put(txn, &wanted);
}

enum err card_unwant(struct txn *txn, post_id post)
{
    struct key key = key_id(post.v);
    enum err e = engine_del(txn, TABLE_CARD_WANTED, key_bytes(&key));
    return e == ERR_NOTFOUND ? OK : e;
}

enum err card_wanted_next(struct txn *txn, post_id *at, struct arena *arena, CardWanted **out)
{
    AUTO(range_close) struct range range = {0};
    struct key lo = key_id(at->v + 1);
    struct bytes value;
    enum err e =
        range_open(txn, TABLE_CARD_WANTED, key_bytes(&lo), (struct bytes){0}, RANGE_UP, &range);
    if (!e)
        e = range_next(&range, &(struct bytes){0}, &value);
    if (!e)
        e = record_decode(&card_wanted__descriptor, value, arena, out);
    if (!e)
        at->v = (*out)->post;
    return e;
}

/* An edit may have put another link there meanwhile. */
static enum err get(struct txn *txn, post_id post, const char *url, struct arena *arena,
                    CardWanted **out)
{
    struct key key = key_id(post.v);
    enum err e =
        record_get(txn, TABLE_CARD_WANTED, key_bytes(&key), &card_wanted__descriptor, arena, out);
    return !e && strcmp((*out)->url, url) != 0 ? ERR_NOTFOUND : e;
}

enum err card_postpone(struct txn *txn, post_id post, const char *url, int64_t next_attempt_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(CARD_ARENA_BYTES);
    CardWanted *wanted;
    enum err e = get(txn, post, url, &arena, &wanted);
    if (e)
        return e;
    wanted->attempts++;
    wanted->next_attempt_ms = next_attempt_ms;
    return put(txn, wanted);
}

enum err card_settle(struct txn *txn, post_id id, const char *url, const Card *card)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(CARD_ARENA_BYTES);
    CardWanted *wanted;
    Post *post;
    struct key key = key_id(id.v);
    enum err e = get(txn, id, url, &arena, &wanted);
    if (!e)
        e = card_unwant(txn, id);
    if (e || !card)
        return e;
    e = post_get(txn, id, &arena, &post);
    if (e)
        return e;
    post->card = (Card *)card;
    return record_put(txn, TABLE_POST, key_bytes(&key), &post->base);
}
