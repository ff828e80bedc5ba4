#include "tests/support/remote.h"

#include "federation/act/act.h"
#include "federation/audience.h"
#include "federation/policy.h"
#include "storage/base/clock.h"
#include "storage/check.h"
#include "storage/edge.h"
#include "storage/outqueue.h"
#include "storage/parked.h"
#include "storage/post.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OURS "https://" STORE_HOST "/users/ann"
#define PUBLIC "https://www.w3.org/ns/activitystreams#Public"

/* One node with ann, one allowed peer with bob and eve, one stranger. */
struct scene {
    struct node node;
    actor_id ann;
    struct remote bob, eve, stranger;
};

static const struct by by = {.who = "test"};

static int open_scene(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    node_open(&s->node);
    s->ann = node_account(&s->node, "ann");
    node_allow(&s->node, "peer.example");
    node_allow(&s->node, "evil.example");
    remote_create(&s->node, &s->bob, "peer.example", "bob");
    remote_create(&s->node, &s->eve, "evil.example", "eve");
    remote_create(&s->node, &s->stranger, "stranger.example", "sam");
    *state = s;
    return 0;
}

static void complain(void *context, const char *table, const char *key, const char *what)
{
    (void)context;
    print_error("%s %s: %s\n", table, key, what);
}

/* Every test leaves a store that is whole. */
static int close_scene(void **state)
{
    struct scene *s = *state;
    struct check_report report;
    assert_int_equal(check_store(s->node.store.engine, complain, NULL, &report), OK);
    assert_int_equal(report.wrong, 0);
    remote_clear(&s->bob);
    remote_clear(&s->eve);
    remote_clear(&s->stranger);
    node_close(&s->node);
    free(s);
    return 0;
}

static char *note_json(const char *id, const char *author, const char *text)
{
    return json_format(
        "{\"id\":\"%s\",\"type\":\"Note\",\"attributedTo\":\"%s\",\"content\":\"%s\","
        "\"published\":\"2026-01-02T03:04:05Z\",\"to\":[\"" PUBLIC "\"]}",
        id, author, text);
}

static char *activity_json(const char *type, const char *id, const char *actor, const char *object)
{
    return json_format("{\"@context\":\"https://www.w3.org/ns/activitystreams\",\"type\":\"%s\","
                       "\"id\":\"%s\",\"actor\":\"%s\",\"object\":%s}",
                       type, id, actor, object);
}

#define BOB "https://peer.example/users/bob"
#define NOTE "https://peer.example/notes/1"

/* Sends and frees. */
static int sends(struct scene *s, const struct remote *from, const char *type, const char *id,
                 const char *actor, char *object)
{
    char *json = activity_json(type, id, actor, object);
    int status = node_receive_from(&s->node, from, json);
    free(json);
    free(object);
    return status;
}

static char *quoted(const char *uri)
{
    return json_format("\"%s\"", uri);
}

static int send_note(struct scene *s, const char *text)
{
    return sends(s, &s->bob, "Create", "https://peer.example/a/1", BOB, note_json(NOTE, BOB, text));
}

static char *stored_content(struct scene *s, const char *uri)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    Post *post;
    post_id id;
    assert_int_equal(post_find(txn, uri, &id), OK);
    assert_int_equal(post_get(txn, id, &arena, &post), OK);
    return strdup(post->content_html);
}

static void assert_content_has(struct scene *s, const char *uri, const char *text)
{
    char *content = stored_content(s, uri);
    if (!strstr(content, text))
        fail_msg("%s is not in %s", text, content);
    free(content);
}

static post_id write_post(struct scene *s, const char *text, Visibility visibility)
{
    struct post_draft draft = {.author = s->ann, .source = text, .visibility = visibility};
    struct why why = {""};
    post_id id;
    assert_int_equal(act_post_local(&s->node.fed, &draft, NULL, &by, &id, &why), OK);
    return id;
}

static void uri_of(struct scene *s, post_id id, char out[256])
{
    (void)s;
    snprintf(out, 256, OURS "/posts/%llu", (unsigned long long)id.v);
}

static bool has_edge(struct scene *s, enum edge_kind kind, uint64_t who, uint64_t whom)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    return edge_has(txn, (struct edge_key){kind, who, whom});
}

static void a_signed_note_is_stored_and_sanitised(void **state)
{
    struct scene *s = *state;
    assert_int_equal(send_note(s, "<p>hello<script>alert(1)</script></p>"), 202);
    assert_content_has(s, NOTE, "hello");
    char *content = stored_content(s, NOTE);
    assert_null(strstr(content, "script"));
    free(content);
}

static void t10_an_unsigned_activity_is_401_and_leaves_nothing(void **state)
{
    struct scene *s = *state;
    AUTO(sent_clear) struct sent sent;
    char *note = note_json(NOTE, BOB, "x");
    char *json = activity_json("Create", "https://peer.example/a/1", BOB, note);
    remote_sign(&s->bob, json, &sent);
    sent.message.header_count = 2; /* Host and Date only */
    assert_int_equal(node_receive(&s->node, &sent), 401);
    assert_int_equal(node_rows(&s->node, TABLE_POST), 0);
    assert_int_equal(node_rows(&s->node, TABLE_SEEN), 0);
    assert_int_equal(node_rows(&s->node, TABLE_WANT), 0);
    free(note);
    free(json);
}

