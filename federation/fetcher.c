#include "federation/backfill.h"
#include "federation/fetch_call.h"
#include "federation/resolve.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/parked.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#define PER_HOST_MAX 2
#define SCAN_MAX 2048 /* wants looked at in one go: those of a dead host must not hide the rest */
#define SCAN_ARENA_BYTES ((size_t)8 * 1024 * 1024)
#define IDLE_WAIT_MS 30000
#define BUSY_WAIT_MS 1000
#define HOST_PAUSE_MS 30000 /* a host that did not answer is left alone so long */
#define STORE_PAUSE_MS 5000 /* after a write that failed */
#define PAUSED_HOSTS_MAX 64
#define SWEEP_EVERY_MS 60000
#define SWEEP_MAX 256
#define RESOLVING_MS                                                                               \
    60000 /* a document that was handed over and led to nothing is fetched again                   \
           */
#define FAR_AHEAD_MS ((int64_t)2 * 3600 * 1000) /* no want is ever set so far ahead: clock jump */

/* After so many tries it is gone. */
static const int64_t back_off_ms[] = {10 * 1000, 60 * 1000, 5 * 60 * 1000, 15 * 60 * 1000,
                                      60 * 60 * 1000};

enum phase {
    FREE,
    FETCHING,  /* in the loop */
    ENDED,     /* there is an outcome, the writer has not taken it yet */
    SETTLING,  /* the writer has it: not touched here */
    SETTLED,   /* on disk; the outcome is to be handed over */
    RESOLVING, /* a worker has it: not touched here */
    PAUSED,    /* the store refused: until `until_mono_ms` */
};

/* One want being fetched. */
struct errand {
    struct mutation mutation;
    struct task task;
    struct fetcher *fetcher;
    enum phase phase; /* under fetcher->mu */
    enum err settle_answer;

    struct fetch_call call;
    char uri[URI_MAX_BYTES + 1];
    char host[URI_HOST_BYTES];
    WantKind kind;
    bool is_final; /* of the outcome: nothing more is tried */
    int64_t now_ms, until_mono_ms;
};

struct paused_host {
    char host[URI_HOST_BYTES];
    int64_t until_mono_ms;
};

/* Cleans the negative cache, a piece at a time. */
struct sweep {
    struct mutation mutation;
    struct fetcher *fetcher;
    uint8_t hash[KEY_HASH_BYTES];
    uint8_t next[KEY_HASH_BYTES];
    int64_t now_ms;
    bool is_first; /* since the process started */
};

struct fetcher {
    /* constant while the thread runs */
    struct federation *fed;
    pthread_t thread;
    struct http_loop *loop; /* http_loop_wake: any thread */
    size_t errand_count;

    /* fetcher thread only, but for the errands a phase gives away */
    struct errand *errand;
    struct paused_host paused[PAUSED_HOSTS_MAX];
    size_t paused_next;
    int64_t swept_mono_ms;
    struct sweep sweep;

    /* under mu */
    pthread_mutex_t mu;
    bool is_stopping, is_sweeping;
    size_t in_flight;
};

static void set_phase(struct errand *errand, enum phase phase)
{
    struct fetcher *f = errand->fetcher;
    pthread_mutex_lock(&f->mu);
    f->in_flight += (errand->phase == FREE) - (size_t)(phase == FREE);
    errand->phase = phase;
    pthread_mutex_unlock(&f->mu);
}

/* From another thread: the last it does with the errand. Woken under the lock, because once that is
 * released the fetcher may be stopped and gone. */
static void hand_back(struct errand *errand, enum phase phase)
{
    struct fetcher *f = errand->fetcher;
    pthread_mutex_lock(&f->mu);
    errand->phase = phase;
    http_loop_wake(f->loop);
    pthread_mutex_unlock(&f->mu);
}

static enum phase phase_of(struct errand *errand)
{
    pthread_mutex_lock(&errand->fetcher->mu);
    enum phase phase = errand->phase;
    pthread_mutex_unlock(&errand->fetcher->mu);
    return phase;
}

