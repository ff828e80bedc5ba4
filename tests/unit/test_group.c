#include "federation/group.h"

#include "federation/act/act.h"
#include "storage/edge.h"
#include "storage/stream.h"
#include "tests/support/remote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ann is ours and follows the group `club` of far.example, where fay lives; bob lives elsewhere. */
struct scene {
    struct node node;
    actor_id ann, own; /* own: an open group of ours */
    struct remote club, fay, bob;
    int count;
};

#define PUBLIC "https://www.w3.org/ns/activitystreams#Public"

static const struct by by = {.who = "test"};

static void put_edge(struct scene *s, enum edge_kind kind, actor_id who, actor_id whom)
{
    struct txn *txn = store_write(&s->node.store);
    Edge edge = EDGE__INIT;
    assert_int_equal(edge_put(txn, (struct edge_key){kind, who.v, whom.v}, &edge), OK);
    store_commit(&txn);
}

static bool has_edge(struct scene *s, enum edge_kind kind, actor_id who, actor_id whom)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    return edge_has(txn, (struct edge_key){kind, who.v, whom.v});
}

static void make_group(struct scene *s, const struct remote *remote)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    struct txn *txn = store_write(&s->node.store);
    Actor *actor;
    assert_int_equal(actor_get(txn, remote->id, &arena, &actor), OK);
    actor->type = ACTOR_TYPE__GROUP;
    assert_int_equal(actor_put(txn, actor, actor->fetched_ms), OK);
    store_commit(&txn);
}

static int open_scene(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    struct account_draft draft = {.name = "own", .type = ACTOR_TYPE__GROUP};
    struct why why;
    node_open(&s->node);
    s->ann = node_account(&s->node, "ann");
    assert_int_equal(act_account_create(&s->node.fed, &draft, &by, &s->own, &why), OK);
    node_allow(&s->node, "far.example");
    node_allow(&s->node, "bob.example");
    remote_create(&s->node, &s->club, "far.example", "club");
    remote_create(&s->node, &s->fay, "far.example", "fay");
    remote_create(&s->node, &s->bob, "bob.example", "bob");
    make_group(s, &s->club);
    put_edge(s, EDGE_FOLLOW, s->ann, s->club.id);
    *state = s;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *s = *state;
    remote_clear(&s->club);
    remote_clear(&s->fay);
    remote_clear(&s->bob);
    node_close(&s->node);
    free(s);
    return 0;
}

/* The club announces that `who` did `kind` to `object` (JSON), with `extra` (", ..." or ""). */
static int announce(struct scene *s, const struct remote *who, const char *kind, const char *object,
                    const char *extra)
{
    int n = ++s->count;
    char *json =
        json_format("{\"type\":\"Announce\",\"id\":\"https://far.example/announce/%d\","
                    "\"actor\":\"%s\",\"to\":[\"" PUBLIC "\"],\"object\":{\"type\":\"%s\","
                    "\"id\":\"https://%s/act/%d\",\"actor\":\"%s\",\"cc\":[\"%s\"],"
                    "\"object\":%s%s}}",
                    n, s->club.uri, kind, who->host, n, who->uri, s->club.uri, object, extra);
    int status = node_receive_from(&s->node, &s->club, json);
    free(json);
    return status;
}

static int announce_note(struct scene *s, const struct remote *who, const char *uri, const char *to)
{
    char *note = json_format("{\"type\":\"Note\",\"id\":\"%s\",\"attributedTo\":\"%s\",\"content\":"
                             "\"hi\",\"to\":[\"%s\"],\"cc\":[\"%s\"]}",
                             uri, who->uri, to, s->club.uri);
    int status = announce(s, who, "Create", note, "");
    free(note);
    return status;
}

static bool is_in_club(struct scene *s, const char *uri)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    post_id id;
    return post_find(txn, uri, &id) == OK &&
           stream_has(txn, (struct stream_key){STREAM_GROUP, s->club.id.v}, id);
}

static void a_host_speaks_for_its_own_people(void **state)
{
    struct scene *s = *state;
    assert_int_equal(announce_note(s, &s->fay, "https://far.example/n/1", PUBLIC), 202);
    assert_true(is_in_club(s, "https://far.example/n/1"));
}

