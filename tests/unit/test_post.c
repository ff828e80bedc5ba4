#include "storage/post.h"

#include "storage/actor.h"
#include "storage/edge.h"
#include "storage/notification.h"
#include "storage/stream.h"
#include "storage/thread.h"
#include "tests/support/builders.h"
#include "tests/support/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ARENA_BYTES (8 << 20)

struct world {
    struct store store;
    struct txn *txn;
    struct arena arena;
    actor_id alice; /* ours */
    actor_id bob;   /* at peer.example */
};

static int world_open(void **state)
{
    struct world *world = xcalloc(1, sizeof *world);
    world->store = store_open();
    world->txn = store_write(&world->store);
    world->arena = (struct arena)ARENA_INIT(ARENA_BYTES);
    world->alice = build_actor(world->txn, "alice", "");
    world->bob = build_actor(world->txn, "bob", "peer.example");
    *state = world;
    return 0;
}

static int world_close(void **state)
{
    struct world *world = *state;
    txn_end(&world->txn);
    arena_clear(&world->arena);
    store_close(&world->store);
    xfree(&world);
    return 0;
}

static bool in(struct world *world, enum stream_kind kind, uint64_t owner, post_id post)
{
    return stream_has(world->txn, (struct stream_key){kind, owner}, post);
}

static bool in_tag(struct world *world, const char *tag, post_id post)
{
    return in(world, STREAM_TAG, tag_owner(world->txn, tag), post);
}

static Post *stored(struct world *world, post_id id)
{
    Post *post = NULL;
    assert_int_equal(post_get(world->txn, id, &world->arena, &post), OK);
    return post;
}

/* The posts of a stream. */
static unsigned rows(struct world *world, enum stream_kind kind, uint64_t owner)
{
    AUTO(stream_close) struct stream stream = {0};
    post_id id;
    unsigned n = 0;
    assert_int_equal(
        stream_open(world->txn, &(struct stream_key){kind, owner}, 1, (struct page){0}, &stream),
        OK);
    while (stream_next(&stream, &id) == OK)
        n++;
    return n;
}

static void a_public_post_enters_the_streams_it_belongs_to(void **state)
{
    struct world *world = *state;
    post_id id = build_post(world->txn, &(struct build_post){.uri = "https://ward.example/p/1",
                                                             .author = world->alice,
                                                             .tags = {"sepsis", "sepsis", "icu"},
                                                             .mentions = {world->bob}});
    assert_true(in(world, STREAM_AUTHOR, world->alice.v, id));
    assert_true(in(world, STREAM_PUBLIC, 0, id));
    assert_true(in(world, STREAM_LOCAL, 0, id));
    assert_true(in_tag(world, "sepsis", id) && in_tag(world, "icu", id));
    assert_true(in(world, STREAM_MENTION, world->bob.v, id));
    assert_true(in(world, STREAM_THREAD, id.v, id));
    assert_true(counter_get(world->txn, COUNTER_POSTS, world->alice.v) == 1);
    assert_true(counter_get(world->txn, COUNTER_STORE, STORE_LOCAL_POSTS) == 1);
    assert_true(stored(world, id)->is_local);
}

static void what_is_not_public_never_enters_public_or_tag_streams(void **state)
{
    struct world *world = *state;
    static const Visibility closed[] = {VISIBILITY__UNLISTED, VISIBILITY__FOLLOWERS,
                                        VISIBILITY__DIRECT, VISIBILITY__LOCAL};
    for (size_t i = 0; i < COUNT(closed); i++) {
        char uri[64];
        snprintf(uri, sizeof uri, "https://ward.example/closed/%zu", i);
        post_id id = build_post(world->txn, &(struct build_post){.uri = uri,
                                                                 .author = world->alice,
                                                                 .tags = {"icu"},
                                                                 .mentions = {world->bob},
                                                                 .visibility = closed[i]});
        assert_false(in(world, STREAM_PUBLIC, 0, id));
        assert_false(in_tag(world, "icu", id));
        assert_true(in(world, STREAM_MENTION, world->bob.v, id));
        assert_true(in(world, STREAM_AUTHOR, world->alice.v, id));
        assert_true(in(world, STREAM_LOCAL, 0, id) == (closed[i] == VISIBILITY__LOCAL));
    }
}

