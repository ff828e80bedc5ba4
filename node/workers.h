/*
 * workers - the pool: threads that verify, parse and prepare; nothing in them waits for
 * the network.
 *
 * Memory   a task is its sender's until workers_push answers OK; then it belongs to its run()
 * Threads  push, depth: any. start, stop: the owner.
 * Errors   push: ERR_LIMIT the queue is full (answer 503); ERR_LATER stopping
 */
#ifndef WARD_NODE_WORKERS_H
#define WARD_NODE_WORKERS_H

#include "storage/base/base.h"
#include "storage/base/task.h"

struct workers;

#define WORKERS_THREADS_MAX 256

/* `threads` 0: one per core. ERR_LIMIT: the system has no more threads. */
MUST_CHECK enum err workers_start(size_t threads, size_t queue_length, struct workers **out);
MUST_CHECK enum err workers_push(struct workers *workers, struct task *task);
size_t workers_depth(struct workers *workers); /* tasks waiting */
size_t workers_threads(const struct workers *workers);
/* Takes no more, runs what is queued, joins. Accepts NULL inside. */
void workers_stop(struct workers **workers);

#endif
