#include "federation/schedule_clock.h"

#include "federation/act/schedule.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/base/task.h"
#include "storage/scheduled.h"

#include <stdatomic.h>

#define POSTS_PER_STEP 16

struct schedule_clock {
    struct task task;
    struct federation *fed;
    _Atomic bool is_busy;
};

static void run_step(struct task *task)
{
    struct schedule_clock *clock = container_of(task, struct schedule_clock, task);
    enum err e = OK;
    for (unsigned i = 0; !e && i < POSTS_PER_STEP; i++)
        e = act_schedule_step(clock->fed, clock_ms());
    if (e && e != ERR_NOTFOUND)
        log_warn("schedule.failed", STR("error", err_name(e)));
    clock->is_busy = false;
}

static bool is_any_due(struct schedule_clock *clock)
{
    AUTO(txn_end) struct txn *txn = NULL;
    actor_id owner;
    uint64_t id;
    return engine_read_begin(clock->fed->engine, &txn) == OK &&
           scheduled_due_first(txn, clock_ms(), &owner, &id) == OK;
}

void schedule_clock_tick(struct schedule_clock *clock)
{
    struct federation *fed = clock->fed;
    if (clock->is_busy || !is_any_due(clock))
        return;
    clock->is_busy = true;
    if (!fed->run_task)
        run_step(&clock->task);
    else if (fed->run_task(fed, &clock->task))
        clock->is_busy = false; /* others are first: the next tick */
}

struct schedule_clock *schedule_clock_create(struct federation *fed)
{
    struct schedule_clock *clock = xcalloc(1, sizeof *clock);
    clock->task = (struct task){.run = run_step};
    clock->fed = fed;
    return clock;
}

void schedule_clock_free(struct schedule_clock **clock)
{
    xfree(clock);
}
