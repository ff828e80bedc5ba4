#include "federation/preview.h"

#include "federation/sanitize.h"
#include "federation/uri.h"
#include "storage/card.h"

#include <libxml/HTMLparser.h>
#include <libxml/parserInternals.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>

#define WANT_ARENA_BYTES ((size_t)256 * 1024)

/* ---- the link of a post ---- */

/* What our own markup wrote into an attribute. */
static const char *unescape(const char *text, size_t n, struct arena *arena)
{
    static const struct {
        const char *name;
        char character;
    } known[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}};
    char *out = arena_strndup(arena, text, n);
    size_t used = 0;
    for (size_t i = 0; out && i < n;) {
        size_t width = 1;
        char character = text[i];
        for (size_t k = 0; character == '&' && k < COUNT(known); k++)
            if (strncmp(text + i, known[k].name, strlen(known[k].name)) == 0) {
                out[used] = known[k].character;
                width = strlen(known[k].name);
                break;
            }
        if (width == 1)
            out[used] = character;
        used++;
        i += width;
    }
    if (out)
        out[used] = '\0';
    return out;
}

const char *preview_link(const char *html, struct arena *arena)
{
    for (; (html = strstr(html, "<a ")); html++) {
        size_t n = strcspn(html, ">");
        const char *href = memmem(html, n, " href=\"", 7);
        if (!href || memmem(html, n, " class=\"", 8)) /* names and hashtags have one */
            continue;
        href += 7;
        n = strcspn(href, "\">");
        return n <= URI_MAX_BYTES ? unescape(href, n, arena) : NULL;
    }
    return NULL;
}

bool preview_is_listed(const struct federation_config *config, const char *uri)
{
    char host[URI_HOST_BYTES];
    if (uri_check(uri, URI_HTTPS_ONLY, NULL) || uri_host(uri, host))
        return false;
    for (size_t i = 0; i < config->preview_host_count; i++)
        if (strcmp(config->preview_hosts[i], host) == 0)
            return true;
    return false;
}

enum err preview_want(struct txn *txn, const struct federation *fed, const Post *before, Post *post,
                      int64_t now_ms)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(WANT_ARENA_BYTES);
    const char *link = preview_link(post->content_html, &arena);
    const char *old = before ? preview_link(before->content_html, &arena) : NULL;
    if (link && old && strcmp(link, old) == 0)
        return OK;
    post->card = NULL;
    enum err e = old ? card_unwant(txn, (post_id){post->id}) : OK;
    if (e || !link || !preview_is_listed(fed->config, link))
        return e;
    return card_want(txn, (post_id){post->id}, link, now_ms);
}

/* ---- the head of a page ---- */

enum says { SAYS_TITLE, SAYS_DESCRIPTION, SAYS_PROVIDER, SAYS_IMAGE, SAYS_COUNT };

struct head {
    htmlParserCtxt *parser;
    struct arena *arena;
    struct buf *title; /* of the element */
    bool is_in_title, has_title;
    const char *og[SAYS_COUNT], *plain[SAYS_COUNT]; /* the first of each */
};

static const char *attribute(const xmlChar **attributes, const char *name)
{
    for (; attributes && attributes[0]; attributes += 2)
        if (!strcmp((const char *)attributes[0], name))
            return (const char *)attributes[1];
    return NULL;
}

static void take_meta(struct head *head, const xmlChar **attributes)
{
    static const struct {
        const char *name;
        bool is_og;
        enum says says;
    } known[] = {{"og:title", true, SAYS_TITLE},
                 {"og:description", true, SAYS_DESCRIPTION},
                 {"og:site_name", true, SAYS_PROVIDER},
                 {"og:image", true, SAYS_IMAGE},
                 {"description", false, SAYS_DESCRIPTION}};
    const char *name = attribute(attributes, "property"), *text = attribute(attributes, "content");
    if (!name)
        name = attribute(attributes, "name");
    for (size_t i = 0; name && text && i < COUNT(known); i++) {
        const char **slot = known[i].is_og ? &head->og[known[i].says] : &head->plain[known[i].says];
        if (!*slot && !strcasecmp(name, known[i].name))
            *slot = arena_strndup(head->arena, text, strnlen(text, PREVIEW_TEXT_MAX_BYTES));
    }
}

