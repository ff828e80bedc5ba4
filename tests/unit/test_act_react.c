#include "tests/support/remote.h"

#include "federation/emoji.h"
#include "storage/base/buf.h"
#include "storage/edge.h"
#include "storage/post.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct by by = {.who = "test"};

/* ann here wrote a post, and knows one of bob's. */
struct scene {
    struct node node;
    actor_id ann;
    struct remote bob;
    post_id post, bobs;
    char uri[256];
};

#define BOBS_NOTE "https://peer.example/notes/1"

static post_id write_post(struct scene *s, Visibility visibility)
{
    struct post_draft draft = {.author = s->ann, .source = "words", .visibility = visibility};
    struct why why;
    post_id id;
    assert_int_equal(act_post_local(&s->node.fed, &draft, NULL, &by, &id, &why), OK);
    snprintf(s->uri, sizeof s->uri, "https://" STORE_HOST "/users/ann/posts/%llu",
             (unsigned long long)id.v);
    return id;
}

static int open_scene(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    node_open(&s->node);
    s->ann = node_account(&s->node, "ann");
    node_allow(&s->node, "peer.example");
    remote_create(&s->node, &s->bob, "peer.example", "bob");
    s->post = write_post(s, VISIBILITY__PUBLIC);
    assert_int_equal(
        node_receive_act(&s->node, &s->bob,
                         "\"type\":\"Create\",\"id\":\"https://peer.example/c/1\",\"object\":{"
                         "\"type\":\"Note\",\"id\":\"" BOBS_NOTE "\",\"attributedTo\":\"%s\","
                         "\"content\":\"x\",\"to\":\"as:Public\"}",
                         s->bob.uri),
        202);
    s->bobs = node_find_post(&s->node, BOBS_NOTE);
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

static int reacts(struct scene *s, const char *type, const char *id, const char *content)
{
    return node_receive_act(&s->node, &s->bob,
                            "\"type\":\"%s\",\"id\":\"https://peer.example/r/%s\","
                            "\"object\":\"%s\",\"content\":\"%s\"",
                            type, id, s->uri, content);
}

static int undoes(struct scene *s, const char *type, const char *id, const char *content)
{
    return node_receive_act(&s->node, &s->bob,
                            "\"type\":\"Undo\",\"id\":\"https://peer.example/u/%s\",\"object\":{"
                            "\"type\":\"%s\",\"id\":\"https://peer.example/r/%s\",\"actor\":\"%s\","
                            "\"object\":\"%s\",\"content\":\"%s\"}",
                            id, type, id, s->bob.uri, s->uri, content);
}

static void assert_reaction(struct scene *s, const char *emoji)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    struct edge_key key = {EDGE_REACTION, s->bob.id.v, s->post.v};
    Edge *edge;
    enum err e = edge_get(txn, key, &arena, &edge);
    assert_int_equal(counter_get(txn, COUNTER_REACTIONS, s->post.v), emoji ? 1 : 0);
    assert_int_equal(e, emoji ? OK : ERR_NOTFOUND);
    if (emoji)
        assert_string_equal(edge->content, emoji);
}

static void one_emoji_is_told_from_everything_else(void **state)
{
    (void)state;
    static const char *const yes[] = {
        "❤", "❤️", "👍", "👍🏽", "🇩🇪", "1️⃣", "👩‍⚕️", "🏳️‍🌈", "☺"};
    static const char *const no[] = {"",    "a", "1", "👍👍",       "👍 ",           "❤\xE2\x80\x8D",
                                     "<b>", "🇩", "é", "\xF0\x9F", "\xE2\x80\xAE", "👍a"};
    AUTO(buf_clear) struct buf chain = BUF_INIT(1024);
    buf_str(&chain, "👩");
    for (int i = 0; i < 20; i++)
        buf_str(&chain, "\xE2\x80\x8D👩");
    assert_false(emoji_is_unicode(buf_text(&chain)));
    for (size_t i = 0; i < COUNT(yes); i++)
        if (!emoji_is_unicode(yes[i]))
            fail_msg("%s is an emoji", yes[i]);
    for (size_t i = 0; i < COUNT(no); i++)
        if (emoji_is_unicode(no[i]))
            fail_msg("\"%s\" is no emoji", no[i]);
}

