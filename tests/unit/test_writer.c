#include "storage/writer.h"

#include "tests/support/store.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum plan { SUCCEED, FAIL_AT_ONCE, FAIL_AFTER_WRITING };

/* A mutation that puts one number, and notes what became of it. */
struct put {
    struct mutation mutation;
    uint64_t number;
    enum plan plan;
    int applied; /* writer thread only */
    /* set by done */
    int told;
    enum err answer;
    struct order *order;
};

/* The numbers in the order in which done was called; writer thread only until it is joined. */
struct order {
    uint64_t number[4096];
    size_t n;
};

static enum err put_apply(struct txn *txn, struct mutation *m)
{
    struct put *put = container_of(m, struct put, mutation);
    put->applied++;
    if (put->plan == FAIL_AT_ONCE)
        return ERR_DENIED;
    struct key key = {.n = 0};
    key_add_u64(&key, put->number);
    enum err e = engine_add(txn, TABLE_POST, key_bytes(&key), bytes_of("value"));
    if (e)
        return e;
    return put->plan == FAIL_AFTER_WRITING ? ERR_INVALID : OK;
}

static void put_done(struct mutation *m, enum err e)
{
    struct put *put = container_of(m, struct put, mutation);
    put->told++;
    put->answer = e;
    if (put->order)
        put->order->number[put->order->n++] = put->number;
}

static bool is_stored(struct store *store, uint64_t number)
{
    AUTO(txn_end) struct txn *txn = store_read(store);
    struct key key = {.n = 0};
    struct bytes value;
    key_add_u64(&key, number);
    return engine_get(txn, TABLE_POST, key_bytes(&key), &value) == OK;
}

/* Holds the writer back until everything is queued, so that it becomes one batch. */
struct gate {
    struct mutation mutation;
    pthread_mutex_t mu;
    pthread_cond_t changed;
    bool is_reached, is_open; /* under mu */
};

static enum err gate_apply(struct txn *txn, struct mutation *m)
{
    struct gate *gate = container_of(m, struct gate, mutation);
    (void)txn;
    pthread_mutex_lock(&gate->mu);
    gate->is_reached = true;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->is_open)
        pthread_cond_wait(&gate->changed, &gate->mu);
    pthread_mutex_unlock(&gate->mu);
    return OK;
}

static void gate_close(struct writer *writer, struct gate *gate)
{
    *gate = (struct gate){.mutation = {gate_apply, NULL},
                          .mu = PTHREAD_MUTEX_INITIALIZER,
                          .changed = PTHREAD_COND_INITIALIZER};
    assert_int_equal(writer_push(writer, &gate->mutation), OK);
    pthread_mutex_lock(&gate->mu);
    while (!gate->is_reached)
        pthread_cond_wait(&gate->changed, &gate->mu);
    pthread_mutex_unlock(&gate->mu);
}

static void gate_open(struct gate *gate)
{
    pthread_mutex_lock(&gate->mu);
    gate->is_open = true;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mu);
}

static const struct writer_config config = {.queue_length = 1024, .batch_max = 256};

static struct writer *start(struct store *store)
{
    struct writer *writer = NULL;
    assert_int_equal(writer_start(store->engine, &config, &writer), OK);
    return writer;
}

static void what_waits_together_is_committed_together_and_in_order(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    struct writer *writer = start(&store);
    static struct put put[100];
    static struct order order;
    struct gate gate;
    order.n = 0;
    gate_close(writer, &gate);
    for (size_t i = 0; i < COUNT(put); i++) {
        put[i] = (struct put){{put_apply, put_done}, .number = i + 1, .order = &order};
        assert_int_equal(writer_push(writer, &put[i].mutation), OK);
    }
    struct writer_stats stats;
    writer_stat(writer, &stats);
    assert_int_equal(stats.depth, COUNT(put));
    gate_open(&gate);
    struct put last = {{put_apply, NULL}, .number = 1000};
    assert_int_equal(writer_run(writer, &last.mutation), OK); /* all before it are through */
    writer_stat(writer, &stats);
    assert_true(stats.commits <= 3);
    assert_int_equal(stats.mutations, COUNT(put) + 2);
    writer_stop(&writer);
    assert_null(writer);
    for (size_t i = 0; i < COUNT(put); i++) {
        assert_int_equal(put[i].applied, 1);
        assert_int_equal(put[i].told, 1);
        assert_int_equal(put[i].answer, OK);
        assert_true(order.number[i] == i + 1);
        assert_true(is_stored(&store, i + 1));
    }
}

static void one_that_fails_leaves_nothing_and_harms_no_other(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    struct writer *writer = start(&store);
    struct put put[60];
    struct gate gate;
    gate_close(writer, &gate);
    for (size_t i = 0; i < COUNT(put); i++) {
        put[i] = (struct put){{put_apply, put_done}, .number = i + 1, .plan = (enum plan)(i % 3)};
        assert_int_equal(writer_push(writer, &put[i].mutation), OK);
    }
    gate_open(&gate);
    writer_stop(&writer);
    static const enum err want[] = {OK, ERR_DENIED, ERR_INVALID};
    for (size_t i = 0; i < COUNT(put); i++) {
        assert_int_equal(put[i].told, 1);
        assert_int_equal(put[i].answer, want[i % 3]);
        assert_int_equal(is_stored(&store, i + 1), i % 3 == 0);
    }
    /* Those that failed before they wrote cost nobody a second run; the others did. */
    assert_int_equal(put[COUNT(put) - 2].applied, 1);
    assert_true(put[0].applied > 1);
}

