#include "tests/support/scene.h"

#include "federation/inbox.h"
#include "federation/policy.h"
#include "storage/base/clock.h"
#include "storage/notification.h"
#include "storage/parked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* bob (peer.example) moves to eve (evil.example); ann and cat follow bob. */
#define TARGET ",\"target\":\"" EVE "\""

struct change {
    const char *alias, *moved_to; /* NULL: stays; "": none */
};

static void apply_change(Actor *actor, void *context)
{
    static char *names[2];
    const struct change *change = context;
    if (change->alias) {
        names[0] = (char *)"https://elsewhere.example/u/1";
        names[1] = (char *)change->alias;
        actor->also_known_as = names;
        actor->n_also_known_as = *change->alias ? 2 : 0;
    }
    if (change->moved_to)
        actor->moved_to = (char *)change->moved_to;
    actor->fetched_ms = clock_ms();
}

/* What a fetch of `who` brings now, and everything that waited for it goes on. */
static void fetched(struct scene *s, const struct remote *who, const char *alias,
                    const char *moved_to)
{
    struct change change = {alias, moved_to};
    scene_change_actor(s, who->id, apply_change, &change);
    inbox_resume(&s->node.fed, who->uri, NULL);
}

static void both_follow(struct scene *s)
{
    scene_follow(s, s->ann, s->bob.id);
    scene_follow(s, s->cat, s->bob.id);
    clock_set(clock_ms() + 1000); /* what is stored was fetched before the Move */
}

static size_t offers(struct scene *s)
{
    return scene_notified(s, s->ann, NOTIFICATION_TYPE__MOVED) +
           scene_notified(s, s->cat, NOTIFICATION_TYPE__MOVED);
}

static void moves(struct scene *s)
{
    both_follow(s);
    assert_int_equal(scene_send(s, &s->bob, "Move", "\"" BOB "\"", TARGET), 202);
    fetched(s, &s->eve, BOB, NULL);
    fetched(s, &s->bob, NULL, EVE);
}

static void t45_a_move_asks_each_follower_and_moves_nobody(void **state)
{
    struct scene *s = *state;
    both_follow(s);
    assert_int_equal(scene_send(s, &s->bob, "Move", "\"" BOB "\"", TARGET), 202);
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 1);
    assert_int_equal(offers(s), 0);
    fetched(s, &s->eve, BOB, NULL); /* then the old end */
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 1);
    assert_int_equal(offers(s), 0);
    fetched(s, &s->bob, NULL, EVE);
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 0);
    assert_int_equal(offers(s), 2);
    assert_true(scene_has_edge(s, EDGE_FOLLOW, s->ann, s->bob.id));
    assert_false(scene_has_edge(s, EDGE_FOLLOW, s->ann, s->eve.id));
    assert_int_equal(scene_queued(s, "evil.example", "Follow", NULL), 0);
}

static void t45_what_was_stored_before_the_move_is_not_believed(void **state)
{
    struct scene *s = *state;
    fetched(s, &s->eve, BOB, NULL);
    both_follow(s);
    assert_int_equal(scene_send(s, &s->bob, "Move", "\"" BOB "\"", TARGET), 202);
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 1);
    fetched(s, &s->eve, "", NULL); /* the alias is gone */
    fetched(s, &s->bob, NULL, EVE);
    assert_int_equal(offers(s), 0);
}

static void refused(struct scene *s, const char *alias, const char *target_moved_to,
                    const char *old_moved_to)
{
    both_follow(s);
    assert_int_equal(scene_send(s, &s->bob, "Move", "\"" BOB "\"", TARGET), 202);
    fetched(s, &s->eve, alias, target_moved_to);
    fetched(s, &s->bob, NULL, old_moved_to);
    assert_int_equal(offers(s), 0);
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 0);
}

static void t45_without_the_alias_it_is_no_move(void **state)
{
    refused(*state, "https://peer.example/users/bobby", NULL, EVE);
}

static void t45_a_chain_is_no_move(void **state)
{
    refused(*state, BOB, "https://third.example/users/x", EVE);
}

static void t45_a_loop_is_no_move(void **state)
{
    refused(*state, BOB, BOB, EVE);
}

static void t45_two_destinations_are_none(void **state)
{
    refused(*state, BOB, NULL, "https://third.example/users/x");
}

