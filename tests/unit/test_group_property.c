#include "federation/act/act.h"
#include "federation/audience.h"
#include "federation/timeline.h"
#include "storage/check.h"
#include "storage/edge.h"
#include "tests/support/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * One group at A, in every order of joining, posting, removing and taking down, while deliveries
 * between the three nodes run in a random order. ann is of the group's node, bob and dan of B, cal
 * and eve of C; ann and cal are members from the beginning, dan never. check_person says what is
 * expected: who is a member at the end sees what came in while somebody at their node was one.
 */
enum { A, B, C, NODES };
enum { ANN, BOB, CAL, DAN, EVE, PEOPLE };
static const char *const hosts[NODES] = {"a.example", "b.example", "c.example"};
static const struct {
    const char *name;
    int node;
} people[PEOPLE] = {{"ann", A}, {"bob", B}, {"cal", C}, {"dan", B}, {"eve", C}};

/* Sanitizers make it ten times slower: fewer orders there, all of them elsewhere. */
#ifdef __SANITIZE_ADDRESS__
#define STRIDE 9
#else
#define STRIDE 1
#endif

enum step { BOB_JOINS, EVE_JOINS, ANN_POSTS, BOB_POSTS, CAL_GOES, POST_GOES, STEPS };

struct said {
    char uri[160];
    int author;
    bool was_accepted, was_taken_down;
    bool is_at[NODES];     /* had a member there when the group let it in */
    bool was_for_cal_only; /* at C: cancelled with cal, unless it was faster */
};

struct world {
    struct network network;
    actor_id id[PEOPLE]; /* on their own node */
    unsigned groups;
    /* of this run */
    char group[96];
    bool is_members_only;
    bool is_member[PEOPLE]; /* the group says so */
    struct said said[2];
    size_t said_count;
};

static const struct by by = {.who = "test"};

static struct node *home(struct world *w, int who)
{
    return &w->network.node[people[who].node];
}

static actor_id as_known(struct world *w, int at, int who)
{
    char uri[96];
    snprintf(uri, sizeof uri, "https://%s/users/%s", hosts[people[who].node], people[who].name);
    return network_actor(&w->network, &w->network.node[at], uri);
}

static bool has_edge(struct node *node, enum edge_kind kind, actor_id who, actor_id whom)
{
    AUTO(txn_end) struct txn *txn = store_read(&node->store);
    return edge_has(txn, (struct edge_key){kind, who.v, whom.v});
}

static actor_id group_at(struct world *w, int node)
{
    return network_actor(&w->network, &w->network.node[node], w->group);
}

static int open_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    network_open(&w->network, hosts, NODES, 20261122);
    for (int i = 0; i < PEOPLE; i++)
        w->id[i] = node_account(home(w, i), people[i].name);
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;
    network_close(&w->network);
    free(w);
    return 0;
}

/* ---- what is done ---- */

static void new_group(struct world *w, bool is_members_only)
{
    char name[24];
    actor_id id;
    struct why why = {""};
    snprintf(name, sizeof name, "g%u", w->groups++);
    struct account_draft draft = {
        .name = name, .type = ACTOR_TYPE__GROUP, .is_members_only = is_members_only};
    assert_int_equal(act_account_create(&w->network.node[A].fed, &draft, &by, &id, &why), OK);
    snprintf(w->group, sizeof w->group, "https://%s/users/%s", hosts[A], name);
    w->is_members_only = is_members_only;
    memset(w->is_member, 0, sizeof w->is_member);
    memset(w->said, 0, sizeof w->said);
    w->said_count = 0;
}

static void join(struct world *w, int who)
{
    struct why why = {""};
    enum err e =
        act_follow_local(&home(w, who)->fed, w->id[who], group_at(w, people[who].node), &by, &why);
    if (e)
        fail_msg("%s: %s", people[who].name, why.text);
    actor_id known = as_known(w, A, who), group = group_at(w, A);
    struct node *a = &w->network.node[A];
    while (!has_edge(a, EDGE_FOLLOW_REQUEST, known, group) &&
           !has_edge(a, EDGE_FOLLOW, known, group) && network_step(&w->network))
        ;
    if (w->is_members_only)
        assert_int_equal(act_accept_local(&a->fed, group, known, &by, &why), OK);
    w->is_member[who] = true;
}

