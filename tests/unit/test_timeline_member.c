/*
 * What is asked about one post is what a walk over the timeline shows, in worlds made at random.
 */
#include "federation/audience.h"
#include "federation/timeline.h"
#include "storage/edge.h"
#include "storage/event.h"
#include "tests/support/builders.h"
#include "tests/support/remote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ACTORS 8 /* every other one is ours */
#define POSTS 40
#define WORLDS 4

static const char *const tags[] = {"icu", "rounds", "night"};

struct world {
    struct node node;
    uint64_t random;
    actor_id actor[ACTORS];
    post_id post[POSTS];
    char uri[POSTS][64];
};

static unsigned below(struct world *w, unsigned n)
{
    w->random = w->random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(w->random >> 33) % n;
}

static void add_edges(struct world *w, struct txn *txn)
{
    static const enum edge_kind kinds[] = {EDGE_FOLLOW, EDGE_FOLLOW, EDGE_FOLLOW, EDGE_MUTE,
                                           EDGE_BLOCK};
    for (int i = 0; i < 40; i++) {
        Edge edge = EDGE__INIT;
        unsigned who = below(w, ACTORS), whom = below(w, ACTORS);
        enum edge_kind kind = kinds[below(w, i < 25 ? 3 : COUNT(kinds))];
        if (who == whom)
            continue;
        enum err e =
            edge_add(txn, (struct edge_key){kind, w->actor[who].v, w->actor[whom].v}, &edge);
        assert_true(e == OK || e == ERR_EXISTS);
    }
}

static bool add_boost(struct world *w, struct txn *txn, int i)
{
    post_id what = w->post[below(w, (unsigned)i)];
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    Post *post;
    actor_id who = w->actor[below(w, ACTORS)];
    assert_int_equal(post_get(txn, what, &arena, &post), OK);
    if (post->boost_of || edge_has(txn, (struct edge_key){EDGE_BOOST, who.v, what.v}))
        return false;
    w->post[i] = build_boost(txn, w->uri[i], who, what);
    return true;
}

static void add_post(struct world *w, struct txn *txn, int i)
{
    snprintf(w->uri[i], sizeof w->uri[i], "https://any.example/%d", i);
    if (i && below(w, 5) == 0 && add_boost(w, txn, i))
        return;
    struct build_post with = {.uri = w->uri[i],
                              .author = w->actor[below(w, ACTORS)],
                              .visibility = (Visibility)below(w, 5)};
    if (i && below(w, 3) == 0)
        with.in_reply_to = w->uri[below(w, (unsigned)i)];
    if (below(w, 2))
        with.tags[0] = tags[below(w, COUNT(tags))];
    if (below(w, 2))
        with.mentions[0] = w->actor[below(w, ACTORS)];
    w->post[i] = build_post(txn, &with);
}

static void make(struct world *w)
{
    static const char *const names[ACTORS] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    struct txn *txn = store_write(&w->node.store);
    for (size_t i = 0; i < ACTORS; i++)
        w->actor[i] = build_actor(txn, names[i], i % 2 ? "peer.example" : "");
    add_edges(w, txn);
    for (int i = 0; i < POSTS; i++)
        add_post(w, txn, i);
    store_commit(&txn);
}

static void walk(struct world *w, struct txn *txn, const struct timeline_query *query,
                 bool is_shown[POSTS])
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(16 << 20);
    AUTO(timeline_close) struct timeline timeline;
    struct timeline_entry entry;
    assert_int_equal(timeline_open(txn, query, &timeline), OK);
    while (timeline_next(&timeline, &arena, &entry) == OK)
        for (int i = 0; i < POSTS; i++)
            is_shown[i] = is_shown[i] || entry.id.v == w->post[i].v;
}

static void compare(struct world *w, struct txn *txn, const struct timeline_query *query)
{
    bool is_shown[POSTS] = {false};
    walk(w, txn, query, is_shown);
    for (int i = 0; i < POSTS; i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
        Post *post;
        bool has;
        assert_int_equal(post_get(txn, w->post[i], &arena, &post), OK);
        assert_int_equal(timeline_has(txn, query, post, &arena, &has), OK);
        if (has != is_shown[i])
            fail_msg("timeline %d of reader %llu, post %d: told %d, shown %d", query->kind,
                     (unsigned long long)query->reader.v, i, has, !has);
        assert_true(!has || audience_may_read(txn, post, query->reader));
    }
}

static void what_one_is_told_of_is_what_the_timeline_shows(void **state)
{
    static const enum timeline_kind kinds[] = {TIMELINE_HOME, TIMELINE_LOCAL, TIMELINE_PUBLIC,
                                               TIMELINE_TAG, TIMELINE_DIRECT};
    (void)state;
    for (uint64_t seed = 1; seed <= WORLDS; seed++) {
        struct world *w = calloc(1, sizeof *w);
        print_message("seed %llu\n", (unsigned long long)seed);
        w->random = seed;
        node_open(&w->node);
        make(w);
        struct txn *txn = store_read(&w->node.store);
        for (size_t k = 0; k < COUNT(kinds); k++)
            for (size_t r = 0; r < ACTORS; r += 2)
                compare(w, txn,
                        &(struct timeline_query){
                            .kind = kinds[k], .reader = w->actor[r], .tag = tags[seed % 3]});
        compare(w, txn, &(struct timeline_query){.kind = TIMELINE_PUBLIC, .tag = tags[0]});
        txn_end(&txn);
        node_close(&w->node);
        free(w);
    }
}

/* Who could read it, asked before, of those whom the event is for. */
static void who_hears_of_a_deletion_could_have_read_the_post(void **state)
{
    (void)state;
    struct world *w = calloc(1, sizeof *w);
    w->random = 99;
    node_open(&w->node);
    make(w);
    for (int i = POSTS - 1; i >= 0; i--) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
        bool could[ACTORS];
        uint64_t last;
        Post *post;
        Event *event;
        struct txn *txn = store_write(&w->node.store);
        assert_int_equal(post_get(txn, w->post[i], &arena, &post), OK);
        for (size_t r = 0; r < ACTORS; r++)
            could[r] = audience_may_read(txn, post, w->actor[r]);
        assert_int_equal(post_delete(txn, w->post[i], BUILD_NOW_MS), OK);
        assert_int_equal(event_last(txn, &last), OK);
        assert_int_equal(event_next(txn, last - 1, &arena, &event), OK);
        assert_int_equal(event->post, w->post[i].v);
        for (size_t r = 0; r < ACTORS; r += 2) {
            struct timeline_query home = {.kind = TIMELINE_HOME, .reader = w->actor[r]};
            bool had = timeline_had(txn, &home, event->gone);
            assert_true(!had || could[r]);
            assert_true(had || post->author != w->actor[r].v);
        }
        store_commit(&txn);
    }
    node_close(&w->node);
    free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_one_is_told_of_is_what_the_timeline_shows),
        cmocka_unit_test(who_hears_of_a_deletion_could_have_read_the_post),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
