/* Object integrity proofs: other people's vectors, our own, and what must not be believed. */
#include "federation/proof.h"

#include "federation/canonical.h"
#include "federation/digest.h"
#include "federation/multibase.h"
#include "storage/base/clock.h"
#include "storage/edge.h"
#include "storage/outqueue.h"
#include "tests/support/remote.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PEER "peer.example"
#define OTHER "other.example"
#define NOW_MS ((int64_t)1700000000000)
#define ARENA_BYTES (4 * 1024 * 1024)

/* ---- other people's ---- */

static void dump(const json_t *value, struct buf *out)
{
    AUTO(xfree) char *text = json_dumps(value, 0);
    buf_str(out, text);
}

static void assert_hash(const uint8_t hash[PROOF_HASH_BYTES], const char *wanted)
{
    char hex[2 * PROOF_HASH_BYTES + 1];
    hex_encode((struct bytes){hash, PROOF_HASH_BYTES}, hex);
    assert_string_equal(hex, wanted);
}

static void the_vectors_of_fep_8b32_hold(void **state)
{
    (void)state;
    json_auto_t *doc = vectors_load("fep-8b32/vectors.json");
    const json_t *vectors = json_object_get(doc, "vectors");
    assert_int_equal(json_array_size(vectors), 4);
    for (size_t i = 0; i < json_array_size(vectors); i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
        AUTO(buf_clear) struct buf json = BUF_INIT(65536);
        AUTO(public_key_free) struct public_key *key = NULL;
        const json_t *vector = json_array_get(vectors, i);
        struct proof proof;
        dump(json_object_get(vector, "document"), &json);
        assert_int_equal(public_key_parse_multikey(vectors_text(vector, "key"), &key, NULL), OK);
        assert_int_equal(proof_parse(buf_bytes(&json), &arena, &proof, NULL), OK);
        assert_string_equal(proof.key_id, "https://server.example/users/alice#ed25519-key");
        assert_string_equal(proof.owner, "https://server.example/users/alice");
        assert_int_equal(proof_verify(&proof, key, NOW_MS, NULL),
                         json_is_true(json_object_get(vector, "accept")) ? OK : ERR_DENIED);
        if (i > 0)
            continue;
        assert_int_equal(proof.created_ms, 1677281798000);
        assert_hash(proof.signed_,
                    vectors_text(json_object_get(doc, "intermediate"), "combined_hash_hex"));
    }
}

static void the_vectors_of_the_cryptosuite_hold(void **state)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    AUTO(buf_clear) struct buf json = BUF_INIT(65536);
    AUTO(public_key_free) struct public_key *key = NULL;
    struct proof proof;
    (void)state;
    json_auto_t *pair = vectors_load("eddsa-jcs-2022/keyPair.json");
    json_auto_t *doc = vectors_load("eddsa-jcs-2022/signedJCS.json");
    dump(doc, &json);
    assert_int_equal(
        public_key_parse_multikey(vectors_text(pair, "publicKeyMultibase"), &key, NULL), OK);
    assert_int_equal(proof_parse(buf_bytes(&json), &arena, &proof, NULL), OK);
    assert_null(proof.owner); /* a credential: nobody's activity */
    assert_hash(proof.signed_, "66ab154f5c2890a140cb8388a22a160454f80575f6eae09e5a097cabe539a1db"
                               "59b7cb6251b8991add1ce0bc83107e3db9dbbab5bd2c28f687db1a03abc92f19");
    assert_int_equal(proof_verify(&proof, key, NOW_MS, NULL), OK);
}

/* ---- a scene: two peers' actors with a key for proofs ---- */

struct scene {
    struct node node;
    struct remote bob, eve; /* at PEER, at OTHER */
};

