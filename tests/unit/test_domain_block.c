#include "storage/domain_block.h"

#include "storage/stream.h"
#include "storage/tag_follow.h"
#include "tests/support/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const actor_id ann = {7}, bob = {8};

static void a_host_is_blocked_for_whom_it_was_asked(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    assert_int_equal(domain_block_add(txn, ann, "a.example"), OK);
    assert_int_equal(domain_block_add(txn, ann, "a.example"), ERR_EXISTS);
    assert_true(domain_block_has(txn, ann, "a.example"));
    assert_false(domain_block_has(txn, ann, "b.example"));
    assert_false(domain_block_has(txn, ann, ""));
    assert_false(domain_block_has(txn, bob, "a.example"));
    assert_int_equal(domain_block_del(txn, ann, "a.example"), OK);
    assert_int_equal(domain_block_del(txn, ann, "a.example"), ERR_NOTFOUND);
}

static void hosts_are_listed_both_ways_and_dropped_together(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4096);
    uint64_t up = 0, down = UINT64_MAX, seen[4];
    const char *host;
    char name[32];
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "%d.example", i);
        assert_int_equal(domain_block_add(txn, ann, name), OK);
    }
    assert_int_equal(domain_block_add(txn, bob, "z.example"), OK);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(domain_block_next(txn, ann, &up, &arena, &host), OK);
        seen[i] = up;
    }
    assert_int_equal(domain_block_next(txn, ann, &up, &arena, &host), ERR_NOTFOUND);
    for (int i = 3; i >= 0; i--) {
        assert_int_equal(domain_block_below(txn, ann, &down, &arena, &host), OK);
        assert_true(down == seen[i]);
    }
    assert_int_equal(domain_block_below(txn, ann, &down, &arena, &host), ERR_NOTFOUND);
    assert_int_equal(domain_block_drop(txn, ann), OK);
    assert_false(domain_block_has(txn, ann, "1.example"));
    assert_true(domain_block_has(txn, bob, "z.example"));
}

static void a_hashtag_is_followed_under_its_stream(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4096);
    uint64_t owner = 0;
    const char *tag;
    assert_int_equal(tag_follow_add(txn, ann, "icu"), OK);
    assert_int_equal(tag_follow_add(txn, ann, "icu"), ERR_EXISTS);
    assert_true(tag_follow_has(txn, ann, "icu"));
    assert_false(tag_follow_has(txn, bob, "icu"));
    assert_int_equal(tag_follow_next(txn, ann, &owner, &arena, &tag), OK);
    assert_string_equal(tag, "icu");
    assert_true(owner == tag_owner(txn, "icu"));
    assert_int_equal(tag_follow_next(txn, ann, &owner, &arena, &tag), ERR_NOTFOUND);
    assert_int_equal(tag_follow_del(txn, ann, "icu"), OK);
    assert_int_equal(tag_follow_del(txn, ann, "icu"), ERR_NOTFOUND);
}

static void hashtags_are_followed_up_to_a_bound(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    char name[32];
    for (int i = 0; i < TAG_FOLLOWS_MAX; i++) {
        snprintf(name, sizeof name, "tag%d", i);
        assert_int_equal(tag_follow_add(txn, ann, name), OK);
    }
    assert_int_equal(tag_follow_add(txn, ann, "more"), ERR_LIMIT);
    assert_int_equal(tag_follow_add(txn, ann, "tag0"), ERR_EXISTS);
    assert_int_equal(tag_follow_add(txn, bob, "more"), OK);
    assert_int_equal(tag_follow_drop(txn, ann), OK);
    assert_int_equal(tag_follow_add(txn, ann, "more"), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_is_blocked_for_whom_it_was_asked),
        cmocka_unit_test(hosts_are_listed_both_ways_and_dropped_together),
        cmocka_unit_test(a_hashtag_is_followed_under_its_stream),
        cmocka_unit_test(hashtags_are_followed_up_to_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
