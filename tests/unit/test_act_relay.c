#include "federation/act/relay.h"

#include "tests/support/scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* bob@peer.example is the relay. */
#define INSTANCE "https://" STORE_HOST "/actor"

static actor_id instance_of(struct scene *s)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    actor_id id;
    assert_int_equal(actor_instance(txn, &id), OK);
    return id;
}

static void add(struct scene *s, enum act_relay_style style)
{
    struct why why = {""};
    if (act_relay_add_local(&s->node.fed, s->bob.id, style, &scene_by, &why))
        fail_msg("%s", why.text);
}

/* The id of the Follow that waits for the relay, as JSON. */
static char *follow_id(struct scene *s)
{
    char *follow = NULL;
    assert_int_equal(scene_queued(s, "peer.example", "Follow", &follow), 1);
    char *id = strstr(follow, INSTANCE "/follows/");
    assert_non_null(id);
    char *out = json_format("\"%.*s\"", (int)strcspn(id, "\""), id);
    free(follow);
    return out;
}

static bool is_accepted(struct scene *s)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    return act_relay_is_accepted(txn, s->bob.id);
}

static void accepted(struct scene *s, enum act_relay_style style)
{
    add(s, style);
    char *id = follow_id(s);
    assert_int_equal(scene_send(s, &s->bob, "Accept", id, ""), 202);
    free(id);
    assert_true(is_accepted(s));
    scene_deliver(s);
}

static void of_a_mastodon_relay_the_public_collection_is_followed(void **state)
{
    struct scene *s = *state;
    struct why why;
    char *follow = NULL;
    add(s, ACT_RELAY_MASTODON);
    assert_int_equal(scene_queued(s, "peer.example", "Follow", &follow), 1);
    assert_non_null(strstr(follow, "\"object\":\"" AS_PUBLIC "\""));
    assert_non_null(strstr(follow, "\"actor\":\"" INSTANCE "\""));
    assert_int_equal(
        act_relay_add_local(&s->node.fed, s->bob.id, ACT_RELAY_MASTODON, &scene_by, &why),
        ERR_EXISTS);
    assert_int_equal(act_relay_add_local(&s->node.fed, s->cat, ACT_RELAY_MASTODON, &scene_by, &why),
                     ERR_INVALID);
    free(follow);
}

static void it_takes_public_posts_only_and_none_before_it_accepted(void **state)
{
    struct scene *s = *state;
    add(s, ACT_RELAY_MASTODON);
    scene_post(s, s->ann, VISIBILITY__PUBLIC, "too early");
    assert_int_equal(scene_queued(s, "peer.example", "Create", NULL), 0);
    char *id = follow_id(s);
    assert_int_equal(scene_send(s, &s->bob, "Accept", id, ""), 202);
    free(id);
    post_id post = scene_post(s, s->ann, VISIBILITY__PUBLIC, "for all");
    scene_post(s, s->ann, VISIBILITY__UNLISTED, "less so");
    scene_post(s, s->ann, VISIBILITY__FOLLOWERS, "for followers");
    scene_post(s, s->ann, VISIBILITY__LOCAL, "here");
    assert_int_equal(scene_queued(s, "peer.example", "Create", NULL), 1);
    scene_deliver(s);
    struct why why;
    assert_int_equal(act_delete_local(&s->node.fed, s->ann, post, &scene_by, &why), OK);
    assert_int_equal(scene_queued(s, "peer.example", "Delete", NULL), 1);
}

static void a_litepub_relay_follows_back_and_takes_announces(void **state)
{
    struct scene *s = *state;
    char *announce = NULL;
    accepted(s, ACT_RELAY_LITEPUB);
    assert_int_equal(scene_send(s, &s->bob, "Follow", "\"" INSTANCE "\"", ""), 202);
    assert_true(scene_has_edge(s, EDGE_FOLLOW, s->bob.id, instance_of(s)));
    assert_int_equal(scene_queued(s, "peer.example", "Accept", NULL), 1);
    assert_int_equal(scene_send(s, &s->eve, "Follow", "\"" INSTANCE "\"", ""), 202); /* no relay */
    assert_false(scene_has_edge(s, EDGE_FOLLOW, s->eve.id, instance_of(s)));
    scene_post(s, s->ann, VISIBILITY__PUBLIC, "for all");
    assert_int_equal(scene_queued(s, "peer.example", "Announce", &announce), 1);
    assert_non_null(strstr(announce, "\"object\":\"" ANN "/posts/"));
    assert_non_null(strstr(announce, "\"actor\":\"" INSTANCE "\""));
    assert_int_equal(scene_queued(s, "peer.example", "Create", NULL), 0);
    free(announce);
}

