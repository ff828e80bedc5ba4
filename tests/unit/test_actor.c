#include "storage/actor.h"

#include "storage/edge.h"
#include "tests/support/builders.h"
#include "tests/support/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ARENA_BYTES (1 << 20)

static void an_actor_is_found_by_uri_handle_and_key(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    actor_id made = build_actor(txn, "Alice", "peer.example"), found;
    assert_int_equal(actor_find(txn, "https://peer.example/users/Alice", &found), OK);
    assert_true(found.v == made.v);
    assert_int_equal(actor_find_handle(txn, "aLICE@Peer.Example", &found), OK);
    assert_true(found.v == made.v);
    assert_int_equal(actor_find_key(txn, "https://peer.example/users/Alice#main-key", &found), OK);
    assert_true(found.v == made.v);
    assert_int_equal(actor_find(txn, "https://peer.example/users/alice", &found), ERR_NOTFOUND);
    assert_true(counter_get(txn, COUNTER_STORE, STORE_REMOTE_ACTORS) == 1);
}

static void an_unknown_id_is_given_a_new_one_and_a_known_uri_is_refused(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    Actor actor = ACTOR__INIT;
    actor.uri = (char *)"https://peer.example/a";
    actor.host = (char *)"peer.example";
    actor.id = 77; /* left by an aborted batch */
    assert_int_equal(actor_put(txn, &actor, BUILD_NOW_MS), OK);
    assert_true(actor.id != 77);
    actor.id = 0;
    assert_int_equal(actor_put(txn, &actor, BUILD_NOW_MS), ERR_EXISTS);
    actor.uri = (char *)"";
    assert_int_equal(actor_put(txn, &actor, BUILD_NOW_MS), ERR_INVALID);
}

static void an_update_moves_the_indexes_and_keeps_the_id(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    actor_id id = build_actor(txn, "old", "peer.example"), found;
    Actor *actor;
    assert_int_equal(actor_get(txn, id, &arena, &actor), OK);
    actor->username = (char *)"new";
    actor->keys[0]->id = (char *)"https://peer.example/users/old#key-2";
    assert_int_equal(actor_put(txn, actor, BUILD_NOW_MS), OK);
    assert_true(actor->id == id.v);
    assert_int_equal(actor_find_handle(txn, "old@peer.example", &found), ERR_NOTFOUND);
    assert_int_equal(actor_find_handle(txn, "new@peer.example", &found), OK);
    assert_int_equal(actor_find_key(txn, "https://peer.example/users/old#main-key", &found),
                     ERR_NOTFOUND);
    assert_int_equal(actor_find_key(txn, "https://peer.example/users/old#key-2", &found), OK);
    actor->uri = (char *)"https://peer.example/other";
    assert_int_equal(actor_put(txn, actor, BUILD_NOW_MS), ERR_INVALID);
}

static void t19_a_foreign_key_id_is_left_out(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    actor_id victim = build_actor(txn, "victim", "peer.example"), found;
    ActorKey taken = ACTOR_KEY__INIT, elsewhere = ACTOR_KEY__INIT, own = ACTOR_KEY__INIT;
    ActorKey *keys[] = {&taken, &elsewhere, &own};
    taken.id = (char *)"https://peer.example/users/victim#main-key";
    elsewhere.id = (char *)"https://other.example/users/nobody#main-key";
    own.id = (char *)"https://peer.example/evil#main-key";
    Actor evil = ACTOR__INIT, *stored;
    evil.uri = (char *)"https://peer.example/evil";
    evil.host = (char *)"peer.example";
    evil.keys = keys;
    evil.n_keys = 3;
    assert_int_equal(actor_put(txn, &evil, BUILD_NOW_MS), OK);
    assert_int_equal(actor_find_key(txn, taken.id, &found), OK);
    assert_true(found.v == victim.v);
    assert_int_equal(actor_find_key(txn, elsewhere.id, &found), ERR_NOTFOUND);
    assert_int_equal(actor_get(txn, (actor_id){evil.id}, &arena, &stored), OK);
    assert_int_equal(stored->n_keys, 1);
    assert_string_equal(stored->keys[0]->id, own.id);
}

