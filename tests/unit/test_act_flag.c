#include "tests/support/scene.h"

#include "storage/account.h"
#include "storage/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* cat is a moderator. */
static int open_moderated(void **state)
{
    scene_open(state);
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    struct txn *txn = store_write(&s->node.store);
    Account *account;
    assert_int_equal(account_get(txn, s->cat, &arena, &account), OK);
    account->role = ROLE__MODERATOR;
    assert_int_equal(account_put(txn, account), OK);
    store_commit(&txn);
    return 0;
}

static size_t reports(struct scene *s)
{
    return node_rows(&s->node, TABLE_REPORT);
}

static Report *newest(struct scene *s, struct arena *arena)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    Report *report;
    assert_int_equal(report_next(txn, UINT64_MAX, arena, &report), OK);
    return report;
}

static char *objects(struct scene *s, post_id post)
{
    (void)s;
    return json_format("[\"" ANN "\",\"" ANN "/posts/%llu\"]", (unsigned long long)post.v);
}

#define WHAT ",\"content\":\"names a <patient>\""

static void a_report_of_a_peer_is_kept_and_told_to_moderators_alone(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    post_id post = scene_post(s, s->ann, VISIBILITY__PUBLIC, "bed 4");
    char *object = objects(s, post);
    assert_int_equal(scene_send(s, &s->bob, "Flag", object, WHAT), 202);
    assert_int_equal(reports(s), 1);
    Report *report = newest(s, &arena);
    assert_true(report->about == s->ann.v && report->from == s->bob.id.v);
    assert_int_equal(report->n_posts, 1);
    assert_true(report->posts[0] == post.v);
    assert_string_equal(report->comment, "names a <patient>");
    assert_int_equal(scene_notified(s, s->cat, NOTIFICATION_TYPE__REPORTED), 1);
    assert_int_equal(scene_notified(s, s->ann, NOTIFICATION_TYPE__REPORTED), 0);

    assert_int_equal(scene_send(s, &s->bob, "Flag", object, WHAT), 202); /* under another id */
    assert_int_equal(reports(s), 1);
    assert_int_equal(scene_notified(s, s->cat, NOTIFICATION_TYPE__REPORTED), 1);
    free(object);
}

static void every_shape_in_use_is_read(void **state)
{
    static const char *const object[] = {
        "\"" ANN "\"", /* Misskey: the account alone */
        "[\"" CAT "\",{\"type\":\"Note\",\"id\":\"" CAT "/posts/1\"}]", /* Akkoma: embedded posts */
        "[{\"type\":\"Person\",\"id\":\"" ANN "\"},{},7]",
    };
    struct scene *s = *state;
    for (size_t i = 0; i < COUNT(object); i++) {
        char *more = json_format(",\"content\":\"%zu\"", i);
        assert_int_equal(scene_send(s, &s->bob, "Flag", object[i], more), 202);
        free(more);
        assert_int_equal(reports(s), i + 1);
    }
}

static void who_is_not_here_cannot_be_reported_here(void **state)
{
    struct scene *s = *state;
    assert_int_equal(scene_send(s, &s->bob, "Flag", "[\"" EVE "\",\"" EVE "/1\"]", WHAT), 202);
    assert_int_equal(
        scene_send(s, &s->bob, "Flag", "\"https://" STORE_HOST "/users/nobody\"", WHAT), 202);
    assert_int_equal(reports(s), 0);
}

static void a_post_its_host_may_not_read_is_none_it_reports(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    char *object = objects(s, scene_post(s, s->ann, VISIBILITY__LOCAL, "here only"));
    assert_int_equal(scene_send(s, &s->bob, "Flag", object, WHAT), 202);
    assert_int_equal(newest(s, &arena)->n_posts, 0);
    free(object);
}

