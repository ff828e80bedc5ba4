/*
 * http_probe - a server with a few routes, for tests that send it strange bytes.
 *
 *     http_probe CERT KEY [name=value ...]
 *
 * Prints "plain PORT tls PORT" and then obeys lines on standard input: "reload", "counts",
 * "stop" (also at its end). Values are in milliseconds, bytes or numbers; see set_limit().
 */
#include "node/http/mediatype.h"
#include "node/http/server.h"
#include "storage/base/clock.h"

#include <arpa/inet.h>
#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void sleep_ms(long ms)
{
    struct timespec t = {ms / 1000, (ms % 1000) * 1000000};
    nanosleep(&t, NULL);
}

static struct response *hello(struct request *request)
{
    (void)request;
    return response_bytes(200, "text/plain", bytes_of("hello\n"));
}

/* What a handler sees, as JSON. */
static struct response *show(struct request *request)
{
    struct buf out = BUF_INIT(1 << 20);
    char client[ADDRESS_TEXT_BYTES];
    address_format(request->client, client);
    buf_str(&out, "{\"method\":");
    response_json_string(&out, request->method);
    buf_str(&out, ",\"target\":");
    response_json_string(&out, request->target);
    buf_str(&out, ",\"client\":");
    response_json_string(&out, client);
    buf_printf(&out, ",\"tls\":%s,\"body\":%zu", request->is_tls ? "true" : "false",
               request->body.n);
    buf_str(&out, ",\"cert\":");
    response_json_string(&out, request->client_cert);
    const char *q = request_query(request, "q");
    buf_str(&out, ",\"q\":");
    response_json_string(&out, q ? q : "(none)");
    buf_str(&out, ",\"params\":[");
    for (size_t i = 0; i < request->match.n_params; i++) {
        buf_str(&out, i ? "," : "");
        response_json_string(&out, request->match.params[i].value);
    }
    buf_str(&out, "],\"fields\":[");
    for (size_t i = 0; i < request->n_fields; i++) {
        buf_str(&out, i ? ",[" : "[");
        response_json_string(&out, request->fields[i].name);
        buf_char(&out, ',');
        response_json_string(&out, request->fields[i].value);
        buf_char(&out, ']');
    }
    buf_str(&out, "]}");
    return response_json(200, &out);
}

static struct response *count_body(struct request *request)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < request->body.n; i++)
        sum = sum * 31 + request->body.p[i];
    struct buf out = BUF_INIT(256);
    buf_printf(&out, "{\"bytes\":%zu,\"sum\":%u}", request->body.n, sum);
    return response_json(200, &out);
}

static long number_query(struct request *request, const char *name, long otherwise)
{
    const char *text = request_query(request, name);
    return text ? atol(text) : otherwise;
}

static struct response *large(struct request *request)
{
    size_t n = (size_t)number_query(request, "n", 1 << 20);
    char *bytes = xcalloc(1, n);
    memset(bytes, 'x', n);
    struct response *response =
        response_bytes(200, "application/octet-stream", (struct bytes){(uint8_t *)bytes, n});
    xfree(&bytes);
    return response;
}

static void *answer_later(void *argument)
{
    struct request *request = argument;
    sleep_ms(number_query(request, "ms", 50));
    request_finish(request, response_bytes(200, "text/plain", bytes_of("late\n")));
    return NULL;
}

static struct response *slow(struct request *request)
{
    pthread_t id;
    request_suspend(request);
    if (pthread_create(&id, NULL, answer_later, request))
        abort();
    pthread_detach(id);
    return NULL;
}

struct ticker {
    struct request *watched;
    pthread_t id;
    pthread_mutex_t mu;
    int ready, sent, total;
};

static void *tick(void *argument)
{
    struct ticker *t = argument;
    for (int i = 0; i < t->total; i++) {
        sleep_ms(20);
        pthread_mutex_lock(&t->mu);
        t->ready++;
        pthread_mutex_unlock(&t->mu);
        request_wake(t->watched);
    }
    return NULL;
}

static ptrdiff_t tick_read(void *context, uint8_t *out, size_t max)
{
    struct ticker *t = context;
    assert(max > 16);
    pthread_mutex_lock(&t->mu);
    ptrdiff_t n = 0;
    if (t->sent < t->ready)
        n = snprintf((char *)out, max, "data: %d\n\n", t->sent++);
    else if (t->sent == t->total)
        n = RESPONSE_STREAM_END;
    pthread_mutex_unlock(&t->mu);
    return n;
}

static void tick_close(void *context)
{
    struct ticker *t = context;
    pthread_join(t->id, NULL);
    request_unwatch(&t->watched);
    pthread_mutex_destroy(&t->mu);
    xfree(&t);
}

static struct response *ticks(struct request *request)
{
    struct ticker *t = xcalloc(1, sizeof(*t));
    t->total = (int)number_query(request, "n", 3);
    t->watched = request_watch(request);
    pthread_mutex_init(&t->mu, NULL);
    if (pthread_create(&t->id, NULL, tick, t))
        abort();
    struct response *response = response_create(200);
    response_set(response, "Content-Type", "text/event-stream");
    response->stream = (struct response_stream){t, tick_read, tick_close};
    return response;
}

