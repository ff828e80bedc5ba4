#include "federation/markup.h"

#include "federation/markup_word.h"
#include "federation/sanitize.h"

#include <md4c.h>
#include <string.h>

/* ---- the walk over the Markdown: scan and render are the same ---- */

struct walk {
    const struct markup *markup;
    struct markup *found; /* scan: collects; NULL when rendering */
    struct arena *arena;
    const char *tag_base;
    struct buf *html;  /* NULL when scanning */
    struct buf text;   /* adjoining pieces of plain text: md4c splits at every special character */
    const char *after; /* where the last piece ended in the source */
    unsigned code, links;
};

static void add_text(struct walk *w, const char *text, size_t n)
{
    AUTO(buf_clear) struct buf copy = BUF_INIT(n);
    if (!w->html)
        return;
    buf_add(&copy, text, n);
    html_escape(buf_text(&copy), w->html);
}

static void add_html(struct walk *w, const char *html)
{
    if (w->html)
        buf_str(w->html, html);
}

static void found_mention(struct walk *w, const char *handle, size_t n)
{
    struct markup *m = w->found;
    for (size_t i = 0; i < m->mention_count; i++)
        if (strlen(m->mentions[i].handle) == n && !memcmp(m->mentions[i].handle, handle, n))
            return;
    const char *copy = NULL;
    if (m->mention_count < MARKUP_MENTIONS_MAX)
        copy = arena_strndup(w->arena, handle, n);
    if (copy)
        m->mentions[m->mention_count++].handle = copy;
}

static void found_tag(struct walk *w, const char *tag, size_t n)
{
    struct markup *m = w->found;
    const char *copy = arena_strndup(w->arena, tag, n), *folded = tag_fold(copy, w->arena);
    if (!folded || m->tag_count == MARKUP_TAGS_MAX)
        return;
    for (size_t i = 0; i < m->tag_count; i++)
        if (!strcmp(m->folded_tags[i], folded))
            return;
    m->folded_tags[m->tag_count] = folded;
    m->tags[m->tag_count++] = copy;
}

/* `handle` without the first @; the host is left out of what is shown. */
static void render_mention(struct walk *w, const char *handle, size_t n)
{
    const char *url = NULL;
    for (size_t i = 0; i < w->markup->mention_count && !url; i++)
        if (strlen(w->markup->mentions[i].handle) == n &&
            !memcmp(w->markup->mentions[i].handle, handle, n))
            url = w->markup->mentions[i].url;
    if (!url) {
        add_text(w, handle - 1, n + 1);
        return;
    }
    const char *host = memchr(handle, '@', n);
    add_html(w, "<span class=\"h-card\"><a class=\"u-url mention\" href=\"");
    html_escape(url, w->html);
    add_html(w, "\">");
    add_text(w, handle - 1, host ? (size_t)(host - handle) + 1 : n + 1);
    add_html(w, "</a></span>");
}

static void render_tag(struct walk *w, const char *tag, size_t n)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(16384);
    const char *folded = tag_fold(arena_strndup(&arena, tag, n), &arena);
    if (!folded) {
        add_text(w, tag - 1, n + 1);
        return;
    }
    add_html(w, "<a class=\"mention hashtag\" href=\"");
    html_escape(w->tag_base, w->html);
    markup_tag_path(folded, w->html);
    add_html(w, "\">");
    add_text(w, tag - 1, n + 1);
    add_html(w, "</a>");
}

static void take_special(struct walk *w, const char *text, size_t n)
{
    bool is_mention = text[-1] == '@';
    if (w->found && is_mention)
        found_mention(w, text, n);
    else if (w->found)
        found_tag(w, text, n);
    else if (is_mention)
        render_mention(w, text, n);
    else
        render_tag(w, text, n);
}

static void flush_text(struct walk *w)
{
    const char *text = buf_text(&w->text);
    size_t n = w->text.n, plain = 0;
    for (size_t i = 0; i < n && !w->links; i++) {
        size_t length = word_special(text, n, i);
        if (!length)
            continue;
        add_text(w, text + plain, i - plain);
        take_special(w, text + i + 1, length);
        plain = i + 1 + length;
        i = plain - 1;
    }
    add_text(w, text + plain, n - plain);
    buf_reset(&w->text);
}

