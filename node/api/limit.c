#include "node/api/limit.h"

#include "storage/base/siphash.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>

#define SLOTS 4096 /* a power of two */
#define TRIES 8    /* neighbouring slots a key may be in */

struct slot {
    uint8_t key[SIPHASH_BYTES];
    int64_t reset_ms; /* 0: nothing known */
    unsigned used;
};

struct limit {
    unsigned most;                   /* constant */
    int64_t window_ms;               /* constant */
    uint8_t seed[SIPHASH_KEY_BYTES]; /* constant: a stranger cannot aim at one slot */

    /* any thread, under mu */
    pthread_mutex_t mu;
    struct slot slots[SLOTS];
};

struct limit *limit_create(unsigned most, int64_t window_ms)
{
    assert(most > 0 && window_ms > 0);
    struct limit *limit = xcalloc(1, sizeof *limit);
    limit->most = most;
    limit->window_ms = window_ms;
    ssize_t n = getrandom(limit->seed, sizeof limit->seed, 0);
    assert(n == sizeof limit->seed); /* so few bytes are always whole (getrandom(2)) */
    pthread_mutex_init(&limit->mu, NULL);
    return limit;
}

void limit_free(struct limit **limit)
{
    if (*limit)
        pthread_mutex_destroy(&(*limit)->mu);
    xfree(limit);
}

/* The key's slot, its window open; a free one or the one that is soonest over when it has none. */
static struct slot *slot_of(struct limit *limit, struct bytes key, int64_t now_ms)
{
    uint8_t hash[SIPHASH_BYTES];
    size_t first;
    siphash128(limit->seed, key, hash);
    memcpy(&first, hash, sizeof first);
    struct slot *soonest = NULL;
    for (size_t i = 0; i < TRIES; i++) {
        struct slot *slot = &limit->slots[(first + i) % SLOTS];
        bool is_open = slot->reset_ms > now_ms && slot->reset_ms <= now_ms + limit->window_ms;
        if (is_open && memcmp(slot->key, hash, sizeof hash) == 0)
            return slot;
        if (!is_open)
            slot->reset_ms = 0;
        if (!soonest || slot->reset_ms < soonest->reset_ms)
            soonest = slot;
    }
    *soonest = (struct slot){.reset_ms = now_ms + limit->window_ms};
    memcpy(soonest->key, hash, sizeof hash);
    return soonest;
}

struct limit_state limit_take(struct limit *limit, struct bytes key, int64_t now_ms)
{
    pthread_mutex_lock(&limit->mu);
    struct slot *slot = slot_of(limit, key, now_ms);
    bool is_over = slot->used >= limit->most;
    if (!is_over)
        slot->used++;
    struct limit_state state = {.most = limit->most,
                                .left = limit->most - slot->used,
                                .reset_ms = slot->reset_ms,
                                .is_over = is_over};
    pthread_mutex_unlock(&limit->mu);
    return state;
}

void limit_return(struct limit *limit, struct bytes key, int64_t now_ms)
{
    pthread_mutex_lock(&limit->mu);
    struct slot *slot = slot_of(limit, key, now_ms);
    if (slot->used)
        slot->used--;
    pthread_mutex_unlock(&limit->mu);
}
