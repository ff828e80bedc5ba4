#include "federation/synchronize.h"

#include "federation/delivery_job.h"
#include "federation/document/document.h"
#include "federation/policy.h"
#include "federation/resolve.h"
#include "storage/base/clock.h"
#include "storage/follow_digest.h"
#include "storage/outqueue.h"
#include "storage/parked.h"
#include "storage/peer.h"
#include "tests/support/scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LIST BOB "/followers_synchronization"

static void hex_of(const char *const *uri, size_t n, char out[65])
{
    uint8_t sum[FOLLOW_DIGEST_BYTES] = {0};
    for (size_t i = 0; i < n; i++)
        follow_digest_mix(sum, uri[i]);
    for (size_t i = 0; i < sizeof sum; i++)
        snprintf(out + 2 * i, 3, "%02x", sum[i]);
}

/* The example of the specification. */
static void the_digest_is_the_xor_of_hashes(void **state)
{
    static const char *const uri[] = {"https://testing.example.org/users/1",
                                      "https://testing.example.org/users/2"};
    char hex[65], other[65];
    const char *turned[] = {uri[1], uri[0]};
    (void)state;
    hex_of(uri, 2, hex);
    hex_of(turned, 2, other);
    assert_string_equal(hex, other);
    assert_string_equal(hex, "c33f48cd341ef046a206b8a72ec97af65079f9a3a9b90eef79c5920dce45c61f");
}

/* ---- what we say ---- */

static void each_host_is_told_of_its_own_followers(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    AUTO(buf_clear) struct buf json = BUF_INIT(DOCUMENT_MAX_BYTES);
    static const char *const bob[] = {BOB};
    char hex[65];
    Actor *ann;
    scene_follow(s, s->bob.id, s->ann);
    scene_follow(s, s->eve.id, s->ann);
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    assert_int_equal(actor_get(txn, s->ann, &arena, &ann), OK);
    const char *field = synchronize_field(txn, ann, "peer.example", &arena);
    hex_of(bob, 1, hex);
    assert_non_null(strstr(field, "collectionId=\"" ANN "/followers\""));
    assert_non_null(strstr(field, "url=\"" ANN "/followers_synchronization\""));
    assert_non_null(strstr(field, hex));
    assert_null(synchronize_field(txn, ann, "third.example", &arena));
    assert_int_equal(document_followers_at(txn, ann, "peer.example", &json), OK);
    assert_non_null(strstr(buf_text(&json), BOB));
    assert_null(strstr(buf_text(&json), EVE));
}

/* The job that waits for peer.example, as the delivery would sign it now. */
static void load_job(struct scene *s, struct delivery_job *job)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    OutJob *head;
    peer_id peer;
    *job = (struct delivery_job){0};
    assert_int_equal(peer_find(txn, "peer.example", &peer), OK);
    assert_int_equal(outqueue_next(txn, peer, 0, &arena, &head), OK);
    assert_int_equal(delivery_job_load(job, &s->node.fed, txn, peer, head->seq, clock_ms()), OK);
}

static void what_goes_to_followers_says_who_they_are(void **state)
{
    struct scene *s = *state;
    struct delivery_job job;
    scene_follow(s, s->bob.id, s->ann);
    scene_post(s, s->ann, VISIBILITY__FOLLOWERS, "for followers");
    load_job(s, &job);
    assert_non_null(job.synchronization);
    delivery_job_clear(&job);
    scene_deliver(s);
    scene_post(s, s->ann, VISIBILITY__PUBLIC, "for all");
    load_job(s, &job);
    assert_null(job.synchronization);
    delivery_job_clear(&job);
}

static void unfollow(struct scene *s, actor_id who, actor_id whom)
{
    struct txn *txn = store_write(&s->node.store);
    assert_int_equal(edge_del(txn, (struct edge_key){EDGE_FOLLOW, who.v, whom.v}), OK);
    store_commit(&txn);
}