static void what_is_not_open_to_all_is_not_counted_as_open(void **state)
{
    struct world *world = *state;
    static const Visibility all[] = {VISIBILITY__PUBLIC, VISIBILITY__UNLISTED,
                                     VISIBILITY__FOLLOWERS, VISIBILITY__DIRECT, VISIBILITY__LOCAL};
    post_id id[COUNT(all)];
    for (size_t i = 0; i < COUNT(all); i++) {
        char uri[64];
        snprintf(uri, sizeof uri, "https://ward.example/any/%zu", i);
        id[i] = build_post(
            world->txn,
            &(struct build_post){.uri = uri, .author = world->alice, .visibility = all[i]});
    }
    assert_true(counter_get(world->txn, COUNTER_STORE, STORE_OPEN_POSTS) == 2);
    assert_true(counter_get(world->txn, COUNTER_OPEN_POSTS, world->alice.v) == 2);
    for (size_t i = 0; i < COUNT(all); i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
        char uri[64];
        Tombstone *tombstone;
        assert_int_equal(post_delete(world->txn, id[i], BUILD_NOW_MS), OK);
        snprintf(uri, sizeof uri, "https://ward.example/any/%zu", i);
        assert_int_equal(tombstone_get(world->txn, uri, &arena, &tombstone), OK);
        assert_true(tombstone->was_open == (i < 2));
    }
    assert_true(counter_get(world->txn, COUNTER_STORE, STORE_OPEN_POSTS) == 0);
}

static void a_remote_post_is_public_but_not_local(void **state)
{
    struct world *world = *state;
    post_id id = build_post(
        world->txn, &(struct build_post){.uri = "https://peer.example/1", .author = world->bob});
    assert_true(in(world, STREAM_PUBLIC, 0, id));
    assert_false(in(world, STREAM_LOCAL, 0, id));
    assert_false(stored(world, id)->is_local);
    assert_true(counter_get(world->txn, COUNTER_STORE, STORE_REMOTE_POSTS) == 1);
}

static void a_boost_is_in_its_authors_and_the_posts_streams_only(void **state)
{
    struct world *world = *state;
    post_id id = build_post(
        world->txn, &(struct build_post){.uri = "https://peer.example/1", .author = world->bob});
    post_id boost = build_boost(world->txn, "https://ward.example/b/1", world->alice, id), nested;
    assert_true(in(world, STREAM_AUTHOR, world->alice.v, boost));
    assert_true(in(world, STREAM_BOOST, id.v, boost));
    assert_false(in(world, STREAM_PUBLIC, 0, boost));
    assert_false(in(world, STREAM_THREAD, boost.v, boost));
    assert_true(counter_get(world->txn, COUNTER_POSTS, world->alice.v) == 0);
    assert_true(counter_get(world->txn, COUNTER_BOOSTS, id.v) == 1);
    struct build_post of_boost = {
        .uri = "https://peer.example/b/2", .author = world->bob, .boost_of = boost.v};
    assert_int_equal(build_post_try(world->txn, &of_boost, &nested), ERR_INVALID);
    of_boost.boost_of = 99;
    assert_int_equal(build_post_try(world->txn, &of_boost, &nested), ERR_NOTFOUND);
}

