#include "storage/list.h"

#include "storage/account.h"
#include "storage/check.h"
#include "storage/edge.h"
#include "storage/event.h"
#include "storage/filter.h"
#include "tests/support/builders.h"
#include "tests/support/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct scene {
    struct store store;
    struct txn *txn;
    struct arena arena;
    actor_id ann, bob, eve;
};

static int open_scene(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    Actor actor = ACTOR__INIT;
    Account account = ACCOUNT__INIT;
    PrivateKeys keys = PRIVATE_KEYS__INIT;
    Edge edge = EDGE__INIT;
    s->arena = (struct arena)ARENA_INIT(1 << 20);
    s->store = store_open();
    s->txn = store_write(&s->store);
    actor.uri = (char *)"https://ward.example/users/ann";
    actor.username = account.name = (char *)"ann";
    assert_int_equal(account_add(s->txn, &actor, &account, &keys, BUILD_NOW_MS), OK);
    s->ann.v = actor.id;
    s->bob = build_actor(s->txn, "bob", "peer.example");
    s->eve = build_actor(s->txn, "eve", "peer.example");
    assert_int_equal(edge_add(s->txn, (struct edge_key){EDGE_FOLLOW, s->ann.v, s->bob.v}, &edge),
                     OK);
    *state = s;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *s = *state;
    struct check_report report;
    store_commit(&s->txn);
    assert_int_equal(check_store(s->store.engine, NULL, NULL, &report), OK);
    assert_int_equal(report.wrong, 0);
    arena_clear(&s->arena);
    store_close(&s->store);
    free(s);
    return 0;
}

static uint64_t add_list(struct scene *s, const char *title)
{
    List list = LIST__INIT;
    list.owner = s->ann.v;
    list.title = (char *)title;
    assert_int_equal(list_add(s->txn, &list, BUILD_NOW_MS), OK);
    return list.id;
}

static void a_list_has_those_its_owner_follows_and_the_owner(void **state)
{
    struct scene *s = *state;
    uint64_t list = add_list(s, "Night shift");
    assert_int_equal(list_member_add(s->txn, s->ann, list, s->bob, 1), OK);
    assert_int_equal(list_member_add(s->txn, s->ann, list, s->ann, 1), OK);
    assert_int_equal(list_member_add(s->txn, s->ann, list, s->bob, 1), ERR_EXISTS);
    assert_int_equal(list_member_add(s->txn, s->ann, list, s->eve, 1), ERR_DENIED);
    assert_int_equal(list_member_add(s->txn, s->bob, list, s->bob, 1), ERR_NOTFOUND);
    actor_id member = {0};
    assert_int_equal(list_member_next(s->txn, list, &member), OK);
    assert_int_equal(list_member_next(s->txn, list, &member), OK);
    assert_int_equal(list_member_next(s->txn, list, &member), ERR_NOTFOUND);
    assert_int_equal(list_member_del(s->txn, list, s->bob), OK);
    assert_int_equal(list_member_del(s->txn, list, s->bob), ERR_NOTFOUND);
}

static void who_is_unfollowed_leaves_every_list(void **state)
{
    struct scene *s = *state;
    uint64_t first = add_list(s, "one"), second = add_list(s, "two");
    assert_int_equal(list_member_add(s->txn, s->ann, first, s->bob, 1), OK);
    assert_int_equal(list_member_add(s->txn, s->ann, second, s->bob, 1), OK);
    assert_int_equal(edge_del(s->txn, (struct edge_key){EDGE_FOLLOW, s->ann.v, s->bob.v}), OK);
    assert_false(list_has(s->txn, first, s->bob));
    assert_false(list_has(s->txn, second, s->bob));
}

static void a_deleted_list_leaves_nothing(void **state)
{
    struct scene *s = *state;
    uint64_t list = add_list(s, "one");
    List *found;
    assert_int_equal(list_member_add(s->txn, s->ann, list, s->bob, 1), OK);
    assert_int_equal(list_del(s->txn, s->bob, list), ERR_NOTFOUND);
    assert_int_equal(list_del(s->txn, s->ann, list), OK);
    assert_false(list_has(s->txn, list, s->bob));
    assert_int_equal(list_get(s->txn, s->ann, list, &s->arena, &found), ERR_NOTFOUND);
}

static void an_owner_has_so_many_lists(void **state)
{
    struct scene *s = *state;
    List list = LIST__INIT, *found;
    unsigned n = 0;
    for (int i = 0; i < LISTS_MAX; i++)
        (void)add_list(s, "list");
    list.owner = s->ann.v;
    list.title = (char *)"one too many";
    assert_int_equal(list_add(s->txn, &list, 1), ERR_LIMIT);
    for (uint64_t at = 0; list_next(s->txn, s->ann, at, &s->arena, &found) == OK; at = found->id)
        n++;
    assert_int_equal(n, LISTS_MAX);
    list.owner = s->bob.v;
    list.title = (char *)"";
    assert_int_equal(list_add(s->txn, &list, 1), ERR_INVALID);
}