static void t11_one_changed_byte_is_401(void **state)
{
    struct scene *s = *state;
    AUTO(sent_clear) struct sent sent;
    char *note = note_json(NOTE, BOB, "take 10 mg");
    char *json = activity_json("Create", "https://peer.example/a/1", BOB, note);
    remote_sign(&s->bob, json, &sent);
    strstr(sent.body, "10 mg")[0] = '9';
    assert_int_equal(node_receive(&s->node, &sent), 401);
    assert_int_equal(node_rows(&s->node, TABLE_POST), 0);
    free(note);
    free(json);
}

static void t14_a_signature_moved_to_another_path_is_401(void **state)
{
    struct scene *s = *state;
    static const enum signature_scheme schemes[] = {SIGNATURE_CAVAGE, SIGNATURE_RFC9421};
    for (size_t i = 0; i < COUNT(schemes); i++) {
        AUTO(sent_clear) struct sent sent;
        char *note = note_json(NOTE, BOB, "x");
        char *json = activity_json("Create", "https://peer.example/a/1", BOB, note);
        remote_sign_as(&s->bob, schemes[i], "/users/zoe/inbox", json, &sent);
        sent.message.target = "/inbox";
        assert_int_equal(node_receive(&s->node, &sent), 401);
        sent.message.target = "/users/zoe/inbox";
        sent.message.method = "PUT";
        assert_int_equal(node_receive(&s->node, &sent), 401);
        free(note);
        free(json);
    }
    assert_int_equal(node_rows(&s->node, TABLE_POST), 0);
}

static void t15_a_two_hour_old_date_is_401_and_59_minutes_pass(void **state)
{
    struct scene *s = *state;
    int64_t now_ms = clock_ms();
    for (int minutes = 59; minutes <= 120; minutes += 61) {
        AUTO(sent_clear) struct sent sent;
        char *note = note_json(NOTE, BOB, "x");
        char *json = activity_json("Create", "https://peer.example/a/1", BOB, note);
        clock_set(now_ms - minutes * 60000);
        remote_sign(&s->bob, json, &sent);
        clock_set(-1);
        assert_int_equal(node_receive(&s->node, &sent), minutes == 59 ? 202 : 401);
        free(note);
        free(json);
    }
}

static void t16_a_strangers_key_is_403_before_anything_is_looked_up(void **state)
{
    struct scene *s = *state;
    snprintf(s->stranger.key_id, sizeof s->stranger.key_id,
             "https://stranger.example/users/unknown#key");
    assert_int_equal(sends(s, &s->stranger, "Create", "https://stranger.example/a/1",
                           "https://stranger.example/users/unknown",
                           note_json("https://stranger.example/n/1",
                                     "https://stranger.example/users/unknown", "x")),
                     403);
    assert_int_equal(node_rows(&s->node, TABLE_WANT), 0);
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 0);
}

static void t85_only_the_very_host_on_the_list_is_a_peer(void **state)
{
    struct scene *s = *state;
    static const char *const hosts[] = {"sub.peer.example", "example", "peer.example.evil.test"};
    for (size_t i = 0; i < COUNT(hosts); i++) {
        struct remote remote;
        remote_create(&s->node, &remote, hosts[i], "bob");
        char *id = json_format("https://%s/a/1", hosts[i]);
        assert_int_equal(
            sends(s, &remote, "Create", id, remote.uri, note_json(id, remote.uri, "x")), 403);
        free(id);
        remote_clear(&remote);
    }
    assert_int_equal(node_rows(&s->node, TABLE_POST), 0);
}

static void t17_a_key_speaks_only_for_its_owner(void **state)
{
    struct scene *s = *state;
    assert_int_equal(sends(s, &s->eve, "Create", "https://peer.example/a/1", BOB,
                           note_json(NOTE, BOB, "forged")),
                     403);
    assert_int_equal(node_rows(&s->node, TABLE_POST), 0);
    assert_int_equal(node_rows(&s->node, TABLE_SEEN), 0);
}

static void t24_a_thousand_repeats_have_one_effect(void **state)
{
    struct scene *s = *state;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(send_note(s, "once"), 202);
    assert_int_equal(node_rows(&s->node, TABLE_POST), 1);
}

static void t25_the_first_version_of_an_activity_stays(void **state)
{
    struct scene *s = *state;
    assert_int_equal(send_note(s, "first"), 202);
    assert_int_equal(send_note(s, "second"), 202);
    assert_content_has(s, NOTE, "first");
}

static void t27_an_activity_id_elsewhere_is_403(void **state)
{
    struct scene *s = *state;
    assert_int_equal(
        sends(s, &s->bob, "Create", "https://evil.example/a/1", BOB, note_json(NOTE, BOB, "x")),
        403);
    assert_int_equal(node_rows(&s->node, TABLE_POST), 0);
}