static void t68_a_host_without_followers_gets_nothing_that_still_waits(void **state)
{
    struct scene *s = *state;
    struct delivery_job job;
    scene_follow(s, s->bob.id, s->ann);
    scene_post(s, s->ann, VISIBILITY__FOLLOWERS, "for followers");
    load_job(s, &job);
    assert_int_not_equal(job.outcome, OUTCOME_CANCELLED);
    delivery_job_clear(&job);
    unfollow(s, s->bob.id, s->ann); /* in whatever way */
    load_job(s, &job);
    assert_int_equal(job.outcome, OUTCOME_CANCELLED);
    delivery_job_clear(&job);
}

static void t88_terms_that_change_while_a_post_waits_hold_when_it_is_sent(void **state)
{
    struct scene *s = *state;
    struct peer_terms terms = {.expires_ms = -1, .scope = PEER_SCOPE__ONLY_PUBLIC};
    struct delivery_job job;
    struct why why;
    scene_follow(s, s->bob.id, s->ann);
    scene_post(s, s->ann, VISIBILITY__FOLLOWERS, "for followers");
    load_job(s, &job);
    assert_int_not_equal(job.outcome, OUTCOME_CANCELLED);
    delivery_job_clear(&job);
    assert_int_equal(policy_allow_peer(&s->node.fed, "peer.example", &terms, &scene_by, &why), OK);
    load_job(s, &job);
    assert_int_equal(job.outcome, OUTCOME_CANCELLED);
    delivery_job_clear(&job);
}

static void t68_a_public_post_goes_although_nobody_follows_any_more(void **state)
{
    struct scene *s = *state;
    struct delivery_job job;
    scene_follow(s, s->bob.id, s->ann);
    scene_post(s, s->ann, VISIBILITY__PUBLIC, "for all");
    unfollow(s, s->bob.id, s->ann);
    load_job(s, &job);
    assert_int_not_equal(job.outcome, OUTCOME_CANCELLED);
    delivery_job_clear(&job);
}

static void the_field_is_covered_but_by_rsa_over_rfc9421(void **state)
{
    struct scene *s = *state;
    AUTO(private_key_free) struct private_key *ed25519 = private_key_generate(KEY_ED25519);
    const struct {
        enum signature_scheme scheme;
        const struct private_key *key;
        bool covers;
    } way[] = {{SIGNATURE_CAVAGE, s->bob.key, true},
               {SIGNATURE_RFC9421, s->bob.key, false},
               {SIGNATURE_RFC9421, ed25519, true}};
    for (size_t i = 0; i < COUNT(way); i++) {
        AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
        struct signature_request request = {.scheme = way[i].scheme,
                                            .method = "POST",
                                            .uri = "https://peer.example/inbox",
                                            .body = bytes_of("{}"),
                                            .key_id = s->bob.key_id,
                                            .key = way[i].key,
                                            .now_ms = clock_ms(),
                                            .synchronization = "collectionId=\"x\""};
        struct signature_lines lines;
        struct why why;
        bool is_sent = false, is_covered = false;
        assert_int_equal(signature_sign(&request, &arena, &lines, &why), OK);
        for (size_t n = 0; n < lines.n; n++) {
            is_sent = is_sent ||
                      strcmp(lines.line[n], "Collection-Synchronization: collectionId=\"x\"") == 0;
            is_covered = is_covered || strstr(lines.line[n], "collection-synchronization\"");
        }
        assert_true(is_sent);
        assert_int_equal(is_covered, way[i].covers);
    }
}

/* ---- what we are told ---- */

