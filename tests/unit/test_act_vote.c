#include "tests/support/remote.h"

#include "federation/poll_clock.h"
#include "storage/actor.h"
#include "storage/base/clock.h"
#include "storage/edge.h"
#include "storage/poll.h"
#include "storage/post.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1767225600000) /* 2026-01-01 */
#define HOUR_MS INT64_C(3600000)
#define BOBS "https://peer.example/polls/1"

static const struct by by = {.who = "test"};
static const char *const drinks[] = {"Tea", "Coffee", "3"};

/* ann and tom here; bob, who follows ann, and eve, each on a node of their own. */
struct scene {
    struct node node;
    actor_id ann, tom;
    struct remote bob, eve;
    struct poll_clock *clock;
    char uri[256]; /* of the last poll */
};

static int open_scene(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    clock_set(NOW_MS);
    node_open(&s->node);
    s->ann = node_account(&s->node, "ann");
    s->tom = node_account(&s->node, "tom");
    node_allow(&s->node, "peer.example");
    node_allow(&s->node, "evil.example");
    remote_create(&s->node, &s->bob, "peer.example", "bob");
    remote_create(&s->node, &s->eve, "evil.example", "eve");
    s->clock = poll_clock_create(&s->node.fed);
    Edge edge = EDGE__INIT;
    struct txn *txn = store_write(&s->node.store);
    assert_int_equal(edge_add(txn, (struct edge_key){EDGE_FOLLOW, s->bob.id.v, s->ann.v}, &edge),
                     OK);
    store_commit(&txn);
    *state = s;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *s = *state;
    node_check(&s->node);
    poll_clock_free(&s->clock);
    remote_clear(&s->bob);
    remote_clear(&s->eve);
    node_close(&s->node);
    clock_set(-1);
    free(s);
    return 0;
}

static void pass(struct scene *s, int64_t ms)
{
    clock_set(clock_ms() + ms);
    poll_clock_tick(s->clock);
}

static struct post_draft poll_draft(struct scene *s, bool is_multiple)
{
    return (struct post_draft){.author = s->ann,
                               .source = "What shall it be?",
                               .options = drinks,
                               .option_count = COUNT(drinks),
                               .is_multiple = is_multiple,
                               .poll_ends_ms = clock_ms() + HOUR_MS};
}

static post_id write_poll(struct scene *s, const struct post_draft *draft)
{
    struct why why = {""};
    post_id id = {0};
    if (act_post_local(&s->node.fed, draft, NULL, &by, &id, &why))
        fail_msg("%s", why.text);
    snprintf(s->uri, sizeof s->uri, "https://" STORE_HOST "/users/ann/posts/%llu",
             (unsigned long long)id.v);
    return id;
}

static post_id write_simple_poll(struct scene *s, bool is_multiple)
{
    struct post_draft draft = poll_draft(s, is_multiple);
    return write_poll(s, &draft);
}

static int votes(struct scene *s, const struct remote *from, int number, const char *name)
{
    return node_receive_act(
        &s->node, from,
        "\"type\":\"Create\",\"id\":\"https://%s/v/%d/activity\",\"object\":{\"type\":\"Note\","
        "\"id\":\"https://%s/v/%d\",\"attributedTo\":\"%s\",\"name\":\"%s\",\"inReplyTo\":\"%s\","
        "\"to\":\"https://" STORE_HOST "/users/ann\"}",
        from->host, number, from->host, number, from->uri, name, s->uri);
}

static void assert_counts(struct scene *s, post_id id, uint64_t tea, uint64_t coffee,
                          uint64_t three, uint64_t voters)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    Post *post;
    assert_int_equal(post_get(txn, id, &arena, &post), OK);
    assert_int_equal(post->poll->options[0]->votes, tea);
    assert_int_equal(post->poll->options[1]->votes, coffee);
    assert_int_equal(post->poll->options[2]->votes, three);
    assert_int_equal(post->poll->voters, voters);
}

