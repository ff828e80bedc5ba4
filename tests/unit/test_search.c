#include "federation/search.h"

#include "federation/search_query.h"
#include "storage/account.h"
#include "storage/base/clock.h"
#include "storage/domain_block.h"
#include "storage/post.h"
#include "tests/support/builders.h"
#include "tests/support/scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A post with everything a search can ask for. */
struct written {
    actor_id author;
    Visibility visibility;
    const char *html, *summary, *language, *reply_to;
    actor_id to;
    int64_t at_ms;
    bool is_sensitive, has_poll;
};

static post_id write_post(struct scene *s, const struct written *with)
{
    static int count;
    struct txn *txn = store_write(&s->node.store);
    char uri[128];
    Post post = POST__INIT;
    Mention mention = MENTION__INIT, *mentions[] = {&mention};
    PollOption option = POLL_OPTION__INIT, *options[] = {&option};
    Poll poll = POLL__INIT;
    snprintf(uri, sizeof uri, "https://%s/n/%d", "written.example", ++count);
    post.uri = uri;
    post.author = with->author.v;
    post.visibility = with->visibility;
    post.content_html = (char *)with->html;
    post.summary = (char *)(with->summary ? with->summary : "");
    post.language = (char *)(with->language ? with->language : "");
    post.in_reply_to_uri = (char *)(with->reply_to ? with->reply_to : "");
    post.is_sensitive = with->is_sensitive;
    post.published_ms = with->at_ms ? with->at_ms : BUILD_NOW_MS + count;
    mention.actor = with->to.v;
    post.mentions = mentions;
    post.n_mentions = with->to.v ? 1 : 0;
    option.name = (char *)"haemodialysis";
    poll.options = options;
    poll.n_options = 1;
    post.poll = with->has_poll ? &poll : NULL;
    assert_int_equal(post_add(txn, &post, BUILD_NOW_MS + 1000000), OK);
    store_commit(&txn);
    return (post_id){post.id};
}

static post_id says(struct scene *s, actor_id author, Visibility visibility, const char *html)
{
    return write_post(s,
                      &(struct written){.author = author, .visibility = visibility, .html = html});
}

static struct posts_found search_for(struct scene *s, actor_id reader, const char *text)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    struct posts_found found;
    assert_int_equal(
        search_posts(&s->node.fed, txn,
                     &(struct post_search){.reader = reader, .text = text, .limit = 20}, &found),
        OK);
    return found;
}

static size_t finds(struct scene *s, actor_id reader, const char *text)
{
    return search_for(s, reader, text).n;
}

static void set_edge(struct scene *s, enum edge_kind kind, actor_id who, uint64_t whom)
{
    struct txn *txn = store_write(&s->node.store);
    Edge edge = EDGE__INIT;
    assert_int_equal(edge_add(txn, (struct edge_key){kind, who.v, whom}, &edge), OK);
    store_commit(&txn);
}

static void drop_edge(struct scene *s, enum edge_kind kind, actor_id who, uint64_t whom)
{
    struct txn *txn = store_write(&s->node.store);
    assert_int_equal(edge_del(txn, (struct edge_key){kind, who.v, whom}), OK);
    store_commit(&txn);
}

static void let_be_found(Actor *actor, void *context)
{
    (void)context;
    actor->is_indexable = true;
}

/* ---- whose posts ---- */

static void what_is_written_here_is_found_by_who_may_read_it(void **state)
{
    struct scene *s = *state;
    says(s, s->ann, VISIBILITY__PUBLIC, "<p>sepsis bundle</p>");
    says(s, s->ann, VISIBILITY__LOCAL, "<p>sepsis nurse</p>");
    assert_int_equal(finds(s, s->cat, "sepsis"), 2);
    assert_int_equal(finds(s, s->ann, "sepsis"), 2);
    assert_int_equal(finds(s, (actor_id){0}, "sepsis"), 0); /* nobody let that be found */
}

