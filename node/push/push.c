#include "node/push/push.h"

#include "federation/http_client.h"
#include "node/push/key.h"
#include "node/push/message.h"
#include "storage/account.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/event.h"
#include "storage/push.h"

#include <pthread.h>
#include <string.h>

#define FLIGHTS 32
#define FLIGHTS_PER_HOST 8
#define ANSWER_MAX_BYTES 4096
#define ARENA_BYTES ((size_t)8 << 20)
#define LOOK_EVERY_MS 1000
#define EVENTS_READ_MAX 1000
#define FAILURES_MAX 60 /* then the subscription ends: after two days */
#define MINUTE_MS ((int64_t)60 * 1000)

/* One message under way, or how it ended. */
struct flight {
    struct http_call *call; /* NULL: free */
    struct arena arena;
    actor_id actor;
    uint64_t token;
    int64_t created_ms; /* of the subscription: another one took its place? */
    struct push_message message;
};

enum verdict { SENT, DROPPED, LATER, GONE };
struct outcome {
    actor_id actor;
    uint64_t token, done;
    int64_t created_ms;
    enum verdict verdict;
};

struct push {
    /* set by push_start(), then constant */
    struct api *api;
    struct federation_config config; /* the node's, but nobody is shown its certificate */
    struct push_key key;
    struct http_loop *loop; /* http_loop_wake: any thread */
    pthread_t thread;

    /* push thread only */
    struct flight flight[FLIGHTS];
    struct outcome outcome[FLIGHTS];
    size_t n_outcomes;
    struct mutation mutation;
    int64_t now_ms;
    uint64_t events_seen;
    bool must_look;
    int64_t next_due_ms;
    actor_id last_actor; /* where the last round ended */
    uint64_t last_token;

    /* under mu */
    pthread_mutex_t mu;
    bool is_stopping;
};

/* ---- what became of it ---------------------------------------------------------------------- */

static int64_t back_off_ms(uint32_t failures)
{
    static const int64_t minutes[] = {1, 5, 15, 60};
    return MINUTE_MS * minutes[failures < COUNT(minutes) ? failures : COUNT(minutes) - 1];
}

static enum verdict judge(const struct http_answer *answer)
{
    int status = answer->status;
    if (status / 100 == 2)
        return SENT;
    if (status == 404 || status == 410)
        return GONE;
    if (status == 0 || status == 408 || status == 429 || status >= 500)
        return LATER;
    return DROPPED; /* it will not take this one: the next may fare better */
}

static enum err record_one(struct txn *txn, const struct push *p, const struct outcome *o)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    PushSubscription *subscription;
    enum err e = push_get(txn, o->actor, o->token, &arena, &subscription);
    if (e || subscription->created_ms != o->created_ms)
        return e == ERR_NOTFOUND ? OK : e;
    bool is_over =
        o->verdict == GONE || (o->verdict == LATER && subscription->failures + 1 >= FAILURES_MAX);
    if (is_over)
        return push_del(txn, o->actor, o->token);
    if (o->verdict == LATER) {
        subscription->next_attempt_ms = p->now_ms + back_off_ms(subscription->failures++);
    } else {
        if (o->done > subscription->done)
            subscription->done = o->done;
        subscription->failures = 0;
        subscription->next_attempt_ms = 0;
    }
    return push_put(txn, subscription);
}

static enum err record_apply(struct txn *txn, struct mutation *m)
{
    const struct push *p = container_of(m, struct push, mutation);
    enum err e = OK;
    for (size_t i = 0; !e && i < p->n_outcomes; i++)
        e = record_one(txn, p, &p->outcome[i]);
    return e;
}

/* What cannot be written now is sent again later: better twice than never. */
static void record(struct push *p)
{
    if (p->n_outcomes == 0)
        return;
    p->now_ms = clock_ms();
    enum err e = writer_run(p->api->fed->writer, &p->mutation);
    if (e)
        log_warn("push.not_recorded", STR("error", err_name(e)));
    p->n_outcomes = 0;
    p->must_look = true;
}

static void add_outcome(struct push *p, const PushSubscription *subscription, uint64_t done,
                        enum verdict verdict)
{
    p->outcome[p->n_outcomes++] = (struct outcome){.actor = {subscription->actor},
                                                   .token = subscription->token,
                                                   .created_ms = subscription->created_ms,
                                                   .done = done,
                                                   .verdict = verdict};
}