static void t73_a_shortcode_has_letters_digits_and_nothing_else(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    assert_string_equal(emoji_shortcode(":blob_cat:", &arena), "blob_cat");
    assert_string_equal(emoji_shortcode("blob+1", &arena), "blob+1");
    assert_string_equal(emoji_shortcode(":blob@other.example:", &arena), "blob");
    assert_string_equal(emoji_shortcode(":blob@.:", &arena), "blob");
    static const char *const no[] = {"", ":", "::", ":a", "a:", ":a b:", ":<b>:", ":a:b:", ":@x:"};
    for (size_t i = 0; i < COUNT(no); i++)
        if (emoji_shortcode(no[i], &arena))
            fail_msg("\"%s\" is no shortcode", no[i]);
}

static void a_reaction_is_kept_told_and_taken_back(void **state)
{
    struct scene *s = *state;
    assert_int_equal(reacts(s, "EmojiReact", "1", "🔥"), 202);
    assert_reaction(s, "🔥");
    assert_int_equal(node_notified(&s->node, s->ann, NOTIFICATION_TYPE__REACTION), 1);
    assert_int_equal(undoes(s, "EmojiReact", "1", "🔥"), 202);
    assert_reaction(s, NULL);
}

static void misskeys_like_with_an_emoji_is_a_reaction(void **state)
{
    struct scene *s = *state;
    assert_int_equal(reacts(s, "Like", "1", "❤️"), 202);
    assert_reaction(s, "❤️");
    assert_false(node_has_edge(&s->node, EDGE_LIKE, s->bob.id, s->post));
    /* by what it was, under an id never heard of */
    assert_int_equal(node_receive_act(&s->node, &s->bob,
                                      "\"type\":\"Undo\",\"id\":\"https://peer.example/u/9\","
                                      "\"object\":{\"type\":\"Like\",\"actor\":\"%s\","
                                      "\"object\":\"%s\",\"content\":\"❤️\"}",
                                      s->bob.uri, s->uri),
                     202);
    assert_reaction(s, NULL);
}

/* As Misskey, Akkoma and Mitra tag it. */
static void a_custom_emoji_comes_with_its_picture_and_goes(void **state)
{
    struct scene *s = *state;
    static const char tag[] =
        "\"tag\":[{\"type\":\"Emoji\",\"name\":\":blobcat:\",\"id\":\"https://peer.example/e/1\","
        "\"icon\":{\"type\":\"Image\",\"url\":\"https://peer.example/blobcat.png\"}}]";
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 * 1024);
    assert_int_equal(node_receive_act(&s->node, &s->bob,
                                      "\"type\":\"EmojiReact\",\"content\":\":blobcat:\","
                                      "\"id\":\"https://peer.example/r/1\",\"object\":\"%s\",%s",
                                      s->uri, tag),
                     202);
    assert_reaction(s, ":blobcat:");
    struct txn *txn = store_read(&s->node.store);
    Edge *edge;
    assert_int_equal(
        edge_get(txn, (struct edge_key){EDGE_REACTION, s->bob.id.v, s->post.v}, &arena, &edge), OK);
    assert_string_equal(edge->icon_url, "https://peer.example/blobcat.png");
    txn_end(&txn);
    assert_int_equal(node_notified(&s->node, s->ann, NOTIFICATION_TYPE__REACTION), 1);
    assert_int_equal(undoes(s, "EmojiReact", "1", ":blobcat:"), 202);
    assert_reaction(s, NULL);
}

