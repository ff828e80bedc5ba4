#include "node/stream/streamer.h"

#include "node/api/api.h"
#include "node/api/scope.h"
#include "node/stream/session.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/list.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define EPOLL_EVENTS 64
#define ARENA_BYTES ((size_t)1 << 20)
#define SLOT_FREE UINT64_MAX

struct streamer {
    /* set by streamer_start(), then constant */
    struct streamer_config config;
    int epoll, wake;
    pthread_t thread;

    /* streamer thread only */
    struct client *clients;
    uint64_t last_seq;
    int64_t next_tick_ms;
    bool has_more; /* events that were not looked at yet */

    /* any thread */
    atomic_bool is_woken;

    /* any thread, under mu */
    pthread_mutex_t mu;
    uint64_t *slot; /* whose place it is; SLOT_FREE */
    size_t n_clients;
    struct client *arrived, *departed;
    bool is_closing, is_stopping;
};

/* ---- places --------------------------------------------------------------------------------- */

/* Under mu. */
static enum err take_slot(struct streamer *s, uint64_t who, size_t *out)
{
    /* Who shows no token shares half of the places with all others that do not. */
    size_t most = who ? s->config.per_account_max : s->config.clients_max / 2;
    size_t of_who = 0, free_at = s->config.clients_max;
    for (size_t i = s->config.clients_max; i-- > 0;) {
        of_who += s->slot[i] == who;
        if (s->slot[i] == SLOT_FREE)
            free_at = i;
    }
    if (s->is_closing)
        return ERR_LATER;
    if (free_at == s->config.clients_max || of_who >= most)
        return ERR_LIMIT;
    s->slot[free_at] = who;
    s->n_clients++;
    *out = free_at;
    return OK;
}

static enum err read_last(struct streamer *s, uint64_t *out)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = engine_read_begin(s->config.api->fed->engine, &txn);
    return e ? e : event_last(txn, out);
}

enum err streamer_admit(struct streamer *s, actor_id who, const char *secret, const char *scopes,
                        struct client **out)
{
    uint64_t last;
    size_t slot;
    enum err e = read_last(s, &last);
    if (e)
        return e;
    pthread_mutex_lock(&s->mu);
    e = take_slot(s, who.v, &slot);
    pthread_mutex_unlock(&s->mu);
    if (e)
        return e;
    *out = client_create(s, who, secret, scopes);
    (*out)->from_seq = last;
    (*out)->slot = slot;
    return OK;
}

void streamer_dismiss(struct client *client)
{
    struct streamer *s = client->streamer;
    pthread_mutex_lock(&s->mu);
    s->slot[client->slot] = SLOT_FREE;
    s->n_clients--;
    pthread_mutex_unlock(&s->mu);
    client_free(&client);
}

size_t streamer_clients(struct streamer *s)
{
    pthread_mutex_lock(&s->mu);
    size_t n = s->n_clients;
    pthread_mutex_unlock(&s->mu);
    return n;
}

/* ---- from other threads --------------------------------------------------------------------- */

void streamer_wake(struct streamer *s)
{
    if (!atomic_exchange(&s->is_woken, true))
        (void)eventfd_write(s->wake, 1);
}

/* False: nobody is taken any more. */
static bool hand_over(struct client *client)
{
    struct streamer *s = client->streamer;
    pthread_mutex_lock(&s->mu);
    bool is_taken = !s->is_closing;
    if (is_taken) {
        client->next_handed = s->arrived;
        s->arrived = client;
    }
    pthread_mutex_unlock(&s->mu);
    if (is_taken)
        streamer_wake(s);
    return is_taken;
}

/* The answer's last call: nobody reads any more. Only the streamer frees. */
static void answer_close(void *context)
{
    struct client *client = context;
    struct streamer *s = client->streamer;
    pthread_mutex_lock(&s->mu);
    client->is_departed = true;
    client->next_handed = s->departed;
    s->departed = client;
    pthread_mutex_unlock(&s->mu);
    streamer_wake(s);
}

struct response *streamer_answer(struct client *client, struct request *request)
{
    client->request = request_watch(request);
    buf_str(&client->out, ":thump\n");
    if (!hand_over(client)) {
        streamer_dismiss(client);
        return response_error(503, NULL);
    }
    struct response *response = response_create(200);
    response_set(response, "Content-Type", "text/event-stream");
    response_set(response, "Cache-Control", "private, no-store");
    response_set(response, "X-Accel-Buffering", "no");
    response->stream = (struct response_stream){client, client_read, answer_close};
    return response;
}

