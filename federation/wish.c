#include "federation/wish.h"

#include "federation/policy.h"
#include "storage/actor.h"
#include "storage/domain_block.h"
#include "storage/edge.h"
#include "storage/mute.h"

#include <string.h>
#include <strings.h>

/* Actors come from strangers, some are large. */
#define WISHES_ARENA_BYTES ((size_t)16 * 1024 * 1024)
#define WISHES_MUCH_BYTES (WISHES_ARENA_BYTES / 2)

void wishes_open(struct txn *txn, actor_id reader, int64_t now_ms, struct wishes *out)
{
    *out = (struct wishes){
        .txn = txn, .reader = reader, .now_ms = now_ms, .arena = ARENA_INIT(WISHES_ARENA_BYTES)};
}

void wishes_close(struct wishes *wishes)
{
    arena_clear(&wishes->arena);
    memset(wishes->slot, 0, sizeof wishes->slot);
}

void wishes_trim(struct wishes *wishes)
{
    if (wishes->arena.used_bytes > WISHES_MUCH_BYTES)
        wishes_close(wishes);
}

static bool has(const struct wishes *w, enum edge_kind kind, uint64_t who, uint64_t whom)
{
    return edge_has(w->txn, (struct edge_key){kind, who, whom});
}

static enum err read_follow(struct wishes *w, struct wish *wish)
{
    Edge *edge;
    enum err e = edge_get(w->txn, (struct edge_key){EDGE_FOLLOW, w->reader.v, wish->actor->id},
                          &w->arena, &edge);
    if (!e)
        wish->follow = edge;
    return e == ERR_NOTFOUND ? OK : e;
}

static enum err look_up(struct wishes *w, uint64_t id, struct wish *wish)
{
    Actor *actor;
    enum err e = actor_get(w->txn, (actor_id){id}, &w->arena, &actor);
    if (e)
        return e;
    *wish = (struct wish){.actor = actor,
                          .shows = policy_shows(w->txn, actor->host),
                          .is_gone = actor->deleted_ms || actor->suspended_ms,
                          .is_self = id == w->reader.v};
    if (!w->reader.v || wish->is_self)
        return OK;
    wish->is_blocked = has(w, EDGE_BLOCK, w->reader.v, id) || has(w, EDGE_BLOCK, id, w->reader.v) ||
                       domain_block_has(w->txn, w->reader, actor->host);
    wish->is_muted = mute_holds(w->txn, w->reader, (actor_id){id}, w->now_ms);
    return read_follow(w, wish);
}

enum err wish_of(struct wishes *w, uint64_t actor, const struct wish **out)
{
    struct wish **slot = &w->slot[(actor ^ actor >> 16) % WISHES_SLOTS];
    if (*slot && (*slot)->actor->id == actor) {
        *out = *slot;
        return OK;
    }
    struct wish *wish = arena_alloc(&w->arena, sizeof *wish);
    enum err e = wish ? look_up(w, actor, wish) : ERR_LIMIT;
    if (!e)
        *out = *slot = wish;
    return e;
}

bool wish_is_near(const struct wish *wish)
{
    return wish->is_self || wish->follow;
}

/* "en" stands for "en-GB" too. */
bool wish_has_language(const struct wish *wish, const char *language)
{
    if (!wish->follow || wish->follow->n_languages == 0 || !language[0])
        return true;
    for (size_t i = 0; i < wish->follow->n_languages; i++) {
        const char *wanted = wish->follow->languages[i];
        size_t n = strlen(wanted);
        if (strncasecmp(wanted, language, n) == 0 && (language[n] == '\0' || language[n] == '-'))
            return true;
    }
    return false;
}