static void a_poll_goes_out_as_a_question(void **state)
{
    struct scene *s = *state;
    write_simple_poll(s, false);
    assert_int_equal(node_queued(&s->node, "\"type\":\"Question\""), 1);
    assert_int_equal(node_queued(&s->node,
                                 "\"oneOf\":[{\"type\":\"Note\",\"name\":\"Tea\",\"replies\":"
                                 "{\"type\":\"Collection\",\"totalItems\":0}}"),
                     1);
    assert_int_equal(node_queued(&s->node, "\"votersCount\":0"), 1);
    assert_int_equal(node_queued(&s->node, "\"endTime\":\"2026-01-01T01:00:00.000Z\""), 1);
    write_simple_poll(s, true);
    assert_int_equal(node_queued(&s->node, "\"anyOf\":["), 1);
}

static void an_impossible_poll_is_refused(void **state)
{
    struct scene *s = *state;
    static const char *const one[] = {"one"}, *const twice[] = {"a", "a"},
                             *const empty[] = {"a", ""};
    static const char *const lines[] = {"a", "b\nc"};
    const char *many[AS2_OPTIONS_MAX + 1];
    char number[AS2_OPTIONS_MAX + 1][8];
    for (size_t i = 0; i < COUNT(many); i++) {
        snprintf(number[i], sizeof number[i], "%zu", i);
        many[i] = number[i];
    }
    struct post_draft drafts[] = {
        {.options = one, .option_count = 1},
        {.options = twice, .option_count = 2},
        {.options = empty, .option_count = 2},
        {.options = lines, .option_count = 2},
        {.options = many, .option_count = COUNT(many)},
        {.is_multiple = true},
        {.poll_ends_ms = clock_ms() + HOUR_MS},
        {.options = drinks, .option_count = 2, .poll_ends_ms = clock_ms() - 1}};
    struct why why;
    post_id id;
    for (size_t i = 0; i < COUNT(drafts); i++) {
        drafts[i].author = s->ann;
        drafts[i].source = "which?";
        assert_int_equal(act_post_local(&s->node.fed, &drafts[i], NULL, &by, &id, &why),
                         ERR_INVALID);
    }
}

static void a_vote_is_counted_and_never_a_post(void **state)
{
    struct scene *s = *state;
    post_id poll = write_simple_poll(s, false);
    size_t posts = node_rows(&s->node, TABLE_POST);
    assert_int_equal(votes(s, &s->bob, 1, "Coffee"), 202);
    assert_counts(s, poll, 0, 1, 0, 1);
    assert_int_equal(node_rows(&s->node, TABLE_POST), posts);
    assert_int_equal(node_notified(&s->node, s->ann, NOTIFICATION_TYPE__MENTION), 0);
}

static void the_first_of_many_votes_stands_where_there_is_one_choice(void **state)
{
    struct scene *s = *state;
    post_id poll = write_simple_poll(s, false);
    for (int i = 0; i < 20; i++)
        assert_int_equal(votes(s, &s->bob, i, i ? "Tea" : "Coffee"), 202);
    assert_counts(s, poll, 0, 1, 0, 1);
    assert_int_equal(votes(s, &s->eve, 1, "Tea"), 202);
    assert_counts(s, poll, 1, 1, 0, 2);
}

static void each_choice_counts_once_where_there_are_several(void **state)
{
    static const int order[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 0, 2}};
    struct scene *s = *state;
    for (size_t o = 0; o < COUNT(order); o++) {
        post_id poll = write_simple_poll(s, true);
        for (int i = 0; i < 9; i++)
            assert_int_equal(votes(s, &s->bob, (int)o * 100 + i, drinks[order[o][i % 3]]), 202);
        assert_counts(s, poll, 1, 1, 1, 1);
    }
}

