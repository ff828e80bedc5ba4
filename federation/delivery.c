#include "federation/delivery_choose.h"
#include "federation/delivery_job.h"
#include "federation/delivery_patrol.h"
#include "federation/policy.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/edge.h"
#include "storage/outqueue.h"
#include "storage/peer.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#define DUE_MAX 512        /* peers looked at in one go; the next goes on where it ended */
#define WINDOW_FIRST 32    /* jobs at the head of a peer's queue that are looked at; ... */
#define WINDOW_USUAL 256   /* ... when those do not fill its room; ... */
#define WINDOW_WIDEST 2048 /* ... when none of those may go */
#define WINDOW_FACTOR 8
#define SLOTS_MAX 1024      /* peers of which something is remembered in memory */
#define SLOT_IDLE_MS 10000  /* a peer that had nothing to do for so long begins again with one */
#define STALL_MS 3000       /* a peer that owes an answer for so long gets nothing more */
#define QUIET_MAX_MS 60000  /* a peer whose jobs all wait is looked at again after that */
#define STORE_PAUSE_MS 5000 /* after a write that failed */
#define IDLE_WAIT_MS 30000
#define BUSY_WAIT_MS 250
#define STOP_GRACE_MS 5000
#define CLOCK_JUMP_MS 60000

enum phase {
    FREE,
    LOADED,    /* read from the store; the snapshot is still open */
    SIGNING,   /* a worker has it */
    SIGNED,    /* to be sent, or it ended while it was signed */
    SENDING,   /* in the loop */
    ENDED,     /* there is an outcome; the writer has not taken it yet */
    RECORDING, /* the writer has it */
    RECORDED,
    PAUSED, /* the store refused: until until_mono_ms */
};

struct flight {
    struct delivery_job job; /* its context is this flight */
    struct delivery *delivery;
    enum phase phase; /* under delivery->mu */
    enum err record_answer;

    /* delivery thread only */
    peer_id peer;
    struct choice choice;
    bool is_failing_peer, is_new_peer;
    bool has_bad_news; /* the peer failed, and the store does not know it yet */
    int64_t started_mono_ms, until_mono_ms;
};

/* What is known of a peer in memory only: how fast it may go just now. */
struct slot {
    peer_id peer;
    unsigned window; /* requests in flight at most: 1, 2, 4, 8 as answers come */
    int64_t used_mono_ms, quiet_until_mono_ms;
    uint64_t quiet_queued; /* its queue's length when it went quiet: another one ends the quiet */
};

struct delivery {
    /* constant while the thread runs */
    struct federation *fed;
    pthread_t thread;
    struct http_loop *loop; /* http_loop_wake: any thread */
    size_t flight_count;

    /* delivery thread only, but for the flights a phase gives away */
    struct flight *flight;
    struct slot *slot;
    size_t slot_count;
    peer_id last_peer; /* where the last round over the due peers ended */
    int64_t clock_offset_ms;
    struct delivery_patrol *patrol;

    /* under mu */
    pthread_mutex_t mu;
    bool is_stopping;
    size_t in_flight;
};

static void set_phase(struct flight *flight, enum phase phase)
{
    struct delivery *d = flight->delivery;
    pthread_mutex_lock(&d->mu);
    d->in_flight += (size_t)(flight->phase == FREE) - (size_t)(phase == FREE);
    flight->phase = phase;
    pthread_mutex_unlock(&d->mu);
}

/* From another thread: the last it does with the flight. Woken under the lock, because once that is
 * released the delivery may be stopped and gone. */
static void hand_back(struct flight *flight, enum phase phase)
{
    struct delivery *d = flight->delivery;
    pthread_mutex_lock(&d->mu);
    flight->phase = phase;
    http_loop_wake(d->loop);
    pthread_mutex_unlock(&d->mu);
}

static enum phase phase_of(struct flight *flight)
{
    pthread_mutex_lock(&flight->delivery->mu);
    enum phase phase = flight->phase;
    pthread_mutex_unlock(&flight->delivery->mu);
    return phase;
}

static struct flight *free_flight(struct delivery *d)
{
    for (size_t i = 0; i < d->flight_count; i++)
        if (phase_of(&d->flight[i]) == FREE)
            return &d->flight[i];
    return NULL;
}

/* ---- slots ---- */

