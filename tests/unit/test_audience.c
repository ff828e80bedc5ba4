#include "federation/audience.h"

#include "storage/base/clock.h"
#include "storage/edge.h"
#include "storage/outqueue.h"
#include "storage/peer.h"
#include "tests/support/builders.h"
#include "tests/support/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define FOLLOWERS "https://one.example/users/ann/followers"

static const struct federation_config config = {.host = STORE_HOST};

static void visibility_is_read_from_to_and_cc(void **state)
{
    (void)state;
    const char *public[] = {AS2_PUBLIC}, *followers[] = {FOLLOWERS}, *someone[] = {"https://x/y"};
    const struct as2_list p = {public, 1}, f = {followers, 1}, s = {someone, 1}, none = {NULL, 0};
    static const char *const theirs = FOLLOWERS;
    assert_int_equal(audience_visibility(&p, &f, theirs), VISIBILITY__PUBLIC);
    assert_int_equal(audience_visibility(&f, &p, theirs), VISIBILITY__UNLISTED);
    assert_int_equal(audience_visibility(&f, &s, theirs), VISIBILITY__FOLLOWERS);
    assert_int_equal(audience_visibility(&s, &f, theirs), VISIBILITY__FOLLOWERS);
    assert_int_equal(audience_visibility(&s, &none, theirs), VISIBILITY__DIRECT);
    assert_int_equal(audience_visibility(&none, &none, theirs), VISIBILITY__DIRECT);
    /* somebody else's followers are not the author's */
    assert_int_equal(audience_visibility(&f, &none, "https://two.example/f"), VISIBILITY__DIRECT);
    assert_int_equal(audience_visibility(&f, &none, ""), VISIBILITY__DIRECT);
    assert_int_equal(audience_visibility(&f, &none, NULL), VISIBILITY__DIRECT);
}

/* Our Ann writes; Bob follows her, Cat is mentioned, Dan is blocked by her though he follows. */
struct world {
    struct store store;
    actor_id ann, eve, bob, cat, dan;
    post_id post[5]; /* by Visibility */
};

static struct world world_open(void)
{
    struct world w = {.store = store_open()};
    struct txn *txn = store_write(&w.store);
    const Edge edge = EDGE__INIT;
    w.ann = build_actor(txn, "ann", "");
    w.eve = build_actor(txn, "eve", "");
    w.bob = build_actor(txn, "bob", "one.example");
    w.cat = build_actor(txn, "cat", "two.example");
    w.dan = build_actor(txn, "dan", "three.example");
    assert_int_equal(edge_add(txn, (struct edge_key){EDGE_FOLLOW, w.bob.v, w.ann.v}, &edge), OK);
    assert_int_equal(edge_add(txn, (struct edge_key){EDGE_FOLLOW, w.dan.v, w.ann.v}, &edge), OK);
    assert_int_equal(edge_add(txn, (struct edge_key){EDGE_BLOCK, w.ann.v, w.dan.v}, &edge), OK);
    for (int v = VISIBILITY__PUBLIC; v <= VISIBILITY__LOCAL; v++) {
        char uri[64];
        snprintf(uri, sizeof uri, "https://ward.example/users/ann/posts/%d", v);
        w.post[v] = build_post(txn, &(struct build_post){.uri = uri,
                                                         .author = w.ann,
                                                         .mentions = {w.cat},
                                                         .visibility = (Visibility)v});
    }
    store_commit(&txn);
    return w;
}

static void world_close(struct world *w)
{
    store_close(&w->store);
}

static void t65_only_those_it_is_for_may_read(void **state)
{
    (void)state;
    AUTO(world_close) struct world w = world_open();
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    AUTO(txn_end) struct txn *txn = store_read(&w.store);
    const struct {
        actor_id who;
        bool may[5]; /* public, unlisted, followers, direct, local */
    } rows[] = {
        {{0}, {true, true, false, false, false}},
        {w.ann, {true, true, true, true, true}},
        {w.eve, {true, true, false, false, true}},
        {w.bob, {true, true, true, false, false}},
        {w.cat, {true, true, true, true, false}},
        {w.dan, {false, false, false, false, false}},
        {{424242}, {false, false, false, false, false}},
    };
    for (int v = 0; v < 5; v++) {
        Post *post;
        assert_int_equal(post_get(txn, w.post[v], &arena, &post), OK);
        for (size_t i = 0; i < COUNT(rows); i++)
            if (audience_may_read(txn, post, rows[i].who) != rows[i].may[v])
                fail_msg("reader %zu, visibility %d", i, v);
    }
}