static void t28_an_object_of_someone_else_is_403_and_the_name_stays_free(void **state)
{
    struct scene *s = *state;
    assert_int_equal(sends(s, &s->eve, "Create", "https://evil.example/a/1",
                           "https://evil.example/users/eve",
                           note_json(NOTE, "https://evil.example/users/eve", "mine")),
                     403);
    assert_int_equal(sends(s, &s->eve, "Create", "https://evil.example/a/2",
                           "https://evil.example/users/eve",
                           note_json("https://evil.example/n/2", BOB, "his")),
                     403);
    assert_int_equal(send_note(s, "the true owner"), 202);
    assert_content_has(s, NOTE, "the true owner");
}

static void t29_whatever_claims_to_be_ours_is_403(void **state)
{
    struct scene *s = *state;
    assert_int_equal(sends(s, &s->bob, "Create", "https://peer.example/a/1", BOB,
                           note_json(OURS "/posts/7", BOB, "x")),
                     403);
    assert_int_equal(
        sends(s, &s->bob, "Create", "https://peer.example/a/2", BOB, note_json(NOTE, OURS, "x")),
        403);
    assert_int_equal(
        sends(s, &s->bob, "Create", "https://" STORE_HOST "/a/3", BOB, note_json(NOTE, BOB, "x")),
        403);
    assert_int_equal(
        sends(s, &s->bob, "Create", "https://peer.example/a/4", OURS, note_json(NOTE, OURS, "x")),
        403);
    snprintf(s->bob.key_id, sizeof s->bob.key_id, OURS "#main-key");
    assert_int_equal(send_note(s, "x"), 403);
    s->node.config.mode =
        FEDERATION_OPEN; /* where policy lets everyone in, we are still not them */
    assert_int_equal(send_note(s, "x"), 403);
    assert_int_equal(node_rows(&s->node, TABLE_POST), 0);
}

static char *update_json(const char *text, const char *updated)
{
    return json_format("{\"id\":\"" NOTE "\",\"type\":\"Note\",\"attributedTo\":\"" BOB
                       "\",\"content\":\"%s\",\"published\":\"2026-01-02T03:04:05Z\","
                       "\"updated\":\"%s\",\"to\":[\"" PUBLIC "\"]}",
                       text, updated);
}

static void t37_only_the_stored_author_edits(void **state)
{
    struct scene *s = *state;
    struct remote mallory;
    remote_create(&s->node, &mallory, "peer.example", "mallory");
    assert_int_equal(send_note(s, "original"), 202);
    /* Another actor of the same host, claiming the note for itself. */
    char *note = json_format("{\"id\":\"" NOTE "\",\"type\":\"Note\",\"attributedTo\":\"%s\","
                             "\"content\":\"changed\",\"updated\":\"2026-03-01T00:00:00Z\"}",
                             mallory.uri);
    assert_int_equal(sends(s, &mallory, "Update", "https://peer.example/a/9", mallory.uri, note),
                     202);
    assert_content_has(s, NOTE, "original");
    remote_clear(&mallory);
}

static void t38_an_edit_changes_neither_date_nor_audience(void **state)
{
    struct scene *s = *state;
    char *note = json_format("{\"id\":\"" NOTE "\",\"type\":\"Note\",\"attributedTo\":\"" BOB
                             "\",\"content\":\"private\",\"published\":\"2026-01-02T03:04:05Z\","
                             "\"to\":[\"" BOB "/followers\"]}");
    assert_int_equal(sends(s, &s->bob, "Create", "https://peer.example/a/1", BOB, note), 202);
    assert_int_equal(sends(s, &s->bob, "Update", "https://peer.example/a/2", BOB,
                           update_json("still private", "2026-02-01T00:00:00Z")),
                     202);
    assert_content_has(s, NOTE, "still private");

    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    Post *post;
    post_id id;
    assert_int_equal(post_find(txn, NOTE, &id), OK);
    assert_int_equal(post_get(txn, id, &arena, &post), OK);
    assert_int_equal(post->visibility, VISIBILITY__FOLLOWERS);
    assert_false(audience_may_read(txn, post, (actor_id){0}));
    int64_t published;
    assert_int_equal(clock_parse_rfc3339("2026-01-02T03:04:05Z", &published), OK);
    assert_true(post->published_ms == published);
}

static void t39_the_newest_edit_wins_in_any_order(void **state)
{
    struct scene *s = *state;
    assert_int_equal(send_note(s, "first"), 202);
    assert_int_equal(sends(s, &s->bob, "Update", "https://peer.example/a/3", BOB,
                           update_json("newest", "2026-03-01T00:00:00Z")),
                     202);
    assert_int_equal(sends(s, &s->bob, "Update", "https://peer.example/a/2", BOB,
                           update_json("older", "2026-02-01T00:00:00Z")),
                     202);
    assert_content_has(s, NOTE, "newest");
}

