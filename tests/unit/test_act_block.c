#include "tests/support/scene.h"

#include "federation/audience.h"
#include "storage/outqueue.h"
#include "storage/peer.h"
#include "storage/post.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOST "peer.example"

static void blocks(struct scene *s, enum act_block_telling telling)
{
    struct why why = {""};
    if (act_block_local(&s->node.fed, s->ann, s->bob.id, telling, &scene_by, &why))
        fail_msg("%s", why.text);
}

static void a_block_ends_the_follows_both_ways_and_tells_nobody_of_itself(void **state)
{
    struct scene *s = *state;
    scene_follow(s, s->ann, s->bob.id);
    scene_follow(s, s->bob.id, s->ann);
    blocks(s, ACT_BLOCK_UNTOLD);
    assert_true(scene_has_edge(s, EDGE_BLOCK, s->ann, s->bob.id));
    assert_false(scene_has_edge(s, EDGE_FOLLOW, s->ann, s->bob.id));
    assert_false(scene_has_edge(s, EDGE_FOLLOW, s->bob.id, s->ann));
    assert_int_equal(scene_queued(s, HOST, "Undo", NULL), 1);
    assert_int_equal(scene_queued(s, HOST, "Reject", NULL), 1);
    assert_int_equal(scene_queued(s, HOST, "Block", NULL), 0);

    struct why why;
    assert_int_equal(
        act_block_local(&s->node.fed, s->ann, s->bob.id, ACT_BLOCK_UNTOLD, &scene_by, &why),
        ERR_EXISTS);
    scene_deliver(s);
    assert_int_equal(act_unblock_local(&s->node.fed, s->ann, s->bob.id, &scene_by, &why), OK);
    assert_int_equal(scene_queued(s, HOST, "Undo", NULL), 0);
    assert_int_equal(act_unblock_local(&s->node.fed, s->ann, s->bob.id, &scene_by, &why),
                     ERR_NOTFOUND);
}

static void a_block_that_was_told_is_taken_back_by_its_id(void **state)
{
    struct scene *s = *state;
    char *block = NULL, *undo = NULL;
    struct why why;
    blocks(s, ACT_BLOCK_TOLD);
    assert_int_equal(scene_queued(s, HOST, "Block", &block), 1);
    assert_non_null(strstr(block, "\"object\":\"" BOB "\""));
    assert_int_equal(act_unblock_local(&s->node.fed, s->ann, s->bob.id, &scene_by, &why), OK);
    assert_int_equal(scene_queued(s, HOST, "Undo", &undo), 1);
    const char *id = strstr(block, ANN "/blocks/");
    assert_non_null(id);
    char *uri = strndup(id, strcspn(id, "\""));
    assert_non_null(strstr(undo, uri));
    free(uri);
    free(block);
    free(undo);
}

static void between_two_of_ours_a_block_keeps_either_from_following(void **state)
{
    struct scene *s = *state;
    struct why why = {""};
    scene_follow(s, s->cat, s->ann);
    assert_int_equal(act_block_local(&s->node.fed, s->ann, s->cat, ACT_BLOCK_TOLD, &scene_by, &why),
                     OK);
    assert_false(scene_has_edge(s, EDGE_FOLLOW, s->cat, s->ann));
    assert_int_equal(act_follow_local(&s->node.fed, s->cat, s->ann, &scene_by, &why), ERR_DENIED);
    assert_int_equal(act_follow_local(&s->node.fed, s->ann, s->cat, &scene_by, &why), ERR_DENIED);
    assert_int_equal(act_block_local(&s->node.fed, s->ann, s->ann, ACT_BLOCK_TOLD, &scene_by, &why),
                     ERR_INVALID);
}

