/* What others address to followers of ours is passed on to them. */
#include "federation/forward.h"

#include "federation/consent.h"
#include "storage/account.h"
#include "storage/base/clock.h"
#include "storage/check.h"
#include "storage/edge.h"
#include "storage/outqueue.h"
#include "storage/post.h"
#include "tests/support/remote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ANN "https://" STORE_HOST "/users/ann"
#define BEN "https://" STORE_HOST "/users/ben"
#define BOB "https://peer.example/users/bob"
#define NOTE "https://peer.example/notes/1"
#define CREATE "https://peer.example/creates/1"
#define PUBLIC "https://www.w3.org/ns/activitystreams#Public"

enum { PEER, SECOND, THIRD, HOSTS };
static const char *const hosts[HOSTS] = {"peer.example", "second.example", "third.example"};

/* ann is followed from three nodes; bob, at the first of them, answers her. */
struct scene {
    struct node node;
    actor_id ann, ben;
    post_id post;
    char post_uri[256];
    struct remote bob, follower[HOSTS];
};

static const struct by by = {.who = "test"};

static void follow(struct scene *s, actor_id who, actor_id whom)
{
    struct txn *txn = store_write(&s->node.store);
    Edge edge = EDGE__INIT;
    assert_int_equal(edge_add(txn, (struct edge_key){EDGE_FOLLOW, who.v, whom.v}, &edge), OK);
    store_commit(&txn);
}

static size_t jobs_at(struct scene *s, const char *host)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    peer_id peer;
    OutJob *job;
    size_t n = 0;
    if (peer_find(txn, host, &peer))
        return 0;
    for (uint64_t at = 0; outqueue_next(txn, peer, at, &arena, &job) == OK; at = job->seq)
        n += job->is_forwarded;
    return n;
}

static size_t jobs(struct scene *s)
{
    size_t n = 0;
    for (size_t i = 0; i < HOSTS; i++)
        n += jobs_at(s, hosts[i]);
    return n;
}

static int set_up(void **state)
{
    struct scene *s = xcalloc(1, sizeof *s);
    struct why why;
    node_open(&s->node);
    s->node.config.object_proofs = true;
    s->ann = node_account(&s->node, "ann");
    s->ben = node_account(&s->node, "ben");
    for (size_t i = 0; i < HOSTS; i++) {
        node_allow(&s->node, hosts[i]);
        remote_create(&s->node, &s->follower[i], hosts[i], "follower");
        follow(s, s->follower[i].id, s->ann);
        follow(s, s->follower[i].id, s->ben);
    }
    remote_create(&s->node, &s->bob, hosts[PEER], "bob");
    remote_add_proof_key(&s->node, &s->bob);
    follow(s, s->bob.id, s->ann);
    struct post_draft draft = {
        .author = s->ann, .source = "rounds at nine", .visibility = VISIBILITY__FOLLOWERS};
    assert_int_equal(act_post_local(&s->node.fed, &draft, NULL, &by, &s->post, &why), OK);
    snprintf(s->post_uri, sizeof s->post_uri, ANN "/posts/%llu", (unsigned long long)s->post.v);
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
    for (size_t i = 0; i < HOSTS; i++)
        remote_clear(&s->follower[i]);
    node_close(&s->node);
    xfree(state);
    return 0;
}

/* bob's reply to `parent`, for `to` and `cc`. */
static char *reply_json(const char *parent, const char *to, const char *cc, const char *type)
{
    return json_format("{\"type\":\"%s\",\"id\":\"" CREATE "%s\",\"actor\":\"" BOB
                       "\",\"to\":\"%s\","
                       "\"cc\":\"%s\",\"object\":{\"type\":\"Note\",\"id\":\"" NOTE
                       "\",\"attributedTo\":\"" BOB "\",\"inReplyTo\":\"%s\",\"to\":\"%s\","
                       "\"cc\":\"%s\",\"content\":\"%s\",\"updated\":\"%s\"}}",
                       type, type, to, cc, parent, to, cc, type,
                       strcmp(type, "Create") == 0 ? "" : "2030-01-01T00:00:00Z");
}

static int bob_sends(struct scene *s, const char *json)
{
    AUTO(xfree) char *proved = remote_prove(&s->bob, json);
    return node_receive_from(&s->node, &s->bob, proved);
}

