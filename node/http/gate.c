#include "node/http/gate.h"

#include "node/http/gate_conn.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EVENTS_AT_ONCE 64
#define ACCEPTS_AT_ONCE 32 /* then those already here get their turn */
#define TICK_MAX_MS 1000
#define TICK_MIN_MS 20
#define EVICT_AFTER_MS 500 /* an honest head takes a few round trips */
/* Small, because there may be many threads; a sanitizer's frames are larger. */
#define GATE_STACK_BYTES (512 * 1024)

struct gate {
    struct gate_config config; /* constant but for the listeners' tls */
    struct address_counts *counts;
    struct gate_thread *threads;

    /* any thread, under mu */
    pthread_mutex_t mu;
    struct tls_context *tls[GATE_LISTENERS_MAX];
};

static struct tls_context *current_tls(struct gate *gate, size_t listener)
{
    pthread_mutex_lock(&gate->mu);
    struct tls_context *tls = gate->tls[listener] ? tls_context_share(gate->tls[listener]) : NULL;
    pthread_mutex_unlock(&gate->mu);
    return tls;
}

void gate_set_tls(struct gate *gate, struct tls_context *tls)
{
    for (size_t i = 0; i < gate->config.n_listeners; i++) {
        pthread_mutex_lock(&gate->mu);
        struct tls_context *old = gate->tls[i];
        if (old)
            gate->tls[i] = tls_context_share(tls);
        pthread_mutex_unlock(&gate->mu);
        tls_context_free(&old);
    }
}

/* ---- accepting ----------------------------------------------------------------------------- */

/*
 * When there is no room the connection that has waited longest without sending a
 * whole head makes way, so that sockets held open by a stranger cannot keep others
 * out (T61).
 */
static bool evict_one(struct gate_thread *thread)
{
    struct conn *c = thread->waiting.first;
    if (!c ||
        thread->now_ms - (c->head_from_ms ? c->head_from_ms : c->idle_from_ms) < EVICT_AFTER_MS)
        return false;
    atomic_fetch_add(&thread->evicted, 1);
    conn_kill(c);
    return true;
}

static size_t most_per_address(const struct gate_config *config, struct address address)
{
    if (address_ranges_contain(&config->proxies, address))
        return SIZE_MAX;
    if (address_ranges_contain(&config->known, address))
        return config->limits.per_known;
    return config->limits.per_address;
}

static void wake(struct gate_thread *thread)
{
    uint64_t one = 1;
    (void)!write(thread->wake, &one, sizeof(one));
}

/* The kernel does not share connections out evenly: the thread with the most makes room. */
static void make_room(struct gate_thread *thread)
{
    if (evict_one(thread))
        return;
    struct gate_thread *most = thread;
    for (size_t i = 0; i < thread->config->threads; i++) {
        struct gate_thread *other = &thread->gate->threads[i];
        if (atomic_load(&other->n_conns) > atomic_load(&most->n_conns))
            most = other;
    }
    if (most == thread)
        return;
    atomic_fetch_add(&most->evictions_wanted, 1);
    wake(most);
}

static void evict_for_others(struct gate_thread *thread)
{
    for (unsigned n = atomic_exchange(&thread->evictions_wanted, 0); n; n--)
        if (!evict_one(thread))
            return;
}

static bool count_in(struct gate_thread *thread, struct address address)
{
    size_t most = most_per_address(thread->config, address);
    enum err e = address_counts_enter(thread->counts, address, most);
    if (e)
        atomic_fetch_add(e == ERR_LIMIT ? &thread->refused_address : &thread->refused_full, 1);
    if (e != ERR_LIMIT && address_counts_all(thread->counts) > thread->config->limits.connections)
        make_room(thread);
    return e == OK;
}

static void welcome(struct gate_thread *thread, size_t listener, int fd,
                    const struct sockaddr *from, socklen_t from_n)
{
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    struct tls_context *tls = current_tls(thread->gate, listener);
    struct tls_session *session = tls ? tls_session_create(tls, fd) : NULL;
    bool has_failed = tls && !session;
    tls_context_free(&tls);
    if (has_failed) {
        address_counts_leave(thread->counts, address_of_socket(from));
        close(fd);
        return;
    }
    atomic_fetch_add(&thread->accepted, 1);
    conn_add(thread, fd, session, from, from_n);
}