static void a_known_uri_an_unknown_author_and_no_uri_are_refused(void **state)
{
    struct world *world = *state;
    struct build_post with = {.uri = "https://peer.example/1", .author = world->bob};
    post_id id = build_post(world->txn, &with);
    assert_int_equal(build_post_try(world->txn, &with, &id), ERR_EXISTS);
    with.uri = "https://peer.example/2";
    with.author.v = 12;
    assert_int_equal(build_post_try(world->txn, &with, &id), ERR_NOTFOUND);
    with.uri = "";
    assert_int_equal(build_post_try(world->txn, &with, &id), ERR_INVALID);
}

static void backfilled_posts_sort_where_they_belong_and_never_collide(void **state)
{
    struct world *world = *state;
    uint64_t last[200];
    for (size_t i = 0; i < COUNT(last); i++) {
        char uri[64];
        snprintf(uri, sizeof uri, "https://peer.example/old/%zu", i);
        last[i] =
            build_post(world->txn,
                       &(struct build_post){.uri = uri, .author = world->bob, .published_ms = 5000})
                .v;
        assert_true(id_time_ms(last[i]) >= 5000 && id_time_ms(last[i]) <= 5001);
    }
    assert_int_equal(rows(world, STREAM_AUTHOR, world->bob.v), COUNT(last));
    post_id ahead =
        build_post(world->txn, &(struct build_post){.uri = "https://peer.example/future",
                                                    .author = world->bob,
                                                    .published_ms = BUILD_NOW_MS + 86400000});
    assert_true(id_time_ms(ahead.v) == BUILD_NOW_MS);
}

static void a_reply_is_counted_and_joins_the_thread(void **state)
{
    struct world *world = *state;
    post_id root = build_post(
        world->txn, &(struct build_post){.uri = "https://peer.example/1", .author = world->bob});
    post_id reply =
        build_post(world->txn, &(struct build_post){.uri = "https://ward.example/p/1",
                                                    .author = world->alice,
                                                    .in_reply_to = "https://peer.example/1"});
    assert_true(in(world, STREAM_REPLY, root.v, reply));
    assert_true(in(world, STREAM_THREAD, root.v, reply));
    assert_true(counter_get(world->txn, COUNTER_REPLIES, root.v) == 1);
    assert_true(stored(world, reply)->in_reply_to == root.v);
    assert_true(stored(world, reply)->thread_root == root.v);
}

static void a_parent_that_comes_late_adopts_the_whole_subtree(void **state)
{
    struct world *world = *state;
    static const char *const uris[] = {"https://peer.example/0", "https://peer.example/1",
                                       "https://peer.example/2", "https://peer.example/3"};
    post_id ids[4];
    /* from the leaf to the root, and a second child of 1 in between */
    for (size_t i = 4; i-- > 1;)
        ids[i] = build_post(
            world->txn,
            &(struct build_post){.uri = uris[i], .author = world->bob, .in_reply_to = uris[i - 1]});
    post_id sibling = build_post(world->txn, &(struct build_post){.uri = "https://peer.example/2b",
                                                                  .author = world->bob,
                                                                  .in_reply_to = uris[1]});
    assert_true(stored(world, ids[3])->thread_root == ids[1].v);
    ids[0] = build_post(world->txn, &(struct build_post){.uri = uris[0], .author = world->bob});
    for (size_t i = 0; i < 4; i++) {
        Post *post = stored(world, ids[i]);
        assert_true(post->thread_root == ids[0].v);
        assert_true(post->in_reply_to == (i ? ids[i - 1].v : 0));
        assert_true(in(world, STREAM_THREAD, ids[0].v, ids[i]));
    }
    assert_true(stored(world, sibling)->thread_root == ids[0].v);
    assert_int_equal(rows(world, STREAM_THREAD, ids[0].v), 5);
    assert_int_equal(rows(world, STREAM_THREAD, ids[1].v), 0);
    assert_true(counter_get(world->txn, COUNTER_REPLIES, ids[1].v) == 2);
}