static void t45_to_a_host_that_is_no_peer_nothing_is_fetched(void **state)
{
    struct scene *s = *state;
    both_follow(s);
    assert_int_equal(scene_send(s, &s->bob, "Move", "\"" BOB "\"",
                                ",\"target\":\"https://stranger.example/users/x\""),
                     202);
    assert_int_equal(node_rows(&s->node, TABLE_WANT), 0);
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 0);
    assert_int_equal(offers(s), 0);
}

static void t45_nobody_moves_another(void **state)
{
    struct scene *s = *state;
    both_follow(s);
    fetched(s, &s->eve, BOB, NULL);
    assert_int_equal(scene_send(s, &s->eve, "Move", "\"" BOB "\"", TARGET), 202);
    assert_int_equal(scene_send(s, &s->bob, "Move", "\"" BOB "\"", ""), 202);
    assert_int_equal(scene_send(s, &s->bob, "Move", "\"" BOB "\"", ",\"target\":\"" BOB "\""), 202);
    fetched(s, &s->bob, BOB, NULL);
    assert_int_equal(offers(s), 0);
}

static void t45_a_second_move_somewhere_else_waits_a_week(void **state)
{
    struct scene *s = *state;
    struct remote dan;
    remote_create(&s->node, &dan, "peer.example", "dan");
    moves(s);
    assert_int_equal(offers(s), 2);
    clock_set(clock_ms() + 1000);
    assert_int_equal(scene_send(s, &s->bob, "Move", "\"" BOB "\"",
                                ",\"target\":\"https://peer.example/users/dan\""),
                     202);
    fetched(s, &dan, BOB, NULL);
    fetched(s, &s->bob, NULL, dan.uri);
    assert_int_equal(offers(s), 2);
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 0);
    remote_clear(&dan);
}

/* ---- the answer ---- */

static void an_accepted_offer_follows_first_and_unfollows_when_that_is_accepted(void **state)
{
    struct scene *s = *state;
    struct why why = {""};
    char *follow = NULL;
    moves(s);
    assert_int_equal(act_moved_accept_local(&s->node.fed, s->ann, s->bob.id, &scene_by, &why), OK);
    assert_int_equal(scene_queued(s, "evil.example", "Follow", &follow), 1);
    assert_true(scene_has_edge(s, EDGE_FOLLOW, s->ann, s->bob.id)); /* not answered yet */
    assert_int_equal(scene_queued(s, "peer.example", "Undo", NULL), 0);

    char *id = strstr(follow, ANN "/follows/");
    assert_non_null(id);
    char *object = json_format("\"%.*s\"", (int)strcspn(id, "\""), id);
    assert_int_equal(scene_send(s, &s->eve, "Accept", object, ""), 202);
    assert_true(scene_has_edge(s, EDGE_FOLLOW, s->ann, s->eve.id));
    assert_false(scene_has_edge(s, EDGE_FOLLOW, s->ann, s->bob.id));
    assert_int_equal(scene_queued(s, "peer.example", "Undo", NULL), 1);
    assert_true(scene_has_edge(s, EDGE_FOLLOW, s->cat, s->bob.id));

    assert_int_equal(act_moved_accept_local(&s->node.fed, s->ann, s->bob.id, &scene_by, &why),
                     ERR_NOTFOUND);
    assert_int_equal(act_moved_dismiss_local(&s->node.fed, s->cat, s->bob.id, &scene_by, &why), OK);
    assert_int_equal(offers(s), 0);
    free(object);
    free(follow);
}

static void who_is_blocked_is_not_followed_after_a_move(void **state)
{
    struct scene *s = *state;
    struct why why = {""};
    moves(s);
    assert_int_equal(
        act_block_local(&s->node.fed, s->ann, s->eve.id, ACT_BLOCK_UNTOLD, &scene_by, &why), OK);
    assert_int_equal(act_moved_accept_local(&s->node.fed, s->ann, s->bob.id, &scene_by, &why),
                     ERR_DENIED);
    assert_true(scene_has_edge(s, EDGE_FOLLOW, s->ann, s->bob.id));
}

/* ---- an account of ours ---- */