static struct slot *slot_find(struct delivery *d, peer_id peer)
{
    for (size_t i = 0; i < d->slot_count; i++)
        if (d->slot[i].peer.v == peer.v)
            return &d->slot[i];
    return NULL;
}

/* The peer's slot; a new one takes the place of the one longest unused. */
static struct slot *slot_take(struct delivery *d, peer_id peer)
{
    struct slot *slot = slot_find(d, peer);
    if (slot)
        return slot;
    if (d->slot_count < SLOTS_MAX) {
        slot = &d->slot[d->slot_count++];
    } else {
        slot = &d->slot[0];
        for (size_t i = 1; i < SLOTS_MAX; i++)
            if (d->slot[i].used_mono_ms < slot->used_mono_ms)
                slot = &d->slot[i];
    }
    *slot = (struct slot){.peer = peer, .window = 1, .used_mono_ms = clock_mono_ms()};
    return slot;
}

/* How the requests in flight stand, for one peer and in all. */
struct load {
    unsigned total, of_failing, of_new, of_peer;
    bool is_stalled; /* the peer owes an answer for too long */
    bool has_bad_news;
};

static struct load load_of(struct delivery *d, peer_id peer)
{
    struct load load = {0};
    int64_t now = clock_mono_ms();
    for (size_t i = 0; i < d->flight_count; i++) {
        struct flight *f = &d->flight[i];
        enum phase phase = phase_of(f);
        if (phase == FREE)
            continue;
        load.total++;
        load.of_failing += f->is_failing_peer;
        load.of_new += f->is_new_peer;
        if (f->peer.v != peer.v)
            continue;
        load.of_peer++;
        load.has_bad_news = load.has_bad_news || f->has_bad_news;
        if (phase <= SENDING && now - f->started_mono_ms > STALL_MS)
            load.is_stalled = true;
    }
    return load;
}

/*
 * How many more requests a peer may have now. No peer waits for another:
 *   a failing one gets one (a probe), and all failing ones together a quarter of all requests;
 *   one that never took anything gets one, and all such together three quarters;
 *   second and further requests to a peer leave a quarter free for first ones to others.
 * So peers that hang hold one request each, or for one time-out what they held when they began to.
 */
static unsigned room_for(const struct delivery *d, const struct load *load, const struct slot *slot,
                         const PeerHealth *health)
{
    unsigned all = (unsigned)d->flight_count, quarter = all / 4;
    if (load->total >= all || load->is_stalled || load->has_bad_news)
        return 0;
    if (health->failures)
        return load->of_peer == 0 && load->of_failing < (quarter ? quarter : 1);
    if (!health->last_success_ms)
        return load->of_peer == 0 && load->of_new < all - quarter;
    unsigned limit = d->fed->config->delivery_per_peer;
    if (slot->window < limit)
        limit = slot->window;
    if (load->of_peer >= limit)
        return 0;
    unsigned more = limit - load->of_peer;
    unsigned first = load->of_peer == 0;
    unsigned spare = load->total < all - quarter ? all - quarter - load->total : 0;
    return more <= spare ? more : spare ? spare : first;
}

/* ---- choosing ---- */

static void add_choice(struct choice *list, size_t *n, const OutJob *job, int64_t longest_ms,
                       int64_t now_ms)
{
    struct choice *c = &list[(*n)++];
    *c = (struct choice){job->seq,      job->actor,           job->object,
                         job->attempts, job->next_attempt_ms, false};
    if (c->next_attempt_ms > now_ms + longest_ms)
        c->next_attempt_ms = 0; /* set by a clock that was far ahead of this one (T100) */
}

/* The head of the peer's queue, and what is in flight of it; `list` takes `window` + all flights.
 */
static enum err read_window(struct delivery *d, struct txn *txn, peer_id peer, size_t window,
                            int64_t now_ms, struct choice *list, size_t *out_n)
{
    int64_t longest_ms = retry_longest_ms(d->fed->config);
    size_t n = 0;
    for (uint64_t after = 0; n < window; after = list[n - 1].seq) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)256 * 1024);
        OutJob *job;
        enum err e = outqueue_next(txn, peer, after, &arena, &job);
        if (e == ERR_NOTFOUND)
            break;
        if (e)
            return e;
        add_choice(list, &n, job, longest_ms, now_ms);
    }
    size_t queued = n;
    for (size_t i = 0; i < d->flight_count; i++) {
        struct flight *f = &d->flight[i];
        if (phase_of(f) == FREE || f->peer.v != peer.v)
            continue;
        size_t at = 0;
        while (at < queued && list[at].seq != f->choice.seq)
            at++;
        if (at == queued)
            list[n++] = f->choice;
        list[at < queued ? at : n - 1].is_in_flight = true;
    }
    *out_n = n;
    return OK;
}