static void what_a_third_host_said_waits_for_its_origin(void **state)
{
    struct scene *s = *state;
    assert_int_equal(announce_note(s, &s->bob, "https://bob.example/n/1", PUBLIC), 202);
    assert_false(node_has_post(&s->node, "https://bob.example/n/1"));
    assert_int_equal(node_rows(&s->node, TABLE_WANT), 1);
}

static void t47_what_is_for_others_is_not_the_groups_to_show(void **state)
{
    struct scene *s = *state;
    assert_int_equal(announce_note(s, &s->fay, "https://far.example/n/1",
                                   "https://far.example/users/fay/followers"),
                     202);
    assert_false(node_has_post(&s->node, "https://far.example/n/1"));
}

static void t86_a_stranger_does_not_come_in_with_a_group(void **state)
{
    struct scene *s = *state;
    struct remote eve;
    remote_create(&s->node, &eve, "stranger.example", "eve");
    assert_int_equal(announce_note(s, &eve, "https://stranger.example/n/1", PUBLIC), 202);
    assert_false(node_has_post(&s->node, "https://stranger.example/n/1"));
    assert_int_equal(node_rows(&s->node, TABLE_WANT), 0);
    remote_clear(&eve);
}

/* What bob does under that id later is still to be taken. */
static void t27_a_group_does_not_name_what_another_host_does(void **state)
{
    struct scene *s = *state;
    const char *note = "https://far.example/n/1", *like = "https://bob.example/likes/1";
    assert_int_equal(announce_note(s, &s->fay, note, PUBLIC), 202);
    assert_int_equal(node_receive_act(&s->node, &s->club,
                                      "\"type\":\"Announce\",\"id\":\"https://far.example/a/9\","
                                      "\"to\":\"" PUBLIC "\",\"object\":{\"type\":\"Like\","
                                      "\"id\":\"%s\",\"actor\":\"%s\",\"object\":\"%s\"}",
                                      like, s->fay.uri, note),
                     202);
    assert_false(node_has_edge(&s->node, EDGE_LIKE, s->fay.id, node_find_post(&s->node, note)));
}

/* ann lets nobody answer: then her group does not hand an answer on. */
static void what_its_author_refuses_is_not_handed_on(void **state)
{
    struct scene *s = *state;
    struct why why;
    post_id id;
    Interaction nobody = INTERACTION__INIT;
    InteractionPolicy policy = INTERACTION_POLICY__INIT;
    policy.reply = &nobody;
    struct post_draft draft = {.author = s->ann,
                               .source = "no answers",
                               .group = s->own,
                               .policy = &policy,
                               .visibility = VISIBILITY__PUBLIC};
    put_edge(s, EDGE_FOLLOW, s->fay.id, s->own);
    assert_int_equal(act_post_local(&s->node.fed, &draft, NULL, &by, &id, &why), OK);
    assert_int_equal(
        node_receive_act(&s->node, &s->bob,
                         "\"type\":\"Create\",\"id\":\"https://bob.example/c/1\",\"object\":{"
                         "\"type\":\"Note\",\"id\":\"https://bob.example/n/1\","
                         "\"attributedTo\":\"%s\",\"content\":\"and yet\",\"to\":[\"" PUBLIC
                         "\"],\"cc\":[\"https://" STORE_HOST "/users/own\"],\"inReplyTo\":"
                         "\"https://" STORE_HOST "/users/ann/posts/%llu\"}",
                         s->bob.uri, (unsigned long long)id.v),
        202);
    assert_true(node_has_post(&s->node, "https://bob.example/n/1"));
    assert_int_equal(node_queued(&s->node, "and yet"), 0);
}

static void nothing_is_taken_from_a_group_nobody_follows(void **state)
{
    struct scene *s = *state;
    struct why why;
    assert_int_equal(act_unfollow_local(&s->node.fed, s->ann, s->club.id, &by, &why), OK);
    assert_int_equal(announce_note(s, &s->fay, "https://far.example/n/1", PUBLIC), 202);
    assert_false(node_has_post(&s->node, "https://far.example/n/1"));
}