static void an_update_before_its_create_ends_the_same(void **state)
{
    struct scene *s = *state;
    assert_int_equal(sends(s, &s->bob, "Update", "https://peer.example/a/2", BOB,
                           update_json("edited", "2026-02-01T00:00:00Z")),
                     202);
    assert_int_equal(send_note(s, "first"), 202);
    assert_content_has(s, NOTE, "edited");
}

static void t40_a_non_owner_deletes_nothing(void **state)
{
    struct scene *s = *state;
    struct remote mallory;
    remote_create(&s->node, &mallory, "peer.example", "mallory");
    assert_int_equal(send_note(s, "stays"), 202);
    assert_int_equal(
        sends(s, &mallory, "Delete", "https://peer.example/d/1", mallory.uri, quoted(NOTE)), 202);
    assert_int_equal(sends(s, &s->eve, "Delete", "https://evil.example/d/1",
                           "https://evil.example/users/eve", quoted(NOTE)),
                     202);
    assert_true(node_has_post(&s->node, NOTE));
    /* Never seen: a tombstone only for what is on the sender's host. */
    assert_int_equal(sends(s, &s->eve, "Delete", "https://evil.example/d/2",
                           "https://evil.example/users/eve",
                           quoted("https://peer.example/notes/2")),
                     202);
    assert_int_equal(node_rows(&s->node, TABLE_TOMBSTONE), 0);
    assert_int_equal(sends(s, &s->eve, "Delete", "https://evil.example/d/3",
                           "https://evil.example/users/eve", quoted("https://evil.example/n/3")),
                     202);
    assert_int_equal(node_rows(&s->node, TABLE_TOMBSTONE), 1);
    remote_clear(&mallory);
}

static void t41_what_was_deleted_stays_deleted(void **state)
{
    struct scene *s = *state;
    assert_int_equal(sends(s, &s->bob, "Delete", "https://peer.example/d/1", BOB, quoted(NOTE)),
                     202);
    assert_int_equal(send_note(s, "too late"), 202);
    assert_false(node_has_post(&s->node, NOTE));
    assert_int_equal(sends(s, &s->bob, "Update", "https://peer.example/u/1", BOB,
                           update_json("too late", "2026-03-01T00:00:00Z")),
                     202);
    assert_false(node_has_post(&s->node, NOTE));
}

static void a_follow_is_accepted_and_undone(void **state)
{
    struct scene *s = *state;
    assert_int_equal(sends(s, &s->bob, "Follow", "https://peer.example/f/1", BOB, quoted(OURS)),
                     202);
    assert_true(has_edge(s, EDGE_FOLLOW, s->bob.id.v, s->ann.v));
    assert_int_equal(node_rows(&s->node, TABLE_OUTQUEUE), 1); /* the Accept */
    assert_int_equal(sends(s, &s->bob, "Undo", "https://peer.example/u/1", BOB,
                           quoted("https://peer.example/f/1")),
                     202);
    assert_false(has_edge(s, EDGE_FOLLOW, s->bob.id.v, s->ann.v));
}

static void an_undo_before_its_follow_ends_the_same(void **state)
{
    struct scene *s = *state;
    assert_int_equal(sends(s, &s->bob, "Undo", "https://peer.example/u/1", BOB,
                           quoted("https://peer.example/f/1")),
                     202);
    assert_int_equal(sends(s, &s->bob, "Follow", "https://peer.example/f/1", BOB, quoted(OURS)),
                     202);
    assert_false(has_edge(s, EDGE_FOLLOW, s->bob.id.v, s->ann.v));
}

static void t42_only_its_own_actor_undoes(void **state)
{
    struct scene *s = *state;
    assert_int_equal(sends(s, &s->bob, "Follow", "https://peer.example/f/1", BOB, quoted(OURS)),
                     202);
    assert_int_equal(sends(s, &s->eve, "Undo", "https://evil.example/u/1",
                           "https://evil.example/users/eve", quoted("https://peer.example/f/1")),
                     202);
    char *inline_follow =
        json_format("{\"type\":\"Follow\",\"id\":\"https://peer.example/f/1\","
                    "\"actor\":\"https://evil.example/users/eve\",\"object\":\"" OURS "\"}");
    assert_int_equal(sends(s, &s->eve, "Undo", "https://evil.example/u/2",
                           "https://evil.example/users/eve", inline_follow),
                     202);
    inline_follow =
        json_format("{\"type\":\"Follow\",\"actor\":\"" BOB "\",\"object\":\"" OURS "\"}");
    assert_int_equal(sends(s, &s->eve, "Undo", "https://evil.example/u/3",
                           "https://evil.example/users/eve", inline_follow),
                     202);
    assert_true(has_edge(s, EDGE_FOLLOW, s->bob.id.v, s->ann.v));

    /* Hers is not undone either by what names him. */
    assert_int_equal(sends(s, &s->eve, "Follow", "https://evil.example/f/1",
                           "https://evil.example/users/eve", quoted(OURS)),
                     202);
    inline_follow =
        json_format("{\"type\":\"Follow\",\"actor\":\"" BOB "\",\"object\":\"" OURS "\"}");
    assert_int_equal(sends(s, &s->eve, "Undo", "https://evil.example/u/4",
                           "https://evil.example/users/eve", inline_follow),
                     202);
    assert_true(has_edge(s, EDGE_FOLLOW, s->eve.id.v, s->ann.v));
}

