#include "node/http/mediatype.h"
#include "node/http/router.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct route table[] = {
    {.method = "GET", .pattern = "/"},
    {.method = "GET", .pattern = "/users/{name}"},
    {.method = "GET", .pattern = "/users/self"},
    {.method = "POST", .pattern = "/users/{name}/inbox", .types = mediatype_activity},
    {.method = "POST", .pattern = "/users/{name}"},
    {.method = "DELETE", .pattern = "/users/{name}"},
    {.method = "GET", .pattern = "/@{name}/{id}"},
    {.method = "GET", .pattern = "/files/{path*}"},
    {.method = "PUT", .pattern = "/media", .body_max_bytes = 99},
};

static struct arena arena = ARENA_INIT(1 << 16);
static struct route_match match;
static char allow[ROUTE_ALLOW_BYTES];

static enum err look_up(const char *method, const char *target)
{
    arena_clear(&arena);
    return router_match(table, COUNT(table), bytes_of(method), target_path(target), &arena, &match,
                        allow);
}

static void a_path_finds_its_route(void **state)
{
    (void)state;
    assert_int_equal(look_up("GET", "/users/alice?page=1"), OK);
    assert_ptr_equal(match.route, &table[1]);
    assert_int_equal(match.n_params, 1);
    assert_string_equal(match.params[0].value, "alice");
    assert_int_equal(look_up("GET", "/"), OK);
    assert_ptr_equal(match.route, &table[0]);
    assert_int_equal(look_up("HEAD", "/"), OK);
    assert_ptr_equal(match.route, &table[0]);
}

static void a_literal_beats_a_placeholder(void **state)
{
    (void)state;
    assert_int_equal(look_up("GET", "/users/self"), OK);
    assert_ptr_equal(match.route, &table[2]);
    assert_int_equal(look_up("POST", "/users/self"), OK);
    assert_ptr_equal(match.route, &table[4]);
}

static void segments_are_decoded_once(void **state)
{
    (void)state;
    assert_int_equal(look_up("GET", "/users/al%69ce%2Fx"), OK);
    assert_string_equal(match.params[0].value, "alice/x");
    assert_int_equal(look_up("GET", "/users/%252e%252e"), OK);
    assert_string_equal(match.params[0].value, "%2e%2e");
    assert_int_equal(look_up("POST", "/users/a/%69nbox"), OK);
    assert_int_equal(look_up("GET", "/users/a+b"), OK);
    assert_string_equal(match.params[0].value, "a+b");
}

static void a_prefix_and_a_rest_are_placeholders_too(void **state)
{
    (void)state;
    assert_int_equal(look_up("GET", "/@alice/17"), OK);
    assert_int_equal(match.n_params, 2);
    assert_string_equal(match.params[0].value, "alice");
    assert_string_equal(match.params[1].value, "17");
    assert_int_equal(look_up("GET", "/@/17"), ERR_NOTFOUND);
    assert_int_equal(look_up("GET", "/files/a/b/c"), OK);
    assert_string_equal(match.params[0].value, "a/b/c");
    assert_int_equal(look_up("GET", "/files/"), ERR_NOTFOUND);
}

static void unknown_paths_are_not_found(void **state)
{
    (void)state;
    static const char *const unknown[] = {
        "/x", "/users", "/users/", "/users/a/b", "/users/alice/", "/USERS/a", "/users/a/inbox/x"};
    for (size_t i = 0; i < COUNT(unknown); i++)
        assert_int_equal(look_up("GET", unknown[i]), ERR_NOTFOUND);
}

static void t07_a_wrong_method_is_told_the_right_ones(void **state)
{
    (void)state;
    static const char *const wrong[] = {"PUT", "get", "BREW", "", "GETGET"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_int_equal(look_up(wrong[i], "/users/alice"), ERR_DENIED);
        assert_string_equal(allow, "GET, HEAD, POST, DELETE");
    }
    assert_int_equal(look_up("GET", "/users/alice/inbox"), ERR_DENIED);
    assert_string_equal(allow, "POST");
}