static int set_up(void **state)
{
    struct scene *s = xcalloc(1, sizeof *s);
    clock_set(NOW_MS);
    node_open(&s->node);
    node_allow(&s->node, PEER);
    node_allow(&s->node, OTHER);
    remote_create(&s->node, &s->bob, PEER, "bob");
    remote_create(&s->node, &s->eve, OTHER, "eve");
    remote_add_proof_key(&s->node, &s->bob);
    remote_add_proof_key(&s->node, &s->eve);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    remote_clear(&s->bob);
    remote_clear(&s->eve);
    node_close(&s->node);
    clock_set(-1);
    xfree(state);
    return 0;
}

#define BOBS_CREATE                                                                                \
    "{\"@context\":[\"https://www.w3.org/ns/activitystreams\",{\"x\":\"https://x.example/#x\"}],"  \
    "\"id\":\"https://" PEER "/c/1\",\"type\":\"Create\",\"actor\":\"https://" PEER                \
    "/users/bob\",\"object\":{\"id\":\"https://" PEER "/n/1\",\"type\":\"Note\","                  \
    "\"attributedTo\":\"https://" PEER "/users/bob\",\"content\":\"hello\","                       \
    "\"x\":[1e21,-0,0.1,5E-324,9007199254740993],\"\xF0\x9F\x98\x80\":1,\"\xEE\x80\x80\":2}}"

static enum proof_verdict verdict_with(struct scene *s, const char *json, struct proof_trust *out,
                                       struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    struct txn *txn = store_read(&s->node.store);
    enum proof_verdict verdict =
        proof_trust(&s->node.fed, txn, bytes_of(json), NOW_MS, &arena, out, why);
    txn_end(&txn);
    out->needs = out->needs ? "something" : NULL; /* it lived in the arena */
    return verdict;
}

static enum proof_verdict verdict(struct scene *s, const char *json)
{
    struct proof_trust trust;
    return verdict_with(s, json, &trust, NULL);
}

static void assert_untrusted(struct scene *s, const char *json, const char *reason)
{
    struct proof_trust trust;
    struct why why = {""};
    assert_int_equal(verdict_with(s, json, &trust, &why), PROOF_NONE);
    if (!strstr(why.text, reason))
        fail_msg("refused because \"%s\", wanted \"%s\"", why.text, reason);
}

/* A proof with these members beside the usual ones (NULL takes one out), really signed. */
static char *prove_with(const struct remote *by, const char *json, json_t *changes)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    json_auto_t *document = json_loads(json, 0, NULL), *changed = changes;
    json_auto_t *options =
        json_pack("{sO ss ss ss ss}", "@context", json_object_get(document, "@context"), "type",
                  "DataIntegrityProof", "cryptosuite", "eddsa-jcs-2022", "proofPurpose",
                  "assertionMethod", "verificationMethod", by->proof_key_id);
    const char *name;
    json_t *value;
    json_object_foreach(changed, name, value)
    {
        if (json_is_null(value))
            json_object_del(options, name);
        else
            json_object_set(options, name, value);
    }
    uint8_t hash[PROOF_HASH_BYTES];
    struct bytes signature;
    const json_t *part[] = {options, document};
    for (size_t i = 0; i < 2; i++) {
        AUTO(buf_clear) struct buf canonical = BUF_INIT(CANONICAL_MAX_BYTES);
        assert_int_equal(canonical_tree(part[i], &canonical), OK);
        sha256(buf_bytes(&canonical), hash + i * SHA256_BYTES);
    }
    assert_int_equal(
        private_key_sign(by->proof_key, (struct bytes){hash, sizeof hash}, &arena, &signature), OK);
    json_object_set_new(options, "proofValue", json_string(multibase_encode(signature, &arena)));
    json_object_set(document, "proof", options);
    return json_dumps(document, 0);
}

static void a_proof_says_who_made_an_object_whoever_brings_it(void **state)
{
    struct scene *s = *state;
    struct proof_trust trust;
    AUTO(xfree) char *json = remote_prove(&s->bob, BOBS_CREATE);
    assert_int_equal(verdict_with(s, json, &trust, NULL), PROOF_VALID);
    assert_int_equal(trust.who.v, s->bob.id.v);
    assert_string_equal(trust.host, PEER);
    AUTO(xfree) char *by_hand = prove_with(&s->bob, BOBS_CREATE, json_object());
    assert_int_equal(verdict(s, by_hand), PROOF_VALID);
}

