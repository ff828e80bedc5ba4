/*
 * writer - the one thread that changes the store: batch, commit, tell.
 *
 * A mutation is a re-runnable function over a transaction. The writer takes whatever
 * is queued, applies it in one transaction and syncs once. When one fails, the batch is
 * aborted and run again without it: a mutation may run more than once, so it touches
 * only the txn and itself, reads again what its decision depends on, and resets its own
 * outputs at its start. `done` is called once, after the sync, with what apply answered
 * (OK: it is on disk); it runs on the writer thread and only hands over.
 *
 * writer_create_direct makes a writer without a thread, for the CLI and for tests: push and
 * run apply, commit and call done at once, in the caller's thread.
 *
 * Threads  push, run: any
 * Errors   writer_push: ERR_LIMIT queue full, ERR_LATER stopping; nothing was taken.
 *          done gets ERR_LATER when the disk is full, else what apply said.
 */
#ifndef WARD_STORAGE_WRITER_H
#define WARD_STORAGE_WRITER_H

#include "storage/engine.h"

struct mutation {
    /* Not OK: nothing of this mutation is stored. An outcome that is no failure is OK. */
    enum err (*apply)(struct txn *txn, struct mutation *m);
    /* May be NULL. Owns the mutation from here on. */
    void (*done)(struct mutation *m, enum err e);
};

struct writer;

struct writer_config {
    size_t queue_length; /* mutations waiting at most */
    size_t batch_max;    /* in one transaction at most */
    /* May be NULL. Called on the writer thread after each commit: it only wakes. */
    void (*on_commit)(void *context);
    void *context;
};

MUST_CHECK enum err writer_start(struct engine *engine, const struct writer_config *config,
                                 struct writer **out);
struct writer *writer_create_direct(struct engine *engine);
/* Direct, but every transaction is aborted at its end, however it went: for --dry-run. */
struct writer *writer_create_dry(struct engine *engine);
/* Commits what is queued, then joins (or frees a direct one). */
void writer_stop(struct writer **writer);

MUST_CHECK enum err writer_push(struct writer *writer, struct mutation *m);
/* Waits until it is on disk; `done` must be NULL. Never call it on the writer thread. */
MUST_CHECK enum err writer_run(struct writer *writer, struct mutation *m);

struct writer_stats {
    size_t depth;       /* waiting now */
    uint64_t commits;   /* since start */
    uint64_t mutations; /* committed since start */
};
void writer_stat(struct writer *writer, struct writer_stats *out);

#endif
