#include "node/upkeep.h"

#include "federation/forwarded.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/event.h"
#include "storage/idempotency.h"
#include "storage/seen.h"

#include <stdatomic.h>
#include <string.h>

#define IDEMPOTENCY_STEP_ROWS 4096 /* looked at in one mutation: a few hours of posts */

struct event_trimming {
    struct mutation mutation;
    int64_t next_mono_ms; /* the ticking thread's */
    int64_t now_ms;       /* the writer's while is_busy */
    _Atomic bool has_more, is_busy;
};

struct upkeep {
    struct mutation mutation;
    struct writer *writer;
    struct event_trimming events;

    /* the ticking thread's */
    int64_t next_round_mono_ms;
    bool is_in_round;

    /* the writer's while is_busy, the ticking thread's otherwise */
    uint8_t at[KEY_HASH_BYTES];   /* the step begins after it */
    uint8_t next[KEY_HASH_BYTES]; /* and ended here */
    int64_t before_ms;
    enum err answer;

    _Atomic bool is_busy;
};

static enum err upkeep_apply(struct txn *txn, struct mutation *m)
{
    struct upkeep *u = container_of(m, struct upkeep, mutation);
    memcpy(u->next, u->at, sizeof u->next);
    enum err e = idempotency_expire(txn, IDEMPOTENCY_STEP_ROWS,
                                    u->before_ms + UPKEEP_SEEN_LIFE_MS - IDEMPOTENCY_LIFE_MS);
    if (e)
        return e;
    u->answer = seen_expire(txn, u->next, UPKEEP_STEP_ROWS, u->before_ms);
    return u->answer == ERR_NOTFOUND ? OK : u->answer; /* the last of them: what went stays gone */
}

static void upkeep_done(struct mutation *m, enum err e)
{
    struct upkeep *u = container_of(m, struct upkeep, mutation);
    if (e)
        u->answer = e;
    u->is_busy = false;
}

/* What came of the last step; true when the round goes on. */
static bool goes_on(struct upkeep *u)
{
    if (u->answer == OK)
        memcpy(u->at, u->next, sizeof u->at);
    else if (u->answer != ERR_NOTFOUND)
        log_warn("upkeep.failed", STR("error", err_name(u->answer)));
    return u->answer == OK;
}

/* ---- events --------------------------------------------------------------------------------- */

static enum err events_apply(struct txn *txn, struct mutation *m)
{
    struct event_trimming *events = container_of(m, struct event_trimming, mutation);
    enum err e = event_trim(txn, UPKEEP_EVENT_ROWS, events->now_ms);
    events->has_more = e == OK;
    return e == ERR_NOTFOUND ? OK : e;
}

static void events_done(struct mutation *m, enum err e)
{
    struct event_trimming *events = container_of(m, struct event_trimming, mutation);
    if (e) {
        events->has_more = false;
        log_warn("upkeep.failed", STR("error", err_name(e)));
    }
    events->is_busy = false;
}

static void events_tick(struct event_trimming *events, struct writer *writer, int64_t now_mono_ms)
{
    if (events->is_busy || (!events->has_more && now_mono_ms < events->next_mono_ms))
        return;
    events->next_mono_ms = now_mono_ms + UPKEEP_EVENT_PAUSE_MS;
    events->now_ms = clock_ms();
    events->is_busy = true;
    if (writer_push(writer, &events->mutation))
        events->is_busy = false;
}

void upkeep_tick(struct upkeep *u, int64_t now_mono_ms)
{
    events_tick(&u->events, u->writer, now_mono_ms);
    if (u->is_busy)
        return;
    if (u->is_in_round)
        u->is_in_round = goes_on(u);
    if (!u->is_in_round) {
        if (now_mono_ms < u->next_round_mono_ms)
            return;
        u->next_round_mono_ms = now_mono_ms + UPKEEP_PAUSE_MS;
        u->is_in_round = true;
        memset(u->at, 0, sizeof u->at);
    }
    _Static_assert(UPKEEP_SEEN_LIFE_MS > FORWARDED_AGE_MAX_MS,
                   "what is proved must be known again");
    u->before_ms = clock_ms() - UPKEEP_SEEN_LIFE_MS;
    u->answer = OK;
    u->is_busy = true;
    if (writer_push(u->writer, &u->mutation)) { /* it has other things to do: the next tick */
        memcpy(u->next, u->at, sizeof u->next);
        u->is_busy = false;
    }
}

struct upkeep *upkeep_create(struct writer *writer)
{
    struct upkeep *u = xcalloc(1, sizeof *u);
    u->mutation = (struct mutation){.apply = upkeep_apply, .done = upkeep_done};
    u->events.mutation = (struct mutation){.apply = events_apply, .done = events_done};
    u->writer = writer;
    return u;
}

void upkeep_free(struct upkeep **upkeep)
{
    xfree(upkeep);
}
