#include "storage/base/queue.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

struct queue {
    size_t capacity; /* constant */

    pthread_mutex_t mu;
    pthread_cond_t has_item;
    /* under mu */
    size_t first, count;
    bool closed;
    void *item[];
};

struct queue *queue_create(size_t capacity)
{
    assert(capacity > 0);
    struct queue *queue = xcalloc(1, sizeof *queue + capacity * sizeof(void *));
    queue->capacity = capacity;
    pthread_mutex_init(&queue->mu, NULL);
    pthread_cond_init(&queue->has_item, NULL);
    return queue;
}

void queue_free(struct queue **queue)
{
    if (!*queue)
        return;
    assert((*queue)->count == 0);
    pthread_cond_destroy(&(*queue)->has_item);
    pthread_mutex_destroy(&(*queue)->mu);
    xfree(queue);
}

enum err queue_push(struct queue *queue, void *item)
{
    enum err e = OK;
    pthread_mutex_lock(&queue->mu);
    if (queue->closed) {
        e = ERR_LATER;
    } else if (queue->count == queue->capacity) {
        e = ERR_LIMIT;
    } else {
        queue->item[(queue->first + queue->count) % queue->capacity] = item;
        queue->count++;
        pthread_cond_signal(&queue->has_item);
    }
    pthread_mutex_unlock(&queue->mu);
    return e;
}

static void *pop_locked(struct queue *queue)
{
    if (queue->count == 0)
        return NULL;
    void *item = queue->item[queue->first];
    queue->first = (queue->first + 1) % queue->capacity;
    queue->count--;
    return item;
}

size_t queue_take_many(struct queue *queue, void **out, size_t max)
{
    size_t n = 0;
    pthread_mutex_lock(&queue->mu);
    while (queue->count == 0 && !queue->closed)
        pthread_cond_wait(&queue->has_item, &queue->mu);
    while (n < max && queue->count > 0)
        out[n++] = pop_locked(queue);
    pthread_mutex_unlock(&queue->mu);
    return n;
}

void *queue_take(struct queue *queue)
{
    void *item = NULL;
    return queue_take_many(queue, &item, 1) ? item : NULL;
}

void *queue_try(struct queue *queue)
{
    pthread_mutex_lock(&queue->mu);
    void *item = pop_locked(queue);
    pthread_mutex_unlock(&queue->mu);
    return item;
}

void queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->mu);
    queue->closed = true;
    pthread_cond_broadcast(&queue->has_item);
    pthread_mutex_unlock(&queue->mu);
}

size_t queue_depth(struct queue *queue)
{
    pthread_mutex_lock(&queue->mu);
    size_t n = queue->count;
    pthread_mutex_unlock(&queue->mu);
    return n;
}