static void flight_free(struct flight *flight)
{
    http_call_free(&flight->call);
    arena_clear(&flight->arena);
}

static void collect(struct push *p)
{
    static const char *const name[] = {"sent", "dropped", "later", "gone"};
    struct http_call *call;
    while (p->n_outcomes < FLIGHTS && (call = http_loop_ended(p->loop))) {
        struct flight *flight = http_call_owner(call);
        const struct http_answer *answer = http_call_answer(call);
        PushSubscription about = PUSH_SUBSCRIPTION__INIT;
        about.actor = flight->actor.v;
        about.token = flight->token;
        about.created_ms = flight->created_ms;
        enum verdict verdict = judge(answer);
        add_outcome(p, &about, flight->message.done, verdict);
        log_info("push.tried", STR("host", flight->message.host), STR("outcome", name[verdict]),
                 INT("status", answer->status), STR("why", answer->why.text));
        flight_free(flight);
    }
}

/* ---- what is next --------------------------------------------------------------------------- */

static bool is_under_way(const struct push *p, const PushSubscription *subscription)
{
    for (size_t i = 0; i < FLIGHTS; i++)
        if (p->flight[i].call && p->flight[i].actor.v == subscription->actor &&
            p->flight[i].token == subscription->token)
            return true;
    return false;
}

static bool is_host_full(const struct push *p, const char *host)
{
    unsigned n = 0;
    for (size_t i = 0; i < FLIGHTS; i++)
        n += p->flight[i].call && strcmp(p->flight[i].message.host, host) == 0;
    return n >= FLIGHTS_PER_HOST;
}

static struct flight *free_flight(struct push *p)
{
    for (size_t i = 0; i < FLIGHTS; i++)
        if (!p->flight[i].call)
            return &p->flight[i];
    return NULL;
}

static bool may_sign_in(struct txn *txn, actor_id who, struct arena *arena)
{
    Account *account;
    return account_get(txn, who, arena, &account) == OK && !account->is_disabled;
}

static enum err send_message(struct push *p, struct flight *flight, const char *endpoint)
{
    struct http_request request = {.uri = endpoint,
                                   .body = flight->message.body,
                                   .lines = flight->message.lines,
                                   .line_count = flight->message.line_count,
                                   .answer_max_bytes = ANSWER_MAX_BYTES};
    if (!endpoint)
        return ERR_LIMIT;
    if (is_host_full(p, flight->message.host)) {
        p->next_due_ms = p->now_ms + LOOK_EVERY_MS;
        return ERR_LATER;
    }
    enum err e = http_call_create(&p->config, &request, &flight->call, NULL);
    if (e) {
        flight->call = NULL;
        return e;
    }
    http_call_set_owner(flight->call, flight);
    http_loop_add(p->loop, flight->call);
    return OK;
}

/* Sends what is next for it, or notes that there is nothing up to there. */
static void serve(struct push *p, struct txn *txn, const PushSubscription *subscription,
                  struct flight *flight)
{
    *flight = (struct flight){.arena = ARENA_INIT(ARENA_BYTES),
                              .actor = {subscription->actor},
                              .token = subscription->token,
                              .created_ms = subscription->created_ms};
    if (!may_sign_in(txn, flight->actor, &flight->arena)) {
        arena_clear(&flight->arena);
        return;
    }
    enum err e = push_message_next(p->api, txn, subscription, &p->key, &flight->arena, p->now_ms,
                                   &flight->message);
    bool is_nothing = !e && !flight->message.notification;
    if (!e && !is_nothing)
        e = send_message(p, flight, arena_strdup(&flight->arena, subscription->endpoint));
    if (is_nothing || (e && e != ERR_NOTFOUND && e != ERR_LATER))
        add_outcome(p, subscription, flight->message.done, DROPPED);
    if (!flight->call)
        arena_clear(&flight->arena);
}

