/* Activities that somebody else than their actor brought. */
#include "federation/forwarded.h"

#include "federation/policy.h"
#include "federation/proof.h"
#include "federation/resolve.h"
#include "storage/base/clock.h"
#include "storage/check.h"
#include "storage/edge.h"
#include "storage/parked.h"
#include "storage/post.h"
#include "tests/support/remote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PEER "peer.example"
#define OTHER "other.example"
#define BOB "https://" PEER "/users/bob"
#define EVE "https://" OTHER "/users/eve"
#define NOTE "https://" PEER "/notes/1"
#define CREATE "https://" PEER "/creates/1"
#define PUBLIC "https://www.w3.org/ns/activitystreams#Public"

/* bob writes, eve (at another node) brings it to us. */
struct scene {
    struct node node;
    actor_id ann;
    struct remote bob, eve;
};

static const struct by by = {.who = "test"};

static int set_up(void **state)
{
    struct scene *s = xcalloc(1, sizeof *s);
    node_open(&s->node);
    s->ann = node_account(&s->node, "ann");
    node_allow(&s->node, PEER);
    node_allow(&s->node, OTHER);
    remote_create(&s->node, &s->bob, PEER, "bob");
    remote_create(&s->node, &s->eve, OTHER, "eve");
    remote_add_proof_key(&s->node, &s->bob);
    remote_add_proof_key(&s->node, &s->eve);
    *state = s;
    return 0;
}

static void complain(void *context, const char *table, const char *key, const char *what)
{
    (void)context;
    print_error("%s %s: %s\n", table, key, what);
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    struct check_report report;
    assert_int_equal(check_store(s->node.store.engine, complain, NULL, &report), OK);
    assert_int_equal(report.wrong, 0);
    remote_clear(&s->bob);
    remote_clear(&s->eve);
    node_close(&s->node);
    xfree(state);
    return 0;
}

/* `more` goes into the note: ",\"inReplyTo\":..." */
static char *note_json(const char *text, const char *more)
{
    return json_format("{\"type\":\"Note\",\"id\":\"" NOTE "\",\"attributedTo\":\"" BOB
                       "\",\"content\":\"%s\",\"to\":\"" PUBLIC
                       "\",\"published\":\"2026-01-02T03:04:05Z\"%s}",
                       text, more);
}

static char *activity_json(const char *type, const char *text, const char *more)
{
    AUTO(xfree) char *note = note_json(text, more);
    return json_format("{\"type\":\"%s\",\"id\":\"" CREATE "\",\"actor\":\"" BOB
                       "\",\"to\":\"" PUBLIC "\",\"object\":%s}",
                       type, note);
}

static int brings(struct scene *s, const char *json)
{
    return node_receive_from(&s->node, &s->eve, json);
}

static void fetched(struct scene *s, const char *uri, WantKind kind, char *json)
{
    struct fetched document = {.status = 200, .uri = uri, .body = bytes_of(json)};
    resolve_fetched(&s->node.fed, uri, kind, OK, &document, NULL);
    xfree(&json);
}

static bool is_wanted(struct scene *s, const char *uri)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    Want *want;
    return want_get(txn, uri, &arena, &want) == OK;
}

static void assert_content(struct scene *s, const char *text)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    Post *post;
    post_id id;
    assert_int_equal(post_find(txn, NOTE, &id), OK);
    assert_int_equal(post_get(txn, id, &arena, &post), OK);
    assert_string_equal(post->content_html, text);
    assert_int_equal(post->author, s->bob.id.v);
}

#define REPLY_TO_EVE ",\"inReplyTo\":\"https://" OTHER "/notes/7\""

/* ---- with a proof ---- */

static void a_proof_makes_a_forwarded_activity_its_actors(void **state)
{
    struct scene *s = *state;
    AUTO(xfree) char *json = activity_json("Create", "hello", "");
    AUTO(xfree) char *proved = remote_prove(&s->bob, json);
    assert_int_equal(brings(s, proved), 202);
    assert_content(s, "hello");
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 0);
    assert_int_equal(brings(s, proved), 202); /* and again, and by bob himself */
    assert_int_equal(node_receive_from(&s->node, &s->bob, json), 202);
    assert_int_equal(node_rows(&s->node, TABLE_POST), 1);
}

static void t109_a_wrong_proof_is_as_good_as_none(void **state)
{
    struct scene *s = *state;
    AUTO(xfree) char *json = activity_json("Create", "take 10 mg", "");
    AUTO(xfree) char *altered = remote_prove(&s->bob, json);
    AUTO(xfree) char *by_eve = remote_prove(&s->eve, json);
    strstr(altered, "10 mg")[0] = '9';
    assert_int_equal(brings(s, json), 403);
    assert_int_equal(brings(s, altered), 403);
    assert_int_equal(brings(s, by_eve), 403);
    assert_int_equal(node_rows(&s->node, TABLE_POST), 0);
    assert_int_equal(node_rows(&s->node, TABLE_SEEN), 0);
    assert_int_equal(node_rows(&s->node, TABLE_WANT), 0);
}

