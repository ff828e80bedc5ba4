#include "tests/support/remote.h"

#include "storage/base/buf.h"
#include "storage/post.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOTE "https://peer.example/n/1"

struct scene {
    struct node node;
    struct remote bob;
    struct arena arena; /* of the post looked at */
};

static int open_scene(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    node_open(&s->node);
    node_account(&s->node, "ann");
    node_allow(&s->node, "peer.example");
    remote_create(&s->node, &s->bob, "peer.example", "bob");
    s->arena.max_bytes = 8 * 1024 * 1024;
    *state = s;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *s = *state;
    node_check(&s->node);
    arena_clear(&s->arena);
    remote_clear(&s->bob);
    node_close(&s->node);
    free(s);
    return 0;
}

/* One activity of bob's about NOTE; `more` are members of the note, written with ' for ". */
static void sends(struct scene *s, const char *type, const char *more)
{
    static int count;
    char *note = json_format("'id':'" NOTE "','attributedTo':'%s','to':'as:Public',"
                             "'published':'2026-01-01T00:00:00Z',%s",
                             s->bob.uri, more);
    char *json = json_format("'type':'%s','id':'https://peer.example/a/%d','object':{%s}", type,
                             ++count, note);
    for (char *p = json; *p; p++)
        if (*p == '\'')
            *p = '"';
    assert_int_equal(node_receive_act(&s->node, &s->bob, "%s", json), 202);
    free(json);
    free(note);
}

static const Post *stored(struct scene *s)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    Post *post;
    post_id id;
    arena_clear(&s->arena);
    assert_int_equal(post_find(txn, NOTE, &id), OK);
    assert_int_equal(post_get(txn, id, &s->arena, &post), OK);
    return post;
}

static size_t versions(struct scene *s)
{
    return node_rows(&s->node, TABLE_POST_HISTORY);
}

#define QUESTION(a, b, more)                                                                       \
    "'type':'Question','content':'which?','oneOf':[{'name':'a ','replies':{'totalItems':" a        \
    "}},{'name':'b','replies':{'totalItems':" b "}}]" more

static void assert_votes(struct scene *s, uint64_t a, uint64_t b)
{
    const Poll *poll = stored(s)->poll;
    assert_non_null(poll);
    assert_int_equal(poll->n_options, 2);
    assert_int_equal(poll->options[0]->votes, a);
    assert_int_equal(poll->options[1]->votes, b);
}

static void a_question_is_stored_with_its_poll(void **state)
{
    struct scene *s = *state;
    sends(s, "Create", QUESTION("1", "2", ",'endTime':'2026-01-02T00:00:00Z','votersCount':3"));
    const Post *post = stored(s);
    assert_string_equal(post->type, "Question");
    assert_string_equal(post->poll->options[0]->name, "a "); /* a vote repeats it to the byte */
    assert_true(post->poll->ends_ms == 1767312000000 && post->ends_ms == 0);
    assert_int_equal(post->poll->voters, 3);
    assert_false(post->poll->is_multiple);
    assert_votes(s, 1, 2);
}

static void counted_votes_are_no_edit(void **state)
{
    struct scene *s = *state;
    sends(s, "Create", QUESTION("1", "2", ""));
    sends(s, "Update", QUESTION("4", "2", ",'votersCount':6"));
    sends(s, "Update", QUESTION("2", "3", "")); /* sent before the other: late counts are lower */
    assert_votes(s, 4, 3);
    assert_int_equal(stored(s)->poll->voters, 6);
    assert_true(stored(s)->updated_ms == 0);
    assert_int_equal(versions(s), 0);
    sends(s, "Update", QUESTION("4", "3", ",'closed':'2026-01-02T00:00:00Z'"));
    sends(s, "Update", QUESTION("4", "3", ""));
    assert_true(stored(s)->poll->closed_ms == 1767312000000);
}

static void votes_before_the_question_end_the_same(void **state)
{
    struct scene *s = *state;
    sends(s, "Update", QUESTION("4", "3", ""));
    sends(s, "Create", QUESTION("0", "0", ""));
    assert_votes(s, 4, 3);
    assert_true(stored(s)->updated_ms == 0);
}

static void votes_survive_an_edit_of_the_text(void **state)
{
    struct scene *s = *state;
    sends(s, "Create", QUESTION("1", "2", ""));
    sends(s, "Update", QUESTION("4", "2", ""));
    sends(s, "Update", QUESTION("1", "2", ",'summary':'edited','updated':'2026-01-03T00:00:00Z'"));
    assert_votes(s, 4, 2);
    assert_string_equal(stored(s)->summary, "edited");
    assert_int_equal(versions(s), 1);
    /* counts of the edited question, and of the one before */
    sends(s, "Update", QUESTION("4", "9", ",'summary':'edited','updated':'2026-01-03T00:00:00Z'"));
    sends(s, "Update", QUESTION("5", "2", ""));
    assert_votes(s, 5, 9);
    assert_string_equal(stored(s)->summary, "edited");
    assert_int_equal(versions(s), 1);
}

