#include "node/upkeep.h"

#include "storage/base/clock.h"
#include "storage/event.h"
#include "storage/seen.h"
#include "tests/support/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1800000000000)
#define IDS (2 * UPKEEP_STEP_ROWS + 10)

static const char *uri_of(int i)
{
    static char uri[64];
    snprintf(uri, sizeof uri, "https://peer.example/activities/%d", i);
    return uri;
}

/* Every other one is a day too old; the rest has a day to live. */
static void fill(struct store *store)
{
    static const int64_t day_ms = 24 * 3600 * 1000;
    const uint8_t digest[32] = {1};
    bool same;
    struct txn *txn = store_write(store);
    for (int i = 0; i < IDS; i++) {
        int64_t age_ms = UPKEEP_SEEN_LIFE_MS + (i % 2 ? day_ms : -day_ms);
        assert_int_equal(seen_add(txn, uri_of(i), digest, NOW_MS - age_ms, &same), OK);
    }
    store_commit(&txn);
}

static int count(struct store *store, int remainder)
{
    AUTO(txn_end) struct txn *txn = NULL;
    int n = 0;
    assert_int_equal(engine_read_begin(store->engine, &txn), OK);
    for (int i = remainder; i < IDS; i += 2)
        n += seen_has(txn, uri_of(i));
    return n;
}

static void t24_ids_are_forgotten_in_steps_and_only_when_old(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(upkeep_free) struct upkeep *upkeep = upkeep_create(store.writer);
    clock_set(NOW_MS);
    fill(&store);

    upkeep_tick(upkeep, 1000);
    int after_one = count(&store, 1);
    assert_in_range(after_one, 1, IDS / 2 - 1);
    upkeep_tick(upkeep, 2000);
    upkeep_tick(upkeep, 3000);
    assert_int_equal(count(&store, 1), 0);
    assert_int_equal(count(&store, 0), IDS / 2);
    clock_set(-1);
}

static void rounds_are_hours_apart(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(upkeep_free) struct upkeep *upkeep = upkeep_create(store.writer);
    clock_set(NOW_MS);
    upkeep_tick(upkeep, 0); /* a whole round: there is nothing */
    fill(&store);
    upkeep_tick(upkeep, UPKEEP_PAUSE_MS - 1);
    assert_int_equal(count(&store, 1), IDS / 2);
    for (int i = 0; i < 4; i++)
        upkeep_tick(upkeep, UPKEEP_PAUSE_MS + i);
    assert_int_equal(count(&store, 1), 0);
    assert_int_equal(count(&store, 0), IDS / 2);
    clock_set(-1);
}

static void events_are_forgotten_once_they_are_old(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(upkeep_free) struct upkeep *upkeep = upkeep_create(store.writer);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 16);
    clock_set(NOW_MS);
    struct txn *txn = store_write(&store);
    for (int i = 0; i < 20; i++)
        assert_int_equal(
            event_add_for(txn, EVENT_KIND__EVENT_FILTERS, (actor_id){1}, 0, NOW_MS - i), OK);
    store_commit(&txn);
    upkeep_tick(upkeep, 1000);
    clock_set(NOW_MS + EVENT_LIFE_MS + 1);
    upkeep_tick(upkeep, 1000 + UPKEEP_EVENT_PAUSE_MS);

    Event *first;
    txn = store_read(&store);
    assert_int_equal(event_next(txn, 0, &arena, &first), OK);
    assert_int_equal(first->seq, 20);
    txn_end(&txn);
    clock_set(-1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t24_ids_are_forgotten_in_steps_and_only_when_old),
        cmocka_unit_test(rounds_are_hours_apart),
        cmocka_unit_test(events_are_forgotten_once_they_are_old),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
