#include "storage/application.h"

#include "storage/account.h"
#include "storage/auth_code.h"
#include "tests/support/builders.h"
#include "tests/support/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ARENA_BYTES (1 << 20)
#define NOW_MS BUILD_NOW_MS

static uint64_t make(struct txn *txn, struct arena *arena, int64_t now_ms, const char **secret)
{
    Application application = APPLICATION__INIT;
    application.name = (char *)"Test";
    assert_int_equal(application_add(txn, &application, now_ms, arena, secret), OK);
    return application.id;
}

static Token *give(struct txn *txn, struct arena *arena, actor_id who, uint64_t application)
{
    Token *token = arena_alloc(arena, sizeof *token);
    const char *secret;
    token__init(token);
    token->actor = who.v;
    token->app = application;
    assert_int_equal(token_create(txn, token, NOW_MS, arena, &secret), OK);
    return token;
}

static void an_application_is_known_by_its_secret(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    const char *secret;
    Application *found;
    uint64_t id = make(txn, &arena, NOW_MS, &secret);
    assert_int_equal(application_get(txn, id, &arena, &found), OK);
    assert_true(application_secret_is(found, secret));
    assert_false(application_secret_is(found, ""));
    assert_false(application_secret_is(found, "x"));
}

static void t110_with_an_application_go_its_tokens(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    const char *secret;
    Token *found;
    uint64_t one = make(txn, &arena, NOW_MS, &secret), other = make(txn, &arena, NOW_MS, &secret);
    Token *gone = give(txn, &arena, (actor_id){5}, one);
    Token *own = give(txn, &arena, (actor_id){0}, one);
    Token *kept = give(txn, &arena, (actor_id){5}, other);
    assert_int_equal(application_del(txn, one), OK);
    assert_int_equal(token_get(txn, gone->id, &arena, &found), ERR_NOTFOUND);
    assert_int_equal(token_get(txn, own->id, &arena, &found), ERR_NOTFOUND);
    assert_int_equal(token_get(txn, kept->id, &arena, &found), OK);
    assert_int_equal(token_revoke_all(txn, (actor_id){5}), OK);
    assert_int_equal(token_get(txn, kept->id, &arena, &found), ERR_NOTFOUND);
}

static void an_application_is_forgotten_late_and_never_while_a_token_lives(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    const char *secret;
    Application *found;
    int64_t long_ago = NOW_MS - APPLICATION_LIFE_MS - 1;
    uint64_t unused = make(txn, &arena, long_ago, &secret);
    uint64_t held = make(txn, &arena, long_ago, &secret);
    uint64_t used = make(txn, &arena, long_ago, &secret);
    uint64_t fresh = make(txn, &arena, NOW_MS, &secret), at = 0;
    (void)give(txn, &arena, (actor_id){5}, held);
    assert_int_equal(application_touch(txn, used, NOW_MS), OK);
    assert_int_equal(application_expire(txn, &at, 100, NOW_MS - APPLICATION_LIFE_MS), ERR_NOTFOUND);
    assert_int_equal(application_get(txn, unused, &arena, &found), ERR_NOTFOUND);
    assert_int_equal(application_get(txn, held, &arena, &found), OK);
    assert_int_equal(application_get(txn, used, &arena, &found), OK);
    assert_int_equal(application_get(txn, fresh, &arena, &found), OK);
}

static void t110_a_code_lives_ten_minutes(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    AuthCode code = AUTH_CODE__INIT, *found;
    const char *secret;
    uint8_t at[SECRET_HASH_BYTES] = {0};
    int64_t end_ms = NOW_MS + AUTH_CODE_LIFE_MS;
    assert_int_equal(auth_code_add(txn, &code, NOW_MS, &arena, &secret), OK);
    assert_int_equal(auth_code_find(txn, "guess", NOW_MS, &arena, &found), ERR_NOTFOUND);
    assert_int_equal(auth_code_find(txn, secret, end_ms, &arena, &found), OK);
    assert_int_equal(auth_code_find(txn, secret, end_ms + 1, &arena, &found), ERR_NOTFOUND);
    assert_int_equal(auth_code_use(txn, secret, found, 7), OK);
    assert_int_equal(auth_code_find(txn, secret, end_ms + 1, &arena, &found), OK);
    assert_int_equal(found->token, 7); /* still known: it would be the second time */
    assert_int_equal(auth_code_expire(txn, at, 100, NOW_MS + 1), ERR_NOTFOUND);
    assert_int_equal(auth_code_find(txn, secret, NOW_MS, &arena, &found), ERR_NOTFOUND);
}

static void a_token_is_noted_as_used_once_a_day(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    Token *token = give(txn, &arena, (actor_id){5}, 0), *found;
    assert_int_equal(token_touch(txn, token->id, NOW_MS), OK);
    assert_int_equal(token_touch(txn, token->id, NOW_MS + TOKEN_USED_STEP_MS - 1), OK);
    assert_int_equal(token_get(txn, token->id, &arena, &found), OK);
    assert_int_equal(found->used_ms, NOW_MS);
    assert_int_equal(token_touch(txn, token->id, NOW_MS + TOKEN_USED_STEP_MS), OK);
    assert_int_equal(token_get(txn, token->id, &arena, &found), OK);
    assert_int_equal(found->used_ms, NOW_MS + TOKEN_USED_STEP_MS);
}

static void what_was_let_in_before_a_sign_out_is_void(void **state)
{
    Account account = ACCOUNT__INIT;
    (void)state;
    account.signed_out_ms = NOW_MS;
    assert_false(account_may_act(&account, NOW_MS));
    assert_true(account_may_act(&account, NOW_MS + 1));
    account.is_disabled = true;
    assert_false(account_may_act(&account, NOW_MS + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_application_is_known_by_its_secret),
        cmocka_unit_test(t110_with_an_application_go_its_tokens),
        cmocka_unit_test(an_application_is_forgotten_late_and_never_while_a_token_lives),
        cmocka_unit_test(t110_a_code_lives_ten_minutes),
        cmocka_unit_test(a_token_is_noted_as_used_once_a_day),
        cmocka_unit_test(what_was_let_in_before_a_sign_out_is_void),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
