#include "storage/base/arena.h"
#include "storage/base/base.h"
#include "storage/base/buf.h"
#include "storage/base/queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void a_full_arena_gives_null_and_remembers_it(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024);
    assert_non_null(arena_alloc(&arena, 512));
    assert_null(arena_alloc(&arena, 1024));
    assert_true(arena.is_full);
    assert_null(arena_calloc(&arena, SIZE_MAX / 2, 4));
    assert_null(arena_alloc(&arena, SIZE_MAX));
}

static void a_rewound_arena_gives_zeroed_memory_again(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(100000);
    for (size_t first = 0; first < 9000; first += 3000) { /* in a block of its own, or beside */
        char *kept = first ? arena_alloc(&arena, first) : NULL, *again;
        size_t used = arena.used_bytes;
        if (kept)
            memset(kept, 'k', first);
        struct arena_mark mark = arena_mark(&arena);
        memset(arena_alloc(&arena, 700), 'x', 700);
        memset(arena_alloc(&arena, 20000), 'x', 20000);
        assert_null(arena_alloc(&arena, 200000));
        arena_rewind(&arena, mark);
        assert_int_equal(arena.used_bytes, used);
        assert_false(arena.is_full);
        again = arena_alloc(&arena, 700);
        for (size_t i = 0; i < 700; i++)
            assert_int_equal(again[i], 0);
        for (size_t i = 0; i < first; i++)
            assert_int_equal(kept[i], 'k');
    }
}

static void a_full_buf_adds_nothing_more(void **state)
{
    (void)state;
    AUTO(buf_clear) struct buf buf = BUF_INIT(5);
    buf_str(&buf, "four");
    buf_str(&buf, "two");
    buf_str(&buf, "x");
    assert_string_equal(buf_text(&buf), "four");
    assert_true(buf.is_full);
}

static void a_full_queue_refuses_and_a_closed_one_drains(void **state)
{
    (void)state;
    int item[3];
    struct queue *queue = queue_create(2);
    assert_int_equal(queue_push(queue, &item[0]), OK);
    assert_int_equal(queue_push(queue, &item[1]), OK);
    assert_int_equal(queue_push(queue, &item[2]), ERR_LIMIT);
    assert_ptr_equal(queue_take(queue), &item[0]);
    queue_close(queue);
    assert_int_equal(queue_push(queue, &item[2]), ERR_LATER);
    assert_ptr_equal(queue_take(queue), &item[1]);
    assert_null(queue_take(queue));
    queue_free(&queue);
    assert_null(queue);
}

static void utf8_refuses_surrogates_overlong_and_cut_sequences(void **state)
{
    (void)state;
    assert_true(utf8_check(bytes_of("Zo\xC3\xAB \xE2\x82\xAC \xF0\x9F\x98\x80")));
    static const char *const bad[] = {
        "\xED\xA0\x80", "\xC0\xAF", "\xE0\x80\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\x80", "\xFF"};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(utf8_check(bytes_of(bad[i])));
}

static void an_id_is_a_positive_decimal_number(void **state)
{
    (void)state;
    uint64_t id;
    assert_int_equal(id_parse("18446744073709551615", &id), OK);
    assert_true(id == UINT64_MAX);
    static const char *const bad[] = {"", "0", "-1", "1x", " 1", "18446744073709551616", "0x10"};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(id_parse(bad[i], &id), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_arena_gives_null_and_remembers_it),
        cmocka_unit_test(a_rewound_arena_gives_zeroed_memory_again),
        cmocka_unit_test(a_full_buf_adds_nothing_more),
        cmocka_unit_test(a_full_queue_refuses_and_a_closed_one_drains),
        cmocka_unit_test(utf8_refuses_surrogates_overlong_and_cut_sequences),
        cmocka_unit_test(an_id_is_a_positive_decimal_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
