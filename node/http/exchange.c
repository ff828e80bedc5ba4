#include "node/http/exchange.h"

#include "storage/base/clock.h"
#include "storage/base/log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define STREAM_BLOCK_BYTES 4096
#define UNREADY 0 /* libmicrohttpd: nothing now, and the connection is suspended */

static struct exchange *exchange_of(struct request *request)
{
    return container_of(request, struct exchange, request);
}

static void exchange_release(struct exchange *x)
{
    if (atomic_fetch_sub(&x->references, 1) != 1)
        return;
    struct server *server = x->server;
    atomic_fetch_sub(&server->bodies_bytes, x->body_counted);
    atomic_fetch_sub(&server->spool_bytes, x->spool_counted);
    if (x->request.body_file >= 0)
        close(x->request.body_file);
    response_free(&x->answer);
    if (x->upgrade.drop)
        x->upgrade.drop(x->upgrade.context);
    buf_clear(&x->body);
    arena_clear(&x->request.arena);
    xfree(&x);
    server_release(server);
}

/* ---- what a handler sees ------------------------------------------------------------------- */

const char *request_header(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->n_fields; i++)
        if (strcasecmp(request->fields[i].name, name) == 0)
            return request->fields[i].value;
    return NULL;
}

const char *request_param(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->match.n_params; i++) {
        const struct route_param *param = &request->match.params[i];
        if (param->name_n == strlen(name) && memcmp(param->name, name, param->name_n) == 0)
            return param->value;
    }
    assert(!"the route's pattern has this placeholder");
    return "";
}

const char *request_query(struct request *request, const char *name)
{
    struct bytes rest = target_query(request->target);
    const char *found, *value;
    while (query_next(&rest, &request->arena, &found, &value) == OK)
        if (strcmp(found, name) == 0)
            return value;
    return NULL;
}

bool request_has_credentials(const struct request *request)
{
    return request_header(request, "authorization") || request_header(request, "cookie") ||
           request_header(request, "signature");
}

/* ---- suspending ---------------------------------------------------------------------------- */

/*
 * libmicrohttpd calls exchange_complete() with a lock of its own held, and takes that
 * lock to suspend and to resume. So neither is done under mu: a connection is suspended
 * before it is listed, and resumed after it left the list. In between it stands still,
 * so it cannot go away.
 */

/* Under mu. */
static void list_suspended(struct exchange *x)
{
    struct server *server = x->server;
    assert(!x->is_suspended);
    x->is_suspended = true;
    x->previous = NULL;
    x->next = server->suspended;
    if (x->next)
        x->next->previous = x;
    server->suspended = x;
    server->n_suspended++;
}

/* Under mu. resume() must follow, without it. */
static struct MHD_Connection *unlist_suspended(struct exchange *x)
{
    struct server *server = x->server;
    assert(x->is_suspended);
    x->is_suspended = false;
    *(x->previous ? &x->previous->next : &server->suspended) = x->next;
    if (x->next)
        x->next->previous = x->previous;
    server->n_suspended--;
    server->n_resuming++;
    return x->connection;
}

static void resume(struct server *server, struct MHD_Connection *connection)
{
    MHD_resume_connection(connection);
    pthread_mutex_lock(&server->mu);
    server->n_resuming--;
    pthread_cond_broadcast(&server->all_resumed);
    pthread_mutex_unlock(&server->mu);
}

/* Under mu: the server stops, and nobody waits for the one who should have answered. */
static void give_up(struct exchange *x)
{
    x->is_given_up = true;
    if (x->step != EXCHANGE_ANSWERED && !x->answer)
        x->answer = response_error(503, NULL);
}

void request_suspend(struct request *request)
{
    struct exchange *x = exchange_of(request);
    struct MHD_Connection *go_on = NULL;
    atomic_fetch_add(&x->references, 1);
    MHD_suspend_connection(x->connection);
    pthread_mutex_lock(&x->server->mu);
    list_suspended(x);
    if (x->server->is_stopping) {
        give_up(x);
        go_on = unlist_suspended(x);
    }
    pthread_mutex_unlock(&x->server->mu);
    if (go_on)
        resume(x->server, go_on);
}

void request_finish(struct request *request, struct response *response)
{
    struct exchange *x = exchange_of(request);
    struct MHD_Connection *go_on = NULL;
    pthread_mutex_lock(&x->server->mu);
    if (!x->is_given_up) {
        x->answer = response;
        response = NULL;
        go_on = unlist_suspended(x);
    }
    pthread_mutex_unlock(&x->server->mu);
    if (go_on)
        resume(x->server, go_on);
    response_free(&response);
    exchange_release(x);
}