static void t109_a_proof_never_stands_for_the_senders_signature(void **state)
{
    struct scene *s = *state;
    AUTO(sent_clear) struct sent sent;
    AUTO(xfree) char *json = activity_json("Create", "hello", "");
    AUTO(xfree) char *proved = remote_prove(&s->bob, json);
    remote_sign(&s->bob, proved, &sent);
    sent.message.header_count = 2; /* Host and Date only */
    assert_int_equal(node_receive(&s->node, &sent), 401);
    AUTO(sent_clear) struct sent other;
    remote_sign(&s->eve, json, &other);
    other.message.body = bytes_of(proved); /* another body than was signed */
    assert_int_equal(node_receive(&s->node, &other), 401);
    assert_int_equal(node_rows(&s->node, TABLE_POST), 0);
}

static void t86_a_proof_of_a_blocked_peer_is_refused(void **state)
{
    struct scene *s = *state;
    struct why why;
    AUTO(xfree) char *json = activity_json("Create", "hello", REPLY_TO_EVE);
    AUTO(xfree) char *proved = remote_prove(&s->bob, json);
    assert_int_equal(policy_set_peer(&s->node.fed, PEER, PEER_STATE__BLOCKED, &by, &why), OK);
    assert_int_equal(brings(s, proved), 403);
    assert_int_equal(brings(s, json), 403);
    assert_int_equal(node_rows(&s->node, TABLE_POST), 0);
    assert_int_equal(node_rows(&s->node, TABLE_WANT), 0);
}

static void an_unknown_key_brings_the_actor_and_then_the_activity(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    AUTO(private_key_free) struct private_key *key = private_key_generate(KEY_ED25519);
    AUTO(public_key_free) struct public_key *half = private_key_public(key);
    const char *carol = "https://" PEER "/users/carol";
    struct remote as_carol = {.proof_key = key};
    snprintf(as_carol.proof_key_id, sizeof as_carol.proof_key_id, "%s#k", carol);
    AUTO(xfree)
    char *json = json_format(
        "{\"type\":\"Create\",\"id\":\"" CREATE "\",\"actor\":\"%s\",\"object\":{\"type\":\"Note\","
        "\"id\":\"" NOTE "\",\"attributedTo\":\"%s\",\"content\":\"x\",\"to\":\"" PUBLIC "\"}}",
        carol, carol);
    AUTO(xfree) char *proved = remote_prove(&as_carol, json);
    assert_int_equal(brings(s, proved), 202);
    assert_true(is_wanted(s, carol));
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 1);
    fetched(s, carol, WANT_KIND__ACTOR_DOCUMENT,
            json_format("{\"type\":\"Person\",\"id\":\"%s\",\"inbox\":\"%s/inbox\","
                        "\"assertionMethod\":[{\"id\":\"%s#k\",\"type\":\"Multikey\","
                        "\"controller\":\"%s\",\"publicKeyMultibase\":\"%s\"}]}",
                        carol, carol, carol, carol, public_key_multikey(half, &arena)));
    assert_true(node_has_post(&s->node, NOTE));
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 0);
}

static void a_forwarded_like_needs_a_proof(void **state)
{
    struct scene *s = *state;
    struct post_draft draft = {.author = s->ann, .source = "hi"};
    struct why why;
    post_id id;
    assert_int_equal(act_post_local(&s->node.fed, &draft, NULL, &by, &id, &why), OK);
    AUTO(xfree)
    char *json =
        json_format("{\"type\":\"Like\",\"id\":\"https://" PEER "/likes/1\",\"actor\":\"" BOB
                    "\",\"object\":\"https://" STORE_HOST "/users/ann/posts/%llu\","
                    "\"to\":\"" EVE "\"}",
                    (unsigned long long)id.v);
    AUTO(xfree) char *proved = remote_prove(&s->bob, json);
    assert_int_equal(brings(s, json), 403);
    assert_int_equal(brings(s, proved), 202);
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    assert_true(edge_has(txn, (struct edge_key){EDGE_LIKE, s->bob.id.v, id.v}));
}

static char *proved_at(const struct remote *from, const char *json, int64_t created_ms)
{
    AUTO(buf_clear) struct buf out = BUF_INIT(65536);
    assert_int_equal(
        proof_add(bytes_of(json), from->proof_key, from->proof_key_id, created_ms, &out, NULL), OK);
    return buf_take(&out);
}

