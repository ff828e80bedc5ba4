#include "federation/sanitize.h"

#include "federation/sanitize_writer.h"

#include <libxml/HTMLparser.h>
#include <libxml/parserInternals.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>

#define DEPTH_MAX 256 /* elements inside each other; libxml2's end tags search the open ones */

enum element_rule {
    RULE_INLINE,
    RULE_BLOCK,
    RULE_BREAK,
    RULE_PARAGRAPH, /* not ours, but it stands on lines of its own: becomes <p> */
    RULE_DROP,      /* with everything inside: what browsers do not show as text */
};

static const struct {
    const char *name;
    enum element_rule rule;
} rules[] = {
    {"a", RULE_INLINE},          {"address", RULE_PARAGRAPH}, {"article", RULE_PARAGRAPH},
    {"aside", RULE_PARAGRAPH},   {"audio", RULE_DROP},        {"b", RULE_INLINE},
    {"blockquote", RULE_BLOCK},  {"br", RULE_BREAK},          {"canvas", RULE_DROP},
    {"center", RULE_PARAGRAPH},  {"code", RULE_INLINE},       {"dd", RULE_PARAGRAPH},
    {"del", RULE_INLINE},        {"details", RULE_PARAGRAPH}, {"div", RULE_PARAGRAPH},
    {"dl", RULE_PARAGRAPH},      {"dt", RULE_PARAGRAPH},      {"em", RULE_INLINE},
    {"embed", RULE_DROP},        {"figure", RULE_PARAGRAPH},  {"footer", RULE_PARAGRAPH},
    {"form", RULE_PARAGRAPH},    {"frameset", RULE_DROP},     {"h1", RULE_BLOCK},
    {"h2", RULE_BLOCK},          {"h3", RULE_BLOCK},          {"h4", RULE_BLOCK},
    {"h5", RULE_BLOCK},          {"h6", RULE_BLOCK},          {"head", RULE_DROP},
    {"header", RULE_PARAGRAPH},  {"hr", RULE_PARAGRAPH},      {"i", RULE_INLINE},
    {"iframe", RULE_DROP},       {"li", RULE_BLOCK},          {"main", RULE_PARAGRAPH},
    {"math", RULE_DROP},         {"nav", RULE_PARAGRAPH},     {"noembed", RULE_DROP},
    {"noframes", RULE_DROP},     {"noscript", RULE_DROP},     {"object", RULE_DROP},
    {"ol", RULE_BLOCK},          {"p", RULE_BLOCK},           {"plaintext", RULE_DROP},
    {"pre", RULE_BLOCK},         {"rp", RULE_INLINE},         {"rt", RULE_INLINE},
    {"ruby", RULE_INLINE},       {"s", RULE_INLINE},          {"script", RULE_DROP},
    {"section", RULE_PARAGRAPH}, {"select", RULE_DROP},       {"span", RULE_INLINE},
    {"strong", RULE_INLINE},     {"style", RULE_DROP},        {"summary", RULE_PARAGRAPH},
    {"svg", RULE_DROP},          {"table", RULE_PARAGRAPH},   {"template", RULE_DROP},
    {"textarea", RULE_DROP},     {"title", RULE_DROP},        {"tr", RULE_PARAGRAPH},
    {"u", RULE_INLINE},          {"ul", RULE_BLOCK},          {"video", RULE_DROP},
    {"xmp", RULE_DROP},
};

struct sanitizer {
    htmlParserCtxt *parser;
    struct html_writer writer;
    /* what each open element of the input became */
    struct html_mark marks[DEPTH_MAX];
    size_t depth;
    size_t dropped_from;   /* depth + 1 of the element whose inside is dropped; 0: none */
    unsigned wrappers_due; /* of ours, still to come */
    bool is_cut;
};

static const char *const classes[] = {"mention",  "hashtag",   "u-url",       "h-card",
                                      "ellipsis", "invisible", "quote-inline"};

/* The classes we keep, in their own order, each once. */
static void filter_classes(const char *text, char *out, size_t room)
{
    out[0] = '\0';
    while (*(text += strspn(text, " \t\n\r\f"))) {
        size_t n = strcspn(text, " \t\n\r\f");
        for (size_t i = 0; i < COUNT(classes); i++) {
            if (strlen(classes[i]) != n || strncmp(classes[i], text, n) != 0 ||
                strstr(out, classes[i]))
                continue;
            size_t used = strlen(out);
            if (used + n + 2 < room) {
                if (used)
                    out[used++] = ' ';
                memcpy(out + used, text, n);
                out[used + n] = '\0';
            }
        }
        text += n;
    }
}

/* Schemes that do nothing but lead somewhere; no character that a browser would take out. */
static bool is_safe_href(const char *href)
{
    if (strncasecmp(href, "https://", 8) != 0 && strncasecmp(href, "http://", 7) != 0 &&
        strncasecmp(href, "mailto:", 7) != 0)
        return false;
    for (const unsigned char *p = (const unsigned char *)href; *p; p++)
        if (*p <= ' ' || *p == 0x7F || *p == '\\')
            return false;
    return strlen(href) < HTML_HREF_BYTES;
}

