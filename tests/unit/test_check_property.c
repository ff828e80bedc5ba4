/* Random sequences of operations leave a store that keeps every promise of keyspace.h. */
#include "storage/check.h"

#include "storage/edge.h"
#include "storage/notification.h"
#include "storage/outqueue.h"
#include "storage/parked.h"
#include "storage/peer.h"
#include "storage/post.h"
#include "tests/support/builders.h"
#include "tests/support/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARENA_BYTES (8 << 20)
#define SEEDS 6
#define STEPS 240
#define ACTORS 5
#define PEERS 3
#define URIS 40 /* few, so that replies meet parents, twice, in any order, and tombstones */

struct world {
    struct store store;
    struct txn *txn;
    uint64_t seed;
    actor_id actor[ACTORS];
    peer_id peer[PEERS];
};

/* xorshift64*: the same sequence everywhere. */
static unsigned pick(struct world *world, unsigned below)
{
    world->seed ^= world->seed >> 12;
    world->seed ^= world->seed << 25;
    world->seed ^= world->seed >> 27;
    return (unsigned)((world->seed * 2685821657736338717ull) >> 33) % below;
}

/* What an operation may answer; anything else is a fault of the code. */
static void allowed(enum err e)
{
    if (e == ERR_CORRUPT || e == ERR_STORE || e == ERR_LATER)
        fail_msg("an operation answered %s", err_name(e));
}

static void uri_of(unsigned n, char out[64])
{
    snprintf(out, 64, "https://peer.example/%u", n);
}

static actor_id some_actor(struct world *world)
{
    return world->actor[pick(world, ACTORS)];
}

/* A post that exists, if the URI that was picked has one. */
static bool some_post(struct world *world, post_id *out)
{
    char uri[64];
    uri_of(pick(world, URIS), uri);
    return post_find(world->txn, uri, out) == OK;
}

static void add_post(struct world *world)
{
    static const char *const tags[] = {"icu", "sepsis", "ward", NULL};
    char uri[64], parent[64];
    post_id id, boosted = {0};
    uri_of(pick(world, URIS), uri);
    uri_of(pick(world, URIS), parent);
    struct build_post with = {.uri = uri,
                              .author = some_actor(world),
                              .in_reply_to = pick(world, 3) ? parent : NULL,
                              .tags = {tags[pick(world, 4)], NULL},
                              .mentions = {some_actor(world), some_actor(world)},
                              .visibility = (Visibility)pick(world, 5),
                              .published_ms = BUILD_NOW_MS - pick(world, 5)};
    if (pick(world, 4) == 0 && some_post(world, &boosted))
        with.boost_of = boosted.v;
    enum err e = build_post_try(world->txn, &with, &id);
    allowed(e);
    if (e || !with.boost_of)
        return;
    Edge edge = EDGE__INIT;
    edge.uri = uri;
    edge.post = id.v;
    e = edge_add(world->txn, (struct edge_key){EDGE_BOOST, with.author.v, boosted.v}, &edge);
    allowed(e);
    if (e == ERR_EXISTS) /* boosted before: the second record goes, as the act does it */
        assert_int_equal(post_delete(world->txn, id, BUILD_NOW_MS), OK);
}

static void edit_post(struct world *world)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    post_id id;
    Post *post;
    if (!some_post(world, &id))
        return;
    assert_int_equal(post_get(world->txn, id, &arena, &post), OK);
    if (pick(world, 2))
        post->n_tags = 0;
    if (pick(world, 2))
        post->n_mentions = 0;
    post->visibility = (Visibility)pick(world, 5);
    post->updated_ms = BUILD_NOW_MS + pick(world, 50);
    allowed(post_edit(world->txn, post, BUILD_NOW_MS));
}

static void delete_post(struct world *world)
{
    post_id id;
    if (pick(world, 3) == 0 && some_post(world, &id))
        allowed(post_delete(world->txn, id, BUILD_NOW_MS));
}

static void change_edge(struct world *world)
{
    static const enum edge_kind kinds[] = {EDGE_FOLLOW, EDGE_BLOCK,    EDGE_LIKE,
                                           EDGE_PIN,    EDGE_BOOKMARK, EDGE_FOLLOW_REQUEST};
    struct edge_key key = {kinds[pick(world, COUNT(kinds))], some_actor(world).v,
                           some_actor(world).v};
    char uri[64];
    Edge edge = EDGE__INIT;
    post_id post;
    if (key.kind >= EDGE_LIKE) {
        if (!some_post(world, &post))
            return;
        key.whom = post.v;
    }
    snprintf(uri, sizeof uri, "https://peer.example/edge/%u", pick(world, 30));
    edge.uri = pick(world, 2) ? uri : (char *)"";
    switch (pick(world, 4)) {
    case 0:
        allowed(edge_del(world->txn, key));
        break;
    case 1:
        allowed(edge_put(world->txn, key, &edge));
        break;
    default:
        allowed(edge_add(world->txn, key, &edge));
    }
}

static void notify(struct world *world)
{
    Notification notification = NOTIFICATION__INIT;
    actor_id owner = some_actor(world);
    post_id post = {0};
    if (pick(world, 4) && !some_post(world, &post))
        return;
    notification.type = (NotificationType)pick(world, 8);
    notification.from = some_actor(world).v;
    notification.post = post.v;
    notification.text = (char *)(pick(world, 2) ? "a.example" : "");
    notification.is_filtered = notification.from && pick(world, 2);
    allowed(notification_add(world->txn, owner, &notification, BUILD_NOW_MS));
}