static void bob_answers(struct scene *s)
{
    AUTO(xfree) char *json = reply_json(s->post_uri, ANN "/followers", ANN, "Create");
    assert_int_equal(bob_sends(s, json), 202);
    assert_true(node_has_post(&s->node, NOTE));
}

static void a_reply_is_passed_on_as_it_came_signed_by_whom_it_answers(void **state)
{
    struct scene *s = *state;
    AUTO(xfree) char *json = reply_json(s->post_uri, ANN "/followers", ANN, "Create");
    AUTO(xfree) char *proved = remote_prove(&s->bob, json);
    assert_int_equal(node_receive_from(&s->node, &s->bob, proved), 202);
    assert_int_equal(jobs_at(s, hosts[PEER]), 0); /* it comes from there */
    assert_int_equal(jobs_at(s, hosts[SECOND]), 1);
    assert_int_equal(jobs_at(s, hosts[THIRD]), 1);

    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    struct bytes body;
    peer_id peer;
    OutJob *job;
    assert_int_equal(peer_find(txn, hosts[SECOND], &peer), OK);
    uint64_t at = 0;
    do {
        assert_int_equal(outqueue_next(txn, peer, at, &arena, &job), OK);
        at = job->seq;
    } while (!job->is_forwarded);
    assert_int_equal(job->actor, s->ann.v);
    assert_string_equal(job->activity_uri, CREATE "Create");
    assert_int_equal(job->visibility, VISIBILITY__FOLLOWERS);
    assert_int_equal(outqueue_body(txn, job->body, &arena, &body), OK);
    assert_true(bytes_equal(body, bytes_of(proved)));
}

static void a_reply_that_waits_for_approval_is_not_passed_on(void **state)
{
    struct scene *s = *state;
    Interaction ask = INTERACTION__INIT;
    InteractionPolicy policy = INTERACTION_POLICY__INIT;
    struct why why;
    post_id id;
    char uri[256];
    ask.manual = CONSENT_EVERYONE;
    policy.reply = &ask;
    struct post_draft draft = {.author = s->ann, .source = "ask me", .policy = &policy};
    assert_int_equal(act_post_local(&s->node.fed, &draft, NULL, &by, &id, &why), OK);
    snprintf(uri, sizeof uri, ANN "/posts/%llu", (unsigned long long)id.v);
    AUTO(xfree) char *json = reply_json(uri, PUBLIC, ANN "/followers", "Create");
    assert_int_equal(bob_sends(s, json), 202);
    assert_true(node_has_post(&s->node, NOTE));
    assert_int_equal(jobs(s), 0);
}

static void it_is_passed_on_once(void **state)
{
    struct scene *s = *state;
    bob_answers(s);
    bob_answers(s);
    assert_int_equal(jobs(s), 2);
}

static void without_a_proof_nobody_could_believe_it(void **state)
{
    struct scene *s = *state;
    AUTO(xfree) char *json = reply_json(s->post_uri, ANN "/followers", ANN, "Create");
    assert_int_equal(node_receive_from(&s->node, &s->bob, json), 202);
    assert_true(node_has_post(&s->node, NOTE));
    assert_int_equal(jobs(s), 0);
}

static void t109_with_a_wrong_proof_it_stays_here(void **state)
{
    struct scene *s = *state;
    AUTO(xfree) char *json = reply_json(s->post_uri, ANN "/followers", ANN, "Create");
    AUTO(xfree) char *proved = remote_prove(&s->bob, json);
    char *word = strstr(proved, "content\":\"C");
    assert_non_null(word);
    word[10] = 'c';
    assert_int_equal(node_receive_from(&s->node, &s->bob, proved), 202); /* bob himself says so */
    assert_int_equal(jobs(s), 0);
}

static void only_what_belongs_to_a_thread_of_ours_is_passed_on(void **state)
{
    struct scene *s = *state;
    AUTO(xfree)
    char *elsewhere = reply_json("https://peer.example/notes/0", ANN "/followers", ANN, "Create");
    assert_int_equal(bob_sends(s, elsewhere), 202);
    assert_int_equal(jobs(s), 0);
}

