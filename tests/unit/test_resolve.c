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

#define PUBLIC "https://www.w3.org/ns/activitystreams#Public"
#define BOB "https://peer.example/users/bob"
#define CAROL "https://peer.example/users/carol"
#define NOTE "https://peer.example/notes/9"

/* One node, bob and eve known there, carol not: her key is here only. */
struct scene {
    struct node node;
    struct remote bob, eve, carol;
    char *carol_pem;
};

static char *pem_of(const struct remote *remote)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    AUTO(public_key_free) struct public_key *half = private_key_public(remote->key);
    const char *pem = public_key_pem(half, &arena);
    char *json = calloc(2, strlen(pem) + 1), *to = json;
    for (const char *p = pem; *p; p++) { /* newlines as JSON wants them */
        if (*p == '\n')
            *to++ = '\\';
        *to++ = *p == '\n' ? 'n' : *p;
    }
    return json;
}

static int open_scene(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    node_open(&s->node);
    node_allow(&s->node, "peer.example");
    node_allow(&s->node, "evil.example");
    remote_create(&s->node, &s->bob, "peer.example", "bob");
    remote_create(&s->node, &s->eve, "evil.example", "eve");
    s->carol = (struct remote){.host = "peer.example", .name = "carol"};
    snprintf(s->carol.uri, sizeof s->carol.uri, CAROL);
    snprintf(s->carol.key_id, sizeof s->carol.key_id, CAROL "#main-key");
    s->carol.key = private_key_generate(KEY_RSA);
    s->carol_pem = pem_of(&s->carol);
    *state = s;
    return 0;
}

static void complain(void *context, const char *table, const char *key, const char *what)
{
    (void)context;
    print_error("%s %s: %s\n", table, key, what);
}

static int close_scene(void **state)
{
    struct scene *s = *state;
    struct check_report report;
    assert_int_equal(check_store(s->node.store.engine, complain, NULL, &report), OK);
    assert_int_equal(report.wrong, 0);
    remote_clear(&s->bob);
    remote_clear(&s->eve);
    remote_clear(&s->carol);
    node_close(&s->node);
    free(s->carol_pem);
    free(s);
    return 0;
}

/* The fetcher brought `json` (freed) for `uri`. */
static void fetched(struct scene *s, const char *uri, WantKind kind, char *json)
{
    struct fetched document = {.status = 200, .uri = uri, .body = bytes_of(json)};
    resolve_fetched(&s->node.fed, uri, kind, OK, &document, NULL);
    free(json);
}

static void fetched_actor(struct scene *s, const char *uri, char *json)
{
    fetched(s, uri, WANT_KIND__ACTOR_DOCUMENT, json);
}

static void fetched_object(struct scene *s, const char *uri, char *json)
{
    fetched(s, uri, WANT_KIND__OBJECT_DOCUMENT, json);
}

static void fetch_fails(struct scene *s, const char *uri, WantKind kind)
{
    struct why why = {"404"};
    resolve_fetched(&s->node.fed, uri, kind, ERR_NOTFOUND, NULL, &why);
}

static char *actor_json(const char *id, const char *inbox, const char *key_id, const char *pem)
{
    return json_format("{\"type\":\"Person\",\"id\":\"%s\",\"inbox\":\"%s\",\"publicKey\":{"
                       "\"id\":\"%s\",\"owner\":\"%s\",\"publicKeyPem\":\"%s\"}}",
                       id, inbox, key_id, id, pem);
}

static char *carol_json(const struct scene *s)
{
    return actor_json(CAROL, CAROL "/inbox", CAROL "#main-key", s->carol_pem);
}

static char *note_json(const char *id, const char *author)
{
    return json_format("{\"type\":\"Note\",\"id\":\"%s\",\"attributedTo\":\"%s\",\"content\":\"x\","
                       "\"to\":\"" PUBLIC "\"}",
                       id, author);
}

static void announces(struct scene *s, const char *what)
{
    char *json = json_format("{\"type\":\"Announce\",\"id\":\"https://peer.example/b/1\","
                             "\"actor\":\"" BOB "\",\"object\":\"%s\",\"to\":\"" PUBLIC "\"}",
                             what);
    assert_int_equal(node_receive_from(&s->node, &s->bob, json), 202);
    free(json);
}

