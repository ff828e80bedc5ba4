/* What others may do to our posts when their authors were asked, and when not. */
#include "federation/act/act.h"

#include "storage/edge.h"
#include "storage/post.h"
#include "tests/support/remote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PUBLIC "https://www.w3.org/ns/activitystreams#Public"
#define REPLY "https://peer.example/notes/1"
#define QUOTED "https://peer.example/notes/2"
#define FOLLOWERS 2 /* schema.proto, Interaction */

static const struct by by = {.who = "test"};

/* Who follows ann may answer her post, the others may not: bob does, eve of his host does not. */
struct scene {
    struct node node;
    actor_id ann;
    struct remote bob, eve;
    char post_uri[256];
};

static void put_edge(struct scene *s, enum edge_kind kind, actor_id who, actor_id whom)
{
    struct txn *txn = store_write(&s->node.store);
    Edge edge = EDGE__INIT;
    assert_int_equal(edge_put(txn, (struct edge_key){kind, who.v, whom.v}, &edge), OK);
    store_commit(&txn);
}

static void post(struct scene *s, const char *source, const InteractionPolicy *policy)
{
    struct why why;
    post_id id;
    struct post_draft draft = {
        .author = s->ann, .source = source, .policy = policy, .visibility = VISIBILITY__PUBLIC};
    assert_int_equal(act_post_local(&s->node.fed, &draft, NULL, &by, &id, &why), OK);
    snprintf(s->post_uri, sizeof s->post_uri, "https://" STORE_HOST "/users/ann/posts/%llu",
             (unsigned long long)id.v);
}

static int open_scene(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    Interaction followers = INTERACTION__INIT;
    InteractionPolicy policy = INTERACTION_POLICY__INIT;
    followers.automatic = FOLLOWERS;
    policy.reply = policy.quote = &followers;
    node_open(&s->node);
    s->ann = node_account(&s->node, "ann");
    node_allow(&s->node, "peer.example");
    remote_create(&s->node, &s->bob, "peer.example", "bob");
    remote_create(&s->node, &s->eve, "peer.example", "eve");
    put_edge(s, EDGE_FOLLOW, s->bob.id, s->ann);
    post(s, "rounds at nine", &policy);
    *state = s;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *s = *state;
    node_check(&s->node);
    remote_clear(&s->bob);
    remote_clear(&s->eve);
    node_close(&s->node);
    free(s);
    return 0;
}

static void get_post(struct scene *s, const char *uri, struct arena *arena, Post **out)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    assert_int_equal(post_get(txn, node_find_post(&s->node, uri), arena, out), OK);
}

static void asks(struct scene *s, const struct remote *who, const char *type, const char *what)
{
    assert_int_equal(node_receive_act(&s->node, who,
                                      "\"type\":\"%s\",\"id\":\"https://peer.example/asks/%s\","
                                      "\"object\":\"%s\",\"instrument\":\"%s\"",
                                      type, type, s->post_uri, what),
                     202);
}

static void says(struct scene *s, const struct remote *who, const char *uri, const char *relation)
{
    assert_int_equal(node_receive_act(&s->node, who,
                                      "\"type\":\"Create\",\"id\":\"%s/create\",\"to\":\"" PUBLIC
                                      "\",\"object\":{\"type\":\"Note\",\"id\":\"%s\","
                                      "\"attributedTo\":\"%s\",\"to\":\"" PUBLIC
                                      "\",\"content\":\"x\",\"%s\":\"%s\"}",
                                      uri, uri, who->uri, relation, s->post_uri),
                     202);
}

/* bob may, and asks for what eve will write: she may not for all that, whichever comes first. */
static void t37_what_a_neighbour_may_is_no_consent(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    Post *found;
    asks(s, &s->bob, "ReplyRequest", REPLY);
    asks(s, &s->bob, "QuoteRequest", QUOTED);
    says(s, &s->eve, REPLY, "inReplyTo");
    says(s, &s->eve, QUOTED, "quote");
    get_post(s, REPLY, &arena, &found);
    assert_int_equal(found->reply_approval, APPROVAL__DECLINED);
    get_post(s, QUOTED, &arena, &found);
    assert_int_equal(found->quote_approval, APPROVAL__DECLINED);
}

static void who_asked_for_their_own_may(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    Post *found;
    asks(s, &s->bob, "QuoteRequest", QUOTED);
    says(s, &s->bob, QUOTED, "quote");
    get_post(s, QUOTED, &arena, &found);
    assert_int_equal(found->quote_approval, APPROVAL__APPROVED);
}

/* To be refused would tell them that they are blocked. */
static void who_is_blocked_is_not_told_so_when_they_boost(void **state)
{
    struct scene *s = *state;
    put_edge(s, EDGE_BLOCK, s->ann, s->eve.id);
    assert_int_equal(node_receive_act(&s->node, &s->eve,
                                      "\"type\":\"Announce\",\"id\":\"https://peer.example/a/1\","
                                      "\"to\":\"" PUBLIC "\",\"object\":\"%s\"",
                                      s->post_uri),
                     202);
    assert_false(node_has_post(&s->node, "https://peer.example/a/1"));
    assert_int_equal(node_queued(&s->node, "\"Reject\""), 0);
}