static void accept_some(struct gate_thread *thread, size_t listener)
{
    for (unsigned i = 0; i < ACCEPTS_AT_ONCE && thread->is_listening; i++) {
        union {
            struct sockaddr any;
            struct sockaddr_storage storage;
        } from;
        socklen_t n = sizeof(from);
        int fd = accept4(thread->config->listeners[listener].fd, &from.any, &n,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            /* Out of descriptors: somebody must go, or this loop would spin on a ready listener. */
            if ((errno == EMFILE || errno == ENFILE) && !evict_one(thread))
                usleep(10000);
            return;
        }
        if (count_in(thread, address_of_socket(&from.any)))
            welcome(thread, listener, fd, &from.any, n);
        else
            close(fd);
    }
}

/* ---- the loop ------------------------------------------------------------------------------ */

static void on_conn(struct conn *c, bool is_inner, uint32_t events)
{
    if (c->phase == PHASE_DEAD)
        return;
    if (is_inner) {
        c->may_read_inner = true;
        c->may_write_inner |= (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0;
    } else {
        if ((events & (EPOLLERR | EPOLLHUP)) && c->phase != PHASE_LINGER) {
            conn_kill(c);
            return;
        }
        /* TLS may want to read in order to write, and the other way round. */
        c->may_read_client |= c->tls || (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR));
        c->may_write_client |= c->tls || (events & EPOLLOUT);
    }
    conn_pump(c);
}

static void stop_listening(struct gate_thread *thread)
{
    for (size_t i = 0; i < thread->config->n_listeners && thread->is_listening; i++)
        epoll_ctl(thread->epoll, EPOLL_CTL_DEL, thread->config->listeners[i].fd, NULL);
    thread->is_listening = false;
}

static void on_event(struct gate_thread *thread, const struct epoll_event *event)
{
    uint64_t tag = event->data.u64;
    if (tag < GATE_LISTENERS_MAX) {
        accept_some(thread, (size_t)tag);
    } else if (tag == GATE_LISTENERS_MAX) {
        uint64_t count;
        (void)!read(thread->wake, &count, sizeof(count));
    } else {
        struct conn *c = (struct conn *)(uintptr_t)(tag & ~(uint64_t)CONN_TAG_INNER);
        on_conn(c, (tag & CONN_TAG_INNER) != 0, event->events);
    }
}

static void check_times(struct conn_list *list)
{
    for (struct conn *c = list->first, *next; c; c = next) {
        next = c->next;
        conn_check_time(c);
        /* A pump may have moved `next` to the other list or the grave: then begin again later. */
        if (next && next->list != list)
            return;
    }
}

static void pump_again(struct gate_thread *thread)
{
    struct conn *c = thread->again;
    thread->again = NULL;
    while (c) {
        struct conn *next = c->next_again;
        c->is_again = false;
        if (c->phase != PHASE_DEAD)
            conn_pump(c);
        c = next;
    }
}

static int64_t tick_of(const struct gate_limits *limits)
{
    int64_t least = limits->head_ms;
    if (limits->idle_ms < least)
        least = limits->idle_ms;
    if (limits->request_ms < least)
        least = limits->request_ms;
    if (limits->linger_ms < least)
        least = limits->linger_ms;
    least /= 4;
    return least < TICK_MIN_MS ? TICK_MIN_MS : least > TICK_MAX_MS ? TICK_MAX_MS : least;
}

static void *gate_loop(void *argument)
{
    struct gate_thread *thread = argument;
    int64_t tick = tick_of(&thread->config->limits), next_tick = clock_mono_ms() + tick;
    while (!atomic_load(&thread->is_stopping)) {
        struct epoll_event events[EVENTS_AT_ONCE];
        int64_t wait = thread->again ? 0 : next_tick - clock_mono_ms();
        int n = epoll_wait(thread->epoll, events, EVENTS_AT_ONCE, wait > 0 ? (int)wait : 0);
        thread->now_ms = clock_mono_ms();
        if (atomic_load(&thread->is_draining))
            stop_listening(thread);
        for (int i = 0; i < n; i++)
            on_event(thread, &events[i]);
        evict_for_others(thread);
        pump_again(thread);
        if (thread->now_ms >= next_tick) {
            check_times(&thread->waiting);
            check_times(&thread->busy);
            next_tick = thread->now_ms + tick;
        }
        conn_bury(thread);
    }
    while (thread->waiting.first)
        conn_kill(thread->waiting.first);
    while (thread->busy.first)
        conn_kill(thread->busy.first);
    conn_bury(thread);
    return NULL;
}

