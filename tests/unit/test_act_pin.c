#include "tests/support/remote.h"

#include "federation/featured.h"
#include "federation/resolve.h"
#include "storage/actor.h"
#include "storage/base/buf.h"
#include "storage/base/clock.h"
#include "storage/edge.h"
#include "storage/parked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FEATURED "https://peer.example/users/bob/featured"
#define NOTE "https://peer.example/notes/1"

static const struct by by = {.who = "test"};

struct scene {
    struct node node;
    actor_id ann;
    struct remote bob, eve;
};

static void feature(struct scene *s, struct remote *who, const char *featured)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    struct txn *txn = store_write(&s->node.store);
    Actor *actor;
    assert_int_equal(actor_get(txn, who->id, &arena, &actor), OK);
    actor->featured = (char *)featured;
    assert_int_equal(actor_put(txn, actor, clock_ms()), OK);
    store_commit(&txn);
}

static int open_scene(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    node_open(&s->node);
    s->ann = node_account(&s->node, "ann");
    node_allow(&s->node, "peer.example");
    node_allow(&s->node, "evil.example");
    remote_create(&s->node, &s->bob, "peer.example", "bob");
    remote_create(&s->node, &s->eve, "evil.example", "eve");
    feature(s, &s->bob, FEATURED);
    feature(s, &s->eve, "https://evil.example/users/eve/featured");
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

static post_id know_note(struct scene *s, const char *id, const char *to)
{
    assert_int_equal(
        node_receive_act(&s->node, &s->bob,
                         "\"type\":\"Create\",\"id\":\"%s/create\",\"object\":{\"type\":\"Note\","
                         "\"id\":\"%s\",\"attributedTo\":\"%s\",\"content\":\"x\",\"to\":\"%s\"}",
                         id, id, s->bob.uri, to),
        202);
    return node_find_post(&s->node, id);
}

static int pins(struct scene *s, const struct remote *from, const char *type, const char *object,
                const char *target)
{
    return node_receive_act(&s->node, from, "\"type\":\"%s\",\"object\":\"%s\",\"target\":\"%s\"",
                            type, object, target);
}

static void what_its_author_features_is_pinned_until_removed(void **state)
{
    struct scene *s = *state;
    post_id note = know_note(s, NOTE, "as:Public");
    assert_int_equal(pins(s, &s->bob, "Add", NOTE, FEATURED), 202);
    assert_int_equal(pins(s, &s->bob, "Add", NOTE, FEATURED), 202);
    assert_true(node_has_edge(&s->node, EDGE_PIN, s->bob.id, note));
    assert_int_equal(pins(s, &s->bob, "Remove", NOTE, FEATURED), 202);
    assert_false(node_has_edge(&s->node, EDGE_PIN, s->bob.id, note));
}

static void t46_only_its_owner_changes_a_collection(void **state)
{
    struct scene *s = *state;
    post_id note = know_note(s, NOTE, "as:Public");
    assert_int_equal(pins(s, &s->eve, "Add", NOTE, FEATURED), 202);
    assert_int_equal(pins(s, &s->eve, "Add", NOTE, "https://evil.example/users/eve/featured"), 202);
    assert_int_equal(pins(s, &s->bob, "Add", NOTE, "https://peer.example/users/bob/other"), 202);
    assert_int_equal(node_rows(&s->node, TABLE_EDGE), 0);
    assert_int_equal(pins(s, &s->bob, "Add", NOTE, FEATURED), 202);
    assert_int_equal(pins(s, &s->eve, "Remove", NOTE, FEATURED), 202);
    assert_true(node_has_edge(&s->node, EDGE_PIN, s->bob.id, note));
}

static void a_post_not_for_everyone_is_not_pinned(void **state)
{
    struct scene *s = *state;
    know_note(s, NOTE, "https://peer.example/users/bob/followers");
    assert_int_equal(pins(s, &s->bob, "Add", NOTE, FEATURED), 202);
    assert_int_equal(node_rows(&s->node, TABLE_EDGE), 0);
}

static void a_pin_before_its_post_waits_and_after_its_delete_is_nothing(void **state)
{
    struct scene *s = *state;
    assert_int_equal(pins(s, &s->bob, "Add", NOTE, FEATURED), 202);
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 1);
    assert_int_equal(node_receive_act(&s->node, &s->bob,
                                      "\"type\":\"Delete\",\"id\":\"https://peer.example/d/1\","
                                      "\"object\":\"https://peer.example/notes/2\""),
                     202);
    assert_int_equal(pins(s, &s->bob, "Add", "https://peer.example/notes/2", FEATURED), 202);
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 1);
}

