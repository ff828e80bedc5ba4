#include "storage/event.h"

#include "storage/check.h"
#include "storage/notification.h"
#include "storage/post.h"
#include "tests/support/builders.h"
#include "tests/support/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct world {
    struct store store;
    struct txn *txn;
    struct arena arena;
    actor_id alice, bob;
};

static int world_open(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    world->store = store_open();
    world->arena = (struct arena)ARENA_INIT(1 << 20);
    world->txn = store_write(&world->store);
    world->alice = build_actor(world->txn, "alice", "");
    world->bob = build_actor(world->txn, "bob", "peer.example");
    *state = world;
    return 0;
}

static void complain(void *context, const char *table, const char *key, const char *what)
{
    (void)context;
    print_error("%s %s: %s\n", table, key, what);
}

static int world_close(void **state)
{
    struct world *world = *state;
    struct check_report report;
    store_commit(&world->txn);
    assert_int_equal(check_store(world->store.engine, complain, NULL, &report), OK);
    assert_int_equal(report.wrong, 0);
    arena_clear(&world->arena);
    store_close(&world->store);
    free(world);
    return 0;
}

static Event *next(struct world *world, uint64_t after)
{
    Event *event = NULL;
    assert_int_equal(event_next(world->txn, after, &world->arena, &event), OK);
    return event;
}

static void a_post_its_edit_and_its_end_are_told_in_order(void **state)
{
    struct world *world = *state;
    post_id id = build_post(world->txn, &(struct build_post){.uri = "https://ward.example/p/1",
                                                             .author = world->alice});
    Post *post;
    assert_int_equal(post_get(world->txn, id, &world->arena, &post), OK);
    post->content_html = (char *)"<p>other</p>";
    assert_int_equal(post_edit(world->txn, post, BUILD_NOW_MS + 1), OK);
    assert_int_equal(post_delete(world->txn, id, BUILD_NOW_MS + 2), OK);

    static const EventKind kinds[] = {EVENT_KIND__EVENT_POST, EVENT_KIND__EVENT_POST_EDITED,
                                      EVENT_KIND__EVENT_POST_DELETED};
    uint64_t seq = 0;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        Event *event = next(world, seq);
        assert_int_equal(event->kind, kinds[i]);
        assert_int_equal(event->post, id.v);
        assert_int_equal(event->seq, seq + 1);
        seq = event->seq;
    }
    Event *none;
    assert_int_equal(event_next(world->txn, seq, &world->arena, &none), ERR_NOTFOUND);
    assert_int_equal(event_last(world->txn, &seq), OK);
    assert_int_equal(seq, 3);
}

static void what_a_deleted_post_said_is_not_kept(void **state)
{
    struct world *world = *state;
    post_id id = build_post(world->txn, &(struct build_post){.uri = "https://ward.example/p/1",
                                                             .author = world->alice,
                                                             .tags = {"icu"},
                                                             .mentions = {world->bob},
                                                             .visibility = VISIBILITY__DIRECT});
    Post *post;
    assert_int_equal(post_get(world->txn, id, &world->arena, &post), OK);
    post->content_html = (char *)"<p>bed 7</p>";
    post->source = (char *)"bed 7";
    post->summary = (char *)"bed";
    assert_int_equal(post_edit(world->txn, post, BUILD_NOW_MS + 1), OK);
    assert_int_equal(post_delete(world->txn, id, BUILD_NOW_MS + 2), OK);
    Event *event = next(world, 2);
    assert_int_equal(event->kind, EVENT_KIND__EVENT_POST_DELETED);
    assert_non_null(event->gone);
    assert_int_equal(event->gone->author, world->alice.v);
    assert_int_equal(event->gone->visibility, VISIBILITY__DIRECT);
    assert_int_equal(event->gone->mentions[0]->actor, world->bob.v);
    assert_string_equal(event->gone->tags[0], "icu");
    assert_string_equal(event->gone->content_html, "");
    assert_string_equal(event->gone->source, "");
    assert_string_equal(event->gone->summary, "");
}

