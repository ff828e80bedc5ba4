#include "federation/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *host_of(const char *text)
{
    static char host[URI_HOST_BYTES];
    return uri_host(text, host) ? "(refused)" : host;
}

static const char *canonical(const char *text)
{
    static char host[URI_HOST_BYTES];
    return uri_host_canonical(text, host) ? "(refused)" : host;
}

static void a_uri_comes_apart(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    struct uri uri;
    assert_int_equal(uri_split("https://Node.Example:8443/users/a?b=c#main-key", URI_HTTPS_ONLY,
                               &arena, &uri, NULL),
                     OK);
    assert_true(uri.is_https);
    assert_int_equal(uri.port, 8443);
    assert_string_equal(uri.name, "node.example");
    assert_string_equal(uri.host, "node.example:8443");
    assert_string_equal(uri.target, "/users/a?b=c");
    assert_string_equal(uri.fragment, "main-key");

    assert_int_equal(uri_split("HTTPS://a.example", URI_HTTPS_ONLY, &arena, &uri, NULL), OK);
    assert_string_equal(uri.target, "/");
    assert_int_equal(uri.port, 443);
    assert_null(uri.fragment);
    assert_int_equal(uri_split("https://a.example?x", URI_HTTPS_ONLY, &arena, &uri, NULL), OK);
    assert_string_equal(uri.target, "/?x");
    assert_int_equal(uri_split("https://a.example/\xc3\xbc?|", URI_HTTPS_ONLY, &arena, &uri, NULL),
                     OK);
    assert_string_equal(uri.target, "/%C3%BC?%7C");
}

static void t36_one_host_has_one_name(void **state)
{
    (void)state;
    static const struct {
        const char *uri, *host;
    } same[] = {
        {"https://b\xc3\xbc"
         "cher.example/",
         "xn--bcher-kva.example"},
        {"https://BU\xcc\x88"
         "CHER.Example/",
         "xn--bcher-kva.example"}, /* decomposed, upper case */
        {"https://xn--BCHER-kva.example./", "xn--bcher-kva.example"},
        {"https://a.example:443/", "a.example"},
        {"http://a.example:80/", "a.example"},
        {"https://a.example:80/", "a.example:80"},
        {"https://a.example:0443/", "a.example"},
        {"https://\xef\xbc\xa1.example/", "a.example"}, /* full-width A */
        {"https://[0:0::1]:8443/", "[::1]:8443"},
        {"https://[2001:DB8::A]/", "[2001:db8::a]"},
        {"https://127.0.0.1:8443/", "127.0.0.1:8443"},
        {"https://localhost/", "localhost"},
        {"https://_dmarc.a-b.example/", "_dmarc.a-b.example"},
    };
    for (size_t i = 0; i < COUNT(same); i++)
        assert_string_equal(host_of(same[i].uri), same[i].host);
    assert_true(uri_same_host("https://A.example/x", "https://a.example.:443/y"));
    assert_false(uri_same_host("https://a.example/", "http://a.example/"));
    assert_false(uri_same_host("https://a.example/", "https://a.example:8443/"));
    assert_false(uri_same_host("https://a.example/", "https://b.a.example/"));
    assert_false(uri_same_host("nonsense", "nonsense"));
    /* A look-alike is another peer: Cyrillic a. */
    assert_string_equal(host_of("https://\xd0\xb0.example/"), "xn--80a.example");
}

/* Samples of RFC 3492 §7.1 whose letters are in lower case, and two short ones. */
static void punycode_is_as_in_the_rfc(void **state)
{
    (void)state;
    static const struct {
        const char *label, *encoded;
    } sample[] = {
        {"\xd9\x84\xd9\x8a\xd9\x87\xd9\x85\xd8\xa7\xd8\xa8\xd8\xaa\xd9\x83\xd9\x84\xd9\x85\xd9\x88"
         "\xd8\xb4\xd8\xb9\xd8\xb1\xd8\xa8\xd9\x8a\xd8\x9f",
         NULL}, /* (A) ends in a question mark: no letter, refused */
        {"\xe4\xbb\x96\xe4\xbb\xac\xe4\xb8\xba\xe4\xbb\x80\xe4\xb9\x88\xe4\xb8\x8d\xe8\xaf\xb4\xe4"
         "\xb8\xad\xe6\x96\x87",
         "xn--ihqwcrb4cv8a8dqg056pqjye"}, /* (B) */
        {"\xe4\xbb\x96\xe5\x80\x91\xe7\x88\xb2\xe4\xbb\x80\xe9\xba\xbd\xe4\xb8\x8d\xe8\xaa\xaa\xe4"
         "\xb8\xad\xe6\x96\x87",
         "xn--ihqwctvzc91f659drss3x8bo0yb"}, /* (C) */
        {"3\xe5\xb9\xb4"
         "b\xe7\xb5\x84\xe9\x87\x91\xe5\x85\xab\xe5\x85\x88\xe7\x94\x9f",
         "xn--3b-ww4c5e180e575a65lsy2b"}, /* (L) */
        {"\xd8\xb4\xd8\xb1\xd9\x83\xd8\xa9", "xn--ogbpi5d"},
        {"fa\xc3\x9f", "xn--fa-hia"}, /* deviation character kept, as IDNA2008 says */
    };
    for (size_t i = 0; i < COUNT(sample); i++) {
        char uri[512], expected[128];
        snprintf(uri, sizeof uri, "https://%s.example/", sample[i].label);
        snprintf(expected, sizeof expected, "%s.example", sample[i].encoded);
        assert_string_equal(host_of(uri), sample[i].encoded ? expected : "(refused)");
    }
}