static void t65_a_host_may_read_what_one_of_its_people_may(void **state)
{
    (void)state;
    AUTO(world_close) struct world w = world_open();
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    AUTO(txn_end) struct txn *txn = store_read(&w.store);
    static const struct {
        const char *host;
        bool may[5];
    } rows[] = {
        {"one.example", {true, true, true, false, false}},
        {"two.example", {true, true, true, true, false}},
        {"three.example", {true, true, false, false, false}}, /* only the blocked one lives there */
        {"four.example", {true, true, false, false, false}},
        {"example", {true, true, false, false, false}},
    };
    for (int v = 0; v < 5; v++) {
        Post *post;
        assert_int_equal(post_get(txn, w.post[v], &arena, &post), OK);
        for (size_t i = 0; i < COUNT(rows); i++)
            if (audience_may_host_read(txn, post, rows[i].host) != rows[i].may[v])
                fail_msg("%s, visibility %d", rows[i].host, v);
    }
}

/* Whom it answers is asked for consent, but not about what is for our own people alone. */
static void t65_local_stays_local_while_it_waits_for_consent(void **state)
{
    (void)state;
    AUTO(world_close) struct world w = world_open();
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    struct txn *txn = store_write(&w.store);
    post_id theirs =
        build_post(txn, &(struct build_post){.uri = "https://two.example/1", .author = w.cat});
    Post *post;
    assert_int_equal(post_get(txn, w.post[VISIBILITY__LOCAL], &arena, &post), OK);
    post->in_reply_to = theirs.v;
    post->reply_approval = APPROVAL__ASKED;
    assert_false(audience_may_host_read(txn, post, "two.example"));
    post->visibility = VISIBILITY__PUBLIC;
    assert_true(audience_may_host_read(txn, post, "two.example"));
    assert_false(audience_may_host_read(txn, post, "one.example"));
    store_commit(&txn);
}

/* What Bob wrote for Ann's followers: Fay follows Ann, Gus follows Bob, Hal follows both. */
static void t65_for_anothers_followers_means_theirs(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    struct txn *txn = store_write(&store);
    const Edge edge = EDGE__INIT;
    actor_id ann = build_actor(txn, "ann", ""), bob = build_actor(txn, "bob", "one.example");
    actor_id fay = build_actor(txn, "fay", "two.example"), gus = build_actor(txn, "gus", ""),
             hal = build_actor(txn, "hal", "three.example");
    assert_int_equal(edge_add(txn, (struct edge_key){EDGE_FOLLOW, fay.v, ann.v}, &edge), OK);
    assert_int_equal(edge_add(txn, (struct edge_key){EDGE_FOLLOW, hal.v, ann.v}, &edge), OK);
    assert_int_equal(edge_add(txn, (struct edge_key){EDGE_FOLLOW, hal.v, bob.v}, &edge), OK);
    assert_int_equal(edge_add(txn, (struct edge_key){EDGE_FOLLOW, gus.v, bob.v}, &edge), OK);
    Post post = POST__INIT;
    post.author = bob.v;
    post.visibility = VISIBILITY__FOLLOWERS;
    for (int both = 0; both < 2; both++) {
        post.audience_of = both ? 0 : ann.v;
        post.audience_also = both ? &ann.v : NULL;
        post.n_audience_also = (size_t)both;
        assert_true(audience_may_read(txn, &post, bob));
        assert_true(audience_may_read(txn, &post, hal));
        assert_true(audience_may_host_read(txn, &post, "three.example"));
        assert_false(audience_may_read(txn, &post, gus));
        assert_false(audience_may_read(txn, &post, (actor_id){0}));
        assert_int_equal(audience_may_read(txn, &post, ann), !both);
        assert_int_equal(audience_may_read(txn, &post, fay), !both);
        assert_int_equal(audience_may_host_read(txn, &post, "two.example"), !both);
        assert_int_equal(audience_may_host_read(txn, &post, STORE_HOST), !both);
    }
    txn_end(&txn);
}

static void a_note_for_a_known_groups_followers_is_for_them(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    struct txn *txn = store_write(&store);
    actor_id ann = build_actor(txn, "ann", "one.example"),
             icu = build_actor(txn, "icu", "two.example");
    Actor *author, *group;
    assert_int_equal(actor_get(txn, ann, &arena, &author), OK);
    assert_int_equal(actor_get(txn, icu, &arena, &group), OK);
    group->followers = (char *)"https://two.example/icu/followers";
    const char *to[] = {"https://two.example/users/icu"}, *cc[] = {group->followers};
    struct as2_note note = {.audience = {to, 1}, .cc = {cc, 1}};
    for (int is_group = 0; is_group < 2; is_group++) {
        group->type = is_group ? ACTOR_TYPE__GROUP : ACTOR_TYPE__PERSON;
        assert_int_equal(actor_put(txn, group, BUILD_NOW_MS), OK);
        struct audience audience = audience_of_note(txn, &note, author);
        assert_int_equal(audience.visibility,
                         is_group ? VISIBILITY__FOLLOWERS : VISIBILITY__DIRECT);
        assert_int_equal(audience.of.v, is_group ? icu.v : 0);
    }
    txn_end(&txn);
}