static void t60_posts_that_answer_each_other_or_themselves_make_no_loop(void **state)
{
    struct world *world = *state;
    post_id a =
        build_post(world->txn, &(struct build_post){.uri = "https://peer.example/a",
                                                    .author = world->bob,
                                                    .in_reply_to = "https://peer.example/b"});
    post_id b =
        build_post(world->txn, &(struct build_post){.uri = "https://peer.example/b",
                                                    .author = world->bob,
                                                    .in_reply_to = "https://peer.example/a"});
    post_id self =
        build_post(world->txn, &(struct build_post){.uri = "https://peer.example/self",
                                                    .author = world->bob,
                                                    .in_reply_to = "https://peer.example/self"});
    assert_true(stored(world, a)->in_reply_to == 0);
    assert_true(stored(world, b)->in_reply_to == a.v);
    assert_true(stored(world, b)->thread_root == a.v);
    assert_true(stored(world, self)->in_reply_to == 0);
}

static void t60_an_adoption_moves_a_bounded_number_of_posts(void **state)
{
    struct world *world = *state;
    char uri[64];
    for (int i = 0; i < THREAD_MOVE_MAX + 50; i++) {
        snprintf(uri, sizeof uri, "https://peer.example/r/%d", i);
        build_post(world->txn, &(struct build_post){.uri = uri,
                                                    .author = world->bob,
                                                    .in_reply_to = "https://peer.example/root"});
    }
    post_id root = build_post(
        world->txn, &(struct build_post){.uri = "https://peer.example/root", .author = world->bob});
    assert_true(counter_get(world->txn, COUNTER_REPLIES, root.v) == THREAD_MOVE_MAX);
    assert_int_equal(rows(world, STREAM_THREAD, root.v), THREAD_MOVE_MAX + 1);
}

static Post edit_of(struct world *world, post_id id, const char *text, char **tag, int64_t at_ms)
{
    Post post = *stored(world, id);
    post.content_html = (char *)text;
    post.tags = tag;
    post.n_tags = 1;
    post.updated_ms = at_ms;
    return post;
}

static void an_edit_moves_the_tags_and_keeps_the_former_version(void **state)
{
    struct world *world = *state;
    char *tag = (char *)"icu";
    PostEdit *former;
    post_id id = build_post(world->txn, &(struct build_post){.uri = "https://ward.example/p/1",
                                                             .author = world->alice,
                                                             .tags = {"sepsis"}});
    Post edit = edit_of(world, id, "<p>two</p>", &tag, 0);
    assert_int_equal(post_edit(world->txn, &edit, BUILD_NOW_MS + 1), OK);
    edit = edit_of(world, id, "<p>three</p>", &tag, 0);
    assert_int_equal(post_edit(world->txn, &edit, BUILD_NOW_MS + 1), OK);
    assert_false(in_tag(world, "sepsis", id));
    assert_true(in_tag(world, "icu", id));
    assert_string_equal(stored(world, id)->content_html, "<p>three</p>");
    assert_int_equal(post_history_next(world->txn, id, INT64_MAX, &world->arena, &former), OK);
    assert_string_equal(former->content_html, "<p>two</p>");
    assert_int_equal(post_history_next(world->txn, id, former->replaced_ms, &world->arena, &former),
                     OK);
    assert_string_equal(former->content_html, "<p>text</p>");
    assert_int_equal(post_history_next(world->txn, id, former->replaced_ms, &world->arena, &former),
                     ERR_NOTFOUND);
}