static void only_to_followers_of_whom_it_answers(void **state)
{
    struct scene *s = *state;
    AUTO(xfree) char *json = reply_json(s->post_uri, PUBLIC, BEN "/followers", "Create");
    assert_int_equal(bob_sends(s, json), 202);
    assert_int_equal(jobs(s), 0);
}

static void what_names_no_collection_of_ours_is_not_passed_on(void **state)
{
    struct scene *s = *state;
    AUTO(xfree) char *json = reply_json(s->post_uri, PUBLIC, ANN, "Create");
    assert_int_equal(bob_sends(s, json), 202);
    assert_int_equal(jobs(s), 0);
}

static void a_host_that_is_named_has_it_from_its_author(void **state)
{
    struct scene *s = *state;
    AUTO(xfree)
    char *json = reply_json(s->post_uri, ANN "/followers", s->follower[THIRD].uri, "Create");
    assert_int_equal(bob_sends(s, json), 202);
    assert_int_equal(jobs_at(s, hosts[SECOND]), 1);
    assert_int_equal(jobs_at(s, hosts[THIRD]), 0);
}

static void whom_the_owner_blocks_is_not_passed_on(void **state)
{
    struct scene *s = *state;
    struct txn *txn = store_write(&s->node.store);
    Edge edge = EDGE__INIT;
    assert_int_equal(edge_add(txn, (struct edge_key){EDGE_BLOCK, s->ann.v, s->bob.id.v}, &edge),
                     OK);
    store_commit(&txn);
    AUTO(xfree) char *json = reply_json(s->post_uri, ANN "/followers", ANN, "Create");
    (void)bob_sends(s, json);
    assert_int_equal(jobs(s), 0);
}

static void an_answer_to_an_answer_belongs_to_the_thread(void **state)
{
    struct scene *s = *state;
    bob_answers(s);
    AUTO(xfree)
    char *json = json_format(
        "{\"type\":\"Create\",\"id\":\"" CREATE "-2\",\"actor\":\"" BOB "\",\"to\":\"" ANN
        "/followers\",\"object\":{\"type\":\"Note\",\"id\":\"" NOTE "2\",\"attributedTo\":\"" BOB
        "\",\"inReplyTo\":\"" NOTE "\",\"to\":\"" ANN "/followers\",\"content\":\"x\"}}");
    assert_int_equal(bob_sends(s, json), 202);
    assert_int_equal(jobs(s), 4);
}

static void an_edit_follows_it(void **state)
{
    struct scene *s = *state;
    bob_answers(s);
    AUTO(xfree) char *edit = reply_json(s->post_uri, BOB "/followers", ANN, "Update");
    assert_int_equal(bob_sends(s, edit), 202);
    assert_int_equal(jobs_at(s, hosts[SECOND]), 2);
    assert_int_equal(jobs_at(s, hosts[THIRD]), 2);
    assert_int_equal(jobs_at(s, hosts[PEER]), 0);
}

static void t68_an_edit_is_not_passed_on_to_who_may_not_read_it_any_more(void **state)
{
    struct scene *s = *state;
    bob_answers(s);
    struct txn *txn = store_write(&s->node.store);
    assert_int_equal(
        edge_del(txn, (struct edge_key){EDGE_FOLLOW, s->follower[THIRD].id.v, s->ann.v}), OK);
    store_commit(&txn);
    AUTO(xfree) char *edit = reply_json(s->post_uri, BOB "/followers", ANN, "Update");
    assert_int_equal(bob_sends(s, edit), 202);
    assert_int_equal(jobs_at(s, hosts[SECOND]), 2);
    assert_int_equal(jobs_at(s, hosts[THIRD]), 1); /* the reply itself */
}

/* bob may answer ben, who answered ann's followers: whoever follows ben alone may not read it. */
static void t66_a_reply_is_passed_on_to_who_may_read_what_it_answers(void **state)
{
    struct scene *s = *state;
    struct why why;
    post_id answer;
    struct post_draft draft = {.author = s->ben,
                               .source = "at ten",
                               .in_reply_to = s->post,
                               .visibility = VISIBILITY__FOLLOWERS};
    follow(s, s->ben, s->ann);
    follow(s, s->bob.id, s->ben);
    assert_int_equal(act_post_local(&s->node.fed, &draft, NULL, &by, &answer, &why), OK);
    struct txn *txn = store_write(&s->node.store);
    assert_int_equal(
        edge_del(txn, (struct edge_key){EDGE_FOLLOW, s->follower[THIRD].id.v, s->ann.v}), OK);
    store_commit(&txn);
    AUTO(xfree) char *parent = json_format(BEN "/posts/%llu", (unsigned long long)answer.v);
    AUTO(xfree) char *json = reply_json(parent, BEN "/followers", BEN, "Create");
    assert_int_equal(bob_sends(s, json), 202);
    assert_true(node_has_post(&s->node, NOTE));
    assert_int_equal(jobs_at(s, hosts[SECOND]), 1);
    assert_int_equal(jobs_at(s, hosts[THIRD]), 0);
}

