#include "federation/markup.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define REL " rel=\"nofollow noopener noreferrer\" target=\"_blank\">"
#define MENTION(url, name)                                                                         \
    "<span class=\"h-card\"><a href=\"" url "\" class=\"u-url mention\"" REL name "</a></span>"
#define TAG(path, name)                                                                            \
    "<a href=\"https://h.example/tags/" path "\" class=\"mention hashtag\"" REL name "</a>"

static void check(const char *source, const char *html)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    AUTO(buf_clear) struct buf out = BUF_INIT(65536);
    struct markup markup;
    assert_int_equal(markup_scan(source, &arena, &markup), OK);
    for (size_t i = 0; i < markup.mention_count; i++)
        if (!strncmp(markup.mentions[i].handle, "bob", 3))
            markup.mentions[i].url = "https://h.example/@bob";
    assert_int_equal(markup_render(&markup, "https://h.example/tags/", &out, NULL), OK);
    assert_string_equal(buf_text(&out), html);
}

static void markdown_becomes_html(void **state)
{
    (void)state;
    check("", "");
    check("hello", "<p>hello</p>");
    check("a\nb\n\nc", "<p>a<br>b</p><p>c</p>");
    check("*a* **b** ~~c~~ `d`",
          "<p><em>a</em> <strong>b</strong> <del>c</del> <code>d</code></p>");
    check("- a\n- b", "<ul><li>a</li><li>b</li></ul>");
    check("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>");
    check("> q", "<blockquote><p>q</p></blockquote>");
    check("# t", "<h1>t</h1>");
    check("```\na < b\n```", "<pre><code>a &lt; b\n</code></pre>");
    check("[x](https://e.example/?a=1&b=2)",
          "<p><a href=\"https://e.example/?a=1&amp;b=2\"" REL "x</a></p>");
    check("see https://e.example/a.",
          "<p>see <a href=\"https://e.example/a\"" REL "https://e.example/a</a>.</p>");
    check("![scan](https://e.example/a.png)",
          "<p><a href=\"https://e.example/a.png\"" REL "scan</a></p>");
    check("5 < 6 & \"x\"", "<p>5 &lt; 6 &amp; &quot;x&quot;</p>");
}

static void check_plain(const char *source, const char *html)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    AUTO(buf_clear) struct buf out = BUF_INIT(65536);
    struct markup markup;
    assert_int_equal(markup_scan_plain(source, &arena, &markup), OK);
    for (size_t i = 0; i < markup.mention_count; i++)
        markup.mentions[i].url = "https://h.example/@bob";
    assert_int_equal(markup_render(&markup, "https://h.example/tags/", &out, NULL), OK);
    assert_string_equal(buf_text(&out), html);
}

static void plain_text_is_shown_as_it_was_typed(void **state)
{
    (void)state;
    check_plain("", "");
    check_plain("*a* _b_ `c` # d\n- e\n> f", "<p>*a* _b_ `c` # d<br>- e<br>&gt; f</p>");
    check_plain("a\r\nb\n \n\nc\n", "<p>a<br>b</p><p>c</p>");
    check_plain("<b>x</b> &amp; \"y\"", "<p>&lt;b&gt;x&lt;/b&gt; &amp;amp; &quot;y&quot;</p>");
    check_plain("@bob@h.example, #Caf\xc3\xa9!",
                "<p>" MENTION("https://h.example/@bob", "@bob") ", " TAG("caf%C3%A9",
                                                                         "#Caf\xc3\xa9") "!</p>");
    check_plain("see https://e.example/a#b?c=@d. (http://e.example/x_(y))",
                "<p>see <a href=\"https://e.example/a#b?c=@d\"" REL
                "https://e.example/a#b?c=@d</a>. "
                "(<a href=\"http://e.example/x_(y)\"" REL "http://e.example/x_(y)</a>)</p>");
    check_plain("https://e.example/\"onclick=\"x https://",
                "<p><a href=\"https://e.example/\"" REL
                "https://e.example/</a>&quot;onclick=&quot;x https://</p>");
}

static void a_text_is_as_long_as_readers_see_it(void **state)
{
    (void)state;
    assert_int_equal(markup_count(""), 0);
    assert_int_equal(markup_count("abc\n"), 4);
    assert_int_equal(markup_count("e\xcc\x81"), 1); /* a letter and its accent */
    assert_int_equal(markup_count("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x94\xac"), 1);
    assert_int_equal(markup_count("a https://e.example/long/and/longer/than/that b"), 2 + 23 + 2);
    assert_int_equal(markup_count("@bob@hospital.example hi"), 7);
    assert_int_equal(markup_count("@bob hi"), 7);
    assert_int_equal(markup_count("mail bob@hospital.example"), 25);
}

