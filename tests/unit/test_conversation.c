#include "federation/conversation.h"

#include "storage/conversation.h"
#include "tests/support/builders.h"
#include "tests/support/store.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define LATER_MS (BUILD_NOW_MS + 60000)

struct world {
    struct store store;
    struct arena arena;
    struct txn *txn;
    actor_id ann, bob, cat;
};

static void world_open(struct world *w)
{
    *w = (struct world){.store = store_open(), .arena = ARENA_INIT(64 << 20)};
    w->txn = store_write(&w->store);
    w->ann = build_actor(w->txn, "ann", "");
    w->bob = build_actor(w->txn, "bob", "peer.example");
    w->cat = build_actor(w->txn, "cat", "peer.example");
}

static void world_close(struct world *w)
{
    txn_end(&w->txn);
    arena_clear(&w->arena);
    store_close(&w->store);
}

static post_id direct(struct world *w, const char *uri, actor_id from, actor_id to,
                      const char *answers)
{
    return build_post(w->txn, &(struct build_post){.uri = uri,
                                                   .author = from,
                                                   .mentions = {to},
                                                   .in_reply_to = answers,
                                                   .visibility = VISIBILITY__DIRECT});
}

static size_t list(struct world *w, struct conversation *out, size_t max)
{
    struct conversation_walk walk = {.txn = w->txn, .owner = w->ann, .now_ms = LATER_MS};
    size_t n = 0;
    enum err e = OK;
    while (n < max && (e = conversation_next(&walk, &w->arena, &out[n])) == OK)
        n++;
    assert_true(e == OK || e == ERR_NOTFOUND);
    return n;
}

static void one_thread_with_two_people_apart_is_two_conversations(void **state)
{
    AUTO(world_close) struct world w;
    static struct conversation found[4];
    (void)state;
    world_open(&w);
    build_post(w.txn, &(struct build_post){.uri = "https://ward.example/1", .author = w.ann});
    direct(&w, "https://peer.example/b1", w.bob, w.ann, "https://ward.example/1");
    direct(&w, "https://peer.example/c1", w.cat, w.ann, "https://ward.example/1");
    post_id last = direct(&w, "https://ward.example/2", w.ann, w.bob, "https://peer.example/b1");
    assert_int_equal(list(&w, found, 4), 2);
    assert_int_equal(found[0].last->id, last.v);
    assert_false(found[0].is_unread);
    assert_true(found[1].is_unread);
}

static void a_parent_that_comes_late_joins_what_belongs_together(void **state)
{
    AUTO(world_close) struct world w;
    static struct conversation found[4];
    (void)state;
    world_open(&w);
    direct(&w, "https://peer.example/2", w.bob, w.ann, "https://peer.example/1");
    direct(&w, "https://peer.example/3", w.bob, w.ann, "https://peer.example/1");
    assert_int_equal(list(&w, found, 4), 2);
    direct(&w, "https://peer.example/1", w.bob, w.ann, NULL);
    assert_int_equal(list(&w, found, 4), 1);
}

static void what_was_put_away_comes_back_with_what_comes_next(void **state)
{
    AUTO(world_close) struct world w;
    static struct conversation found[4];
    ConversationMark mark = CONVERSATION_MARK__INIT;
    (void)state;
    world_open(&w);
    direct(&w, "https://peer.example/1", w.bob, w.ann, NULL);
    assert_int_equal(list(&w, found, 4), 1);
    mark.hidden_ms = BUILD_NOW_MS;
    assert_int_equal(conversation_put(w.txn, w.ann, found[0].id, &mark), OK);
    assert_int_equal(list(&w, found, 4), 0);
    mark.hidden_ms = BUILD_NOW_MS - 1; /* what came after that */
    assert_int_equal(conversation_put(w.txn, w.ann, (post_id){found[0].id.v}, &mark), OK);
    assert_int_equal(list(&w, found, 4), 1);
}

static void another_persons_conversation_is_not_found(void **state)
{
    AUTO(world_close) struct world w;
    static struct conversation found;
    (void)state;
    world_open(&w);
    post_id theirs = direct(&w, "https://peer.example/1", w.bob, w.cat, NULL);
    post_id first = direct(&w, "https://peer.example/2", w.bob, w.ann, NULL);
    post_id second = direct(&w, "https://peer.example/3", w.bob, w.ann, "https://peer.example/2");
    assert_int_equal(conversation_find(w.txn, w.ann, theirs, LATER_MS, &w.arena, &found),
                     ERR_NOTFOUND);
    assert_int_equal(conversation_find(w.txn, w.ann, second, LATER_MS, &w.arena, &found),
                     ERR_NOTFOUND);
    assert_int_equal(conversation_find(w.txn, w.ann, first, LATER_MS, &w.arena, &found), OK);
    assert_int_equal(found.last->id, second.v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_thread_with_two_people_apart_is_two_conversations),
        cmocka_unit_test(a_parent_that_comes_late_joins_what_belongs_together),
        cmocka_unit_test(what_was_put_away_comes_back_with_what_comes_next),
        cmocka_unit_test(another_persons_conversation_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
