#include "node/serve.h"

#include "federation/delivery.h"
#include "federation/fetch.h"
#include "federation/keyring.h"
#include "federation/poll_clock.h"
#include "federation/preview_clock.h"
#include "federation/reader.h"
#include "federation/schedule_clock.h"
#include "node/api/api.h"
#include "node/api/proxy.h"
#include "node/control.h"
#include "node/http/activitypub.h"
#include "node/http/front.h"
#include "node/http/server.h"
#include "node/media/media_file.h"
#include "node/media/media_sweep.h"
#include "node/metrics.h"
#include "node/notify.h"
#include "node/push/push.h"
#include "node/setup.h"
#include "node/stream/streamer.h"
#include "node/upkeep.h"
#include "node/workers.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/edge.h"
#include "storage/meta.h"

#include <assert.h>
#include <inttypes.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define WRITER_QUEUE 4096
#define WRITER_BATCH 512
#define TICK_S 5               /* dead commands freed, late readers given up, old ids forgotten */
#define FILES_PER_CONNECTION 3 /* the socket and both ends of the gate's pair */
#define MEDIA_SWEEP_MS ((int64_t)6 * 3600 * 1000)
#define FILES_OTHERS 1024
#define API_THREADS_PER_CORE 2 /* they wait for the disk now and then */
#define API_UPLOAD_THREADS 2   /* each has one ward-media */
#define API_UPLOADS_WAITING 16
#define API_SPOOLED_UPLOADS 8 /* of the largest size, at a time */
#define API_PATIENT_THREADS 4 /* calls that wait for the network, at a time */

struct serve {
    /* set before the first thread, then constant */
    const struct config *config;
    struct arena arena;
    struct federation_config federation_config;
    struct federation fed;
    struct api api;
    struct front front;
    struct server_config public_config, admin_config;
    int64_t started_ms; /* clock_mono_ms */

    /* owner only: start, stop, signals */
    struct engine *engine;
    struct writer *writer;
    struct upkeep *upkeep;
    struct poll_clock *polls;
    struct schedule_clock *schedule;
    struct preview_clock *previews; /* NULL: none are made */
    struct workers *workers;
    struct push *push;
    struct control *control;
    struct server *admin;
    uint64_t work_seen; /* mutations and requests until the last tick */
    bool is_trimmed;
    int64_t next_sweep_ms; /* clock_mono_ms */

    /* any thread, under mu; the owner alone writes, so it reads without */
    pthread_mutex_t mu;
    struct server *public;
    struct delivery *delivery;
    struct fetcher *fetcher;
    struct streamer *streamer;

    _Atomic bool is_ready;
};

/* ---- what federation may ask of the process ------------------------------------------------- */

static enum err on_task(struct federation *fed, struct task *task)
{
    struct serve *s = fed->process;
    return s->workers ? workers_push(s->workers, task) : ERR_LATER;
}

static void on_wake_delivery(struct federation *fed)
{
    struct serve *s = fed->process;
    pthread_mutex_lock(&s->mu);
    if (s->delivery)
        delivery_wake(s->delivery);
    pthread_mutex_unlock(&s->mu);
}

static void on_wake_fetcher(struct federation *fed)
{
    struct serve *s = fed->process;
    pthread_mutex_lock(&s->mu);
    if (s->fetcher)
        fetcher_wake(s->fetcher);
    pthread_mutex_unlock(&s->mu);
}

/* A commit: there may be something to tell. */
static void on_commit(void *context)
{
    struct serve *s = context;
    pthread_mutex_lock(&s->mu);
    if (s->streamer)
        streamer_wake(s->streamer);
    pthread_mutex_unlock(&s->mu);
}

static void on_count(struct federation *fed, const char *event)
{
    (void)fed;
    metrics_count(event);
}

/* ---- gauges --------------------------------------------------------------------------------- */

static double gauge_workers(void *context)
{
    return (double)workers_depth(((struct serve *)context)->workers);
}

static struct writer_stats writer_stats(struct serve *s)
{
    struct writer_stats stats;
    writer_stat(s->writer, &stats);
    return stats;
}