/* false: there is no room for more. */
static bool consider(struct push *p, struct txn *txn, const PushSubscription *subscription)
{
    struct flight *flight = free_flight(p);
    if (!flight || p->n_outcomes == FLIGHTS)
        return false;
    if (is_under_way(p, subscription))
        return true;
    if (subscription->next_attempt_ms <= p->now_ms)
        serve(p, txn, subscription, flight);
    else if (subscription->next_attempt_ms < p->next_due_ms)
        p->next_due_ms = subscription->next_attempt_ms;
    return true;
}

/* All subscriptions in turn, from where the last round ended. */
static enum err look(struct push *p)
{
    AUTO(txn_end) struct txn *txn = NULL;
    bool is_again = false;
    enum err e = engine_read_begin(p->api->fed->engine, &txn);
    p->must_look = false;
    p->next_due_ms = INT64_MAX;
    for (;;) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
        PushSubscription *subscription;
        if (!e)
            e = push_next(txn, &p->last_actor, &p->last_token, &arena, &subscription);
        if (e == ERR_NOTFOUND && !is_again) { /* once more from the first */
            is_again = true;
            p->last_actor.v = p->last_token = 0;
            e = OK;
            continue;
        }
        if (e)
            break;
        if (!consider(p, txn, subscription)) {
            p->must_look = true;
            break;
        }
    }
    return e == ERR_NOTFOUND ? OK : e;
}

/* Was somebody told something since the last look? After many events it is not asked which. */
static void read_events(struct push *p)
{
    AUTO(txn_end) struct txn *txn = NULL;
    uint64_t last;
    if (engine_read_begin(p->api->fed->engine, &txn) || event_last(txn, &last))
        return;
    if (last - p->events_seen > EVENTS_READ_MAX)
        p->must_look = true;
    while (!p->must_look && p->events_seen < last) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
        Event *event;
        if (event_next(txn, p->events_seen, &arena, &event))
            break;
        p->events_seen = event->seq;
        p->must_look = event->kind == EVENT_KIND__EVENT_NOTIFICATION;
    }
    p->events_seen = last;
}

/* ---- life ----------------------------------------------------------------------------------- */

static bool is_stopping(struct push *p)
{
    pthread_mutex_lock(&p->mu);
    bool is = p->is_stopping;
    pthread_mutex_unlock(&p->mu);
    return is;
}

static void *run(void *context)
{
    struct push *p = context;
    while (!is_stopping(p)) {
        collect(p);
        record(p);
        read_events(p);
        p->now_ms = clock_ms();
        if ((p->must_look || p->now_ms >= p->next_due_ms) && look(p))
            log_warn("push.store_failed");
        record(p); /* what is not to be sent */
        http_loop_turn(p->loop, LOOK_EVERY_MS);
    }
    for (size_t i = 0; i < FLIGHTS; i++)
        if (p->flight[i].call) {
            http_loop_remove(p->loop, p->flight[i].call);
            flight_free(&p->flight[i]);
        }
    return NULL;
}

static enum err read_key(struct push *p)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = push_key_settle(p->api->fed->writer);
    if (!e)
        e = engine_read_begin(p->api->fed->engine, &txn);
    return e ? e : push_key_read(txn, &p->key);
}

enum err push_start(struct api *api, struct push **out, struct why *why)
{
    struct push *p = xcalloc(1, sizeof *p);
    p->api = api;
    p->config = *api->fed->config;
    p->config.client_cert = p->config.client_key = NULL;
    p->mutation.apply = record_apply;
    p->must_look = true;
    enum err e = read_key(p);
    if (e) {
        xfree(&p);
        return why_set(why, e, "the key for push services cannot be made");
    }
    pthread_mutex_init(&p->mu, NULL);
    p->loop = http_loop_create();
    if (pthread_create(&p->thread, NULL, run, p)) {
        http_loop_free(&p->loop);
        pthread_mutex_destroy(&p->mu);
        xfree(&p);
        return why_set(why, ERR_STORE, "the push thread cannot be started");
    }
    *out = p;
    return OK;
}

void push_stop(struct push **push)
{
    struct push *p = *push;
    if (!p)
        return;
    pthread_mutex_lock(&p->mu);
    p->is_stopping = true;
    http_loop_wake(p->loop);
    pthread_mutex_unlock(&p->mu);
    pthread_join(p->thread, NULL);
    http_loop_free(&p->loop);
    pthread_mutex_destroy(&p->mu);
    xfree(push);
}