static void t71_raw_html_is_shown_as_text(void **state)
{
    (void)state;
    check("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>");
    check("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>");
    check("[x](javascript:alert(1))", "<p>x</p>");
    check("[x](data:text/html,y)", "<p>x</p>");
    check("[x](<https://e.example/\" onclick=\"y>)", "<p>x</p>");
}

static void mentions_that_were_found_become_links(void **state)
{
    (void)state;
    check("hi @bob!", "<p>hi " MENTION("https://h.example/@bob", "@bob") "!</p>");
    check("@bob@peer.example:8443, ok", "<p>" MENTION("https://h.example/@bob", "@bob") ", ok</p>");
    check("(@bob_x)", "<p>(" MENTION("https://h.example/@bob", "@bob_x") ")</p>");
    check("@eve stays", "<p>@eve stays</p>");
    check("*@bob*", "<p><em>" MENTION("https://h.example/@bob", "@bob") "</em></p>");
    check("ann@bob.example", "<p>ann@bob.example</p>");
    check("`@bob` \\@bob", "<p><code>@bob</code> @bob</p>");
    check("```\n@bob #x\n```", "<pre><code>@bob #x\n</code></pre>");
    check("https://e.example/@bob",
          "<p><a href=\"https://e.example/@bob\"" REL "https://e.example/@bob</a></p>");
    check("[@bob](https://e.example/)", "<p><a href=\"https://e.example/\"" REL "@bob</a></p>");
}

static void hashtags_become_links(void **state)
{
    (void)state;
    check("#Ward", "<p>" TAG("ward", "#Ward") "</p>");
    check("a #b_c, #42", "<p>a " TAG("b_c", "#b_c") ", #42</p>");
    check("#Ärzte", "<p>" TAG("%C3%A4rzte", "#Ärzte") "</p>");
    check("a#b &#35;c \\#d", "<p>a#b #c #d</p>");
    check("https://e.example/#x",
          "<p><a href=\"https://e.example/#x\"" REL "https://e.example/#x</a></p>");
}

static void scan_finds_each_once(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    struct markup m;
    assert_int_equal(markup_scan("@bob @bob @ann@a.example. #X #x `@eve #y` @c-d.e", &arena, &m),
                     OK);
    assert_int_equal(m.mention_count, 3);
    assert_string_equal(m.mentions[0].handle, "bob");
    assert_string_equal(m.mentions[1].handle, "ann@a.example");
    assert_string_equal(m.mentions[2].handle, "c-d.e");
    assert_int_equal(m.tag_count, 1);
    assert_string_equal(m.tags[0], "X");
    assert_string_equal(m.folded_tags[0], "x");
}

static void limits_hold(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(1024 * 1024);
    AUTO(buf_clear) struct buf text = BUF_INIT(65536);
    struct markup m;
    for (int i = 0; i < 200; i++)
        buf_printf(&text, "@u%d #t%d ", i, i);
    assert_int_equal(markup_scan(buf_text(&text), &arena, &m), OK);
    assert_int_equal(m.mention_count, MARKUP_MENTIONS_MAX);
    assert_int_equal(m.tag_count, MARKUP_TAGS_MAX);
    assert_int_equal(markup_scan("a\xff", &arena, &m), ERR_INVALID);
}

static void tags_are_folded(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    assert_string_equal(tag_fold("#Ward", &arena), "ward");
    assert_string_equal(tag_fold("WARD", &arena), "ward");
    assert_string_equal(tag_fold("ＷＡＲＤ", &arena), "ward");
    assert_string_equal(tag_fold("Straße", &arena), "strasse");
    assert_string_equal(tag_fold("covid19", &arena), "covid19");
    static const char *const bad[] = {"", "#", "42", "a b", "a<b>", "a\x1b", "__", "a\xff", "##a"};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_null(tag_fold(bad[i], &arena));
    char lng[102];
    memset(lng, 'a', sizeof lng);
    lng[101] = '\0';
    assert_null(tag_fold(lng, &arena));
    assert_non_null(tag_fold(lng + 1, &arena));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markdown_becomes_html),
        cmocka_unit_test(plain_text_is_shown_as_it_was_typed),
        cmocka_unit_test(a_text_is_as_long_as_readers_see_it),
        cmocka_unit_test(t71_raw_html_is_shown_as_text),
        cmocka_unit_test(mentions_that_were_found_become_links),
        cmocka_unit_test(hashtags_become_links),
        cmocka_unit_test(scan_finds_each_once),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(tags_are_folded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