/* carol, whom nobody here knows, writes NOTE. */
static void carol_writes(struct scene *s)
{
    char *note = note_json(NOTE, CAROL);
    char *json = json_format("{\"type\":\"Create\",\"id\":\"https://peer.example/a/1\","
                             "\"actor\":\"" CAROL "\",\"object\":%s}",
                             note);
    assert_int_equal(node_receive_from(&s->node, &s->carol, json), 202);
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 1);
    free(note);
    free(json);
}

static bool is_wanted(struct scene *s, const char *uri)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    Want *want;
    return want_get(txn, uri, &arena, &want) == OK && !want->failed_ms;
}

static bool is_known(struct scene *s, const char *uri)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    actor_id id;
    return actor_find(txn, uri, &id) == OK;
}

static void assert_nothing_waits(struct scene *s)
{
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 0);
    assert_int_equal(node_rows(&s->node, TABLE_WANT_DUE), 0);
}

static void a_boost_of_an_unknown_post_brings_the_post_and_its_author(void **state)
{
    struct scene *s = *state;
    announces(s, NOTE);
    assert_true(is_wanted(s, NOTE));
    fetched_object(s, NOTE, note_json(NOTE, CAROL));
    assert_true(is_wanted(s, CAROL));
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 2); /* the boost, and the note */
    assert_int_equal(node_rows(&s->node, TABLE_POST), 0);
    fetched_actor(s, CAROL, carol_json(s));
    assert_true(node_has_post(&s->node, NOTE));
    assert_true(node_has_post(&s->node, "https://peer.example/b/1"));
    assert_nothing_waits(s);
}

static void an_author_who_cannot_be_had_ends_all_that_waited(void **state)
{
    struct scene *s = *state;
    announces(s, NOTE);
    fetched_object(s, NOTE, note_json(NOTE, CAROL));
    fetch_fails(s, CAROL, WANT_KIND__ACTOR_DOCUMENT);
    assert_nothing_waits(s);
    assert_int_equal(node_rows(&s->node, TABLE_POST), 0);
}

static void an_unknown_key_brings_its_actor_and_the_request_is_applied(void **state)
{
    struct scene *s = *state;
    carol_writes(s);
    fetched_actor(s, CAROL, carol_json(s));
    assert_true(node_has_post(&s->node, NOTE));
    assert_nothing_waits(s);
}

static void a_bare_key_document_sends_us_to_its_owner(void **state)
{
    struct scene *s = *state;
    const char *key = CAROL "/main-key";
    snprintf(s->carol.key_id, sizeof s->carol.key_id, "%s", key);
    carol_writes(s);
    fetched_actor(s, key,
                  json_format("{\"id\":\"%s\",\"owner\":\"" CAROL "\",\"publicKeyPem\":\"%s\"}",
                              key, s->carol_pem));
    assert_true(is_wanted(s, CAROL));
    assert_false(is_wanted(s, key));
    assert_false(node_has_post(&s->node, NOTE));
    fetched_actor(s, CAROL, actor_json(CAROL, CAROL "/inbox", key, s->carol_pem));
    assert_true(node_has_post(&s->node, NOTE));
    assert_nothing_waits(s);
}

/* To who does not sign, some servers give an actor of name and key alone, under the key's address.
 */
static void an_actor_that_is_only_a_stub_sends_us_to_the_whole_one(void **state)
{
    struct scene *s = *state;
    const char *key = CAROL "/main-key";
    snprintf(s->carol.key_id, sizeof s->carol.key_id, "%s", key);
    carol_writes(s);
    fetched_actor(s, key,
                  json_format("{\"type\":\"Person\",\"id\":\"" CAROL "\","
                              "\"preferredUsername\":\"carol\",\"publicKey\":{\"id\":\"%s\","
                              "\"owner\":\"" CAROL "\",\"publicKeyPem\":\"%s\"}}",
                              key, s->carol_pem));
    assert_true(is_wanted(s, CAROL));
    assert_false(is_wanted(s, key));
    assert_false(node_has_post(&s->node, NOTE));
    fetched_actor(s, CAROL, actor_json(CAROL, CAROL "/inbox", key, s->carol_pem));
    assert_true(node_has_post(&s->node, NOTE));
    assert_nothing_waits(s);
}