static void load(struct delivery *d, struct txn *txn, peer_id peer, const struct choice *choice,
                 const PeerHealth *health, int64_t now_ms)
{
    struct flight *f = free_flight(d);
    assert(f);
    enum err e = delivery_job_load(&f->job, d->fed, txn, peer, choice->seq, now_ms);
    if (e) {
        if (e != ERR_NOTFOUND)
            log_error("delivery.unreadable", INT("peer", peer.v), INT("job", choice->seq),
                      STR("err", err_name(e)));
        delivery_job_clear(&f->job);
        return;
    }
    f->peer = peer;
    f->choice = *choice;
    f->is_failing_peer = health->failures > 0;
    f->is_new_peer = !health->last_success_ms && !health->failures;
    f->has_bad_news = false;
    f->started_mono_ms = clock_mono_ms();
    set_phase(f, LOADED);
}

/* Nothing may go until `wake_ms`, or until the queue changes. */
static void go_quiet(struct txn *txn, struct slot *slot, int64_t wake_ms, int64_t now_ms)
{
    int64_t wait_ms = wake_ms > now_ms ? wake_ms - now_ms : BUSY_WAIT_MS;
    if (wait_ms > QUIET_MAX_MS)
        wait_ms = QUIET_MAX_MS;
    slot->quiet_until_mono_ms = clock_mono_ms() + wait_ms;
    slot->quiet_queued = counter_get(txn, COUNTER_QUEUED, slot->peer.v);
}

static bool is_quiet(struct txn *txn, const struct slot *slot, int64_t *out_wait_ms)
{
    int64_t left_ms = slot->quiet_until_mono_ms - clock_mono_ms();
    if (left_ms <= 0 || counter_get(txn, COUNTER_QUEUED, slot->peer.v) != slot->quiet_queued)
        return false;
    if (left_ms < *out_wait_ms)
        *out_wait_ms = left_ms;
    return true;
}

static enum err choose(struct delivery *d, struct txn *txn, struct slot *slot,
                       const PeerHealth *health, unsigned room, int64_t now_ms)
{
    AUTO(xfree) struct choice *list = NULL;
    AUTO(xfree) size_t *chosen = xcalloc(room, sizeof *chosen);
    enum choice_aim aim = health->failures ? CHOICE_PROBE : CHOICE_ORDER;
    int64_t wake_ms = INT64_MAX;
    size_t n = 0, taken = 0;
    bool is_idle = load_of(d, slot->peer).of_peer == 0;
    /* a probe is chosen among many, lest one job be all that is ever tried */
    size_t window = aim == CHOICE_PROBE ? WINDOW_USUAL : WINDOW_FIRST;
    for (; window <= WINDOW_WIDEST; window *= WINDOW_FACTOR) {
        list = xrealloc(list, (window + d->flight_count) * sizeof *list);
        enum err e = read_window(d, txn, slot->peer, window, now_ms, list, &n);
        if (e)
            return e;
        taken = delivery_choose(list, n, aim, now_ms, room, chosen, &wake_ms);
        if (n < window || taken == room || (window >= WINDOW_USUAL && (taken > 0 || !is_idle)))
            break;
    }
    for (size_t i = 0; i < taken; i++)
        load(d, txn, slot->peer, &list[chosen[i]], health, now_ms);
    slot->used_mono_ms = clock_mono_ms();
    if (taken < room) /* nothing changes before an answer comes, a wait ends or the queue grows */
        go_quiet(txn, slot, wake_ms, now_ms);
    return OK;
}

