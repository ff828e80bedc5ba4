#include "federation/act/act.h"

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

/* ann, whom bob follows; eve at another peer, and a stranger, know her by name only. */
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
    struct check_report report;
    assert_int_equal(check_store(s->node.store.engine, NULL, NULL, &report), OK);
    assert_int_equal(report.wrong, 0);
    remote_clear(&s->bob);
    remote_clear(&s->eve);
    remote_clear(&s->stranger);
    node_close(&s->node);
    free(s);
    return 0;
}

static Actor *ann_of(struct scene *s, struct arena *arena)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    Actor *actor;
    assert_int_equal(actor_get(txn, s->ann, arena, &actor), OK);
    return actor;
}

/* The only thing queued for a host, whole. */
static const char *queued_for(struct scene *s, const char *host, struct arena *arena, OutJob **job)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    struct bytes body;
    peer_id peer;
    assert_int_equal(peer_find(txn, host, &peer), OK);
    assert_int_equal(outqueue_next(txn, peer, 0, arena, job), OK);
    assert_int_equal(counter_get(txn, COUNTER_QUEUED, peer.v), 1);
    assert_int_equal(outqueue_body(txn, (*job)->body, arena, &body), OK);
    return arena_printf(arena, "%.*s", (int)body.n, (const char *)body.p);
}

static void an_edit_changes_what_was_named_and_tells_the_followers(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)1024 * 1024);
    struct why why = {""};
    struct account_edit edit = {
        .display_name = "Dr\n Ann", .bio = "**Nurse** <script>x</script>", .is_locked = 1};
    OutJob *job;
    assert_int_equal(act_account_edit(&s->node.fed, s->ann, &edit, &by, &why), OK);
    Actor *ann = ann_of(s, &arena);
    assert_string_equal(ann->display_name, "Dr Ann");
    assert_non_null(strstr(ann->summary_html, "<strong>Nurse</strong>"));
    assert_null(strstr(ann->summary_html, "<script"));
    assert_true(ann->is_locked);

    const char *json = queued_for(s, "peer.example", &arena, &job);
    assert_string_equal(job->activity_type, "Update");
    assert_non_null(strstr(json, "Dr Ann"));
    assert_int_equal(node_rows(&s->node, TABLE_OUTQUEUE), 1);

    edit = (struct account_edit){.is_locked = -1, .bio = ""};
    assert_int_equal(act_account_edit(&s->node.fed, s->ann, &edit, &by, &why), OK);
    ann = ann_of(s, &arena);
    assert_string_equal(ann->display_name, "Dr Ann");
    assert_string_equal(ann->summary_html, "");
    assert_true(ann->is_locked);
}

static void an_edit_of_somebody_elsewhere_or_without_utf8_is_refused(void **state)
{
    struct scene *s = *state;
    struct why why = {""};
    struct account_edit edit = {.display_name = "x", .is_locked = -1};
    assert_int_equal(act_account_edit(&s->node.fed, s->bob.id, &edit, &by, &why), ERR_NOTFOUND);
    edit.display_name = "\xff";
    assert_int_equal(act_account_edit(&s->node.fed, s->ann, &edit, &by, &why), ERR_INVALID);
    edit = (struct account_edit){.bio = "\xff", .is_locked = -1};
    assert_int_equal(act_account_edit(&s->node.fed, s->ann, &edit, &by, &why), ERR_INVALID);
    assert_int_equal(node_rows(&s->node, TABLE_OUTQUEUE), 0);
}

static void lines_of_a_profile_are_text_and_links(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)1024 * 1024);
    struct why why = {""};
    const struct profile_field fields[] = {
        {"<b>Bleep</b>", "22 & <script>"},
        {"Pages", "see https://a.example/?a=\"b\"&c or javascript:alert(1)"},
    };
    struct account_edit edit = {.is_locked = -1, .fields = fields, .field_count = COUNT(fields)};
    OutJob *job;
    assert_int_equal(act_account_edit(&s->node.fed, s->ann, &edit, &by, &why), OK);
    Actor *ann = ann_of(s, &arena);
    assert_int_equal(ann->n_fields, 2);
    assert_string_equal(ann->fields[0]->name, "<b>Bleep</b>");
    assert_string_equal(ann->fields[0]->value_html, "22 &amp; &lt;script&gt;");
    assert_null(strstr(ann->fields[1]->value_html, "href=\"javascript"));
    const char *json = queued_for(s, "peer.example", &arena, &job);
    assert_non_null(strstr(json, "PropertyValue"));

    edit.field_count = 0; /* all of them go */
    assert_int_equal(act_account_edit(&s->node.fed, s->ann, &edit, &by, &why), OK);
    assert_int_equal(ann_of(s, &arena)->n_fields, 0);
}