static uint64_t add_filter(struct scene *s, const char *text)
{
    FilterKeyword keyword = FILTER_KEYWORD__INIT, *keywords[] = {&keyword};
    FilterPost post = FILTER_POST__INIT, *posts[] = {&post};
    Filter filter = FILTER__INIT;
    keyword.text = (char *)text;
    post.post = 77;
    filter.owner = s->ann.v;
    filter.title = (char *)"title";
    filter.contexts = FILTER_HOME;
    filter.keywords = keywords;
    filter.posts = posts;
    filter.n_keywords = filter.n_posts = 1;
    assert_int_equal(filter_add(s->txn, &filter, BUILD_NOW_MS), OK);
    return filter.id;
}

static void parts_of_a_filter_are_found_by_their_ids_by_the_owner_alone(void **state)
{
    struct scene *s = *state;
    (void)add_filter(s, "first");
    uint64_t id = add_filter(s, "second");
    Filter *filter, *found;
    size_t at;
    assert_int_equal(filter_get(s->txn, s->ann, id, &s->arena, &filter), OK);
    uint64_t keyword = filter->keywords[0]->id, entry = filter->posts[0]->id;
    assert_true(keyword && entry && keyword != entry);
    assert_int_equal(filter_find_keyword(s->txn, s->ann, keyword, &s->arena, &found, &at), OK);
    assert_string_equal(found->keywords[at]->text, "second");
    assert_int_equal(filter_find_post(s->txn, s->ann, entry, &s->arena, &found, &at), OK);
    assert_true(found->id == id);
    assert_int_equal(filter_find_keyword(s->txn, s->bob, keyword, &s->arena, &found, &at),
                     ERR_NOTFOUND);
    assert_int_equal(filter_find_post(s->txn, s->ann, keyword, &s->arena, &found, &at),
                     ERR_NOTFOUND);
}

static void a_filter_says_what_and_where(void **state)
{
    struct scene *s = *state;
    Filter *filter;
    assert_int_equal(filter_get(s->txn, s->ann, add_filter(s, "word"), &s->arena, &filter), OK);
    filter->contexts = 0;
    assert_int_equal(filter_put(s->txn, filter, 1), ERR_INVALID);
    filter->contexts = FILTER_HOME;
    filter->keywords[0]->text = (char *)"";
    assert_int_equal(filter_put(s->txn, filter, 1), ERR_INVALID);
    char *text = arena_alloc(&s->arena, FILTER_KEYWORD_MAX_BYTES + 2);
    memset(text, 'a', FILTER_KEYWORD_MAX_BYTES + 1);
    filter->keywords[0]->text = text;
    assert_int_equal(filter_put(s->txn, filter, 1), ERR_LIMIT);
}

static void clients_are_told_when_filters_change(void **state)
{
    struct scene *s = *state;
    uint64_t before = 0, id;
    Event *event;
    assert_int_equal(event_last(s->txn, &before), OK);
    id = add_filter(s, "word");
    assert_int_equal(event_next(s->txn, before, &s->arena, &event), OK);
    assert_int_equal(event->kind, EVENT_KIND__EVENT_FILTERS);
    assert_true(event->owner == s->ann.v);
    before = event->seq;
    assert_int_equal(filter_del(s->txn, s->ann, id, BUILD_NOW_MS), OK);
    assert_int_equal(event_next(s->txn, before, &s->arena, &event), OK);
}

static void an_account_that_goes_takes_lists_and_filters_along(void **state)
{
    struct scene *s = *state;
    uint64_t list = add_list(s, "one"), filter = add_filter(s, "word");
    List *found;
    Filter *found_filter;
    assert_int_equal(list_member_add(s->txn, s->ann, list, s->bob, 1), OK);
    assert_int_equal(account_del(s->txn, s->ann, BUILD_NOW_MS), OK);
    assert_int_equal(list_get(s->txn, s->ann, list, &s->arena, &found), ERR_NOTFOUND);
    assert_int_equal(filter_get(s->txn, s->ann, filter, &s->arena, &found_filter), ERR_NOTFOUND);
    assert_false(list_has(s->txn, list, s->bob));
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(a_list_has_those_its_owner_follows_and_the_owner),
        SCENE(who_is_unfollowed_leaves_every_list),
        SCENE(a_deleted_list_leaves_nothing),
        SCENE(an_owner_has_so_many_lists),
        SCENE(parts_of_a_filter_are_found_by_their_ids_by_the_owner_alone),
        SCENE(a_filter_says_what_and_where),
        SCENE(clients_are_told_when_filters_change),
        SCENE(an_account_that_goes_takes_lists_and_filters_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