static void t43_an_accept_needs_our_own_pending_follow(void **state)
{
    struct scene *s = *state;
    char *forged = json_format("{\"type\":\"Follow\",\"id\":\"" OURS
                               "/follows/1\",\"actor\":\"" OURS "\",\"object\":\"" BOB "\"}");
    assert_int_equal(sends(s, &s->bob, "Accept", "https://peer.example/ac/1", BOB, forged), 202);
    assert_false(has_edge(s, EDGE_FOLLOW, s->ann.v, s->bob.id.v));

    struct why why;
    assert_int_equal(act_follow_local(&s->node.fed, s->ann, s->bob.id, &by, &why), OK);
    assert_true(has_edge(s, EDGE_FOLLOW_REQUEST, s->ann.v, s->bob.id.v));
    /* By someone who is not its target, naming the true pending follow. */
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    Edge *edge;
    struct edge_key key = {EDGE_FOLLOW_REQUEST, s->ann.v, s->bob.id.v};
    assert_int_equal(edge_get(txn, key, &arena, &edge), OK);
    txn_end(&txn);
    assert_int_equal(sends(s, &s->eve, "Accept", "https://evil.example/ac/1",
                           "https://evil.example/users/eve", quoted(edge->uri)),
                     202);
    assert_false(has_edge(s, EDGE_FOLLOW, s->ann.v, s->bob.id.v));
    assert_int_equal(
        sends(s, &s->bob, "Accept", "https://peer.example/ac/2", BOB, quoted(edge->uri)), 202);
    assert_true(has_edge(s, EDGE_FOLLOW, s->ann.v, s->bob.id.v));
}

static void t48_many_likes_of_one_actor_count_once(void **state)
{
    struct scene *s = *state;
    char uri[256];
    post_id post = write_post(s, "like me", VISIBILITY__PUBLIC);
    uri_of(s, post, uri);
    for (int i = 0; i < 20; i++) {
        char *id = json_format("https://peer.example/l/%d", i);
        assert_int_equal(sends(s, &s->bob, "Like", id, BOB, quoted(uri)), 202);
        char *boost_id = json_format("https://peer.example/b/%d", i);
        assert_int_equal(sends(s, &s->bob, "Announce", boost_id, BOB, quoted(uri)), 202);
        free(id);
        free(boost_id);
    }
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    assert_int_equal(counter_get(txn, COUNTER_LIKES, post.v), 1);
    assert_int_equal(counter_get(txn, COUNTER_BOOSTS, post.v), 1);
}

static void t48_unknown_types_are_202_and_no_type_is_400(void **state)
{
    struct scene *s = *state;
    assert_int_equal(sends(s, &s->bob, "Ponder", "https://peer.example/p/1", BOB, quoted(NOTE)),
                     202);
    char *json = json_format("{\"id\":\"https://peer.example/p/2\",\"actor\":\"" BOB "\"}");
    assert_int_equal(node_receive_from(&s->node, &s->bob, json), 400);
    free(json);
}

static void t47_a_private_post_is_neither_boosted_nor_liked_by_outsiders(void **state)
{
    struct scene *s = *state;
    char uri[256];
    uri_of(s, write_post(s, "for followers", VISIBILITY__FOLLOWERS), uri);
    assert_int_equal(sends(s, &s->bob, "Announce", "https://peer.example/b/1", BOB, quoted(uri)),
                     202);
    assert_int_equal(sends(s, &s->bob, "Like", "https://peer.example/l/1", BOB, quoted(uri)), 202);
    assert_int_equal(node_rows(&s->node, TABLE_POST), 1);
    assert_int_equal(node_rows(&s->node, TABLE_EDGE), 0);
}

static void t86_what_a_blocked_peer_said_is_not_boosted_by_another(void **state)
{
    struct scene *s = *state;
    struct why why = {""};
    const char *eve_note = "https://evil.example/notes/1";
    assert_int_equal(sends(s, &s->eve, "Create", "https://evil.example/a/1", s->eve.uri,
                           note_json(eve_note, s->eve.uri, "x")),
                     202);
    assert_int_equal(policy_set_peer(&s->node.fed, "evil.example", PEER_STATE__BLOCKED, &by, &why),
                     OK);
    assert_int_equal(
        sends(s, &s->bob, "Announce", "https://peer.example/b/1", BOB, quoted(eve_note)), 202);
    assert_int_equal(sends(s, &s->bob, "Announce", "https://peer.example/b/2", BOB,
                           quoted("https://evil.example/notes/2")),
                     202);
    assert_int_equal(node_rows(&s->node, TABLE_POST), 1);
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 0);
}

