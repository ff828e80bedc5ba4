#include "storage/account.h"

#include "storage/actor.h"
#include "storage/edge.h"
#include "storage/token.h"
#include "tests/support/builders.h"
#include "tests/support/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ARENA_BYTES (1 << 20)

static enum err add(struct txn *txn, const char *uri, const char *name, actor_id *out)
{
    Actor actor = ACTOR__INIT;
    Account account = ACCOUNT__INIT;
    PrivateKeys keys = PRIVATE_KEYS__INIT;
    actor.uri = (char *)uri;
    actor.username = account.name = (char *)name;
    keys.rsa_pem = (char *)"pem";
    enum err e = account_add(txn, &actor, &account, &keys, BUILD_NOW_MS);
    out->v = account.actor;
    return e;
}

static void an_account_has_its_actor_and_keys(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    actor_id alice;
    Account *account;
    PrivateKeys *keys;
    Actor *actor;
    assert_int_equal(add(txn, "https://ward.example/u/1", "alice", &alice), OK);
    assert_int_equal(account_find(txn, "ALICE", &arena, &account), OK);
    assert_true(account->actor == alice.v);
    assert_int_equal(account_keys(txn, alice, &arena, &keys), OK);
    assert_string_equal(keys->rsa_pem, "pem");
    assert_int_equal(actor_get(txn, alice, &arena, &actor), OK);
    assert_int_equal(account_find(txn, "alice@peer.example", &arena, &account), ERR_NOTFOUND);
    assert_int_equal(account_next(txn, (actor_id){0}, &arena, &account), OK);
    assert_int_equal(account_next(txn, alice, &arena, &account), ERR_NOTFOUND);
    account->role = ROLE__ADMIN;
    assert_int_equal(account_put(txn, account), OK);
    account->name = (char *)"other";
    assert_int_equal(account_put(txn, account), ERR_INVALID);
    assert_int_equal(account_put_keys(txn, (actor_id){5}, keys), ERR_NOTFOUND);
}

static void t70_a_deleted_name_is_never_given_again(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    actor_id alice, again;
    Account *account;
    Actor *actor;
    assert_int_equal(add(txn, "https://ward.example/u/1", "alice", &alice), OK);
    assert_int_equal(add(txn, "https://ward.example/u/2", "Alice", &again), ERR_EXISTS);
    assert_int_equal(account_del(txn, alice, BUILD_NOW_MS), OK);
    assert_int_equal(account_find(txn, "alice", &arena, &account), ERR_NOTFOUND);
    assert_int_equal(actor_get(txn, alice, &arena, &actor), OK);
    assert_true(actor->deleted_ms == BUILD_NOW_MS);
    assert_int_equal(add(txn, "https://ward.example/u/2", "alice", &again), ERR_EXISTS);
    assert_int_equal(account_del(txn, alice, BUILD_NOW_MS), ERR_NOTFOUND);
    assert_true(counter_get(txn, COUNTER_STORE, STORE_ACCOUNTS) == 0);
}

static void an_account_needs_one_local_name(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    Actor actor = ACTOR__INIT;
    Account account = ACCOUNT__INIT;
    PrivateKeys keys = PRIVATE_KEYS__INIT;
    actor.uri = (char *)"https://ward.example/u/1";
    assert_int_equal(account_add(txn, &actor, &account, &keys, 1), ERR_INVALID);
    actor.username = (char *)"alice";
    account.name = (char *)"bob";
    assert_int_equal(account_add(txn, &actor, &account, &keys, 1), ERR_INVALID);
    account.name = (char *)"alice";
    actor.host = (char *)"peer.example";
    assert_int_equal(account_add(txn, &actor, &account, &keys, 1), ERR_INVALID);
}

static void a_password_is_stored_as_scrypt_with_its_parameters_and_a_new_salt(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    const char *stored, *again;
    assert_int_equal(password_hash("correct horse", &arena, &stored), OK);
    assert_int_equal(password_hash("correct horse", &arena, &again), OK);
    assert_memory_equal(stored, "scrypt$32768$8$1$", 17);
    assert_string_not_equal(stored, again);
    assert_true(password_check("correct horse", stored));
    assert_false(password_check("correct hors", stored));
    assert_false(password_check("", stored));
}

/* Expected value from Python's hashlib.scrypt: password "password", salt four times "NaCl". */
static void a_password_stored_with_other_parameters_is_still_checked(void **state)
{
    (void)state;
    static const char stored[] = "scrypt$1024$8$16$"
                                 "4e61436c4e61436c4e61436c4e61436c$"
                                 "aee7e5612afb24ac1cc8fe2d68580f04923b9ea9b0455be3a27b6141bd8c4822";
    assert_true(password_check("password", stored));
    assert_false(password_check("Password", stored));
}

static void garbage_is_no_stored_password(void **state)
{
    (void)state;
    static const char *const bad[] = {
        NULL,
        "",
        "scrypt",
        "scrypt$0$8$1$00000000000000000000000000000000$00",
        "scrypt$1000$8$1$00000000000000000000000000000000$"
        "0000000000000000000000000000000000000000000000000000000000000000",
        "scrypt$16777216$8$1$00000000000000000000000000000000$"
        "0000000000000000000000000000000000000000000000000000000000000000",
        "scrypt$1024$8$99$00000000000000000000000000000000$"
        "0000000000000000000000000000000000000000000000000000000000000000",
    };
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(password_check("", bad[i]));
}

static void a_token_is_found_by_its_secret_only_and_revoked_by_its_id(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    actor_id alice;
    Token token = TOKEN__INIT, *found;
    const char *secret, *second;
    uint8_t hash[32] = {0};
    assert_int_equal(add(txn, "https://ward.example/u/1", "alice", &alice), OK);
    token.actor = alice.v;
    token.scopes = (char *)"read write";
    assert_int_equal(token_create(txn, &token, BUILD_NOW_MS, &arena, &secret), OK);
    uint64_t first_id = token.id;
    assert_int_equal(token_create(txn, &token, BUILD_NOW_MS, &arena, &second), OK);
    assert_int_equal(strlen(secret), 43);
    assert_int_equal(
        strspn(secret, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 43);
    assert_int_equal(token_find(txn, secret, &arena, &found), OK);
    assert_string_equal(found->scopes, "read write");
    assert_int_equal(token_find(txn, "guess", &arena, &found), ERR_NOTFOUND);
    assert_int_equal(token_revoke(txn, first_id), OK);
    assert_int_equal(token_revoke(txn, first_id), ERR_NOTFOUND);
    assert_int_equal(token_find(txn, secret, &arena, &found), ERR_NOTFOUND);
    assert_int_equal(token_find(txn, second, &arena, &found), OK);
    assert_int_equal(account_del(txn, alice, BUILD_NOW_MS), OK);
    assert_int_equal(token_next(txn, hash, &arena, &found), ERR_NOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_account_has_its_actor_and_keys),
        cmocka_unit_test(t70_a_deleted_name_is_never_given_again),
        cmocka_unit_test(an_account_needs_one_local_name),
        cmocka_unit_test(a_password_is_stored_as_scrypt_with_its_parameters_and_a_new_salt),
        cmocka_unit_test(a_password_stored_with_other_parameters_is_still_checked),
        cmocka_unit_test(garbage_is_no_stored_password),
        cmocka_unit_test(a_token_is_found_by_its_secret_only_and_revoked_by_its_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