static enum err put_handle(struct txn *txn, const char *uri, const char *name, const char *host,
                           uint64_t *out)
{
    Actor actor = ACTOR__INIT;
    actor.uri = (char *)uri;
    actor.username = (char *)name;
    actor.host = (char *)host;
    enum err e = actor_put(txn, &actor, BUILD_NOW_MS);
    *out = actor.id;
    return e;
}

static void a_handle_moves_to_the_newer_actor_of_its_host_only(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    uint64_t first, second, thief;
    actor_id found;
    Actor *old;
    assert_int_equal(put_handle(txn, "https://p.example/1", "eva", "p.example", &first), OK);
    assert_int_equal(put_handle(txn, "https://p.example/2", "eva", "p.example", &second), OK);
    assert_int_equal(actor_find_handle(txn, "eva@p.example", &found), OK);
    assert_true(found.v == second);
    /* an update of the older one does not take it back */
    assert_int_equal(actor_get(txn, (actor_id){first}, &arena, &old), OK);
    assert_int_equal(actor_put(txn, old, BUILD_NOW_MS), OK);
    assert_int_equal(actor_find_handle(txn, "eva@p.example", &found), OK);
    assert_true(found.v == second);
    assert_int_equal(put_handle(txn, "https://evil.example/3", "eva", "p.example", &thief), OK);
    assert_int_equal(actor_find_handle(txn, "eva@p.example", &found), OK);
    assert_true(found.v == second);
}

static void t70_a_local_name_stays_with_whom_it_was_given(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    actor_id alice = build_actor(txn, "alice", ""), found;
    uint64_t other;
    Actor *actor;
    assert_int_equal(put_handle(txn, "https://ward.example/u/2", "Alice", "", &other), OK);
    assert_int_equal(actor_find_handle(txn, "alice", &found), OK);
    assert_true(found.v == alice.v);
    assert_int_equal(actor_get(txn, alice, &arena, &actor), OK);
    actor->username = (char *)"bob";
    assert_int_equal(actor_put(txn, actor, BUILD_NOW_MS), ERR_INVALID);
}

static void actors_are_walked_in_order_and_the_instance_is_known(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(txn_end) struct txn *txn = store_write(&store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    actor_id instance, last = {0};
    assert_int_equal(actor_instance(txn, &instance), ERR_NOTFOUND);
    Actor node = ACTOR__INIT, *actor;
    node.uri = (char *)"https://ward.example/actor";
    node.is_instance = true;
    assert_int_equal(actor_put(txn, &node, BUILD_NOW_MS), OK);
    build_actor(txn, "a", "");
    build_actor(txn, "b", "peer.example");
    assert_int_equal(actor_instance(txn, &instance), OK);
    assert_true(instance.v == node.id);
    int count = 0;
    while (actor_next(txn, last, &arena, &actor) == OK) {
        assert_true(actor->id > last.v);
        last.v = actor->id;
        count++;
    }
    assert_int_equal(count, 3);
    assert_string_equal(actor_handle(actor, &arena), "b@peer.example");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_actor_is_found_by_uri_handle_and_key),
        cmocka_unit_test(an_unknown_id_is_given_a_new_one_and_a_known_uri_is_refused),
        cmocka_unit_test(an_update_moves_the_indexes_and_keeps_the_id),
        cmocka_unit_test(t19_a_foreign_key_id_is_left_out),
        cmocka_unit_test(a_handle_moves_to_the_newer_actor_of_its_host_only),
        cmocka_unit_test(t70_a_local_name_stays_with_whom_it_was_given),
        cmocka_unit_test(actors_are_walked_in_order_and_the_instance_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