static void t38_an_edit_changes_neither_owner_nor_audience(void **state)
{
    struct world *world = *state;
    char *tag = (char *)"icu", *public = (char *)"https://www.w3.org/ns/activitystreams#Public";
    post_id id = build_post(world->txn, &(struct build_post){.uri = "https://peer.example/1",
                                                             .author = world->bob,
                                                             .visibility = VISIBILITY__FOLLOWERS});
    Post edit = edit_of(world, id, "<p>two</p>", &tag, 10);
    edit.author = world->alice.v;
    edit.visibility = VISIBILITY__PUBLIC;
    edit.published_ms = 3;
    edit.to = &public;
    edit.n_to = 1;
    assert_int_equal(post_edit(world->txn, &edit, BUILD_NOW_MS), OK);
    Post *post = stored(world, id);
    assert_true(post->author == world->bob.v);
    assert_int_equal(post->visibility, VISIBILITY__FOLLOWERS);
    assert_true(post->published_ms == BUILD_NOW_MS && post->n_to == 0);
    assert_false(in_tag(world, "icu", id));
    assert_false(in(world, STREAM_PUBLIC, 0, id));
}

static void t39_the_newest_edit_wins_whatever_the_order(void **state)
{
    struct world *world = *state;
    char *tag = (char *)"icu";
    post_id id = build_post(
        world->txn, &(struct build_post){.uri = "https://peer.example/1", .author = world->bob});
    Post newer = edit_of(world, id, "new", &tag, 2000),
         older = edit_of(world, id, "old", &tag, 1000);
    assert_int_equal(post_edit(world->txn, &newer, BUILD_NOW_MS), OK);
    assert_int_equal(post_edit(world->txn, &older, BUILD_NOW_MS), ERR_EXISTS);
    assert_int_equal(post_edit(world->txn, &newer, BUILD_NOW_MS), ERR_EXISTS);
    assert_string_equal(stored(world, id)->content_html, "new");
}

/* How many rows of a table have `id` at some place in their key, as a whole 8 bytes. */
static unsigned rows_naming(struct world *world, enum table table, uint64_t id)
{
    AUTO(range_close) struct range range = {0};
    struct bytes key;
    struct key wanted = key_id(id);
    unsigned n = 0;
    assert_int_equal(
        range_open(world->txn, table, (struct bytes){0}, (struct bytes){0}, RANGE_UP, &range), OK);
    while (range_next(&range, &key, NULL) == OK)
        n += memmem(key.p, key.n, wanted.p, 8) != NULL;
    return n;
}

static void a_deleted_post_leaves_nothing_but_a_tombstone(void **state)
{
    struct world *world = *state;
    struct txn *txn = world->txn;
    struct build_post with = {.uri = "https://ward.example/p/1",
                              .author = world->alice,
                              .tags = {"icu"},
                              .mentions = {world->bob, world->alice}};
    post_id id = build_post(txn, &with), found;
    post_id boost = build_boost(txn, "https://peer.example/b/1", world->bob, id);
    Edge edge = EDGE__INIT;
    assert_int_equal(edge_add(txn, (struct edge_key){EDGE_LIKE, world->bob.v, id.v}, &edge), OK);
    assert_int_equal(edge_add(txn, (struct edge_key){EDGE_PIN, world->alice.v, id.v}, &edge), OK);
    Notification like = NOTIFICATION__INIT;
    like.type = NOTIFICATION_TYPE__LIKE;
    like.from = world->bob.v;
    like.post = id.v;
    assert_int_equal(notification_add(txn, world->alice, &like, 5), OK);
    assert_int_equal(
        fetched_add(txn, id, build_peer(txn, "peer.example"), "https://peer.example/inbox"), OK);
    char *tag = (char *)"ward";
    Post edit = edit_of(world, id, "two", &tag, 0);
    assert_int_equal(post_edit(txn, &edit, BUILD_NOW_MS), OK);

    assert_int_equal(post_delete(txn, id, BUILD_NOW_MS), OK);
    for (enum table table = 0; table < TABLE_COUNT; table++) {
        assert_int_equal(rows_naming(world, table, id.v), 0);
        assert_int_equal(rows_naming(world, table, boost.v), 0);
    }
    Notification *none;
    Tombstone *tombstone;
    assert_int_equal(notification_next(txn, world->alice, UINT64_MAX, &world->arena, &none),
                     ERR_NOTFOUND);
    assert_int_equal(post_find(txn, with.uri, &found), ERR_NOTFOUND);
    assert_int_equal(tombstone_get(txn, with.uri, &world->arena, &tombstone), OK);
    assert_string_equal(tombstone->host, "ward.example");
    assert_true(tombstone->post == id.v && tombstone->by == world->alice.v);
    assert_true(counter_get(txn, COUNTER_POSTS, world->alice.v) == 0);
    assert_true(counter_get(txn, COUNTER_STORE, STORE_LOCAL_POSTS) == 0);
    assert_int_equal(post_delete(txn, id, BUILD_NOW_MS), ERR_NOTFOUND);
}