static void a_peer_has_so_many_open_reports_and_no_more(void **state)
{
    struct scene *s = *state;
    for (unsigned i = 0; i < REPORTS_OPEN_MAX + 2; i++) {
        struct txn *write = store_write(&s->node.store);
        Report report = REPORT__INIT;
        char text[16];
        snprintf(text, sizeof text, "%u", i);
        report.about = s->ann.v;
        report.peer = 77;
        report.comment = text;
        assert_int_equal(report_add(write, &report, 1), i < REPORTS_OPEN_MAX ? OK : ERR_LIMIT);
        store_commit(&write);
    }
}

/* ---- ours ---- */

static void a_forwarded_report_does_not_say_who_told(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    struct report_draft draft = {
        .from = s->ann, .about = s->bob.id, .comment = "insults", .is_forwarded = true};
    struct why why = {""};
    char *flag = NULL;
    uint64_t id;
    assert_int_equal(act_report_local(&s->node.fed, &draft, &scene_by, &id, &why), OK);
    assert_int_equal(scene_queued(s, "peer.example", "Flag", &flag), 1);
    assert_null(strstr(flag, "/users/ann"));
    assert_non_null(strstr(flag, "\"actor\":\"https://" STORE_HOST "/actor\""));
    assert_non_null(strstr(flag, "\"object\":[\"" BOB "\"]"));
    assert_non_null(strstr(flag, "insults"));
    assert_true(newest(s, &arena)->forwarded_ms > 0);
    assert_int_equal(scene_notified(s, s->cat, NOTIFICATION_TYPE__REPORTED), 1);
    assert_int_equal(act_report_local(&s->node.fed, &draft, &scene_by, &id, &why), ERR_EXISTS);
    assert_int_equal(scene_queued(s, "peer.example", "Flag", NULL), 1);
    free(flag);
}

static void a_report_about_our_own_stays_here(void **state)
{
    struct scene *s = *state;
    struct why why = {""};
    uint64_t id;
    struct report_draft draft = {
        .from = s->ann, .about = s->cat, .comment = "x", .is_forwarded = true};
    assert_int_equal(act_report_local(&s->node.fed, &draft, &scene_by, &id, &why), ERR_INVALID);
    assert_int_equal(reports(s), 0);
    post_id post = scene_post(s, s->ann, VISIBILITY__PUBLIC, "mine");
    draft = (struct report_draft){
        .from = s->ann, .about = s->cat, .comment = "x", .posts = &post, .post_count = 1};
    assert_int_equal(act_report_local(&s->node.fed, &draft, &scene_by, &id, &why), ERR_INVALID);
}

static void a_report_is_resolved_and_opened_again(void **state)
{
    struct scene *s = *state;
    struct report_draft draft = {.from = s->ann, .about = s->cat, .comment = "x"};
    struct why why = {""};
    uint64_t id;
    assert_int_equal(act_report_local(&s->node.fed, &draft, &scene_by, &id, &why), OK);
    assert_int_equal(act_report_resolve(&s->node.fed, id, ACT_REPORT_RESOLVED, &scene_by, &why),
                     OK);
    assert_int_equal(act_report_resolve(&s->node.fed, id, ACT_REPORT_RESOLVED, &scene_by, &why),
                     ERR_EXISTS);
    assert_int_equal(act_report_resolve(&s->node.fed, id, ACT_REPORT_OPEN, &scene_by, &why), OK);
    assert_int_equal(act_report_resolve(&s->node.fed, 1, ACT_REPORT_OPEN, &scene_by, &why),
                     ERR_NOTFOUND);
}

#define MODERATED(test) cmocka_unit_test_setup_teardown(test, open_moderated, scene_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MODERATED(a_report_of_a_peer_is_kept_and_told_to_moderators_alone),
        MODERATED(every_shape_in_use_is_read),
        MODERATED(who_is_not_here_cannot_be_reported_here),
        MODERATED(a_post_its_host_may_not_read_is_none_it_reports),
        MODERATED(a_peer_has_so_many_open_reports_and_no_more),
        MODERATED(a_forwarded_report_does_not_say_who_told),
        MODERATED(a_report_about_our_own_stays_here),
        MODERATED(a_report_is_resolved_and_opened_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
