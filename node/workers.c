#include "node/workers.h"

#include "storage/base/queue.h"

#include <assert.h>
#include <pthread.h>
#include <unistd.h>

struct workers {
    struct queue *queue;
    size_t threads;
    pthread_t thread[WORKERS_THREADS_MAX];
};

static void *work(void *context)
{
    struct workers *workers = context;
    struct task *task;
    while ((task = queue_take(workers->queue)))
        task->run(task);
    return NULL;
}

static size_t cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > WORKERS_THREADS_MAX ? WORKERS_THREADS_MAX : (size_t)n;
}

enum err workers_start(size_t threads, size_t queue_length, struct workers **out)
{
    size_t wanted = threads ? threads : cores();
    assert(wanted <= WORKERS_THREADS_MAX);
    AUTO(workers_stop) struct workers *workers = xcalloc(1, sizeof *workers);
    workers->queue = queue_create(queue_length);
    for (; workers->threads < wanted; workers->threads++)
        if (pthread_create(&workers->thread[workers->threads], NULL, work, workers))
            return ERR_LIMIT;
    *out = workers;
    workers = NULL;
    return OK;
}

enum err workers_push(struct workers *workers, struct task *task)
{
    assert(task->run);
    return queue_push(workers->queue, task);
}

size_t workers_depth(struct workers *workers)
{
    return queue_depth(workers->queue);
}

size_t workers_threads(const struct workers *workers)
{
    return workers->threads;
}

void workers_stop(struct workers **workers)
{
    if (!*workers)
        return;
    queue_close((*workers)->queue);
    for (size_t i = 0; i < (*workers)->threads; i++)
        pthread_join((*workers)->thread[i], NULL);
    struct task *task; /* only when no thread could be started */
    while ((task = queue_try((*workers)->queue)))
        task->run(task);
    queue_free(&(*workers)->queue);
    xfree(workers);
}
