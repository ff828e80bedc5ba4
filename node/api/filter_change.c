#include "node/api/filter_change.h"

#include "node/api/filter.h"
#include "storage/base/clock.h"

#include <string.h>

#define EXPIRES_MAX_S ((int64_t)100 * 366 * 24 * 3600)

static enum err look_up(struct txn *txn, enum filter_found_by by, actor_id owner, uint64_t id,
                        struct arena *arena, Filter **out, size_t *out_at)
{
    switch (by) {
    case FILTER_BY_KEYWORD:
        return filter_find_keyword(txn, owner, id, arena, out, out_at);
    case FILTER_BY_POST:
        return filter_find_post(txn, owner, id, arena, out, out_at);
    default:
        *out_at = 0;
        return filter_get(txn, owner, id, arena, out);
    }
}

enum err filter_find(struct api_call *call, struct txn *txn, enum filter_found_by by, Filter **out,
                     size_t *out_at)
{
    uint64_t id;
    enum err e = api_path_id(call, "id", &id);
    return e ? e : look_up(txn, by, call->who, id, &call->arena, out, out_at);
}

static enum err change_apply(struct txn *txn, struct mutation *m)
{
    struct filter_change *c = container_of(m, struct filter_change, mutation);
    struct arena *arena = &c->call->arena;
    actor_id owner = c->call->who;
    enum err e = OK;
    if (c->by == FILTER_NEW) {
        c->filter = arena_alloc(arena, sizeof *c->filter);
        if (!c->filter)
            return ERR_LIMIT;
        *c->filter = (Filter)FILTER__INIT;
        c->filter->owner = owner.v;
    } else {
        e = look_up(txn, c->by, owner, c->id, arena, &c->filter, &c->at);
    }
    if (!e)
        e = c->edit(c, c->filter, c->at);
    if (e)
        return e;
    if (c->is_gone)
        return filter_del(txn, owner, c->filter->id, c->now_ms);
    return c->by == FILTER_NEW ? filter_add(txn, c->filter, c->now_ms)
                               : filter_put(txn, c->filter, c->now_ms);
}

struct response *filter_change_run(struct api_call *call, struct filter_change *c)
{
    enum err e = OK;
    c->mutation = (struct mutation){.apply = change_apply};
    c->call = call;
    c->now_ms = clock_ms();
    if (c->by != FILTER_NEW)
        e = api_path_id(call, "id", &c->id);
    if (!e)
        e = api_write(call, &c->mutation);
    if (e == ERR_INVALID && !c->why.text[0])
        return api_invalid("a filter has a title, a context, and no empty keyword");
    if (e == ERR_LIMIT)
        return api_invalid("a text is too long, or there are too many filters or keywords");
    return e ? api_of_err(e, &c->why) : NULL;
}

enum err filter_take_terms(struct filter_change *c, Filter *filter)
{
    const struct params *params = &c->call->params;
    const char *words[8], *expires = params_get(params, "expires_in");
    size_t n = params_list(params, "context[]", words, COUNT(words));
    unsigned bits = 0;
    int64_t seconds;
    for (size_t i = 0; i < n; i++) {
        unsigned bit = filter_context_of(words[i]);
        if (!bit)
            return why_set(&c->why, ERR_INVALID, "Context \"%.20s\" is unknown", words[i]);
        bits |= bit;
    }
    if (n)
        filter->contexts = bits;
    if (!expires)
        return OK;
    if (*expires && (params_number(params, "expires_in", 0, &seconds) || seconds < 0 ||
                     seconds > EXPIRES_MAX_S))
        return why_set(&c->why, ERR_INVALID, "expires_in is a number of seconds");
    filter->expires_ms = *expires ? c->now_ms + seconds * 1000 : 0;
    return OK;
}

enum err filter_add_keyword(struct filter_change *c, Filter *filter, const char *text,
                            bool is_whole_word)
{
    struct arena *arena = &c->call->arena;
    size_t n = filter->n_keywords;
    FilterKeyword **grown = arena_calloc(arena, n + 1, sizeof *grown);
    FilterKeyword *keyword = arena_alloc(arena, sizeof *keyword);
    if (!grown || !keyword || n >= FILTER_KEYWORDS_MAX)
        return ERR_LIMIT;
    if (n)
        memcpy(grown, filter->keywords, n * sizeof(FilterKeyword *));
    *keyword = (FilterKeyword)FILTER_KEYWORD__INIT;
    keyword->text = (char *)text;
    keyword->is_whole_word = is_whole_word;
    grown[n] = keyword;
    filter->keywords = grown;
    filter->n_keywords = n + 1;
    c->at = n;
    return OK;
}

void filter_drop_keyword(Filter *filter, size_t at)
{
    filter->n_keywords--;
    memmove(filter->keywords + at, filter->keywords + at + 1,
            (filter->n_keywords - at) * sizeof(FilterKeyword *));
}