static void whom_one_blocks_or_mutes_causes_no_notification(void **state)
{
    struct scene *s = *state;
    struct why why;
    assert_int_equal(act_mute_local(&s->node.fed, s->ann, s->bob.id, &scene_by, &why), OK);
    assert_int_equal(scene_send(s, &s->bob, "Follow", "\"" ANN "\"", ""), 202);
    assert_true(scene_has_edge(s, EDGE_FOLLOW, s->bob.id, s->ann));
    assert_int_equal(scene_notified(s, s->ann, NOTIFICATION_TYPE__FOLLOW), 0);
    assert_int_equal(act_unmute_local(&s->node.fed, s->ann, s->bob.id, &scene_by, &why), OK);
    blocks(s, ACT_BLOCK_UNTOLD);
    assert_int_equal(scene_send(s, &s->bob, "Follow", "\"" ANN "\"", ""), 202);
    assert_false(scene_has_edge(s, EDGE_FOLLOW, s->bob.id, s->ann));
    assert_int_equal(scene_notified(s, s->ann, NOTIFICATION_TYPE__FOLLOW), 0);
}

/* ---- T68 ---- */

static size_t queued_creates(struct scene *s)
{
    return scene_queued(s, HOST, "Create", NULL);
}

static void t68_whom_one_blocks_does_not_get_what_waits(void **state)
{
    struct scene *s = *state;
    scene_follow(s, s->bob.id, s->ann);
    scene_post(s, s->ann, VISIBILITY__PUBLIC, "open");
    scene_post(s, s->ann, VISIBILITY__FOLLOWERS, "for followers");
    scene_post(s, s->ann, VISIBILITY__DIRECT, "@bob@peer.example psst");
    assert_int_equal(queued_creates(s), 3);
    blocks(s, ACT_BLOCK_UNTOLD);
    assert_int_equal(queued_creates(s), 1); /* the open one */
}

static void t68_a_follower_who_is_removed_does_not_get_what_waits(void **state)
{
    struct scene *s = *state;
    struct why why;
    scene_follow(s, s->bob.id, s->ann);
    scene_post(s, s->ann, VISIBILITY__FOLLOWERS, "for followers");
    assert_int_equal(act_reject_local(&s->node.fed, s->ann, s->bob.id, &scene_by, &why), OK);
    assert_int_equal(queued_creates(s), 0);
}

static void t68_a_follower_who_leaves_does_not_get_what_waits(void **state)
{
    struct scene *s = *state;
    assert_int_equal(
        scene_send_id(s, &s->bob, "https://peer.example/f/1", "Follow", "\"" ANN "\"", ""), 202);
    scene_post(s, s->ann, VISIBILITY__FOLLOWERS, "for followers");
    assert_int_equal(queued_creates(s), 1);
    assert_int_equal(scene_send(s, &s->bob, "Undo", "\"https://peer.example/f/1\"", ""), 202);
    assert_int_equal(queued_creates(s), 0);
}

static void t68_another_follower_behind_the_same_shared_inbox_still_gets_it(void **state)
{
    struct scene *s = *state;
    struct remote dan;
    remote_create(&s->node, &dan, HOST, "dan");
    struct remote *both[] = {&s->bob, &dan};
    for (size_t i = 0; i < COUNT(both); i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
        struct txn *txn = store_write(&s->node.store);
        Actor *actor;
        assert_int_equal(actor_get(txn, both[i]->id, &arena, &actor), OK);
        actor->shared_inbox = (char *)"https://peer.example/inbox";
        assert_int_equal(actor_put(txn, actor, 1), OK);
        store_commit(&txn);
        scene_follow(s, both[i]->id, s->ann);
    }
    scene_post(s, s->ann, VISIBILITY__FOLLOWERS, "for followers");
    assert_int_equal(queued_creates(s), 1);
    blocks(s, ACT_BLOCK_UNTOLD);
    assert_int_equal(queued_creates(s), 1);
    struct why why;
    assert_int_equal(
        act_block_local(&s->node.fed, s->ann, dan.id, ACT_BLOCK_UNTOLD, &scene_by, &why), OK);
    assert_int_equal(queued_creates(s), 0);
    remote_clear(&dan);
}

/* ---- the remote door ---- */