static void add_jobs(struct world *world)
{
    OutJob job = OUT_JOB__INIT;
    post_id post = {0};
    if (pick(world, 2) && !some_post(world, &post))
        return;
    assert_int_equal(outqueue_add_body(world->txn, bytes_of("{}"), BUILD_NOW_MS, &job.body), OK);
    job.subject = post.v;
    for (unsigned i = 0, n = 1 + pick(world, PEERS); i < n; i++)
        assert_int_equal(outqueue_add(world->txn, world->peer[i], &job, BUILD_NOW_MS), OK);
}

static void change_job(struct world *world)
{
    static const DeliveryState ends[] = {DELIVERY_STATE__DELIVERED, DELIVERY_STATE__REFUSED,
                                         DELIVERY_STATE__EXPIRED, DELIVERY_STATE__CANCELLED};
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    peer_id peer = world->peer[pick(world, PEERS)];
    DeliveryState end = ends[pick(world, COUNT(ends))];
    OutJob *job;
    uint64_t left;
    if (outqueue_next(world->txn, peer, 0, &arena, &job))
        return;
    switch (pick(world, 8)) {
    case 0:
        assert_int_equal(outqueue_cancel(world->txn, peer, end, 2, "", BUILD_NOW_MS, &left), OK);
        break;
    case 1:
        if (job->subject)
            assert_int_equal(outqueue_cancel_subject(world->txn, job->subject, "", BUILD_NOW_MS),
                             OK);
        break;
    case 2:
    case 3:
        job->attempts++;
        assert_int_equal(outqueue_retry(world->txn, peer, job, 503, "busy", BUILD_NOW_MS), OK);
        break;
    default:
        assert_int_equal(outqueue_end(world->txn, peer, job->seq, end, 202, "", BUILD_NOW_MS), OK);
        assert_int_equal(outqueue_end(world->txn, peer, job->seq, end, 202, "", BUILD_NOW_MS),
                         ERR_NOTFOUND);
    }
}

static void change_health(struct world *world)
{
    PeerHealth health = PEER_HEALTH__INIT;
    health.next_attempt_ms = pick(world, 2) ? 0 : BUILD_NOW_MS + pick(world, 1000);
    assert_int_equal(peer_put_health(world->txn, world->peer[pick(world, PEERS)], &health), OK);
}

static void park(struct world *world)
{
    char uri[64];
    Parked parked = PARKED__INIT;
    uri_of(pick(world, 6), uri);
    parked.needs = uri;
    parked.peer = world->peer[pick(world, PEERS)].v;
    allowed(parked_put(world->txn, &parked, WANT_KIND__OBJECT_DOCUMENT, BUILD_NOW_MS));
}

static void unpark(struct world *world)
{
    char uri[64];
    uint64_t id;
    uri_of(pick(world, 6), uri);
    if (parked_next(world->txn, uri, 0, &id) == OK)
        assert_int_equal(parked_del(world->txn, id), OK);
}

static void change_want(struct world *world)
{
    char uri[64];
    Want want = WANT__INIT;
    uri_of(pick(world, 6), uri);
    want.uri = uri;
    want.next_attempt_ms = BUILD_NOW_MS + pick(world, 1000);
    want.failed_ms = pick(world, 3) ? 0 : BUILD_NOW_MS;
    allowed(pick(world, 4) ? want_put(world->txn, &want) : want_del(world->txn, uri));
}

static void (*const operations[])(struct world *) = {
    add_post, add_post,      add_post, edit_post, delete_post, change_edge, change_edge, notify,
    add_jobs, change_health, park,     unpark,    change_want, change_job,  change_job};

static void complain(void *context, const char *table, const char *key, const char *what)
{
    (void)context;
    print_error("%s %s: %s\n", table, key, what);
}

static void must_be_clean(struct world *world, unsigned seed, int step)
{
    struct check_report report;
    assert_int_equal(check_store(world->store.engine, complain, NULL, &report), OK);
    if (report.wrong)
        fail_msg("seed %u, step %d: %llu wrong", seed, step, (unsigned long long)report.wrong);
}

static void world_fill(struct world *world)
{
    world->txn = store_write(&world->store);
    for (unsigned i = 0; i < ACTORS; i++) {
        char name[16];
        snprintf(name, sizeof name, "actor%u", i);
        world->actor[i] = build_actor(world->txn, name, i % 2 ? "peer.example" : "");
    }
    for (unsigned i = 0; i < PEERS; i++) {
        char host[32];
        snprintf(host, sizeof host, "peer%u.example", i);
        world->peer[i] = build_peer(world->txn, host);
    }
    store_commit(&world->txn);
}

static void any_sequence_of_operations_keeps_every_promise(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        struct world world = {.seed = seed * 0x9E3779B97F4A7C15ull};
        world.store = store_open();
        world_fill(&world);
        for (int step = 0; step < STEPS; step++) {
            world.txn = store_write(&world.store);
            for (int i = 0; i < 4; i++)
                operations[pick(&world, COUNT(operations))](&world);
            if (pick(&world, 8) == 0)
                txn_end(&world.txn); /* an aborted batch leaves nothing */
            else
                store_commit(&world.txn);
            if (step % 20 == 19)
                must_be_clean(&world, seed, step);
        }
        store_close(&world.store);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_sequence_of_operations_keeps_every_promise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