/* ---- choosing ---- */

static struct errand *free_errand(struct fetcher *f)
{
    for (size_t i = 0; i < f->errand_count; i++)
        if (phase_of(&f->errand[i]) == FREE)
            return &f->errand[i];
    return NULL;
}

static bool is_paused(const struct fetcher *f, const char *host, int64_t now_mono_ms)
{
    for (size_t i = 0; i < PAUSED_HOSTS_MAX; i++)
        if (f->paused[i].until_mono_ms > now_mono_ms && strcmp(f->paused[i].host, host) == 0)
            return true;
    return false;
}

static void pause_host(struct fetcher *f, const char *host)
{
    struct paused_host *slot = &f->paused[f->paused_next];
    f->paused_next = (f->paused_next + 1) % PAUSED_HOSTS_MAX;
    memcpy(slot->host, host, sizeof slot->host);
    slot->until_mono_ms = clock_mono_ms() + HOST_PAUSE_MS;
}

/*
 * Not fetched already, and its host has room. Actors, and so keys, have room of their own: a host
 * that is asked for a post asks for our key first, and so do we; with every place taken by posts,
 * both would wait for the other's key until both give up.
 */
static bool may_start(struct fetcher *f, const Want *want, const char *host)
{
    unsigned busy = 0;
    if (is_paused(f, host, clock_mono_ms()))
        return false;
    for (size_t i = 0; i < f->errand_count; i++) {
        struct errand *errand = &f->errand[i];
        if (phase_of(errand) == FREE)
            continue;
        if (strcmp(errand->uri, want->uri) == 0)
            return false;
        bool is_actor = errand->kind == WANT_KIND__ACTOR_DOCUMENT;
        if (is_actor == (want->kind == WANT_KIND__ACTOR_DOCUMENT))
            busy += strcmp(errand->host, host) == 0;
    }
    return busy < PER_HOST_MAX;
}

static void start(struct errand *errand, const Want *want, const char *host)
{
    struct fetcher *f = errand->fetcher;
    memcpy(errand->uri, want->uri, strlen(want->uri) + 1); /* collect() checked that it fits */
    memcpy(errand->host, host, strlen(host) + 1);
    errand->kind = want->kind;
    set_phase(errand, FETCHING);
    errand->call.e = fetch_call_begin(f->fed, errand->uri, FETCH_ACTIVITY, &errand->call);
    if (errand->call.e) {
        set_phase(errand, ENDED);
        return;
    }
    http_call_set_owner(errand->call.http, errand);
    http_loop_add(f->loop, errand->call.http);
}

/* A due want, copied; what happens to it happens after the snapshot has ended. */
struct candidate {
    const Want *want;
    char host[URI_HOST_BYTES];
};

struct walk {
    int64_t due_ms;
    uint8_t hash[KEY_HASH_BYTES];
};

/* Collects due wants from `from` on. *out_wait_ms shrinks to the time of the first that is not. */
static enum err collect(struct fetcher *f, struct txn *txn, struct walk from, int64_t now_ms,
                        struct arena *arena, struct candidate *list, size_t *n,
                        int64_t *out_wait_ms)
{
    for (unsigned looked_at = 0; looked_at < SCAN_MAX && *n < f->errand_count; looked_at++) {
        Want *want;
        struct candidate *c = &list[*n];
        enum err e = want_due_next(txn, &from.due_ms, from.hash, arena, &want);
        if (e)
            return e == ERR_NOTFOUND ? OK : e;
        if (from.due_ms > now_ms && from.due_ms <= now_ms + FAR_AHEAD_MS) {
            if (from.due_ms - now_ms < *out_wait_ms)
                *out_wait_ms = from.due_ms - now_ms;
            return OK;
        }
        if (strlen(want->uri) > URI_MAX_BYTES || uri_host(want->uri, c->host) != OK)
            memcpy(c->host, "?", 2); /* fetch_call_begin says what is wrong with it */
        if (strlen(want->uri) <= URI_MAX_BYTES && may_start(f, want, c->host)) {
            c->want = want;
            (*n)++;
        }
    }
    return OK;
}

