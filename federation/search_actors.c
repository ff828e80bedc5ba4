#include "federation/search.h"

#include "federation/uri.h"
#include "storage/actor_word.h"
#include "storage/edge.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ACTOR_ARENA_BYTES ((size_t)8 << 20)

struct hit {
    uint64_t id, followers;
    enum { HIT_OTHER, HIT_OURS, HIT_FOLLOWED, HIT_NAMED } rank;
};

struct hits {
    struct hit *item;
    size_t n, room;
};

static void hits_add(struct hits *hits, struct hit hit)
{
    if (hits->n == hits->room) {
        hits->room = hits->room ? 2 * hits->room : 64;
        hits->item = xrealloc(hits->item, hits->room * sizeof *hits->item);
    }
    hits->item[hits->n++] = hit;
}

static int best_first(const void *a, const void *b)
{
    const struct hit *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank < y->rank ? 1 : -1;
    if (x->followers != y->followers)
        return x->followers < y->followers ? 1 : -1;
    return (x->id > y->id) - (x->id < y->id);
}

/* What is asked, and what one candidate needs. */
struct asking {
    const struct actor_search *search;
    struct txn *txn;
    const char *text;   /* without the @ in front */
    struct words typed; /* beginnings of words */
    size_t longest;     /* of those: it tells most */
    uint64_t named;     /* whose handle or URI it is; 0: nobody's */
    struct hits hits;
};

static void asking_clear(struct asking *a)
{
    xfree(&a->hits.item);
}

static bool begins(const struct words *words, const char *prefix)
{
    for (size_t i = 0; i < words->n; i++)
        if (strncmp(words->item[i], prefix, strlen(prefix)) == 0)
            return true;
    return false;
}

static bool matches(const struct asking *a, const Actor *actor, struct arena *arena)
{
    struct words words;
    if (actor_word_list(actor, arena, &words))
        return false;
    for (size_t i = 0; i < a->typed.n; i++)
        if (!begins(&words, a->typed.item[i]))
            return false;
    return a->typed.n > 0;
}

static bool is_named(const struct asking *a, const Actor *actor, struct arena *arena)
{
    const char *handle = actor_handle(actor, arena);
    return actor->id == a->named || strcasecmp(a->text, actor->username) == 0 ||
           strcasecmp(a->text, actor->display_name) == 0 ||
           (handle && strcasecmp(a->text, handle) == 0);
}

static enum err consider(struct asking *a, actor_id id)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ACTOR_ARENA_BYTES);
    Actor *actor;
    for (size_t i = 0; i < a->hits.n; i++)
        if (a->hits.item[i].id == id.v)
            return OK;
    enum err e = actor_get(a->txn, id, &arena, &actor);
    if (e)
        return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
    uint64_t reader = a->search->reader.v;
    bool is_followed = reader && edge_has(a->txn, (struct edge_key){EDGE_FOLLOW, reader, id.v});
    if (actor->suspended_ms || actor->deleted_ms || actor->is_instance ||
        (a->search->is_followed && !is_followed) ||
        (id.v != a->named && !matches(a, actor, &arena)))
        return OK;
    hits_add(&a->hits, (struct hit){.id = id.v,
                                    .followers = counter_get(a->txn, COUNTER_FOLLOWERS, id.v),
                                    .rank = is_named(a, actor, &arena) ? HIT_NAMED
                                            : is_followed              ? HIT_FOLLOWED
                                            : actor->host[0]           ? HIT_OTHER
                                                                       : HIT_OURS});
    return OK;
}

