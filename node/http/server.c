#include "node/http/server.h"

#include "node/http/exchange.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LISTEN_BACKLOG 1024
/* Our heads are at most HEAD_MAX_BYTES; the library adds its own bookkeeping per field. */
#define MHD_CONNECTION_MEMORY_BYTES (64 * 1024)
#define MHD_STACK_BYTES (512 * 1024)
#define FILES_PER_CONNECTION 3 /* the client's socket and both ends of the pair */
#define FILES_FOR_OTHERS 256   /* store, logs, outgoing connections */
#define DRAIN_LOOK_MS 10
#define FLUSH_MS 500 /* for the answers given up at the end */

/* ---- what the gate asks -------------------------------------------------------------------- */

static void judge(void *context, const struct head *head, struct gate_verdict *out)
{
    const struct server *server = context;
    const struct route *route = NULL;
    const uint8_t *mark = memchr(head->target.p, '?', head->target.n);
    struct bytes path = {head->target.p, mark ? (size_t)(mark - head->target.p) : head->target.n};
    enum err e =
        router_find(server->table, server->n_routes, head->method, path, &route, out->allow);
    if (e == OK) {
        out->body_max_bytes = route_body_max(route);
        return;
    }
    /* Nothing that would be served: a body is not read, and such a connection is not kept. */
    if (head->is_chunked || head->length || e == ERR_DENIED) {
        out->status = e == ERR_DENIED ? 405 : 404;
        out->why = NULL;
    }
}

static enum err take(void *context, size_t index, int fd, const struct sockaddr *from,
                     socklen_t from_n)
{
    struct server *server = context;
    /* Closes the descriptor when it fails. */
    return MHD_add_connection(server->daemons[index], fd, from, from_n) == MHD_YES ? OK : ERR_LIMIT;
}

/* ---- the daemons --------------------------------------------------------------------------- */

static void PRINTF_LIKE(2, 0) on_library_message(void *context, const char *fmt, va_list args)
{
    char text[256];
    (void)context;
    vsnprintf(text, sizeof(text), fmt, args);
    text[strcspn(text, "\n")] = '\0';
    log_debug("http.library", STR("text", text));
}

/* Targets are decoded once, in router.c. */
static size_t leave_escaped(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context, (void)connection;
    return strlen(text);
}

/*
 * A pool inside the library cannot be combined with connections that are handed in, so
 * there is one daemon with one thread per gate thread.
 */
static struct MHD_Daemon *start_daemon(struct server *server)
{
    unsigned int connections = (unsigned int)server->config->limits.connections + 2 * GATE_OVER_MAX;
    return MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ITC |
            MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE | MHD_USE_ERROR_LOG,
        0, NULL, NULL, exchange_continue, server, MHD_OPTION_EXTERNAL_LOGGER, on_library_message,
        server, MHD_OPTION_URI_LOG_CALLBACK, exchange_begin, server, MHD_OPTION_NOTIFY_COMPLETED,
        exchange_complete, server, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, server,
        MHD_OPTION_CONNECTION_LIMIT, connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)MHD_CONNECTION_MEMORY_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, 0u,
        MHD_OPTION_THREAD_STACK_SIZE, (size_t)MHD_STACK_BYTES, MHD_OPTION_END);
}

static enum err start_daemons(struct server *server, size_t n, struct why *why)
{
    server->daemons = xcalloc(n, sizeof(struct MHD_Daemon *));
    sigset_t all, before; /* signals are the main thread's business */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    enum err e = OK;
    for (size_t i = 0; !e && i < n; i++) {
        server->daemons[i] = start_daemon(server);
        server->n_daemons += server->daemons[i] != NULL;
        if (!server->daemons[i])
            e = why_set(why, ERR_LIMIT, "cannot start an HTTP thread: %s", strerror(errno));
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return e;
}

/* ---- listening ----------------------------------------------------------------------------- */

static enum err open_listener(const struct server_listen *listen_at, int *out, int *out_port,
                              struct why *why)
{
    int fd = socket(listen_at->address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return why_set(why, ERR_LIMIT, "cannot open a socket: %s", strerror(errno));
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_storage storage;
    } bound = {0};
    socklen_t n = sizeof(bound);
    if (bind(fd, listen_at->address, listen_at->address_n) || listen(fd, LISTEN_BACKLOG) ||
        getsockname(fd, &bound.any, &n)) {
        int because = errno;
        close(fd);
        return why_set(why, ERR_INVALID, "cannot listen: %s", strerror(because));
    }
    *out = fd;
    *out_port = ntohs(bound.any.sa_family == AF_INET6 ? bound.v6.sin6_port : bound.v4.sin_port);
    return OK;
}

static enum err open_listeners(struct server *server, struct gate_config *gate, struct why *why)
{
    const struct server_config *config = server->config;
    for (size_t i = 0; i < config->n_listen; i++) {
        struct gate_listener *listener = &gate->listeners[i];
        enum err e = open_listener(&config->listen[i], &listener->fd, &server->ports[i], why);
        if (e)
            return e;
        gate->n_listeners++;
        if (!config->listen[i].is_tls)
            continue;
        e = tls_context_create(&config->tls, &listener->tls, why);
        if (e)
            return e;
    }
    return OK;
}

/* Every connection takes descriptors: as many as the system lets us have, then fewer of them. */
static size_t connections_that_fit(size_t wanted)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files))
        return wanted;
    rlim_t need = wanted * FILES_PER_CONNECTION + FILES_FOR_OTHERS;
    if (files.rlim_cur < need) {
        files.rlim_cur = files.rlim_max < need ? files.rlim_max : need;
        (void)setrlimit(RLIMIT_NOFILE, &files);
        (void)getrlimit(RLIMIT_NOFILE, &files);
    }
    if (files.rlim_cur >= need)
        return wanted;
    size_t fit = files.rlim_cur > 2 * FILES_FOR_OTHERS
                     ? (size_t)(files.rlim_cur - FILES_FOR_OTHERS) / FILES_PER_CONNECTION
                     : FILES_FOR_OTHERS / FILES_PER_CONNECTION;
    log_warn("http.few_files", INT("connections", fit), INT("wanted", wanted));
    return fit;
}