static void t49_an_address_has_one_spelling(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "https://127.1/",       "https://2130706433/", "https://0x7f000001/",
        "https://0x7f.0.0.1/",  "https://0177.0.0.1/", "https://0/",
        "https://127.0.0.1.1/", "https://1.2.3.256/",  "https://a.0x/",
        "https://[::1/",        "https://[::1]x/",     "https://[::1%25eth0]/",
        "https://[1.2.3.4]/",   "https://[]/",         "https://::1/",
    };
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_string_equal(host_of(bad[i]), "(refused)");
    /* Circled digits become ordinary ones: what is connected to is what is checked. */
    assert_string_equal(host_of("https://\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.0.0.1/"),
                        "127.0.0.1");
}

static void t52_what_parsers_disagree_on_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "a.example",
        "//a.example/",
        "https:a.example/",
        "https:/a.example/",
        "https:///a",
        "https://",
        "file:///etc/passwd",
        "gopher://a.example/",
        "ftp://a.example/",
        "data:text/plain,x",
        "javascript:alert(1)",
        "https://user@a.example/",
        "https://user:pass@a.example/",
        "https://a.example@b.example/",
        "https://a.example\\@b.example/",
        "https://a.example/\\x",
        "https://a.example/ x",
        "https://a.example/\r\nHost: b",
        "https://a.example/\tx",
        "https://a.example/\x7f",
        "https://a.example/\xc2\x85",
        "https://a.example/\xff",
        "https://a.example/\"",
        "https://a.example/<b>",
        "https://a.example/%",
        "https://a.example/%4",
        "https://a.example/%zz",
        "https://a%2eexample/",
        "https://a.example:/",
        "https://a.example:0/",
        "https://a.example:65536/",
        "https://a.example:123456/",
        "https://a.example:+1/",
        "https://a.example:1:2/",
        "https://.example/",
        "https://a..example/",
        "https://a.example../",
        "https://./",
        "https://-a.example/",
        "https://a-.example/",
        "https://a!.example/",
        "https://a,b.example/",
        "https://a\xe2\x80\x8d.example/", /* zero width joiner */
        "https://\xcc\x81"
        "a.example/", /* starts with a mark */
        "https://a\xe3\x80\x82"
        "example.b/",                     /* ideographic full stop: some split there */
        "https://a\xe2\x84\x80.example/", /* "a/c" in one character: a slash after NFKC */
        "https://ab--\xc3\xbc.example/",
        "https://a.example/x/../y",
        "https://a.example/./y",
        "https://a.example/%2E%2e/y",
        "https://a.example/..",
        " https://a.example/",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct why why = {""};
        if (uri_check(bad[i], URI_HTTP_TOO, &why) != ERR_INVALID)
            fail_msg("taken: %s", bad[i]);
        assert_string_not_equal(why.text, "");
    }
    struct why why;
    assert_int_equal(uri_check("https://user@a.example/", URI_HTTPS_ONLY, &why), ERR_INVALID);
    assert_string_equal(why.text, "URI has userinfo");
    assert_int_equal(uri_check("http://a.example/", URI_HTTPS_ONLY, NULL), ERR_INVALID);
    assert_int_equal(uri_check("http://a.example/", URI_HTTP_TOO, NULL), OK);
}

static void odd_but_good_ids_are_taken(void **state)
{
    (void)state;
    static const char *const good[] = {
        "https://a.example/users/x#likes/2",
        "https://a.example/?c=148",
        "https://a.example",
        "https://a.example/@x",
        "https://a.example/~x/",
        "https://a.example/a:b",
        "https://a.example/...",
        "https://a.example//x",
        "https://a.example/%E2%82%AC",
        "https://a.example/\xe2\x82\xac",
        "https://a.example/x?y=../z",
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        if (uri_check(good[i], URI_HTTPS_ONLY, NULL) != OK)
            fail_msg("refused: %s", good[i]);
    }
}