static void an_account_of_ours_moves_where_it_is_named(void **state)
{
    struct scene *s = *state;
    struct why why = {""};
    char *move = NULL, *update = NULL;
    struct post_draft draft = {.author = s->ann, .source = "still here?"};
    post_id post;

    scene_follow(s, s->bob.id, s->ann);
    scene_follow(s, s->cat, s->ann);
    assert_int_equal(act_move_local(&s->node.fed, s->ann, s->eve.id, &scene_by, &why), ERR_DENIED);
    fetched(s, &s->eve, ANN, NULL);
    assert_int_equal(act_move_local(&s->node.fed, s->ann, s->eve.id, &scene_by, &why), OK);
    assert_int_equal(scene_queued(s, "peer.example", "Move", &move), 1);
    assert_non_null(strstr(move, "\"target\":\"" EVE "\""));
    assert_non_null(strstr(move, "\"object\":\"" ANN "\""));
    assert_int_equal(scene_queued(s, "peer.example", "Update", &update), 1);
    assert_non_null(strstr(update, "\"movedTo\":\"" EVE "\""));
    assert_int_equal(scene_notified(s, s->cat, NOTIFICATION_TYPE__MOVED), 1);
    assert_int_equal(act_post_local(&s->node.fed, &draft, NULL, &scene_by, &post, &why),
                     ERR_DENIED);
    assert_int_equal(act_move_local(&s->node.fed, s->ann, s->eve.id, &scene_by, &why), ERR_DENIED);

    assert_int_equal(act_move_local(&s->node.fed, s->ann, (actor_id){0}, &scene_by, &why), OK);
    assert_int_equal(act_post_local(&s->node.fed, &draft, NULL, &scene_by, &post, &why), OK);
    assert_int_equal(act_move_local(&s->node.fed, s->ann, (actor_id){0}, &scene_by, &why),
                     ERR_NOTFOUND);
    free(move);
    free(update);
}

static void an_alias_is_named_to_the_followers_and_lets_a_move_arrive(void **state)
{
    struct scene *s = *state;
    struct why why = {""};
    char *update = NULL;
    scene_follow(s, s->bob.id, s->ann);
    scene_follow(s, s->cat, s->bob.id);
    assert_int_equal(act_alias_local(&s->node.fed, s->ann, BOB, true, &scene_by, &why), OK);
    assert_int_equal(act_alias_local(&s->node.fed, s->ann, BOB, true, &scene_by, &why), ERR_EXISTS);
    assert_int_equal(scene_queued(s, "peer.example", "Update", &update), 1);
    assert_non_null(strstr(update, "\"alsoKnownAs\":[\"" BOB "\"]"));

    clock_set(clock_ms() + 1000);
    assert_int_equal(scene_send(s, &s->bob, "Move", "\"" BOB "\"", ",\"target\":\"" ANN "\""), 202);
    fetched(s, &s->bob, NULL, ANN);
    assert_int_equal(scene_notified(s, s->cat, NOTIFICATION_TYPE__MOVED), 1);
    assert_int_equal(act_moved_accept_local(&s->node.fed, s->cat, s->bob.id, &scene_by, &why), OK);
    assert_true(scene_has_edge(s, EDGE_FOLLOW, s->cat, s->ann)); /* ours, and open: at once */
    assert_false(scene_has_edge(s, EDGE_FOLLOW, s->cat, s->bob.id));

    assert_int_equal(act_alias_local(&s->node.fed, s->ann, BOB, false, &scene_by, &why), OK);
    assert_int_equal(act_alias_local(&s->node.fed, s->ann, BOB, false, &scene_by, &why),
                     ERR_NOTFOUND);
    free(update);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(t45_a_move_asks_each_follower_and_moves_nobody),
        SCENE(t45_what_was_stored_before_the_move_is_not_believed),
        SCENE(t45_without_the_alias_it_is_no_move),
        SCENE(t45_a_chain_is_no_move),
        SCENE(t45_a_loop_is_no_move),
        SCENE(t45_two_destinations_are_none),
        SCENE(t45_to_a_host_that_is_no_peer_nothing_is_fetched),
        SCENE(t45_nobody_moves_another),
        SCENE(t45_a_second_move_somewhere_else_waits_a_week),
        SCENE(an_accepted_offer_follows_first_and_unfollows_when_that_is_accepted),
        SCENE(who_is_blocked_is_not_followed_after_a_move),
        SCENE(an_account_of_ours_moves_where_it_is_named),
        SCENE(an_alias_is_named_to_the_followers_and_lets_a_move_arrive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