static void on_socket(void *context, int fd, struct bytes early)
{
    struct client *client = context;
    client->fd = fd;
    buf_add(&client->early, early.p, early.n);
    if (fd < 0 || client->early.is_full || !hand_over(client))
        streamer_dismiss(client);
}

static void on_no_socket(void *context)
{
    streamer_dismiss(context);
}

struct response *streamer_upgrade(struct client *client)
{
    client->is_socket = true;
    struct response *response = response_create(101);
    response_set(response, "Upgrade", "websocket");
    response->upgrade = (struct response_upgrade){client, on_socket, on_no_socket};
    return response;
}

/* ---- sockets -------------------------------------------------------------------------------- */

static ssize_t socket_read(void *context, uint8_t *out, size_t max)
{
    struct client *client = context;
    size_t n = client->early.n - client->early_at;
    if (n) {
        n = n < max ? n : max;
        memcpy(out, client->early.p + client->early_at, n);
        client->early_at += n;
        return (ssize_t)n;
    }
    ssize_t got = recv(client->fd, out, max, 0);
    if (got > 0)
        client->heard_ms = clock_mono_ms();
    return got > 0 ? got : got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static ssize_t socket_write(void *context, const uint8_t *p, size_t n)
{
    struct client *client = context;
    ssize_t sent = send(client->fd, p, n, MSG_NOSIGNAL);
    return sent >= 0 ? sent : errno == EAGAIN || errno == EINTR ? 0 : -1;
}

int streamer_judge(struct txn *txn, const struct channel *channel, actor_id who, const char *scopes,
                   const char **out_text)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    List *list;
    if (channel_needs_person(channel) && !who.v) {
        *out_text = "This method requires an authenticated user";
        return 401;
    }
    if (scopes && !scope_covers(scopes, channel_scope(channel))) {
        *out_text = "This action is outside the authorized scopes";
        return 403;
    }
    if (channel->kind == CHANNEL_LIST && list_get(txn, who, channel->list, &arena, &list)) {
        *out_text = "Record not found";
        return 404;
    }
    return 0;
}

static void subscribe(struct client *client, const struct channel *channel)
{
    AUTO(txn_end) struct txn *txn = NULL;
    const char *text = "";
    if (engine_read_begin(client->streamer->config.api->fed->engine, &txn)) {
        client_error(client, 503, "Try again later");
        return;
    }
    int status = streamer_judge(txn, channel, client->who, client->scopes, &text);
    if (status)
        client_error(client, status, text);
    else if (client_subscribe(client, channel) == ERR_LIMIT)
        client_error(client, 422, "Too many streams");
}

/* A reader that asks without end takes the thread from the others. */
static bool asks_too_much(struct client *client)
{
    int64_t now_ms = clock_mono_ms();
    if (now_ms - client->commands_from_ms > CLIENT_COMMANDS_MS) {
        client->commands_from_ms = now_ms;
        client->commands = 0;
    }
    return ++client->commands > CLIENT_COMMANDS_MAX;
}

static void on_text(void *context, struct bytes text)
{
    struct client *client = context;
    struct channel_command command;
    struct why why = {""};
    if (client->is_over)
        return;
    if (asks_too_much(client))
        client_end(client, WEBSOCKET_POLICY, "too many messages");
    else if (channel_command_read(text, &command, &why))
        client_error(client, 400, why.text);
    else if (command.is_subscribe)
        subscribe(client, &command.channel);
    else
        client_unsubscribe(client, &command.channel);
}

/* Has epoll say when a socket that is full takes more. */
static void watch_writes(struct client *client)
{
    bool waits = !client->is_over && websocket_wants_write(client->socket);
    if (waits == client->waits_to_write)
        return;
    struct epoll_event event = {.events = EPOLLIN | (waits ? EPOLLOUT : 0u), .data.ptr = client};
    if (epoll_ctl(client->streamer->epoll, EPOLL_CTL_MOD, client->fd, &event))
        client->is_over = true;
    client->waits_to_write = waits;
}

static void socket_ready(struct client *client, uint32_t events)
{
    if (client->is_over)
        return;
    bool is_gone = events & (EPOLLERR | EPOLLHUP) && !(events & EPOLLIN);
    if (is_gone || (events & EPOLLIN && websocket_read(client->socket)) ||
        (events & EPOLLOUT && websocket_write(client->socket)))
        client->is_over = true;
}

static void open_socket(struct streamer *s, struct client *client)
{
    struct websocket_io io = {client, socket_read, socket_write, on_text};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    client->socket = websocket_create(&io);
    if (!client->socket || epoll_ctl(s->epoll, EPOLL_CTL_ADD, client->fd, &event))
        client->is_over = true;
    else if (client->early.n && websocket_read(client->socket))
        client->is_over = true;
}