static void an_unknown_key_parks_the_request_once_and_waits(void **state)
{
    struct scene *s = *state;
    snprintf(s->bob.key_id, sizeof s->bob.key_id, "https://peer.example/users/new#main-key");
    assert_int_equal(sends(s, &s->bob, "Create", "https://peer.example/a/1",
                           "https://peer.example/users/new",
                           note_json(NOTE, "https://peer.example/users/new", "x")),
                     202);
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 1);
    assert_int_equal(node_rows(&s->node, TABLE_WANT), 1);
    assert_int_equal(node_rows(&s->node, TABLE_POST), 0);
}

static void a_farewell_of_somebody_unknown_is_202_and_fetches_nothing(void **state)
{
    struct scene *s = *state;
    const char *gone = "https://peer.example/users/gone";
    snprintf(s->bob.key_id, sizeof s->bob.key_id, "%s#main-key", gone);
    assert_int_equal(
        sends(s, &s->bob, "Delete", "https://peer.example/users/gone#delete", gone, quoted(gone)),
        202);
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 0);
    assert_int_equal(node_rows(&s->node, TABLE_WANT), 0);
}

static void a_farewell_is_202_even_when_the_key_was_looked_for_in_vain(void **state)
{
    struct scene *s = *state;
    const char *gone = "https://peer.example/users/gone";
    Want want = WANT__INIT;
    want.uri = (char *)gone;
    want.failed_ms = clock_ms();
    struct txn *txn = store_write(&s->node.store);
    assert_int_equal(want_put(txn, &want), OK);
    store_commit(&txn);
    snprintf(s->bob.key_id, sizeof s->bob.key_id, "%s#main-key", gone);
    assert_int_equal(
        sends(s, &s->bob, "Delete", "https://peer.example/users/gone#delete", gone, quoted(gone)),
        202);
}

static void markdown_and_plain_text_are_shown_as_what_they_are(void **state)
{
    struct scene *s = *state;
    static const struct {
        const char *type, *content, *shown;
    } rows[] = {{"text/markdown", "**bold** [x](javascript:alert) <b onclick=1>b</b>",
                 "<strong>bold</strong>"},
                {"text/plain", "a <b>c</b>", "a &lt;b&gt;c&lt;/b&gt;"},
                {"text/html", "<p>a</p>", "<p>a</p>"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *id = json_format("https://peer.example/notes/m%zu", i);
        char *activity = json_format("https://peer.example/a/m%zu", i);
        assert_int_equal(sends(s, &s->bob, "Create", activity, BOB,
                               json_format("{\"id\":\"%s\",\"type\":\"Video\",\"attributedTo\":"
                                           "\"" BOB "\",\"content\":\"%s\",\"mediaType\":"
                                           "\"%s\",\"to\":[\"" PUBLIC "\"]}",
                                           id, rows[i].content, rows[i].type)),
                         202);
        char *content = stored_content(s, id);
        assert_non_null(strstr(content, rows[i].shown));
        assert_null(strstr(content, "href"));
        assert_null(strstr(content, "<b onclick"));
        free(content);
        free(activity);
        free(id);
    }
}

static void a_failed_signature_with_an_old_key_asks_for_the_key_once(void **state)
{
    struct scene *s = *state;
    int64_t now_ms = clock_ms();
    private_key_free(&s->bob.key);
    s->bob.key = private_key_generate(KEY_RSA);
    assert_int_equal(send_note(s, "x"), 401); /* the key was learnt a moment ago */
    clock_set(now_ms + 10 * 60000);
    assert_int_equal(send_note(s, "x"), 202); /* parked: they may have a new one */
    clock_set(-1);
    assert_int_equal(node_rows(&s->node, TABLE_WANT), 1);
    assert_int_equal(node_rows(&s->node, TABLE_POST), 0);
}

static void a_key_id_that_is_no_address_is_401(void **state)
{
    struct scene *s = *state;
    snprintf(s->bob.key_id, sizeof s->bob.key_id, "acct:bob@peer.example");
    assert_int_equal(send_note(s, "x"), 401);
    assert_int_equal(node_rows(&s->node, TABLE_WANT), 0);
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 0);
}

static char *padded_uri(size_t n)
{
    static const char prefix[] = "https://peer.example/notes/";
    char *uri = malloc(n + 1);
    memset(uri, 'x', n);
    memcpy(uri, prefix, sizeof prefix - 1);
    uri[n] = '\0';
    return uri;
}

static void t89_long_ids_are_stored_found_and_deduplicated(void **state)
{
    struct scene *s = *state;
    static const size_t lengths[] = {511, 512, 2048};
    for (size_t i = 0; i < COUNT(lengths); i++) {
        char *uri = padded_uri(lengths[i]);
        for (int again = 0; again < 2; again++) {
            char *id = json_format("https://peer.example/a/%zu-%d", i, again);
            assert_int_equal(sends(s, &s->bob, "Create", id, BOB, note_json(uri, BOB, "x")), 202);
            free(id);
        }
        assert_true(node_has_post(&s->node, uri));
        free(uri);
    }
    assert_int_equal(node_rows(&s->node, TABLE_POST), COUNT(lengths));
    char *uri = padded_uri(2049);
    assert_int_equal(
        sends(s, &s->bob, "Create", "https://peer.example/a/9", BOB, note_json(uri, BOB, "x")),
        400);
    free(uri);
}