static void a_note_is_its_authors(void **state)
{
    struct scene *s = *state;
    const char *note = "{\"id\":\"https://" PEER "/n/1\",\"type\":\"Note\",\"attributedTo\":"
                       "\"https://" PEER "/users/bob\",\"content\":\"x\"}";
    AUTO(xfree) char *json = remote_prove(&s->bob, note);
    AUTO(xfree) char *forged = remote_prove(&s->eve, note);
    assert_int_equal(verdict(s, json), PROOF_VALID);
    assert_untrusted(s, forged, "not on its owner's host");
}

static void the_proofs_context_is_defined_and_stands_before_inline_terms(void **state)
{
    struct scene *s = *state;
    AUTO(xfree) char *json = remote_prove(&s->bob, BOBS_CREATE);
    assert_non_null(strstr(json, "{\"@context\":[\"https://www.w3.org/ns/activitystreams\",\"" //
                           PROOF_CONTEXT "\",{\"x\""));
    AUTO(xfree) char *again = remote_prove(&s->bob, json); /* the old proof goes, nothing doubles */
    assert_string_equal(again, json);
    AUTO(xfree)
    char *plain = remote_prove(&s->bob, "{\"@context\":\"https://www.w3.org/ns/activitystreams\"}");
    assert_non_null(
        strstr(plain, "[\"https://www.w3.org/ns/activitystreams\",\"" PROOF_CONTEXT "\"]"));
    AUTO(xfree)
    char *v2 =
        remote_prove(&s->bob, "{\"@context\":[\"https://w3id.org/security/data-integrity/v2\"]}");
    assert_null(strstr(v2, PROOF_CONTEXT));
}

/* Fedify writes a date it has read without the zeros at its end: half a second would be ".5". */
static void the_date_of_a_proof_has_only_one_spelling(void **state)
{
    AUTO(private_key_free) struct private_key *key = private_key_generate(KEY_ED25519);
    AUTO(buf_clear) struct buf json = BUF_INIT(65536);
    (void)state;
    assert_int_equal(proof_add(bytes_of("{\"id\":\"https://peer.example/1\"}"), key,
                               "https://peer.example/key", NOW_MS + 500, &json, NULL),
                     OK);
    assert_non_null(strstr(buf_text(&json), "\"created\":\"2023-11-14T22:13:20Z\""));
}

static void other_white_space_order_and_spelling_of_numbers_change_nothing(void **state)
{
    struct scene *s = *state;
    AUTO(xfree) char *json = remote_prove(&s->bob, BOBS_CREATE);
    json_auto_t *tree = json_loads(json, 0, NULL);
    AUTO(xfree) char *spaced = json_dumps(tree, JSON_INDENT(3) | JSON_ENSURE_ASCII);
    assert_int_equal(verdict(s, spaced), PROOF_VALID);
    char *number = strstr(json, "1e+21");
    assert_non_null(number);
    memcpy(number, "10e20", 5);
    assert_int_equal(verdict(s, json), PROOF_VALID);
}

/* ---- T109 ---- */

static void t109_an_altered_object_is_not_believed(void **state)
{
    struct scene *s = *state;
    static const char *const changes[][2] = {{"hello", "hallo"},
                                             {"0.1", "0.2"},
                                             {"/n/1", "/n/2"},
                                             {"Create", "Update"},
                                             {"1,\"", "3,\""}};
    for (size_t i = 0; i < COUNT(changes); i++) {
        AUTO(xfree) char *json = remote_prove(&s->bob, BOBS_CREATE);
        char *at = strstr(json, changes[i][0]);
        assert_non_null(at);
        memcpy(at, changes[i][1], strlen(changes[i][1]));
        assert_untrusted(s, json, "does not fit");
    }
}