/* Whichever comes first. */
static void what_a_group_took_out_stays_out(void **state)
{
    struct scene *s = *state;
    const char *post = "\"https://far.example/n/1\"";
    assert_int_equal(announce(s, &s->bob, "Delete", post, ""), 202);
    assert_int_equal(announce_note(s, &s->fay, "https://far.example/n/1", PUBLIC), 202);
    assert_false(is_in_club(s, "https://far.example/n/1"));
    assert_int_equal(announce_note(s, &s->fay, "https://far.example/n/2", PUBLIC), 202);
    assert_int_equal(announce(s, &s->bob, "Delete", "\"https://far.example/n/2\"", ""), 202);
    assert_false(node_has_post(&s->node, "https://far.example/n/2"));
}

static void a_ban_by_its_group_ends_a_follow_of_ours_alone(void **state)
{
    struct scene *s = *state;
    char *target = json_format(",\"target\":\"%s\"", s->club.uri);
    char *elsewhere = json_format(",\"target\":\"%s\"", s->bob.uri);
    const char *ann = "\"https://" STORE_HOST "/users/ann\"";
    put_edge(s, EDGE_FOLLOW, s->ann, s->bob.id);
    assert_int_equal(announce(s, &s->fay, "Block", ann, elsewhere), 202);
    assert_true(has_edge(s, EDGE_FOLLOW, s->ann, s->club.id));
    assert_int_equal(announce(s, &s->fay, "Block", ann, target), 202);
    assert_false(has_edge(s, EDGE_FOLLOW, s->ann, s->club.id));
    assert_true(has_edge(s, EDGE_FOLLOW, s->ann, s->bob.id));
    free(target);
    free(elsewhere);
}

static void t46_only_moderators_remove_a_member(void **state)
{
    struct scene *s = *state;
    put_edge(s, EDGE_FOLLOW, s->fay.id, s->own);
    for (int turn = 0; turn < 2; turn++) {
        char *json =
            json_format("{\"type\":\"Block\",\"id\":\"https://bob.example/b/%d\",\"actor\":"
                        "\"%s\",\"object\":\"%s\",\"target\":\"https://" STORE_HOST "/users/own\"}",
                        turn, s->bob.uri, s->fay.uri);
        assert_int_equal(node_receive_from(&s->node, &s->bob, json), 202);
        free(json);
        assert_int_equal(has_edge(s, EDGE_FOLLOW, s->fay.id, s->own), turn == 0);
        put_edge(s, EDGE_MODERATOR, s->bob.id, s->own);
    }
    assert_true(has_edge(s, EDGE_BAN, s->fay.id, s->own));
}

static void who_was_removed_does_not_come_back_by_a_follow(void **state)
{
    struct scene *s = *state;
    struct why why;
    char *json =
        json_format("{\"type\":\"Follow\",\"id\":\"https://far.example/f/1\",\"actor\":\"%s\","
                    "\"object\":\"https://" STORE_HOST "/users/own\"}",
                    s->fay.uri);
    assert_int_equal(act_group_remove_local(&s->node.fed, s->own, s->fay.id, &by, &why), OK);
    assert_int_equal(node_receive_from(&s->node, &s->fay, json), 202);
    assert_false(has_edge(s, EDGE_FOLLOW, s->fay.id, s->own));
    assert_false(has_edge(s, EDGE_FOLLOW_REQUEST, s->fay.id, s->own));
    free(json);
}

#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(a_host_speaks_for_its_own_people),
        IN_SCENE(what_a_third_host_said_waits_for_its_origin),
        IN_SCENE(t47_what_is_for_others_is_not_the_groups_to_show),
        IN_SCENE(t86_a_stranger_does_not_come_in_with_a_group),
        IN_SCENE(t27_a_group_does_not_name_what_another_host_does),
        IN_SCENE(what_its_author_refuses_is_not_handed_on),
        IN_SCENE(nothing_is_taken_from_a_group_nobody_follows),
        IN_SCENE(what_a_group_took_out_stays_out),
        IN_SCENE(a_ban_by_its_group_ends_a_follow_of_ours_alone),
        IN_SCENE(t46_only_moderators_remove_a_member),
        IN_SCENE(who_was_removed_does_not_come_back_by_a_follow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
