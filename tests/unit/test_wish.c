#include "federation/wish.h"

#include "federation/timeline.h"
#include "storage/base/buf.h"
#include "storage/base/clock.h"
#include "storage/domain_block.h"
#include "storage/edge.h"
#include "storage/list.h"
#include "storage/tag_follow.h"
#include "tests/support/builders.h"
#include "tests/support/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ann, ours, follows bob; eve and zoe write too. */
struct scene {
    struct store store;
    struct txn *txn;
    actor_id ann, bob, eve, zoe;
};

static void follow(struct scene *s, actor_id whom, Edge edge)
{
    assert_int_equal(edge_put(s->txn, (struct edge_key){EDGE_FOLLOW, s->ann.v, whom.v}, &edge), OK);
}

static int open_scene(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    clock_set(BUILD_NOW_MS);
    s->store = store_open();
    s->txn = store_write(&s->store);
    s->ann = build_actor(s->txn, "ann", "");
    s->bob = build_actor(s->txn, "bob", "peer.example");
    s->eve = build_actor(s->txn, "eve", "evil.example");
    s->zoe = build_actor(s->txn, "zoe", "peer.example");
    follow(s, s->bob, (Edge)EDGE__INIT);
    *state = s;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *s = *state;
    txn_end(&s->txn);
    store_close(&s->store);
    clock_set(-1);
    free(s);
    return 0;
}

/* A public post whose URI is its name. */
static post_id write_post(struct scene *s, const char *name, actor_id author,
                          struct build_post with)
{
    with.uri = name;
    with.author = author;
    return build_post(s->txn, &with);
}
#define PLAIN ((struct build_post){.visibility = VISIBILITY__PUBLIC})

/* The names on a page, in its order; a boost by the name of what it boosts. */
static void assert_shows(struct scene *s, struct timeline_query query, const char *names)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4 << 20);
    AUTO(buf_clear) struct buf out = BUF_INIT(65536);
    AUTO(timeline_close) struct timeline timeline = {0};
    struct timeline_entry entry;
    enum err e;
    query.reader = s->ann;
    assert_int_equal(timeline_open(s->txn, &query, &timeline), OK);
    while ((e = timeline_next(&timeline, &arena, &entry)) == OK)
        buf_printf(&out, "%s%s ", entry.boost ? "boosted:" : "", entry.post->uri);
    assert_int_equal(e, ERR_NOTFOUND);
    assert_string_equal(buf_text(&out), names);
}
#define HOME ((struct timeline_query){.kind = TIMELINE_HOME})

static void a_follow_may_hide_boosts(void **state)
{
    struct scene *s = *state;
    Edge edge = EDGE__INIT;
    post_id post = write_post(s, "of-zoe", s->zoe, PLAIN);
    (void)write_post(s, "of-bob", s->bob, PLAIN);
    (void)build_boost(s->txn, "boost", s->bob, post);
    assert_shows(s, HOME, "boosted:of-zoe of-bob ");
    edge.hide_boosts = true;
    follow(s, s->bob, edge);
    assert_shows(s, HOME, "of-bob ");
}

static void a_follow_may_be_for_some_languages(void **state)
{
    struct scene *s = *state;
    static char *languages[] = {(char *)"de", (char *)"en"};
    Edge edge = EDGE__INIT;
    edge.languages = languages;
    edge.n_languages = COUNT(languages);
    follow(s, s->bob, edge);
    (void)write_post(s, "en", s->bob, (struct build_post){.language = "en-GB"});
    (void)write_post(s, "fr", s->bob, (struct build_post){.language = "fr"});
    (void)write_post(s, "enm", s->bob, (struct build_post){.language = "enm"});
    (void)write_post(s, "de", s->bob, (struct build_post){.language = "DE"});
    (void)write_post(s, "none", s->bob, PLAIN);
    assert_shows(s, HOME, "none de en ");
}

