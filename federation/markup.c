#include "federation/markup.h"

#include "federation/sanitize.h"

#include <md4c.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#define TAG_MAX_CHARACTERS 100
#define HANDLE_MAX_BYTES 400

/* ---- words ---- */

static bool is_ascii_word(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_';
}

/* ASCII is answered without libunistring's tables: most text never brings them into memory. */
static bool is_word(ucs4_t c)
{
    if (c < 0x80)
        return is_ascii_word((char)c);
    return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M |
                                                   UC_CATEGORY_MASK_N);
}

static bool is_number(ucs4_t c)
{
    if (c < 0x80)
        return c >= '0' && c <= '9';
    return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_N);
}

/* The bytes of word characters at the start of `text`. */
static size_t word_length(const char *text, size_t n, bool *out_has_letter)
{
    size_t i = 0;
    *out_has_letter = false;
    while (i < n) {
        ucs4_t c;
        int width = u8_mbtouc(&c, (const uint8_t *)text + i, n - i);
        if (width <= 0 || !is_word(c))
            break;
        *out_has_letter |= !is_number(c) && c != '_';
        i += (size_t)width;
    }
    return i;
}

/* NFKC, case-folded: malloc'd; NULL when it cannot be. */
static uint8_t *fold(const char *text, size_t n, size_t *out_n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] >= 0x80)
            return u8_casefold((const uint8_t *)text, n, NULL, UNINORM_NFKC, NULL, out_n);
    uint8_t *folded = xcalloc(n + 1, 1);
    for (size_t i = 0; i < n; i++)
        folded[i] = (uint8_t)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 32 : text[i]);
    *out_n = n;
    return folded;
}

const char *tag_fold(const char *tag, struct arena *arena)
{
    if (!tag)
        return NULL;
    tag += *tag == '#';
    size_t n = strlen(tag), folded_n = 0;
    bool has_letter;
    if (n > TAG_MAX_CHARACTERS * 4 || !utf8_check(bytes_of(tag)))
        return NULL;
    uint8_t *folded = fold(tag, n, &folded_n);
    const char *result = NULL;
    if (folded && folded_n && u8_mbsnlen(folded, folded_n) <= TAG_MAX_CHARACTERS &&
        word_length((const char *)folded, folded_n, &has_letter) == folded_n && has_letter)
        result = arena_strndup(arena, folded, folded_n);
    xfree(&folded);
    return result;
}

/* Name of a mention or host: letters and digits, with . and - between them. */
static size_t name_length(const char *text, size_t n, bool is_host)
{
    size_t i = 0, good = 0;
    for (; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (is_ascii_word(text[i]) || (is_host && c >= 0x80))
            good = i + 1;
        else if ((c != '.' && c != '-') || i == 0)
            break;
    }
    return good;
}

/* "name", "name@host", "name@host:8443" at the start of `text`; 0: none. */
static size_t handle_length(const char *text, size_t n)
{
    size_t name = name_length(text, n, false);
    if (!name || name + 1 >= n || text[name] != '@')
        return name;
    size_t host = name_length(text + name + 1, n - name - 1, true);
    if (!host)
        return name;
    size_t end = name + 1 + host, port = 0;
    while (end + 1 + port < n && port < 6 && text[end + 1 + port] >= '0' &&
           text[end + 1 + port] <= '9')
        port++;
    return end < n && text[end] == ':' && port > 0 && port < 6 ? end + 1 + port : end;
}

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
    for (const char *p = folded; *p; p++) {
        if (is_ascii_word(*p))
            buf_char(w->html, *p);
        else
            buf_printf(w->html, "%%%02X", (unsigned char)*p);
    }
    add_html(w, "\">");
    add_text(w, tag - 1, n + 1);
    add_html(w, "</a>");
}

/* A mention or tag cannot begin inside a word, a path or another one. */
static bool may_begin(const char *text, size_t at)
{
    if (!at)
        return true;
    const uint8_t *start = (const uint8_t *)text, *before = start + at;
    ucs4_t c;
    do
        before--;
    while (before > start && (*before & 0xC0) == 0x80);
    (void)u8_mbtouc(&c, before, (size_t)(start + at - before));
    return !is_word(c) && c != '/' && c != '@' && c != '#' && c != '&';
}

/* Length of the mention or tag whose sign stands at text[at], without the sign; 0: none. */
static size_t special_length(const char *text, size_t n, size_t at)
{
    bool has_letter;
    if ((text[at] != '@' && text[at] != '#') || !may_begin(text, at))
        return 0;
    if (text[at] == '@') {
        size_t length = handle_length(text + at + 1, n - at - 1);
        return length <= HANDLE_MAX_BYTES ? length : 0;
    }
    size_t length = word_length(text + at + 1, n - at - 1, &has_letter);
    return has_letter && length <= TAG_MAX_CHARACTERS * 4 ? length : 0;
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
        size_t length = special_length(text, n, i);
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
    int failed = md_parse(w->markup->source, (MD_SIZE)n, &parser, w);
    flush_text(w);
    buf_clear(&w->text);
    return failed ? ERR_LIMIT : OK;
}

enum err markup_scan(const char *source, struct arena *arena, struct markup *out)
{
    *out = (struct markup){.source = arena_strdup(arena, source ? source : "")};
    if (!out->source)
        return ERR_LIMIT;
    struct walk w = {.markup = out, .found = out, .arena = arena};
    enum err e = walk_run(&w);
    return !e && arena->is_full ? ERR_LIMIT : e;
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