static void gotosocials_votes_in_one_create_are_all_counted(void **state)
{
    struct scene *s = *state;
    post_id poll = write_simple_poll(s, true);
    assert_int_equal(
        node_receive_act(&s->node, &s->bob,
                         "\"type\":\"Create\",\"id\":\"https://peer.example/v/1\",\"object\":["
                         "{\"type\":\"Note\",\"id\":\"https://peer.example/v/2\",\"name\":\"Tea\","
                         "\"attributedTo\":\"%s\",\"inReplyTo\":\"%s\"},"
                         "{\"type\":\"Note\",\"id\":\"https://peer.example/v/3\",\"name\":\"3\","
                         "\"attributedTo\":\"%s\",\"inReplyTo\":\"%s\"}]",
                         s->bob.uri, s->uri, s->bob.uri, s->uri),
        202);
    assert_counts(s, poll, 1, 0, 1, 1);
}

static void what_is_no_vote_changes_nothing(void **state)
{
    struct scene *s = *state;
    post_id poll = write_simple_poll(s, true);
    assert_int_equal(votes(s, &s->bob, 1, "Milk"), 202);
    struct post_draft hidden = poll_draft(s, true);
    hidden.visibility = VISIBILITY__FOLLOWERS;
    post_id narrow = write_poll(s, &hidden);
    assert_int_equal(votes(s, &s->eve, 2, "Tea"), 202); /* follows nobody */
    assert_counts(s, narrow, 0, 0, 0, 0);
    assert_int_equal(votes(s, &s->bob, 3, "Tea"), 202);
    assert_counts(s, narrow, 1, 0, 0, 1);
    assert_counts(s, poll, 0, 0, 0, 0);
    snprintf(s->uri, sizeof s->uri, "https://other.example/polls/1");
    assert_int_equal(votes(s, &s->bob, 4, "Tea"), 202);
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 0);
}

static void votes_after_the_end_or_the_delete_are_ignored(void **state)
{
    struct scene *s = *state;
    struct why why;
    post_id poll = write_simple_poll(s, false);
    clock_set(clock_ms() + HOUR_MS); /* before the clock saw it */
    assert_int_equal(votes(s, &s->bob, 1, "Tea"), 202);
    assert_counts(s, poll, 0, 0, 0, 0);
    poll = write_simple_poll(s, false);
    assert_int_equal(votes(s, &s->bob, 2, "Tea"), 202);
    assert_int_equal(act_delete_local(&s->node.fed, s->ann, poll, &by, &why), OK);
    assert_int_equal(votes(s, &s->eve, 3, "Tea"), 202);
    pass(s, 2 * HOUR_MS); /* nothing of it is due any more */
}

/* From now on he signs with a key that is not known here; takes_key: it became known. */
static void changes_key(struct scene *s)
{
    snprintf(s->bob.key_id, sizeof s->bob.key_id, "%s#new", s->bob.uri);
}

static void takes_key(struct scene *s)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    struct txn *txn = store_write(&s->node.store);
    Actor *bob;
    assert_int_equal(actor_get(txn, s->bob.id, &arena, &bob), OK);
    bob->keys[0]->id = s->bob.key_id;
    assert_int_equal(actor_put(txn, bob, clock_ms()), OK);
    store_commit(&txn);
    inbox_resume(&s->node.fed, s->bob.uri, NULL);
    inbox_resume(&s->node.fed, s->bob.key_id, NULL);
}

static void a_vote_counts_when_it_came_in_time_and_waited_for_a_key(void **state)
{
    struct scene *s = *state;
    post_id poll = write_simple_poll(s, false);
    changes_key(s);
    pass(s, HOUR_MS - 1);
    assert_int_equal(votes(s, &s->bob, 1, "Tea"), 202);
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 1);
    assert_counts(s, poll, 0, 0, 0, 0);
    pass(s, 1000); /* closed */
    takes_key(s);
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 0);
    assert_counts(s, poll, 1, 0, 0, 1);
    pass(s, POLL_TELL_MS);
    assert_int_equal(node_queued(&s->node, "\"votersCount\":1"), 1);
    assert_int_equal(votes(s, &s->eve, 2, "Tea"), 202); /* too late */
    assert_counts(s, poll, 1, 0, 0, 1);
}