static void a_hashtag_that_is_featured_is_no_pin(void **state)
{
    struct scene *s = *state;
    assert_int_equal(node_receive_act(&s->node, &s->bob,
                                      "\"type\":\"Add\",\"target\":\"" FEATURED "\",\"object\":{"
                                      "\"type\":\"Hashtag\",\"name\":\"#icu\","
                                      "\"href\":\"https://peer.example/tags/icu\"}"),
                     202);
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 0);
}

static void ours_pin_five_and_their_followers_are_told(void **state)
{
    struct scene *s = *state;
    struct why why;
    post_id id = {0};
    Edge edge = EDGE__INIT;
    struct txn *txn = store_write(&s->node.store);
    assert_int_equal(edge_add(txn, (struct edge_key){EDGE_FOLLOW, s->bob.id.v, s->ann.v}, &edge),
                     OK);
    store_commit(&txn);
    for (int i = 0; i < 6; i++) {
        struct post_draft draft = {.author = s->ann, .source = "words"};
        assert_int_equal(act_post_local(&s->node.fed, &draft, NULL, &by, &id, &why), OK);
        assert_int_equal(act_pin_local(&s->node.fed, s->ann, id, &by, &why),
                         i < 5 ? OK : ERR_LIMIT);
    }
    assert_int_equal(node_queued(&s->node, "\"type\":\"Add\""), 5);
    assert_int_equal(
        node_queued(&s->node, "\"target\":\"https://" STORE_HOST "/users/ann/featured\""), 5);
    assert_int_equal(act_unpin_local(&s->node.fed, s->ann, id, &by, &why), ERR_NOTFOUND);
    post_id note = know_note(s, NOTE, "as:Public");
    assert_int_equal(act_pin_local(&s->node.fed, s->ann, note, &by, &why), ERR_DENIED);
    struct post_draft draft = {
        .author = s->ann, .source = "words", .visibility = VISIBILITY__FOLLOWERS};
    assert_int_equal(act_post_local(&s->node.fed, &draft, NULL, &by, &id, &why), OK);
    assert_int_equal(act_pin_local(&s->node.fed, s->ann, id, &by, &why), ERR_DENIED);
}

/* ---- the collection itself ---- */

static Want *wanted(struct scene *s, const char *uri, struct arena *arena)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    Want *want;
    return want_get(txn, uri, arena, &want) == OK && !want->failed_ms ? want : NULL;
}

static bool is_wanted(struct scene *s, const char *uri)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    return wanted(s, uri, &arena) != NULL;
}

static void comes(struct scene *s, const char *uri, WantKind kind, const char *json)
{
    struct fetched fetched = {.status = 200, .uri = uri, .body = bytes_of(json)};
    resolve_fetched(&s->node.fed, uri, kind, OK, &fetched, NULL);
}

static void list_comes(struct scene *s, const char *items)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    comes(s, FEATURED, WANT_KIND__COLLECTION_DOCUMENT,
          arena_printf(&arena,
                       "{\"id\":\"" FEATURED "\",\"type\":\"OrderedCollection\","
                       "\"orderedItems\":[%s]}",
                       items));
}

/* A note of Bob's for everyone, that names Ann and was just written. */
static void note_comes(struct scene *s, const char *uri)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    char date[CLOCK_RFC3339_BYTES];
    clock_format_rfc3339(clock_ms(), date);
    comes(s, uri, WANT_KIND__OBJECT_DOCUMENT,
          arena_printf(&arena,
                       "{\"id\":\"%s\",\"type\":\"Note\",\"attributedTo\":\"%s\","
                       "\"content\":\"x\",\"to\":\"as:Public\",\"published\":\"%s\","
                       "\"cc\":\"https://" STORE_HOST "/users/ann\","
                       "\"inReplyTo\":\"https://peer.example/notes/parent\"}",
                       uri, s->bob.uri, date));
}

