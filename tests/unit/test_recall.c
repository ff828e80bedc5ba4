#include "federation/recall.h"

#include "federation/act/act.h"
#include "federation/policy.h"
#include "storage/base/clock.h"
#include "storage/check.h"
#include "storage/edge.h"
#include "storage/peer.h"
#include "tests/support/remote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ann, followed from two hosts. */
struct scene {
    struct node node;
    actor_id ann;
    struct remote bob, eve;
    struct arena arena;
    struct recall recall;
    char post[32];
};

static const struct by by = {.who = "test"};

static void follow(struct scene *s, const struct remote *who)
{
    struct txn *txn = store_write(&s->node.store);
    Edge edge = EDGE__INIT;
    struct edge_key key = {EDGE_FOLLOW, who->id.v, s->ann.v};
    assert_int_equal(edge_add(txn, key, &edge), OK);
    store_commit(&txn);
}

static int open_scene(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    s->arena = (struct arena)ARENA_INIT(1 << 20);
    node_open(&s->node);
    s->ann = node_account(&s->node, "ann");
    node_allow(&s->node, "a.example");
    node_allow(&s->node, "b.example");
    remote_create(&s->node, &s->bob, "a.example", "bob");
    remote_create(&s->node, &s->eve, "b.example", "eve");
    follow(s, &s->bob);
    follow(s, &s->eve);
    *state = s;
    return 0;
}

static void complain(void *context, const char *table, const char *key, const char *what)
{
    (void)context;
    print_error("%s %s: %s\n", table, key, what);
}

static int close_scene(void **state)
{
    struct scene *s = *state;
    struct check_report report;
    assert_int_equal(check_store(s->node.store.engine, complain, NULL, &report), OK);
    assert_int_equal(report.wrong, 0);
    recall_clear(&s->recall);
    arena_clear(&s->arena);
    remote_clear(&s->bob);
    remote_clear(&s->eve);
    node_close(&s->node);
    free(s);
    return 0;
}

static post_id ann_posts(struct scene *s)
{
    struct post_draft draft = {.author = s->ann, .source = "wrong patient"};
    post_id id;
    assert_int_equal(act_post_local(&s->node.fed, &draft, NULL, &by, &id, NULL), OK);
    snprintf(s->post, sizeof s->post, "%llu", (unsigned long long)id.v);
    return id;
}

static void recall(struct scene *s)
{
    struct why why = {""};
    if (act_recall_local(&s->node.fed, s->post, &by, &why))
        fail_msg("%s", why.text);
}

static peer_id peer_of(struct txn *txn, const char *host)
{
    peer_id peer;
    assert_int_equal(peer_find(txn, host, &peer), OK);
    return peer;
}

/* The oldest job for this host ends so. */
static void delivery_ends(struct scene *s, const char *host, DeliveryState state, uint32_t status)
{
    struct txn *txn = store_write(&s->node.store);
    peer_id peer = peer_of(txn, host);
    OutJob *job;
    assert_int_equal(outqueue_next(txn, peer, 0, &s->arena, &job), OK);
    assert_int_equal(outqueue_end(txn, peer, job->seq, state, status, "", clock_ms()), OK);
    store_commit(&txn);
}

static void host_fails(struct scene *s, const char *host)
{
    struct txn *txn = store_write(&s->node.store);
    peer_id peer = peer_of(txn, host);
    PeerHealth *health;
    assert_int_equal(peer_health(txn, peer, &s->arena, &health), OK);
    health->failing_since_ms = 1;
    assert_int_equal(peer_put_health(txn, peer, health), OK);
    store_commit(&txn);
}

static size_t waiting_for(struct scene *s, const char *host)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    return (size_t)counter_get(txn, COUNTER_QUEUED, peer_of(txn, host).v);
}

static enum recall_state state_of(struct scene *s, const char *host)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    recall_clear(&s->recall);
    assert_int_equal(recall_find(txn, &s->node.fed, s->post, &s->arena, &s->recall, NULL), OK);
    assert_int_equal(recall_read(txn, &s->arena, &s->recall), OK);
    for (size_t i = 0; i < s->recall.n; i++)
        if (strcmp(s->recall.line[i].host, host) == 0)
            return s->recall.line[i].state;
    fail_msg("%s is not in the list", host);
    return RECALL_UNASKED;
}

static void a_recall_waits_for_each_host_that_got_the_post(void **state)
{
    struct scene *s = *state;
    ann_posts(s);
    delivery_ends(s, "a.example", DELIVERY_STATE__DELIVERED, 202);
    delivery_ends(s, "b.example", DELIVERY_STATE__DELIVERED, 202);
    assert_int_equal(state_of(s, "a.example"), RECALL_UNASKED);
    recall(s);
    assert_int_equal(state_of(s, "a.example"), RECALL_WAITING);
    delivery_ends(s, "a.example", DELIVERY_STATE__DELIVERED, 202);
    assert_int_equal(state_of(s, "a.example"), RECALL_CONFIRMED);
    assert_int_equal(state_of(s, "b.example"), RECALL_WAITING);
    assert_int_equal(recall_missing(&s->recall), 1);
    assert_true(s->recall.is_deleted && s->recall.was_open);
}