static void start_due(struct fetcher *f, int64_t *out_wait_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SCAN_ARENA_BYTES);
    size_t n = 0;
    if (!free_errand(f))
        return;
    struct candidate *list = arena_calloc(&arena, f->errand_count, sizeof *list);
    assert(list);
    {
        AUTO(txn_end) struct txn *txn = NULL;
        int64_t now_ms = clock_ms();
        enum err e = engine_read_begin(f->fed->engine, &txn);
        if (!e)
            e = collect(f, txn, (struct walk){.due_ms = -1}, now_ms, &arena, list, &n, out_wait_ms);
        if (!e) /* set by a clock that was far ahead of this one (T100): due as well */
            e = collect(f, txn, (struct walk){.due_ms = now_ms + FAR_AHEAD_MS}, now_ms, &arena,
                        list, &n, out_wait_ms);
        if (e && e != ERR_LIMIT)
            log_error("fetch.store", STR("err", err_name(e)));
    }
    for (size_t i = 0; i < n; i++) {
        struct errand *errand = free_errand(f);
        if (errand && may_start(f, list[i].want, list[i].host))
            start(errand, list[i].want, list[i].host);
    }
}

/* ---- what came of it ---- */

/* Then a silent host is given up soon: the rest of the thread waits. */
static bool is_of_backfill_only(struct txn *txn, const char *uri)
{
    uint64_t parked, backfill = 0;
    return parked_next(txn, uri, 0, &parked) == ERR_NOTFOUND &&
           backfill_wants(txn, uri, &backfill) == OK;
}

static enum err settle_apply(struct txn *txn, struct mutation *m)
{
    struct errand *errand = container_of(m, struct errand, mutation);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(SCAN_ARENA_BYTES);
    Want *want;
    enum err e = want_get(txn, errand->uri, &arena, &want);
    if (e)
        return e == ERR_NOTFOUND ? OK : e; /* nobody waits any more */

    size_t tries = want->attempts++;
    size_t tries_max =
        is_of_backfill_only(txn, errand->uri) ? BACKFILL_TRIES - 1 : COUNT(back_off_ms);
    bool may_come = errand->call.e == ERR_LATER || errand->call.e == ERR_STORE;
    errand->is_final = !may_come || tries >= tries_max;
    want->last_error = errand->call.e ? errand->call.why.text : (char *)"";
    if (errand->call.e == OK && tries < COUNT(back_off_ms))
        want->next_attempt_ms = errand->now_ms + RESOLVING_MS;
    else if (errand->is_final) /* also what was fetched again and again and led to nothing */
        want->failed_ms = errand->now_ms;
    else
        want->next_attempt_ms = errand->now_ms + back_off_ms[tries];
    e = want_put(txn, want);
    return e == ERR_NOTFOUND ? OK : e;
}

static void settle_done(struct mutation *m, enum err e)
{
    struct errand *errand = container_of(m, struct errand, mutation);
    errand->settle_answer = e;
    hand_back(errand, SETTLED);
}

static void resolve_run(struct task *task)
{
    struct errand *errand = container_of(task, struct errand, task);
    struct fetched fetched = fetch_call_result(&errand->call);
    resolve_fetched(errand->fetcher->fed, errand->uri, errand->kind, errand->call.e, &fetched,
                    &errand->call.why);
    hand_back(errand, PAUSED); /* until_mono_ms is 0: freed by its own thread at once */
}

static void settle(struct errand *errand)
{
    errand->mutation = (struct mutation){.apply = settle_apply, .done = settle_done};
    errand->now_ms = clock_ms();
    errand->is_final = true;
    set_phase(errand, SETTLING);
    if (writer_push(errand->fetcher->fed->writer, &errand->mutation) != OK)
        set_phase(errand, ENDED); /* tried again on the next turn */
}

