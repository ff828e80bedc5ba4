/*
 * queue - a bounded hand-over of pointers between threads.
 *
 * Push gives away, take owns. A full queue is ERR_LIMIT, never a wait. Closing
 * wakes every taker; what is still inside can be taken until it is empty.
 *
 * Threads  push and take: any thread. create, free: when nobody uses it.
 */
#ifndef WARD_STORAGE_BASE_QUEUE_H
#define WARD_STORAGE_BASE_QUEUE_H

#include "storage/base/base.h"

struct queue;

struct queue *queue_create(size_t capacity);
void queue_free(struct queue **queue); /* must be empty */

/* OK; ERR_LIMIT when full; ERR_LATER when closed. The item stays the caller's unless OK. */
MUST_CHECK enum err queue_push(struct queue *queue, void *item);
/* Waits for an item; NULL when the queue is closed and empty. */
void *queue_take(struct queue *queue);
/* Waits for at least one item, then takes up to `max`; 0 when closed and empty. */
size_t queue_take_many(struct queue *queue, void **out, size_t max);
/* An item if there is one, else NULL: never waits. */
void *queue_try(struct queue *queue);
void queue_close(struct queue *queue);
size_t queue_depth(struct queue *queue);

#endif