/* Among them, in the order of ids, are people, and a group that is not followed. */
static void what_was_posted_to_each_followed_group_comes_home(void **state)
{
    struct scene *s = *state;
    actor_id near = build_actor(s->txn, "near", "peer.example");
    actor_id far = build_actor(s->txn, "far", "peer.example");
    const struct {
        const char *name;
        actor_id group;
    } posts[] = {{"to-eve", s->eve}, {"to-zoe", s->zoe}, {"to-near", near}, {"to-far", far}};
    actor_id tom = build_actor(s->txn, "tom", "peer.example");
    for (size_t i = 0; i < COUNT(posts); i++) {
        post_id id = write_post(s, posts[i].name, tom, PLAIN);
        assert_int_equal(post_set_group(s->txn, id, posts[i].group), OK);
    }
    follow(s, s->eve, (Edge)EDGE__INIT);
    follow(s, near, (Edge)EDGE__INIT);
    follow(s, far, (Edge)EDGE__INIT);
    assert_shows(s, HOME, "to-far to-near to-eve ");
}

static void a_mute_ends_by_itself(void **state)
{
    struct scene *s = *state;
    Edge edge = EDGE__INIT;
    (void)write_post(s, "hello", s->bob, PLAIN);
    edge.until_ms = BUILD_NOW_MS + 1000;
    assert_int_equal(edge_add(s->txn, (struct edge_key){EDGE_MUTE, s->ann.v, s->bob.v}, &edge), OK);
    assert_shows(s, HOME, "");
    assert_shows(s, (struct timeline_query){.kind = TIMELINE_AUTHOR, .of = s->bob}, "hello ");
    clock_set(BUILD_NOW_MS + 1000);
    assert_shows(s, HOME, "hello ");
}

static void a_block_holds_both_ways_and_for_whole_hosts(void **state)
{
    struct scene *s = *state;
    struct timeline_query everyone = {.kind = TIMELINE_PUBLIC};
    const Edge edge = EDGE__INIT;
    (void)write_post(s, "of-eve", s->eve, PLAIN);
    (void)write_post(s, "of-bob", s->bob, PLAIN);
    (void)write_post(s, "of-zoe", s->zoe, PLAIN);
    assert_shows(s, everyone, "of-zoe of-bob of-eve ");
    assert_int_equal(edge_add(s->txn, (struct edge_key){EDGE_BLOCK, s->ann.v, s->zoe.v}, &edge),
                     OK);
    assert_shows(s, everyone, "of-bob of-eve ");
    assert_int_equal(edge_add(s->txn, (struct edge_key){EDGE_BLOCK, s->bob.v, s->ann.v}, &edge),
                     OK);
    assert_shows(s, everyone, "of-eve ");
    assert_int_equal(domain_block_add(s->txn, s->ann, "evil.example"), OK);
    assert_shows(s, everyone, "");
}

static void followed_hashtags_come_home(void **state)
{
    struct scene *s = *state;
    const struct build_post tagged = {.tags = {"icu"}},
                            quiet = {.tags = {"icu"}, .visibility = VISIBILITY__UNLISTED};
    post_id post = write_post(s, "tagged", s->zoe, tagged);
    (void)write_post(s, "other", s->zoe, (struct build_post){.tags = {"theatre"}});
    (void)write_post(s, "quiet", s->zoe, quiet);
    (void)write_post(s, "of-bob", s->bob, tagged);
    (void)write_post(s, "answer", s->eve,
                     (struct build_post){.tags = {"icu"}, .in_reply_to = "tagged"});
    (void)build_boost(s->txn, "boost", s->eve, post);
    assert_shows(s, HOME, "of-bob ");
    assert_int_equal(tag_follow_add(s->txn, s->ann, "icu"), OK);
    assert_shows(s, HOME, "answer of-bob tagged ");
    assert_int_equal(domain_block_add(s->txn, s->ann, "evil.example"), OK);
    assert_shows(s, HOME, "of-bob tagged ");
}

static uint64_t add_list(struct scene *s, ListReplies replies, bool is_exclusive)
{
    List list = LIST__INIT;
    list.owner = s->ann.v;
    list.title = (char *)"list";
    list.replies = replies;
    list.is_exclusive = is_exclusive;
    assert_int_equal(list_add(s->txn, &list, BUILD_NOW_MS), OK);
    return list.id;
}

static void who_is_in_an_exclusive_list_is_not_at_home(void **state)
{
    struct scene *s = *state;
    follow(s, s->zoe, (Edge)EDGE__INIT);
    uint64_t list = add_list(s, LIST_REPLIES__TO_MEMBERS, true);
    assert_int_equal(list_member_add(s->txn, s->ann, list, s->zoe, 1), OK);
    (void)write_post(s, "of-zoe", s->zoe, PLAIN);
    (void)write_post(s, "of-bob", s->bob, PLAIN);
    assert_shows(s, HOME, "of-bob ");
    assert_shows(s, (struct timeline_query){.kind = TIMELINE_LIST, .list = list}, "of-zoe ");
}