static void t109_an_expired_or_future_proof_is_not_believed(void **state)
{
    struct scene *s = *state;
    AUTO(xfree)
    char *expired =
        prove_with(&s->bob, BOBS_CREATE, json_pack("{ss}", "expires", "2023-11-14T22:13:20Z"));
    AUTO(xfree)
    char *still =
        prove_with(&s->bob, BOBS_CREATE, json_pack("{ss}", "expires", "2023-11-14T22:13:21Z"));
    AUTO(xfree)
    char *future =
        prove_with(&s->bob, BOBS_CREATE, json_pack("{ss}", "created", "2023-11-14T23:13:21Z"));
    AUTO(xfree) char *odd = prove_with(&s->bob, BOBS_CREATE, json_pack("{si}", "expires", 5));
    assert_untrusted(s, expired, "expired");
    assert_int_equal(verdict(s, still), PROOF_VALID);
    assert_untrusted(s, future, "future");
    assert_untrusted(s, odd, "no date");
}

static void t109_another_purpose_suite_or_type_is_not_believed(void **state)
{
    struct scene *s = *state;
    static const struct {
        const char *name, *value, *reason;
    } rows[] = {
        {"proofPurpose", "authentication", "purpose"},
        {"proofPurpose", NULL, "purpose"},
        {"cryptosuite", "eddsa-rdfc-2022", "eddsa-jcs-2022"},
        {"cryptosuite", NULL, "eddsa-jcs-2022"},
        {"type", "Ed25519Signature2020", "eddsa-jcs-2022"},
        {"verificationMethod", NULL, "names no key"},
        {"previousProof", "urn:uuid:1", "chain"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(xfree)
        char *json =
            prove_with(&s->bob, BOBS_CREATE, json_pack("{ss?}", rows[i].name, rows[i].value));
        assert_untrusted(s, json, rows[i].reason);
    }
}

static void t109_a_key_of_another_actor_or_host_is_not_believed(void **state)
{
    struct scene *s = *state;
    struct remote carol;
    remote_create(&s->node, &carol, PEER, "carol");
    remote_add_proof_key(&s->node, &carol);
    AUTO(xfree) char *neighbour = remote_prove(&carol, BOBS_CREATE);
    AUTO(xfree) char *stranger = remote_prove(&s->eve, BOBS_CREATE);
    assert_untrusted(s, neighbour, "no such key");
    assert_untrusted(s, stranger, "not on its owner's host");

    /* Bob's key id, somebody else's signature */
    struct remote liar = carol;
    snprintf(liar.proof_key_id, sizeof liar.proof_key_id, "%s", s->bob.proof_key_id);
    AUTO(xfree) char *borrowed = remote_prove(&liar, BOBS_CREATE);
    assert_untrusted(s, borrowed, "does not fit");
    remote_clear(&carol);
}

static void t109_two_proofs_are_as_good_as_none(void **state)
{
    struct scene *s = *state;
    AUTO(xfree) char *json = remote_prove(&s->bob, BOBS_CREATE);
    json_auto_t *tree = json_loads(json, 0, NULL);
    json_t *proof = json_object_get(tree, "proof");
    json_object_set_new(tree, "proof", json_pack("[OO]", proof, proof));
    AUTO(xfree) char *two = json_dumps(tree, 0);
    assert_untrusted(s, two, "exactly one");
    assert_untrusted(s, BOBS_CREATE, "no proof");
}

static void t109_a_context_that_was_not_signed_is_not_believed(void **state)
{
    struct scene *s = *state;
    AUTO(xfree)
    char *json =
        prove_with(&s->bob, BOBS_CREATE, json_pack("{s[s]}", "@context", "https://e.example/"));
    assert_untrusted(s, json, "@context");
    AUTO(xfree) char *good = remote_prove(&s->bob, BOBS_CREATE);
    json_auto_t *tree = json_loads(good, 0, NULL);
    json_object_set_new(tree, "@context", json_string("https://www.w3.org/ns/activitystreams"));
    AUTO(xfree) char *shorter = json_dumps(tree, 0);
    assert_untrusted(s, shorter, "@context");
}

static void t109_who_owns_an_object_must_be_one_answer(void **state)
{
    struct scene *s = *state;
    AUTO(xfree)
    char *both =
        remote_prove(&s->bob, "{\"type\":\"Create\",\"actor\":\"https://" PEER "/users/bob\","
                              "\"attributedTo\":\"https://" OTHER "/users/eve\"}");
    AUTO(xfree)
    char *many =
        remote_prove(&s->bob, "{\"type\":\"Note\",\"attributedTo\":[\"https://" PEER "/users/bob\","
                              "\"https://" OTHER "/users/eve\"]}");
    AUTO(xfree) char *nobodys = remote_prove(&s->bob, "{\"type\":\"Note\"}");
    assert_untrusted(s, both, "differ");
    assert_untrusted(s, many, "not one id");
    assert_untrusted(s, nobodys, "no owner");
}

static void t109_an_unknown_key_is_asked_for_once_in_five_minutes(void **state)
{
    struct scene *s = *state;
    struct proof_trust trust;
    struct remote dave = {.host = PEER};
    snprintf(dave.proof_key_id, sizeof dave.proof_key_id, "https://" PEER "/users/bob#new");
    dave.proof_key = s->eve.proof_key;
    AUTO(xfree) char *rotated = remote_prove(&dave, BOBS_CREATE);
    assert_int_equal(verdict(s, rotated), PROOF_NONE); /* bob was fetched just now */

    struct txn *txn = store_read(&s->node.store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    assert_int_equal(proof_trust(&s->node.fed, txn, bytes_of(rotated), NOW_MS + 5 * 60 * 1000,
                                 &arena, &trust, NULL),
                     PROOF_NEEDS);
    assert_string_equal(trust.needs, "https://" PEER "/users/bob");
    txn_end(&txn);
}

static void t86_the_owners_host_must_be_one_we_talk_to(void **state)
{
    struct scene *s = *state;
    struct remote mallory;
    struct proof_trust trust;
    remote_create(&s->node, &mallory, "stranger.example", "mallory");
    remote_add_proof_key(&s->node, &mallory);
    AUTO(xfree)
    char *json = remote_prove(
        &mallory, "{\"type\":\"Create\",\"actor\":\"https://stranger.example/users/mallory\"}");
    assert_int_equal(verdict_with(s, json, &trust, NULL), PROOF_NONE);
    assert_null(trust.needs);
    AUTO(xfree)
    char *unknown =
        remote_prove(&mallory, "{\"type\":\"Create\",\"actor\":\"https://stranger.example/u\"}");
    assert_int_equal(verdict_with(s, unknown, &trust, NULL), PROOF_NONE);
    assert_null(trust.needs); /* nothing is fetched there */
    remote_clear(&mallory);
}

static void t29_an_object_that_claims_to_be_ours_is_not_believed(void **state)
{
    struct scene *s = *state;
    struct remote liar = s->eve;
    snprintf(liar.proof_key_id, sizeof liar.proof_key_id, "https://" STORE_HOST "/users/ann#k");
    AUTO(xfree)
    char *json =
        remote_prove(&liar, "{\"type\":\"Create\",\"actor\":\"https://" STORE_HOST "/users/ann\"}");
    assert_untrusted(s, json, "claims to be ours");
}

/* ---- what we send ---- */

static const struct by test_by = {.who = "test"};

/* The proof of what was queued last for bob's node is its actor's own; how often it was found. */
static size_t queued_proofs(struct scene *s, actor_id who, size_t *out_jobs)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(ARENA_BYTES);
    AUTO(public_key_free) struct public_key *key = NULL;
    struct txn *txn = store_read(&s->node.store);
    Actor *actor;
    OutJob *job;
    peer_id peer;
    size_t proved = 0;
    assert_int_equal(actor_get(txn, who, &arena, &actor), OK);
    assert_int_equal(public_key_parse_multikey(actor->keys[1]->multibase, &key, NULL), OK);
    assert_int_equal(peer_find(txn, PEER, &peer), OK);
    *out_jobs = 0;
    for (uint64_t at = 0; outqueue_next(txn, peer, at, &arena, &job) == OK; at = job->seq) {
        struct bytes body;
        struct proof proof;
        assert_int_equal(outqueue_body(txn, job->body, &arena, &body), OK);
        ++*out_jobs;
        if (proof_parse(body, &arena, &proof, NULL))
            continue;
        assert_string_equal(proof.owner, actor->uri);
        assert_string_equal(proof.key_id, actor->keys[1]->id);
        assert_int_equal(proof_verify(&proof, key, NOW_MS, NULL), OK);
        proved++;
    }
    txn_end(&txn);
    return proved;
}

static void ann_does_everything(struct scene *s, actor_id ann)
{
    struct why why;
    post_id id;
    struct txn *txn = store_write(&s->node.store);
    Edge edge = EDGE__INIT;
    assert_int_equal(edge_add(txn, (struct edge_key){EDGE_FOLLOW, s->bob.id.v, ann.v}, &edge), OK);
    store_commit(&txn);
    struct federation *fed = &s->node.fed;
    struct post_draft draft = {.author = ann, .source = "**hello** #ward"};
    assert_int_equal(act_post_local(fed, &draft, NULL, &test_by, &id, &why), OK);
    assert_int_equal(act_edit_local(fed, ann, id, "hello", NULL, NULL, &test_by, &why), OK);
    assert_int_equal(act_delete_local(fed, ann, id, &test_by, &why), OK);
    assert_int_equal(act_follow_local(fed, ann, s->bob.id, &test_by, &why), OK);
    assert_int_equal(act_unfollow_local(fed, ann, s->bob.id, &test_by, &why), OK);
    const struct account_edit edit = {.display_name = "Ann", .is_locked = -1};
    assert_int_equal(act_account_edit(fed, ann, &edit, &test_by, &why), OK);
}

static void all_we_send_carries_its_actors_proof(void **state)
{
    struct scene *s = *state;
    size_t jobs;
    s->node.config.object_proofs = true;
    actor_id ann = node_account(&s->node, "ann");
    ann_does_everything(s, ann);
    assert_int_equal(queued_proofs(s, ann, &jobs), 6);
    assert_int_equal(jobs, 6);
}

static void without_object_proofs_nothing_does(void **state)
{
    struct scene *s = *state;
    size_t jobs;
    actor_id ann = node_account(&s->node, "ann");
    ann_does_everything(s, ann);
    assert_int_equal(queued_proofs(s, ann, &jobs), 0);
    assert_int_equal(jobs, 6);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_fep_8b32_hold),
        cmocka_unit_test(the_vectors_of_the_cryptosuite_hold),
        T(a_proof_says_who_made_an_object_whoever_brings_it),
        T(a_note_is_its_authors),
        T(the_proofs_context_is_defined_and_stands_before_inline_terms),
        T(the_date_of_a_proof_has_only_one_spelling),
        T(other_white_space_order_and_spelling_of_numbers_change_nothing),
        T(t109_an_altered_object_is_not_believed),
        T(t109_an_expired_or_future_proof_is_not_believed),
        T(t109_another_purpose_suite_or_type_is_not_believed),
        T(t109_a_key_of_another_actor_or_host_is_not_believed),
        T(t109_two_proofs_are_as_good_as_none),
        T(t109_a_context_that_was_not_signed_is_not_believed),
        T(t109_who_owns_an_object_must_be_one_answer),
        T(t109_an_unknown_key_is_asked_for_once_in_five_minutes),
        T(t86_the_owners_host_must_be_one_we_talk_to),
        T(all_we_send_carries_its_actors_proof),
        T(without_object_proofs_nothing_does),
        T(t29_an_object_that_claims_to_be_ours_is_not_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
