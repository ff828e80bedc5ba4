#include "node/upkeep.h"

#include "federation/forwarded.h"
#include "storage/application.h"
#include "storage/auth_code.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/event.h"
#include "storage/idempotency.h"
#include "storage/mute.h"
#include "storage/seen.h"
#include "storage/session.h"

#include <stdatomic.h>
#include <string.h>

#define IDEMPOTENCY_STEP_ROWS 4096 /* looked at in one mutation: a few hours of posts */

struct event_trimming {
    struct mutation mutation;
    int64_t next_mono_ms; /* the ticking thread's */
    int64_t now_ms;       /* the writer's while is_busy */
    _Atomic bool has_more, is_busy;
};

#define PLACE_BYTES 32 /* of the longest key of these */

/* How far a round has come: in which table, after which key. */
struct place {
    size_t table;
    uint8_t key[PLACE_BYTES];
};

struct upkeep {
    struct mutation mutation;
    struct writer *writer;
    struct event_trimming events;

    /* the ticking thread's */
    int64_t next_round_mono_ms;
    bool is_in_round;

    /* the writer's while is_busy, the ticking thread's otherwise */
    struct place at;   /* the step begins after it */
    struct place next; /* and ended here */
    int64_t now_ms;
    enum err answer;

    _Atomic bool is_busy;
};

static enum err expire_applications(struct txn *txn, uint8_t *key, unsigned max, int64_t before_ms)
{
    uint64_t id;
    memcpy(&id, key, sizeof id);
    enum err e = application_expire(txn, &id, max, before_ms);
    memcpy(key, &id, sizeof id);
    return e;
}

/* What a round goes over, one after the other. */
static const struct {
    enum err (*expire)(struct txn *txn, uint8_t *key, unsigned max, int64_t before_ms);
    int64_t life_ms;
} tables[] = {{seen_expire, UPKEEP_SEEN_LIFE_MS},
              {mute_expire, 0},
              {auth_code_expire, AUTH_CODE_KEPT_MS},
              {session_expire, SESSION_LIFE_MS},
              {expire_applications, APPLICATION_LIFE_MS}};

static enum err upkeep_apply(struct txn *txn, struct mutation *m)
{
    struct upkeep *u = container_of(m, struct upkeep, mutation);
    enum err e = idempotency_expire(txn, IDEMPOTENCY_STEP_ROWS, u->now_ms - IDEMPOTENCY_LIFE_MS);
    if (e)
        return e;
    u->next = u->at;
    do {
        u->answer = tables[u->next.table].expire(txn, u->next.key, UPKEEP_STEP_ROWS,
                                                 u->now_ms - tables[u->next.table].life_ms);
        if (u->answer == ERR_NOTFOUND)
            u->next = (struct place){.table = u->next.table + 1};
    } while (u->answer == ERR_NOTFOUND && u->next.table < COUNT(tables));
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
        u->at = u->next;
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
        u->at = (struct place){0};
    }
    _Static_assert(UPKEEP_SEEN_LIFE_MS > FORWARDED_AGE_MAX_MS,
                   "what is proved must be known again");
    u->now_ms = clock_ms();
    u->answer = OK;
    u->is_busy = true;
    if (writer_push(u->writer, &u->mutation)) { /* it has other things to do: the next tick */
        u->next = u->at;
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