static double gauge_writer(void *context)
{
    return (double)writer_stats(context).depth;
}

static double gauge_commits(void *context)
{
    return (double)writer_stats(context).commits;
}

static double gauge_mutations(void *context)
{
    return (double)writer_stats(context).mutations;
}

static double gauge_in_flight(void *context)
{
    struct serve *s = context;
    pthread_mutex_lock(&s->mu);
    size_t n = s->delivery ? delivery_in_flight(s->delivery) : 0;
    pthread_mutex_unlock(&s->mu);
    return (double)n;
}

static double gauge_fetching(void *context)
{
    struct serve *s = context;
    pthread_mutex_lock(&s->mu);
    size_t n = s->fetcher ? fetcher_in_flight(s->fetcher) : 0;
    pthread_mutex_unlock(&s->mu);
    return (double)n;
}

/* Ever queued, less those that ended (outqueue.h). */
static int64_t deliveries_waiting(struct serve *s)
{
    AUTO(txn_end) struct txn *txn = NULL;
    if (engine_read_begin(s->engine, &txn))
        return -1;
    return (int64_t)(counter_get(txn, COUNTER_DELIVERY, DELIVERY_STATE__QUEUED) -
                     counter_get(txn, COUNTER_DELIVERY, DELIVERY_STATE__DELIVERED) -
                     counter_get(txn, COUNTER_DELIVERY, DELIVERY_STATE__REFUSED) -
                     counter_get(txn, COUNTER_DELIVERY, DELIVERY_STATE__EXPIRED) -
                     counter_get(txn, COUNTER_DELIVERY, DELIVERY_STATE__CANCELLED));
}

static double gauge_deliveries(void *context)
{
    return (double)deliveries_waiting(context);
}

static struct server_counts http_counts(struct serve *s)
{
    struct server_counts counts = {0};
    pthread_mutex_lock(&s->mu); /* the admin address answers before it starts and while it stops */
    if (s->public)
        server_counts_get(s->public, &counts);
    pthread_mutex_unlock(&s->mu);
    return counts;
}

static double gauge_connections(void *context)
{
    return (double)http_counts(context).connections;
}

static double gauge_suspended(void *context)
{
    return (double)http_counts(context).suspended;
}

static double gauge_streams(void *context)
{
    struct serve *s = context;
    pthread_mutex_lock(&s->mu);
    size_t n = s->streamer ? streamer_clients(s->streamer) : 0;
    pthread_mutex_unlock(&s->mu);
    return (double)n;
}

static double gauge_requests(void *context)
{
    return (double)http_counts(context).requests;
}

static double gauge_refused(void *context)
{
    struct gate_counts g = http_counts(context).gate;
    return (double)(g.refused_address + g.refused_full + g.refused_head + g.timed_out + g.evicted);
}

static struct engine_stats store_stats(struct serve *s)
{
    struct engine_stats stats = {0};
    enum err e = engine_stat(s->engine, &stats);
    (void)e; /* zeros say it */
    return stats;
}

static double gauge_store_used(void *context)
{
    return (double)store_stats(context).used_bytes;
}

static double gauge_store_file(void *context)
{
    return (double)store_stats(context).file_bytes;
}

static double gauge_disk_free(void *context)
{
    return (double)store_stats(context).disk_free_bytes;
}

static double gauge_readers(void *context)
{
    return (double)store_stats(context).readers;
}

static double gauge_uptime(void *context)
{
    return (double)(clock_mono_ms() - ((struct serve *)context)->started_ms) / 1000;
}