/* The emoji stay what they are: names in the other's text. */
static void a_post_with_custom_emoji_is_answered_and_quoted(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    struct why why;
    Post *post;
    post_id id;
    assert_int_equal(
        node_receive_act(
            &s->node, &s->bob,
            "\"type\":\"Create\",\"id\":\"https://peer.example/c/2\",\"object\":{"
            "\"type\":\"Note\",\"id\":\"https://peer.example/notes/2\",\"attributedTo\":\"%s\","
            "\"content\":\"so :blobcat:\",\"to\":\"as:Public\",\"tag\":[{\"type\":\"Emoji\","
            "\"name\":\":blobcat:\",\"icon\":{\"url\":\"https://peer.example/blobcat.png\"}}]}",
            s->bob.uri),
        202);
    post_id bobs = node_find_post(&s->node, "https://peer.example/notes/2");
    struct post_draft answer = {.author = s->ann, .source = "yes", .in_reply_to = bobs};
    struct post_draft quote = {.author = s->ann, .source = "see", .quote_of = bobs};
    assert_int_equal(act_post_local(&s->node.fed, &answer, NULL, &by, &id, &why), OK);
    assert_int_equal(act_post_local(&s->node.fed, &quote, NULL, &by, &id, &why), OK);
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    assert_int_equal(post_get(txn, bobs, &arena, &post), OK);
    assert_int_equal(post->n_emoji, 1);
    assert_string_equal(post->emoji[0]->shortcode, ":blobcat:");
    assert_string_equal(post->emoji[0]->url, "https://peer.example/blobcat.png");
    assert_int_equal(post_get(txn, id, &arena, &post), OK);
    assert_int_equal(post->n_emoji, 0);
    assert_string_equal(post->quote_uri, "https://peer.example/notes/2");
}

static void what_is_no_emoji_is_a_plain_like(void **state)
{
    struct scene *s = *state;
    assert_int_equal(reacts(s, "Like", "1", "<script>alert(1)</script>"), 202);
    assert_reaction(s, NULL);
    assert_true(node_has_edge(&s->node, EDGE_LIKE, s->bob.id, s->post));
    assert_int_equal(undoes(s, "Like", "1", "<script>alert(1)</script>"), 202);
    assert_false(node_has_edge(&s->node, EDGE_LIKE, s->bob.id, s->post));
    assert_int_equal(reacts(s, "EmojiReact", "2", "no emoji"), 202);
    assert_true(node_has_edge(&s->node, EDGE_LIKE, s->bob.id, s->post));
}

static void a_like_and_a_reaction_both_stand(void **state)
{
    struct scene *s = *state;
    assert_int_equal(reacts(s, "EmojiReact", "1", "🔥"), 202);
    assert_int_equal(node_receive_act(&s->node, &s->bob,
                                      "\"type\":\"Like\",\"id\":\"https://peer.example/l/1\","
                                      "\"object\":\"%s\"",
                                      s->uri),
                     202);
    assert_reaction(s, "🔥");
    assert_true(node_has_edge(&s->node, EDGE_LIKE, s->bob.id, s->post));
}

static void t48_many_reactions_of_one_actor_count_once_and_the_last_stands(void **state)
{
    struct scene *s = *state;
    for (int i = 0; i < 50; i++) {
        char id[16];
        snprintf(id, sizeof id, "%d", i);
        assert_int_equal(reacts(s, "EmojiReact", id, i % 2 ? "🔥" : "❤️"), 202);
    }
    assert_reaction(s, "🔥");
    assert_int_equal(node_notified(&s->node, s->ann, NOTIFICATION_TYPE__REACTION), 2);
    /* an earlier one, undone late, leaves the later one alone */
    assert_int_equal(undoes(s, "EmojiReact", "0", "❤️"), 202);
    assert_reaction(s, "🔥");
}

static void the_later_of_two_stands_in_any_order(void **state)
{
    static const char *const emoji[] = {"🔥", "❤️"};
    struct scene *s = *state;
    for (int order = 0; order < 2; order++) {
        for (int i = 0; i < 2; i++) {
            int which = i ^ order;
            assert_int_equal(
                node_receive_act(&s->node, &s->bob,
                                 "\"type\":\"EmojiReact\",\"object\":\"%s\",\"content\":\"%s\","
                                 "\"id\":\"https://peer.example/o/%d%d\","
                                 "\"published\":\"2026-01-01T00:0%d:00Z\"",
                                 s->uri, emoji[which], order, which, which),
                202);
        }
        assert_reaction(s, "❤️");
        s->post = write_post(s, VISIBILITY__PUBLIC);
    }
}