static void t89_a_uri_is_bounded_at_2048_bytes(void **state)
{
    (void)state;
    static const size_t good[] = {511, 512, URI_MAX_BYTES};
    char uri[URI_MAX_BYTES + 2] = "https://a.example/";
    memset(uri + strlen(uri), 'x', sizeof uri - strlen(uri));
    for (size_t i = 0; i < COUNT(good); i++) {
        char cut[sizeof uri];
        memcpy(cut, uri, good[i]);
        cut[good[i]] = '\0';
        assert_int_equal(uri_check(cut, URI_HTTPS_ONLY, NULL), OK);
    }
    uri[URI_MAX_BYTES + 1] = '\0';
    assert_int_equal(strlen(uri), URI_MAX_BYTES + 1);
    assert_int_equal(uri_check(uri, URI_HTTPS_ONLY, NULL), ERR_INVALID);
}

static void a_host_name_is_bounded(void **state)
{
    (void)state;
    char uri[512] = "https://";
    for (int i = 0; i < 4; i++)
        strcat(uri, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.");
    char longest[512];
    snprintf(longest, sizeof longest, "%.*s/", 8 + 253, uri);
    assert_int_equal(uri_check(longest, URI_HTTPS_ONLY, NULL), OK);
    snprintf(longest, sizeof longest, "%.*s/", 8 + 254, uri);
    assert_int_equal(uri_check(longest, URI_HTTPS_ONLY, NULL), ERR_INVALID);
    /* A label of 64, and one that grows over 63 as an A-label. */
    assert_int_equal(
        uri_check("https://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                  "aaa.b/",
                  URI_HTTPS_ONLY, NULL),
        ERR_INVALID);
    assert_int_equal(
        uri_check("https://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xbc.b/",
                  URI_HTTPS_ONLY, NULL),
        ERR_INVALID);
}

static void a_host_as_a_person_writes_it(void **state)
{
    (void)state;
    assert_string_equal(canonical("Node.Example."), "node.example");
    assert_string_equal(canonical("node.example:443"), "node.example");
    assert_string_equal(canonical("node.example:8443"), "node.example:8443");
    assert_string_equal(canonical("[::1]:8443"), "[::1]:8443");
    assert_string_equal(canonical(""), "(refused)");
    assert_string_equal(canonical("node.example/"), "(refused)");
    assert_string_equal(canonical("https://node.example"), "(refused)");
    assert_string_equal(canonical("a b"), "(refused)");
    assert_string_equal(canonical("a@b"), "(refused)");
}

static void handles_are_read_in_every_form(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name, *host;
    } good[] = {
        {"ada", "ada", ""},
        {"@ada", "ada", ""},
        {"ada@Node.Example", "ada", "node.example"},
        {"@ada@node.example:8443", "ada", "node.example:8443"},
        {"acct:Ada.L-1_2@b\xc3\xbc"
         "cher.example",
         "Ada.L-1_2", "xn--bcher-kva.example"},
        {"ACCT:ada@node.example", "ada", "node.example"},
        {"\xd0\xb0\xd0\xb4\xd0\xb0@node.example", "\xd0\xb0\xd0\xb4\xd0\xb0", "node.example"},
    };
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    struct handle handle;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_int_equal(handle_parse(good[i].text, &arena, &handle, NULL), OK);
        assert_string_equal(handle.name, good[i].name);
        assert_string_equal(handle.host, good[i].host);
    }
    static const char *const bad[] = {"",      "@",       "@@a.example", "a@",     "a@b@c",
                                      "a b@c", "a/b@c",   "a@b/c",       "\xff@b", "a\n",
                                      "acct:", "acct:@b", "a@b c",       "a:b@c"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (handle_parse(bad[i], &arena, &handle, NULL) != ERR_INVALID)
            fail_msg("taken: %s", bad[i]);
    }
    char name[HANDLE_NAME_MAX_BYTES + 2];
    memset(name, 'a', sizeof name);
    name[sizeof name - 1] = '\0';
    assert_int_equal(handle_parse(name, &arena, &handle, NULL), ERR_INVALID);
    assert_int_equal(handle_parse(name + 1, &arena, &handle, NULL), OK);
}

static void a_fragment_is_cut_off(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024);
    assert_string_equal(uri_without_fragment("https://a.example/x#main-key", &arena),
                        "https://a.example/x");
    assert_string_equal(uri_without_fragment("https://a.example/x", &arena), "https://a.example/x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_uri_comes_apart),
        cmocka_unit_test(t36_one_host_has_one_name),
        cmocka_unit_test(punycode_is_as_in_the_rfc),
        cmocka_unit_test(t49_an_address_has_one_spelling),
        cmocka_unit_test(t52_what_parsers_disagree_on_is_refused),
        cmocka_unit_test(odd_but_good_ids_are_taken),
        cmocka_unit_test(t89_a_uri_is_bounded_at_2048_bytes),
        cmocka_unit_test(a_host_name_is_bounded),
        cmocka_unit_test(a_host_as_a_person_writes_it),
        cmocka_unit_test(handles_are_read_in_every_form),
        cmocka_unit_test(a_fragment_is_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