static bool is_stored(struct node *node, const char *uri)
{
    return node_has_post(node, uri);
}

static void post(struct world *w, int who)
{
    struct said *said = &w->said[w->said_count];
    struct why why = {""};
    post_id id;
    struct post_draft draft = {
        .author = w->id[who], .source = "Bed 4 is free.", .group = group_at(w, people[who].node)};
    enum err e = act_post_local(&home(w, who)->fed, &draft, NULL, &by, &id, &why);
    bool knows_itself_in = people[who].node == A ? w->is_member[who]
                                                 : has_edge(home(w, who), EDGE_FOLLOW, w->id[who],
                                                            group_at(w, people[who].node));
    if (w->is_members_only && !knows_itself_in) {
        assert_int_equal(e, ERR_DENIED);
        return;
    }
    assert_int_equal(e, OK);
    w->said_count++;
    said->author = who;
    snprintf(said->uri, sizeof said->uri, "https://%s/users/%s/posts/%llu", hosts[people[who].node],
             people[who].name, (unsigned long long)id.v);
    /* on the way to the group other things may happen, but no step of ours */
    while (!is_stored(&w->network.node[A], said->uri) && network_step(&w->network))
        ;
    said->was_accepted = is_stored(&w->network.node[A], said->uri);
    said->is_at[people[who].node] = said->is_at[A] = true;
    for (int i = 0; i < PEOPLE; i++)
        if (w->is_member[i])
            said->is_at[people[i].node] = true;
    said->was_for_cal_only = w->is_member[CAL] && !w->is_member[EVE];
}

static void remove_cal(struct world *w)
{
    struct why why = {""};
    assert_int_equal(act_group_remove_local(&w->network.node[A].fed, group_at(w, A),
                                            as_known(w, A, CAL), &by, &why),
                     OK);
    w->is_member[CAL] = false;
}

static void take_down_first(struct world *w)
{
    struct why why = {""};
    post_id id;
    if (!w->said_count)
        return;
    struct txn *txn = store_read(&w->network.node[A].store);
    assert_int_equal(post_find(txn, w->said[0].uri, &id), OK);
    txn_end(&txn);
    assert_int_equal(
        act_group_delete_post_local(&w->network.node[A].fed, group_at(w, A), id, &by, &why), OK);
    w->said[0].was_taken_down = true;
}

static void take(struct world *w, enum step step)
{
    switch (step) {
    case BOB_JOINS:
        join(w, BOB);
        break;
    case EVE_JOINS:
        join(w, EVE);
        break;
    case ANN_POSTS:
        post(w, ANN);
        break;
    case BOB_POSTS:
        post(w, BOB);
        break;
    case CAL_GOES:
        remove_cal(w);
        break;
    default:
        take_down_first(w);
    }
    for (unsigned n = network_random(&w->network, 6); n > 0 && network_step(&w->network); n--)
        ;
}

/* ---- what is seen ---- */

static bool is_in_timeline(struct world *w, int who, enum timeline_kind kind, const char *uri)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(16 * 1024 * 1024);
    AUTO(txn_end) struct txn *txn = store_read(&home(w, who)->store);
    AUTO(timeline_close) struct timeline timeline = {0};
    struct timeline_query query = {.kind = kind,
                                   .reader = w->id[who],
                                   .of = group_at(w, people[who].node),
                                   .page = {.limit = 100}};
    struct timeline_entry entry;
    bool found = false;
    assert_int_equal(timeline_open(txn, &query, &timeline), OK);
    while (timeline_next(&timeline, &arena, &entry) == OK)
        if (strcmp(entry.post->uri, uri) == 0) {
            assert_null(entry.boost);
            assert_false(found); /* each once */
            found = true;
        }
    return found;
}

static bool may_read(struct world *w, int who, const char *uri)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    AUTO(txn_end) struct txn *txn = store_read(&home(w, who)->store);
    Post *stored;
    post_id id;
    return post_find(txn, uri, &id) == OK && post_get(txn, id, &arena, &stored) == OK &&
           audience_may_read(txn, stored, w->id[who]);
}

