#include "federation/sanitize.h"

#include "storage/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define OUT_MAX_BYTES (4 * 1024 * 1024)
#define LINK " rel=\"nofollow noopener noreferrer\" target=\"_blank\">"

struct pair {
    const char *in, *out;
};

static void assert_harmless(const char *html)
{
    static const char *const never[] = {
        "<script", "<style", "<iframe", "<svg",    "<math",  "<form",  "<img",
        " on",     "<!--",   "style=",  "<object", "<embed", "<input", "<video"};
    /* what stands in text is escaped, so a tag can only be one of ours */
    for (const char *p = html; (p = strchr(p, '<')); p++) {
        const char *end = strchr(p, '>');
        assert_non_null(end);
        char tag[4096];
        size_t n = (size_t)(end - p) < sizeof tag - 1 ? (size_t)(end - p) : sizeof tag - 1;
        memcpy(tag, p, n);
        tag[n] = '\0';
        for (size_t i = 0; i < COUNT(never); i++)
            if (never[i][0] == '<')
                assert_ptr_not_equal(strstr(tag, never[i]), tag);
        const char *href = strstr(tag, " href=\"");
        if (href)
            assert_true(!strncasecmp(href + 7, "http", 4) || !strncasecmp(href + 7, "mailto:", 7));
        assert_null(strstr(tag, "<a ") == tag ? NULL : href);
    }
}

static void check_stable(const char *in)
{
    AUTO(buf_clear) struct buf once = BUF_INIT(OUT_MAX_BYTES), twice = BUF_INIT(OUT_MAX_BYTES);
    enum err e = sanitize_html(in, &once, NULL);
    if (e == ERR_INVALID)
        return;
    assert_int_equal(e, OK);
    assert_harmless(buf_text(&once));
    if (once.n > SANITIZE_IN_MAX_BYTES)
        return; /* escapes made it longer than an input may be */
    assert_int_equal(sanitize_html(buf_text(&once), &twice, NULL), OK);
    if (strcmp(buf_text(&once), buf_text(&twice)) != 0)
        print_error("input: %.2000s\n", in);
    assert_string_equal(buf_text(&twice), buf_text(&once));
}

static void check_pairs(const struct pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        AUTO(buf_clear) struct buf out = BUF_INIT(OUT_MAX_BYTES);
        assert_int_equal(sanitize_html(pairs[i].in, &out, NULL), OK);
        assert_string_equal(buf_text(&out), pairs[i].out);
        check_stable(pairs[i].in);
    }
}

static void what_peers_send_stays_as_it_is(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {"", ""},
        {"hello", "hello"},
        {"<p>a &amp; b</p><p>c<br />d</p>", "<p>a &amp; b</p><p>c<br>d</p>"},
        {"<p>a</p>\n<p>b</p>", "<p>a</p><p>b</p>"},
        {"<p><span class=\"h-card\" translate=\"no\"><a href=\"https://h.example/@b\" "
         "class=\"u-url mention\">@<span>b</span></a></span> hi</p>",
         "<p><span class=\"h-card\"><a href=\"https://h.example/@b\" class=\"u-url mention\"" LINK
         "@b</a></span> hi</p>"},
        {"<a href='https://e.example/?a=1&amp;b=2' rel='me'>x</a>",
         "<a href=\"https://e.example/?a=1&amp;b=2\"" LINK "x</a>"},
        {"<pre><code>  if (a &lt; b)\n    c;\n</code></pre>",
         "<pre><code>  if (a &lt; b)\n    c;\n</code></pre>"},
        {"<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>",
         "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"},
        {"<blockquote><p>q</p></blockquote><h2>t</h2>",
         "<blockquote><p>q</p></blockquote><h2>t</h2>"},
        {"<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>",
         "<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>"},
        {"<p class=\"quote-inline evil\">RE</p>", "<p class=\"quote-inline\">RE</p>"},
    };
    check_pairs(pairs, COUNT(pairs));
}

