#include "storage/writer.h"

#include "storage/base/fault.h"
#include "storage/base/log.h"
#include "storage/base/queue.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#ifdef WARD_SANITIZED
#define STACK_BYTES (2 * 1024 * 1024) /* sanitizers pad every frame */
#else
#define STACK_BYTES (256 * 1024)
#endif

struct writer {
    /* set by writer_start(), then constant */
    struct engine *engine;
    struct queue *queue; /* NULL: direct */
    bool is_dry;         /* abort where others commit */
    size_t batch_max;
    void (*on_commit)(void *context);
    void *context;
    pthread_t thread;

    /* writer thread only */
    struct mutation **batch;
    enum err *answer;

    /* any thread */
    _Atomic uint64_t commits, mutations;
};

#define WAITS ((enum err) - 1) /* no answer yet: this mutation is still in the batch */

/*
 * Applies all that wait in one transaction. OK: committed. ERR_EXISTS: one failed after it had
 * written, so that nothing of this attempt may stay; its answer is set, the rest must be run
 * again. Anything else: the store's own refusal of the whole batch.
 */
static enum err attempt(struct writer *writer, struct mutation **batch, enum err *answer, size_t n)
{
    AUTO(txn_end) struct txn *txn = NULL;
    enum err e = engine_write_begin(writer->engine, &txn);
    if (e)
        return e;
    for (size_t i = 0; i < n; i++) {
        if (answer[i] != WAITS)
            continue;
        uint64_t writes = txn_writes(txn);
        e = batch[i]->apply(txn, batch[i]);
        if (e == OK)
            continue;
        answer[i] = e;
        if (txn_writes(txn) != writes)
            return ERR_EXISTS;
    }
    if (writer->is_dry)
        return OK; /* the transaction dies with this scope */
    FAULT("writer.before_commit");
    return engine_commit(&txn);
}

/* Every mutation that waits gets this answer; how many did. */
static size_t answer_all(enum err *answer, size_t n, enum err e)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (answer[i] == WAITS) {
            answer[i] = e;
            count++;
        }
    }
    return count;
}

static size_t waiting(const enum err *answer, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += answer[i] == WAITS;
    return count;
}

/* Runs a batch to its end: afterwards no mutation waits. */
static void run_batch(struct writer *writer, struct mutation **batch, enum err *answer, size_t n)
{
    while (waiting(answer, n)) {
        enum err e = attempt(writer, batch, answer, n);
        if (e == ERR_EXISTS)
            continue; /* again, without the one that failed */
        if (e == ERR_LATER && waiting(answer, n) > 1) {
            /* The disk is full for all of them together: let each try alone, so that what
             * frees space still goes through. */
            for (size_t i = 0; i < n; i++)
                if (answer[i] == WAITS)
                    run_batch(writer, &batch[i], &answer[i], 1);
            return;
        }
        size_t count = answer_all(answer, n, e);
        if (e == OK) {
            atomic_fetch_add(&writer->commits, 1);
            atomic_fetch_add(&writer->mutations, count);
            if (writer->on_commit)
                writer->on_commit(writer->context);
        }
    }
}

static void finish(struct mutation **batch, const enum err *answer, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        FAULT("writer.before_done");
        if (batch[i]->done)
            batch[i]->done(batch[i], answer[i]);
    }
}

static void *loop(void *argument)
{
    struct writer *writer = argument;
    size_t n;
    while ((n = queue_take_many(writer->queue, (void **)writer->batch, writer->batch_max))) {
        assert(pthread_equal(pthread_self(), writer->thread));
        for (size_t i = 0; i < n; i++)
            writer->answer[i] = WAITS;
        run_batch(writer, writer->batch, writer->answer, n);
        finish(writer->batch, writer->answer, n);
    }
    return NULL;
}

enum err writer_start(struct engine *engine, const struct writer_config *config,
                      struct writer **out)
{
    struct writer *writer = writer_create_direct(engine);
    writer->queue = queue_create(config->queue_length);
    writer->batch_max = config->batch_max;
    writer->on_commit = config->on_commit;
    writer->context = config->context;
    writer->batch = xcalloc(config->batch_max, sizeof(struct mutation *));
    writer->answer = xcalloc(config->batch_max, sizeof(enum err));
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    int rc = pthread_create(&writer->thread, &attributes, loop, writer);
    pthread_attr_destroy(&attributes);
    if (rc) {
        queue_free(&writer->queue);
        writer_stop(&writer); /* as a direct one: there is no thread to join */
        return ERR_STORE;
    }
    *out = writer;
    return OK;
}

struct writer *writer_create_direct(struct engine *engine)
{
    struct writer *writer = xcalloc(1, sizeof *writer);
    writer->engine = engine;
    return writer;
}

struct writer *writer_create_dry(struct engine *engine)
{
    struct writer *writer = writer_create_direct(engine);
    writer->is_dry = true;
    return writer;
}

void writer_stop(struct writer **writer)
{
    struct writer *w = *writer;
    if (!w)
        return;
    if (w->queue) {
        queue_close(w->queue);
        pthread_join(w->thread, NULL);
        queue_free(&w->queue);
    }
    xfree(&w->batch);
    xfree(&w->answer);
    xfree(writer);
}

static enum err run_direct(struct writer *writer, struct mutation *m)
{
    enum err answer = WAITS;
    run_batch(writer, &m, &answer, 1);
    finish(&m, &answer, 1);
    return answer;
}

enum err writer_push(struct writer *writer, struct mutation *m)
{
    if (writer->queue)
        return queue_push(writer->queue, m);
    (void)run_direct(writer, m); /* done was told */
    return OK;
}

/* What writer_run queues: it carries the caller's mutation, and wakes the caller. */
struct errand {
    struct mutation mutation;
    struct mutation *inner;
    pthread_mutex_t mu;
    pthread_cond_t finished;
    /* under mu */
    bool is_finished;
    enum err answer;
};

static enum err errand_apply(struct txn *txn, struct mutation *m)
{
    struct errand *errand = container_of(m, struct errand, mutation);
    return errand->inner->apply(txn, errand->inner);
}

static void errand_done(struct mutation *m, enum err e)
{
    struct errand *errand = container_of(m, struct errand, mutation);
    pthread_mutex_lock(&errand->mu);
    errand->answer = e;
    errand->is_finished = true;
    pthread_cond_signal(&errand->finished);
    pthread_mutex_unlock(&errand->mu); /* the errand is the waiter's again, and may be gone */
}

enum err writer_run(struct writer *writer, struct mutation *m)
{
    assert(!m->done);
    if (!writer->queue)
        return run_direct(writer, m);
    assert(!pthread_equal(pthread_self(), writer->thread));
    struct errand errand = {.mutation = {errand_apply, errand_done}, .inner = m};
    pthread_mutex_init(&errand.mu, NULL);
    pthread_cond_init(&errand.finished, NULL);
    enum err e = queue_push(writer->queue, &errand.mutation);
    if (e == OK) {
        pthread_mutex_lock(&errand.mu);
        while (!errand.is_finished)
            pthread_cond_wait(&errand.finished, &errand.mu);
        e = errand.answer;
        pthread_mutex_unlock(&errand.mu);
    }
    pthread_cond_destroy(&errand.finished);
    pthread_mutex_destroy(&errand.mu);
    return e;
}

void writer_stat(struct writer *writer, struct writer_stats *out)
{
    *out = (struct writer_stats){
        .depth = writer->queue ? queue_depth(writer->queue) : 0,
        .commits = atomic_load(&writer->commits),
        .mutations = atomic_load(&writer->mutations),
    };
}