void exchange_give_up_all(struct server *server)
{
    pthread_mutex_lock(&server->mu);
    server->is_stopping = true;
    while (server->suspended) {
        give_up(server->suspended);
        struct MHD_Connection *go_on = unlist_suspended(server->suspended);
        pthread_mutex_unlock(&server->mu);
        resume(server, go_on);
        pthread_mutex_lock(&server->mu);
    }
    while (server->n_resuming)
        pthread_cond_wait(&server->all_resumed, &server->mu);
    pthread_mutex_unlock(&server->mu);
}

struct request *request_watch(struct request *request)
{
    atomic_fetch_add(&exchange_of(request)->references, 1);
    return request;
}

void request_wake(struct request *request)
{
    struct exchange *x = exchange_of(request);
    struct MHD_Connection *go_on = NULL;
    pthread_mutex_lock(&x->server->mu);
    x->has_stream_news = true;
    if (x->is_suspended && x->step == EXCHANGE_ANSWERED)
        go_on = unlist_suspended(x);
    pthread_mutex_unlock(&x->server->mu);
    if (go_on)
        resume(x->server, go_on);
}

void request_unwatch(struct request **request)
{
    if (*request)
        exchange_release(exchange_of(*request));
    *request = NULL;
}

/* ---- answering ----------------------------------------------------------------------------- */

struct running_stream {
    struct response_stream stream;
    struct exchange *exchange; /* one reference */
};

enum stream_next { STREAM_AGAIN, STREAM_WAIT, STREAM_STOP };

/* There was nothing to read: look again when a wake came meanwhile, else stand still. */
static enum stream_next stream_pause(struct exchange *x)
{
    MHD_suspend_connection(x->connection);
    pthread_mutex_lock(&x->server->mu);
    enum stream_next next = x->server->is_stopping ? STREAM_STOP
                            : x->has_stream_news   ? STREAM_AGAIN
                                                   : STREAM_WAIT;
    x->has_stream_news = false;
    if (next == STREAM_WAIT)
        list_suspended(x);
    pthread_mutex_unlock(&x->server->mu);
    if (next != STREAM_WAIT)
        MHD_resume_connection(x->connection);
    return next;
}

static ssize_t stream_read(void *context, uint64_t at, char *out, size_t max)
{
    struct running_stream *running = context;
    (void)at;
    ptrdiff_t n = running->stream.read(running->stream.context, (uint8_t *)out, max);
    if (n < 0)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (n > 0)
        return n;
    if (stream_pause(running->exchange) == STREAM_STOP)
        return MHD_CONTENT_READER_END_OF_STREAM;
    return UNREADY; /* suspended, or resumed already: called again */
}

static void stream_close(void *context)
{
    struct running_stream *running = context;
    if (running->stream.close)
        running->stream.close(running->stream.context);
    exchange_release(running->exchange);
    xfree(&running);
}

static struct MHD_Response *stream_response(struct exchange *x, struct response *response)
{
    struct running_stream *running = xcalloc(1, sizeof(*running));
    running->stream = response->stream;
    running->exchange = x;
    atomic_fetch_add(&x->references, 1);
    response->stream = (struct response_stream){0};
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK_BYTES, stream_read,
                                             running, stream_close);
}

static void upgrade_start(void *context, struct MHD_Connection *connection, void *exchange,
                          const char *early, size_t early_n, MHD_socket fd,
                          struct MHD_UpgradeResponseHandle *handle)
{
    struct exchange *x = exchange;
    struct response_upgrade upgrade = x->upgrade;
    (void)connection, (void)context;
    x->upgrade = (struct response_upgrade){0};
    /* A copy of the descriptor: the library lets go of its own, and who has the copy owns it. */
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
    upgrade.start(upgrade.context, own, (struct bytes){(const uint8_t *)early, early_n});
}

/* Kept by the exchange until it begins: the library does not tell when it never will. */
static struct MHD_Response *upgrade_response(struct exchange *x, struct response *response)
{
    x->upgrade = response->upgrade;
    response->upgrade = (struct response_upgrade){0};
    return MHD_create_response_for_upgrade(upgrade_start, NULL);
}

static struct MHD_Response *translate(struct exchange *x, struct response *response)
{
    if (response->stream.read)
        return stream_response(x, response);
    if (response->upgrade.start)
        return upgrade_response(x, response);
    if (response->file >= 0) {
        struct MHD_Response *out = MHD_create_response_from_fd_at_offset64(
            response->file_bytes, response->file, response->file_from);
        response->file = -1;
        return out;
    }
    struct MHD_Response *out =
        MHD_create_response_from_buffer(response->body_n, response->body, MHD_RESPMEM_MUST_FREE);
    response->body = NULL;
    return out;
}