static void new_counts_go_out_a_few_minutes_apart(void **state)
{
    struct scene *s = *state;
    write_simple_poll(s, true);
    assert_int_equal(votes(s, &s->bob, 1, "Tea"), 202);
    pass(s, 1000);
    assert_int_equal(node_queued(&s->node, "\"type\":\"Update\""), 1);
    assert_int_equal(node_queued(&s->node, "\"votersCount\":1"), 1);
    assert_int_equal(node_queued(&s->node, "\"updated\""), 0);
    assert_int_equal(votes(s, &s->bob, 2, "Coffee"), 202);
    assert_int_equal(votes(s, &s->eve, 3, "Coffee"), 202);
    pass(s, 1000);
    assert_int_equal(node_queued(&s->node, "\"type\":\"Update\""), 1);
    pass(s, POLL_TELL_MS);
    assert_int_equal(node_queued(&s->node, "\"type\":\"Update\""), 2);
    pass(s, POLL_TELL_MS);
    assert_int_equal(node_queued(&s->node, "\"type\":\"Update\""), 2);
}

static void the_end_is_told_once_also_after_a_restart(void **state)
{
    struct scene *s = *state;
    struct why why;
    static const char *const tea[] = {"Tea"};
    post_id poll = write_simple_poll(s, false);
    assert_int_equal(act_vote_local(&s->node.fed, s->tom, poll, tea, 1, &by, &why), OK);
    assert_int_equal(votes(s, &s->bob, 1, "Coffee"), 202);
    pass(s, HOUR_MS - 1);
    assert_int_equal(node_notified(&s->node, s->tom, NOTIFICATION_TYPE__POLL_ENDED), 0);
    for (int i = 0; i < 3; i++) {
        pass(s, 1 + i * HOUR_MS);
        poll_clock_free(&s->clock);
        store_reopen(&s->node.store);
        s->node.fed.engine = s->node.store.engine;
        s->node.fed.writer = s->node.store.writer;
        s->clock = poll_clock_create(&s->node.fed);
    }
    assert_int_equal(node_notified(&s->node, s->tom, NOTIFICATION_TYPE__POLL_ENDED), 1);
    assert_int_equal(node_notified(&s->node, s->ann, NOTIFICATION_TYPE__POLL_ENDED), 1);
    assert_int_equal(node_queued(&s->node, "\"closed\":\"2026-01-01T01:00:00.000Z\""), 1);
    assert_int_equal(node_rows(&s->node, TABLE_POLL_DUE), 0);
}

static void ours_vote_by_text_or_number(void **state)
{
    struct scene *s = *state;
    struct why why;
    static const char *const two[] = {"2"}, *const three[] = {"3"}, *const both[] = {"Tea", "2"},
                             *const none[] = {"9"};
    post_id poll = write_simple_poll(s, false);
    struct federation *fed = &s->node.fed;
    assert_int_equal(act_vote_local(fed, s->tom, poll, none, 1, &by, &why), ERR_INVALID);
    assert_int_equal(act_vote_local(fed, s->tom, poll, both, 2, &by, &why), ERR_INVALID);
    assert_int_equal(act_vote_local(fed, s->ann, poll, two, 1, &by, &why), ERR_DENIED);
    assert_int_equal(act_vote_local(fed, s->tom, poll, three, 1, &by, &why), OK);
    assert_int_equal(act_vote_local(fed, s->tom, poll, two, 1, &by, &why), ERR_EXISTS);
    assert_counts(s, poll, 0, 0, 1, 1);
    assert_int_equal(node_queued(&s->node, "\"name\":\"3\",\"attributedTo\""), 0);
    poll = write_simple_poll(s, true);
    assert_int_equal(act_vote_local(fed, s->tom, poll, both, 2, &by, &why), OK);
    assert_counts(s, poll, 1, 1, 0, 1);
    clock_set(clock_ms() + HOUR_MS);
    poll = write_simple_poll(s, true);
    clock_set(clock_ms() + HOUR_MS);
    assert_int_equal(act_vote_local(fed, s->tom, poll, both, 2, &by, &why), ERR_DENIED);
}