static void t41_what_was_deleted_stays_deleted(void **state)
{
    struct world *world = *state;
    struct build_post with = {.uri = "https://peer.example/1", .author = world->bob};
    Tombstone never_seen = TOMBSTONE__INIT;
    post_id id = build_post(world->txn, &with);
    never_seen.uri = (char *)with.uri;
    assert_int_equal(tombstone_add(world->txn, &never_seen), ERR_INVALID);
    assert_int_equal(post_delete(world->txn, id, BUILD_NOW_MS), OK);
    assert_int_equal(build_post_try(world->txn, &with, &id), ERR_DENIED);
    assert_int_equal(tombstone_add(world->txn, &never_seen), ERR_EXISTS);
    with.uri = never_seen.uri = (char *)"https://peer.example/2";
    assert_int_equal(tombstone_add(world->txn, &never_seen), OK);
    assert_int_equal(build_post_try(world->txn, &with, &id), ERR_DENIED);
}

static void replies_outlive_their_parent_in_the_same_thread(void **state)
{
    struct world *world = *state;
    struct build_post reply = {.uri = "https://peer.example/2",
                               .author = world->bob,
                               .in_reply_to = "https://peer.example/1"};
    post_id root = build_post(
        world->txn, &(struct build_post){.uri = "https://peer.example/1", .author = world->bob});
    post_id id = build_post(world->txn, &reply);
    assert_int_equal(post_delete(world->txn, root, BUILD_NOW_MS), OK);
    assert_true(stored(world, id)->in_reply_to == 0);
    assert_true(stored(world, id)->thread_root == root.v);
    assert_string_equal(stored(world, id)->in_reply_to_uri, "https://peer.example/1");
    post_id later =
        build_post(world->txn, &(struct build_post){.uri = "https://peer.example/3",
                                                    .author = world->bob,
                                                    .in_reply_to = "https://peer.example/2"});
    assert_true(stored(world, later)->thread_root == root.v);
}

static void deleting_a_boost_takes_its_edge_along(void **state)
{
    struct world *world = *state;
    post_id id = build_post(
        world->txn, &(struct build_post){.uri = "https://peer.example/1", .author = world->bob});
    post_id boost = build_boost(world->txn, "https://ward.example/b/1", world->alice, id);
    assert_int_equal(post_delete(world->txn, boost, BUILD_NOW_MS), OK);
    assert_false(edge_has(world->txn, (struct edge_key){EDGE_BOOST, world->alice.v, id.v}));
    assert_true(counter_get(world->txn, COUNTER_BOOSTS, id.v) == 0);
    assert_int_equal(rows(world, STREAM_BOOST, id.v), 0);
    assert_int_equal(rows(world, STREAM_AUTHOR, world->alice.v), 0);
}