static void on_start(void *context, const xmlChar *element, const xmlChar **attributes)
{
    struct head *head = context;
    const char *name = (const char *)element;
    if (!strcmp(name, "body"))
        xmlStopParser(head->parser);
    else if (!strcmp(name, "title"))
        head->is_in_title = !head->has_title;
    else if (!strcmp(name, "meta"))
        take_meta(head, attributes);
}

static void on_end(void *context, const xmlChar *name)
{
    struct head *head = context;
    if (strcmp((const char *)name, "title") != 0)
        return;
    head->has_title = true;
    head->is_in_title = false;
}

static void on_text(void *context, const xmlChar *text, int n)
{
    struct head *head = context;
    size_t room = PREVIEW_TEXT_MAX_BYTES - head->title->n;
    if (head->is_in_title && n > 0)
        buf_add(head->title, text, (size_t)n < room ? (size_t)n : room);
}

static void free_parser(htmlParserCtxt **parser)
{
    if (*parser)
        htmlFreeParserCtxt(*parser);
}

/* libxml2 sets itself up at its first use, and two threads must not do that at once. */
static pthread_once_t is_set_up = PTHREAD_ONCE_INIT;

static size_t usable_length(struct bytes page)
{
    size_t n = page.n < PREVIEW_HEAD_MAX_BYTES ? page.n : PREVIEW_HEAD_MAX_BYTES;
    const void *end = n ? memchr(page.p, '\0', n) : NULL;
    if (end)
        return (size_t)((const uint8_t *)end - page.p);
    while (n < page.n && n && (page.p[n] & 0xC0) == 0x80) /* cut between characters */
        n--;
    return n;
}

static enum err parse(struct bytes page, struct head *head)
{
    pthread_once(&is_set_up, xmlInitParser);
    size_t n = usable_length(page);
    if (!n)
        return ERR_NOTFOUND;
    if (!utf8_check((struct bytes){page.p, n}))
        return ERR_INVALID;
    AUTO(free_parser)
    htmlParserCtxt *parser = htmlCreateMemoryParserCtxt((const char *)page.p, (int)n);
    if (!parser)
        return ERR_LIMIT;
    htmlSAXHandler handler = {.startElement = on_start,
                              .endElement = on_end,
                              .characters = on_text,
                              .ignorableWhitespace = on_text,
                              .cdataBlock = on_text};
    head->parser = parser;
    *parser->sax = handler;
    parser->userData = head;
    htmlCtxtUseOptions(parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                                   HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC);
    xmlSwitchEncoding(parser, XML_CHAR_ENCODING_UTF8);
    htmlParseDocument(parser);
    return OK;
}

static const char *line(const struct head *head, enum says what, const char *otherwise, size_t max)
{
    const char *text = head->og[what] ? head->og[what] : head->plain[what];
    return sanitize_line(text ? text : otherwise, max, head->arena);
}

enum err preview_read(struct bytes page, const char *url, struct arena *arena, Card *out)
{
    AUTO(buf_clear) struct buf title = BUF_INIT(PREVIEW_TEXT_MAX_BYTES + 16);
    struct head head = {.arena = arena, .title = &title};
    char host[URI_HOST_BYTES] = "";
    enum err e = parse(page, &head);
    card__init(out);
    if (e || (e = uri_host(url, host)))
        return e;
    const char *image = head.og[SAYS_IMAGE];
    out->url = arena_strdup(arena, url);
    out->title = (char *)line(&head, SAYS_TITLE, title.n ? buf_text(&title) : "",
                              PREVIEW_LINE_MAX_CHARACTERS);
    out->description =
        (char *)line(&head, SAYS_DESCRIPTION, "", PREVIEW_DESCRIPTION_MAX_CHARACTERS);
    out->provider = (char *)line(&head, SAYS_PROVIDER, host, PREVIEW_LINE_MAX_CHARACTERS);
    if (image && uri_check(image, URI_HTTPS_ONLY, NULL) == OK)
        out->image_url = (char *)image;
    if (!out->url || !out->title || !out->description || !out->provider)
        return ERR_LIMIT;
    return out->title[0] ? OK : ERR_NOTFOUND;
}
