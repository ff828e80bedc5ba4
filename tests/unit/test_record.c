#include "storage/record.h"

#include "storage/meta.h"
#include "tests/support/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_record_comes_back_as_it_was_put(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(8192);
    char uri[] = "https://a.example/p/1", tag[] = "icu", *tags[] = {tag};
    Post post = POST__INIT, *got;
    post.id = 5;
    post.uri = uri;
    post.tags = tags;
    post.n_tags = 1;
    post.visibility = VISIBILITY__DIRECT;
    struct key key = {.n = 0};
    key_add_u64(&key, post.id);

    assert_int_equal(record_add(txn, TABLE_POST, key_bytes(&key), &post.base), OK);
    assert_int_equal(record_add(txn, TABLE_POST, key_bytes(&key), &post.base), ERR_EXISTS);
    assert_int_equal(record_get(txn, TABLE_POST, key_bytes(&key), &post__descriptor, &arena, &got),
                     OK);
    txn_end(&txn); /* the record lives in the arena */
    assert_int_equal(got->id, 5);
    assert_string_equal(got->uri, uri);
    assert_int_equal(got->n_tags, 1);
    assert_string_equal(got->tags[0], tag);
    assert_int_equal(got->visibility, VISIBILITY__DIRECT);
    assert_string_equal(got->content_html, "");
}

static void bytes_that_are_no_record_are_corrupt(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(8192);
    Post *post = NULL;
    static const uint8_t cut[] = {0x12, 0x7F, 'h'}, bad_wire[] = {0x0F};
    assert_int_equal(
        record_decode(&post__descriptor, (struct bytes){cut, sizeof cut}, &arena, &post),
        ERR_CORRUPT);
    assert_int_equal(
        record_decode(&post__descriptor, (struct bytes){bad_wire, sizeof bad_wire}, &arena, &post),
        ERR_CORRUPT);
    assert_null(post);
    assert_int_equal(record_decode(&post__descriptor, (struct bytes){NULL, 0}, &arena, &post), OK);
    assert_int_equal(post->id, 0);
}

static void a_record_larger_than_its_arena_is_a_limit(void **state)
{
    (void)state;
    static uint8_t long_uri[2003] = {0x12, 0xD0, 0x0F}; /* field 2, 2000 bytes */
    memset(long_uri + 3, 'a', 2000);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1500);
    Post *post = NULL;
    assert_int_equal(
        record_decode(&post__descriptor, (struct bytes){long_uri, sizeof long_uri}, &arena, &post),
        ERR_LIMIT);
    assert_null(post);
}

/* A URI of `n` bytes that differs from others only in its last ones. */
static char *uri_of(size_t n, int number)
{
    char *uri = xcalloc(1, n + 1);
    memset(uri, 'a', n);
    memcpy(uri, "https://a.example/", 18);
    uri[n - 1] = (char)('0' + number);
    return uri;
}

static void t89_long_uris_are_stored_found_and_deduplicated(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    static const size_t length[] = {511, 512, 2048};
    for (size_t i = 0; i < COUNT(length); i++) {
        AUTO(xfree) char *uri = uri_of(length[i], 1), *other = uri_of(length[i], 2);
        uint64_t id = 0;
        assert_int_equal(text_index_add(txn, TABLE_POST_URI, uri, 10 + i), OK);
        assert_int_equal(text_index_add(txn, TABLE_POST_URI, uri, 99), ERR_EXISTS);
        assert_int_equal(text_index_find(txn, TABLE_POST_URI, uri, &id), OK);
        assert_int_equal(id, 10 + i);
        assert_int_equal(text_index_find(txn, TABLE_POST_URI, other, &id), ERR_NOTFOUND);
        assert_int_equal(text_index_del(txn, TABLE_POST_URI, other), ERR_NOTFOUND);
        assert_int_equal(text_index_del(txn, TABLE_POST_URI, uri), OK);
        assert_int_equal(text_index_find(txn, TABLE_POST_URI, uri, &id), ERR_NOTFOUND);
    }
}

static void an_entry_of_another_text_is_not_found(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    /* Two texts with one hash cannot be made; write the other text under this one's hash. */
    uint8_t hash[KEY_HASH_BYTES], value[] = {0, 0, 0, 0, 0, 0, 0, 9, 'b'};
    uint64_t id;
    text_hash(txn, "a", hash);
    assert_int_equal(engine_put(txn, TABLE_POST_URI, (struct bytes){hash, sizeof hash},
                                (struct bytes){value, sizeof value}),
                     OK);
    assert_int_equal(text_index_find(txn, TABLE_POST_URI, "a", &id), ERR_NOTFOUND);
}

static void two_stores_hash_differently(void **state)
{
    (void)state;
    uint8_t hash[2][KEY_HASH_BYTES];
    for (int i = 0; i < 2; i++) {
        AUTO(store_close) struct store store = store_open();
        AUTO(txn_end) struct txn *txn = store_read(&store);
        text_hash(txn, "https://a.example/p/1", hash[i]);
    }
    assert_memory_not_equal(hash[0], hash[1], KEY_HASH_BYTES);
}

static void ids_grow_even_when_the_clock_goes_back(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    static const int64_t now_ms[] = {5000, 5000, 4000, 5001, -7, INT64_MAX, 5000};
    uint64_t last = 0, id;
    for (size_t i = 0; i < COUNT(now_ms); i++) {
        assert_int_equal(id_next(txn, now_ms[i], &id), OK);
        assert_true(id > last);
        last = id;
    }
}

static void an_id_of_the_past_sorts_there_and_is_free(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    uint64_t now_id, id;
    assert_int_equal(id_next(txn, 9000, &now_id), OK);
    for (int i = 0; i < 300; i++) {
        struct key key = {.n = 0};
        Post post = POST__INIT;
        assert_int_equal(id_next_past(txn, 4000, 9000, &id), OK);
        assert_true(id_time_ms(id) == 4000 || id_time_ms(id) == 4001);
        key_add_u64(&key, id);
        assert_int_equal(record_add(txn, TABLE_POST, key_bytes(&key), &post.base), OK);
    }
    assert_int_equal(id_next_past(txn, 99000, 9000, &id), OK);
    assert_true(id == now_id + 1);
}

static void a_store_is_made_once(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024);
    const char *host;
    uint64_t v;
    assert_int_equal(meta_create(txn, "other.example"), ERR_EXISTS);
    assert_int_equal(meta_host(txn, &arena, &host), OK);
    assert_string_equal(host, STORE_HOST);
    assert_int_equal(meta_get_u64(txn, "number", &v), ERR_NOTFOUND);
    assert_int_equal(meta_put_u64(txn, "number", 1ULL << 40), OK);
    assert_int_equal(meta_get_u64(txn, "number", &v), OK);
    assert_true(v == 1ULL << 40);
    assert_int_equal(engine_put(txn, TABLE_META, bytes_of("number"), bytes_of("short")), OK);
    assert_int_equal(meta_get_u64(txn, "number", &v), ERR_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_comes_back_as_it_was_put),
        cmocka_unit_test(bytes_that_are_no_record_are_corrupt),
        cmocka_unit_test(a_record_larger_than_its_arena_is_a_limit),
        cmocka_unit_test(t89_long_uris_are_stored_found_and_deduplicated),
        cmocka_unit_test(an_entry_of_another_text_is_not_found),
        cmocka_unit_test(two_stores_hash_differently),
        cmocka_unit_test(ids_grow_even_when_the_clock_goes_back),
        cmocka_unit_test(an_id_of_the_past_sorts_there_and_is_free),
        cmocka_unit_test(a_store_is_made_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