static void a_boost_ends_with_what_it_boosts(void **state)
{
    struct world *world = *state;
    post_id id = build_post(world->txn, &(struct build_post){.uri = "https://ward.example/p/1",
                                                             .author = world->alice});
    post_id boost = build_boost(world->txn, "https://peer.example/b/1", world->bob, id);
    uint64_t before;
    assert_int_equal(event_last(world->txn, &before), OK);
    assert_int_equal(post_delete(world->txn, id, BUILD_NOW_MS + 2), OK);
    assert_int_equal(next(world, before)->post, boost.v);
    assert_int_equal(next(world, before + 1)->post, id.v);
}

static void a_notification_is_told_to_its_owner_once(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 2; i++) {
        Notification n = NOTIFICATION__INIT;
        n.type = NOTIFICATION_TYPE__FOLLOW;
        n.from = world->bob.v;
        assert_int_equal(notification_add(world->txn, world->alice, &n, BUILD_NOW_MS),
                         i ? ERR_EXISTS : OK);
    }
    Event *event = next(world, 0), *none;
    assert_int_equal(event->kind, EVENT_KIND__EVENT_NOTIFICATION);
    assert_int_equal(event->owner, world->alice.v);
    assert_true(event->notification != 0);
    assert_int_equal(event_next(world->txn, 1, &world->arena, &none), ERR_NOTFOUND);
}

static void add_events(struct world *world, uint64_t n, int64_t at_ms)
{
    for (uint64_t i = 0; i < n; i++)
        assert_int_equal(
            event_add_for(world->txn, EVENT_KIND__EVENT_FILTERS, world->alice, 0, at_ms), OK);
}

static uint64_t first(struct world *world)
{
    return next(world, 0)->seq;
}

static void old_events_go_and_the_numbers_go_on(void **state)
{
    struct world *world = *state;
    add_events(world, 10, BUILD_NOW_MS);
    assert_int_equal(event_trim(world->txn, 3, BUILD_NOW_MS), ERR_NOTFOUND);
    assert_int_equal(first(world), 1);
    int64_t later_ms = BUILD_NOW_MS + EVENT_LIFE_MS + 1;
    assert_int_equal(event_trim(world->txn, 3, later_ms), OK);
    assert_int_equal(first(world), 4);
    assert_int_equal(event_trim(world->txn, 100, later_ms), ERR_NOTFOUND);
    assert_int_equal(first(world), 10);
    add_events(world, 1, later_ms);
    assert_int_equal(next(world, 10)->seq, 11);
}

static void what_a_reader_has_not_read_stays_until_it_is_old(void **state)
{
    struct world *world = *state;
    uint64_t place;
    assert_int_equal(event_place_get(world->txn, EVENT_READER_PUSH, &place), ERR_NOTFOUND);
    add_events(world, EVENT_ROWS_MAX + 10, BUILD_NOW_MS);
    assert_int_equal(event_place_put(world->txn, EVENT_READER_PUSH, 4), OK);
    assert_int_equal(event_trim(world->txn, 100, BUILD_NOW_MS), ERR_NOTFOUND);
    assert_int_equal(first(world), 5);
    assert_int_equal(event_place_put(world->txn, EVENT_READER_PUSH, 1000), OK);
    assert_int_equal(event_trim(world->txn, 100, BUILD_NOW_MS), ERR_NOTFOUND);
    assert_int_equal(first(world), 11);
    assert_int_equal(event_place_put(world->txn, EVENT_READER_PUSH, 0), OK);
    assert_int_equal(event_trim(world->txn, 5, BUILD_NOW_MS + EVENT_LIFE_MS + 1), OK);
    assert_int_equal(first(world), 16);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_post_its_edit_and_its_end_are_told_in_order),
        TEST(what_a_deleted_post_said_is_not_kept),
        TEST(a_boost_ends_with_what_it_boosts),
        TEST(a_notification_is_told_to_its_owner_once),
        TEST(old_events_go_and_the_numbers_go_on),
        TEST(what_a_reader_has_not_read_stays_until_it_is_old),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
