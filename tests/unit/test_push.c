#include "storage/push.h"

#include "storage/account.h"
#include "storage/check.h"
#include "storage/token.h"
#include "tests/support/builders.h"
#include "tests/support/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct world {
    struct store store;
    struct arena arena;
    actor_id ann;
    uint64_t token;
};

static actor_id account(struct txn *txn)
{
    Actor actor = ACTOR__INIT;
    Account account = ACCOUNT__INIT;
    PrivateKeys keys = PRIVATE_KEYS__INIT;
    actor.uri = (char *)"https://ward.example/users/ann";
    actor.username = account.name = (char *)"ann";
    assert_int_equal(account_add(txn, &actor, &account, &keys, BUILD_NOW_MS), OK);
    return (actor_id){actor.id};
}

static PushSubscription subscription(const struct world *w)
{
    static uint8_t point[65] = {4};
    PushSubscription made = PUSH_SUBSCRIPTION__INIT;
    made.actor = w->ann.v;
    made.token = w->token;
    made.endpoint = (char *)"https://push.example/1";
    made.point = (ProtobufCBinaryData){sizeof point, point};
    return made;
}

static struct txn *world_open(struct world *w)
{
    Token token = TOKEN__INIT;
    const char *secret;
    *w = (struct world){.store = store_open(), .arena = ARENA_INIT(1 << 20)};
    struct txn *txn = store_write(&w->store);
    w->ann = account(txn);
    token.actor = w->ann.v;
    assert_int_equal(token_create(txn, &token, BUILD_NOW_MS, &w->arena, &secret), OK);
    w->token = token.id;
    PushSubscription made = subscription(w);
    assert_int_equal(push_put(txn, &made), OK);
    assert_int_equal(made.id, 1);
    return txn;
}

static void world_close(struct world *w)
{
    arena_clear(&w->arena);
    store_close(&w->store);
}

static void hear(void *context, const char *table, const char *key, const char *what)
{
    (void)table;
    (void)key;
    *(bool *)context = strcmp(what, "its token was revoked") == 0;
}

static uint64_t wrong(struct world *w, bool *is_token)
{
    struct check_report report;
    *is_token = false;
    assert_int_equal(check_store(w->store.engine, hear, is_token, &report), OK);
    return report.wrong;
}

static void a_token_takes_its_subscription_with_it(void **state)
{
    AUTO(world_close) struct world w;
    struct txn *txn = world_open(&w);
    PushSubscription *found;
    (void)state;
    assert_int_equal(push_get(txn, w.ann, w.token, &w.arena, &found), OK);
    assert_int_equal(token_revoke(txn, w.token), OK);
    assert_int_equal(push_get(txn, w.ann, w.token, &w.arena, &found), ERR_NOTFOUND);
    store_commit(&txn);
}

static void promise_24_a_subscription_has_its_token(void **state)
{
    AUTO(world_close) struct world w;
    struct txn *txn = world_open(&w);
    bool is_token;
    (void)state;
    store_commit(&txn);
    assert_int_equal(wrong(&w, &is_token), 0);
    txn = store_write(&w.store);
    w.token++;
    PushSubscription made = subscription(&w);
    assert_int_equal(push_put(txn, &made), OK);
    assert_int_equal(made.id, 2);
    store_commit(&txn);
    assert_int_equal(wrong(&w, &is_token), 1);
    assert_true(is_token);
}

static void all_are_walked_in_order(void **state)
{
    AUTO(world_close) struct world w;
    struct txn *txn = world_open(&w);
    actor_id actor = {0};
    uint64_t token = 0;
    PushSubscription *found, made;
    (void)state;
    w.token += 5;
    made = subscription(&w);
    assert_int_equal(push_put(txn, &made), OK);
    assert_int_equal(push_next(txn, &actor, &token, &w.arena, &found), OK);
    assert_int_equal(found->id, 1);
    assert_int_equal(push_next(txn, &actor, &token, &w.arena, &found), OK);
    assert_int_equal(found->id, 2);
    assert_int_equal(push_next(txn, &actor, &token, &w.arena, &found), ERR_NOTFOUND);
    txn_end(&txn);
}

static void the_key_is_made_once(void **state)
{
    AUTO(world_close) struct world w;
    struct txn *txn = world_open(&w);
    uint8_t key[PUSH_KEY_BYTES] = {1}, other[PUSH_KEY_BYTES] = {2}, stored[PUSH_KEY_BYTES];
    (void)state;
    assert_int_equal(push_key_get(txn, stored), ERR_NOTFOUND);
    assert_int_equal(push_key_add(txn, key), OK);
    assert_int_equal(push_key_add(txn, other), ERR_EXISTS);
    assert_int_equal(push_key_get(txn, stored), OK);
    assert_memory_equal(stored, key, sizeof key);
    txn_end(&txn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_takes_its_subscription_with_it),
        cmocka_unit_test(promise_24_a_subscription_has_its_token),
        cmocka_unit_test(all_are_walked_in_order),
        cmocka_unit_test(the_key_is_made_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