static enum MHD_Result send_answer(struct exchange *x, struct response *response)
{
    bool is_https = x->request.is_tls || x->server->config->is_public_https;
    response_seal(response, is_https ? RESPONSE_OVER_TLS : RESPONSE_OVER_PLAIN,
                  request_has_credentials(&x->request));
    pthread_mutex_lock(&x->server->mu);
    x->step = EXCHANGE_ANSWERED;
    pthread_mutex_unlock(&x->server->mu);

    struct MHD_Response *out = translate(x, response);
    enum MHD_Result result = MHD_NO;
    if (out) {
        for (size_t i = 0; i < response->n_fields; i++)
            MHD_add_response_header(out, response->fields[i].name, response->fields[i].value);
        result = MHD_queue_response(x->connection, (unsigned int)response->status, out);
        MHD_destroy_response(out);
    }
    response_free(&response);
    return result;
}

/* ---- reading a request --------------------------------------------------------------------- */

void *exchange_begin(void *context, const char *target, struct MHD_Connection *connection)
{
    struct server *server = context;
    struct exchange *x = xcalloc(1, sizeof(*x));
    x->server = server;
    x->connection = connection;
    atomic_init(&x->references, 1);
    atomic_fetch_add(&server->references, 1);
    atomic_fetch_add(&server->requests, 1);
    struct request *r = &x->request;
    r->arena = (struct arena)ARENA_INIT(REQUEST_ARENA_MAX_BYTES);
    r->context = server->context;
    r->body_file = -1;
    r->client_cert = r->client_names = "";
    r->target = arena_strdup(&r->arena, target);
    return x;
}

/* "https", "https <fingerprint> <name> ..." or "http", written by the gate. */
static void read_gate_line(struct request *r, const char *value)
{
    r->is_tls = strncmp(value, "https", 5) == 0;
    const char *space = strchr(value, ' ');
    if (!space)
        return;
    size_t n = strcspn(space + 1, " ");
    r->client_cert = arena_strndup(&r->arena, space + 1, n);
    r->client_names = arena_strdup(&r->arena, space + 1 + n);
}

static enum MHD_Result copy_field(void *context, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
    struct request *r = context;
    (void)kind;
    if (strcmp(name, "@gate") == 0) {
        read_gate_line(r, value ? value : "");
        return MHD_YES;
    }
    if (r->n_fields == HEAD_FIELDS_MAX)
        return MHD_NO;
    struct request_field *f = &r->fields[r->n_fields++];
    f->name = arena_strdup(&r->arena, name);
    f->value = arena_strdup(&r->arena, value ? value : "");
    return MHD_YES;
}

static void read_client(struct exchange *x)
{
    struct request *r = &x->request;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct address peer = {{0}};
    if (info && info->client_addr)
        peer = address_of_socket(info->client_addr);
    const struct address_ranges *proxies = &x->server->config->proxies;
    r->client = peer;
    if (!address_ranges_contain(proxies, peer))
        return;
    const char *forwarded = NULL; /* proxies append: the last line is the nearest */
    for (size_t i = 0; i < r->n_fields; i++)
        if (strcasecmp(r->fields[i].name, "x-forwarded-for") == 0)
            forwarded = r->fields[i].value;
    r->client = address_of_client(peer, bytes_of(forwarded), proxies);
    const char *scheme = request_header(r, "x-forwarded-proto");
    r->is_tls = r->is_tls || (scheme && strcasecmp(scheme, "https") == 0);
}

/* Copies what the library would take back while another thread still reads it. */
static bool read_head(struct exchange *x, const char *method)
{
    struct request *r = &x->request;
    r->method = arena_strdup(&r->arena, method);
    r->fields = arena_calloc(&r->arena, HEAD_FIELDS_MAX, sizeof(*r->fields));
    if (!r->fields)
        return false;
    MHD_get_connection_values(x->connection, MHD_HEADER_KIND, copy_field, r);
    if (r->arena.is_full)
        return false;
    r->host = request_header(r, "host");
    read_client(x);
    return true;
}

/* The route, before the body is there: NULL, or why there is none for this request. */
static struct response *find_route(struct exchange *x)
{
    struct request *r = &x->request;
    if (x->server->rate && !rate_take(x->server->rate, r->client, clock_mono_ms())) {
        struct response *response = response_error(429, NULL);
        response_set(response, "Retry-After", "1"); /* by then there is allowance again */
        return response;
    }
    char allow[ROUTE_ALLOW_BYTES];
    enum err e = router_match(x->server->table, x->server->n_routes, bytes_of(r->method),
                              target_path(r->target), &r->arena, &r->match, allow);
    if (e == ERR_DENIED) {
        struct response *response = response_error(405, NULL);
        response_set(response, "Allow", allow);
        return response;
    }
    if (e)
        return response_error(404, NULL);
    if (!route_takes_type(r->match.route, request_header(r, "content-type")))
        return response_error(415, NULL);
    return NULL;
}