/* *out_all: every row was read. */
static enum err consider_rows(struct asking *a, enum actor_origin origin, bool *out_all)
{
    AUTO(range_close) struct range range = {0};
    actor_id id;
    *out_all = false;
    enum err e = actor_word_open(a->txn, origin, a->typed.item[a->longest], &range);
    for (unsigned i = 0; !e && i < SEARCH_ACTORS_MAX; i++)
        if (!(e = actor_word_next(&range, &id)))
            e = consider(a, id);
    *out_all = e == ERR_NOTFOUND;
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err consider_followed(struct asking *a)
{
    struct edge_key key = {.kind = EDGE_FOLLOW, .who = a->search->reader.v};
    enum err e = key.who ? OK : ERR_NOTFOUND;
    for (unsigned i = 0; !e && i < SEARCH_FOLLOWS_MAX; i++)
        if (!(e = edge_next(a->txn, &key)))
            e = consider(a, (actor_id){key.whom});
    return e == ERR_NOTFOUND ? OK : e;
}

enum err search_handle(const struct federation *fed, struct txn *txn, const char *text,
                       struct arena *arena, actor_id *out)
{
    struct handle handle;
    if (handle_parse(text, arena, &handle, NULL))
        return ERR_NOTFOUND;
    bool is_ours = !handle.host[0] || strcmp(handle.host, fed->config->host) == 0;
    const char *known =
        is_ours ? handle.name : arena_printf(arena, "%s@%s", handle.name, handle.host);
    return known ? actor_find_handle(txn, known, out) : ERR_LIMIT;
}

/* The one whose handle or URI it is, wherever the rows of their words stand. */
static enum err consider_named(const struct federation *fed, struct asking *a, struct arena *arena)
{
    actor_id id;
    enum err e = actor_find(a->txn, a->text, &id);
    if (e == ERR_NOTFOUND)
        e = search_handle(fed, a->txn, a->text, arena, &id);
    if (e)
        return e == ERR_NOTFOUND ? OK : e;
    a->named = id.v;
    return consider(a, id);
}

static enum err type(struct asking *a, struct arena *arena)
{
    a->typed = (struct words){.arena = arena, .use = WORDS_OF_TYPED, .max = SEARCH_WORDS_MAX};
    enum err e = words_add(&a->typed, a->text);
    for (size_t i = 0; i < a->typed.n; i++)
        if (strlen(a->typed.item[i]) > strlen(a->typed.item[a->longest]))
            a->longest = i;
    return e;
}

static enum err read_page(struct asking *a, struct arena *arena, struct actors_found *out)
{
    unsigned limit = a->search->limit, offset = a->search->offset;
    if (limit > SEARCH_LIMIT_MAX)
        limit = SEARCH_LIMIT_MAX;
    if (a->hits.n)
        qsort(a->hits.item, a->hits.n, sizeof *a->hits.item, best_first);
    for (size_t i = offset; i < a->hits.n && out->n < limit; i++) {
        enum err e = actor_get(a->txn, (actor_id){a->hits.item[i].id}, arena, &out->item[out->n]);
        if (e)
            return e;
        out->n++;
    }
    return OK;
}

enum err search_actors(const struct federation *fed, struct txn *txn,
                       const struct actor_search *search, struct arena *arena,
                       struct actors_found *out)
{
    AUTO(asking_clear) struct asking a = {.search = search, .txn = txn};
    *out = (struct actors_found){.n = 0};
    a.text = search->text + strspn(search->text, " @");
    if (strlen(a.text) > SEARCH_TEXT_MAX_BYTES)
        return OK;
    bool has_all_ours = false, has_all_others = false;
    enum err e = consider_named(fed, &a, arena);
    if (!e && !search_is_url(a.text))
        e = type(&a, arena);
    if (!e && a.typed.n && !search->is_followed)
        e = consider_rows(&a, ACTOR_OURS, &has_all_ours);
    if (!e && a.typed.n && !search->is_followed)
        e = consider_rows(&a, ACTOR_REMOTE, &has_all_others);
    if (!e && a.typed.n && !(has_all_ours && has_all_others))
        e = consider_followed(&a);
    return e ? e : read_page(&a, arena, out);
}

bool search_is_url(const char *text)
{
    return (strncasecmp(text, "https://", 8) == 0 || strncasecmp(text, "http://", 7) == 0) &&
           !strpbrk(text, " \t");
}

bool search_is_address(const char *text)
{
    const char *at = strchr(text, '@');
    return search_is_url(text) || (at && at != text && at[1] && !strpbrk(text, " \t"));
}