static const struct metrics_gauge gauges[] = {
    {"ward_uptime_seconds", "Time since start.", METRICS_GAUGE, gauge_uptime},
    {"ward_workers_waiting", "Tasks waiting for a worker.", METRICS_GAUGE, gauge_workers},
    {"ward_writer_waiting", "Mutations waiting for the writer.", METRICS_GAUGE, gauge_writer},
    {"ward_writer_commits_total", "Transactions synced.", METRICS_COUNTER, gauge_commits},
    {"ward_writer_mutations_total", "Mutations committed.", METRICS_COUNTER, gauge_mutations},
    {"ward_deliveries_waiting", "Deliveries queued and not ended.", METRICS_GAUGE,
     gauge_deliveries},
    {"ward_deliveries_in_flight", "Deliveries under way.", METRICS_GAUGE, gauge_in_flight},
    {"ward_fetches_in_flight", "Fetches under way.", METRICS_GAUGE, gauge_fetching},
    {"ward_http_connections", "Open connections of clients.", METRICS_GAUGE, gauge_connections},
    {"ward_http_suspended", "Requests waiting for a worker or the disk.", METRICS_GAUGE,
     gauge_suspended},
    {"ward_streams", "Streams of apps that are open.", METRICS_GAUGE, gauge_streams},
    {"ward_http_requests_total", "Requests let in.", METRICS_COUNTER, gauge_requests},
    {"ward_http_refused_total", "Connections and requests the gate refused.", METRICS_COUNTER,
     gauge_refused},
    {"ward_store_used_bytes", "Pages of the database in use.", METRICS_GAUGE, gauge_store_used},
    {"ward_store_file_bytes", "Size of the database file.", METRICS_GAUGE, gauge_store_file},
    {"ward_disk_free_bytes", "Free space beside the database.", METRICS_GAUGE, gauge_disk_free},
    {"ward_store_readers", "Read transactions under way, of commands too.", METRICS_GAUGE,
     gauge_readers},
    {0}};

/* ---- the admin address ---------------------------------------------------------------------- */

static struct response *plain(int status, const char *text)
{
    AUTO(buf_clear) struct buf body = BUF_INIT(256);
    buf_str(&body, text);
    return response_text(status, "text/plain; charset=utf-8", &body);
}

static struct response *get_livez(struct request *request)
{
    (void)request;
    return plain(200, "ok\n");
}

static struct response *get_readyz(struct request *request)
{
    struct serve *s = request->context;
    return s->is_ready ? plain(200, "ok\n") : plain(503, "not ready\n");
}

static struct response *get_metrics(struct request *request)
{
    (void)request;
    AUTO(buf_clear) struct buf body = BUF_INIT(METRICS_MAX_BYTES);
    metrics_render(&body);
    return response_text(200, "text/plain; version=0.0.4; charset=utf-8", &body);
}

static const struct route admin_routes[] = {
    {.method = "GET", .pattern = "/livez", .handler = get_livez},
    {.method = "GET", .pattern = "/readyz", .handler = get_readyz},
    {.method = "GET", .pattern = "/metrics", .handler = get_metrics},
};

/* ---- the control socket --------------------------------------------------------------------- */

static void on_queues(void *context, struct buf *answer)
{
    struct serve *s = context;
    (void)answer;
    on_wake_delivery(&s->fed);
    on_wake_fetcher(&s->fed);
    on_commit(s); /* the command's */
}

static void on_reload(void *context, struct buf *answer)
{
    (void)context;
    (void)answer;
    kill(getpid(), SIGHUP); /* one way only: the owner's loop */
}

static void on_status(void *context, struct buf *answer)
{
    struct serve *s = context;
    buf_printf(answer,
               "{\"uptime_s\":%" PRId64 ",\"workers_waiting\":%zu,\"writer_waiting\":%zu,"
               "\"deliveries_waiting\":%" PRId64 ",\"resident_bytes\":%" PRIu64 "}",
               (clock_mono_ms() - s->started_ms) / 1000, workers_depth(s->workers),
               writer_stats(s).depth, deliveries_waiting(s), metrics_resident_bytes());
}

/* Policy is read from the store each time: a change of it only needs the queues looked at. */
static const struct control_word control_words[] = {{"queues", on_queues},
                                                    {"policy", on_queues},
                                                    {"reload", on_reload},
                                                    {"status", on_status},
                                                    {0}};

/* ---- the steps ------------------------------------------------------------------------------ */

static enum err start_engine(struct serve *s, struct why *why)
{
    enum err e = setup_engine(s->config, SETUP_DAEMON, &s->engine, why);
    s->fed.engine = s->engine;
    return e;
}