static void t66_a_restricted_post_is_found_only_by_who_may_read_it(void **state)
{
    struct scene *s = *state;
    says(s, s->ann, VISIBILITY__FOLLOWERS, "<p>thrombosis</p>");
    write_post(s, &(struct written){.author = s->bob.id,
                                    .visibility = VISIBILITY__DIRECT,
                                    .html = "<p>embolism</p>",
                                    .to = s->ann});
    assert_int_equal(finds(s, s->cat, "thrombosis"), 0);
    assert_int_equal(finds(s, s->ann, "thrombosis"), 1);
    assert_int_equal(finds(s, s->cat, "embolism"), 0);
    assert_int_equal(finds(s, s->ann, "embolism"), 1);
    assert_int_equal(finds(s, (actor_id){0}, "embolism"), 0);
    set_edge(s, EDGE_FOLLOW, s->cat, s->ann.v);
    assert_int_equal(finds(s, s->cat, "thrombosis"), 1);
    drop_edge(s, EDGE_FOLLOW, s->cat, s->ann.v);
    assert_int_equal(finds(s, s->cat, "thrombosis"), 0);
}

static void of_strangers_only_what_they_let_be_found(void **state)
{
    struct scene *s = *state;
    says(s, s->bob.id, VISIBILITY__PUBLIC, "<p>linezolid</p>");
    says(s, s->bob.id, VISIBILITY__UNLISTED, "<p>linezolid</p>");
    assert_int_equal(finds(s, s->ann, "linezolid"), 0);
    scene_change_actor(s, s->bob.id, let_be_found, NULL);
    assert_int_equal(finds(s, s->ann, "linezolid"), 1);
    assert_int_equal(finds(s, (actor_id){0}, "linezolid"), 1);
    set_edge(s, EDGE_FOLLOW, s->ann, s->bob.id.v);
    assert_int_equal(finds(s, s->ann, "linezolid"), 2);
}

static void what_one_liked_is_found_again(void **state)
{
    struct scene *s = *state;
    post_id post = says(s, s->bob.id, VISIBILITY__PUBLIC, "<p>vancomycin</p>");
    set_edge(s, EDGE_BOOKMARK, s->ann, post.v);
    assert_int_equal(finds(s, s->ann, "vancomycin"), 1);
    assert_int_equal(finds(s, s->cat, "vancomycin"), 0);
}

static void a_block_a_mute_and_a_blocked_domain_take_effect_at_once(void **state)
{
    struct scene *s = *state;
    says(s, s->cat, VISIBILITY__PUBLIC, "<p>ketamine</p>");
    says(s, s->bob.id, VISIBILITY__PUBLIC, "<p>propofol</p>");
    scene_change_actor(s, s->bob.id, let_be_found, NULL);
    assert_int_equal(finds(s, s->ann, "ketamine"), 1);
    set_edge(s, EDGE_MUTE, s->ann, s->cat.v);
    assert_int_equal(finds(s, s->ann, "ketamine"), 0);
    drop_edge(s, EDGE_MUTE, s->ann, s->cat.v);
    set_edge(s, EDGE_BLOCK, s->cat, s->ann.v);
    assert_int_equal(finds(s, s->ann, "ketamine"), 0);
    assert_int_equal(finds(s, s->ann, "propofol"), 1);
    struct txn *txn = store_write(&s->node.store);
    assert_int_equal(domain_block_add(txn, s->ann, "peer.example"), OK);
    store_commit(&txn);
    assert_int_equal(finds(s, s->ann, "propofol"), 0);
}

static void suspend(Actor *actor, void *context)
{
    (void)context;
    actor->suspended_ms = 1;
}

static void who_is_suspended_is_not_found(void **state)
{
    struct scene *s = *state;
    says(s, s->cat, VISIBILITY__PUBLIC, "<p>insulin</p>");
    scene_change_actor(s, s->cat, suspend, NULL);
    assert_int_equal(finds(s, s->ann, "insulin"), 0);
}

/* ---- what is written ---- */