static void a_post_goes_to_followers_and_the_mentioned_with_a_ledger_line(void **state)
{
    struct scene *s = *state;
    assert_int_equal(sends(s, &s->bob, "Follow", "https://peer.example/f/1", BOB, quoted(OURS)),
                     202);
    post_id post = write_post(s, "hello @eve@evil.example", VISIBILITY__PUBLIC);
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    struct ledger_key key = {.subject = post.v};
    Delivery *line;
    size_t lines = 0;
    while (ledger_next(txn, &key, &arena, &line) == OK) {
        assert_int_equal(line->state, DELIVERY_STATE__QUEUED);
        assert_string_equal(line->activity_type, "Create");
        lines++;
    }
    assert_int_equal(lines, 2);
}

static void a_local_post_is_never_queued(void **state)
{
    struct scene *s = *state;
    assert_int_equal(sends(s, &s->bob, "Follow", "https://peer.example/f/1", BOB, quoted(OURS)),
                     202);
    size_t before = node_rows(&s->node, TABLE_OUTQUEUE);
    write_post(s, "in the house @eve@evil.example", VISIBILITY__LOCAL);
    assert_int_equal(node_rows(&s->node, TABLE_OUTQUEUE), before);
}

static void an_update_without_keys_keeps_those_that_are_known(void **state)
{
    struct scene *s = *state;
    for (int i = 0; i < 2; i++) {
        char *id = json_format("https://peer.example/u/%d", i);
        assert_int_equal(sends(s, &s->bob, "Update", id, BOB,
                               json_format("{\"type\":\"Person\",\"id\":\"" BOB
                                           "\",\"inbox\":\"" BOB "/inbox\",\"name\":\"Bob\"}")),
                         202);
        free(id);
    }
}

/* Profiles are the peer's to fill: reading who is mentioned must not use up what the post may. */
static void sixty_mentions_of_large_profiles_fit_a_post(void **state)
{
    struct scene *s = *state;
    size_t n = 250000;
    char *summary = calloc(1, n + 1), *tags = calloc(1, 16384), *at = tags;
    memset(summary, 'x', n);
    struct txn *txn = store_write(&s->node.store);
    for (int i = 0; i < 60; i++) {
        Actor actor = ACTOR__INIT;
        char uri[64], name[16];
        snprintf(uri, sizeof uri, "https://peer.example/users/u%d", i);
        snprintf(name, sizeof name, "u%d", i);
        actor.uri = uri;
        actor.username = name;
        actor.host = (char *)"peer.example";
        actor.summary_html = summary;
        assert_int_equal(actor_put(txn, &actor, clock_ms()), OK);
        at += sprintf(at, "%s{\"type\":\"Mention\",\"href\":\"%s\"}", i ? "," : "", uri);
    }
    store_commit(&txn);
    char *note = json_format("{\"id\":\"" NOTE "\",\"type\":\"Note\",\"attributedTo\":\"" BOB
                             "\",\"content\":\"x\",\"to\":[\"" PUBLIC "\"],\"tag\":[%s]}",
                             tags);
    assert_int_equal(sends(s, &s->bob, "Create", "https://peer.example/a/1", BOB, note), 202);
    assert_true(node_has_post(&s->node, NOTE));
    free(tags);
    free(summary);
}

static void a_follow_of_an_account_that_was_unlocked_leaves_no_request(void **state)
{
    struct scene *s = *state;
    struct why why = {""};
    for (int is_locked = 1; is_locked >= 0; is_locked--) {
        struct account_edit edit = {.is_locked = is_locked};
        char *id = json_format("https://peer.example/f/%d", is_locked);
        assert_int_equal(act_account_edit(&s->node.fed, s->ann, &edit, &by, &why), OK);
        assert_int_equal(sends(s, &s->bob, "Follow", id, BOB, quoted(OURS)), 202);
        assert_int_equal(has_edge(s, EDGE_FOLLOW_REQUEST, s->bob.id.v, s->ann.v), is_locked);
        assert_int_equal(has_edge(s, EDGE_FOLLOW, s->bob.id.v, s->ann.v), !is_locked);
        free(id);
    }
}

