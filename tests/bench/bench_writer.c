/*
 * bench_writer - committed mutations per second, beside what the disk can sync.
 *
 *     bench_writer [seconds per measurement] [folder]
 *
 * Each of N threads hands the writer one mutation after another and waits until it is on
 * disk, as an inbox request does before its 2xx. The yardstick, measured before and after each
 * of them in the same folder, is a plain loop of write + fdatasync of 4 KiB: a commit of LMDB
 * is two syncs (the pages, then the meta page), so one thread alone can reach half of it, and
 * what N threads reach beyond that is group commit.
 */
#include "storage/record.h"
#include "storage/stream.h"
#include "storage/writer.h"

#include "tests/bench/yardstick.h"
#include "tests/support/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* About what a received note changes: the record, its indexes, the streams it belongs to. */
static enum err ingest_like(struct txn *txn, uint64_t number)
{
    static char html[] =
        "<p>Bed 7: potassium 5.9, repeat sample sent, ECG without changes. Handed over to the "
        "night team; please call before the morning round. <a href=\"https://a.example/tags/icu\" "
        "rel=\"tag\">#icu</a></p>";
    char uri[80], tag[] = "icu", *tags[] = {tag};
    snprintf(uri, sizeof uri, "https://a.example/users/z/statuses/%llu",
             (unsigned long long)number);
    Post post = POST__INIT;
    post.id = number;
    post.uri = uri;
    post.content_html = html;
    post.author = number % 500 + 1;
    post.tags = tags;
    post.n_tags = 1;
    struct key key = {.n = 0};
    key_add_u64(&key, number);
    const struct stream_key streams[] = {
        {STREAM_AUTHOR, post.author}, {STREAM_PUBLIC, 0}, {STREAM_TAG, tag_owner(txn, tag)}};

    enum err e = text_index_add(txn, TABLE_SEEN, uri, number);
    if (e || (e = text_index_add(txn, TABLE_POST_URI, uri, number)) ||
        (e = record_add(txn, TABLE_POST, key_bytes(&key), &post.base)))
        return e;
    for (size_t i = 0; i < COUNT(streams) && !e; i++)
        e = stream_add(txn, streams[i], (post_id){number});
    return e;
}

/* What is measured: another workload is another function here. `number` never repeats. */
static enum err (*const workload)(struct txn *txn, uint64_t number) = ingest_like;

#define CONCURRENCY_MAX 64

struct bench {
    /* set before the threads start, then constant */
    struct writer *writer;
    double until_s;

    /* any thread */
    _Atomic uint64_t next_number;
    _Atomic uint64_t committed;
};

struct item {
    struct mutation mutation;
    uint64_t number;
};

static enum err item_apply(struct txn *txn, struct mutation *m)
{
    return workload(txn, container_of(m, struct item, mutation)->number);
}

static void *push_until(void *argument)
{
    struct bench *bench = argument;
    while (now_s() < bench->until_s) {
        struct item item = {{item_apply, NULL}, atomic_fetch_add(&bench->next_number, 1)};
        enum err e = writer_run(bench->writer, &item.mutation);
        if (e) {
            fprintf(stderr, "bench_writer: %s\n", err_name(e));
            exit(EXIT_FAILURE);
        }
        atomic_fetch_add(&bench->committed, 1);
    }
    return NULL;
}

static double committed_per_second(struct store *store, size_t concurrency, double seconds,
                                   double *out_commits)
{
    static uint64_t first = 1;
    const struct writer_config config = {.queue_length = 1024, .batch_max = 256};
    struct bench bench = {.next_number = first};
    if (writer_start(store->engine, &config, &bench.writer))
        give_up("writer_start");
    pthread_t thread[CONCURRENCY_MAX];
    double begin = now_s();
    bench.until_s = begin + seconds;
    for (size_t i = 0; i < concurrency; i++)
        if (pthread_create(&thread[i], NULL, push_until, &bench))
            give_up("pthread_create");
    for (size_t i = 0; i < concurrency; i++)
        pthread_join(thread[i], NULL);
    double took = now_s() - begin;
    struct writer_stats stats;
    writer_stat(bench.writer, &stats);
    writer_stop(&bench.writer);
    first = bench.next_number;
    *out_commits = (double)stats.commits / took;
    return (double)bench.committed / took;
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? atof(argv[1]) : 3;
    if (setenv("TMPDIR", argc > 2 ? argv[2] : ".", 1)) /* the disk in question, not a tmpfs */
        give_up("setenv");
    AUTO(store_close) struct store store = store_open();
    static const size_t concurrency[] = {1, 8, CONCURRENCY_MAX};
    printf("Mutations of the store, each waited for, beside write + fdatasync of 4 KiB.\n"
           "%7s %11s %9s %10s %7s %10s\n",
           "callers", "committed/s", "commits/s", "per commit", "syncs/s", "of a sync");
    double before = syncs_per_second(store.dir, seconds / 2);
    for (size_t i = 0; i < COUNT(concurrency); i++) {
        double commits, rate = committed_per_second(&store, concurrency[i], seconds, &commits);
        double after = syncs_per_second(store.dir, seconds / 2), syncs = (before + after) / 2;
        printf("%7zu %11.0f %9.0f %10.1f %7.0f %10.2f\n", concurrency[i], rate, commits,
               rate / commits, syncs, rate / syncs);
        fflush(stdout);
        before = after;
    }
    return EXIT_SUCCESS;
}