static actor_id with_inbox(struct txn *txn, const char *name, const char *host,
                           const char *shared_inbox)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    actor_id id = build_actor(txn, name, host);
    Actor *actor;
    assert_int_equal(actor_get(txn, id, &arena, &actor), OK);
    actor->inbox = arena_printf(&arena, "https://%s/users/%s/inbox", host, name);
    actor->shared_inbox = (char *)shared_inbox;
    assert_int_equal(actor_put(txn, actor, BUILD_NOW_MS), OK);
    return id;
}

static void allow(struct txn *txn, const char *host, PeerScope scope)
{
    Peer peer = PEER__INIT;
    peer.host = (char *)host;
    peer.state = PEER_STATE__ALLOWED;
    peer.scope = scope;
    assert_int_equal(peer_put(txn, &peer, BUILD_NOW_MS), OK);
}

static void each_inbox_is_meant_once(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    AUTO(destinations_clear) struct destinations list = {0};
    struct txn *txn = store_write(&store);
    const Edge edge = EDGE__INIT;
    actor_id ann = build_actor(txn, "ann", ""), eve = build_actor(txn, "eve", "");
    assert_int_equal(edge_add(txn, (struct edge_key){EDGE_FOLLOW, eve.v, ann.v}, &edge), OK);
    for (int i = 0; i < 200; i++) {
        char name[16];
        snprintf(name, sizeof name, "f%d", i);
        actor_id who = with_inbox(txn, name, i % 2 ? "one.example" : "two.example",
                                  i % 2 ? "https://one.example/inbox" : "https://evil.example/in");
        assert_int_equal(edge_add(txn, (struct edge_key){EDGE_FOLLOW, who.v, ann.v}, &edge), OK);
    }
    assert_int_equal(destinations_add_followers(txn, &list, ann, &arena), OK);
    assert_int_equal(destinations_add_followers(txn, &list, ann, &arena), OK);
    /* one shared inbox; the hundred others claim a shared inbox on a host not theirs */
    assert_int_equal(list.n, 101);
    for (size_t i = 0; i < list.n; i++)
        assert_null(strstr(list.item[i].inbox, "evil.example"));
    txn_end(&txn);
}

static void t88_the_ledger_says_what_was_not_sent(void **state)
{
    (void)state;
    AUTO(store_close) struct store store = store_open();
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    AUTO(destinations_clear) struct destinations list = {0}, again = {0};
    struct federation fed = {.config = &config};
    struct txn *txn = store_write(&store);
    actor_id ann = build_actor(txn, "ann", "");
    allow(txn, "one.example", PEER_SCOPE__ALL);
    allow(txn, "two.example", PEER_SCOPE__ONLY_PUBLIC);
    static const char *const hosts[] = {"two.example", "stranger.example", "one.example"};
    for (size_t i = 0; i < COUNT(hosts); i++) {
        actor_id who = with_inbox(txn, "bob", hosts[i], "");
        assert_int_equal(destinations_add_actor(txn, &list, who, &arena), OK);
    }
    OutJob like = OUT_JOB__INIT;
    post_id post = build_post(txn, &(struct build_post){.uri = "https://ward.example/p",
                                                        .author = ann,
                                                        .visibility = VISIBILITY__DIRECT});
    like.actor = ann.v;
    like.subject = post.v;
    like.visibility = VISIBILITY__DIRECT;
    size_t queued;
    assert_int_equal(
        destinations_queue(txn, &fed, &list, bytes_of("{}"), &like, BUILD_NOW_MS, &queued), OK);
    assert_int_equal(queued, 1);
    assert_int_equal(counter_get(txn, COUNTER_DELIVERY, DELIVERY_STATE__QUEUED), 3);
    assert_int_equal(counter_get(txn, COUNTER_DELIVERY, DELIVERY_STATE__CANCELLED), 2);

    /* what was never sent is not hinted at by its Delete */
    assert_int_equal(destinations_add_ledger(txn, &again, post, &arena), OK);
    assert_int_equal(again.n, 1);
    assert_string_equal(again.item[0].inbox, "https://one.example/users/bob/inbox");
    txn_end(&txn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(visibility_is_read_from_to_and_cc),
        cmocka_unit_test(t65_only_those_it_is_for_may_read),
        cmocka_unit_test(t65_a_host_may_read_what_one_of_its_people_may),
        cmocka_unit_test(t65_local_stays_local_while_it_waits_for_consent),
        cmocka_unit_test(t65_for_anothers_followers_means_theirs),
        cmocka_unit_test(a_note_for_a_known_groups_followers_is_for_them),
        cmocka_unit_test(each_inbox_is_meant_once),
        cmocka_unit_test(t88_the_ledger_says_what_was_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
