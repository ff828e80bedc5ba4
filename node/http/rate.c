#include "node/http/rate.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>

#define SLOTS 4096 /* a power of two: as many as there may be connections by default */
#define TRIES 8    /* neighbouring slots an address may be in */

struct slot {
    struct address address;
    int64_t full_us; /* when what was used will have come back; 0: nothing known */
};

struct rate {
    int64_t interval_us; /* constant: the price of one request */
    int64_t burst_us;    /* constant: how far ahead an address may be */
    uint64_t seed;       /* constant: a stranger cannot aim at one slot */

    /* any thread, under mu */
    pthread_mutex_t mu;
    struct slot slots[SLOTS];
};

struct rate *rate_create(unsigned per_s, unsigned burst)
{
    assert(per_s > 0 && burst > 0);
    struct rate *rate = xcalloc(1, sizeof(*rate));
    rate->interval_us = 1000000 / (int64_t)per_s;
    if (rate->interval_us == 0)
        rate->interval_us = 1;
    rate->burst_us = rate->interval_us * burst;
    if (getrandom(&rate->seed, sizeof(rate->seed), 0) != sizeof(rate->seed))
        rate->seed = (uint64_t)(uintptr_t)rate;
    pthread_mutex_init(&rate->mu, NULL);
    return rate;
}

void rate_free(struct rate **rate)
{
    if (*rate)
        pthread_mutex_destroy(&(*rate)->mu);
    xfree(rate);
}

/* The address's slot; a free one or that of the quietest neighbour when it has none. */
static struct slot *slot_of(struct rate *rate, struct address owner)
{
    size_t first = (size_t)address_hash(owner, rate->seed);
    struct slot *quietest = NULL;
    for (size_t i = 0; i < TRIES; i++) {
        struct slot *slot = &rate->slots[(first + i) % SLOTS];
        if (slot->full_us && memcmp(&slot->address, &owner, sizeof(owner)) == 0)
            return slot;
        if (!quietest || slot->full_us < quietest->full_us)
            quietest = slot;
    }
    *quietest = (struct slot){.address = owner};
    return quietest;
}

bool rate_take(struct rate *rate, struct address address, int64_t now_ms)
{
    int64_t now_us = now_ms * 1000;
    pthread_mutex_lock(&rate->mu);
    struct slot *slot = slot_of(rate, address_owner(address));
    int64_t from = slot->full_us > now_us ? slot->full_us : now_us;
    bool may = from + rate->interval_us - now_us <= rate->burst_us;
    slot->full_us = may ? from + rate->interval_us : from;
    pthread_mutex_unlock(&rate->mu);
    return may;
}