static void edits(struct scene *s, const char *stamp, const char *when)
{
    assert_int_equal(
        node_receive_act(&s->node, &s->eve,
                         "\"type\":\"Update\",\"id\":\"https://peer.example/edits/%s\","
                         "\"to\":\"" PUBLIC "\",\"object\":{\"type\":\"Note\",\"id\":\"" QUOTED
                         "\",\"attributedTo\":\"%s\",\"to\":\"" PUBLIC "\",\"content\":\"x\","
                         "\"published\":\"2020-01-01T00:00:00Z\",\"updated\":\"%s\","
                         "\"quote\":\"https://peer.example/notes/0\","
                         "\"quoteAuthorization\":\"https://peer.example/stamps/%s\"}",
                         stamp, s->eve.uri, when, stamp),
        202);
}

static void t39_an_older_edit_brings_no_older_authorization(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    Post *found;
    edits(s, "new", "2020-01-03T00:00:00Z");
    edits(s, "old", "2020-01-02T00:00:00Z");
    get_post(s, QUOTED, &arena, &found);
    assert_string_equal(found->quote_approval_uri, "https://peer.example/stamps/new");
}

static uint64_t likes(struct scene *s, enum counter_kind kind)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    return counter_get(txn, kind, node_find_post(&s->node, s->post_uri).v);
}

static void likes_it(struct scene *s, const struct remote *who, const char *more)
{
    assert_int_equal(node_receive_act(&s->node, who,
                                      "\"type\":\"Like\",\"id\":\"%s/likes/1\",\"object\":\"%s\"%s",
                                      who->uri, s->post_uri, more),
                     202);
}

static void who_may_not_like_does_not(void **state)
{
    struct scene *s = *state;
    Interaction followers = INTERACTION__INIT;
    InteractionPolicy policy = INTERACTION_POLICY__INIT;
    actor_id cleo = node_account(&s->node, "cleo");
    struct why why;
    followers.automatic = FOLLOWERS;
    policy.like = &followers;
    post(s, "liked by followers", &policy);
    likes_it(s, &s->eve, "");
    likes_it(s, &s->eve, ",\"content\":\"\xE2\x9D\xA4\"");
    assert_int_equal(likes(s, COUNTER_LIKES) + likes(s, COUNTER_REACTIONS), 0);
    post_id id = node_find_post(&s->node, s->post_uri);
    assert_int_equal(act_like_local(&s->node.fed, cleo, id, &by, &why), ERR_DENIED);
    assert_int_equal(act_react_local(&s->node.fed, cleo, id, "\xE2\x9D\xA4", &by, &why),
                     ERR_DENIED);
    likes_it(s, &s->bob, "");
    assert_int_equal(likes(s, COUNTER_LIKES), 1);
}

/* eve is on bob's host: what she undoes of his has no effect, and is not in the way of his own. */
static void t42_an_early_undo_by_a_neighbour_has_no_effect(void **state)
{
    static const char undo[] = "\"type\":\"Undo\",\"id\":\"%s/undos/1\",\"object\":\"%s/likes/1\"";
    struct scene *s = *state;
    assert_int_equal(node_receive_act(&s->node, &s->eve, undo, s->eve.uri, s->bob.uri), 202);
    likes_it(s, &s->bob, "");
    assert_int_equal(likes(s, COUNTER_LIKES), 1);
    assert_int_equal(node_receive_act(&s->node, &s->eve, undo, s->eve.uri, s->eve.uri), 202);
    likes_it(s, &s->eve, "");
    assert_int_equal(likes(s, COUNTER_LIKES), 2);
}

static void t42_an_early_undo_by_the_actor_counts(void **state)
{
    static const char undo[] = "\"type\":\"Undo\",\"id\":\"%s/undos/1\",\"object\":\"%s/likes/1\"";
    struct scene *s = *state;
    assert_int_equal(node_receive_act(&s->node, &s->bob, undo, s->bob.uri, s->bob.uri), 202);
    likes_it(s, &s->bob, "");
    assert_int_equal(likes(s, COUNTER_LIKES), 0);
}

#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(t37_what_a_neighbour_may_is_no_consent),
        IN_SCENE(who_asked_for_their_own_may),
        IN_SCENE(who_is_blocked_is_not_told_so_when_they_boost),
        IN_SCENE(t39_an_older_edit_brings_no_older_authorization),
        IN_SCENE(who_may_not_like_does_not),
        IN_SCENE(t42_an_early_undo_by_a_neighbour_has_no_effect),
        IN_SCENE(t42_an_early_undo_by_the_actor_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