static void read_attributes(const xmlChar **attributes, struct html_attributes *out)
{
    for (; attributes && attributes[0]; attributes += 2) {
        const char *name = (const char *)attributes[0], *value = (const char *)attributes[1];
        if (!value)
            continue;
        if (!strcmp(name, "class"))
            filter_classes(value, out->classes, sizeof out->classes);
        else if (!strcmp(name, "href") && is_safe_href(value))
            memcpy(out->href, value, strlen(value) + 1);
    }
}

static int find_rule(const char *name)
{
    for (size_t i = 0; i < COUNT(rules); i++)
        if (!strcasecmp(rules[i].name, name))
            return (int)i;
    return -1;
}

static void open_element(struct sanitizer *s, int rule, const xmlChar **attributes,
                         struct html_mark *out)
{
    struct html_attributes given = {0};
    read_attributes(attributes, &given);
    switch (rules[rule].rule) {
    case RULE_INLINE:
        *out = html_open_inline(&s->writer, rules[rule].name, &given);
        break;
    case RULE_BLOCK:
        *out = html_open_block(&s->writer, rules[rule].name, &given);
        break;
    case RULE_PARAGRAPH:
        *out = html_open_block(&s->writer, "p", &(struct html_attributes){0});
        break;
    case RULE_BREAK:
        html_break(&s->writer);
        break;
    case RULE_DROP:
        s->dropped_from = s->depth + 1;
        break;
    }
}

static void on_start(void *context, const xmlChar *name, const xmlChar **attributes)
{
    struct sanitizer *s = context;
    if (s->depth == DEPTH_MAX) {
        s->is_cut = true;
        xmlStopParser(s->parser);
        return;
    }
    struct html_mark *mark = &s->marks[s->depth];
    *mark = (struct html_mark){0};
    int rule = find_rule((const char *)name);
    if (s->wrappers_due)
        s->wrappers_due--;
    else if (!s->dropped_from && rule >= 0)
        open_element(s, rule, attributes, mark);
    s->depth++;
}

static void on_end(void *context, const xmlChar *name)
{
    struct sanitizer *s = context;
    (void)name; /* libxml2 ends elements in the order it began them */
    if (!s->depth)
        return;
    s->depth--;
    if (s->dropped_from == s->depth + 1)
        s->dropped_from = 0;
    else if (!s->dropped_from)
        html_close(&s->writer, &s->marks[s->depth]);
}

static void on_text(void *context, const xmlChar *text, int n)
{
    struct sanitizer *s = context;
    if (!s->dropped_from && n > 0)
        html_text(&s->writer, (const char *)text, (size_t)n);
}

static void on_raw_text(void *context, const xmlChar *text, int n)
{
    (void)context; /* inside of script and style */
    (void)text;
    (void)n;
}

/* Longer input is cut, between characters. */
static size_t usable_length(const char *html)
{
    size_t n = strnlen(html, SANITIZE_IN_MAX_BYTES + 1);
    if (n <= SANITIZE_IN_MAX_BYTES)
        return n;
    for (n = SANITIZE_IN_MAX_BYTES; n && ((unsigned char)html[n] & 0xC0) == 0x80; n--)
        ;
    return n;
}

static void free_parser(htmlParserCtxt **parser)
{
    if (*parser)
        htmlFreeParserCtxt(*parser);
}

/* libxml2 sets itself up at its first use, and two threads must not do that at once. */
static pthread_once_t is_set_up = PTHREAD_ONCE_INIT;

static enum err run(const char *html, enum html_form form, struct buf *out, struct why *why)
{
    pthread_once(&is_set_up, xmlInitParser);
    size_t n = usable_length(html);
    if (!utf8_check((struct bytes){(const uint8_t *)html, n}))
        return why_set(why, ERR_INVALID, "the text is not UTF-8");

    /* In a <div>, bare text stays bare: libxml2 would make up a <p> for it. */
    AUTO(buf_clear) struct buf wrapped = BUF_INIT(SANITIZE_IN_MAX_BYTES + 64);
    buf_str(&wrapped, "<html><body><div>");
    buf_add(&wrapped, html, n);
    AUTO(free_parser)
    htmlParserCtxt *parser = htmlCreateMemoryParserCtxt((const char *)wrapped.p, (int)wrapped.n);
    if (!parser)
        return why_set(why, ERR_LIMIT, "no HTML parser");

    AUTO(xfree) struct sanitizer *s = xcalloc(1, sizeof *s);
    s->parser = parser;
    s->wrappers_due = 3;
    s->is_cut = html[n] != '\0';
    html_writer_init(&s->writer, form, out);
    htmlSAXHandler handler = {
        .startElement = on_start,
        .endElement = on_end,
        .characters = on_text,
        .ignorableWhitespace = on_text,
        .cdataBlock = on_raw_text,
    };
    *parser->sax = handler;
    parser->userData = s;
    htmlCtxtUseOptions(parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                                   HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC);
    xmlSwitchEncoding(parser, XML_CHAR_ENCODING_UTF8);
    htmlParseDocument(parser);
    html_writer_finish(&s->writer, s->is_cut);
    return out->is_full ? why_set(why, ERR_LIMIT, "the HTML is too long") : OK;
}

enum err sanitize_html(const char *html, struct buf *out, struct why *why)
{
    return run(html, HTML_AS_MARKUP, out, why);
}

enum err sanitize_to_text(const char *html, struct buf *out)
{
    return run(html, HTML_AS_TEXT, out, NULL);
}