static void an_undo_before_its_reaction_ends_the_same(void **state)
{
    struct scene *s = *state;
    assert_int_equal(undoes(s, "EmojiReact", "1", "🔥"), 202);
    assert_int_equal(reacts(s, "EmojiReact", "1", "🔥"), 202);
    assert_int_equal(reacts(s, "EmojiReact", "1", "🔥"), 202);
    assert_reaction(s, NULL);
    assert_int_equal(node_notified(&s->node, s->ann, NOTIFICATION_TYPE__REACTION), 0);
}

static void a_reaction_to_a_post_that_is_gone_or_private_is_nothing(void **state)
{
    struct scene *s = *state;
    struct why why;
    assert_int_equal(act_delete_local(&s->node.fed, s->ann, s->post, &by, &why), OK);
    assert_int_equal(reacts(s, "EmojiReact", "1", "🔥"), 202);
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 0);
    s->post = write_post(s, VISIBILITY__FOLLOWERS);
    assert_int_equal(reacts(s, "EmojiReact", "2", "🔥"), 202);
    assert_reaction(s, NULL);
}

static void a_reaction_before_its_post_waits_for_it(void **state)
{
    struct scene *s = *state;
    snprintf(s->uri, sizeof s->uri, "https://peer.example/notes/unknown");
    assert_int_equal(reacts(s, "EmojiReact", "1", "🔥"), 202);
    assert_int_equal(node_rows(&s->node, TABLE_PARKED), 1);
}

static void ours_goes_to_the_author_and_the_next_takes_its_place(void **state)
{
    struct scene *s = *state;
    struct why why;
    assert_int_equal(act_react_local(&s->node.fed, s->ann, s->bobs, "🔥", &by, &why), OK);
    assert_int_equal(act_react_local(&s->node.fed, s->ann, s->bobs, "🔥", &by, &why), ERR_EXISTS);
    assert_int_equal(node_queued(&s->node, "\"type\":\"EmojiReact\""), 1);
    assert_int_equal(
        node_queued(&s->node, "\"EmojiReact\":\"http://litepub.social/ns#EmojiReact\""), 1);
    assert_int_equal(node_queued(&s->node, "\"content\":\"🔥\""), 1);
    assert_int_equal(act_react_local(&s->node.fed, s->ann, s->bobs, "👍", &by, &why), OK);
    assert_int_equal(node_queued(&s->node, "\"type\":\"Undo\""), 1);
    assert_int_equal(act_unreact_local(&s->node.fed, s->ann, s->bobs, &by, &why), OK);
    assert_int_equal(node_queued(&s->node, "\"type\":\"Undo\""), 2);
    assert_int_equal(act_unreact_local(&s->node.fed, s->ann, s->bobs, &by, &why), ERR_NOTFOUND);
    assert_false(node_has_edge(&s->node, EDGE_REACTION, s->ann, s->bobs));
    assert_int_equal(act_react_local(&s->node.fed, s->ann, s->bobs, "ok", &by, &why), ERR_INVALID);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_emoji_is_told_from_everything_else),
        cmocka_unit_test(t73_a_shortcode_has_letters_digits_and_nothing_else),
        SCENE(a_reaction_is_kept_told_and_taken_back),
        SCENE(misskeys_like_with_an_emoji_is_a_reaction),
        SCENE(a_custom_emoji_comes_with_its_picture_and_goes),
        SCENE(a_post_with_custom_emoji_is_answered_and_quoted),
        SCENE(what_is_no_emoji_is_a_plain_like),
        SCENE(a_like_and_a_reaction_both_stand),
        SCENE(t48_many_reactions_of_one_actor_count_once_and_the_last_stands),
        SCENE(the_later_of_two_stands_in_any_order),
        SCENE(an_undo_before_its_reaction_ends_the_same),
        SCENE(a_reaction_to_a_post_that_is_gone_or_private_is_nothing),
        SCENE(a_reaction_before_its_post_waits_for_it),
        SCENE(ours_goes_to_the_author_and_the_next_takes_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