static void follow_bob(struct scene *s, actor_id who, const char *name)
{
    struct why why;
    assert_int_equal(act_follow_local(&s->node.fed, who, s->bob.id, &by, &why), OK);
    assert_int_equal(
        node_receive_act(&s->node, &s->bob,
                         "\"type\":\"Accept\",\"id\":\"https://peer.example/accept/%s\","
                         "\"object\":{\"type\":\"Follow\",\"object\":\"%s\","
                         "\"actor\":\"https://" STORE_HOST "/users/%s\"}",
                         name, s->bob.uri, name),
        202);
    assert_true(node_has_edge(&s->node, EDGE_FOLLOW, who, (post_id){s->bob.id.v}));
}

static void the_first_follower_brings_what_is_featured_and_nobody_is_told(void **state)
{
    struct scene *s = *state;
    static const char other[] = "https://peer.example/notes/2";
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    post_id note = know_note(s, NOTE, "as:Public");
    follow_bob(s, s->ann, "ann");
    assert_int_equal(wanted(s, FEATURED, &arena)->kind, WANT_KIND__COLLECTION_DOCUMENT);
    list_comes(s, "\"" NOTE "\",{\"type\":\"Note\",\"id\":\"https://peer.example/notes/2\"},"
                  "\"https://evil.example/notes/9\"");
    assert_true(node_has_edge(&s->node, EDGE_PIN, s->bob.id, note));
    assert_false(is_wanted(s, FEATURED));
    assert_false(is_wanted(s, "https://evil.example/notes/9"));
    assert_true(is_wanted(s, other));
    note_comes(s, other);
    assert_true(node_has_edge(&s->node, EDGE_PIN, s->bob.id, node_find_post(&s->node, other)));
    assert_false(is_wanted(s, other));
    assert_int_equal(node_notified(&s->node, s->ann, NOTIFICATION_TYPE__MENTION), 0);
    assert_int_equal(node_rows(&s->node, TABLE_BACKFILL), 0);

    follow_bob(s, node_account(&s->node, "cat"), "cat"); /* the second follower brings nothing */
    assert_false(is_wanted(s, FEATURED));
}

static void of_what_is_featured_twenty_are_taken(void **state)
{
    struct scene *s = *state;
    AUTO(buf_clear) struct buf items = BUF_INIT(65536);
    for (int i = 0; i < 2 * FEATURED_MAX; i++)
        buf_printf(&items, "%s\"https://peer.example/notes/%d\"", i ? "," : "", i);
    follow_bob(s, s->ann, "ann");
    list_comes(s, buf_text(&items));
    assert_int_equal(node_rows(&s->node, TABLE_WANT_DUE), FEATURED_MAX);
    for (int i = 0; i < FEATURED_MAX; i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
        note_comes(s, arena_printf(&arena, "https://peer.example/notes/%d", i));
    }
    know_note(s, "https://peer.example/notes/one-more", "as:Public");
    assert_int_equal(pins(s, &s->bob, "Add", "https://peer.example/notes/one-more", FEATURED), 202);
    assert_int_equal(node_rows(&s->node, TABLE_EDGE), FEATURED_MAX + 1); /* and the follow */
}

static void of_a_collection_in_pages_the_first_is_read(void **state)
{
    struct scene *s = *state;
    static const char page[] = FEATURED "?page=1";
    post_id note = know_note(s, NOTE, "as:Public");
    follow_bob(s, s->ann, "ann");
    comes(s, FEATURED, WANT_KIND__COLLECTION_DOCUMENT,
          "{\"id\":\"" FEATURED "\",\"type\":\"OrderedCollection\","
          "\"first\":\"" FEATURED "?page=1\"}");
    assert_true(is_wanted(s, page));
    comes(s, page, WANT_KIND__COLLECTION_DOCUMENT,
          "{\"id\":\"" FEATURED "?page=1\",\"type\":\"OrderedCollectionPage\","
          "\"next\":\"" FEATURED "?page=2\",\"orderedItems\":[\"" NOTE "\"]}");
    assert_true(node_has_edge(&s->node, EDGE_PIN, s->bob.id, note));
    assert_int_equal(node_rows(&s->node, TABLE_WANT), 0);
}