/* Starts what this peer may have, all of it loaded while the snapshot is open. */
static enum err consider(struct delivery *d, struct txn *txn, peer_id peer, int64_t now_ms,
                         int64_t *out_wait_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(DELIVERY_HEALTH_BYTES);
    PeerHealth *health;
    struct slot *slot = slot_take(d, peer);
    if (is_quiet(txn, slot, out_wait_ms))
        return OK;
    enum err e = policy_may_send(txn, d->fed->config, peer, VISIBILITY__PUBLIC, now_ms, NULL);
    if (e == ERR_DENIED) {
        go_quiet(txn, slot, 0, now_ms);
        delivery_patrol_now(d->patrol); /* closes its queue */
        return OK;
    }
    if (!e)
        e = peer_health(txn, peer, &arena, &health);
    if (e)
        return e;
    struct load load = load_of(d, peer);
    if (load.of_peer == 0 && clock_mono_ms() - slot->used_mono_ms > SLOT_IDLE_MS)
        slot->window = 1;
    unsigned room = room_for(d, &load, slot, health);
    return room ? choose(d, txn, slot, health, room, now_ms) : OK;
}

/* The due peers, each once, beginning after the one that was last served. */
struct due {
    peer_id *peer;
    size_t n;
    int64_t wait_ms; /* until the first that is not due yet */
};

static enum err walk_due(struct txn *txn, int64_t from_ms, peer_id from, int64_t until_ms,
                         peer_id until, struct due *due)
{
    while (due->n < DUE_MAX) {
        enum err e = peer_due_next(txn, &from_ms, &from);
        if (e)
            return e == ERR_NOTFOUND ? OK : e;
        if (from_ms > until_ms || (from_ms == until_ms && from.v > until.v)) {
            if (from_ms - clock_ms() < due->wait_ms)
                due->wait_ms = from_ms - clock_ms();
            return OK;
        }
        due->peer[due->n++] = from;
    }
    return OK;
}

static enum err find_due(struct delivery *d, struct txn *txn, int64_t now_ms, struct due *due)
{
    const peer_id first = {0}, last = {UINT64_MAX};
    int64_t far_ms = now_ms + retry_longest_ms(d->fed->config);
    /* all that is healthy stands at time 0, in order of id: go round */
    enum err e = walk_due(txn, 0, d->last_peer, now_ms, last, due);
    if (!e && d->last_peer.v) {
        int64_t wait_ms = due->wait_ms;
        e = walk_due(txn, -1, first, 0, d->last_peer, due);
        due->wait_ms = wait_ms;
    }
    if (!e) /* T100: set by a clock that was far ahead of this one */
        e = walk_due(txn, far_ms, last, INT64_MAX, last, due);
    return e;
}

static void fill(struct delivery *d, int64_t *out_wait_ms)
{
    peer_id list[DUE_MAX];
    struct due due = {list, 0, *out_wait_ms};
    AUTO(txn_end) struct txn *txn = NULL;
    int64_t now_ms = clock_ms();
    if (!free_flight(d))
        return;
    enum err e = engine_read_begin(d->fed->engine, &txn);
    if (!e)
        e = find_due(d, txn, now_ms, &due);
    for (size_t i = 0; !e && i < due.n && free_flight(d); i++) {
        e = consider(d, txn, due.peer[i], now_ms, &due.wait_ms);
        d->last_peer = due.peer[i];
    }
    if (e)
        log_error("delivery.store", STR("err", err_name(e)));
    *out_wait_ms = due.wait_ms < 0 ? 0 : due.wait_ms;
}

/* ---- moving on ---- */

static void sign_run(struct task *task)
{
    struct delivery_job *job = container_of(task, struct delivery_job, task);
    struct flight *f = job->context;
    delivery_job_sign(job);
    hand_back(f, SIGNED);
}

static void sign(struct flight *f)
{
    struct federation *fed = f->delivery->fed;
    f->job.task.run = sign_run;
    set_phase(f, SIGNING);
    /* a full pool is no reason to wait: it costs this thread a millisecond */
    if (!fed->run_task || fed->run_task(fed, &f->job.task) != OK)
        sign_run(&f->job.task);
}

static void transmit(struct flight *f)
{
    if (f->job.outcome != OUTCOME_SEND) {
        f->has_bad_news = f->job.verdict == VERDICT_LATER;
        set_phase(f, ENDED);
        return;
    }
    http_call_set_owner(f->job.http, f);
    set_phase(f, SENDING);
    http_loop_add(f->delivery->loop, f->job.http);
}