static void the_same_notification_is_given_once_but_every_failed_host_is_named(void **state)
{
    struct world *world = *state;
    post_id id = build_post(world->txn, &(struct build_post){.uri = "https://ward.example/p/1",
                                                             .author = world->alice});
    Notification late = NOTIFICATION__INIT;
    late.type = NOTIFICATION_TYPE__NOT_DELIVERED;
    late.post = id.v;
    late.text = (char *)"a.example: refused";
    assert_int_equal(notification_add(world->txn, world->alice, &late, 5), OK);
    assert_int_equal(notification_add(world->txn, world->alice, &late, 6), ERR_EXISTS);
    late.text = (char *)"b.example: expired";
    assert_int_equal(notification_add(world->txn, world->alice, &late, 7), OK);
    Notification *newest;
    assert_int_equal(
        notification_next(world->txn, world->alice, UINT64_MAX, &world->arena, &newest), OK);
    assert_string_equal(newest->text, "b.example: expired");
    assert_int_equal(notification_del(world->txn, world->alice, (notification_id){newest->id}), OK);
    assert_int_equal(notification_add(world->txn, world->alice, &late, 8), OK);
    late.post = 12;
    assert_int_equal(notification_add(world->txn, world->alice, &late, 8), ERR_NOTFOUND);
}

static void readers_of_a_post_are_remembered_in_order(void **state)
{
    struct world *world = *state;
    post_id id = build_post(world->txn, &(struct build_post){.uri = "https://ward.example/p/1",
                                                             .author = world->alice});
    peer_id a = build_peer(world->txn, "a.example"), b = build_peer(world->txn, "b.example"), at;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4096);
    const char *inbox;
    assert_int_equal(fetched_add(world->txn, id, b, "https://b.example/inbox"), OK);
    assert_int_equal(fetched_add(world->txn, id, a, "https://a.example/old"), OK);
    assert_int_equal(fetched_add(world->txn, id, a, "https://a.example/inbox"), OK);
    at.v = 0;
    assert_int_equal(fetched_next(world->txn, id, &at, &arena, &inbox), OK);
    assert_true(at.v == a.v);
    assert_string_equal(inbox, "https://a.example/inbox");
    assert_int_equal(fetched_next(world->txn, id, &at, &arena, &inbox), OK);
    assert_true(at.v == b.v);
    assert_string_equal(inbox, "https://b.example/inbox");
    assert_int_equal(fetched_next(world->txn, id, &at, &arena, &inbox), ERR_NOTFOUND);
    assert_int_equal(fetched_add(world->txn, (post_id){9}, a, ""), ERR_NOTFOUND);
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, world_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(a_public_post_enters_the_streams_it_belongs_to),
        IN_A_WORLD(what_is_not_public_never_enters_public_or_tag_streams),
        IN_A_WORLD(what_is_not_open_to_all_is_not_counted_as_open),
        IN_A_WORLD(a_remote_post_is_public_but_not_local),
        IN_A_WORLD(a_boost_is_in_its_authors_and_the_posts_streams_only),
        IN_A_WORLD(a_known_uri_an_unknown_author_and_no_uri_are_refused),
        IN_A_WORLD(backfilled_posts_sort_where_they_belong_and_never_collide),
        IN_A_WORLD(a_reply_is_counted_and_joins_the_thread),
        IN_A_WORLD(a_parent_that_comes_late_adopts_the_whole_subtree),
        IN_A_WORLD(t60_posts_that_answer_each_other_or_themselves_make_no_loop),
        IN_A_WORLD(t60_an_adoption_moves_a_bounded_number_of_posts),
        IN_A_WORLD(an_edit_moves_the_tags_and_keeps_the_former_version),
        IN_A_WORLD(t38_an_edit_changes_neither_owner_nor_audience),
        IN_A_WORLD(t39_the_newest_edit_wins_whatever_the_order),
        IN_A_WORLD(a_deleted_post_leaves_nothing_but_a_tombstone),
        IN_A_WORLD(t41_what_was_deleted_stays_deleted),
        IN_A_WORLD(replies_outlive_their_parent_in_the_same_thread),
        IN_A_WORLD(deleting_a_boost_takes_its_edge_along),
        IN_A_WORLD(the_same_notification_is_given_once_but_every_failed_host_is_named),
        IN_A_WORLD(readers_of_a_post_are_remembered_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
