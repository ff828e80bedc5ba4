#include "storage/filter.h"

#include "storage/event.h"

#include <string.h>

enum err filter_get(struct txn *txn, actor_id owner, uint64_t id, struct arena *arena, Filter **out)
{
    struct key key = key_ids(owner.v, id);
    return record_get(txn, TABLE_FILTER, key_bytes(&key), &filter__descriptor, arena, out);
}

/* The id of the owner's next filter. */
static enum err next_id(struct txn *txn, actor_id owner, uint64_t *id)
{
    AUTO(range_close) struct range range = {0};
    struct key lo = key_ids(owner.v, *id + 1), hi = key_ids(owner.v, UINT64_MAX);
    struct bytes key;
    size_t at = 8;
    if (*id == UINT64_MAX)
        return ERR_NOTFOUND;
    enum err e = range_open(txn, TABLE_FILTER, key_bytes(&lo), key_bytes(&hi), RANGE_UP, &range);
    if (!e)
        e = range_next(&range, &key, NULL);
    return e ? e : key_read_u64(key, &at, id);
}

enum err filter_next(struct txn *txn, actor_id owner, uint64_t after, struct arena *arena,
                     Filter **out)
{
    enum err e = next_id(txn, owner, &after);
    return e ? e : filter_get(txn, owner, after, arena, out);
}

static enum err judge(const Filter *filter)
{
    size_t n = strlen(filter->title);
    if (n == 0 || filter->contexts == 0)
        return ERR_INVALID;
    if (n > FILTER_TITLE_MAX_BYTES || filter->n_keywords > FILTER_KEYWORDS_MAX ||
        filter->n_posts > FILTER_POSTS_MAX)
        return ERR_LIMIT;
    for (size_t i = 0; i < filter->n_keywords; i++) {
        n = strlen(filter->keywords[i]->text);
        if (n == 0)
            return ERR_INVALID;
        if (n > FILTER_KEYWORD_MAX_BYTES)
            return ERR_LIMIT;
    }
    return OK;
}

static enum err tell(struct txn *txn, uint64_t owner, int64_t now_ms)
{
    return event_add_for(txn, EVENT_KIND__EVENT_FILTERS, (actor_id){owner}, 0, now_ms);
}

enum err filter_put(struct txn *txn, Filter *filter, int64_t now_ms)
{
    struct key key = key_ids(filter->owner, filter->id);
    enum err e = judge(filter);
    for (size_t i = 0; !e && i < filter->n_keywords; i++)
        if (!filter->keywords[i]->id)
            e = id_next(txn, now_ms, &filter->keywords[i]->id);
    for (size_t i = 0; !e && i < filter->n_posts; i++)
        if (!filter->posts[i]->id)
            e = id_next(txn, now_ms, &filter->posts[i]->id);
    if (!e)
        e = record_put(txn, TABLE_FILTER, key_bytes(&key), &filter->base);
    return e ? e : tell(txn, filter->owner, now_ms);
}

enum err filter_add(struct txn *txn, Filter *filter, int64_t now_ms)
{
    enum err e = judge(filter);
    unsigned n = 0;
    if (e)
        return e;
    for (uint64_t id = 0; !(e = next_id(txn, (actor_id){filter->owner}, &id)); n++)
        ;
    if (e != ERR_NOTFOUND)
        return e;
    if (n >= FILTERS_MAX)
        return ERR_LIMIT;
    e = id_next(txn, now_ms, &filter->id);
    filter->created_ms = now_ms;
    return e ? e : filter_put(txn, filter, now_ms);
}

enum err filter_del(struct txn *txn, actor_id owner, uint64_t id, int64_t now_ms)
{
    struct key key = key_ids(owner.v, id);
    enum err e = engine_del(txn, TABLE_FILTER, key_bytes(&key));
    return e ? e : tell(txn, owner.v, now_ms);
}

enum err filter_del_all(struct txn *txn, actor_id owner)
{
    enum err e;
    for (uint64_t id = 0; !(e = next_id(txn, owner, &id));) {
        struct key key = key_ids(owner.v, id);
        if ((e = engine_del(txn, TABLE_FILTER, key_bytes(&key))))
            return e;
    }
    return e == ERR_NOTFOUND ? OK : e;
}

enum err filter_find_keyword(struct txn *txn, actor_id owner, uint64_t keyword, struct arena *arena,
                             Filter **out, size_t *out_at)
{
    Filter *filter;
    enum err e;
    for (uint64_t id = 0; !(e = filter_next(txn, owner, id, arena, &filter)); id = filter->id)
        for (size_t i = 0; i < filter->n_keywords; i++)
            if (filter->keywords[i]->id == keyword) {
                *out = filter;
                *out_at = i;
                return OK;
            }
    return e;
}

enum err filter_find_post(struct txn *txn, actor_id owner, uint64_t entry, struct arena *arena,
                          Filter **out, size_t *out_at)
{
    Filter *filter;
    enum err e;
    for (uint64_t id = 0; !(e = filter_next(txn, owner, id, arena, &filter)); id = filter->id)
        for (size_t i = 0; i < filter->n_posts; i++)
            if (filter->posts[i]->id == entry) {
                *out = filter;
                *out_at = i;
                return OK;
            }
    return e;
}