static void record_done(struct mutation *m, enum err e)
{
    struct delivery_job *job = container_of(m, struct delivery_job, mutation);
    struct flight *f = job->context;
    f->record_answer = e;
    hand_back(f, RECORDED);
}

static void record(struct flight *f)
{
    f->job.mutation = (struct mutation){.apply = delivery_record_apply, .done = record_done};
    set_phase(f, RECORDING);
    if (writer_push(f->delivery->fed->writer, &f->job.mutation) != OK)
        set_phase(f, ENDED); /* again on the next turn */
}

static const char *outcome_name(const struct delivery_job *job)
{
    if (!job->is_over)
        return "retry";
    switch (job->ended_as) {
    case DELIVERY_STATE__DELIVERED:
        return "delivered";
    case DELIVERY_STATE__REFUSED:
        return "refused";
    default:
        return "cancelled";
    }
}

static void release(struct flight *f)
{
    struct slot *slot = slot_find(f->delivery, f->peer);
    if (slot)
        slot->quiet_until_mono_ms = 0; /* others of its author or object may go now */
    delivery_job_clear(&f->job);
    f->has_bad_news = false;
    set_phase(f, FREE);
}

/* On disk: say so and forget it. A store that refuses is asked again; the answer is not lost. */
static void finish(struct flight *f)
{
    struct delivery *d = f->delivery;
    const struct delivery_job *job = &f->job;
    if (f->record_answer == ERR_LATER || f->record_answer == ERR_STORE) {
        f->until_mono_ms = clock_mono_ms() + STORE_PAUSE_MS;
        set_phase(f, PAUSED);
        return;
    }
    if (f->record_answer)
        log_error("delivery.record", STR("peer", job->host), INT("job", f->choice.seq),
                  STR("err", err_name(f->record_answer)));
    else if (job->is_over)
        log_info("delivery.done", STR("peer", job->host), INT("job", f->choice.seq),
                 STR("outcome", outcome_name(job)), INT("status", job->answer.status));
    if (job->has_failed_anew)
        log_warn("peer.failing", STR("peer", job->host), STR("why", job->why.text));
    if (job->is_alarming)
        log_error("peer.unreachable", STR("peer", job->host), STR("why", job->why.text));
    if (job->has_recovered)
        log_info("peer.recovered", STR("peer", job->host));
    if (d->fed->count && !f->record_answer)
        d->fed->count(d->fed, !job->is_over                                ? "delivery.retry"
                              : job->ended_as == DELIVERY_STATE__DELIVERED ? "delivery.delivered"
                              : job->ended_as == DELIVERY_STATE__REFUSED   ? "delivery.refused"
                              : job->ended_as == DELIVERY_STATE__EXPIRED   ? "delivery.expired"
                                                                           : "delivery.cancelled");
    release(f);
}

static void on_ended(struct delivery *d, struct http_call *http)
{
    struct flight *f = http_call_owner(http);
    if (delivery_job_judge(&f->job)) {
        sign(f);
        return;
    }
    struct slot *slot = slot_take(d, f->peer);
    slot->used_mono_ms = clock_mono_ms();
    f->has_bad_news = f->job.verdict == VERDICT_LATER;
    if (f->has_bad_news)
        slot->window = 1;
    else if (slot->window < d->fed->config->delivery_per_peer)
        slot->window *= 2;
    set_phase(f, ENDED);
}

/* True when something could not be given away and must be tried again soon. */
static bool move_on(struct delivery *d)
{
    bool is_stuck = false;
    for (size_t i = 0; i < d->flight_count; i++) {
        struct flight *f = &d->flight[i];
        if (phase_of(f) == LOADED) {
            if (f->job.outcome == OUTCOME_SEND)
                sign(f);
            else
                set_phase(f, ENDED);
        }
        if (phase_of(f) == SIGNED)
            transmit(f);
        if (phase_of(f) == PAUSED && clock_mono_ms() >= f->until_mono_ms)
            set_phase(f, ENDED);
        if (phase_of(f) == ENDED)
            record(f);
        if (phase_of(f) == RECORDED)
            finish(f);
        enum phase phase = phase_of(f);
        is_stuck = is_stuck || phase == ENDED || phase == PAUSED;
    }
    return is_stuck;
}

/* ---- the thread ---- */