/* ---- plain text: shown as it was typed ---- */

static void render_url(struct walk *w, const char *url, size_t n)
{
    add_html(w, "<a href=\"");
    add_text(w, url, n);
    add_html(w, "\">");
    add_text(w, url, n);
    add_html(w, "</a>");
}

static void on_plain_line(struct walk *w, const char *line, size_t n)
{
    size_t plain = 0;
    for (size_t i = 0; i < n; i++) {
        size_t length = word_url(line, n, i);
        if (!length)
            continue;
        buf_add(&w->text, line + plain, i - plain);
        flush_text(w);
        render_url(w, line + i, length);
        plain = i + length;
        i = plain - 1;
    }
    buf_add(&w->text, line + plain, n - plain);
    flush_text(w);
}

/* An empty line begins a paragraph, any other end of line is kept. */
static void walk_plain(struct walk *w)
{
    bool is_inside = false;
    for (const char *line = w->markup->source; *line;) {
        const char *end = strchrnul(line, '\n');
        size_t n = (size_t)(end - line);
        if (n && line[n - 1] == '\r')
            n--;
        if (strspn(line, " \t") >= n) {
            add_html(w, is_inside ? "</p>" : "");
            is_inside = false;
        } else {
            add_html(w, is_inside ? "<br>" : "<p>");
            is_inside = true;
            on_plain_line(w, line, n);
        }
        line = *end ? end + 1 : end;
    }
    add_html(w, is_inside ? "</p>" : "");
}

/* ---- md4c's events ---- */

static void add_attribute(struct walk *w, const char *name, const MD_ATTRIBUTE *value)
{
    add_html(w, " ");
    add_html(w, name);
    add_html(w, "=\"");
    add_text(w, value->text, value->size);
    add_html(w, "\"");
}

static const char *block_name(MD_BLOCKTYPE type, void *detail)
{
    static const char *const headings[] = {"h1", "h2", "h3", "h4", "h5", "h6"};
    switch (type) {
    case MD_BLOCK_QUOTE:
        return "blockquote";
    case MD_BLOCK_UL:
        return "ul";
    case MD_BLOCK_OL:
        return "ol";
    case MD_BLOCK_LI:
        return "li";
    case MD_BLOCK_H:
        return headings[(((MD_BLOCK_H_DETAIL *)detail)->level - 1) % COUNT(headings)];
    case MD_BLOCK_CODE:
        return "pre";
    case MD_BLOCK_P:
        return "p";
    default:
        return NULL;
    }
}

static void add_tag(struct walk *w, const char *before, const char *name)
{
    add_html(w, before);
    add_html(w, name);
    add_html(w, ">");
}

static int on_enter_block(MD_BLOCKTYPE type, void *detail, void *context)
{
    struct walk *w = context;
    const char *name = block_name(type, detail);
    flush_text(w);
    w->code += type == MD_BLOCK_CODE;
    if (name)
        add_tag(w, "<", name);
    if (type == MD_BLOCK_CODE)
        add_html(w, "<code>");
    return 0;
}

static int on_leave_block(MD_BLOCKTYPE type, void *detail, void *context)
{
    struct walk *w = context;
    const char *name = block_name(type, detail);
    flush_text(w);
    w->code -= type == MD_BLOCK_CODE;
    if (type == MD_BLOCK_CODE)
        add_html(w, "</code>");
    if (name)
        add_tag(w, "</", name);
    return 0;
}

static const char *span_name(MD_SPANTYPE type)
{
    switch (type) {
    case MD_SPAN_EM:
        return "em";
    case MD_SPAN_STRONG:
        return "strong";
    case MD_SPAN_DEL:
        return "del";
    case MD_SPAN_CODE:
        return "code";
    case MD_SPAN_A:
    case MD_SPAN_IMG: /* shown as a link: pictures are attachments here */
        return "a";
    default:
        return NULL;
    }
}

static int on_enter_span(MD_SPANTYPE type, void *detail, void *context)
{
    struct walk *w = context;
    const char *name = span_name(type);
    flush_text(w);
    w->code += type == MD_SPAN_CODE;
    w->links += type == MD_SPAN_A || type == MD_SPAN_IMG;
    if (!name)
        return 0;
    add_html(w, "<");
    add_html(w, name);
    if (type == MD_SPAN_A)
        add_attribute(w, "href", &((MD_SPAN_A_DETAIL *)detail)->href);
    if (type == MD_SPAN_IMG)
        add_attribute(w, "href", &((MD_SPAN_IMG_DETAIL *)detail)->src);
    add_html(w, ">");
    return 0;
}