static void t19_a_key_its_owner_does_not_list_is_never_believed(void **state)
{
    struct scene *s = *state;
    const char *key = "https://peer.example/keys/1";
    snprintf(s->bob.key_id, sizeof s->bob.key_id, "%s", key);
    snprintf(s->carol.key_id, sizeof s->carol.key_id, "%s", key);
    carol_writes(s);
    for (int i = 0; i < 20 && node_rows(&s->node, TABLE_PARKED); i++) {
        fetched_actor(s, key,
                      json_format("{\"id\":\"%s\",\"owner\":\"" CAROL "\",\"publicKeyPem\":\"%s\"}",
                                  key, s->carol_pem));
        char *other = pem_of(&s->eve);
        fetched_actor(s, CAROL, actor_json(CAROL, CAROL "/inbox", CAROL "#main-key", other));
        free(other);
    }
    assert_false(node_has_post(&s->node, NOTE));
    assert_nothing_waits(s);
}

static void t18_a_document_cannot_speak_for_another_host(void **state)
{
    struct scene *s = *state;
    const char *doc = "https://evil.example/users/new";
    snprintf(s->carol.key_id, sizeof s->carol.key_id, "%s#main-key", doc);
    carol_writes(s);
    fetched_actor(s, doc, carol_json(s)); /* calls itself carol of peer.example */
    assert_false(is_known(s, CAROL));
    assert_false(is_wanted(s, CAROL));
    assert_nothing_waits(s);
    fetched_actor(s, doc,
                  json_format("{\"id\":\"%s\",\"owner\":\"" CAROL "\",\"publicKeyPem\":\"%s\"}",
                              doc, s->carol_pem));
    assert_false(is_wanted(s, CAROL));
    /* and ours least of all */
    fetched_actor(s, "https://" STORE_HOST "/users/new",
                  actor_json("https://" STORE_HOST "/users/new", "https://" STORE_HOST "/inbox",
                             "https://" STORE_HOST "/users/new#k", s->carol_pem));
    assert_false(is_known(s, "https://" STORE_HOST "/users/new"));
}

static void t19_keys_of_others_are_not_learnt_from_an_actor(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    Actor *actor;
    actor_id id;
    fetched_actor(
        s, CAROL,
        actor_json(CAROL, CAROL "/inbox", "https://evil.example/users/eve#main-key", s->carol_pem));
    {
        AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
        assert_int_equal(actor_find(txn, CAROL, &id), OK);
        assert_int_equal(actor_get(txn, id, &arena, &actor), OK);
        assert_int_equal(actor->n_keys, 0);
    }
    fetched_actor(s, CAROL, actor_json(CAROL, CAROL "/inbox", BOB "#main-key", s->carol_pem));
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    assert_int_equal(actor_get(txn, id, &arena, &actor), OK);
    assert_int_equal(actor->n_keys, 0);
    assert_int_equal(actor_find_key(txn, BOB "#main-key", &id), OK);
    assert_int_equal(id.v, s->bob.id.v);
}

static void t33_an_inbox_on_another_host_is_refused_and_the_stored_actor_stays(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    Actor *actor;
    fetched_actor(s, BOB,
                  actor_json(BOB, "https://evil.example/inbox", BOB "#main-key", s->carol_pem));
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    assert_int_equal(actor_get(txn, s->bob.id, &arena, &actor), OK);
    assert_string_equal(actor->inbox, BOB "/inbox");
}

static void t30_a_post_that_is_elsewhere_on_its_host_is_fetched_there(void **state)
{
    struct scene *s = *state;
    announces(s, "https://peer.example/@bob/9");
    fetched_object(s, "https://peer.example/@bob/9", note_json(NOTE, BOB));
    assert_false(node_has_post(&s->node, NOTE)); /* not believed from there */
    assert_true(is_wanted(s, NOTE));
    assert_false(is_wanted(s, "https://peer.example/@bob/9"));
    fetched_object(s, NOTE, note_json(NOTE, BOB));
    assert_true(node_has_post(&s->node, NOTE));
}

