#include "federation/act/act.h"
#include "federation/policy.h"
#include "federation/timeline.h"
#include "storage/base/buf.h"
#include "storage/edge.h"
#include "tests/support/remote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ann and dan are ours; ann follows bob of an allowed peer. */
struct scene {
    struct node node;
    actor_id ann, dan;
    struct remote bob;
    int count;
};

#define BOB "https://peer.example/users/bob"
#define PUBLIC "https://www.w3.org/ns/activitystreams#Public"
#define ANN "https://" STORE_HOST "/users/ann"

static const struct by by = {.who = "test"};

static void add_edge(struct scene *s, enum edge_kind kind, actor_id who, actor_id whom)
{
    struct txn *txn = store_write(&s->node.store);
    Edge edge = EDGE__INIT;
    assert_int_equal(edge_add(txn, (struct edge_key){kind, who.v, whom.v}, &edge), OK);
    store_commit(&txn);
}

static int open_scene(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    node_open(&s->node);
    s->ann = node_account(&s->node, "ann");
    s->dan = node_account(&s->node, "dan");
    node_allow(&s->node, "peer.example");
    remote_create(&s->node, &s->bob, "peer.example", "bob");
    add_edge(s, EDGE_FOLLOW, s->ann, s->bob.id);
    *state = s;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *s = *state;
    remote_clear(&s->bob);
    node_close(&s->node);
    free(s);
    return 0;
}

/* A note of bob's for `to`, with more properties in `extra` (", ..." or ""). */
static void bob_writes(struct scene *s, const char *text, const char *to, const char *extra)
{
    int n = ++s->count;
    char *json = json_format(
        "{\"type\":\"Create\",\"id\":\"https://peer.example/a/%d\",\"actor\":\"" BOB
        "\",\"object\":{\"id\":\"https://peer.example/n/%d\",\"type\":\"Note\",\"attributedTo\":"
        "\"" BOB "\",\"content\":\"%s\",\"to\":[\"%s\"]%s}}",
        n, n, text, to, extra);
    assert_int_equal(node_receive_from(&s->node, &s->bob, json), 202);
    free(json);
}

/* The texts a reader sees, newest first, joined with '|'. */
static char *seen(struct scene *s, struct timeline_query query)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(16 * 1024 * 1024);
    AUTO(buf_clear) struct buf out = BUF_INIT(65536);
    AUTO(timeline_close) struct timeline timeline;
    struct timeline_entry entry;
    enum err e;
    assert_int_equal(timeline_open(txn, &query, &timeline), OK);
    while ((e = timeline_next(&timeline, &arena, &entry)) == OK)
        buf_printf(&out, "%s|", entry.post->content_html);
    assert_int_equal(e, ERR_NOTFOUND);
    return buf_take(&out);
}

static void assert_sees(struct scene *s, enum timeline_kind kind, actor_id reader,
                        const char *texts)
{
    char *got = seen(s, (struct timeline_query){.kind = kind, .reader = reader});
    assert_string_equal(got, texts);
    free(got);
}

static void a_direct_post_is_in_its_readers_home_only(void **state)
{
    struct scene *s = *state;
    add_edge(s, EDGE_FOLLOW, s->dan, s->bob.id);
    bob_writes(s, "for ann", ANN, "");
    assert_sees(s, TIMELINE_HOME, s->ann, "for ann|");
    assert_sees(s, TIMELINE_HOME, s->dan, "");
    assert_sees(s, TIMELINE_MENTIONS, s->ann, "for ann|");
    assert_sees(s, TIMELINE_PUBLIC, s->ann, "");
}

static void a_followers_only_post_is_not_for_who_no_longer_follows(void **state)
{
    struct scene *s = *state;
    bob_writes(s, "circle", BOB "/followers", "");
    struct timeline_query query = {.kind = TIMELINE_AUTHOR, .reader = s->ann, .of = s->bob.id};
    char *got = seen(s, query);
    assert_string_equal(got, "circle|");
    free(got);
    query.reader = s->dan;
    got = seen(s, query);
    assert_string_equal(got, "");
    free(got);
    query.reader = (actor_id){0};
    got = seen(s, query);
    assert_string_equal(got, "");
    free(got);
}