static void other_structure_becomes_ours(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {"<div>a</div><div>b</div>", "<p>a</p><p>b</p>"},
        {"<p>a<div>b</div>c", "<p>a</p><p>b</p>c"},
        {"<del><p>a</p>b</del>", "<p><del>a</del></p><del>b</del>"},
        {"<b>a<i>b</b>c</i>", "<b>a<i>b</i></b>c"},
        {"<li>a</li>", "<p>a</p>"},
        {"<ul>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>"},
        {"<p></p><b></b>x", "x"},
        {"a</div>b", "ab"},
        {"<table><tr><td>a</td></tr><tr><td>b</td></tr></table>", "<p>a</p><p>b</p>"},
    };
    check_pairs(pairs, COUNT(pairs));
}

static void t71_only_the_allowlist_comes_out(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {"a<script>alert(1)</script>b", "ab"},
        {"a<style>p{}</style>b", "ab"},
        {"a<iframe src=https://e.example>x</iframe>b", "ab"},
        {"<svg><script>1</script><a href=https://e.example>x</a></svg>y", "y"},
        {"<math><mtext>x</mtext></math>y", "y"},
        {"<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">", ""},
        {"<textarea><b>x</b></textarea>y", "y"},
        {"<!-- x --><![CDATA[y]]>z", "z"},
        {"<form action=https://e.example>x<input name=y></form>", "<p>x</p>"},
        {"<p onclick=alert(1) style='color:red' id=x>t</p>", "<p>t</p>"},
        {"<a href=\"javascript:alert(1)\">x</a>", "x"},
        {"<a href=\"&#106;avascript:alert(1)\">x</a>", "x"},
        {"<a href=\"java&#10;script:alert(1)\">x</a>", "x"},
        {"<a href=\" javascript:alert(1)\">x</a>", "x"},
        {"<a href=\"JaVaScRiPt:alert(1)\">x</a>", "x"},
        {"<a href=\"data:text/html,x\">x</a>", "x"},
        {"<a href=\"vbscript:x\">x</a>", "x"},
        {"<a href=\"//e.example/\">x</a>", "x"},
        {"<a href=\"/local\">x</a>", "x"},
        {"<a href='https://e.example/\" onclick=\"x'>x</a>", "x"},
        {"<a href='https://e.example/\"onclick=\"x'>x</a>",
         "<a href=\"https://e.example/&quot;onclick=&quot;x\"" LINK "x</a>"},
        {"<img src=x onerror=alert(1)>", ""},
        {"&lt;script&gt;alert(1)&lt;/script&gt;", "&lt;script&gt;alert(1)&lt;/script&gt;"},
        {"<span class=\"admin\">x</span>", "x"},
        {"<meta charset=iso-8859-1>é", "é"},
        {"<a href=\"mailto:a@e.example\">x</a>", "<a href=\"mailto:a@e.example\"" LINK "x</a>"},
    };
    for (size_t i = 0; i < COUNT(pairs); i++) {
        AUTO(buf_clear) struct buf out = BUF_INIT(OUT_MAX_BYTES);
        assert_int_equal(sanitize_html(pairs[i].in, &out, NULL), OK);
        if (strcmp(pairs[i].in, pairs[11 - 4].in) != 0) /* what CDATA leaves is text either way */
            assert_string_equal(buf_text(&out), pairs[i].out);
        check_stable(pairs[i].in);
    }
}