/* ---- coming and going ----------------------------------------------------------------------- */

static void arrive(struct streamer *s, struct client *client)
{
    int64_t now_ms = clock_mono_ms();
    client->heard_ms = now_ms;
    client->next_beat_ms = now_ms + (client->is_socket ? CLIENT_PING_MS : CLIENT_THUMP_MS);
    client->next_check_ms = now_ms + STREAMER_CHECK_MS;
    if (!s->clients) /* nobody listened until now */
        s->last_seq = client->from_seq;
    client->next = s->clients;
    if (s->clients)
        s->clients->previous = client;
    s->clients = client;
    if (client->is_socket)
        open_socket(s, client);
}

static void forget(struct streamer *s, struct client *client)
{
    *(client->previous ? &client->previous->next : &s->clients) = client->next;
    if (client->next)
        client->next->previous = client->previous;
    if (client->fd >= 0) /* not left to close(): the library may still have a copy open */
        (void)epoll_ctl(s->epoll, EPOLL_CTL_DEL, client->fd, NULL);
    streamer_dismiss(client);
}

static struct client *turned(struct client *list)
{
    struct client *out = NULL;
    while (list) {
        struct client *next = list->next_handed;
        list->next_handed = out;
        out = list;
        list = next;
    }
    return out;
}

/* An answer departs only after it arrived: both lists are taken at once, and read in that order. */
static void take_handed(struct streamer *s)
{
    pthread_mutex_lock(&s->mu);
    struct client *arrived = turned(s->arrived);
    s->arrived = NULL;
    pthread_mutex_unlock(&s->mu);
    while (arrived) {
        struct client *client = arrived;
        arrived = client->next_handed;
        arrive(s, client);
    }
    pthread_mutex_lock(&s->mu);
    struct client *departed = s->departed;
    s->departed = NULL;
    pthread_mutex_unlock(&s->mu);
    while (departed) {
        struct client *client = departed;
        departed = client->next_handed;
        forget(s, client);
    }
}

/* Sockets that are over are closed here alone, when nothing holds on to them any more. An answer
 * goes when its HTTP thread says so. */
static void sweep(struct streamer *s)
{
    for (struct client *client = s->clients, *next; client; client = next) {
        next = client->next;
        if (client->is_socket && client->is_over)
            forget(s, client);
        else if (client->is_socket)
            watch_writes(client);
    }
}

static void end_all(struct streamer *s)
{
    for (struct client *client = s->clients; client; client = client->next)
        client_end(client, WEBSOCKET_GOING_AWAY, "the node is stopping");
}

/* ---- telling -------------------------------------------------------------------------------- */

static void tell_one(struct client *client, struct news *news)
{
    struct news_reader reader = {client->who, client->scopes};
    struct news_item item;
    if (news->event->seq <= client->from_seq)
        return;
    for (size_t i = 0; i < client->n_channels && !client->is_over; i++)
        if (news_for(news, &client->channels[i], &reader, &item))
            client_tell(client, &client->channels[i], &item);
}

static void tell_all(struct streamer *s, struct txn *txn, const Event *event)
{
    AUTO(news_close) struct news news;
    enum err e = news_open(&news, s->config.api, txn, event);
    if (e)
        log_warn("stream.unreadable", INT("event", event->seq), STR("error", err_name(e)));
    for (struct client *client = s->clients; !e && client; client = client->next)
        tell_one(client, &news);
}

/* One event in one snapshot: none is held for long. ERR_NOTFOUND: that was the last up to there. */
static enum err tell_next(struct streamer *s, uint64_t last)
{
    AUTO(txn_end) struct txn *txn = NULL;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    Event *event;
    if (s->last_seq >= last)
        return ERR_NOTFOUND;
    enum err e = engine_read_begin(s->config.api->fed->engine, &txn);
    if (!e)
        e = event_next(txn, s->last_seq, &arena, &event);
    if (e)
        return e;
    s->last_seq = event->seq;
    tell_all(s, txn, event);
    return OK;
}

/*
 * First what there is, then who listens: whoever was answered before something was written is there
 * when it is told.
 */
static void tell_news(struct streamer *s)
{
    uint64_t last = 0;
    enum err e = read_last(s, &last);
    take_handed(s);
    for (unsigned i = 0; !e && s->clients && i < STREAMER_EVENTS_AT_ONCE; i++)
        e = tell_next(s, last);
    s->has_more = !e && s->clients;
    if (e && e != ERR_NOTFOUND)
        log_warn("stream.unreadable", STR("error", err_name(e)));
}