/* A note of `from` that says of its followers: `field`. Covered by cavage. */
static void tells(struct scene *s, const struct remote *from, enum signature_scheme scheme,
                  const char *field)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    struct sent sent = {.arena = ARENA_INIT(4 * 1024 * 1024)};
    struct signature_lines lines;
    struct why why = {""};
    unsigned n = ++s->sent;
    char *json = json_format(
        "{\"type\":\"Create\",\"id\":\"https://%s/acts/%u\",\"actor\":\"%s\",\"object\":{"
        "\"id\":\"https://%s/notes/%u\",\"type\":\"Note\",\"attributedTo\":\"%s\","
        "\"content\":\"x\",\"to\":\"%s/followers\"}}",
        from->host, n, from->uri, from->host, n, from->uri, from->uri);
    struct signature_request request = {.scheme = scheme,
                                        .method = "POST",
                                        .uri = "https://" STORE_HOST "/inbox",
                                        .body = bytes_of(json),
                                        .key_id = from->key_id,
                                        .key = from->key,
                                        .now_ms = clock_ms(),
                                        .synchronization = field};
    assert_int_equal(signature_sign(&request, &arena, &lines, &why), OK);
    for (size_t i = 0; i < lines.n; i++) {
        char *name = arena_strdup(&sent.arena, lines.line[i]), *colon = strchr(name, ':');
        *colon = '\0';
        sent.headers[sent.message.header_count++] = (struct http_header){name, colon + 2};
    }
    sent.message.method = "POST";
    sent.message.target = "/inbox";
    sent.message.scheme = "https";
    sent.message.host = STORE_HOST;
    sent.message.body = bytes_of(json);
    assert_int_equal(node_receive(&s->node, &sent), 202);
    sent_clear(&sent);
    free(json);
}

static void tells_of(struct scene *s, const struct remote *from, enum signature_scheme scheme,
                     const char *const *uri, size_t n)
{
    char hex[65];
    hex_of(uri, n, hex);
    char *field =
        json_format("collectionId=\"" BOB "/followers\", url=\"" LIST "\", digest=\"%s\"", hex);
    tells(s, from, scheme, field);
    free(field);
}

static size_t wants(struct scene *s)
{
    return node_rows(&s->node, TABLE_WANT);
}

static void brings(struct scene *s, const char *json)
{
    struct fetched fetched = {.status = 200, .body = bytes_of(json)};
    resolve_fetched(&s->node.fed, LIST, WANT_KIND__COLLECTION_DOCUMENT, OK, &fetched, NULL);
}

static const char *const only_ann[] = {ANN};

static void the_same_list_is_not_asked_for(void **state)
{
    struct scene *s = *state;
    scene_follow(s, s->ann, s->bob.id);
    tells_of(s, &s->bob, SIGNATURE_CAVAGE, only_ann, 1);
    assert_int_equal(wants(s), 0);
}

static void another_list_is_fetched_and_followed(void **state)
{
    struct scene *s = *state;
    char *undo = NULL;
    scene_follow(s, s->cat, s->bob.id); /* bob's node knows of ann instead */
    tells_of(s, &s->bob, SIGNATURE_CAVAGE, only_ann, 1);
    assert_int_equal(wants(s), 1);
    brings(s,
           "{\"id\":\"" LIST "\",\"type\":\"OrderedCollection\",\"orderedItems\":[\"" ANN "\"]}");
    assert_int_equal(wants(s), 0);
    assert_false(scene_has_edge(s, EDGE_FOLLOW, s->cat, s->bob.id));
    assert_int_equal(scene_queued(s, "peer.example", "Undo", &undo), 1);
    assert_non_null(strstr(undo, "\"actor\":\"" ANN "\""));
    assert_non_null(strstr(undo, "\"object\":\"" BOB "\""));
    free(undo);

    tells_of(s, &s->bob, SIGNATURE_CAVAGE, only_ann, 1); /* again, at once */
    assert_int_equal(wants(s), 0);
}