static void open_spool(struct exchange *x)
{
    const struct server_config *config = x->server->config;
    x->request.body_file = config->spool ? config->spool(x->request.context) : -1;
    if (x->request.body_file >= 0)
        return;
    log_error("http.spool_failed", STR("why", strerror(errno)));
    x->overload = "this server cannot take uploads just now";
}

static enum MHD_Result begin(struct exchange *x, const char *method)
{
    struct request *r = &x->request;
    struct response *refusal = read_head(x, method) ? find_route(x) : response_error(431, NULL);
    if (!refusal)
        x->body = (struct buf)BUF_INIT(route_body_max(r->match.route));
    const char *length = request_header(r, "content-length");
    bool has_body = request_header(r, "transfer-encoding") || (length && strcmp(length, "0") != 0);
    if (refusal && has_body)
        return send_answer(x, refusal); /* and the library closes the connection */
    if (!refusal && has_body && (r->match.route->needs & ROUTE_SPOOLED))
        open_spool(x);
    x->answer = refusal;
    x->step = EXCHANGE_BODY;
    return MHD_YES;
}

/* To the file, as far as all of them together may grow. */
static void add_spooled(struct exchange *x, const char *data, size_t n)
{
    struct server *server = x->server;
    x->spool_counted += n;
    if (atomic_fetch_add(&server->spool_bytes, n) + n > server->config->spool_max_bytes) {
        log_warn("http.spool_full", INT("bytes", server->config->spool_max_bytes));
        x->overload = "too many uploads at a time: try again later";
    }
    while (n > 0 && !x->overload) {
        ssize_t done = write(x->request.body_file, data, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) {
            log_error("http.spool_failed", STR("why", strerror(errno)));
            x->overload = errno == ENOSPC || errno == EDQUOT
                              ? "the disk of this server is full: nothing can be uploaded"
                              : "this server cannot take uploads just now";
            break;
        }
        data += done;
        n -= (size_t)done;
        x->request.body_file_bytes += (uint64_t)done;
    }
}

static enum MHD_Result add_body(struct exchange *x, const char *data, size_t n)
{
    struct server *server = x->server;
    if (x->overload) /* no answer is possible mid-body: the rest is read and dropped */
        return MHD_YES;
    if (x->request.body_file >= 0) {
        add_spooled(x, data, n);
        return MHD_YES;
    }
    x->body_counted += n;
    if (atomic_fetch_add(&server->bodies_bytes, n) + n > server->bodies_max_bytes) {
        log_warn("http.bodies_full", INT("bytes", server->bodies_max_bytes));
        x->overload = "";
        buf_clear(&x->body);
        return MHD_YES;
    }
    buf_add(&x->body, data, n);
    return x->body.is_full ? MHD_NO : MHD_YES; /* the gate has counted: it cannot be */
}

static enum MHD_Result take_answer(struct exchange *x)
{
    pthread_mutex_lock(&x->server->mu);
    struct response *response = x->answer;
    x->answer = NULL;
    pthread_mutex_unlock(&x->server->mu);
    return response ? send_answer(x, response) : MHD_YES;
}

static enum MHD_Result run_handler(struct exchange *x)
{
    struct request *r = &x->request;
    struct server *server = x->server;
    if (x->overload)
        return send_answer(x, response_error(503, x->overload));
    if (x->answer)
        return take_answer(x);
    r->body = buf_bytes(&x->body);
    x->step = EXCHANGE_HANDED;
    struct response *response = server->config->guard ? server->config->guard(r) : NULL;
    if (!response)
        response = r->match.route->handler(r);
    return response ? send_answer(x, response) : MHD_YES; /* MHD_YES: suspended */
}

enum MHD_Result exchange_continue(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *n, void **exchange)
{
    struct exchange *x = *exchange;
    (void)context, (void)connection, (void)url, (void)version;
    switch (x->step) {
    case EXCHANGE_NEW:
        return begin(x, method);
    case EXCHANGE_BODY:
        if (*n) {
            enum MHD_Result result = add_body(x, data, *n);
            *n = 0;
            return result;
        }
        return run_handler(x);
    case EXCHANGE_HANDED:
        return take_answer(x);
    default: /* answered early: what the client still sends is thrown away */
        *n = 0;
        return MHD_YES;
    }
}

void exchange_complete(void *context, struct MHD_Connection *connection, void **exchange,
                       enum MHD_RequestTerminationCode how)
{
    struct exchange *x = *exchange;
    (void)context, (void)connection, (void)how;
    *exchange = NULL;
    if (!x)
        return;
    pthread_mutex_lock(&x->server->mu);
    assert(!x->is_suspended);
    x->connection = NULL;
    pthread_mutex_unlock(&x->server->mu);
    exchange_release(x);
}
