#include "storage/narrow.h"

#include "storage/actor.h"
#include "storage/post.h"
#include "storage/stream.h"
#include "tests/support/builders.h"
#include "tests/support/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Our Ann, and Bob, Cat and Dan elsewhere; each has a followers collection. */
struct world {
    struct store store;
    struct txn *txn;
    struct arena arena;
    actor_id actor[4];
    unsigned posts;
};
enum { ANN, BOB, CAT, DAN };
static const char *const names[] = {"ann", "bob", "cat", "dan"};

static int world_open(void **state)
{
    struct world *w = xcalloc(1, sizeof *w);
    w->store = store_open();
    w->txn = store_write(&w->store);
    w->arena = (struct arena)ARENA_INIT(64 << 20);
    for (size_t i = 0; i < COUNT(names); i++) {
        Actor *actor;
        w->actor[i] = build_actor(w->txn, names[i], i == ANN ? "" : "peer.example");
        assert_int_equal(actor_get(w->txn, w->actor[i], &w->arena, &actor), OK);
        actor->followers = arena_printf(&w->arena, "https://f.example/%s", names[i]);
        assert_int_equal(actor_put(w->txn, actor, BUILD_NOW_MS), OK);
    }
    *state = w;
    return 0;
}

static int world_close(void **state)
{
    struct world *w = *state;
    txn_end(&w->txn);
    arena_clear(&w->arena);
    store_close(&w->store);
    xfree(&w);
    return 0;
}

/* `name` is the post's and what replies call it; `to` a followers collection it lists. */
static uint64_t add(struct world *w, const char *name, int author, const char *parent,
                    Visibility visibility, const char *to)
{
    char *list[] = {(char *)to};
    Post post = POST__INIT;
    post.uri = arena_printf(&w->arena, "https://p.example/%s", name);
    post.author = w->actor[author].v;
    post.type = (char *)"Note";
    post.visibility = visibility;
    post.published_ms = BUILD_NOW_MS + w->posts++;
    if (parent)
        post.in_reply_to_uri = arena_printf(&w->arena, "https://p.example/%s", parent);
    if (to) {
        post.to = list;
        post.n_to = 1;
    }
    assert_int_equal(post_add(w->txn, &post, BUILD_NOW_MS), OK);
    return post.id;
}

static Post *named(struct world *w, const char *name)
{
    Post *post;
    post_id id;
    assert_int_equal(post_find(w->txn, arena_printf(&w->arena, "https://p.example/%s", name), &id),
                     OK);
    assert_int_equal(post_get(w->txn, id, &w->arena, &post), OK);
    return post;
}

static void is_for(struct world *w, const char *name, Visibility visibility, int owner, int also)
{
    const Post *post = named(w, name);
    assert_int_equal(post->visibility, visibility);
    if (visibility != VISIBILITY__FOLLOWERS) {
        assert_int_equal(post->audience_of, 0);
        assert_int_equal(post->n_audience_also, 0);
        return;
    }
    assert_int_equal(post_audience_owner(post), w->actor[owner].v);
    assert_int_equal(post->n_audience_also, also >= 0);
    if (also >= 0)
        assert_int_equal(post->audience_also[0], w->actor[also].v);
}

static void each_reply_is_for_what_both_allow(void **state)
{
    struct world *w = *state;
    static const Visibility all[] = {VISIBILITY__PUBLIC, VISIBILITY__UNLISTED,
                                     VISIBILITY__FOLLOWERS, VISIBILITY__DIRECT, VISIBILITY__LOCAL};
    static const Visibility want[5][5] = {
        /* parent, reply: public, unlisted, followers, direct, local */
        {0, 1, 2, 3, 4},
        {0, 1, 2, 3, 4},
        {2, 2, 2, 3, 3},
        {3, 3, 3, 3, 3},
        {4, 4, 3, 3, 4}};
    for (size_t i = 0; i < COUNT(all); i++)
        for (size_t j = 0; j < COUNT(all); j++) {
            char parent[16], reply[16];
            snprintf(parent, sizeof parent, "p%zu%zu", i, j);
            snprintf(reply, sizeof reply, "r%zu%zu", i, j);
            add(w, parent, ANN, NULL, all[i], NULL);
            add(w, reply, BOB, parent, all[j], NULL);
            bool is_both = all[i] == VISIBILITY__FOLLOWERS && all[j] == VISIBILITY__FOLLOWERS;
            bool is_own = all[i] < VISIBILITY__FOLLOWERS;
            is_for(w, reply, want[i][j], is_both || is_own ? BOB : ANN, is_both ? ANN : -1);
        }
}

static void replies_of_replies_narrow_on(void **state)
{
    struct world *w = *state;
    add(w, "root", ANN, NULL, VISIBILITY__FOLLOWERS, NULL);
    add(w, "bobs", BOB, "root", VISIBILITY__FOLLOWERS, NULL);
    add(w, "cats", CAT, "bobs", VISIBILITY__PUBLIC, NULL);
    is_for(w, "cats", VISIBILITY__FOLLOWERS, BOB, ANN);
    add(w, "dans", DAN, "cats", VISIBILITY__FOLLOWERS, NULL);
    assert_int_equal(named(w, "dans")->n_audience_also, 2);
    add(w, "private", DAN, "cats", VISIBILITY__DIRECT, NULL);
    add(w, "again", BOB, "private", VISIBILITY__PUBLIC, NULL);
    is_for(w, "again", VISIBILITY__DIRECT, 0, 0);
}