static size_t thread_count(const struct server_config *config)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t n = config->threads ? config->threads : cores > 0 ? (size_t)cores : 1;
    return n > GATE_THREADS_MAX ? GATE_THREADS_MAX : n;
}

/* ---- life ---------------------------------------------------------------------------------- */

void server_release(struct server *server)
{
    if (atomic_fetch_sub(&server->references, 1) != 1)
        return;
    pthread_cond_destroy(&server->all_resumed);
    pthread_mutex_destroy(&server->mu);
    rate_free(&server->rate);
    xfree(&server->daemons);
    xfree(&server);
}

static void close_listeners(struct gate_config *gate)
{
    for (size_t i = 0; i < gate->n_listeners; i++) {
        close(gate->listeners[i].fd);
        tls_context_free(&gate->listeners[i].tls);
    }
}

static enum err start_all(struct server *server, struct why *why)
{
    const struct server_config *config = server->config;
    struct gate_config gate = {
        .threads = thread_count(config),
        .limits = config->limits,
        .hosts = config->hosts,
        .known = config->known,
        .proxies = config->proxies,
        .hooks = {.context = server, .judge = judge, .take = take},
    };
    gate.limits.connections = connections_that_fit(config->limits.connections);
    enum err e = open_listeners(server, &gate, why);
    if (!e)
        e = start_daemons(server, gate.threads, why);
    if (e) {
        close_listeners(&gate);
        return e;
    }
    return gate_start(&gate, &server->gate, why);
}

enum err server_start(const struct server_config *config, const struct route *table, size_t n,
                      void *context, struct server **out, struct why *why)
{
    assert(config->n_listen <= GATE_LISTENERS_MAX);
    struct server *server = xcalloc(1, sizeof(*server));
    server->config = config;
    server->table = table;
    server->n_routes = n;
    server->context = context;
    server->bodies_max_bytes =
        config->bodies_max_bytes ? config->bodies_max_bytes : SERVER_BODIES_MAX_BYTES;
    if (config->requests_per_s)
        server->rate =
            rate_create(config->requests_per_s,
                        config->requests_burst ? config->requests_burst : config->requests_per_s);
    atomic_init(&server->references, 1);
    pthread_mutex_init(&server->mu, NULL);
    pthread_cond_init(&server->all_resumed, NULL);
    enum err e = start_all(server, why);
    if (e) {
        server_stop(&server, 0);
        return e;
    }
    *out = server;
    return OK;
}

int server_port(const struct server *server, size_t listener)
{
    return server->ports[listener];
}

enum err server_reload_tls(struct server *server, struct why *why)
{
    if (!server->config->tls.cert)
        return OK;
    struct tls_context *tls = NULL;
    enum err e = tls_context_create(&server->config->tls, &tls, why);
    if (e)
        return e;
    gate_set_tls(server->gate, tls);
    tls_context_free(&tls);
    return OK;
}

/* Real time, whatever the clock of a test says. */
static void wait_until_quiet(struct server *server, int64_t most_ms)
{
    const struct timespec look = {.tv_nsec = DRAIN_LOOK_MS * 1000000};
    for (int64_t waited = 0; waited < most_ms && gate_connections(server->gate);
         waited += DRAIN_LOOK_MS)
        nanosleep(&look, NULL);
}

void server_stop(struct server **address, int64_t drain_ms)
{
    struct server *server = *address;
    if (!server)
        return;
    *address = NULL;
    if (server->gate) {
        gate_drain(server->gate);
        wait_until_quiet(server, drain_ms);
    }
    exchange_give_up_all(server);
    if (server->gate)
        wait_until_quiet(server, FLUSH_MS);
    gate_stop(&server->gate);
    for (size_t i = 0; i < server->n_daemons; i++)
        MHD_stop_daemon(server->daemons[i]);
    server_release(server);
}

void server_counts_get(struct server *server, struct server_counts *out)
{
    *out = (struct server_counts){0};
    gate_counts_get(server->gate, &out->gate);
    out->connections = gate_connections(server->gate);
    out->requests = atomic_load(&server->requests);
    out->bodies_bytes = atomic_load(&server->bodies_bytes);
    pthread_mutex_lock(&server->mu);
    out->suspended = server->n_suspended;
    pthread_mutex_unlock(&server->mu);
}