static int on_leave_span(MD_SPANTYPE type, void *detail, void *context)
{
    struct walk *w = context;
    const char *name = span_name(type);
    (void)detail;
    flush_text(w);
    w->code -= type == MD_SPAN_CODE;
    w->links -= type == MD_SPAN_A || type == MD_SPAN_IMG;
    if (name)
        add_tag(w, "</", name);
    return 0;
}

static void on_plain_text(struct walk *w, const char *text, size_t n)
{
    /* md4c leaves a backslash out: what it protects is no mention and no tag */
    bool is_escaped = n && w->after != text && text > w->markup->source && text[-1] == '\\';
    if (w->after != text)
        flush_text(w);
    w->after = text + n;
    if (is_escaped) {
        add_text(w, text, 1);
        text++;
        n--;
    }
    buf_add(&w->text, text, n);
}

static int on_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE n, void *context)
{
    struct walk *w = context;
    if (type == MD_TEXT_NORMAL && !w->code) {
        on_plain_text(w, text, n);
        return 0;
    }
    flush_text(w);
    switch (type) {
    case MD_TEXT_BR:
    case MD_TEXT_SOFTBR: /* people who press Enter mean a new line */
        add_html(w, w->code ? "\n" : "<br>");
        break;
    case MD_TEXT_NULLCHAR:
        break;
    case MD_TEXT_ENTITY:
        if (w->html)
            buf_add(w->html, text, n);
        break;
    default:
        add_text(w, text, n);
    }
    return 0;
}

static enum err walk_run(struct walk *w)
{
    static const MD_PARSER parser = {
        .flags = MD_FLAG_NOHTML | MD_FLAG_PERMISSIVEURLAUTOLINKS | MD_FLAG_STRIKETHROUGH |
                 MD_FLAG_NOINDENTEDCODEBLOCKS,
        .enter_block = on_enter_block,
        .leave_block = on_leave_block,
        .enter_span = on_enter_span,
        .leave_span = on_leave_span,
        .text = on_text,
    };
    size_t n = strlen(w->markup->source);
    if (n > SANITIZE_IN_MAX_BYTES)
        return ERR_LIMIT;
    if (!utf8_check(bytes_of(w->markup->source)))
        return ERR_INVALID;
    w->text.max_bytes = n + 1;
    int failed = 0;
    if (w->markup->syntax == MARKUP_PLAIN)
        walk_plain(w);
    else
        failed = md_parse(w->markup->source, (MD_SIZE)n, &parser, w);
    flush_text(w);
    buf_clear(&w->text);
    return failed ? ERR_LIMIT : OK;
}

static enum err scan(const char *source, enum markup_syntax syntax, struct arena *arena,
                     struct markup *out)
{
    *out = (struct markup){.source = arena_strdup(arena, source ? source : ""), .syntax = syntax};
    if (!out->source)
        return ERR_LIMIT;
    struct walk w = {.markup = out, .found = out, .arena = arena};
    enum err e = walk_run(&w);
    return !e && arena->is_full ? ERR_LIMIT : e;
}

enum err markup_scan(const char *source, struct arena *arena, struct markup *out)
{
    return scan(source, MARKUP_MARKDOWN, arena, out);
}

enum err markup_scan_plain(const char *source, struct arena *arena, struct markup *out)
{
    return scan(source, MARKUP_PLAIN, arena, out);
}

enum err markup_render(const struct markup *markup, const char *tag_base, struct buf *html,
                       struct why *why)
{
    AUTO(buf_clear) struct buf rendered = BUF_INIT(SANITIZE_IN_MAX_BYTES);
    struct walk w = {.markup = markup, .tag_base = tag_base, .html = &rendered};
    enum err e = walk_run(&w);
    if (e)
        return why_set(why, e, e == ERR_INVALID ? "the text is not UTF-8" : "the text is too long");
    if (rendered.is_full)
        return why_set(why, ERR_LIMIT, "the text is too long");
    return sanitize_html(buf_text(&rendered), html, why);
}