static void the_order_of_arrival_does_not_matter(void **state)
{
    struct world *w = *state;
    static const int orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                    {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (size_t i = 0; i < COUNT(orders); i++) {
        char root[8], middle[8], leaf[8], other[8];
        snprintf(root, sizeof root, "a%zu", i);
        snprintf(middle, sizeof middle, "b%zu", i);
        snprintf(leaf, sizeof leaf, "c%zu", i);
        snprintf(other, sizeof other, "d%zu", i);
        for (size_t j = 0; j < 3; j++) {
            if (orders[i][j] == 0)
                add(w, root, ANN, NULL, VISIBILITY__FOLLOWERS, NULL);
            if (orders[i][j] == 1)
                add(w, middle, BOB, root, VISIBILITY__PUBLIC, NULL);
            if (orders[i][j] == 2) {
                add(w, leaf, CAT, middle, VISIBILITY__FOLLOWERS, NULL);
                add(w, other, DAN, middle, VISIBILITY__DIRECT, "https://f.example/bob");
            }
        }
        is_for(w, middle, VISIBILITY__FOLLOWERS, ANN, -1);
        is_for(w, leaf, VISIBILITY__FOLLOWERS, CAT, ANN);
        is_for(w, other, VISIBILITY__FOLLOWERS, BOB, ANN);
        post_id id = {named(w, middle)->id};
        assert_false(stream_has(w->txn, (struct stream_key){STREAM_PUBLIC, 0}, id));
    }
}

static void a_reply_to_the_owners_followers_is_for_them(void **state)
{
    struct world *w = *state;
    add(w, "late", CAT, "root", VISIBILITY__DIRECT, "https://f.example/ann");
    is_for(w, "late", VISIBILITY__DIRECT, 0, 0); /* whose collection is that? */
    add(w, "root", ANN, NULL, VISIBILITY__FOLLOWERS, NULL);
    add(w, "early", BOB, "root", VISIBILITY__DIRECT, "https://f.example/ann");
    add(w, "below", CAT, "early", VISIBILITY__DIRECT, "https://f.example/ann");
    add(w, "other", CAT, "early", VISIBILITY__DIRECT, "https://f.example/dan");
    is_for(w, "late", VISIBILITY__FOLLOWERS, ANN, -1);
    is_for(w, "early", VISIBILITY__FOLLOWERS, ANN, -1);
    is_for(w, "below", VISIBILITY__FOLLOWERS, ANN, -1);
    is_for(w, "other", VISIBILITY__DIRECT, 0, 0);
}

static void a_tag_is_left_by_what_is_no_longer_public(void **state)
{
    struct world *w = *state;
    post_id reply = build_post(w->txn, &(struct build_post){.uri = "https://p.example/r",
                                                            .author = w->actor[BOB],
                                                            .in_reply_to = "https://p.example/p",
                                                            .tags = {"icu"}});
    struct stream_key tag = {STREAM_TAG, tag_owner(w->txn, "icu")};
    assert_true(stream_has(w->txn, tag, reply));
    add(w, "p", ANN, NULL, VISIBILITY__DIRECT, NULL);
    assert_false(stream_has(w->txn, tag, reply));
}

static void of_too_many_owners_only_the_named_are_left(void **state)
{
    struct world *w = *state;
    char above[16] = "o0";
    add(w, above, ANN, NULL, VISIBILITY__FOLLOWERS, NULL);
    for (int i = 1; i <= NARROW_OWNERS_MAX; i++) {
        char name[16], uri[64];
        snprintf(name, sizeof name, "o%d", i);
        snprintf(uri, sizeof uri, "https://p.example/%s", name);
        Post post = POST__INIT;
        post.uri = uri;
        post.author = build_actor(w->txn, name, "many.example").v;
        post.visibility = VISIBILITY__FOLLOWERS;
        post.in_reply_to_uri = arena_printf(&w->arena, "https://p.example/%s", above);
        assert_int_equal(post_add(w->txn, &post, BUILD_NOW_MS), OK);
        memcpy(above, name, sizeof above);
        assert_int_equal(named(w, name)->visibility,
                         i < NARROW_OWNERS_MAX ? VISIBILITY__FOLLOWERS : VISIBILITY__DIRECT);
    }
}

#define WORLD(test) cmocka_unit_test_setup_teardown(test, world_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(each_reply_is_for_what_both_allow),
        WORLD(replies_of_replies_narrow_on),
        WORLD(the_order_of_arrival_does_not_matter),
        WORLD(a_reply_to_the_owners_followers_is_for_them),
        WORLD(a_tag_is_left_by_what_is_no_longer_public),
        WORLD(of_too_many_owners_only_the_named_are_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