static void a_list_shows_the_replies_it_is_set_to(void **state)
{
    struct scene *s = *state;
    static const struct {
        ListReplies replies;
        const char *shown;
    } table[] = {
        {LIST_REPLIES__TO_NOBODY, "to-ann to-self of-bob "},
        {LIST_REPLIES__TO_MEMBERS, "to-unknown to-listed to-ann to-self of-bob "},
        {LIST_REPLIES__TO_FOLLOWED, "to-unknown to-followed to-listed to-ann to-self of-bob "},
    };
    actor_id pam = build_actor(s->txn, "pam", "peer.example");
    follow(s, pam, (Edge)EDGE__INIT);
    follow(s, s->zoe, (Edge)EDGE__INIT);
    (void)write_post(s, "of-ann", s->ann, PLAIN);
    (void)write_post(s, "of-zoe", s->zoe, PLAIN);
    (void)write_post(s, "of-eve", s->eve, PLAIN);
    (void)write_post(s, "of-pam", pam, PLAIN);
    (void)write_post(s, "of-bob", s->bob, PLAIN);
    (void)write_post(s, "to-self", s->bob, (struct build_post){.in_reply_to = "of-bob"});
    (void)write_post(s, "to-ann", s->bob, (struct build_post){.in_reply_to = "of-ann"});
    (void)write_post(s, "to-listed", s->bob, (struct build_post){.in_reply_to = "of-pam"});
    (void)write_post(s, "to-followed", s->bob, (struct build_post){.in_reply_to = "of-zoe"});
    (void)write_post(s, "to-stranger", s->bob, (struct build_post){.in_reply_to = "of-eve"});
    (void)write_post(s, "to-unknown", s->bob, (struct build_post){.in_reply_to = "elsewhere"});
    for (size_t i = 0; i < COUNT(table); i++) {
        uint64_t list = add_list(s, table[i].replies, false);
        assert_int_equal(list_member_add(s->txn, s->ann, list, s->bob, 1), OK);
        assert_int_equal(list_member_add(s->txn, s->ann, list, pam, 1), OK);
        char shown[256];
        const char *rest = strstr(table[i].shown, "of-bob");
        snprintf(shown, sizeof shown, "%.*s%sof-pam ", (int)(rest - table[i].shown), table[i].shown,
                 rest);
        assert_shows(s, (struct timeline_query){.kind = TIMELINE_LIST, .list = list}, shown);
    }
}

static void a_list_is_its_owners(void **state)
{
    struct scene *s = *state;
    AUTO(timeline_close) struct timeline timeline = {0};
    struct timeline_query query = {.kind = TIMELINE_LIST,
                                   .reader = s->bob,
                                   .list = add_list(s, LIST_REPLIES__TO_MEMBERS, false)};
    assert_int_equal(timeline_open(s->txn, &query, &timeline), ERR_NOTFOUND);
}

static void a_page_that_looked_at_enough_says_where_to_go_on(void **state)
{
    struct scene *s = *state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(4 << 20);
    enum { HIDDEN = TIMELINE_SCAN_MAX + 10 };
    struct timeline_query query = {.kind = TIMELINE_AUTHOR, .of = s->bob, .reader = s->ann};
    unsigned shown = 0, pages = 0;
    for (int i = 0; i < HIDDEN + 2; i++) {
        char name[32];
        snprintf(name, sizeof name, "post-%d", i);
        (void)write_post(s, name, s->bob,
                         (struct build_post){.visibility = i && i <= HIDDEN ? VISIBILITY__DIRECT
                                                                            : VISIBILITY__PUBLIC});
    }
    bool has_more = true;
    for (query.page.limit = 5; has_more; pages++) {
        AUTO(timeline_close) struct timeline timeline = {0};
        struct timeline_entry entry;
        assert_int_equal(timeline_open(s->txn, &query, &timeline), OK);
        while (timeline_next(&timeline, &arena, &entry) == OK)
            shown++;
        assert_int_equal(timeline_has_more(&timeline, &has_more), OK);
        query.page.before = timeline.last.v;
    }
    assert_int_equal(shown, 2);
    assert_int_equal(pages, 2);
}

/* xorshift: the same posts on every run and every machine. */
static uint64_t seed = 20261122;
static unsigned random_below(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % n);
}