static void every_part_of_a_post_is_found_and_an_edit_moves_it(void **state)
{
    struct scene *s = *state;
    post_id id = write_post(
        s, &(struct written){
               .author = s->ann, .html = "<p>before</p>", .summary = "warning", .has_poll = true});
    assert_int_equal(finds(s, s->cat, "before"), 1);
    assert_int_equal(finds(s, s->cat, "WARNING haemodialysis"), 1);
    AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)1 << 20);
    struct txn *txn = store_write(&s->node.store);
    Post *post;
    assert_int_equal(post_get(txn, id, &arena, &post), OK);
    post->content_html = (char *)"<p>afterwards</p>";
    post->updated_ms = 0;
    assert_int_equal(post_edit(txn, post, BUILD_NOW_MS + 2000000), OK);
    store_commit(&txn);
    assert_int_equal(finds(s, s->cat, "before"), 0);
    assert_int_equal(finds(s, s->cat, "afterwards"), 1);
    txn = store_write(&s->node.store);
    assert_int_equal(post_delete(txn, id, BUILD_NOW_MS + 3000000), OK);
    store_commit(&txn);
    assert_int_equal(finds(s, s->cat, "afterwards"), 0);
    assert_int_equal(node_rows(&s->node, TABLE_WORD), 0);
}

static void words_phrases_and_what_must_not_be(void **state)
{
    struct scene *s = *state;
    says(s, s->ann, VISIBILITY__PUBLIC, "<p>The night shift begins late</p>");
    says(s, s->ann, VISIBILITY__PUBLIC, "<p>Shift the night table</p>");
    assert_int_equal(finds(s, s->cat, "shift night"), 2);
    assert_int_equal(finds(s, s->cat, "\"night shift\""), 1);
    assert_int_equal(finds(s, s->cat, "\"night shift"), 1);
    assert_int_equal(finds(s, s->cat, "night -table"), 1);
    assert_int_equal(finds(s, s->cat, "night -\"night shift\""), 1);
    assert_int_equal(finds(s, s->cat, "-table"), 0); /* that alone asks for nothing */
    assert_int_equal(finds(s, s->cat, "night absent"), 0);
    assert_int_equal(finds(s, s->cat, ""), 0);
    assert_int_equal(finds(s, s->cat, "\"\" - : \" "), 0);
}

static void operators_narrow(void **state)
{
    struct scene *s = *state;
    const int64_t day_ms = 86400000, nov22_ms = INT64_C(1795305600000); /* 2026-11-22 */
    clock_set(nov22_ms + 10 * day_ms);
    write_post(s, &(struct written){.author = s->ann,
                                    .html = "<p>rota <a href=\"https://a.example/\">a</a></p>",
                                    .at_ms = nov22_ms - 1 - 50 * day_ms * 7,
                                    .language = "de-CH"});
    write_post(s, &(struct written){.author = s->cat,
                                    .html = "<p>rota <a class=\"mention\" href=\"x\">@b</a></p>",
                                    .reply_to = "https://x.example/1",
                                    .is_sensitive = true,
                                    .language = "en",
                                    .has_poll = true,
                                    .at_ms = BUILD_NOW_MS});
    static const struct {
        const char *query;
        size_t wanted;
    } row[] = {
        {"rota", 2},
        {"rota from:ann", 1},
        {"from:@cat", 1},
        {"rota from:me", 0},
        {"rota -from:ann", 1},
        {"rota from:nobody", 0},
        {"rota has:link", 1},
        {"rota -has:link", 1},
        {"rota has:poll", 1},
        {"rota has:media", 0},
        {"rota is:reply", 1},
        {"rota is:sensitive", 1},
        {"language:de", 1},
        {"rota language:fr", 0},
        {"rota in:public", 2},
        {"rota in:library", 0},
        {"rota in:all", 2},
        {"rota before:2025", 1},
        {"rota after:2025-01-01", 1},
        {"rota during:2023", 1},
        {"rota during:2023-11", 1},
        {"rota during:2023-11-14", 1},
        {"rota during:2023-11-15", 0},
        {"rota before:1970-01-01", 0},
        {"rota nothing:known", 0},
        {"rota has:nothing", 0},
    };
    for (size_t i = 0; i < COUNT(row); i++)
        if (finds(s, s->bob.id, row[i].query) != row[i].wanted)
            fail_msg("%s: %zu", row[i].query, finds(s, s->bob.id, row[i].query));
    assert_int_equal(finds(s, s->ann, "rota in:library"), 1);
    assert_int_equal(finds(s, s->ann, "rota from:me"), 1);
}