static void a_full_queue_takes_nothing(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    const struct writer_config small = {.queue_length = 2, .batch_max = 1};
    struct writer *writer = NULL;
    assert_int_equal(writer_start(store.engine, &small, &writer), OK);
    struct put put[3];
    struct gate gate;
    gate_close(writer, &gate);
    for (size_t i = 0; i < COUNT(put); i++) {
        put[i] = (struct put){{put_apply, put_done}, .number = i + 1};
        assert_int_equal(writer_push(writer, &put[i].mutation), i < 2 ? OK : ERR_LIMIT);
    }
    gate_open(&gate);
    writer_stop(&writer);
    assert_int_equal(put[1].told, 1);
    assert_int_equal(put[2].told, 0);
    assert_int_equal(put[2].applied, 0);
}

static void a_stop_commits_what_is_queued(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    struct writer *writer = start(&store);
    static struct put put[1000];
    for (size_t i = 0; i < COUNT(put); i++) {
        put[i] = (struct put){{put_apply, put_done}, .number = i + 1};
        assert_int_equal(writer_push(writer, &put[i].mutation), OK);
    }
    writer_stop(&writer);
    for (size_t i = 0; i < COUNT(put); i++)
        assert_true(put[i].answer == OK && put[i].told == 1 && is_stored(&store, i + 1));
}

enum { PUSHERS = 8, EACH = 50 };
struct pusher {
    struct writer *writer;
    struct store *store;
    uint64_t first;
    _Atomic int wrong;
};

/* Runs its mutations one after another; each must be on disk when run returns. */
static void *push_some(void *argument)
{
    struct pusher *pusher = argument;
    for (uint64_t i = 0; i < EACH; i++) {
        struct put put = {{put_apply, NULL},
                          .number = pusher->first + i,
                          .plan = i % 10 == 9 ? FAIL_AFTER_WRITING : SUCCEED};
        enum err e = writer_run(pusher->writer, &put.mutation);
        bool fails = put.plan != SUCCEED;
        if (e != (fails ? ERR_INVALID : OK) || is_stored(pusher->store, put.number) == fails)
            pusher->wrong++;
    }
    return NULL;
}

static void many_threads_each_find_their_own_on_disk(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    struct writer *writer = start(&store);
    struct pusher pusher[PUSHERS];
    pthread_t thread[PUSHERS];
    for (size_t i = 0; i < PUSHERS; i++) {
        pusher[i] = (struct pusher){writer, &store, 1 + i * 1000, 0};
        assert_int_equal(pthread_create(&thread[i], NULL, push_some, &pusher[i]), 0);
    }
    for (size_t i = 0; i < PUSHERS; i++) {
        pthread_join(thread[i], NULL);
        assert_int_equal(pusher[i].wrong, 0);
    }
    struct writer_stats stats;
    writer_stat(writer, &stats);
    assert_int_equal(stats.depth, 0);
    assert_int_equal(stats.mutations, PUSHERS * EACH * 9 / 10);
    assert_true(stats.commits <= stats.mutations);
    writer_stop(&writer);
}

static void a_direct_writer_is_done_when_it_returns(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    struct put pushed = {{put_apply, put_done}, .number = 1},
               run = {{put_apply, NULL}, .number = 2},
               fails = {{put_apply, put_done}, .number = 3, .plan = FAIL_AFTER_WRITING};
    assert_int_equal(writer_push(store.writer, &pushed.mutation), OK);
    assert_int_equal(pushed.told, 1);
    assert_int_equal(writer_run(store.writer, &run.mutation), OK);
    assert_int_equal(writer_push(store.writer, &fails.mutation), OK);
    assert_int_equal(fails.answer, ERR_INVALID);
    assert_true(is_stored(&store, 1) && is_stored(&store, 2) && !is_stored(&store, 3));
}

/* Two of them are too big for the map: full for this one, while there is room for the others. */
#define HUGE_BYTES (STORE_MAP_BYTES / 8 * 5)
static enum err huge_apply(struct txn *txn, struct mutation *m)
{
    struct put *put = container_of(m, struct put, mutation);
    AUTO(xfree) uint8_t *huge = xcalloc(1, HUGE_BYTES);
    enum err e = OK;
    put->applied++;
    for (uint64_t i = 0; i < 2 && !e; i++) {
        struct key key = {.n = 0};
        key_add_u64(&key, put->number + 100 * i);
        e = engine_put(txn, TABLE_POST, key_bytes(&key), (struct bytes){huge, HUGE_BYTES});
    }
    return e;
}

static void t90_one_that_fills_the_store_is_told_later_and_the_rest_goes_on(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    struct writer *writer = start(&store);
    struct gate gate;
    struct put put[3] = {{{put_apply, put_done}, .number = 1},
                         {{huge_apply, put_done}, .number = 2},
                         {{put_apply, put_done}, .number = 3}};
    gate_close(writer, &gate);
    for (size_t i = 0; i < COUNT(put); i++)
        assert_int_equal(writer_push(writer, &put[i].mutation), OK);
    gate_open(&gate);
    writer_stop(&writer);
    assert_int_equal(put[0].answer, OK);
    assert_int_equal(put[1].answer, ERR_LATER);
    assert_int_equal(put[2].answer, OK);
    assert_true(is_stored(&store, 1) && !is_stored(&store, 2) && is_stored(&store, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_waits_together_is_committed_together_and_in_order),
        cmocka_unit_test(one_that_fails_leaves_nothing_and_harms_no_other),
        cmocka_unit_test(a_full_queue_takes_nothing),
        cmocka_unit_test(a_stop_commits_what_is_queued),
        cmocka_unit_test(many_threads_each_find_their_own_on_disk),
        cmocka_unit_test(a_direct_writer_is_done_when_it_returns),
        cmocka_unit_test(t90_one_that_fills_the_store_is_told_later_and_the_rest_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