static void stop_engine(struct serve *s)
{
    keyring_clear(); /* nobody signs any more */
    engine_close(&s->engine);
}

static enum err start_writer(struct serve *s, struct why *why)
{
    struct writer_config config = {.queue_length = WRITER_QUEUE,
                                   .batch_max = WRITER_BATCH,
                                   .on_commit = on_commit,
                                   .context = s};
    enum err e = writer_start(s->engine, &config, &s->writer);
    if (e)
        return why_set(why, e, "the writer thread cannot be started");
    s->fed.writer = s->writer;
    s->upkeep = upkeep_create(s->writer);
    s->polls = poll_clock_create(&s->fed);
    s->schedule = schedule_clock_create(&s->fed);
    return OK;
}

static void stop_writer(struct serve *s)
{
    writer_stop(&s->writer);
    upkeep_free(&s->upkeep);
    poll_clock_free(&s->polls);
    schedule_clock_free(&s->schedule);
}

static enum err start_workers(struct serve *s, struct why *why)
{
    enum err e = workers_start((size_t)s->config->workers.threads, (size_t)s->config->workers.queue,
                               &s->workers);
    return e ? why_set(why, e, "the workers cannot be started") : OK;
}

static void stop_workers(struct serve *s)
{
    workers_stop(&s->workers);
    reader_expire(READERS_ALL, 0); /* the last tasks may have begun to wait */
}

static enum err start_delivery(struct serve *s, struct why *why)
{
    struct delivery *delivery = NULL;
    enum err e = delivery_start(&s->fed, &delivery);
    if (e)
        return why_set(why, e, "delivery cannot be started");
    pthread_mutex_lock(&s->mu);
    s->delivery = delivery;
    pthread_mutex_unlock(&s->mu);
    return OK;
}

static void stop_delivery(struct serve *s)
{
    pthread_mutex_lock(&s->mu);
    struct delivery *delivery = s->delivery;
    s->delivery = NULL;
    pthread_mutex_unlock(&s->mu);
    delivery_stop(&delivery);
}

static enum err start_fetcher(struct serve *s, struct why *why)
{
    struct fetcher *fetcher = NULL;
    enum err e = fetcher_start(&s->fed, &fetcher);
    if (e)
        return why_set(why, e, "the fetcher cannot be started");
    pthread_mutex_lock(&s->mu);
    s->fetcher = fetcher;
    pthread_mutex_unlock(&s->mu);
    return OK;
}

static void stop_fetcher(struct serve *s)
{
    pthread_mutex_lock(&s->mu);
    struct fetcher *fetcher = s->fetcher;
    s->fetcher = NULL;
    pthread_mutex_unlock(&s->mu);
    fetcher_stop(&fetcher);
}

static enum err start_previews(struct serve *s, struct why *why)
{
    (void)why;
    s->previews = preview_clock_start(&s->fed);
    return OK;
}

static void stop_previews(struct serve *s)
{
    preview_clock_stop(&s->previews);
}

static void stop_api(struct serve *s)
{
    proxy_stop(&s->api.proxy);
    workers_stop(&s->api.uploads);
    workers_stop(&s->api.patient);
    workers_stop(&s->api.workers);
    api_limits_clear(&s->api);
}

struct address_key {
    struct mutation mutation;
    uint8_t *key;
};

static enum err address_key_apply(struct txn *txn, struct mutation *m)
{
    return meta_address_key(txn, container_of(m, struct address_key, mutation)->key);
}

static enum err make_address_key(struct serve *s)
{
    struct address_key k = {.mutation = {.apply = address_key_apply}, .key = s->api.address_key};
    return writer_run(s->writer, &k.mutation);
}

/* server_config.spool: the bodies of uploads. */
static int spool(void *context)
{
    struct front *front = context;
    return media_file_temporary(front->fed->config->data_dir);
}