static void pages_go_by_id_and_by_number(void **state)
{
    struct scene *s = *state;
    for (int i = 0; i < 7; i++)
        says(s, s->ann, VISIBILITY__PUBLIC, "<p>round</p>");
    struct posts_found all = search_for(s, s->cat, "round"), page;
    assert_int_equal(all.n, 7);
    for (size_t i = 1; i < all.n; i++)
        assert_true(all.id[i].v < all.id[i - 1].v);
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    struct post_search search = {.reader = s->cat, .text = "round", .limit = 3, .offset = 2};
    assert_int_equal(search_posts(&s->node.fed, txn, &search, &page), OK);
    assert_int_equal(page.n, 3);
    assert_true(page.id[0].v == all.id[2].v);
    search = (struct post_search){
        .reader = s->cat, .text = "round", .limit = 3, .page = {.before = all.id[2].v}};
    assert_int_equal(search_posts(&s->node.fed, txn, &search, &page), OK);
    assert_true(page.n == 3 && page.id[0].v == all.id[3].v);
    search.author = s->cat;
    assert_int_equal(search_posts(&s->node.fed, txn, &search, &page), OK);
    assert_int_equal(page.n, 0);
}

static void a_script_without_spaces_is_found_by_what_stands_inside(void **state)
{
    struct scene *s = *state;
    says(s, s->ann, VISIBILITY__PUBLIC, "<p>\xE4\xB8\x9C\xE4\xBA\xAC\xE9\x83\xBD\xE5\x8C\xBB</p>");
    assert_int_equal(finds(s, s->cat, "\xE4\xBA\xAC\xE9\x83\xBD"), 1);
    assert_int_equal(finds(s, s->cat, "\xE9\x83\xBD"), 1);
    assert_int_equal(finds(s, s->cat, "\xE4\xB8\x9C\xE9\x83\xBD"), 0);
}

/* ---- who ---- */

static size_t finds_actors(struct scene *s, actor_id reader, const char *text, actor_id first)
{
    AUTO(txn_end) struct txn *txn = store_read(&s->node.store);
    AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)4 << 20);
    struct actor_search search = {.reader = reader, .text = text, .limit = 20};
    struct actors_found found;
    assert_int_equal(search_actors(&s->node.fed, txn, &search, &arena, &found), OK);
    if (first.v)
        assert_true(found.n && found.item[0]->id == first.v);
    return found.n;
}

static void name_it(Actor *actor, void *context)
{
    actor->display_name = context;
}

static void actors_are_found_by_the_beginnings_of_their_names(void **state)
{
    struct scene *s = *state;
    scene_change_actor(s, s->bob.id, name_it, (void *)"Dr. Catherine Müller");
    assert_int_equal(finds_actors(s, s->ann, "cat", s->cat), 2); /* whose name it is comes first */
    assert_int_equal(finds_actors(s, s->ann, "ca", s->cat), 2);  /* then ours */
    assert_int_equal(finds_actors(s, s->ann, "mul cath", s->bob.id), 1);
    assert_int_equal(finds_actors(s, s->ann, "bob@peer", s->bob.id), 1);
    assert_int_equal(finds_actors(s, s->ann, "@bob@peer.example", s->bob.id), 1);
    assert_int_equal(finds_actors(s, s->ann, "cat@" STORE_HOST, s->cat), 1);
    assert_int_equal(finds_actors(s, s->ann, BOB, s->bob.id), 1);
    assert_int_equal(finds_actors(s, s->ann, "https://peer.example/users/nobody", (actor_id){0}),
                     0);
    assert_int_equal(finds_actors(s, s->ann, "atherine", (actor_id){0}), 0);
    assert_int_equal(finds_actors(s, s->ann, "", (actor_id){0}), 0);
    scene_follow(s, s->ann, s->bob.id);
    assert_int_equal(finds_actors(s, s->ann, "ca", s->bob.id),
                     2); /* whom one follows before ours */
}