/* ---- time ----------------------------------------------------------------------------------- */

static void check_sessions(struct streamer *s, int64_t now_ms)
{
    AUTO(txn_end) struct txn *txn = NULL;
    if (engine_read_begin(s->config.api->fed->engine, &txn))
        return; /* at the next tick */
    for (struct client *client = s->clients; client; client = client->next) {
        if (!client->secret || client->is_over || now_ms < client->next_check_ms)
            continue;
        client->next_check_ms = now_ms + STREAMER_CHECK_MS;
        if (!session_stands(txn, client->secret, client->who, client->scopes))
            client_end(client, WEBSOCKET_POLICY, "The access token is invalid");
    }
}

static void tick(struct streamer *s)
{
    int64_t now_ms = clock_mono_ms();
    if (!s->clients || now_ms < s->next_tick_ms)
        return;
    s->next_tick_ms = now_ms + STREAMER_TICK_MS;
    for (struct client *client = s->clients; client; client = client->next)
        client_beat(client, now_ms);
    check_sessions(s, now_ms);
}

/* ---- the loop ------------------------------------------------------------------------------- */

static bool wait_for_something(struct streamer *s)
{
    struct epoll_event events[EPOLL_EVENTS];
    int timeout_ms = s->has_more ? 0 : s->clients ? STREAMER_TICK_MS : -1;
    int n = epoll_wait(s->epoll, events, EPOLL_EVENTS, timeout_ms);
    for (int i = 0; i < n; i++) {
        eventfd_t any;
        if (events[i].data.ptr)
            socket_ready(events[i].data.ptr, events[i].events);
        else
            (void)eventfd_read(s->wake, &any);
    }
    atomic_store(&s->is_woken, false); /* before looking: who comes later wakes us again */
    pthread_mutex_lock(&s->mu);
    bool is_closing = s->is_closing, is_stopping = s->is_stopping;
    pthread_mutex_unlock(&s->mu);
    if (is_closing) {
        take_handed(s);
        end_all(s);
    }
    return !is_stopping;
}

static void *loop(void *context)
{
    struct streamer *s = context;
    pthread_mutex_lock(&s->mu); /* s->thread is written by now */
    assert(pthread_equal(pthread_self(), s->thread));
    pthread_mutex_unlock(&s->mu);
    while (wait_for_something(s)) {
        tell_news(s);
        tick(s);
        sweep(s);
    }
    return NULL;
}

static enum err open_files(struct streamer *s)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return s->epoll < 0 || s->wake < 0 || epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->wake, &event)
               ? ERR_LIMIT
               : OK;
}

static void streamer_free(struct streamer **address)
{
    struct streamer *s = *address;
    if (!s)
        return;
    if (s->epoll >= 0)
        close(s->epoll);
    if (s->wake >= 0)
        close(s->wake);
    pthread_mutex_destroy(&s->mu);
    xfree(&s->slot);
    xfree(address);
}

enum err streamer_start(const struct streamer_config *config, struct streamer **out)
{
    AUTO(streamer_free) struct streamer *s = xcalloc(1, sizeof *s);
    *s = (struct streamer){.config = *config, .epoll = -1, .wake = -1};
    pthread_mutex_init(&s->mu, NULL);
    s->slot = xcalloc(config->clients_max, sizeof *s->slot);
    for (size_t i = 0; i < config->clients_max; i++)
        s->slot[i] = SLOT_FREE;
    enum err e = open_files(s);
    if (e)
        return e;
    pthread_mutex_lock(&s->mu);
    int failed = pthread_create(&s->thread, NULL, loop, s);
    pthread_mutex_unlock(&s->mu);
    if (failed)
        return ERR_LIMIT;
    *out = s;
    s = NULL;
    return OK;
}

static void shut(struct streamer *s, bool is_stopping)
{
    pthread_mutex_lock(&s->mu);
    s->is_closing = true;
    s->is_stopping = s->is_stopping || is_stopping;
    pthread_mutex_unlock(&s->mu);
    (void)eventfd_write(s->wake, 1);
}

void streamer_close(struct streamer *s)
{
    shut(s, false);
}

void streamer_stop(struct streamer **streamer)
{
    struct streamer *s = *streamer;
    if (!s)
        return;
    shut(s, true);
    pthread_join(s->thread, NULL);
    take_handed(s); /* what came while it ended */
    while (s->clients)
        forget(s, s->clients);
    streamer_free(streamer);
}