static bool is_stopping(struct delivery *d)
{
    pthread_mutex_lock(&d->mu);
    bool stopping = d->is_stopping;
    pthread_mutex_unlock(&d->mu);
    return stopping;
}

/* Nothing here depends on the wall clock moving evenly; signatures do, so someone must know. */
static void watch_clock(struct delivery *d)
{
    int64_t offset_ms = clock_ms() - clock_mono_ms();
    int64_t jump_ms = offset_ms - d->clock_offset_ms;
    d->clock_offset_ms = offset_ms;
    if (jump_ms < CLOCK_JUMP_MS && jump_ms > -CLOCK_JUMP_MS)
        return;
    log_warn("clock.jumped", INT("by_ms", jump_ms));
    if (d->fed->count)
        d->fed->count(d->fed, "clock.jumped");
}

static void take_answers(struct delivery *d)
{
    struct http_call *http;
    while ((http = http_loop_ended(d->loop)))
        on_ended(d, http);
}

/* What was given away comes back before anything is freed. What is out is given STOP_GRACE_MS;
 * its jobs stay queued after that. */
static void wind_up(struct delivery *d)
{
    int64_t end_mono_ms = clock_mono_ms() + STOP_GRACE_MS;
    for (;;) {
        bool is_late = clock_mono_ms() >= end_mono_ms, is_waiting = false;
        take_answers(d);
        move_on(d);
        for (size_t i = 0; i < d->flight_count; i++) {
            struct flight *f = &d->flight[i];
            enum phase phase = phase_of(f);
            if (is_late && phase == SENDING)
                http_loop_remove(d->loop, f->job.http);
            if (is_late && (phase == SENDING || phase == PAUSED || phase == ENDED))
                release(f);
            is_waiting = is_waiting || phase_of(f) != FREE;
        }
        if (!is_waiting)
            return;
        http_loop_turn(d->loop, BUSY_WAIT_MS);
    }
}

static void *run(void *context)
{
    struct delivery *d = context;
    d->clock_offset_ms = clock_ms() - clock_mono_ms();
    while (!is_stopping(d)) {
        int64_t wait_ms = IDLE_WAIT_MS;
        take_answers(d);
        bool is_stuck = move_on(d);
        fill(d, &wait_ms);
        is_stuck = move_on(d) || is_stuck;
        watch_clock(d);
        is_stuck = delivery_patrol_step(d->patrol) || is_stuck;
        http_loop_turn(d->loop, is_stuck && wait_ms > BUSY_WAIT_MS ? BUSY_WAIT_MS : wait_ms);
    }
    wind_up(d);
    return NULL;
}

enum err delivery_start(struct federation *fed, struct delivery **out)
{
    struct delivery *d = xcalloc(1, sizeof *d);
    d->fed = fed;
    d->loop = http_loop_create();
    d->patrol = delivery_patrol_create(fed, d->loop);
    d->flight_count = fed->config->delivery_parallel ? fed->config->delivery_parallel : 1;
    d->flight = xcalloc(d->flight_count, sizeof *d->flight);
    for (size_t i = 0; i < d->flight_count; i++) {
        d->flight[i].delivery = d;
        d->flight[i].job.context = &d->flight[i];
    }
    d->slot = xcalloc(SLOTS_MAX, sizeof *d->slot);
    pthread_mutex_init(&d->mu, NULL);
    int failed = pthread_create(&d->thread, NULL, run, d);
    assert(failed == 0);
    *out = d;
    return OK;
}

void delivery_wake(struct delivery *d)
{
    http_loop_wake(d->loop);
}

size_t delivery_in_flight(struct delivery *d)
{
    pthread_mutex_lock(&d->mu);
    size_t n = d->in_flight;
    pthread_mutex_unlock(&d->mu);
    return n;
}

void delivery_stop(struct delivery **delivery)
{
    struct delivery *d = *delivery;
    if (!d)
        return;
    pthread_mutex_lock(&d->mu);
    d->is_stopping = true;
    pthread_mutex_unlock(&d->mu);
    http_loop_wake(d->loop);
    pthread_join(d->thread, NULL);
    delivery_patrol_free(&d->patrol);
    http_loop_free(&d->loop);
    pthread_mutex_destroy(&d->mu);
    xfree(&d->flight);
    xfree(&d->slot);
    xfree(delivery);
}
