/*
 * bench_ingest - received activities per second, on disk, beside what disk and CPU can do.
 *
 *     bench_ingest [seconds per measurement] [folder]
 *
 * Each of N callers hands one signed Create after another to inbox_receive and waits for its 202,
 * which comes after the commit was synced. All of it is real: signature, digest, dates, policy,
 * origin, HTML, post, streams, the record of what was seen. Only HTTP is left out. Requests are
 * signed before the clock runs and no activity comes twice.
 *
 * There are two limits. The disk: a plain loop of write + fdatasync (a commit of LMDB is two
 * syncs, so a single caller can reach half of it; what N callers reach beyond that is group
 * commit). The CPU: how many signatures of the same key all cores together can verify when they do
 * nothing else. Both are measured before and after each row.
 */
#include "storage/base/clock.h"

#include "tests/bench/yardstick.h"
#include "tests/support/remote.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLERS_MAX 64
#define REQUESTS_PER_CALLER 1024 /* when they are used up, the measurement ends before its time */
#define REQUESTS_MAX 8192
#define MAP_BYTES ((uint64_t)4 << 30)

static const struct series {
    const char *name;
    enum key_type key;
    enum signature_scheme scheme;
} all_series[] = {{"rsa-2048 cavage", KEY_RSA, SIGNATURE_CAVAGE},
                  {"rsa-2048 rfc9421", KEY_RSA, SIGNATURE_RFC9421},
                  {"ed25519 rfc9421", KEY_ED25519, SIGNATURE_RFC9421}};

struct bench {
    /* set before the threads start, then constant */
    const struct series *series;
    struct node node;
    struct remote sender;
    struct sent *sent;
    size_t n;
    double until_s;

    /* any thread */
    _Atomic size_t next;
    _Atomic size_t committed;
};

/* ---- the requests ---- */

/* A note as a ward's account sends it: to everyone and its followers, a link, a tag. */
static char *create_json(const struct remote *from, unsigned long long number)
{
    return json_format(
        "{\"@context\":[\"https://www.w3.org/ns/activitystreams\",{\"Hashtag\":\"as:Hashtag\","
        "\"sensitive\":\"as:sensitive\"}],\"id\":\"%s/statuses/%llu/activity\",\"type\":\"Create\","
        "\"actor\":\"%s\",\"published\":\"2026-01-02T03:04:05Z\","
        "\"to\":[\"https://www.w3.org/ns/activitystreams#Public\"],\"cc\":[\"%s/followers\"],"
        "\"object\":{\"id\":\"%s/statuses/%llu\",\"type\":\"Note\",\"attributedTo\":\"%s\","
        "\"url\":\"%s/statuses/%llu\",\"published\":\"2026-01-02T03:04:05Z\",\"sensitive\":false,"
        "\"to\":[\"https://www.w3.org/ns/activitystreams#Public\"],\"cc\":[\"%s/followers\"],"
        "\"content\":\"<p>Bed 7: potassium 5.9, repeat sample sent, ECG without changes. Handed "
        "over to the night team; please call before the morning round. "
        "<a href=\\\"https://%s/tags/icu\\\" class=\\\"mention hashtag\\\" rel=\\\"tag\\\">"
        "#<span>icu</span></a></p>\",\"tag\":[{\"type\":\"Hashtag\","
        "\"href\":\"https://%s/tags/icu\",\"name\":\"#icu\"}],\"attachment\":[]}}",
        from->uri, number, from->uri, from->uri, from->uri, number, from->uri, from->uri, number,
        from->uri, from->host, from->host);
}

static void *sign_requests(void *argument)
{
    struct bench *bench = argument;
    static _Atomic unsigned long long number = 1; /* never again, in no measurement */
    for (size_t i; (i = atomic_fetch_add(&bench->next, 1)) < bench->n;) {
        char *json = create_json(&bench->sender, atomic_fetch_add(&number, 1));
        remote_sign_as(&bench->sender, bench->series->scheme, "/inbox", json, &bench->sent[i]);
        free(json);
    }
    return NULL;
}

/* ---- the callers ---- */

struct answer {
    sem_t came;
    int status;
    struct why why;
};

static void answer_came(void *context, int status, const struct why *why)
{
    struct answer *answer = context;
    answer->status = status;
    if (why)
        answer->why = *why;
    sem_post(&answer->came);
}

static void *receive_requests(void *argument)
{
    struct bench *bench = argument;
    struct answer answer = {.status = 0};
    sem_init(&answer.came, 0, 0);
    while (now_s() < bench->until_s) {
        size_t i = atomic_fetch_add(&bench->next, 1);
        if (i >= bench->n)
            break;
        struct received in = {bench->sent[i].message, clock_ms()};
        inbox_receive(&bench->node.fed, &in, answer_came, &answer);
        while (sem_wait(&answer.came))
            continue; /* a signal */
        if (answer.status != 202) {
            fprintf(stderr, "bench_ingest: %d %s\n", answer.status, answer.why.text);
            exit(EXIT_FAILURE);
        }
        atomic_fetch_add(&bench->committed, 1);
    }
    sem_destroy(&answer.came);
    return NULL;
}

static void run_threads(struct bench *bench, size_t n, void *(*loop)(void *))
{
    pthread_t thread[CALLERS_MAX];
    atomic_store(&bench->next, 0);
    for (size_t i = 0; i < n; i++)
        if (pthread_create(&thread[i], NULL, loop, bench))
            give_up("pthread_create");
    for (size_t i = 0; i < n; i++)
        pthread_join(thread[i], NULL);
}