/* What was seen is forgotten some day; then a Follow must not come again by somebody who kept it.
 */
static void t24_an_old_or_nameless_activity_cannot_be_replayed_by_others(void **state)
{
    struct scene *s = *state;
    AUTO(xfree)
    char *json = json_format("{\"type\":\"Follow\",\"id\":\"https://" PEER
                             "/follows/1\",\"actor\":\"" BOB "\",\"object\":"
                             "\"https://" STORE_HOST "/users/ann\"}");
    const char *nameless = "{\"type\":\"Follow\",\"actor\":\"" BOB
                           "\",\"object\":\"https://" STORE_HOST "/users/ann\"}";
    AUTO(xfree) char *old = proved_at(&s->bob, json, clock_ms() - FORWARDED_AGE_MAX_MS);
    AUTO(xfree) char *without_id = proved_at(&s->bob, nameless, clock_ms());
    AUTO(xfree) char *recent = proved_at(&s->bob, json, clock_ms() - FORWARDED_AGE_MAX_MS + 60000);
    assert_int_equal(brings(s, old), 403);
    assert_int_equal(brings(s, without_id), 403);
    assert_int_equal(brings(s, recent), 202);
    assert_int_equal(node_rows(&s->node, TABLE_SEEN), 1);
}

static void t35_a_linked_data_signature_has_no_effect(void **state)
{
    struct scene *s = *state;
    AUTO(xfree)
    char *json =
        json_format("{\"type\":\"Like\",\"id\":\"https://" PEER "/likes/1\",\"actor\":\"" BOB
                    "\",\"object\":\"" NOTE "\",\"signature\":{\"type\":\"RsaSignature2017\","
                    "\"creator\":\"" BOB "#main-key\",\"created\":\"2026-01-02T03:04:05Z\","
                    "\"signatureValue\":\"c2lnbmVk\"}}");
    assert_int_equal(brings(s, json), 403);
}

/* ---- without one: the origin is asked ---- */

static void what_the_origin_says_counts_and_not_what_was_brought(void **state)
{
    struct scene *s = *state;
    AUTO(xfree) char *forged = activity_json("Create", "forged", REPLY_TO_EVE);
    assert_int_equal(brings(s, forged), 202);
    assert_true(is_wanted(s, NOTE));
    assert_int_equal(node_rows(&s->node, TABLE_POST), 0);
    fetched(s, NOTE, WANT_KIND__OBJECT_DOCUMENT, note_json("true", REPLY_TO_EVE));
    assert_content(s, "true");
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 0);
    assert_false(is_wanted(s, NOTE));
    /* nobody can use up the id of bob's own activity */
    assert_int_equal(node_rows(&s->node, TABLE_SEEN), 0);
    AUTO(xfree)
    char *update = json_format(
        "{\"type\":\"Update\",\"id\":\"" CREATE "\",\"actor\":\"" BOB "\",\"object\":{\"type\":"
        "\"Note\",\"id\":\"" NOTE "\",\"attributedTo\":\"" BOB "\",\"content\":\"newer\",\"to\":"
        "\"" PUBLIC "\",\"updated\":\"2026-01-03T00:00:00Z\"}}");
    assert_int_equal(node_receive_from(&s->node, &s->bob, update), 202);
    assert_content(s, "newer");
}

static void what_the_origin_does_not_have_is_dropped(void **state)
{
    struct scene *s = *state;
    struct why why = {"answered 404"};
    AUTO(xfree) char *forged = activity_json("Create", "forged", REPLY_TO_EVE);
    assert_int_equal(brings(s, forged), 202);
    resolve_fetched(&s->node.fed, NOTE, WANT_KIND__OBJECT_DOCUMENT, ERR_NOTFOUND, NULL, &why);
    assert_int_equal(node_rows(&s->node, TABLE_POST), 0);
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 0);
    assert_int_equal(node_rows(&s->node, TABLE_SEEN), 0);
    assert_int_equal(brings(s, forged), 403); /* not fetched again at once */
}

static void a_forwarded_update_is_fetched(void **state)
{
    struct scene *s = *state;
    AUTO(xfree) char *create = activity_json("Create", "old", "");
    assert_int_equal(node_receive_from(&s->node, &s->bob, create), 202);
    AUTO(xfree)
    char *update =
        activity_json("Update", "forged", REPLY_TO_EVE ",\"updated\":\"2026-01-03T00:00:00Z\"");
    assert_int_equal(brings(s, update), 202);
    assert_content(s, "old");
    fetched(s, NOTE, WANT_KIND__OBJECT_DOCUMENT,
            note_json("new", ",\"updated\":\"2026-01-03T00:00:00Z\""));
    assert_content(s, "new");
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 0);
    assert_int_equal(brings(s, update), 202); /* known already: nothing is fetched */
    assert_int_equal(node_rows(&s->node, TABLE_WANT), 0);
}