/* ---- a poll elsewhere ---- */

struct told { /* of bob's poll */
    int tea, coffee, voters;
    const char *more; /* members */
};

static int tells(struct scene *s, const char *type, int number, struct told told)
{
    return node_receive_act(
        &s->node, &s->bob,
        "\"type\":\"%s\",\"id\":\"https://peer.example/t/%d\",\"object\":{\"type\":\"Question\","
        "\"id\":\"" BOBS "\",\"attributedTo\":\"%s\",\"content\":\"Which?\",\"to\":\"as:Public\","
        "\"published\":\"2025-12-31T00:00:00Z\",\"endTime\":\"2026-01-01T01:00:00Z\","
        "\"anyOf\":[{\"name\":\"Tea\",\"replies\":{\"totalItems\":%d}},"
        "{\"name\":\"Coffee\",\"replies\":{\"totalItems\":%d}},"
        "{\"name\":\"3\",\"replies\":{\"totalItems\":0}}],\"votersCount\":%d%s}",
        type, number, s->bob.uri, told.tea, told.coffee, told.voters, told.more ? told.more : "");
}

static post_id know_bobs_poll(struct scene *s)
{
    assert_int_equal(tells(s, "Create", 1, (struct told){1, 0, 1, NULL}), 202);
    return node_find_post(&s->node, BOBS);
}

static void ours_goes_to_the_author_alone_one_create_for_each_choice(void **state)
{
    struct scene *s = *state;
    struct why why;
    static const char *const both[] = {"Tea", "3"};
    post_id poll = know_bobs_poll(s);
    assert_int_equal(act_vote_local(&s->node.fed, s->ann, poll, both, 2, &by, &why), OK);
    assert_int_equal(node_queued(&s->node, NULL), 2);
    assert_int_equal(node_queued(&s->node, "\"name\":\"Tea\""), 1);
    assert_int_equal(node_queued(&s->node, "\"inReplyTo\":\"" BOBS "\""), 2);
    assert_int_equal(node_queued(&s->node, "\"to\":\"https://peer.example/users/bob\""), 2);
    assert_int_equal(node_queued(&s->node, "followers"), 0);
    assert_int_equal(node_queued(&s->node, "Public"), 0);
    assert_counts(s, poll, 1, 0, 0, 1); /* as told */
}

static void counts_only_grow_and_are_no_edit(void **state)
{
    struct scene *s = *state;
    post_id poll = know_bobs_poll(s);
    assert_int_equal(tells(s, "Update", 3, (struct told){5, 2, 7, NULL}), 202);
    assert_counts(s, poll, 5, 2, 0, 7);
    assert_int_equal(tells(s, "Update", 2, (struct told){3, 2, 5, NULL}), 202); /* older, late */
    assert_counts(s, poll, 5, 2, 0, 7);
    assert_int_equal(node_rows(&s->node, TABLE_POST_HISTORY), 0);
    assert_int_equal(tells(s, "Create", 4, (struct told){1, 0, 1, NULL}), 202);
    assert_counts(s, poll, 5, 2, 0, 7);
}