/* ---- the CPU's yardstick ---- */

struct verification {
    struct public_key *key;
    struct arena arena;
    struct bytes message, signature;
};

static void verify_once(const void *argument)
{
    const struct verification *v = argument;
    if (public_key_verify(v->key, v->message, v->signature))
        give_up("public_key_verify");
}

static double verifies_per_second(const struct remote *from, double seconds, double *out_cpu_us)
{
    static const uint8_t base[320]; /* about as long as what a request signs */
    struct verification v = {.key = private_key_public(from->key),
                             .arena = ARENA_INIT(64 * 1024),
                             .message = {base, sizeof base}};
    if (private_key_sign(from->key, v.message, &v.arena, &v.signature))
        give_up("private_key_sign");
    double rate = calls_per_second(verify_once, &v, seconds, out_cpu_us);
    public_key_free(&v.key);
    arena_clear(&v.arena);
    return rate;
}

/* ---- measuring ---- */

struct figures {
    double committed, commits; /* a second */
    double cpu_us;             /* for one of them */
    double syncs, verifies, verify_us;
};

static struct figures measure(struct bench *bench, size_t callers, double seconds)
{
    const struct writer_config config = {.queue_length = 4096, .batch_max = 512}; /* as serve.c */
    struct writer *direct = bench->node.fed.writer;
    if (writer_start(bench->node.store.engine, &config, &bench->node.fed.writer))
        give_up("writer_start");
    bench->n = callers * REQUESTS_PER_CALLER;
    if (bench->n > REQUESTS_MAX)
        bench->n = REQUESTS_MAX;
    bench->sent = xcalloc(bench->n, sizeof *bench->sent);
    run_threads(bench, 8, sign_requests);

    bench->committed = 0;
    double begin = now_s(), cpu = cpu_s();
    bench->until_s = begin + seconds;
    run_threads(bench, callers, receive_requests);
    double took = now_s() - begin, done = (double)bench->committed;
    struct writer_stats stats;
    writer_stat(bench->node.fed.writer, &stats);
    struct figures figures = {.committed = done / took,
                              .commits = (double)stats.commits / took,
                              .cpu_us = (cpu_s() - cpu) * 1e6 / done};

    writer_stop(&bench->node.fed.writer);
    bench->node.fed.writer = direct;
    for (size_t i = 0; i < bench->n; i++)
        sent_clear(&bench->sent[i]);
    xfree(&bench->sent);
    return figures;
}

static void measure_yardsticks(struct bench *bench, double seconds, struct figures *out)
{
    out->syncs = syncs_per_second(bench->node.store.dir, seconds / 2);
    out->verifies = verifies_per_second(&bench->sender, seconds / 4, &out->verify_us);
}

/* A node with one allowed peer; its store has room for everything that is received. */
static void bench_open(struct bench *bench, const struct series *series)
{
    *bench = (struct bench){.series = series};
    node_open(&bench->node);
    node_account(&bench->node, "ann");
    node_allow(&bench->node, "peer.example");
    remote_create_with(&bench->node, &bench->sender, "peer.example", "bob", series->key);

    struct store *store = &bench->node.store;
    struct engine_config config = {.dir = store->dir, .map_bytes = MAP_BYTES};
    struct why why = {""};
    writer_stop(&store->writer);
    engine_close(&store->engine);
    if (engine_open(&config, &store->engine, &why))
        give_up(why.text);
    store->writer = writer_create_direct(store->engine);
    bench->node.fed.engine = store->engine;
    bench->node.fed.writer = store->writer;
}

static void run_series(const struct series *series, double seconds)
{
    static const size_t callers[] = {1, 8, CALLERS_MAX};
    struct bench bench;
    struct figures before, after;
    bench_open(&bench, series);
    measure_yardsticks(&bench, seconds, &before);
    for (size_t i = 0; i < COUNT(callers); i++) {
        struct figures f = measure(&bench, callers[i], seconds);
        measure_yardsticks(&bench, seconds, &after);
        f.syncs = (before.syncs + after.syncs) / 2;
        f.verifies = (before.verifies + after.verifies) / 2;
        f.verify_us = (before.verify_us + after.verify_us) / 2;
        printf("%-16s %7zu %11.0f %9.0f %10.1f %7.0f %9.2f %10.0f %11.2f %6.0f %9.0f\n",
               series->name, callers[i], f.committed, f.commits, f.committed / f.commits, f.syncs,
               f.committed / f.syncs, f.verifies, f.committed / f.verifies, f.cpu_us, f.verify_us);
        fflush(stdout);
        before = after;
    }
    remote_clear(&bench.sender);
    node_close(&bench.node);
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 3;
    if (setenv("TMPDIR", argc > 2 ? argv[2] : ".", 1)) /* the disk in question, not a tmpfs */
        give_up("setenv");
    printf("Received activities, each waited for until its 202, beside write + fdatasync of 4 KiB "
           "and plain verifying.\n"
           "%-16s %7s %11s %9s %10s %7s %9s %10s %11s %6s %9s\n",
           "signatures", "callers", "committed/s", "commits/s", "per commit", "syncs/s",
           "of a sync", "verifies/s", "of a verify", "CPU us", "verify us");
    for (size_t i = 0; i < COUNT(all_series); i++)
        run_series(&all_series[i], seconds);
    return EXIT_SUCCESS;
}
