#include "storage/actor_word.h"

#include <string.h>

#define WORDS_ARENA_BYTES ((size_t)1 << 20)

static struct key word_key(enum actor_origin origin, const char *word)
{
    struct key key = {0};
    key_add_u8(&key, (uint8_t)origin);
    key_add_bytes(&key, bytes_of(word));
    return key;
}

struct key actor_word_key(const Actor *actor, const char *word)
{
    struct key key = word_key(actor->host[0] ? ACTOR_REMOTE : ACTOR_OURS, word);
    key_add_u8(&key, 0);
    key_add_u64(&key, actor->id);
    return key;
}

enum err actor_word_list(const Actor *actor, struct arena *arena, struct words *out)
{
    *out = (struct words){.arena = arena, .use = WORDS_OF_NAME, .max = ACTOR_WORDS_MAX};
    if (actor->deleted_ms || actor->is_instance)
        return OK;
    enum err e = words_add(out, actor->username);
    if (!e)
        e = words_add(out, actor->display_name);
    if (!e)
        e = words_add(out, actor->host);
    words_sort(out);
    return e;
}

enum err actor_word_change(struct txn *txn, const Actor *before, const Actor *after)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(2 * WORDS_ARENA_BYTES);
    struct words had = {0}, has;
    enum err e = before ? actor_word_list(before, &arena, &had) : OK;
    if (!e)
        e = actor_word_list(after, &arena, &has);
    for (size_t i = 0; !e && i < had.n; i++) {
        struct key key = actor_word_key(before, had.item[i]);
        if (!words_contain(&has, had.item[i]))
            e = engine_del(txn, TABLE_ACTOR_WORD, key_bytes(&key));
    }
    for (size_t i = 0; !e && i < has.n; i++) {
        struct key key = actor_word_key(after, has.item[i]);
        if (!words_contain(&had, has.item[i]))
            e = engine_put(txn, TABLE_ACTOR_WORD, key_bytes(&key), (struct bytes){NULL, 0});
    }
    return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
}

enum err actor_word_open(struct txn *txn, enum actor_origin origin, const char *prefix,
                         struct range *out)
{
    struct key key = word_key(origin, prefix);
    return range_prefix(txn, TABLE_ACTOR_WORD, key_bytes(&key), RANGE_UP, out);
}

enum err actor_word_next(struct range *range, actor_id *out)
{
    struct bytes key;
    enum err e = range_next(range, &key, NULL);
    if (e)
        return e;
    size_t at = key.n < 8 ? key.n : key.n - 8;
    return key_read_u64(key, &at, &out->v);
}
