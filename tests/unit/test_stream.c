#include "storage/stream.h"

#include "tests/support/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* xorshift: the same streams on every run and every machine. */
static uint64_t seed = 20261122;
static uint64_t random_below(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % n;
}

#define MODEL_STREAMS 12
#define MODEL_IDS 200

static bool model[MODEL_STREAMS][MODEL_IDS + 1]; /* ids 1 to MODEL_IDS */

static struct stream_key key_of(size_t i)
{
    static const enum stream_kind kind[] = {STREAM_AUTHOR, STREAM_TAG, STREAM_REPLY};
    return (struct stream_key){kind[i % COUNT(kind)], i / COUNT(kind)};
}

static void fill(struct txn *txn)
{
    for (size_t s = 0; s < MODEL_STREAMS; s++) {
        uint64_t sparse = 1 + random_below(20); /* some streams dense, some nearly empty */
        for (uint64_t id = 1; id <= MODEL_IDS; id++) {
            model[s][id] = random_below(sparse) == 0;
            if (model[s][id])
                assert_int_equal(stream_add(txn, key_of(s), (post_id){id}), OK);
        }
    }
}

/* What one page of a merge must give, the slow way. */
static size_t expect(const size_t *chosen, size_t count, struct page page, uint64_t *out)
{
    size_t n = 0;
    for (uint64_t i = 1; i <= MODEL_IDS; i++) {
        uint64_t id = page.order == PAGE_OLDEST_FIRST ? i : MODEL_IDS + 1 - i;
        bool is_in = false;
        for (size_t c = 0; c < count; c++)
            is_in = is_in || model[chosen[c]][id];
        if (!is_in || (page.before && id >= page.before) || id <= page.after)
            continue;
        if (page.limit && n == page.limit)
            break;
        out[n++] = id;
    }
    return n;
}

static void compare_one_page(struct txn *txn)
{
    size_t chosen[2 * MODEL_STREAMS], count = random_below(COUNT(chosen) + 1);
    struct stream_key keys[2 * MODEL_STREAMS];
    for (size_t i = 0; i < count; i++) { /* the same stream twice is allowed */
        chosen[i] = random_below(MODEL_STREAMS);
        keys[i] = key_of(chosen[i]);
    }
    struct page page = {.before = random_below(MODEL_IDS + 20),
                        .after = random_below(3) ? 0 : random_below(MODEL_IDS + 20),
                        .limit = (unsigned)random_below(50),
                        .order = random_below(2) ? PAGE_OLDEST_FIRST : PAGE_NEWEST_FIRST};
    uint64_t want[MODEL_IDS];
    size_t n = expect(chosen, count, page, want);

    AUTO(stream_close) struct stream stream = {.heap = NULL};
    post_id id;
    assert_int_equal(stream_open(txn, keys, count, page, &stream), OK);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(stream_next(&stream, &id), OK);
        assert_true(id.v == want[i]);
    }
    assert_int_equal(stream_next(&stream, &id), ERR_NOTFOUND);
    assert_int_equal(stream_next(&stream, &id), ERR_NOTFOUND);
    bool is_at_end;
    page.limit = 0;
    assert_int_equal(stream_is_at_end(&stream, &is_at_end), OK);
    assert_int_equal(is_at_end, expect(chosen, count, page, want) == n);
}

static void a_merge_gives_what_a_naive_model_gives(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    for (int round = 0; round < 10; round++) {
        AUTO(txn_end) struct txn *txn = store_write(&store); /* aborted: empty again */
        fill(txn);
        for (int i = 0; i < 100; i++)
            compare_one_page(txn);
    }
}

/* Page after page in one direction; every id goes to `out`. */
static size_t walk(struct txn *txn, const struct stream_key *keys, struct page page, uint64_t *out)
{
    size_t got = 0;
    for (;;) {
        AUTO(stream_close) struct stream stream = {.heap = NULL};
        size_t before = got;
        post_id id;
        enum err e;
        assert_int_equal(stream_open(txn, keys, MODEL_STREAMS, page, &stream), OK);
        while ((e = stream_next(&stream, &id)) == OK) {
            assert_true(got < MODEL_IDS);
            out[got++] = id.v;
            *(page.order == PAGE_OLDEST_FIRST ? &page.after : &page.before) = id.v;
        }
        assert_int_equal(e, ERR_NOTFOUND);
        if (got == before)
            return got;
    }
}

static void pages_down_and_pages_up_give_the_same_without_gap_or_repeat(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    size_t all[MODEL_STREAMS];
    struct stream_key keys[MODEL_STREAMS];
    for (size_t i = 0; i < MODEL_STREAMS; i++) {
        all[i] = i;
        keys[i] = key_of(i);
    }
    for (unsigned limit = 1; limit < 60; limit += 6) {
        AUTO(txn_end) struct txn *txn = store_write(&store); /* aborted: empty again */
        fill(txn);
        uint64_t want[MODEL_IDS], down[MODEL_IDS], up[MODEL_IDS];
        size_t n = expect(all, MODEL_STREAMS, (struct page){0}, want);
        assert_int_equal(walk(txn, keys, (struct page){.limit = limit}, down), n);
        assert_int_equal(
            walk(txn, keys, (struct page){.limit = limit, .order = PAGE_OLDEST_FIRST}, up), n);
        for (size_t i = 0; i < n; i++) {
            assert_true(down[i] == want[i]);
            assert_true(up[n - 1 - i] == want[i]);
        }
    }
}

static void an_id_that_left_its_stream_is_not_given(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    struct stream_key key = {STREAM_TAG, tag_owner(txn, "icu")};
    assert_true(key.owner != tag_owner(txn, "er"));
    assert_int_equal(stream_add(txn, key, (post_id){5}), OK);
    assert_true(stream_has(txn, key, (post_id){5}));
    assert_int_equal(stream_del(txn, key, (post_id){5}), OK);
    assert_int_equal(stream_del(txn, key, (post_id){5}), ERR_NOTFOUND);
    assert_false(stream_has(txn, key, (post_id){5}));
    AUTO(stream_close) struct stream stream = {.heap = NULL};
    post_id id;
    assert_int_equal(stream_open(txn, &key, 1, (struct page){0}, &stream), OK);
    assert_int_equal(stream_next(&stream, &id), ERR_NOTFOUND);
}

static void the_next_owner_is_of_the_same_kind_and_has_something(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    uint64_t owner = 1;
    assert_int_equal(stream_add(txn, (struct stream_key){STREAM_GROUP, 7}, (post_id){1}), OK);
    assert_int_equal(stream_add(txn, (struct stream_key){STREAM_GROUP, 9}, (post_id){1}), OK);
    assert_int_equal(stream_add(txn, (struct stream_key){STREAM_QUOTE, 11}, (post_id){1}), OK);
    assert_int_equal(stream_owner_from(txn, STREAM_GROUP, &owner), OK);
    assert_int_equal(owner, 7);
    assert_int_equal(stream_owner_from(txn, STREAM_GROUP, &owner), OK);
    assert_int_equal(owner, 7);
    owner = 8;
    assert_int_equal(stream_owner_from(txn, STREAM_GROUP, &owner), OK);
    assert_int_equal(owner, 9);
    owner = 10;
    assert_int_equal(stream_owner_from(txn, STREAM_GROUP, &owner), ERR_NOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_merge_gives_what_a_naive_model_gives),
        cmocka_unit_test(pages_down_and_pages_up_give_the_same_without_gap_or_repeat),
        cmocka_unit_test(an_id_that_left_its_stream_is_not_given),
        cmocka_unit_test(the_next_owner_is_of_the_same_kind_and_has_something),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