static void other_options_are_an_edit_and_the_old_ones_are_its_history(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    post_id poll = know_bobs_poll(s);
    PostEdit *edit;
    assert_int_equal(
        node_receive_act(
            &s->node, &s->bob,
            "\"type\":\"Update\",\"id\":\"https://peer.example/t/9\",\"object\":{"
            "\"type\":\"Question\",\"id\":\"" BOBS "\",\"attributedTo\":\"%s\","
            "\"content\":\"Which?\",\"to\":\"as:Public\","
            "\"published\":\"2025-12-31T00:00:00Z\",\"updated\":\"2025-12-31T23:00:00Z\","
            "\"anyOf\":[{\"name\":\"Water\"},{\"name\":\"Milk\"},{\"name\":\"Soup\"}]}",
            s->bob.uri),
        202);
    assert_counts(s, poll, 0, 0, 0, 0);
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    assert_int_equal(post_history_next(txn, poll, INT64_MAX, &arena, &edit), OK);
    assert_int_equal(edit->n_options, 3);
    for (size_t i = 0; i < COUNT(drinks); i++)
        assert_string_equal(edit->options[i], drinks[i]);
    assert_int_equal(post_history_next(txn, poll, edit->replaced_ms, &arena, &edit), ERR_NOTFOUND);
}

static void an_update_before_its_poll_ends_the_same(void **state)
{
    struct scene *s = *state;
    assert_int_equal(tells(s, "Update", 3, (struct told){5, 2, 7, NULL}), 202);
    assert_int_equal(tells(s, "Create", 1, (struct told){1, 0, 1, NULL}), 202);
    assert_counts(s, node_find_post(&s->node, BOBS), 5, 2, 0, 7);
}

static void at_its_end_our_voters_are_told_and_it_is_fetched_again(void **state)
{
    struct scene *s = *state;
    struct why why;
    static const char *const tea[] = {"Tea"};
    post_id poll = know_bobs_poll(s);
    pass(s, 2000);
    assert_int_equal(act_vote_local(&s->node.fed, s->ann, poll, tea, 1, &by, &why), OK);
    pass(s, HOUR_MS);
    pass(s, HOUR_MS);
    assert_int_equal(node_notified(&s->node, s->ann, NOTIFICATION_TYPE__POLL_ENDED), 1);
    assert_int_equal(node_notified(&s->node, s->tom, NOTIFICATION_TYPE__POLL_ENDED), 0);
    assert_int_equal(node_rows(&s->node, TABLE_WANT), 1);
    assert_int_equal(node_queued(&s->node, "\"type\":\"Update\""), 0);
}

static void closed_before_its_time_it_ends(void **state)
{
    struct scene *s = *state;
    struct why why;
    static const char *const tea[] = {"Tea"};
    post_id poll = know_bobs_poll(s);
    assert_int_equal(act_vote_local(&s->node.fed, s->ann, poll, tea, 1, &by, &why), OK);
    struct told told = {5, 2, 7, ",\"closed\":\"2026-01-01T00:00:00Z\""};
    assert_int_equal(tells(s, "Update", 3, told), 202);
    pass(s, 1000);
    assert_int_equal(node_notified(&s->node, s->ann, NOTIFICATION_TYPE__POLL_ENDED), 1);
    assert_int_equal(act_vote_local(&s->node.fed, s->tom, poll, tea, 1, &by, &why), ERR_DENIED);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(a_poll_goes_out_as_a_question),
        SCENE(an_impossible_poll_is_refused),
        SCENE(a_vote_is_counted_and_never_a_post),
        SCENE(the_first_of_many_votes_stands_where_there_is_one_choice),
        SCENE(each_choice_counts_once_where_there_are_several),
        SCENE(gotosocials_votes_in_one_create_are_all_counted),
        SCENE(what_is_no_vote_changes_nothing),
        SCENE(a_vote_counts_when_it_came_in_time_and_waited_for_a_key),
        SCENE(votes_after_the_end_or_the_delete_are_ignored),
        SCENE(new_counts_go_out_a_few_minutes_apart),
        SCENE(the_end_is_told_once_also_after_a_restart),
        SCENE(ours_vote_by_text_or_number),
        SCENE(ours_goes_to_the_author_alone_one_create_for_each_choice),
        SCENE(counts_only_grow_and_are_no_edit),
        SCENE(other_options_are_an_edit_and_the_old_ones_are_its_history),
        SCENE(an_update_before_its_poll_ends_the_same),
        SCENE(at_its_end_our_voters_are_told_and_it_is_fetched_again),
        SCENE(closed_before_its_time_it_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