/* ann lets nobody answer. */
static void what_waits_for_consent_is_not_passed_on(void **state)
{
    struct scene *s = *state;
    struct why why;
    post_id closed;
    Interaction nobody = INTERACTION__INIT;
    InteractionPolicy policy = INTERACTION_POLICY__INIT;
    policy.reply = &nobody;
    struct post_draft draft = {.author = s->ann,
                               .source = "no answers",
                               .policy = &policy,
                               .visibility = VISIBILITY__PUBLIC};
    assert_int_equal(act_post_local(&s->node.fed, &draft, NULL, &by, &closed, &why), OK);
    AUTO(xfree) char *parent = json_format(ANN "/posts/%llu", (unsigned long long)closed.v);
    AUTO(xfree) char *json = reply_json(parent, PUBLIC, ANN "/followers", "Create");
    assert_int_equal(bob_sends(s, json), 202);
    assert_true(node_has_post(&s->node, NOTE));
    assert_int_equal(jobs(s), 0);
}

static void a_delete_follows_it_wherever_it_went(void **state)
{
    struct scene *s = *state;
    bob_answers(s);
    struct txn *txn = store_write(&s->node.store); /* who has left since is told all the same */
    assert_int_equal(
        edge_del(txn, (struct edge_key){EDGE_FOLLOW, s->follower[THIRD].id.v, s->ann.v}), OK);
    store_commit(&txn);
    const char *json = "{\"type\":\"Delete\",\"id\":\"https://peer.example/d/1\",\"actor\":\"" BOB
                       "\",\"to\":\"" PUBLIC "\",\"object\":\"" NOTE "\"}";
    assert_int_equal(bob_sends(s, json), 202);
    assert_false(node_has_post(&s->node, NOTE));
    assert_int_equal(jobs_at(s, hosts[SECOND]), 2);
    assert_int_equal(jobs_at(s, hosts[THIRD]), 2);
}

static void a_delete_of_what_was_never_passed_on_stays_here(void **state)
{
    struct scene *s = *state;
    AUTO(xfree) char *create = reply_json(s->post_uri, ANN "/followers", ANN, "Create");
    assert_int_equal(node_receive_from(&s->node, &s->bob, create), 202); /* no proof */
    const char *json = "{\"type\":\"Delete\",\"id\":\"https://peer.example/d/1\",\"actor\":\"" BOB
                       "\",\"to\":\"" ANN "/followers\",\"object\":\"" NOTE "\"}";
    assert_int_equal(bob_sends(s, json), 202);
    assert_int_equal(jobs(s), 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_reply_is_passed_on_as_it_came_signed_by_whom_it_answers),
        T(a_reply_that_waits_for_approval_is_not_passed_on),
        T(it_is_passed_on_once),
        T(without_a_proof_nobody_could_believe_it),
        T(t109_with_a_wrong_proof_it_stays_here),
        T(only_what_belongs_to_a_thread_of_ours_is_passed_on),
        T(only_to_followers_of_whom_it_answers),
        T(what_names_no_collection_of_ours_is_not_passed_on),
        T(a_host_that_is_named_has_it_from_its_author),
        T(whom_the_owner_blocks_is_not_passed_on),
        T(an_answer_to_an_answer_belongs_to_the_thread),
        T(an_edit_follows_it),
        T(t68_an_edit_is_not_passed_on_to_who_may_not_read_it_any_more),
        T(t66_a_reply_is_passed_on_to_who_may_read_what_it_answers),
        T(what_waits_for_consent_is_not_passed_on),
        T(a_delete_follows_it_wherever_it_went),
        T(a_delete_of_what_was_never_passed_on_stays_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