static enum err start_streamer(struct serve *s, struct why *why)
{
    struct streamer_config config = {.api = &s->api,
                                     .clients_max = (size_t)s->config->stream.clients_max,
                                     .per_account_max = (size_t)s->config->stream.per_account_max};
    struct streamer *streamer = NULL;
    enum err e = streamer_start(&config, &streamer);
    if (e)
        return why_set(why, e, "the streamer cannot be started");
    pthread_mutex_lock(&s->mu);
    s->streamer = streamer;
    pthread_mutex_unlock(&s->mu);
    s->api.streamer = streamer;
    return OK;
}

static void stop_streamer(struct serve *s)
{
    pthread_mutex_lock(&s->mu);
    struct streamer *streamer = s->streamer;
    s->streamer = NULL;
    pthread_mutex_unlock(&s->mu);
    streamer_stop(&streamer);
}

static enum err start_api(struct serve *s, struct why *why)
{
    size_t threads = (size_t)s->config->api.threads;
    if (!threads)
        threads = API_THREADS_PER_CORE * workers_threads(s->workers);
    size_t queue = (size_t)s->config->workers.queue;
    api_limits_init(&s->api);
    enum err e = workers_start(threads, queue, &s->api.workers);
    if (!e)
        e = workers_start(API_PATIENT_THREADS, queue, &s->api.patient);
    if (!e)
        e = workers_start(API_UPLOAD_THREADS, API_UPLOADS_WAITING, &s->api.uploads);
    if (!e)
        e = make_address_key(s);
    if (!e)
        e = proxy_start(&s->fed, s->config, &s->api.proxy);
    if (e)
        stop_api(s);
    return e ? why_set(why, e, "the threads of the API cannot be started") : OK;
}

static enum err start_push(struct serve *s, struct why *why)
{
    return push_start(&s->api, &s->push, why);
}

static void stop_push(struct serve *s)
{
    push_stop(&s->push);
}

/* Our own limit on what an inbox takes; the API's rows have none. */
static void limit_inboxes(struct serve *s)
{
    for (size_t i = 0; i < activitypub_route_count; i++)
        if (!strcmp(s->api.routes[i].method, "POST"))
            s->api.routes[i].body_max_bytes = (size_t)s->config->limits.activity_max_bytes;
}

static enum err start_public(struct serve *s, struct why *why)
{
    struct server *server = NULL;
    enum err e =
        server_start(&s->public_config, s->api.routes, s->api.n_routes, &s->front, &server, why);
    pthread_mutex_lock(&s->mu);
    s->public = server;
    pthread_mutex_unlock(&s->mu);
    return e;
}

static void stop_public(struct serve *s)
{
    pthread_mutex_lock(&s->mu);
    struct server *server = s->public;
    s->public = NULL;
    pthread_mutex_unlock(&s->mu);
    server_stop(&server, s->config->stop_timeout_ms);
    reader_expire(READERS_ALL, 0); /* they were answered 503: this only releases them */
}

static enum err start_streams(struct serve *s, struct why *why)
{
    (void)s, (void)why; /* the first one that is asked for */
    return OK;
}

/* They have no end of their own that the server could wait for. */
static void stop_streams(struct serve *s)
{
    streamer_close(s->streamer);
}

static enum err start_admin(struct serve *s, struct why *why)
{
    if (s->admin_config.n_listen == 0)
        return OK;
    metrics_set_gauges(gauges, s);
    return server_start(&s->admin_config, admin_routes, COUNT(admin_routes), s, &s->admin, why);
}

static void stop_admin(struct serve *s)
{
    if (s->admin)
        server_stop(&s->admin, 0);
    metrics_set_gauges(NULL, NULL);
}

static enum err start_control(struct serve *s, struct why *why)
{
    return control_start(s->config->node.data, control_words, s, &s->control, why);
}

static void stop_control(struct serve *s)
{
    control_stop(&s->control);
}

/*
 * Started from the top, stopped from the bottom: nothing is stopped while something that
 * started later may still call it. (Public is nearly last for readiness: the admin address
 * answers "not ready" while the public one still drains.)
 */
