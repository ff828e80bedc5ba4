#include "storage/quote.h"

#include "storage/check.h"
#include "storage/consent.h"
#include "storage/post.h"
#include "storage/stream.h"
#include "tests/support/builders.h"
#include "tests/support/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define QUOTED "https://ward.example/p/1"
#define QUOTING "https://peer.example/q/1"
#define STAMP "https://ward.example/users/alice/approvals/1"

struct world {
    struct store store;
    struct txn *txn;
    struct arena arena;
    actor_id alice, bob;
};

static int world_open(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    world->store = store_open();
    world->arena = (struct arena)ARENA_INIT(1 << 20);
    world->txn = store_write(&world->store);
    world->alice = build_actor(world->txn, "alice", "");
    world->bob = build_actor(world->txn, "bob", "peer.example");
    *state = world;
    return 0;
}

static void complain(void *context, const char *table, const char *key, const char *what)
{
    (void)context;
    print_error("%s %s: %s\n", table, key, what);
}

static int world_close(void **state)
{
    struct world *world = *state;
    struct check_report report;
    store_commit(&world->txn);
    assert_int_equal(check_store(world->store.engine, complain, NULL, &report), OK);
    assert_int_equal(report.wrong, 0);
    arena_clear(&world->arena);
    store_close(&world->store);
    free(world);
    return 0;
}

static post_id quoted(struct world *world)
{
    return build_post(world->txn, &(struct build_post){.uri = QUOTED, .author = world->alice});
}

static post_id quoting(struct world *world)
{
    Post post = POST__INIT;
    post.uri = (char *)QUOTING;
    post.author = world->bob.v;
    post.quote_uri = (char *)QUOTED;
    post.quote_approval = APPROVAL__ASKED;
    assert_int_equal(post_add(world->txn, &post, BUILD_NOW_MS), OK);
    return (post_id){post.id};
}

static Post *stored(struct world *world, post_id id)
{
    Post *post;
    assert_int_equal(post_get(world->txn, id, &world->arena, &post), OK);
    return post;
}

static bool in_quotes_of(struct world *world, post_id of, post_id post)
{
    return stream_has(world->txn, (struct stream_key){STREAM_QUOTE, of.v}, post);
}

static void a_quote_finds_its_post_in_either_order(void **state)
{
    struct world *world = *state;
    post_id target = quoted(world), quote = quoting(world);
    assert_true(stored(world, quote)->quote_of == target.v);
    assert_true(in_quotes_of(world, target, quote));
    assert_int_equal(post_delete(world->txn, quote, BUILD_NOW_MS), OK);
    assert_false(in_quotes_of(world, target, quote));
}

static void a_quote_waits_for_a_post_that_comes_later(void **state)
{
    struct world *world = *state;
    post_id quote = quoting(world);
    assert_true(quote_is_waiting(stored(world, quote)));
    post_id target = quoted(world);
    assert_true(stored(world, quote)->quote_of == target.v);
    assert_true(in_quotes_of(world, target, quote));
}

static void a_quote_outlives_what_it_quotes(void **state)
{
    struct world *world = *state;
    post_id target = quoted(world), quote = quoting(world);
    assert_int_equal(post_delete(world->txn, target, BUILD_NOW_MS), OK);
    assert_true(quote_is_waiting(stored(world, quote)));
    assert_false(in_quotes_of(world, target, quote));
    assert_int_equal(post_delete(world->txn, quote, BUILD_NOW_MS), OK);
}

static void a_post_that_quotes_itself_quotes_nothing(void **state)
{
    struct world *world = *state;
    Post post = POST__INIT;
    post.uri = post.quote_uri = (char *)QUOTING;
    post.author = world->bob.v;
    assert_int_equal(post_add(world->txn, &post, BUILD_NOW_MS), OK);
    assert_true(stored(world, (post_id){post.id})->quote_of == 0);
}

