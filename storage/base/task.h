/*
 * task - a piece of work for the worker pool. Embed it first in what it works on.
 *
 * run owns the task: it frees it or hands it on. It never waits for the network.
 */
#ifndef WARD_STORAGE_BASE_TASK_H
#define WARD_STORAGE_BASE_TASK_H

struct task {
    void (*run)(struct task *task);
};

#endif