static void a_mute_takes_effect_at_the_next_read(void **state)
{
    struct scene *s = *state;
    bob_writes(s, "hello", PUBLIC, "");
    assert_sees(s, TIMELINE_HOME, s->ann, "hello|");
    add_edge(s, EDGE_MUTE, s->ann, s->bob.id);
    assert_sees(s, TIMELINE_HOME, s->ann, "");
    assert_sees(s, TIMELINE_PUBLIC, s->ann, "");
    assert_sees(s, TIMELINE_PUBLIC, s->dan, "hello|");
}

static void a_limited_peer_is_seen_by_followers_only(void **state)
{
    struct scene *s = *state;
    struct why why;
    bob_writes(s, "hello", PUBLIC, "");
    assert_int_equal(policy_set_peer(&s->node.fed, "peer.example", PEER_STATE__LIMITED, &by, &why),
                     OK);
    assert_sees(s, TIMELINE_PUBLIC, s->dan, "");
    assert_sees(s, TIMELINE_PUBLIC, s->ann, "hello|");
    assert_sees(s, TIMELINE_HOME, s->ann, "hello|");
}

static void a_blocked_peer_is_seen_nowhere(void **state)
{
    struct scene *s = *state;
    struct why why;
    bob_writes(s, "hello", PUBLIC, "");
    assert_int_equal(policy_set_peer(&s->node.fed, "peer.example", PEER_STATE__BLOCKED, &by, &why),
                     OK);
    assert_sees(s, TIMELINE_PUBLIC, s->ann, "");
    assert_sees(s, TIMELINE_HOME, s->ann, "");
    char *got = seen(
        s, (struct timeline_query){.kind = TIMELINE_AUTHOR, .reader = s->ann, .of = s->bob.id});
    assert_string_equal(got, "");
    free(got);
}

static void home_leaves_out_replies_to_people_one_does_not_follow(void **state)
{
    struct scene *s = *state;
    struct remote eve;
    remote_create(&s->node, &eve, "peer.example", "eve");
    char *json = json_format(
        "{\"type\":\"Create\",\"id\":\"https://peer.example/e/1\",\"actor\":"
        "\"%s\",\"object\":{\"id\":\"https://peer.example/en/1\",\"type\":"
        "\"Note\",\"attributedTo\":\"%s\",\"content\":\"eve\",\"to\":[\"" PUBLIC "\"]}}",
        eve.uri, eve.uri);
    assert_int_equal(node_receive_from(&s->node, &eve, json), 202);
    free(json);
    bob_writes(s, "to eve", PUBLIC, ",\"inReplyTo\":\"https://peer.example/en/1\"");
    bob_writes(s, "to nobody knows whom", PUBLIC,
               ",\"inReplyTo\":\"https://elsewhere.example/n/1\"");
    bob_writes(s, "a thread of his own", PUBLIC, "");
    bob_writes(s, "and on", PUBLIC, ",\"inReplyTo\":\"https://peer.example/n/3\"");
    assert_sees(s, TIMELINE_HOME, s->ann, "and on|a thread of his own|to nobody knows whom|");
    remote_clear(&eve);
}

static void a_page_is_full_whatever_was_left_out(void **state)
{
    struct scene *s = *state;
    for (int i = 0; i < 3; i++) {
        bob_writes(s, "yes", PUBLIC, "");
        bob_writes(s, "no", "https://peer.example/users/zoe", "");
    }
    struct timeline_query query = {.kind = TIMELINE_HOME, .reader = s->ann, .page = {.limit = 2}};
    char *got = seen(s, query);
    assert_string_equal(got, "yes|yes|");
    free(got);
}

static void posts_of_one_second_stand_in_the_order_they_came(void **state)
{
    struct scene *s = *state;
    static const char *const texts[] = {"one", "two", "three", "four", "five"};
    for (size_t i = 0; i < COUNT(texts); i++)
        bob_writes(s, texts[i], PUBLIC, ",\"published\":\"2026-01-02T03:04:05Z\"");
    assert_sees(s, TIMELINE_HOME, s->ann, "five|four|three|two|one|");
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(a_direct_post_is_in_its_readers_home_only),
        SCENE(a_followers_only_post_is_not_for_who_no_longer_follows),
        SCENE(a_mute_takes_effect_at_the_next_read),
        SCENE(a_limited_peer_is_seen_by_followers_only),
        SCENE(a_blocked_peer_is_seen_nowhere),
        SCENE(home_leaves_out_replies_to_people_one_does_not_follow),
        SCENE(a_page_is_full_whatever_was_left_out),
        SCENE(posts_of_one_second_stand_in_the_order_they_came),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