#define DELETE                                                                                     \
    "{\"type\":\"Delete\",\"id\":\"https://" PEER "/deletes/1\",\"actor\":\"" BOB                  \
    "\",\"object\":\"" NOTE "\",\"to\":\"" EVE "\"}"

static void a_forwarded_delete_needs_the_origins_word(void **state)
{
    struct scene *s = *state;
    struct why why = {"answered 410"};
    const struct fetched gone = {.status = 410, .uri = NOTE};
    AUTO(xfree) char *create = activity_json("Create", "here", "");
    assert_int_equal(brings(s, DELETE), 202); /* nothing there: nothing to ask */
    assert_int_equal(node_rows(&s->node, TABLE_WANT), 0);
    assert_int_equal(node_rows(&s->node, TABLE_TOMBSTONE), 0);
    assert_int_equal(node_receive_from(&s->node, &s->bob, create), 202);
    assert_int_equal(brings(s, DELETE), 202);
    fetched(s, NOTE, WANT_KIND__OBJECT_DOCUMENT, note_json("here", "")); /* it lives */
    assert_true(node_has_post(&s->node, NOTE));
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 0);
    assert_int_equal(brings(s, DELETE), 202);
    resolve_fetched(&s->node.fed, NOTE, WANT_KIND__OBJECT_DOCUMENT, ERR_INVALID, &gone, &why);
    assert_false(node_has_post(&s->node, NOTE));
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 0);
}

static void a_404_deletes_nothing(void **state)
{
    struct scene *s = *state;
    struct why why = {"answered 404"};
    const struct fetched missing = {.status = 404, .uri = NOTE};
    AUTO(xfree) char *create = activity_json("Create", "here", "");
    assert_int_equal(node_receive_from(&s->node, &s->bob, create), 202);
    assert_int_equal(brings(s, DELETE), 202);
    resolve_fetched(&s->node.fed, NOTE, WANT_KIND__OBJECT_DOCUMENT, ERR_NOTFOUND, &missing, &why);
    assert_true(node_has_post(&s->node, NOTE));
}

static void t17_who_has_no_part_in_it_sends_us_nowhere(void **state)
{
    struct scene *s = *state;
    AUTO(xfree) char *create = activity_json("Create", "x", "");
    assert_int_equal(brings(s, create), 403);
    assert_int_equal(node_receive_from(&s->node, &s->bob, create), 202);
    AUTO(xfree) char *update = activity_json("Update", "x", "");
    assert_int_equal(brings(s, update), 403);
    const char *farewell = "{\"type\":\"Delete\",\"id\":\"https://" PEER "/deletes/2\","
                           "\"actor\":\"" BOB "\",\"object\":\"" BOB "\",\"to\":\"" EVE "\"}";
    assert_int_equal(brings(s, farewell), 403);
    AUTO(xfree)
    char *foreign =
        json_format("{\"type\":\"Create\",\"id\":\"" CREATE "\",\"actor\":\"" BOB "\",\"to\":\"" EVE
                    "\",\"object\":\"https://" STORE_HOST "/users/ann/posts/1\"}");
    assert_int_equal(brings(s, foreign), 403);
    struct remote neighbour;
    remote_create(&s->node, &neighbour, PEER, "neighbour");
    AUTO(xfree) char *theirs = activity_json("Create", "x", ",\"cc\":\"" BOB "/followers\"");
    assert_int_equal(node_receive_from(&s->node, &neighbour, theirs), 403);
    remote_clear(&neighbour);
    assert_int_equal(node_rows(&s->node, TABLE_WANT), 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_proof_makes_a_forwarded_activity_its_actors),
        T(t109_a_wrong_proof_is_as_good_as_none),
        T(t109_a_proof_never_stands_for_the_senders_signature),
        T(t86_a_proof_of_a_blocked_peer_is_refused),
        T(an_unknown_key_brings_the_actor_and_then_the_activity),
        T(a_forwarded_like_needs_a_proof),
        T(t24_an_old_or_nameless_activity_cannot_be_replayed_by_others),
        T(t35_a_linked_data_signature_has_no_effect),
        T(what_the_origin_says_counts_and_not_what_was_brought),
        T(what_the_origin_does_not_have_is_dropped),
        T(a_forwarded_update_is_fetched),
        T(a_forwarded_delete_needs_the_origins_word),
        T(a_404_deletes_nothing),
        T(t17_who_has_no_part_in_it_sends_us_nowhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