static void hand_over(struct errand *errand)
{
    struct federation *fed = errand->fetcher->fed;
    errand->until_mono_ms = 0;
    if (errand->settle_answer) {
        errand->until_mono_ms = clock_mono_ms() + STORE_PAUSE_MS;
        set_phase(errand, PAUSED);
        return;
    }
    if (!errand->is_final) {
        set_phase(errand, PAUSED);
        return;
    }
    errand->task.run = resolve_run;
    set_phase(errand, RESOLVING);
    if (!fed->run_task)
        resolve_run(&errand->task);
    else if (fed->run_task(fed, &errand->task) != OK)
        set_phase(errand, SETTLED); /* the pool is full: on the next turn */
}

static void release(struct errand *errand)
{
    fetch_call_clear(&errand->call);
    errand->call = (struct fetch_call){0};
    errand->uri[0] = errand->host[0] = '\0';
    set_phase(errand, FREE);
}

static void on_ended(struct fetcher *f, struct http_call *http)
{
    struct errand *errand = http_call_owner(http);
    if (http_call_answer(http)->status == 0)
        pause_host(f, errand->host);
    if (fetch_call_again(&errand->call)) {
        http_call_set_owner(errand->call.http, errand);
        http_loop_add(f->loop, errand->call.http);
        return;
    }
    log_info("fetch.done", STR("uri", errand->uri), STR("err", err_name(errand->call.e)),
             INT("status", fetch_call_result(&errand->call).status),
             STR("why", errand->call.why.text));
    if (f->fed->count)
        f->fed->count(f->fed, errand->call.e ? "fetch.failed" : "fetch.done");
    set_phase(errand, ENDED);
}

/* True when something could not be given away and must be tried again soon. */
static bool move_on(struct fetcher *f)
{
    bool is_stuck = false;
    for (size_t i = 0; i < f->errand_count; i++) {
        struct errand *errand = &f->errand[i];
        if (phase_of(errand) == ENDED)
            settle(errand);
        if (phase_of(errand) == SETTLED)
            hand_over(errand);
        if (phase_of(errand) == PAUSED && clock_mono_ms() >= errand->until_mono_ms)
            release(errand);
        enum phase phase = phase_of(errand);
        is_stuck = is_stuck || phase == ENDED || phase == SETTLED || phase == PAUSED;
    }
    return is_stuck;
}

/* ---- the negative cache ---- */

static enum err sweep_apply(struct txn *txn, struct mutation *m)
{
    struct sweep *s = container_of(m, struct sweep, mutation);
    enum backfill_occasion occasion = s->is_first ? BACKFILL_AT_START : BACKFILL_TICK;
    enum err swept = backfill_sweep(txn, s->fetcher->fed, occasion, s->now_ms);
    if (swept)
        return swept;
    memcpy(s->next, s->hash, sizeof s->next);
    for (unsigned i = 0; i < SWEEP_MAX; i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)256 * 1024);
        Want *want;
        enum err e = want_next(txn, s->next, &arena, &want);
        if (e == ERR_NOTFOUND)
            memset(s->next, 0, sizeof s->next); /* from the start, next time */
        if (e)
            return e == ERR_NOTFOUND ? OK : e;
        int64_t age = s->now_ms - want->failed_ms;
        if (want->failed_ms && (age >= WANT_FAILED_MS || age < -WANT_FAILED_MS)) {
            e = want_forgive(txn, want->uri, s->now_ms);
            if (e)
                return e;
        }
    }
    return OK;
}

static void sweep_done(struct mutation *m, enum err e)
{
    struct sweep *s = container_of(m, struct sweep, mutation);
    pthread_mutex_lock(&s->fetcher->mu);
    if (!e)
        memcpy(s->hash, s->next, sizeof s->hash);
    s->fetcher->is_sweeping = false;
    http_loop_wake(s->fetcher->loop);
    pthread_mutex_unlock(&s->fetcher->mu);
}

