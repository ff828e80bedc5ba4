#include "storage/own_emoji.h"
#include "storage/post.h"
#include "tests/support/remote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PILL_URL "https://" STORE_HOST "/emoji/77"
#define BOBS_NOTE "https://peer.example/notes/1"

static const struct by by = {.who = "test"};

/* ann here has a :pill:, and is followed by bob, who wrote a post. */
struct scene {
    struct node node;
    actor_id ann;
    struct remote bob;
    post_id bobs;
};

static int open_scene(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    node_open(&s->node);
    s->ann = node_account(&s->node, "ann");
    node_allow(&s->node, "peer.example");
    remote_create(&s->node, &s->bob, "peer.example", "bob");
    assert_int_equal(
        node_receive_act(&s->node, &s->bob,
                         "\"type\":\"Create\",\"id\":\"https://peer.example/c/1\",\"object\":{"
                         "\"type\":\"Note\",\"id\":\"" BOBS_NOTE "\",\"attributedTo\":\"%s\","
                         "\"content\":\"x\",\"to\":\"as:Public\"}",
                         s->bob.uri),
        202);
    s->bobs = node_find_post(&s->node, BOBS_NOTE);
    struct why why;
    assert_int_equal(act_emoji_add_local(&s->node.fed, "pill", 77, "image/png", &by, &why), OK);
    assert_int_equal(act_emoji_add_local(&s->node.fed, "Bed_1", 78, "image/png", &by, &why), OK);
    *state = s;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *s = *state;
    node_check(&s->node);
    remote_clear(&s->bob);
    node_close(&s->node);
    free(s);
    return 0;
}

/* "pill Bed_1": the emoji of a post, in their order. */
static const char *emoji_of(struct scene *s, post_id id)
{
    static char text[512];
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    Post *post;
    text[0] = '\0';
    assert_int_equal(post_get(txn, id, &arena, &post), OK);
    for (size_t i = 0; i < post->n_emoji; i++) {
        size_t n = strlen(text);
        snprintf(text + n, sizeof text - n, "%s%s", n ? " " : "", post->emoji[i]->shortcode);
    }
    return text;
}

static post_id write_post(struct scene *s, struct post_draft draft)
{
    struct why why = {""};
    post_id id;
    draft.author = s->ann;
    if (act_post_local(&s->node.fed, &draft, NULL, &by, &id, &why))
        fail_msg("%s", why.text);
    return id;
}