static void check_person(struct world *w, int who, const struct said *said)
{
    bool is_in = w->is_member[who] && said->was_accepted && !said->was_taken_down &&
                 said->is_at[people[who].node];
    bool is_author = who == said->author;
    if (who == EVE && said->was_for_cal_only)
        return;
    if (is_in_timeline(w, who, TIMELINE_GROUP, said->uri) != is_in &&
        !(is_author && !said->was_taken_down) && (w->is_members_only || is_in))
        fail_msg("%s %s %s in the group", people[who].name, is_in ? "misses" : "sees", said->uri);
    if (is_in_timeline(w, who, TIMELINE_HOME, said->uri) != (is_in || is_author))
        fail_msg("%s: home is wrong about %s", people[who].name, said->uri);
    if (w->is_members_only && may_read(w, who, said->uri) != (is_in || is_author))
        fail_msg("%s %s %s", people[who].name, is_in ? "may not read" : "may read", said->uri);
}

/* Whom the author's node lets fetch it. */
static void check_hosts(struct world *w, const struct said *said)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    AUTO(txn_end) struct txn *txn = store_read(&home(w, said->author)->store);
    Post *stored;
    post_id id;
    if (!w->is_members_only || post_find(txn, said->uri, &id) != OK)
        return;
    assert_int_equal(post_get(txn, id, &arena, &stored), OK);
    assert_false(audience_may_host_read(txn, stored, "stranger.example"));
    if (!w->is_member[EVE])
        assert_false(audience_may_host_read(txn, stored, hosts[C]));
}

static void complain(void *context, const char *table, const char *key, const char *what)
{
    (void)context;
    print_error("%s %s: %s\n", table, key, what);
}

static void run(struct world *w, const enum step *order, bool is_members_only)
{
    new_group(w, is_members_only);
    join(w, ANN);
    join(w, CAL);
    for (int i = 0; i < STEPS; i++)
        take(w, order[i]);
    network_settle(&w->network);
    for (size_t i = 0; i < w->said_count; i++) {
        for (int who = 0; who < PEOPLE; who++)
            check_person(w, who, &w->said[i]);
        check_hosts(w, &w->said[i]);
    }
    assert_int_equal(w->network.refusals, 0);
}

/* The next order in the dictionary's sense; false after the last. */
static bool next_order(enum step *order)
{
    int i = STEPS - 2, j = STEPS - 1;
    while (i >= 0 && order[i] > order[i + 1])
        i--;
    if (i < 0)
        return false;
    while (order[j] < order[i])
        j--;
    for (int k = -1; k < (STEPS - i - 1) / 2; k++) {
        int a = k < 0 ? i : i + 1 + k, b = k < 0 ? j : STEPS - 1 - k;
        enum step t = order[a];
        order[a] = order[b];
        order[b] = t;
    }
    return true;
}

/* The open group in every fifth: it has less to go wrong. */
static void every_order(struct world *w, bool is_members_only, unsigned stride)
{
    unsigned turn = 0;
    enum step order[STEPS] = {BOB_JOINS, EVE_JOINS, ANN_POSTS, BOB_POSTS, CAL_GOES, POST_GOES};
    struct check_report report;
    do {
        if (turn++ % stride)
            continue;
        uint64_t seed = w->network.seed;
        print_message("# order %d%d%d%d%d%d seed %llu\n", order[0], order[1], order[2], order[3],
                      order[4], order[5], (unsigned long long)seed);
        run(w, order, is_members_only);
    } while (next_order(order));
    for (int i = 0; i < NODES; i++) {
        assert_int_equal(check_store(w->network.node[i].store.engine, complain, NULL, &report), OK);
        assert_int_equal(report.wrong, 0);
    }
}

static void members_and_nobody_else_read_a_members_only_group(void **state)
{
    every_order(*state, true, STRIDE);
}

static void an_open_group_reaches_its_members(void **state)
{
    every_order(*state, false, 5 * STRIDE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(members_and_nobody_else_read_a_members_only_group,
                                        open_world, close_world),
        cmocka_unit_test_setup_teardown(an_open_group_reaches_its_members, open_world, close_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