static void sweep(struct fetcher *f)
{
    int64_t now_mono_ms = clock_mono_ms();
    bool was_never = f->swept_mono_ms == 0;
    if (!was_never && now_mono_ms - f->swept_mono_ms < SWEEP_EVERY_MS)
        return;
    f->swept_mono_ms = now_mono_ms;
    pthread_mutex_lock(&f->mu);
    bool was_sweeping = f->is_sweeping;
    f->is_sweeping = true;
    pthread_mutex_unlock(&f->mu);
    if (was_sweeping)
        return;
    f->sweep.mutation = (struct mutation){.apply = sweep_apply, .done = sweep_done};
    f->sweep.now_ms = clock_ms();
    f->sweep.is_first = was_never;
    if (writer_push(f->fed->writer, &f->sweep.mutation) == OK)
        return;
    pthread_mutex_lock(&f->mu);
    f->is_sweeping = false;
    pthread_mutex_unlock(&f->mu);
}

/* ---- the thread ---- */

static bool is_stopping(struct fetcher *f)
{
    pthread_mutex_lock(&f->mu);
    bool stopping = f->is_stopping;
    pthread_mutex_unlock(&f->mu);
    return stopping;
}

/* What was given away comes back before anything is freed; what is under way stays wanted. */
static void wind_up(struct fetcher *f)
{
    for (size_t i = 0; i < f->errand_count; i++)
        if (phase_of(&f->errand[i]) == FETCHING)
            http_loop_remove(f->loop, f->errand[i].call.http);
    for (bool is_waiting = true; is_waiting;) {
        pthread_mutex_lock(&f->mu);
        is_waiting = f->is_sweeping;
        for (size_t i = 0; i < f->errand_count; i++)
            is_waiting =
                is_waiting || f->errand[i].phase == SETTLING || f->errand[i].phase == RESOLVING;
        pthread_mutex_unlock(&f->mu);
        if (is_waiting)
            http_loop_turn(f->loop, BUSY_WAIT_MS);
    }
    for (size_t i = 0; i < f->errand_count; i++)
        release(&f->errand[i]);
}

static void *run(void *context)
{
    struct fetcher *f = context;
    while (!is_stopping(f)) {
        int64_t wait_ms = IDLE_WAIT_MS;
        struct http_call *http;
        while ((http = http_loop_ended(f->loop)))
            on_ended(f, http);
        bool is_stuck = move_on(f);
        start_due(f, &wait_ms);
        is_stuck = move_on(f) || is_stuck;
        sweep(f);
        http_loop_turn(f->loop, is_stuck && wait_ms > BUSY_WAIT_MS ? BUSY_WAIT_MS : wait_ms);
    }
    wind_up(f);
    return NULL;
}

enum err fetcher_start(struct federation *fed, struct fetcher **out)
{
    struct fetcher *f = xcalloc(1, sizeof *f);
    f->fed = fed;
    f->loop = http_loop_create();
    f->errand_count = fed->config->fetch_parallel ? fed->config->fetch_parallel : 1;
    f->errand = xcalloc(f->errand_count, sizeof *f->errand);
    for (size_t i = 0; i < f->errand_count; i++)
        f->errand[i].fetcher = f;
    f->sweep.fetcher = f;
    pthread_mutex_init(&f->mu, NULL);
    int failed = pthread_create(&f->thread, NULL, run, f);
    assert(failed == 0);
    *out = f;
    return OK;
}

void fetcher_wake(struct fetcher *f)
{
    http_loop_wake(f->loop);
}

size_t fetcher_in_flight(struct fetcher *f)
{
    pthread_mutex_lock(&f->mu);
    size_t n = f->in_flight;
    pthread_mutex_unlock(&f->mu);
    return n;
}

void fetcher_stop(struct fetcher **fetcher)
{
    struct fetcher *f = *fetcher;
    if (!f)
        return;
    pthread_mutex_lock(&f->mu);
    f->is_stopping = true;
    pthread_mutex_unlock(&f->mu);
    http_loop_wake(f->loop);
    pthread_join(f->thread, NULL);
    http_loop_free(&f->loop);
    pthread_mutex_destroy(&f->mu);
    xfree(&f->errand);
    xfree(fetcher);
}
