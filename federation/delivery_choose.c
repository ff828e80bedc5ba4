#include "federation/delivery_choose.h"

/* A set of ids; the windows are small, so it is a list. */
struct ids {
    uint64_t *p;
    size_t n;
};

static bool has(const struct ids *set, uint64_t id)
{
    for (size_t i = 0; i < set->n; i++)
        if (set->p[i] == id)
            return true;
    return false;
}

static void add(struct ids *set, uint64_t id)
{
    if (!has(set, id))
        set->p[set->n++] = id;
}

/* One number space for all ids: an actor is never a post. */
static uint64_t object_of(const struct choice *c)
{
    return c->object ? c->object : c->actor;
}

struct order {
    struct ids authors; /* no later job of theirs may go */
    struct ids objects; /* nor one about these */
    struct ids waiting; /* as objects, but their authors are free */
};

/* May it go? Whether or not, what comes later must know that it is ahead of them. */
static bool take_turn(struct order *order, const struct choice *c, int64_t now_ms,
                      int64_t *out_wake_ms)
{
    uint64_t object = object_of(c);
    if (has(&order->waiting, object))
        return false;
    if (!c->is_in_flight && c->next_attempt_ms > now_ms) {
        if (c->next_attempt_ms < *out_wake_ms)
            *out_wake_ms = c->next_attempt_ms;
        add(&order->waiting, object);
        return false;
    }
    bool may_go =
        !c->is_in_flight && !has(&order->authors, c->actor) && !has(&order->objects, object);
    add(&order->authors, c->actor);
    add(&order->objects, object);
    return may_go;
}

size_t delivery_choose(const struct choice *list, size_t n, enum choice_aim aim, int64_t now_ms,
                       size_t max, size_t *out, int64_t *out_wake_ms)
{
    AUTO(xfree) uint64_t *memory = xcalloc(3 * n + 1, sizeof *memory);
    struct order order = {{memory, 0}, {memory + n, 0}, {memory + 2 * n, 0}};
    size_t chosen = 0;
    if (max == 0)
        return 0;

    for (size_t i = 0; i < n; i++) /* flights first, wherever they are in the list */
        if (list[i].is_in_flight)
            take_turn(&order, &list[i], now_ms, out_wake_ms);
    for (size_t i = 0; i < n; i++) {
        if (list[i].is_in_flight || !take_turn(&order, &list[i], now_ms, out_wake_ms))
            continue;
        if (aim == CHOICE_ORDER)
            out[chosen++] = i;
        else if (aim == CHOICE_PROBE && (chosen == 0 || list[i].attempts < list[out[0]].attempts))
            out[0] = i, chosen = 1;
        if (aim == CHOICE_ORDER && chosen == max)
            break;
    }
    return chosen;
}