static const struct step {
    const char *name;
    enum err (*start)(struct serve *s, struct why *why);
    void (*stop)(struct serve *s);
} steps[] = {
    {"engine", start_engine, stop_engine},
    {"writer", start_writer, stop_writer},
    {"workers", start_workers, stop_workers},
    {"delivery", start_delivery, stop_delivery},
    {"fetcher", start_fetcher, stop_fetcher},
    {"previews", start_previews, stop_previews},
    {"streamer", start_streamer, stop_streamer},
    {"api", start_api, stop_api},
    {"push", start_push, stop_push},
    {"admin", start_admin, stop_admin},
    {"control", start_control, stop_control},
    {"public", start_public, stop_public},
    {"streams", start_streams, stop_streams},
};

static void stop_steps(struct serve *s, size_t started)
{
    while (started-- > 0) {
        steps[started].stop(s);
        log_debug("node.stopped", STR("part", steps[started].name));
    }
}

static enum err start_steps(struct serve *s, struct why *why)
{
    for (size_t i = 0; i < COUNT(steps); i++) {
        enum err e = steps[i].start(s, why);
        if (e) {
            log_error("node.start_failed", STR("part", steps[i].name),
                      STR("why", why ? why->text : ""));
            stop_steps(s, i);
            return e;
        }
    }
    return OK;
}

/* ---- settings -------------------------------------------------------------------------------
 */

static enum err fill_ranges(struct serve *s, const struct config_ranges *in,
                            struct address_ranges *out, struct why *why)
{
    struct address_block *ranges = arena_calloc(&s->arena, in->n + 1, sizeof *ranges);
    for (size_t i = 0; i < in->n; i++) {
        enum err e = address_block_parse(in->item[i].text, &ranges[i]);
        if (e)
            return why_set(why, e, "%s is no address range", in->item[i].text);
    }
    *out = (struct address_ranges){ranges, in->n};
    return OK;
}

static void fill_listen(const struct config_addresses *in, bool is_tls, struct server_config *out)
{
    assert(in->n <= COUNT(out->listen));
    for (size_t i = 0; i < in->n; i++)
        out->listen[i] = (struct server_listen){(const struct sockaddr *)&in->item[i].socket,
                                                in->item[i].socket_size, is_tls};
    out->n_listen = in->n;
}

static enum err fill_servers(struct serve *s, struct why *why)
{
    const struct config *c = s->config;
    bool is_tls = c->http.tls_cert != NULL;
    s->public_config = (struct server_config){
        .tls = {.cert = c->http.tls_cert,
                .key = c->http.tls_key,
                .client_ca = c->http.tls_client_ca},
        .hosts = {&c->node.host, 1},
        .limits = GATE_LIMITS_DEFAULT,
        .threads = (size_t)c->http.threads,
        .spool = spool,
        .spool_max_bytes = API_SPOOLED_UPLOADS * (uint64_t)c->limits.upload_max_bytes,
        .is_public_https = !is_tls && !c->node.is_insecure_http,
    };
    struct gate_limits *limits = &s->public_config.limits;
    limits->head_ms = c->http.header_timeout_ms;
    limits->request_ms = c->http.request_timeout_ms;
    limits->idle_ms = c->http.idle_timeout_ms;
    limits->min_rate = (uint64_t)c->http.rate_min_bytes;
    limits->connections = (size_t)c->http.connections_max;
    limits->per_address = (size_t)c->http.connections_per_address;
    limits->per_known = (size_t)c->http.connections_per_peer;
    fill_listen(&c->http.listen, is_tls, &s->public_config);
    s->admin_config = (struct server_config){.limits = GATE_LIMITS_DEFAULT, .threads = 1};
    fill_listen(&c->http.admin_listen, false, &s->admin_config);
    enum err e = fill_ranges(s, &c->http.peer_addresses, &s->public_config.known, why);
    return e ? e : fill_ranges(s, &c->http.trusted_proxies, &s->public_config.proxies, why);
}

static void fill_federation(struct serve *s)
{
    setup_federation(s->config, &s->arena, &s->federation_config);
    s->fed = (struct federation){.config = &s->federation_config,
                                 .process = s,
                                 .run_task = on_task,
                                 .wake_delivery = on_wake_delivery,
                                 .wake_fetcher = on_wake_fetcher,
                                 .count = on_count};
    s->api = (struct api){.fed = &s->fed, .config = s->config};
    s->front = (struct front){&s->fed, &s->api};
    api_routes_build(&s->api, activitypub_routes, activitypub_route_count, &s->arena);
    limit_inboxes(s);
}