static void bodies_have_a_limit_by_route(void **state)
{
    (void)state;
    assert_int_equal(route_body_max(&table[0]), 0);
    assert_int_equal(route_body_max(&table[3]), ROUTE_BODY_DEFAULT_MAX_BYTES);
    assert_int_equal(route_body_max(&table[8]), 99);
}

static void t09_an_inbox_takes_the_two_activity_types(void **state)
{
    (void)state;
    const struct route *inbox = &table[3];
    static const char *const good[] = {
        "application/activity+json",
        "APPLICATION/Activity+JSON",
        "application/activity+json; charset=utf-8",
        "application/activity+json;charset=\"utf-8\" ; x=\"a;b\\\"c\"",
        "application/activity+json; profile=\"https://www.w3.org/ns/activitystreams\"",
        "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"",
        "application/ld+json;profile=\"https://www.w3.org/ns/activitystreams\"; charset=utf-8",
        ("application/ld+json; charset=utf-8; "
         "profile=\"http://x/ https://www.w3.org/ns/activitystreams\""),
    };
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(route_takes_type(inbox, good[i]));
    static const char *const bad[] = {
        "text/html",
        "application/json",
        "application/ld+json",
        "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams2\"",
        "application/ld+json; profile=https://www.w3.org/ns/activitystreams",
        ("application/ld+json; profile=\"a\"; "
         "profile=\"https://www.w3.org/ns/activitystreams\""),
        "text/plain; x=application/activity+json",
        "application/activity+jsonx",
        "xapplication/activity+json",
        "application/activity+json, text/html",
        "application/activity+json charset=utf-8",
        "application/activity+json; charset",
        "application/activity+json; charset=",
        "application/activity+json; x=\"open",
        "application/activity+json; x=\"open\\",
        "application/",
        "/",
        "",
    };
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(route_takes_type(inbox, bad[i]));
    assert_false(route_takes_type(inbox, NULL));
    assert_true(route_takes_type(&table[0], NULL));
}

static void queries_are_read_pair_by_pair(void **state)
{
    (void)state;
    arena_clear(&arena);
    struct bytes rest = target_query("/x?a=1&&b=%20+c&d&=e&a=2");
    static const char *const wanted[][2] = {
        {"a", "1"}, {"b", "  c"}, {"d", ""}, {"", "e"}, {"a", "2"}};
    const char *name, *value;
    for (size_t i = 0; i < COUNT(wanted); i++) {
        assert_int_equal(query_next(&rest, &arena, &name, &value), OK);
        assert_string_equal(name, wanted[i][0]);
        assert_string_equal(value, wanted[i][1]);
    }
    assert_int_equal(query_next(&rest, &arena, &name, &value), ERR_NOTFOUND);
    rest = target_query("/x");
    assert_int_equal(query_next(&rest, &arena, &name, &value), ERR_NOTFOUND);
    rest = bytes_of("a=%0");
    assert_int_equal(query_next(&rest, &arena, &name, &value), ERR_INVALID);
    rest = bytes_of("a=%00");
    assert_int_equal(query_next(&rest, &arena, &name, &value), ERR_INVALID);
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_finds_its_route),
        cmocka_unit_test(a_literal_beats_a_placeholder),
        cmocka_unit_test(segments_are_decoded_once),
        cmocka_unit_test(a_prefix_and_a_rest_are_placeholders_too),
        cmocka_unit_test(unknown_paths_are_not_found),
        cmocka_unit_test(t07_a_wrong_method_is_told_the_right_ones),
        cmocka_unit_test(bodies_have_a_limit_by_route),
        cmocka_unit_test(t09_an_inbox_takes_the_two_activity_types),
        cmocka_unit_test(queries_are_read_pair_by_pair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