static void t30_a_post_of_another_host_or_without_an_id_is_refused(void **state)
{
    struct scene *s = *state;
    const char *there = "https://evil.example/notes/1";
    announces(s, there);
    fetched_object(s, there, note_json(NOTE, BOB));
    assert_false(node_has_post(&s->node, NOTE));
    assert_false(is_wanted(s, NOTE));
    assert_nothing_waits(s);
    fetched_object(s, there, note_json(there, BOB)); /* its author is elsewhere */
    fetched_object(s, there, json_format("{\"type\":\"Note\",\"attributedTo\":\"" BOB "\"}"));
    fetched_object(s, there, json_format("{\"type\":\"Note\",\"id\":\"%s\"}", there));
    fetched_object(s, "https://" STORE_HOST "/users/a/posts/1",
                   note_json("https://" STORE_HOST "/users/a/posts/1", BOB));
    assert_int_equal(node_rows(&s->node, TABLE_POST), 0);
    assert_nothing_waits(s);
}

/* Each answer leads to the other: it must end, and leave nothing behind. */
static void documents_that_lead_in_circles_are_given_up(void **state)
{
    struct scene *s = *state;
    const char *alias = "https://peer.example/@carol";
    int rounds = 0;
    announces(s, NOTE);
    for (; rounds < 40 && node_rows(&s->node, TABLE_PARKED); rounds++) {
        if (is_wanted(s, NOTE))
            fetched_object(s, NOTE, note_json(NOTE, alias));
        if (is_wanted(s, alias))
            fetched_actor(s, alias, carol_json(s));
        if (is_wanted(s, CAROL))
            fetched_actor(s, CAROL, carol_json(s));
    }
    assert_true(rounds < 40);
    assert_false(node_has_post(&s->node, NOTE));
    assert_nothing_waits(s);
}

static void a_post_by_a_post_is_given_up(void **state)
{
    struct scene *s = *state;
    const char *author = "https://peer.example/notes/author";
    announces(s, author); /* so that it is wanted as a post ... */
    fetched_object(s, author, note_json(author, CAROL));
    fetched_object(s, NOTE, note_json(NOTE, author)); /* ... and as an author */
    fetched_actor(s, CAROL, carol_json(s));
    assert_true(node_has_post(&s->node, author));
    assert_false(node_has_post(&s->node, NOTE));
    assert_nothing_waits(s);
}

static void t41_what_was_deleted_is_not_fetched_back(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    Actor *actor;
    static const char *const deletes[] = {
        "{\"type\":\"Delete\",\"id\":\"https://peer.example/d/1\",\"actor\":\"" BOB
        "\",\"object\":\"" NOTE "\"}",
        "{\"type\":\"Delete\",\"id\":\"https://peer.example/d/2\",\"actor\":\"" BOB
        "\",\"object\":\"" BOB "\"}"};
    for (size_t i = 0; i < COUNT(deletes); i++)
        assert_int_equal(node_receive_from(&s->node, &s->bob, deletes[i]), 202);
    fetched_object(s, NOTE, note_json(NOTE, BOB));
    assert_false(node_has_post(&s->node, NOTE));
    fetched_actor(s, BOB, actor_json(BOB, BOB "/inbox", BOB "#main-key", s->carol_pem));
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    assert_int_equal(actor_get(txn, s->bob.id, &arena, &actor), OK);
    assert_true(actor->deleted_ms > 0);
}

/* Whoever follows somebody of ours must not be able to make their own record unreadable. */
static void is_gone_there(struct scene *s, const char *uri)
{
    const struct fetched answer = {.status = 410, .uri = uri};
    struct why why = {"answered 410"};
    resolve_fetched(&s->node.fed, uri, WANT_KIND__OBJECT_DOCUMENT, ERR_INVALID, &answer, &why);
}

/* Two posts of bob's, and one of ann's. */
static void bob_and_ann_write(struct scene *s)
{
    actor_id ann = node_account(&s->node, "ann");
    struct txn *txn = store_write(&s->node.store);
    Post post = POST__INIT;
    const char *const uris[] = {NOTE, NOTE "1", "https://" STORE_HOST "/users/ann/posts/1"};
    for (size_t i = 0; i < COUNT(uris); i++) {
        post.id = 0;
        post.uri = (char *)uris[i];
        post.author = i < 2 ? s->bob.id.v : ann.v;
        assert_int_equal(post_add(txn, &post, clock_ms()), OK);
    }
    store_commit(&txn);
}

static void what_its_host_says_is_gone_goes_here(void **state)
{
    struct scene *s = *state;
    bob_and_ann_write(s);
    fetched_object(s, NOTE, strdup("{\"id\":\"" NOTE "\",\"type\":\"Tombstone\"}"));
    assert_false(node_has_post(&s->node, NOTE));
    assert_true(node_has_post(&s->node, NOTE "1"));
    is_gone_there(s, NOTE "1");
    assert_false(node_has_post(&s->node, NOTE "1"));
}