static void add_and_remove_end_the_same_in_either_order(void **state)
{
    struct scene *s = *state;
    for (int is_turned = 0; is_turned <= 1; is_turned++) {
        const char *uri = is_turned ? "https://peer.example/notes/turned" : NOTE;
        post_id note = know_note(s, uri, "as:Public");
        assert_int_equal(pins(s, &s->bob, is_turned ? "Remove" : "Add", uri, FEATURED), 202);
        assert_int_equal(pins(s, &s->bob, is_turned ? "Add" : "Remove", uri, FEATURED), 202);
        assert_false(node_has_edge(&s->node, EDGE_PIN, s->bob.id, note));
        assert_true(is_wanted(s, FEATURED)); /* it may have been added once more */
    }
}

static void what_the_collection_says_after_a_remove_stands(void **state)
{
    struct scene *s = *state;
    post_id note = know_note(s, NOTE, "as:Public");
    post_id other = know_note(s, "https://peer.example/notes/2", "as:Public");
    assert_int_equal(pins(s, &s->bob, "Add", "https://peer.example/notes/2", FEATURED), 202);
    assert_int_equal(pins(s, &s->bob, "Remove", NOTE, FEATURED), 202);
    assert_int_equal(pins(s, &s->bob, "Add", NOTE, FEATURED), 202); /* while it is being fetched */
    list_comes(s, "");
    assert_true(node_has_edge(&s->node, EDGE_PIN, s->bob.id, other));
    assert_true(is_wanted(s, FEATURED));
    list_comes(s, "\"" NOTE "\"");
    assert_false(is_wanted(s, FEATURED));
    assert_true(node_has_edge(&s->node, EDGE_PIN, s->bob.id, note));
    assert_false(node_has_edge(&s->node, EDGE_PIN, s->bob.id, other));
}

/* Everything ActivityStreams has an activity for, and an invention. */
static void t48_every_type_of_activity_is_answered(void **state)
{
    static const char *const types[] = {
        "View",   "Read",  "Listen", "Travel",          "Arrive",          "Offer",   "Invite",
        "Join",   "Leave", "Ignore", "Question",        "TentativeAccept", "Dislike", "Reject",
        "Accept", "Add",   "Remove", "TentativeReject", "Sparkle"};
    struct scene *s = *state;
    post_id note = know_note(s, NOTE, "as:Public");
    size_t posts = node_rows(&s->node, TABLE_POST);
    for (size_t i = 0; i < COUNT(types); i++)
        assert_int_equal(node_receive_act(&s->node, &s->bob,
                                          "\"type\":\"%s\",\"object\":\"" NOTE "\","
                                          "\"id\":\"https://peer.example/any/%zu\"",
                                          types[i], i),
                         202);
    assert_int_equal(node_rows(&s->node, TABLE_POST), posts);
    assert_int_equal(node_rows(&s->node, TABLE_EDGE), 0);
    assert_true(note.v != 0);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(what_its_author_features_is_pinned_until_removed),
        SCENE(t46_only_its_owner_changes_a_collection),
        SCENE(a_post_not_for_everyone_is_not_pinned),
        SCENE(a_pin_before_its_post_waits_and_after_its_delete_is_nothing),
        SCENE(a_hashtag_that_is_featured_is_no_pin),
        SCENE(ours_pin_five_and_their_followers_are_told),
        SCENE(the_first_follower_brings_what_is_featured_and_nobody_is_told),
        SCENE(of_what_is_featured_twenty_are_taken),
        SCENE(of_a_collection_in_pages_the_first_is_read),
        SCENE(add_and_remove_end_the_same_in_either_order),
        SCENE(what_the_collection_says_after_a_remove_stands),
        SCENE(t48_every_type_of_activity_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