static size_t walk(struct scene *s, struct page page, uint64_t *out)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(16 << 20);
    struct timeline_query query = {.kind = TIMELINE_HOME, .reader = s->ann, .page = page};
    size_t n = 0;
    for (bool has_more = true; has_more;) {
        AUTO(timeline_close) struct timeline timeline = {0};
        struct timeline_entry entry;
        unsigned given = 0;
        assert_int_equal(timeline_open(s->txn, &query, &timeline), OK);
        for (; timeline_next(&timeline, &arena, &entry) == OK; given++)
            out[n++] = entry.id.v;
        assert_true(given <= page.limit);
        assert_int_equal(timeline_has_more(&timeline, &has_more), OK);
        *(page.order == PAGE_OLDEST_FIRST ? &query.page.after : &query.page.before) =
            timeline.last.v;
    }
    return n;
}

/* What is asked about one post is what a walk shows. */
static void compare_with_single_looks(struct scene *s, const uint64_t *shown, size_t n)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(64 << 20);
    const struct timeline_query query = {.kind = TIMELINE_HOME, .reader = s->ann};
    AUTO(stream_close) struct stream all = {.heap = NULL};
    struct stream_key keys[] = {{STREAM_AUTHOR, s->ann.v},
                                {STREAM_AUTHOR, s->bob.v},
                                {STREAM_AUTHOR, s->zoe.v},
                                {STREAM_AUTHOR, s->eve.v}};
    post_id id;
    size_t at = 0;
    assert_int_equal(stream_open(s->txn, keys, COUNT(keys), (struct page){0}, &all), OK);
    while (stream_next(&all, &id) == OK) {
        Post *post;
        bool has;
        assert_int_equal(post_get(s->txn, id, &arena, &post), OK);
        assert_int_equal(timeline_has(s->txn, &query, post, &arena, &has), OK);
        assert_int_equal(has, at < n && shown[at] == id.v);
        at += has;
    }
    assert_int_equal(at, n);
}

static void up_and_down_give_the_same_whatever_is_left_out(void **state)
{
    struct scene *s = *state;
    enum { POSTS = 300 };
    uint64_t down[POSTS], up[POSTS];
    actor_id authors[] = {s->ann, s->bob, s->zoe, s->eve};
    print_message("seed %llu\n", (unsigned long long)seed);
    follow(s, s->zoe, (Edge)EDGE__INIT);
    assert_int_equal(tag_follow_add(s->txn, s->ann, "icu"), OK);
    for (int i = 0; i < POSTS; i++) {
        char name[32], parent[32];
        snprintf(name, sizeof name, "post-%d", i);
        snprintf(parent, sizeof parent, "post-%u", random_below((unsigned)i + 1));
        struct build_post with = {.visibility = (Visibility)random_below(4),
                                  .published_ms = BUILD_NOW_MS - random_below(100000),
                                  .in_reply_to = i && random_below(3) == 0 ? parent : NULL,
                                  .tags = {random_below(4) ? NULL : "icu"}};
        (void)write_post(s, name, authors[random_below(COUNT(authors))], with);
    }
    size_t n = walk(s, (struct page){.limit = POSTS}, down);
    assert_true(n > POSTS / 4 && n < POSTS);
    compare_with_single_looks(s, down, n);
    for (unsigned limit = 1; limit < 40; limit += 7) {
        assert_int_equal(walk(s, (struct page){.limit = limit}, up), n);
        assert_memory_equal(down, up, n * sizeof *up);
        assert_int_equal(walk(s, (struct page){.limit = limit, .order = PAGE_OLDEST_FIRST}, up), n);
        for (size_t i = 0; i < n; i++)
            assert_true(up[i] == down[n - 1 - i]);
    }
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(a_follow_may_hide_boosts),
        SCENE(a_follow_may_be_for_some_languages),
        SCENE(what_was_posted_to_each_followed_group_comes_home),
        SCENE(a_mute_ends_by_itself),
        SCENE(a_block_holds_both_ways_and_for_whole_hosts),
        SCENE(followed_hashtags_come_home),
        SCENE(who_is_in_an_exclusive_list_is_not_at_home),
        SCENE(a_list_shows_the_replies_it_is_set_to),
        SCENE(a_list_is_its_owners),
        SCENE(a_page_that_looked_at_enough_says_where_to_go_on),
        SCENE(up_and_down_give_the_same_whatever_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