/* ---- starting and stopping ----------------------------------------------------------------- */

static enum err watch(struct gate_thread *thread, int fd, uint32_t events, uint64_t tag)
{
    struct epoll_event event = {.events = events, .data.u64 = tag};
    return fd < 0 || epoll_ctl(thread->epoll, EPOLL_CTL_ADD, fd, &event) ? ERR_LIMIT : OK;
}

static enum err open_thread(struct gate *gate, struct gate_thread *thread, size_t index)
{
    thread->gate = gate;
    thread->config = &gate->config;
    thread->counts = gate->counts;
    thread->index = index;
    thread->is_listening = true;
    thread->now_ms = clock_mono_ms();
    thread->epoll = epoll_create1(EPOLL_CLOEXEC);
    thread->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (thread->epoll < 0)
        return ERR_LIMIT;
    enum err e = watch(thread, thread->wake, EPOLLIN, GATE_LISTENERS_MAX);
    for (size_t i = 0; !e && i < gate->config.n_listeners; i++)
        e = watch(thread, gate->config.listeners[i].fd, EPOLLIN | EPOLLEXCLUSIVE, i);
    return e;
}

static enum err run_thread(struct gate_thread *thread)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, GATE_STACK_BYTES);
    sigset_t all,
        before; /* signals are the main thread's business; writes must not raise SIGPIPE */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&thread->id, &attributes, gate_loop, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (failed)
        thread->id = 0;
    return failed ? ERR_LIMIT : OK;
}

enum err gate_start(const struct gate_config *config, struct gate **out, struct why *why)
{
    assert(config->threads > 0 && config->threads <= GATE_THREADS_MAX);
    assert(config->n_listeners <= GATE_LISTENERS_MAX);
    struct gate *gate = xcalloc(1, sizeof(*gate));
    gate->config = *config;
    gate->counts = address_counts_create(config->limits.connections + GATE_OVER_MAX);
    pthread_mutex_init(&gate->mu, NULL);
    for (size_t i = 0; i < config->n_listeners; i++)
        gate->tls[i] = config->listeners[i].tls;

    gate->threads = xcalloc(config->threads, sizeof(*gate->threads));
    for (size_t i = 0; i < config->threads; i++)
        gate->threads[i].epoll = gate->threads[i].wake = -1;
    enum err e = OK;
    for (size_t i = 0; !e && i < config->threads; i++)
        e = open_thread(gate, &gate->threads[i], i);
    for (size_t i = 0; !e && i < config->threads; i++)
        e = run_thread(&gate->threads[i]);
    if (e) {
        gate_stop(&gate);
        return why_set(why, e, "cannot start the gate threads: %s", strerror(errno));
    }
    *out = gate;
    return OK;
}

void gate_drain(struct gate *gate)
{
    for (size_t i = 0; i < gate->config.threads; i++) {
        atomic_store(&gate->threads[i].is_draining, true);
        wake(&gate->threads[i]);
    }
}

size_t gate_connections(struct gate *gate)
{
    return address_counts_all(gate->counts);
}

void gate_stop(struct gate **address)
{
    struct gate *gate = *address;
    if (!gate)
        return;
    for (size_t i = 0; i < gate->config.threads; i++) {
        struct gate_thread *thread = &gate->threads[i];
        atomic_store(&thread->is_stopping, true);
        if (thread->wake >= 0)
            wake(thread);
        if (thread->id)
            pthread_join(thread->id, NULL);
        if (thread->epoll >= 0)
            close(thread->epoll);
        if (thread->wake >= 0)
            close(thread->wake);
    }
    for (size_t i = 0; i < gate->config.n_listeners; i++) {
        close(gate->config.listeners[i].fd);
        tls_context_free(&gate->tls[i]);
    }
    address_counts_free(&gate->counts);
    pthread_mutex_destroy(&gate->mu);
    xfree(&gate->threads);
    xfree(address);
}

void gate_counts_get(struct gate *gate, struct gate_counts *out)
{
    *out = (struct gate_counts){0};
    for (size_t i = 0; i < gate->config.threads; i++) {
        struct gate_thread *t = &gate->threads[i];
        out->accepted += atomic_load(&t->accepted);
        out->refused_address += atomic_load(&t->refused_address);
        out->refused_full += atomic_load(&t->refused_full);
        out->evicted += atomic_load(&t->evicted);
        out->refused_head += atomic_load(&t->refused_head);
        out->timed_out += atomic_load(&t->timed_out);
    }
}
