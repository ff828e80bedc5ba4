#include "node/workers.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>

#include <cmocka.h>

/* A task that waits at a gate, so that a test decides when the queue moves. */
struct waiting {
    struct task task;
    pthread_mutex_t *gate;
    atomic_int *ran;
};

static void wait_and_count(struct task *task)
{
    struct waiting *w = container_of(task, struct waiting, task);
    pthread_mutex_lock(w->gate);
    pthread_mutex_unlock(w->gate);
    atomic_fetch_add(w->ran, 1);
}

static void a_full_queue_refuses_and_a_stop_runs_what_is_queued(void **state)
{
    (void)state;
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    atomic_int ran = 0;
    struct waiting w[8];
    struct workers *workers = NULL;
    size_t taken = 0;

    assert_int_equal(workers_start(1, 2, &workers), OK);
    pthread_mutex_lock(&gate);
    enum err e = OK;
    for (; taken < COUNT(w) && e == OK; taken++) {
        w[taken] = (struct waiting){{wait_and_count}, &gate, &ran};
        e = workers_push(workers, &w[taken].task);
        if (e)
            break;
    }
    assert_int_equal(e, ERR_LIMIT);
    assert_true(taken == 2 || taken == 3); /* one may be with the worker already */
    assert_int_equal(atomic_load(&ran), 0);
    pthread_mutex_unlock(&gate);
    workers_stop(&workers);
    assert_null(workers);
    assert_int_equal(atomic_load(&ran), taken);
}

static void every_task_runs_once(void **state)
{
    (void)state;
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    atomic_int ran = 0;
    static struct waiting w[500];
    struct workers *workers = NULL;
    assert_int_equal(workers_start(4, COUNT(w), &workers), OK);
    assert_int_equal(workers_threads(workers), 4);
    for (size_t i = 0; i < COUNT(w); i++) {
        w[i] = (struct waiting){{wait_and_count}, &gate, &ran};
        assert_int_equal(workers_push(workers, &w[i].task), OK);
    }
    workers_stop(&workers);
    assert_int_equal(atomic_load(&ran), COUNT(w));
}

static void zero_threads_means_one_per_core(void **state)
{
    (void)state;
    struct workers *workers = NULL;
    assert_int_equal(workers_start(0, 1, &workers), OK);
    assert_true(workers_threads(workers) >= 1);
    workers_stop(&workers);
    workers_stop(&workers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_queue_refuses_and_a_stop_runs_what_is_queued),
        cmocka_unit_test(every_task_runs_once),
        cmocka_unit_test(zero_threads_means_one_per_core),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