static void on_warn(void *context, const char *option, const char *text)
{
    (void)context;
    log_warn("config.unsafe", STR("option", option), STR("why", text));
}

/* As many files as the connections we promise to hold need, if the system lets us. */
static void raise_file_limit(const struct config *config)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)config->http.connections_max * FILES_PER_CONNECTION + FILES_OTHERS;
    if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur < wanted)
        log_warn("node.few_files", INT("have", limit.rlim_cur), INT("wanted", wanted));
}

/* ---- life -----------------------------------------------------------------------------------
 */

static void reload(struct serve *s)
{
    struct why why = {""};
    notify_reloading();
    enum err e = s->public_config.tls.cert ? server_reload_tls(s->public, &why) : OK;
    if (e)
        log_error("node.reload_failed", STR("why", why.text));
    else
        log_info("node.reloaded");
    on_wake_delivery(&s->fed);
    on_wake_fetcher(&s->fed);
    notify("READY=1");
}

/* Gives back what a burst left free in the heap, once it is over; nothing on a quiet node. */
static void trim_memory(struct serve *s)
{
    uint64_t work = writer_stats(s).mutations + http_counts(s).requests;
    bool is_quiet = work == s->work_seen;
    s->work_seen = work;
    if (is_quiet && !s->is_trimmed)
        malloc_trim(0);
    s->is_trimmed = is_quiet;
}

/* At the start, and then seldom: it looks at every file. */
static void sweep_media(struct serve *s, int64_t now_mono_ms)
{
    if (now_mono_ms < s->next_sweep_ms)
        return;
    s->next_sweep_ms = now_mono_ms + MEDIA_SWEEP_MS;
    media_sweep(s->config->node.data, s->engine, s->writer, clock_ms());
}

/* Waits for SIGTERM or SIGINT; the signals were blocked before the first thread. */
static void wait_for_end(struct serve *s, const sigset_t *signals)
{
    const struct timespec check = {.tv_sec = TICK_S};
    for (;;) {
        int signal = sigtimedwait(signals, NULL, &check);
        if (signal == SIGHUP)
            reload(s);
        else if (signal > 0)
            return;
        engine_check_readers(s->engine);
        reader_expire(READERS_OVERDUE, clock_mono_ms());
        upkeep_tick(s->upkeep, clock_mono_ms());
        sweep_media(s, clock_mono_ms());
        poll_clock_tick(s->polls);
        schedule_clock_tick(s->schedule);
        trim_memory(s);
    }
}

static enum err run(struct serve *s, struct why *why)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);

    enum err e = start_steps(s, why);
    if (e)
        return e;
    s->is_ready = true;
    notify("READY=1");
    log_info("node.ready", STR("host", s->config->node.host), STR("version", PACKAGE_VERSION),
             INT("start_ms", metrics_age_ms()));
    wait_for_end(s, &signals);
    s->is_ready = false;
    notify("STOPPING=1");
    log_info("node.stopping");
    stop_steps(s, COUNT(steps));
    log_info("node.stopped");
    return OK;
}

enum err serve(const struct config *config, struct why *why)
{
    struct serve *s = xcalloc(1, sizeof *s);
    s->config = config;
    s->started_ms = clock_mono_ms();
    s->arena = (struct arena)ARENA_INIT(1 << 20);
    pthread_mutex_init(&s->mu, NULL);
    mallopt(M_ARENA_MAX, 2); /* a heap per thread would be most of the resident memory */

    log_start((enum log_level)config->log.level, (enum log_format)config->log.format);
    config_judge(config, on_warn, NULL);
    raise_file_limit(config);
    fill_federation(s);
    enum err e = fill_servers(s, why);
    if (!e)
        e = run(s, why);
    pthread_mutex_destroy(&s->mu);
    arena_clear(&s->arena);
    xfree(&s);
    return e;
}
