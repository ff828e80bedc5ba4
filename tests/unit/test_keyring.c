/* Private keys that are parsed once. */
#include "federation/keyring.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define PEM_ARENA_BYTES (4 * 1024 * 1024)
#define KEY_ID "https://a.example/users/a#k"

static struct arena arena = ARENA_INIT(PEM_ARENA_BYTES);

static const char *new_pem(void)
{
    AUTO(private_key_free) struct private_key *key = private_key_generate(KEY_ED25519);
    return private_key_pem(key, &arena);
}

static struct keyring_key *take(const char *key_id, const char *pem)
{
    struct keyring_key *held;
    assert_int_equal(keyring_take(key_id, pem, &held, NULL), OK);
    return held;
}

static int forget(void **state)
{
    (void)state;
    keyring_clear();
    return 0;
}

static void a_key_is_parsed_once(void **state)
{
    const char *pem = new_pem();
    (void)state;
    AUTO(keyring_give) struct keyring_key *first = take(KEY_ID, pem);
    AUTO(keyring_give) struct keyring_key *second = take(KEY_ID, pem);
    assert_ptr_equal(keyring_private(first), keyring_private(second));
    assert_int_equal(keyring_count(), 1);
}

static void a_changed_key_is_another_one(void **state)
{
    const char *pem = new_pem();
    (void)state;
    AUTO(keyring_give) struct keyring_key *old = take(KEY_ID, pem);
    AUTO(keyring_give) struct keyring_key *changed = take(KEY_ID, new_pem());
    AUTO(keyring_give) struct keyring_key *renamed = take(KEY_ID "2", pem);
    assert_ptr_not_equal(keyring_private(old), keyring_private(changed));
    assert_ptr_not_equal(keyring_private(old), keyring_private(renamed));
}

static void what_is_no_key_is_not_kept(void **state)
{
    struct keyring_key *held;
    (void)state;
    assert_int_equal(keyring_take(KEY_ID, "garbage", &held, NULL), ERR_INVALID);
    assert_int_equal(keyring_count(), 0);
}

static void the_keys_used_last_are_kept_and_no_more_of_them(void **state)
{
    const char *pem = new_pem();
    (void)state;
    AUTO(keyring_give) struct keyring_key *held = take(KEY_ID, pem);
    for (int i = 0; i < KEYRING_MAX + 10; i++) {
        char id[64];
        snprintf(id, sizeof id, "k%d", i);
        AUTO(keyring_give) struct keyring_key *other = take(id, pem);
        assert_non_null(keyring_private(other));
    }
    assert_int_equal(keyring_count(), KEYRING_MAX);
    AUTO(keyring_give) struct keyring_key *again = take(KEY_ID, pem); /* in use: it stayed */
    assert_ptr_equal(keyring_private(again), keyring_private(held));
}

static void more_keys_in_use_than_are_kept_work_too(void **state)
{
    struct keyring_key *held[KEYRING_MAX + 3];
    const char *pem = new_pem();
    (void)state;
    for (size_t i = 0; i < COUNT(held); i++) {
        char id[64];
        snprintf(id, sizeof id, "k%zu", i);
        held[i] = take(id, pem);
    }
    assert_int_equal(keyring_count(), KEYRING_MAX);
    for (size_t i = 0; i < COUNT(held); i++) {
        AUTO(arena_clear) struct arena room = ARENA_INIT(4096);
        struct bytes signature;
        assert_int_equal(
            private_key_sign(keyring_private(held[i]), bytes_of("x"), &room, &signature), OK);
        keyring_give(&held[i]);
    }
    assert_int_equal(keyring_count(), KEYRING_MAX);
}

static void a_key_in_use_outlives_the_ring(void **state)
{
    AUTO(arena_clear) struct arena room = ARENA_INIT(4096);
    struct bytes signature;
    (void)state;
    AUTO(keyring_give) struct keyring_key *held = take(KEY_ID, new_pem());
    keyring_clear();
    assert_int_equal(keyring_count(), 0);
    assert_int_equal(private_key_sign(keyring_private(held), bytes_of("x"), &room, &signature), OK);
}

static void *sign_in_turn(void *pems)
{
    for (int i = 0; i < 600; i++) {
        AUTO(arena_clear) struct arena room = ARENA_INIT(4096);
        struct bytes signature;
        char id[16];
        snprintf(id, sizeof id, "k%d", i % (KEYRING_MAX + 40));
        AUTO(keyring_give) struct keyring_key *held = take(id, pems);
        if (private_key_sign(keyring_private(held), bytes_of(id), &room, &signature))
            return pems;
        if (i % 100 == 99)
            keyring_clear();
    }
    return NULL;
}

static void threads_share_the_ring(void **state)
{
    pthread_t thread[4];
    const char *pem = new_pem();
    (void)state;
    for (size_t i = 0; i < COUNT(thread); i++)
        assert_int_equal(pthread_create(&thread[i], NULL, sign_in_turn, (void *)(uintptr_t)pem), 0);
    for (size_t i = 0; i < COUNT(thread); i++) {
        void *failed;
        assert_int_equal(pthread_join(thread[i], &failed), 0);
        assert_null(failed);
    }
}

static int done(void **state)
{
    (void)state;
    keyring_clear();
    arena_clear(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_key_is_parsed_once, forget),
        cmocka_unit_test_setup(a_changed_key_is_another_one, forget),
        cmocka_unit_test_setup(what_is_no_key_is_not_kept, forget),
        cmocka_unit_test_setup(the_keys_used_last_are_kept_and_no_more_of_them, forget),
        cmocka_unit_test_setup(more_keys_in_use_than_are_kept_work_too, forget),
        cmocka_unit_test_setup(a_key_in_use_outlives_the_ring, forget),
        cmocka_unit_test_setup(threads_share_the_ring, forget),
    };
    return cmocka_run_group_tests(tests, NULL, done);
}