static void an_authorization_finds_the_posts_that_carry_it(void **state)
{
    struct world *world = *state;
    post_id quote = quoting(world), at = {0};
    Post change = *stored(world, quote);
    assert_int_equal(authorized_next(world->txn, STAMP, &at), ERR_NOTFOUND);
    change.quote_approval = APPROVAL__APPROVED;
    change.quote_approval_uri = (char *)STAMP;
    change.content_html = (char *)"never";
    assert_int_equal(post_set_consent(world->txn, &change), OK);
    assert_string_equal(stored(world, quote)->content_html, "");
    at.v = 0;
    assert_int_equal(authorized_next(world->txn, STAMP, &at), OK);
    assert_true(at.v == quote.v);
    assert_int_equal(authorized_next(world->txn, STAMP, &at), ERR_NOTFOUND);
    change.quote_approval_uri = (char *)"";
    assert_int_equal(post_set_consent(world->txn, &change), OK);
    at.v = 0;
    assert_int_equal(authorized_next(world->txn, STAMP, &at), ERR_NOTFOUND);
}

static void an_edit_keeps_what_was_agreed(void **state)
{
    struct world *world = *state;
    post_id target = quoted(world), quote = quoting(world);
    Post edit = *stored(world, quote);
    edit.quote_of = 0;
    edit.quote_uri = (char *)"https://elsewhere.example/1";
    edit.quote_approval = APPROVAL__APPROVED;
    edit.updated_ms = BUILD_NOW_MS + 1;
    assert_int_equal(post_edit(world->txn, &edit, BUILD_NOW_MS + 1), OK);
    assert_true(stored(world, quote)->quote_of == target.v);
    assert_int_equal(stored(world, quote)->quote_approval, APPROVAL__ASKED);
}

static void a_consent_is_one_and_goes_with_its_post(void **state)
{
    struct world *world = *state;
    post_id target = quoted(world);
    Consent consent = CONSENT__INIT, *found;
    consent.owner = world->alice.v;
    consent.kind = CONSENT_QUOTE;
    consent.target = target.v;
    consent.who = world->bob.v;
    consent.object = (char *)QUOTING;
    consent.state = APPROVAL__ASKED;
    assert_int_equal(consent_put(world->txn, &consent, BUILD_NOW_MS), OK);
    Consent twice = consent;
    twice.id = 0;
    assert_int_equal(consent_put(world->txn, &twice, BUILD_NOW_MS), ERR_EXISTS);
    consent.state = APPROVAL__APPROVED;
    assert_int_equal(consent_put(world->txn, &consent, BUILD_NOW_MS), OK);
    assert_int_equal(
        consent_find(world->txn, target, CONSENT_QUOTE, QUOTING, &world->arena, &found), OK);
    assert_int_equal(found->state, APPROVAL__APPROVED);
    assert_int_equal(
        consent_find(world->txn, target, CONSENT_REPLY, QUOTING, &world->arena, &found),
        ERR_NOTFOUND);
    assert_int_equal(consent_next(world->txn, world->alice, UINT64_MAX, &world->arena, &found), OK);
    assert_int_equal(consent_next(world->txn, world->alice, found->id, &world->arena, &found),
                     ERR_NOTFOUND);
    assert_int_equal(post_delete(world->txn, target, BUILD_NOW_MS), OK);
    assert_int_equal(consent_get(world->txn, world->alice, consent.id, &world->arena, &found),
                     ERR_NOTFOUND);
    consent.id = 0;
    assert_int_equal(consent_put(world->txn, &consent, BUILD_NOW_MS), ERR_NOTFOUND);
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, world_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(a_quote_finds_its_post_in_either_order),
        IN_A_WORLD(a_quote_waits_for_a_post_that_comes_later),
        IN_A_WORLD(a_quote_outlives_what_it_quotes),
        IN_A_WORLD(a_post_that_quotes_itself_quotes_nothing),
        IN_A_WORLD(an_authorization_finds_the_posts_that_carry_it),
        IN_A_WORLD(an_edit_keeps_what_was_agreed),
        IN_A_WORLD(a_consent_is_one_and_goes_with_its_post),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