/* Every JSON field may hold anything; whatever it is, it is answered and the store stays whole. */
static void t48_any_shape_of_object_is_answered(void **state)
{
    struct scene *s = *state;
    static const char *const types[] = {"Create", "Update",   "Delete", "Follow",
                                        "Accept", "Reject",   "Undo",   "Like",
                                        "Add",    "Announce", "Block"};
    static const char *const objects[] = {
        "null", "1", "true", "\"\"", "\"x\"", "[]", "[[]]", "[null,1]", "{}", "{\"id\":1}",
        "{\"type\":[]}", "{\"type\":\"Note\"}", "{\"type\":\"Person\"}", "{\"type\":\"Follow\"}",
        "{\"type\":\"Like\",\"object\":null}",
        "{\"type\":\"Announce\",\"object\":{\"type\":\"Note\"}}", "{\"object\":\"" BOB "\"}",
        "{\"type\":\"Follow\",\"actor\":1,\"object\":[]}", "{\"type\":\"Tombstone\"}",
        "{\"type\":\"Tombstone\",\"id\":\"" NOTE "1\"}", "\"" OURS "\"", "\"" NOTE "\"",
        "{\"type\":\"Person\",\"id\":\"" OURS "\"}",
        "{\"type\":\"Note\",\"id\":\"" NOTE "\",\"attributedTo\":\"" BOB "\"}",
        "{\"type\":\"Question\",\"id\":\"" NOTE "0\",\"attributedTo\":[{\"id\":\"" BOB "\"}],"
        "\"to\":1,\"cc\":{},\"tag\":[1,{},{\"type\":\"Mention\"},{\"type\":\"Hashtag\"},"
        "{\"type\":\"Emoji\"}],\"attachment\":[null,{},{\"type\":\"Image\",\"url\":\"https://"
        "x.example/\"}],"
        "\"inReplyTo\":{},\"published\":1,\"updated\":{},\"url\":[],\"summary\":1}",
        /* last: a Delete of it is the end of bob */
        "{\"type\":\"Person\",\"id\":\"" BOB "\",\"inbox\":\"" BOB "/inbox\",\"name\":null,"
        "\"preferredUsername\":null,\"url\":null,\"icon\":[],\"publicKey\":[{}]}"};
    for (size_t i = 0; i < COUNT(types) * COUNT(objects); i++) {
        char *id = json_format("https://peer.example/any/%zu", i);
        char *object = json_format("%s", objects[i / COUNT(types)]);
        int status = sends(s, &s->bob, types[i % COUNT(types)], id, BOB, object);
        if (status != 202 && status != 400 && status != 403)
            fail_msg("%s of %s: %d", types[i % COUNT(types)], objects[i / COUNT(types)], status);
        free(id);
    }
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(a_signed_note_is_stored_and_sanitised),
        SCENE(t10_an_unsigned_activity_is_401_and_leaves_nothing),
        SCENE(t11_one_changed_byte_is_401),
        SCENE(t14_a_signature_moved_to_another_path_is_401),
        SCENE(t15_a_two_hour_old_date_is_401_and_59_minutes_pass),
        SCENE(t16_a_strangers_key_is_403_before_anything_is_looked_up),
        SCENE(t17_a_key_speaks_only_for_its_owner),
        SCENE(t24_a_thousand_repeats_have_one_effect),
        SCENE(t25_the_first_version_of_an_activity_stays),
        SCENE(t27_an_activity_id_elsewhere_is_403),
        SCENE(t28_an_object_of_someone_else_is_403_and_the_name_stays_free),
        SCENE(t29_whatever_claims_to_be_ours_is_403),
        SCENE(t37_only_the_stored_author_edits),
        SCENE(t38_an_edit_changes_neither_date_nor_audience),
        SCENE(t39_the_newest_edit_wins_in_any_order),
        SCENE(an_update_before_its_create_ends_the_same),
        SCENE(t40_a_non_owner_deletes_nothing),
        SCENE(t41_what_was_deleted_stays_deleted),
        SCENE(a_follow_is_accepted_and_undone),
        SCENE(an_undo_before_its_follow_ends_the_same),
        SCENE(t42_only_its_own_actor_undoes),
        SCENE(t43_an_accept_needs_our_own_pending_follow),
        SCENE(t47_a_private_post_is_neither_boosted_nor_liked_by_outsiders),
        SCENE(t48_many_likes_of_one_actor_count_once),
        SCENE(t48_unknown_types_are_202_and_no_type_is_400),
        SCENE(t86_what_a_blocked_peer_said_is_not_boosted_by_another),
        SCENE(an_unknown_key_parks_the_request_once_and_waits),
        SCENE(a_farewell_of_somebody_unknown_is_202_and_fetches_nothing),
        SCENE(a_farewell_is_202_even_when_the_key_was_looked_for_in_vain),
        SCENE(markdown_and_plain_text_are_shown_as_what_they_are),
        SCENE(an_update_without_keys_keeps_those_that_are_known),
        SCENE(sixty_mentions_of_large_profiles_fit_a_post),
        SCENE(a_follow_of_an_account_that_was_unlocked_leaves_no_request),
        SCENE(t48_any_shape_of_object_is_answered),
        SCENE(a_failed_signature_with_an_old_key_asks_for_the_key_once),
        SCENE(a_key_id_that_is_no_address_is_401),
        SCENE(t85_only_the_very_host_on_the_list_is_a_peer),
        SCENE(t89_long_ids_are_stored_found_and_deduplicated),
        SCENE(a_post_goes_to_followers_and_the_mentioned_with_a_ledger_line),
        SCENE(a_local_post_is_never_queued),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