static void who_refused_or_never_answered_is_asked_again(void **state)
{
    struct scene *s = *state;
    ann_posts(s);
    delivery_ends(s, "a.example", DELIVERY_STATE__DELIVERED, 202);
    delivery_ends(s, "b.example", DELIVERY_STATE__DELIVERED, 202);
    recall(s);
    delivery_ends(s, "a.example", DELIVERY_STATE__REFUSED, 403);
    delivery_ends(s, "b.example", DELIVERY_STATE__EXPIRED, 0);
    assert_int_equal(state_of(s, "a.example"), RECALL_REFUSED);
    assert_int_equal(state_of(s, "b.example"), RECALL_EXPIRED);
    recall(s);
    assert_int_equal(state_of(s, "a.example"), RECALL_WAITING);
    delivery_ends(s, "a.example", DELIVERY_STATE__DELIVERED, 202);
    delivery_ends(s, "b.example", DELIVERY_STATE__DELIVERED, 202);
    assert_int_equal(state_of(s, "b.example"), RECALL_CONFIRMED);
    recall(s); /* nobody is asked who has confirmed */
    assert_int_equal(waiting_for(s, "a.example") + waiting_for(s, "b.example"), 0);
}

static void a_host_that_got_nothing_hears_nothing(void **state)
{
    struct scene *s = *state;
    ann_posts(s);
    host_fails(s, "a.example");
    delivery_ends(s, "b.example", DELIVERY_STATE__DELIVERED, 202);
    recall(s);
    assert_int_equal(state_of(s, "a.example"), RECALL_UNREACHED);
    assert_int_equal(waiting_for(s, "a.example"), 0);
    delivery_ends(s, "b.example", DELIVERY_STATE__DELIVERED, 202);
    state_of(s, "b.example");
    assert_int_equal(recall_missing(&s->recall), 0);
}

static void what_may_be_on_its_way_is_followed_by_its_delete(void **state)
{
    struct scene *s = *state;
    ann_posts(s);
    recall(s); /* both hosts are well: a request may be in flight this moment */
    assert_int_equal(waiting_for(s, "a.example"), 1);
    assert_int_equal(state_of(s, "a.example"), RECALL_WAITING);
}

static void a_blocked_host_is_not_asked_until_it_is_allowed_again(void **state)
{
    struct scene *s = *state;
    ann_posts(s);
    delivery_ends(s, "a.example", DELIVERY_STATE__DELIVERED, 202);
    delivery_ends(s, "b.example", DELIVERY_STATE__DELIVERED, 202);
    assert_int_equal(policy_set_peer(&s->node.fed, "a.example", PEER_STATE__BLOCKED, &by, NULL),
                     OK);
    recall(s);
    assert_int_equal(state_of(s, "a.example"), RECALL_BARRED);
    size_t lines = node_rows(&s->node, TABLE_LEDGER);
    recall(s);
    assert_int_equal(node_rows(&s->node, TABLE_LEDGER), lines);
    node_allow(&s->node, "a.example");
    recall(s);
    assert_int_equal(state_of(s, "a.example"), RECALL_WAITING);
}

static void a_host_that_fetched_the_post_is_asked_too(void **state)
{
    struct scene *s = *state;
    post_id id = ann_posts(s);
    delivery_ends(s, "a.example", DELIVERY_STATE__DELIVERED, 202);
    delivery_ends(s, "b.example", DELIVERY_STATE__DELIVERED, 202);
    struct txn *txn = store_write(&s->node.store);
    peer_id reader;
    assert_int_equal(peer_ensure(txn, "c.example", clock_ms(), &reader), OK);
    assert_int_equal(fetched_add(txn, id, reader, "https://c.example/inbox"), OK);
    store_commit(&txn);
    node_allow(&s->node, "c.example");
    recall(s);
    assert_int_equal(state_of(s, "c.example"), RECALL_WAITING);
    assert_true(s->recall.line[s->recall.n - 1].had_it);
}

static void a_post_deleted_before_is_recalled_by_id_and_by_uri(void **state)
{
    struct scene *s = *state;
    post_id id = ann_posts(s);
    delivery_ends(s, "a.example", DELIVERY_STATE__DELIVERED, 202);
    delivery_ends(s, "b.example", DELIVERY_STATE__DELIVERED, 202);
    assert_int_equal(act_delete_local(&s->node.fed, s->ann, id, &by, NULL), OK);
    delivery_ends(s, "a.example", DELIVERY_STATE__REFUSED, 400);
    recall(s);
    assert_int_equal(state_of(s, "a.example"), RECALL_WAITING);
    char *uri = json_format("https://" STORE_HOST "/users/ann/posts/%s", s->post);
    assert_int_equal(act_recall_local(&s->node.fed, uri, &by, NULL), OK);
    free(uri);
    assert_int_equal(act_recall_local(&s->node.fed, "17", &by, NULL), ERR_NOTFOUND);
    assert_int_equal(act_recall_local(&s->node.fed, "https://a.example/1", &by, NULL),
                     ERR_NOTFOUND);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(a_recall_waits_for_each_host_that_got_the_post),
        SCENE(who_refused_or_never_answered_is_asked_again),
        SCENE(a_host_that_got_nothing_hears_nothing),
        SCENE(what_may_be_on_its_way_is_followed_by_its_delete),
        SCENE(a_blocked_host_is_not_asked_until_it_is_allowed_again),
        SCENE(a_host_that_fetched_the_post_is_asked_too),
        SCENE(a_post_deleted_before_is_recalled_by_id_and_by_uri),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
