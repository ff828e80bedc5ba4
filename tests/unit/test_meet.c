#include "storage/meet.h"

#include "storage/word.h"
#include "tests/support/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define ROWS 6
#define IDS 400

/* xorshift: the same rows on every run and every machine. */
static uint64_t seed = 20261122;
static uint64_t random_below(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % n;
}

static bool model[ROWS][IDS + 2];

static void put(struct txn *txn, uint64_t owner, uint64_t post)
{
    struct key key = key_ids(owner, post);
    assert_int_equal(engine_put(txn, TABLE_WORD, key_bytes(&key), (struct bytes){NULL, 0}), OK);
}

static void fill(struct txn *txn)
{
    for (size_t r = 0; r < ROWS; r++)
        for (uint64_t id = 1; id <= IDS; id++) {
            model[r][id] = random_below(1 + r * r) == 0; /* from all to one in 26 */
            if (model[r][id] && r % 2)
                assert_int_equal(stream_add(txn, (struct stream_key){STREAM_TAG, r}, (post_id){id}),
                                 OK);
            else if (model[r][id])
                put(txn, 1000 + r, id);
        }
}

static struct meet_row row_of(size_t r)
{
    return r % 2 ? meet_stream((struct stream_key){STREAM_TAG, r}) : meet_word(1000 + r);
}

static void must_meet(struct txn *txn, unsigned chosen, struct page page)
{
    struct meet_row rows[ROWS];
    struct meet meet;
    size_t n = 0;
    post_id id = {0};
    enum err e = OK;
    for (size_t r = 0; r < ROWS; r++)
        if (chosen >> r & 1)
            rows[n++] = row_of(r);
    assert_int_equal(meet_open(txn, rows, n, page, &meet), OK);
    for (uint64_t wanted = page.before ? page.before - 1 : IDS; wanted > page.after; wanted--) {
        bool is_in_all = true;
        for (size_t r = 0; r < ROWS; r++)
            is_in_all = is_in_all && (model[r][wanted] || !(chosen >> r & 1));
        if (!is_in_all)
            continue;
        assert_int_equal(e = meet_next(&meet, &id), OK);
        assert_true(id.v == wanted);
    }
    assert_int_equal(meet_next(&meet, &id), ERR_NOTFOUND);
}

static void rows_meet_where_a_slow_look_says_so(void **state)
{
    (void)state;
    print_message("seed %llu\n", (unsigned long long)seed);
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    fill(txn);
    for (unsigned chosen = 1; chosen < 1u << ROWS; chosen++) {
        must_meet(txn, chosen, (struct page){0});
        must_meet(txn, chosen,
                  (struct page){.before = 2 + random_below(IDS), .after = random_below(IDS)});
    }
}

static void a_rare_word_leads_however_common_the_others_are(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    struct meet_row rows[] = {meet_word(1), meet_word(2), meet_word(3)};
    struct meet meet;
    post_id id;
    for (uint64_t i = 1; i <= 5000; i++) {
        put(txn, 1, i);
        put(txn, 2, i);
        if (i == 7 || i == 4000)
            put(txn, 3, i);
    }
    assert_int_equal(meet_open(txn, rows, 3, (struct page){0}, &meet), OK);
    assert_int_equal(meet_next(&meet, &id), OK);
    assert_true(id.v == 4000);
    assert_int_equal(meet_next(&meet, &id), OK);
    assert_true(id.v == 7);
    assert_int_equal(meet_next(&meet, &id), ERR_NOTFOUND);
    assert_true(meet.steps < 15);
}

static void words_that_never_meet_cost_no_more_than_allowed(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    struct meet_row rows[] = {meet_word(1), meet_word(2)};
    struct meet meet;
    post_id id;
    for (uint64_t i = 1; i <= 2000; i++)
        put(txn, 1 + i % 2, i);
    assert_int_equal(meet_open(txn, rows, 2, (struct page){0}, &meet), OK);
    meet.max_steps = 100;
    assert_int_equal(meet_next(&meet, &id), ERR_LIMIT);
    assert_int_equal(meet.steps, 100);
    assert_true(meet.before > 1 && meet.before < 2000); /* and there it may go on */
}

static void there_is_a_row_and_not_too_many(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_read(&store);
    struct meet_row rows[MEET_ROWS_MAX + 1] = {{.table = TABLE_WORD}};
    struct meet meet;
    assert_int_equal(meet_open(txn, rows, 0, (struct page){0}, &meet), ERR_LIMIT);
    assert_int_equal(meet_open(txn, rows, MEET_ROWS_MAX + 1, (struct page){0}, &meet), ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_meet_where_a_slow_look_says_so),
        cmocka_unit_test(a_rare_word_leads_however_common_the_others_are),
        cmocka_unit_test(words_that_never_meet_cost_no_more_than_allowed),
        cmocka_unit_test(there_is_a_row_and_not_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