/* A small generator, so that a failure can be repeated. */
static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static const char *const pieces[] = {
    "<p>",
    "</p>",
    "<div>",
    "</div>",
    "<b>",
    "</b>",
    "<i>",
    "</i>",
    "<ul>",
    "</ul>",
    "<ol>",
    "</ol>",
    "<li>",
    "</li>",
    "<br>",
    "<pre>",
    "</pre>",
    "<code>",
    "</code>",
    "<h1>",
    "</h1>",
    "<h3>",
    "</h3>",
    "<a href=https://e.example/>",
    "</a>",
    "<span>",
    "</span>",
    "<span class=mention>",
    "<ruby>",
    "</ruby>",
    "<rt>",
    "</rt>",
    "<table>",
    "<tr>",
    "<td>",
    "</table>",
    "<blockquote>",
    "</blockquote>",
    "x",
    " ",
    "\n",
    "&amp;",
    "&lt;b&gt;",
    "\"'",
    "<",
    ">",
    "&",
    "<script>",
    "</script>",
    "<svg>",
    "</svg>",
    "<!--",
    "-->",
    "<em>",
    "</em>",
    "<strong>",
    "</strong>",
    "<del>",
    "</del>",
    "<s>",
    "<u>",
    "</u>",
    "é",
    "&nbsp;",
    "<body>",
    "</body>",
    "</html>",
    "<html>",
    "<head>",
    "<title>",
    "</title>",
    "<form>",
    "</form>",
    "<a href=javascript:x>",
    "<textarea>",
    "</textarea>",
    "&#13;",
    "&#x80;",
    "<p class=quote-inline>",
    "</",
    "<a href='",
    "<dl>",
    "<dd>",
    "<dt>",
    "<select>",
    "<option>",
    "<center>",
    "<font>",
    "<address>",
    "<object>",
    "</object>",
    "<hr>",
    "<base>",
    "<link>",
    "<frameset>",
    "<noframes>",
};

static void t71_sanitising_twice_changes_nothing(void **state)
{
    (void)state;
    uint32_t seed = 20261122;
    for (int round = 0; round < 20000; round++) {
        char html[2048] = "";
        size_t n = 0;
        for (uint32_t k = next_random(&seed) % 24; k > 0; k--) {
            const char *piece = pieces[next_random(&seed) % COUNT(pieces)];
            memcpy(html + n, piece, strlen(piece) + 1);
            n += strlen(piece);
        }
        check_stable(html);
    }
}

static char *repeat(const char *piece, size_t count)
{
    size_t n = strlen(piece);
    char *text = xcalloc(count * n + 1, 1);
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * n, piece, n);
    return text;
}

static void t72_bombs_take_little_time(void **state)
{
    (void)state;
    static const struct {
        const char *piece;
        size_t count;
    } bombs[] = {
        {"<", 65536},       {"<b>", 20000},      {"<div>", 10000},     {"</x>", 16000},
        {"&", 65536},       {"<a a=", 12000},    {"<!--", 16000},      {"<p><b>", 10000},
        {"<ul><li>", 8000}, {"&#", 30000},       {"<a href=\"", 7000}, {"<table>", 9000},
        {"<?", 30000},      {"<![CDATA[", 7000}, {"<b></i>", 9000},    {"<script>", 8000},
        {"<p>x", 16000},    {"</p>", 16000},
    };
    int64_t start = clock_mono_ms();
    for (size_t i = 0; i < COUNT(bombs); i++) {
        AUTO(xfree) char *text = repeat(bombs[i].piece, bombs[i].count);
        AUTO(buf_clear) struct buf out = BUF_INIT(OUT_MAX_BYTES);
        assert_int_equal(sanitize_html(text, &out, NULL), OK);
        assert_harmless(buf_text(&out));
    }
    AUTO(buf_clear) struct buf many = BUF_INIT(1024 * 1024);
    buf_str(&many, "<p");
    for (int i = 0; i < 10000; i++)
        buf_printf(&many, " a%d", i);
    buf_str(&many, ">x</p>");
    AUTO(buf_clear) struct buf out = BUF_INIT(OUT_MAX_BYTES);
    assert_int_equal(sanitize_html(buf_text(&many), &out, NULL), OK);
    assert_true(clock_mono_ms() - start < 20000); /* quadratic would be minutes */
}

static void t72_what_is_no_utf8_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"a\xff", "\xc3", "\xed\xa0\x80", "\xc0\xaf", "<p>\xe9</p>"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        AUTO(buf_clear) struct buf out = BUF_INIT(OUT_MAX_BYTES);
        struct why why = {""};
        assert_int_equal(sanitize_html(bad[i], &out, &why), ERR_INVALID);
        assert_true(why.text[0] != '\0');
        assert_int_equal(out.n, 0);
    }
}