static void t43_only_the_relay_itself_answers(void **state)
{
    struct scene *s = *state;
    add(s, ACT_RELAY_MASTODON);
    char *id = follow_id(s);
    assert_int_equal(scene_send(s, &s->eve, "Accept", id, ""), 202);
    assert_false(is_accepted(s));
    assert_int_equal(scene_send(s, &s->bob, "Accept", "\"https://peer.example/other\"", ""), 202);
    assert_false(is_accepted(s));
    assert_int_equal(scene_send(s, &s->bob, "Accept",
                                "{\"type\":\"Follow\",\"actor\":\"" INSTANCE
                                "\",\"object\":\"" AS_PUBLIC "\"}",
                                ""),
                     202);
    assert_true(is_accepted(s));
    assert_int_equal(scene_send(s, &s->bob, "Reject", id, ""), 202);
    assert_false(scene_has_edge(s, EDGE_RELAY, instance_of(s), s->bob.id));
    free(id);
}

static void what_a_relay_announces_is_fetched_and_no_boost(void **state)
{
    struct scene *s = *state;
    accepted(s, ACT_RELAY_LITEPUB);
    size_t posts = node_rows(&s->node, TABLE_POST);
    assert_int_equal(scene_send(s, &s->bob, "Announce", "\"https://evil.example/notes/1\"", ""),
                     202);
    assert_int_equal(node_rows(&s->node, TABLE_WANT), 1); /* its host is a peer */
    assert_int_equal(scene_send(s, &s->bob, "Announce", "\"https://stranger.example/notes/1\"", ""),
                     202);
    assert_int_equal(node_rows(&s->node, TABLE_WANT), 1);
    scene_post(s, s->ann, VISIBILITY__PUBLIC, "for all");
    char *announce = NULL;
    assert_int_equal(scene_queued(s, "peer.example", "Announce", &announce), 1);
    char *uri = strstr(announce, ANN "/posts/");
    char *object = json_format("\"%.*s\"", (int)strcspn(uri, "\""), uri);
    assert_int_equal(scene_send(s, &s->bob, "Announce", object, ""), 202); /* our own, back */
    assert_int_equal(node_rows(&s->node, TABLE_POST), posts + 1);
    free(object);
    free(announce);
}

static void a_relay_that_is_removed_is_told_and_gets_nothing_more(void **state)
{
    struct scene *s = *state;
    struct why why;
    char *undo = NULL;
    accepted(s, ACT_RELAY_MASTODON);
    assert_int_equal(act_relay_remove_local(&s->node.fed, s->bob.id, &scene_by, &why), OK);
    assert_int_equal(scene_queued(s, "peer.example", "Undo", &undo), 1);
    assert_non_null(strstr(undo, "\"object\":\"" AS_PUBLIC "\""));
    scene_post(s, s->ann, VISIBILITY__PUBLIC, "for all");
    assert_int_equal(scene_queued(s, "peer.example", "Create", NULL), 0);
    assert_int_equal(act_relay_remove_local(&s->node.fed, s->bob.id, &scene_by, &why),
                     ERR_NOTFOUND);
    free(undo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(of_a_mastodon_relay_the_public_collection_is_followed),
        SCENE(it_takes_public_posts_only_and_none_before_it_accepted),
        SCENE(a_litepub_relay_follows_back_and_takes_announces),
        SCENE(t43_only_the_relay_itself_answers),
        SCENE(what_a_relay_announces_is_fetched_and_no_boost),
        SCENE(a_relay_that_is_removed_is_told_and_gets_nothing_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