static void a_block_that_comes_ends_the_follows_and_is_told_to_nobody(void **state)
{
    struct scene *s = *state;
    scene_follow(s, s->ann, s->bob.id);
    scene_follow(s, s->bob.id, s->ann);
    scene_post(s, s->ann, VISIBILITY__FOLLOWERS, "for followers");
    assert_int_equal(
        scene_send_id(s, &s->bob, "https://peer.example/b/1", "Block", "\"" ANN "\"", ""), 202);
    assert_true(scene_has_edge(s, EDGE_BLOCK, s->bob.id, s->ann));
    assert_false(scene_has_edge(s, EDGE_FOLLOW, s->ann, s->bob.id));
    assert_false(scene_has_edge(s, EDGE_FOLLOW, s->bob.id, s->ann));
    assert_int_equal(queued_creates(s), 0);
    assert_int_equal(scene_queued(s, HOST, "Undo", NULL), 0);
    assert_int_equal(node_rows(&s->node, TABLE_NOTIFICATION), 0);

    assert_int_equal(scene_send(s, &s->bob, "Block", "\"" ANN "\"", ""), 202); /* again */
    assert_int_equal(scene_send(s, &s->bob, "Undo", "\"https://peer.example/b/1\"", ""), 202);
    assert_false(scene_has_edge(s, EDGE_BLOCK, s->bob.id, s->ann));
}

static void an_undo_before_its_block_leaves_no_block(void **state)
{
    struct scene *s = *state;
    assert_int_equal(scene_send(s, &s->bob, "Undo", "\"https://peer.example/b/1\"", ""), 202);
    assert_int_equal(
        scene_send_id(s, &s->bob, "https://peer.example/b/1", "Block", "\"" ANN "\"", ""), 202);
    assert_false(scene_has_edge(s, EDGE_BLOCK, s->bob.id, s->ann));
}

static void t42_only_the_blocker_undoes_a_block(void **state)
{
    struct scene *s = *state;
    assert_int_equal(
        scene_send_id(s, &s->bob, "https://peer.example/b/1", "Block", "\"" ANN "\"", ""), 202);
    assert_int_equal(scene_send(s, &s->eve, "Undo", "\"https://peer.example/b/1\"", ""), 202);
    assert_true(scene_has_edge(s, EDGE_BLOCK, s->bob.id, s->ann));
    assert_int_equal(scene_send(s, &s->bob, "Undo",
                                "{\"type\":\"Block\",\"actor\":\"" BOB "\",\"object\":\"" ANN "\"}",
                                ""),
                     202);
    assert_false(scene_has_edge(s, EDGE_BLOCK, s->bob.id, s->ann));
}

static void a_block_of_nobody_here_is_ignored(void **state)
{
    struct scene *s = *state;
    size_t edges = node_rows(&s->node, TABLE_EDGE);
    assert_int_equal(scene_send(s, &s->bob, "Block", "\"" EVE "\"", ""), 202);
    assert_int_equal(scene_send(s, &s->bob, "Block", "\"https://" STORE_HOST "/users/nobody\"", ""),
                     202);
    assert_int_equal(node_rows(&s->node, TABLE_EDGE), edges);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(a_block_ends_the_follows_both_ways_and_tells_nobody_of_itself),
        SCENE(a_block_that_was_told_is_taken_back_by_its_id),
        SCENE(between_two_of_ours_a_block_keeps_either_from_following),
        SCENE(whom_one_blocks_or_mutes_causes_no_notification),
        SCENE(t68_whom_one_blocks_does_not_get_what_waits),
        SCENE(t68_a_follower_who_is_removed_does_not_get_what_waits),
        SCENE(t68_a_follower_who_leaves_does_not_get_what_waits),
        SCENE(t68_another_follower_behind_the_same_shared_inbox_still_gets_it),
        SCENE(a_block_that_comes_ends_the_follows_and_is_told_to_nobody),
        SCENE(an_undo_before_its_block_leaves_no_block),
        SCENE(t42_only_the_blocker_undoes_a_block),
        SCENE(a_block_of_nobody_here_is_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