static void who_changes_their_name_is_found_by_the_new_one(void **state)
{
    struct scene *s = *state;
    scene_change_actor(s, s->bob.id, name_it, (void *)"Old Name");
    assert_int_equal(finds_actors(s, s->ann, "old", s->bob.id), 1);
    scene_change_actor(s, s->bob.id, name_it, (void *)"New Name");
    assert_int_equal(finds_actors(s, s->ann, "old", (actor_id){0}), 0);
    assert_int_equal(finds_actors(s, s->ann, "new", s->bob.id), 1);
}

static void who_is_suspended_or_gone_is_nobody_and_who_is_blocked_is_found(void **state)
{
    struct scene *s = *state;
    set_edge(s, EDGE_BLOCK, s->ann, s->cat.v);
    assert_int_equal(finds_actors(s, s->ann, "cat", s->cat), 1);
    scene_change_actor(s, s->bob.id, suspend, NULL);
    assert_int_equal(finds_actors(s, s->ann, "bob", (actor_id){0}), 0);
    struct txn *txn = store_write(&s->node.store);
    assert_int_equal(account_del(txn, s->cat, BUILD_NOW_MS), OK);
    store_commit(&txn);
    assert_int_equal(finds_actors(s, s->ann, "cat", (actor_id){0}), 0);
}

static void an_address_is_told_from_words(void **state)
{
    (void)state;
    static const char *const addresses[] = {"ann@host.example", "https://a.example/1",
                                            "http://a.example"};
    static const char *const words[] = {
        "ann", "@ann", "ann@", "ann @ host", "", "https", "look https://a.example"};
    for (size_t i = 0; i < COUNT(addresses); i++)
        assert_true(search_is_address(addresses[i]));
    for (size_t i = 0; i < COUNT(words); i++)
        assert_false(search_is_address(words[i]));
}

static void a_question_has_bounds(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT((size_t)1 << 20);
    struct search_query query;
    char many[4 * SEARCH_TERMS_MAX];
    for (size_t i = 0; i < sizeof many - 1; i++)
        many[i] = i % 2 ? ' ' : 'a';
    many[sizeof many - 1] = '\0';
    assert_int_equal(search_query_parse(many, &arena, &query), ERR_LIMIT);
    assert_int_equal(search_query_parse("before:2026-13-01", &arena, &query), OK);
    assert_int_equal(query.n, 1);
    assert_int_equal(query.term[0].kind, SEARCH_WORDS);
    assert_true(query.until_ms == INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(what_is_written_here_is_found_by_who_may_read_it),
        SCENE(t66_a_restricted_post_is_found_only_by_who_may_read_it),
        SCENE(of_strangers_only_what_they_let_be_found),
        SCENE(what_one_liked_is_found_again),
        SCENE(a_block_a_mute_and_a_blocked_domain_take_effect_at_once),
        SCENE(who_is_suspended_is_not_found),
        SCENE(every_part_of_a_post_is_found_and_an_edit_moves_it),
        SCENE(words_phrases_and_what_must_not_be),
        SCENE(operators_narrow),
        SCENE(pages_go_by_id_and_by_number),
        SCENE(a_script_without_spaces_is_found_by_what_stands_inside),
        SCENE(actors_are_found_by_the_beginnings_of_their_names),
        SCENE(who_changes_their_name_is_found_by_the_new_one),
        SCENE(who_is_suspended_or_gone_is_nobody_and_who_is_blocked_is_found),
        cmocka_unit_test(an_address_is_told_from_words),
        cmocka_unit_test(a_question_has_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