static void a_link_in_a_profile_says_whose_page_it_is(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)1024 * 1024);
    struct why why = {""};
    const struct profile_field field = {"Page", "https://a.example/?a=1&b=2"};
    struct account_edit edit = {.is_locked = -1, .fields = &field, .field_count = 1};
    assert_int_equal(act_account_edit(&s->node.fed, s->ann, &edit, &by, &why), OK);
    assert_string_equal(ann_of(s, &arena)->fields[0]->value_html,
                        "<a href=\"https://a.example/?a=1&amp;b=2\" rel=\"me nofollow noopener "
                        "noreferrer\" target=\"_blank\">https://a.example/?a=1&amp;b=2</a>");
}

static void how_posts_begin_is_nobody_elses_business(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)1024 * 1024);
    struct why why = {""};
    const Visibility visibility = VISIBILITY__FOLLOWERS;
    struct account_edit edit = {.is_locked = -1,
                                .visibility = &visibility,
                                .sensitive = ACCOUNT_FLAG_YES,
                                .language = "de"};
    Account *account;
    assert_int_equal(act_account_edit(&s->node.fed, s->ann, &edit, &by, &why), OK);
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    assert_int_equal(account_get(txn, s->ann, &arena, &account), OK);
    assert_int_equal(account->visibility, VISIBILITY__FOLLOWERS);
    assert_true(account->is_sensitive);
    assert_string_equal(account->language, "de");
    assert_int_equal(node_rows(&s->node, TABLE_OUTQUEUE), 0);
}

static void a_profile_has_bounds(void **state)
{
    struct scene *s = *state;
    struct why why = {""};
    static char long_text[1100];
    struct profile_field fields[ACCOUNT_FIELDS_MAX + 1];
    memset(long_text, 'x', sizeof long_text - 1);
    for (size_t i = 0; i < COUNT(fields); i++)
        fields[i] = (struct profile_field){"a", "b"};
    struct account_edit edit = {.is_locked = -1, .fields = fields, .field_count = COUNT(fields)};
    assert_int_equal(act_account_edit(&s->node.fed, s->ann, &edit, &by, &why), ERR_INVALID);
    edit.field_count = 1;
    fields[0].value = long_text;
    assert_int_equal(act_account_edit(&s->node.fed, s->ann, &edit, &by, &why), ERR_INVALID);
    fields[0] = (struct profile_field){"", "b"};
    assert_int_equal(act_account_edit(&s->node.fed, s->ann, &edit, &by, &why), ERR_INVALID);
    fields[0] = (struct profile_field){"\xff", "b"};
    assert_int_equal(act_account_edit(&s->node.fed, s->ann, &edit, &by, &why), ERR_INVALID);
    edit = (struct account_edit){.is_locked = -1, .language = "no language"};
    assert_int_equal(act_account_edit(&s->node.fed, s->ann, &edit, &by, &why), ERR_INVALID);
}

static void a_deleted_account_leaves_nothing_and_every_peer_is_told(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)1024 * 1024);
    struct why why = {""};
    struct post_draft draft = {.author = s->ann, .source = "x", .visibility = VISIBILITY__LOCAL};
    OutJob *job;
    post_id id;
    for (int i = 0; i < 3; i++)
        assert_int_equal(act_post_local(&s->node.fed, &draft, NULL, &by, &id, &why), OK);
    assert_int_equal(act_account_delete(&s->node.fed, s->ann, &by, &why), OK);
    assert_int_equal(node_rows(&s->node, TABLE_POST), 0);
    assert_int_equal(node_rows(&s->node, TABLE_EDGE), 0);
    assert_true(ann_of(s, &arena)->deleted_ms > 0);

    const char *json = queued_for(s, "peer.example", &arena, &job);
    assert_string_equal(job->activity_type, "Delete");
    assert_non_null(strstr(json, "\"object\":\"" ANN "\""));
    (void)queued_for(s, "evil.example", &arena, &job);
    assert_int_equal(node_rows(&s->node, TABLE_OUTQUEUE), 2); /* and no stranger */

    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    PrivateKeys *keys; /* what is queued must still be signed */
    assert_int_equal(account_keys(txn, s->ann, &arena, &keys), OK);
    assert_int_equal(act_account_delete(&s->node.fed, s->ann, &by, &why), ERR_NOTFOUND);
    assert_int_equal(act_account_delete(&s->node.fed, s->bob.id, &by, &why), ERR_NOTFOUND);
}

static void t70_the_name_of_a_deleted_account_is_never_given_again(void **state)
{
    struct scene *s = *state;
    struct why why = {""};
    struct account_draft draft = {.name = "ann"};
    actor_id id;
    assert_int_equal(act_account_delete(&s->node.fed, s->ann, &by, &why), OK);
    assert_int_equal(act_account_create(&s->node.fed, &draft, &by, &id, &why), ERR_EXISTS);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(an_edit_changes_what_was_named_and_tells_the_followers),
        SCENE(an_edit_of_somebody_elsewhere_or_without_utf8_is_refused),
        SCENE(lines_of_a_profile_are_text_and_links),
        SCENE(a_link_in_a_profile_says_whose_page_it_is),
        SCENE(how_posts_begin_is_nobody_elses_business),
        SCENE(a_profile_has_bounds),
        SCENE(a_deleted_account_leaves_nothing_and_every_peer_is_told),
        SCENE(t70_the_name_of_a_deleted_account_is_never_given_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