static void a_tombstone_for_something_else_removes_nothing(void **state)
{
    struct scene *s = *state;
    bob_and_ann_write(s);
    fetched_object(s, "https://evil.example/x",
                   strdup("{\"id\":\"" NOTE "\",\"type\":\"Tombstone\"}"));
    assert_true(node_has_post(&s->node, NOTE));
    is_gone_there(s, "https://" STORE_HOST "/users/ann/posts/1");
    assert_true(node_has_post(&s->node, "https://" STORE_HOST "/users/ann/posts/1"));
}

static void an_actor_who_is_gone_goes_with_their_posts(void **state)
{
    struct scene *s = *state;
    bob_and_ann_write(s);
    is_gone_there(s, BOB);
    assert_false(node_has_post(&s->node, NOTE));
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1 << 20);
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    Actor *bob;
    assert_int_equal(actor_get(txn, s->bob.id, &arena, &bob), OK);
    assert_true(bob->deleted_ms > 0);
}

static void a_profile_of_a_megabyte_is_stored_small(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)256 * 1024);
    size_t n = 60000;
    char *text = calloc(1, n + 1), *fields = calloc(1, 1024 * 1024), *at = fields;
    memset(text, 'x', n);
    for (int i = 0; i < 16; i++)
        at += sprintf(at, "%s{\"type\":\"PropertyValue\",\"name\":\"n\",\"value\":\"%.*s\"}",
                      i ? "," : "", (int)n, text);
    fetched_actor(s, CAROL,
                  json_format("{\"type\":\"Person\",\"id\":\"" CAROL "\",\"inbox\":\"" CAROL
                              "/inbox\",\"summary\":\"%s\",\"attachment\":[%s]}",
                              text, fields));
    free(text);
    free(fields);
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    Actor *actor;
    actor_id id;
    assert_int_equal(actor_find(txn, CAROL, &id), OK);
    assert_int_equal(actor_get(txn, id, &arena, &actor), OK);
}

static void what_an_actors_node_understands_is_learnt_from_its_document(void **state)
{
    struct scene *s = *state;
    fetched_actor(s, CAROL,
                  json_format("{\"type\":\"Person\",\"id\":\"" CAROL "\",\"inbox\":\"" CAROL
                              "/inbox\",\"generator\":{\"type\":\"Application\",\"implements\":["
                              "{\"href\":\"https://datatracker.ietf.org/doc/html/rfc9421\"}]}}"));
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    PeerHealth *health;
    peer_id peer;
    assert_int_equal(peer_find(txn, "peer.example", &peer), OK);
    assert_int_equal(peer_health(txn, peer, &arena, &health), OK);
    assert_int_equal(health->scheme, SIGNATURE_SCHEME__RFC9421);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(a_boost_of_an_unknown_post_brings_the_post_and_its_author),
        SCENE(an_author_who_cannot_be_had_ends_all_that_waited),
        SCENE(an_unknown_key_brings_its_actor_and_the_request_is_applied),
        SCENE(a_bare_key_document_sends_us_to_its_owner),
        SCENE(an_actor_that_is_only_a_stub_sends_us_to_the_whole_one),
        SCENE(t19_a_key_its_owner_does_not_list_is_never_believed),
        SCENE(t18_a_document_cannot_speak_for_another_host),
        SCENE(t19_keys_of_others_are_not_learnt_from_an_actor),
        SCENE(t33_an_inbox_on_another_host_is_refused_and_the_stored_actor_stays),
        SCENE(t30_a_post_that_is_elsewhere_on_its_host_is_fetched_there),
        SCENE(t30_a_post_of_another_host_or_without_an_id_is_refused),
        SCENE(documents_that_lead_in_circles_are_given_up),
        SCENE(a_post_by_a_post_is_given_up),
        SCENE(t41_what_was_deleted_is_not_fetched_back),
        SCENE(what_its_host_says_is_gone_goes_here),
        SCENE(a_tombstone_for_something_else_removes_nothing),
        SCENE(an_actor_who_is_gone_goes_with_their_posts),
        SCENE(a_profile_of_a_megabyte_is_stored_small),
        SCENE(what_an_actors_node_understands_is_learnt_from_its_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