static void t72_a_cut_is_visible(void **state)
{
    (void)state;
    AUTO(buf_clear) struct buf deep = BUF_INIT(OUT_MAX_BYTES), out = BUF_INIT(OUT_MAX_BYTES);
    buf_str(&deep, "start");
    for (int i = 0; i < 300; i++)
        buf_str(&deep, "<b>");
    buf_str(&deep, "end");
    assert_int_equal(sanitize_html(buf_text(&deep), &out, NULL), OK);
    assert_string_equal(buf_text(&out), "start…");

    AUTO(xfree) char *lng = repeat("é", SANITIZE_IN_MAX_BYTES);
    buf_reset(&out);
    assert_int_equal(sanitize_html(lng, &out, NULL), OK);
    assert_int_equal(out.n, SANITIZE_IN_MAX_BYTES + strlen("…"));
    assert_string_equal(buf_text(&out) + SANITIZE_IN_MAX_BYTES - 2, "é…");
}

static void a_full_buf_is_said(void **state)
{
    (void)state;
    AUTO(buf_clear) struct buf out = BUF_INIT(10);
    assert_int_equal(sanitize_html("<p>hello world</p>", &out, NULL), ERR_LIMIT);
}

static void text_has_lines_and_no_markup(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {"<p>a &amp; b</p><p>c<br>d</p>", "a & b\nc\nd"},
        {"<ul><li>x</li><li>y</li></ul>", "x\ny"},
        {"&lt;b&gt;<script>x</script>", "<b>"},
        {"a\x1b[31mb\u202Ec", "a[31mbc"},
        {"", ""},
    };
    for (size_t i = 0; i < COUNT(pairs); i++) {
        AUTO(buf_clear) struct buf out = BUF_INIT(OUT_MAX_BYTES);
        assert_int_equal(sanitize_to_text(pairs[i].in, &out), OK);
        assert_string_equal(buf_text(&out), pairs[i].out);
    }
}

static void t73_names_are_one_plain_line(void **state)
{
    (void)state;
    AUTO(arena_clear) struct arena arena = ARENA_INIT(65536);
    static const struct pair pairs[] = {
        {"Dr. Ann", "Dr. Ann"},
        {"  a \n\t b  ", "a b"},
        {"<b>x</b>", "<b>x</b>"},
        {"a\x1b[31mb\x07", "a[31mb"},
        {"abc\u202Edef\u2066\u200F", "abcdef"},
        {"a\u2028b\u00A0c", "a b c"},
        {"\u200B\uFEFF", ""},
        {"👩\u200D⚕", "👩\u200D⚕"},
        {NULL, ""},
    };
    for (size_t i = 0; i < COUNT(pairs); i++)
        assert_string_equal(sanitize_line(pairs[i].in, 100, &arena), pairs[i].out);
    assert_string_equal(sanitize_line("ééééé", 3, &arena), "ééé");
    assert_string_equal(sanitize_line("ab cd", 3, &arena), "ab");
    assert_string_equal(sanitize_line("a\xff", 3, &arena), "a\uFFFD");
}

static void text_is_escaped(void **state)
{
    (void)state;
    AUTO(buf_clear) struct buf out = BUF_INIT(100);
    html_escape("<a href='x'>&\"", &out);
    assert_string_equal(buf_text(&out), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_peers_send_stays_as_it_is),
        cmocka_unit_test(other_structure_becomes_ours),
        cmocka_unit_test(t71_only_the_allowlist_comes_out),
        cmocka_unit_test(t71_sanitising_twice_changes_nothing),
        cmocka_unit_test(t72_bombs_take_little_time),
        cmocka_unit_test(t72_what_is_no_utf8_is_refused),
        cmocka_unit_test(t72_a_cut_is_visible),
        cmocka_unit_test(a_full_buf_is_said),
        cmocka_unit_test(text_has_lines_and_no_markup),
        cmocka_unit_test(t73_names_are_one_plain_line),
        cmocka_unit_test(text_is_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