static void emoji_of_ours_are_found_where_peers_look_for_them(void **state)
{
    struct scene *s = *state;
    static const struct {
        const char *source, *emoji;
    } rows[] = {
        {":pill:", "pill"},
        {"one (:pill:), two *:Bed_1:*, :pill:", "pill Bed_1"},
        {":unknown: :PILL: :p: pill: :pill", ""},
        {"12:pill:30 :pill::Bed_1:", ""},
        {":pill :pill:", "pill"},
        {"é:pill:é", "pill"},
        {"::pill::", ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *got = emoji_of(s, write_post(s, (struct post_draft){.source = rows[i].source}));
        if (strcmp(got, rows[i].emoji) != 0)
            fail_msg("\"%s\" has \"%s\", not \"%s\"", rows[i].source, got, rows[i].emoji);
    }
}

static void warnings_and_options_have_them_too(void **state)
{
    struct scene *s = *state;
    static const char *const options[] = {"a :Bed_1:", "no"};
    post_id id = write_post(s, (struct post_draft){.source = "text", .summary = "a :pill:"});
    assert_string_equal(emoji_of(s, id), "pill");
    id = write_post(s, (struct post_draft){
                           .source = "which?", .options = options, .option_count = COUNT(options)});
    assert_string_equal(emoji_of(s, id), "Bed_1");
}

static void they_are_sent_with_their_picture(void **state)
{
    struct scene *s = *state;
    const char *const to[] = {"bob@peer.example"};
    write_post(
        s,
        (struct post_draft){
            .source = "take a :pill:", .visibility = VISIBILITY__DIRECT, .to = to, .to_count = 1});
    assert_int_equal(node_queued(&s->node,
                                 "{\"id\":\"" PILL_URL "\",\"type\":\"Emoji\",\"name\":"
                                 "\":pill:\",\"icon\":{\"type\":\"Image\",\"mediaType\":"
                                 "\"image/png\",\"url\":\"" PILL_URL "\"},\"updated\":\""),
                     1);
    assert_int_equal(node_queued(&s->node, "\"Emoji\":\"toot:Emoji\""), 1);
}

static void an_edit_looks_anew_and_a_removed_one_stays_until_then(void **state)
{
    struct scene *s = *state;
    struct why why;
    post_id id = write_post(s, (struct post_draft){.source = ":pill:"});
    assert_int_equal(act_emoji_remove_local(&s->node.fed, "pill", &by, &why), OK);
    assert_int_equal(act_emoji_remove_local(&s->node.fed, "pill", &by, &why), ERR_NOTFOUND);
    assert_string_equal(emoji_of(s, id), "pill");
    assert_int_equal(
        act_edit_local(&s->node.fed, s->ann, id, ":pill: :Bed_1:", NULL, NULL, &by, &why), OK);
    assert_string_equal(emoji_of(s, id), "Bed_1");
}

static void a_shortcode_is_two_to_32_plain_characters(void **state)
{
    struct scene *s = *state;
    static const char *const no[] = {"",    "a", ":pill:", "a b",
                                     "a-b", "é", "../x",   "a123456789012345678901234567890123"};
    struct why why;
    for (size_t i = 0; i < COUNT(no); i++)
        assert_int_equal(act_emoji_add_local(&s->node.fed, no[i], 79, "image/png", &by, &why),
                         ERR_INVALID);
    assert_int_equal(act_emoji_add_local(&s->node.fed, "pill", 79, "image/png", &by, &why),
                     ERR_EXISTS);
    assert_int_equal(act_emoji_add_local(&s->node.fed, "A1234567890123456789012345678901", 79,
                                         "image/png", &by, &why),
                     OK);
    assert_int_equal(node_rows(&s->node, TABLE_EMOJI), 3);
}

static void they_are_listed_by_name(void **state)
{
    struct scene *s = *state;
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    OwnEmoji *emoji;
    assert_int_equal(own_emoji_next(txn, "", &arena, &emoji), OK);
    assert_string_equal(emoji->shortcode, "Bed_1");
    assert_int_equal(own_emoji_next(txn, "Bed_1", &arena, &emoji), OK);
    assert_string_equal(emoji->shortcode, "pill");
    assert_int_equal(own_emoji_next(txn, "pill", &arena, &emoji), ERR_NOTFOUND);
}

static void one_of_ours_is_a_reaction(void **state)
{
    struct scene *s = *state;
    struct why why;
    assert_int_equal(act_react_local(&s->node.fed, s->ann, s->bobs, ":none:", &by, &why),
                     ERR_INVALID);
    assert_int_equal(
        act_react_local(&s->node.fed, s->ann, s->bobs, ":pill@peer.example:", &by, &why),
        ERR_INVALID);
    assert_int_equal(act_react_local(&s->node.fed, s->ann, s->bobs, ":pill:", &by, &why), OK);
    assert_int_equal(node_queued(&s->node, "\"type\":\"EmojiReact\""), 1);
    assert_int_equal(node_queued(&s->node, "\"content\":\":pill:\",\"tag\":[{\"id\":\"" PILL_URL),
                     1);
    assert_int_equal(node_queued(&s->node, "\"Emoji\":\"toot:Emoji\""), 1);
    assert_int_equal(act_emoji_remove_local(&s->node.fed, "pill", &by, &why), OK);
    assert_int_equal(act_unreact_local(&s->node.fed, s->ann, s->bobs, &by, &why), OK);
    assert_int_equal(node_queued(&s->node, "\"type\":\"Undo\""), 1);
    assert_int_equal(node_queued(&s->node, "\"content\":\":pill:\",\"tag\":[{\"id\":\"" PILL_URL),
                     2);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(emoji_of_ours_are_found_where_peers_look_for_them),
        SCENE(warnings_and_options_have_them_too),
        SCENE(they_are_sent_with_their_picture),
        SCENE(an_edit_looks_anew_and_a_removed_one_stays_until_then),
        SCENE(a_shortcode_is_two_to_32_plain_characters),
        SCENE(they_are_listed_by_name),
        SCENE(one_of_ours_is_a_reaction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