static void *echo_loop(void *argument)
{
    int fd = (int)(intptr_t)argument;
    char text[256];
    for (;;) {
        ssize_t n = read(fd, text, sizeof(text));
        if (n == 0)
            break;
        if (n > 0 && write(fd, text, (size_t)n) != n)
            break;
        if (n < 0)
            sleep_ms(5);
    }
    close(fd);
    return NULL;
}

static void echo_start(void *context, int fd, struct bytes early)
{
    pthread_t id;
    (void)context, (void)early;
    if (pthread_create(&id, NULL, echo_loop, (void *)(intptr_t)fd))
        abort();
    pthread_detach(id);
}

static struct response *upgrade(struct request *request)
{
    const char *wanted = request_header(request, "upgrade");
    if (!wanted)
        return response_error(400, "no upgrade was asked for");
    struct response *response = response_create(101);
    response_set(response, "Upgrade", "websocket");
    response->upgrade = (struct response_upgrade){NULL, echo_start, NULL};
    return response;
}

static const struct route routes[] = {
    {"GET", "/hello", hello},
    {"GET", "/show", show},
    {"GET", "/users/{name}", show},
    {"GET", "/rest/{path*}", show},
    {"POST", "/users/{name}/inbox", count_body, .types = mediatype_activity},
    {"POST", "/any", count_body},
    {"POST", "/small", count_body, .body_max_bytes = 16},
    {"PUT", "/media", count_body, .body_max_bytes = 8 << 20},
    {"GET", "/slow", slow},
    {"POST", "/slow", slow},
    {"GET", "/large", large},
    {"GET", "/ticks", ticks},
    {"GET", "/upgrade", upgrade},
};

static void set_limit(struct server_config *config, const char *name, const char *value)
{
    struct gate_limits *l = &config->limits;
    static struct address_block proxy;
    long n = atol(value);
    if (strcmp(name, "head_ms") == 0)
        l->head_ms = n;
    else if (strcmp(name, "request_ms") == 0)
        l->request_ms = n;
    else if (strcmp(name, "idle_ms") == 0)
        l->idle_ms = n;
    else if (strcmp(name, "answer_ms") == 0)
        l->answer_ms = n;
    else if (strcmp(name, "connections") == 0)
        l->connections = (size_t)n;
    else if (strcmp(name, "per_address") == 0)
        l->per_address = (size_t)n;
    else if (strcmp(name, "bodies_max_bytes") == 0)
        config->bodies_max_bytes = (uint64_t)n;
    else if (strcmp(name, "client_ca") == 0)
        config->tls.client_ca = value;
    else if (strcmp(name, "requests_per_s") == 0)
        config->requests_per_s = (unsigned)n;
    else if (strcmp(name, "proxy") == 0 && address_block_parse(value, &proxy) == OK)
        config->proxies = (struct address_ranges){&proxy, 1};
    else
        exit(2);
}

static void print_counts(struct server *server)
{
    struct server_counts c;
    server_counts_get(server, &c);
    printf("connections %zu suspended %zu requests %llu bodies %llu evicted %llu refused %llu\n",
           c.connections, c.suspended, (unsigned long long)c.requests,
           (unsigned long long)c.bodies_bytes, (unsigned long long)c.gate.evicted,
           (unsigned long long)c.gate.refused_address);
}

static void obey(struct server **server)
{
    char line[64];
    while (fgets(line, sizeof(line), stdin) && strcmp(line, "stop\n") != 0) {
        struct why why;
        if (strcmp(line, "counts\n") == 0)
            print_counts(*server);
        else if (strcmp(line, "reload\n") == 0)
            puts(server_reload_tls(*server, &why) ? why.text : "reloaded");
        fflush(stdout);
    }
    server_stop(server, 300);
    puts("stopped");
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"ward.test", "ward.test:8443"};
    if (argc < 3)
        return 2;
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct server_config config = {
        .listen = {{(struct sockaddr *)&any, sizeof(any), false},
                   {(struct sockaddr *)&any, sizeof(any), true}},
        .n_listen = 2,
        .tls = {argv[1], argv[2], NULL},
        .hosts = {names, COUNT(names)},
        .limits = GATE_LIMITS_DEFAULT,
    };
    for (int i = 3; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        if (!equals)
            return 2;
        *equals = '\0';
        set_limit(&config, argv[i], equals + 1);
    }
    struct server *server = NULL;
    struct why why = {""};
    if (server_start(&config, routes, COUNT(routes), NULL, &server, &why)) {
        fprintf(stderr, "%s\n", why.text);
        return 1;
    }
    printf("plain %d tls %d\n", server_port(server, 0), server_port(server, 1));
    fflush(stdout);
    obey(&server);
    sleep_ms(200); /* whoever was given up still lets go */
    return 0;
}