static void other_answers_are_another_poll(void **state)
{
    struct scene *s = *state;
    sends(s, "Create", QUESTION("1", "2", ""));
    sends(s, "Update",
          "'type':'Question','content':'which?','anyOf':[{'name':'c'}],"
          "'updated':'2026-01-03T00:00:00Z'");
    sends(s, "Update", QUESTION("8", "8", ",'updated':'2026-01-02T00:00:00Z'"));
    const Poll *poll = stored(s)->poll;
    assert_int_equal(poll->n_options, 1);
    assert_true(poll->is_multiple);
    assert_int_equal(poll->options[0]->votes, 0);
}

static void a_note_says_what_else_it_says(void **state)
{
    struct scene *s = *state;
    sends(
        s, "Create",
        "'type':'Event','name':'Round','content':'<p>a</p>','contentMap':{'en':'<p>a</p>','de':"
        "'<p onclick=x>b</p>'},'startTime':'1970-01-01T00:00:01Z','endTime':'1970-01-01T00:00:02Z',"
        "'location':{'name':'Hall\\u202e'},'quoteUrl':'https://other.example/q'");
    const Post *post = stored(s);
    assert_string_equal(post->name, "Round");
    assert_int_equal(post->n_translations, 1);
    assert_string_equal(post->translations[0]->language, "de");
    assert_string_equal(post->translations[0]->content_html, "<p>b</p>");
    assert_true(post->starts_ms == 1000 && post->ends_ms == 2000);
    assert_string_equal(post->location, "Hall");
    assert_string_equal(post->quote_uri, "https://other.example/q");
    assert_false(post->is_cut);
    assert_null(post->policy);
    sends(s, "Update",
          "'type':'Event','content':'<p>a</p>','startTime':'1970-01-01T00:00:03Z',"
          "'updated':'2026-01-03T00:00:00Z'");
    assert_true(stored(s)->starts_ms == 3000 && stored(s)->ends_ms == 0);
    assert_int_equal(stored(s)->n_translations, 0);
}

static void what_was_shortened_says_so(void **state)
{
    struct scene *s = *state;
    AUTO(buf_clear) struct buf text = BUF_INIT(200000);
    buf_str(&text, "'type':'Note','content':'");
    for (int i = 0; i < 70000; i++)
        buf_char(&text, 'x');
    buf_str(&text, "'");
    sends(s, "Create", buf_text(&text));
    assert_true(stored(s)->is_cut);
}

static void translations_have_room_for_so_much(void **state)
{
    struct scene *s = *state;
    AUTO(buf_clear) struct buf text = BUF_INIT(400000);
    buf_str(&text, "'type':'Note','content':'a','contentMap':{'en':'a'");
    for (int k = 0; k < 5; k++) {
        buf_printf(&text, ",'d%c':'", 'a' + k);
        for (int i = 0; i < 60000; i++)
            buf_char(&text, 'a' + k);
        buf_char(&text, '\'');
    }
    buf_char(&text, '}');
    sends(s, "Create", buf_text(&text));
    assert_int_equal(stored(s)->n_translations, 2);
}

static void a_policy_is_read_as_bits(void **state)
{
    struct scene *s = *state;
    sends(s, "Create",
          "'type':'Note','content':'a','tag':[{'type':'Mention','href':'https://x.example/u'},"
          "{'type':'Mention','href':'https://x.example/v'}],'interactionPolicy':{"
          "'canReply':{'automaticApproval':['as:Public']},"
          "'canAnnounce':{'automaticApproval':['https://peer.example/users/bob/followers',"
          "'https://x.example/u'],'manualApproval':['https://x.example/u','https://x.example/v']},"
          "'canQuote':{'automaticApproval':['https://peer.example/users/bob']}}");
    const InteractionPolicy *policy = stored(s)->policy;
    assert_int_equal(policy->reply->automatic, 1);
    assert_int_equal(policy->reply->manual, 0);
    assert_int_equal(policy->boost->automatic, 2); /* one of two who are mentioned is not both */
    assert_int_equal(policy->boost->manual, 8);
    assert_int_equal(policy->quote->automatic, 0); /* the author, who may anyway */
    assert_null(policy->like);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_question_is_stored_with_its_poll, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(counted_votes_are_no_edit, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(votes_before_the_question_end_the_same, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(votes_survive_an_edit_of_the_text, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(other_answers_are_another_poll, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(a_note_says_what_else_it_says, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(what_was_shortened_says_so, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(translations_have_room_for_so_much, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(a_policy_is_read_as_bits, open_scene, close_scene),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