static void a_follow_that_was_asked_for_is_not_undone(void **state)
{
    struct scene *s = *state;
    struct why why;
    assert_int_equal(act_follow_local(&s->node.fed, s->ann, s->bob.id, &scene_by, &why), OK);
    tells_of(s, &s->bob, SIGNATURE_CAVAGE, only_ann, 1); /* accepted there, not yet here */
    brings(s,
           "{\"id\":\"" LIST "\",\"type\":\"OrderedCollection\",\"orderedItems\":[\"" ANN "\"]}");
    assert_true(scene_has_edge(s, EDGE_FOLLOW_REQUEST, s->ann, s->bob.id));
    assert_int_equal(scene_queued(s, "peer.example", "Undo", NULL), 0);
}

static void a_list_that_was_not_told_changes_nothing(void **state)
{
    static const char *const list[] = {
        "{\"id\":\"" LIST "\",\"type\":\"OrderedCollection\",\"orderedItems\":[]}",
        "{\"id\":\"" LIST "\",\"type\":\"OrderedCollection\",\"first\":\"" LIST "?page=1\"}",
        "{\"id\":\"" LIST "\",\"type\":\"OrderedCollection\",\"next\":\"" LIST
        "?page=2\",\"orderedItems\":[\"" ANN "\"]}",
        "{\"id\":\"" LIST "\",\"type\":\"Note\",\"attributedTo\":\"" BOB "\",\"content\":\"x\"}",
    };
    struct scene *s = *state;
    scene_follow(s, s->cat, s->bob.id);
    for (size_t i = 0; i < COUNT(list); i++) {
        clock_set(clock_ms() + SYNCHRONIZE_PAUSE_MS);
        tells_of(s, &s->bob, SIGNATURE_CAVAGE, only_ann, 1);
        assert_int_equal(wants(s), 1);
        brings(s, list[i]);
        assert_int_equal(wants(s), 0);
        assert_true(scene_has_edge(s, EDGE_FOLLOW, s->cat, s->bob.id));
    }
}

static void what_is_not_signed_or_not_their_own_is_passed_over(void **state)
{
    static const char *const field[] = {
        "",
        "collectionId",
        "collectionId=\"" BOB "/followers\", url=\"" LIST "\"",
        "collectionId=\"" BOB "/followers\", url=\"" LIST "\", digest=\"00\"",
        "collectionId=\"" BOB "/followers\", url=\"https://evil.example/list\", digest=\""
        "0000000000000000000000000000000000000000000000000000000000000001\"",
        "collectionId=\"" BOB "/following\", url=\"" LIST "\", digest=\""
        "0000000000000000000000000000000000000000000000000000000000000001\"",
        "digest=\"0000000000000000000000000000000000000000000000000000000000000001",
    };
    struct scene *s = *state;
    scene_follow(s, s->cat, s->bob.id);
    for (size_t i = 0; i < COUNT(field); i++)
        tells(s, &s->bob, SIGNATURE_CAVAGE, field[i]);
    tells_of(s, &s->bob, SIGNATURE_RFC9421, only_ann, 1); /* sent, not covered */
    tells_of(s, &s->eve, SIGNATURE_CAVAGE, only_ann, 1);  /* bob's followers, by eve */
    assert_int_equal(wants(s), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_digest_is_the_xor_of_hashes),
        SCENE(each_host_is_told_of_its_own_followers),
        SCENE(what_goes_to_followers_says_who_they_are),
        SCENE(t68_a_host_without_followers_gets_nothing_that_still_waits),
        SCENE(t88_terms_that_change_while_a_post_waits_hold_when_it_is_sent),
        SCENE(t68_a_public_post_goes_although_nobody_follows_any_more),
        SCENE(the_field_is_covered_but_by_rsa_over_rfc9421),
        SCENE(the_same_list_is_not_asked_for),
        SCENE(another_list_is_fetched_and_followed),
        SCENE(a_follow_that_was_asked_for_is_not_undone),
        SCENE(a_list_that_was_not_told_changes_nothing),
        SCENE(what_is_not_signed_or_not_their_own_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
