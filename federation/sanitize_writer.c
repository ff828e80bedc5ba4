#include "federation/sanitize_writer.h"

#include "federation/sanitize.h"

#include <assert.h>
#include <string.h>
#include <unistr.h>

void html_writer_init(struct html_writer *w, enum html_form form, struct buf *out)
{
    w->out = out;
    w->form = form;
    w->block_count = w->inline_count = 0;
    w->last_serial = 0;
    w->has_text = false;
}

static bool is_one_of(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(name, list[i]))
            return true;
    return false;
}

static bool is_list(const char *name)
{
    return !strcmp(name, "ul") || !strcmp(name, "ol");
}

/* May blocks stand in it? */
static bool holds_blocks(const char *name)
{
    static const char *const names[] = {"blockquote", "li"};
    return is_one_of(name, names, COUNT(names));
}

static const char *block_now(const struct html_writer *w)
{
    return w->block_count ? w->blocks[w->block_count - 1].name : "";
}

/* ---- tags ---- */

static void write_attribute(struct buf *out, const char *name, const char *value)
{
    if (!*value)
        return;
    buf_printf(out, " %s=\"", name);
    html_escape(value, out);
    buf_char(out, '"');
}

static void write_start(struct html_writer *w, struct html_element *element)
{
    element->is_written = true;
    if (w->form == HTML_AS_TEXT)
        return;
    buf_printf(w->out, "<%s", element->name);
    write_attribute(w->out, "href", element->attributes.href);
    write_attribute(w->out, "class", element->attributes.classes);
    if (!strcmp(element->name, "a"))
        buf_str(w->out, " rel=\"nofollow noopener noreferrer\" target=\"_blank\"");
    buf_char(w->out, '>');
}

static void write_end(struct html_writer *w, struct html_element *element)
{
    if (!element->is_written)
        return;
    element->is_written = false;
    if (w->form == HTML_AS_MARKUP)
        buf_printf(w->out, "</%s>", element->name);
}

/* Before text: everything that is wanted becomes written. */
static void write_open(struct html_writer *w)
{
    for (size_t i = 0; i < w->block_count; i++)
        if (!w->blocks[i].is_written)
            write_start(w, &w->blocks[i]);
    for (size_t i = 0; i < w->inline_count; i++)
        if (!w->inlines[i].is_written)
            write_start(w, &w->inlines[i]);
    w->has_text = true;
}

/* A block begins or ends: inline elements end here and may go on behind it. */
static void end_inlines(struct html_writer *w)
{
    for (size_t i = w->inline_count; i-- > 0;)
        write_end(w, &w->inlines[i]);
    if (w->has_text && w->form == HTML_AS_TEXT)
        buf_char(w->out, '\n');
    w->has_text = false;
}

static void end_block(struct html_writer *w)
{
    end_inlines(w);
    write_end(w, &w->blocks[--w->block_count]);
}

/* ---- elements ---- */

static struct html_mark push_block(struct html_writer *w, const char *name,
                                   const struct html_attributes *attributes)
{
    assert(w->block_count < HTML_BLOCK_MAX);
    struct html_element *block = &w->blocks[w->block_count++];
    *block = (struct html_element){.name = name, .serial = ++w->last_serial};
    if (attributes && !strcmp(name, "p"))
        memcpy(block->attributes.classes, attributes->classes, sizeof attributes->classes);
    return (struct html_mark){block->serial, true};
}

/* How many of the open blocks stay when an <li> begins: up to and with its list; 0: no list. */
static size_t list_of_item(const struct html_writer *w)
{
    for (size_t i = w->block_count; i-- > 0;) {
        if (is_list(w->blocks[i].name))
            return i + 1;
        if (!strcmp(w->blocks[i].name, "blockquote"))
            break;
    }
    return 0;
}

struct html_mark html_open_block(struct html_writer *w, const char *name,
                                 const struct html_attributes *attributes)
{
    bool is_item = !strcmp(name, "li");
    size_t list = is_item ? list_of_item(w) : 0;
    if (is_item && !list)
        name = "p"; /* an item of no list */
    end_inlines(w);
    if (list) {
        while (w->block_count > list)
            end_block(w);
    } else {
        while (w->block_count && !holds_blocks(block_now(w)) && !is_list(block_now(w)))
            end_block(w);
        if (is_list(block_now(w)) && w->block_count < HTML_BLOCK_MAX)
            (void)push_block(w, "li", NULL);
    }
    if (w->block_count == HTML_BLOCK_MAX)
        return (struct html_mark){0};
    return push_block(w, name, attributes);
}

static bool is_allowed_inline(const struct html_writer *w, const char *name,
                              const struct html_attributes *attributes)
{
    bool is_span = !strcmp(name, "span");
    const char *inside = w->inline_count ? w->inlines[w->inline_count - 1].name : "";
    if (w->inline_count == HTML_INLINE_MAX)
        return false;
    if ((!strcmp(name, "a") && !attributes->href[0]) || (is_span && !attributes->classes[0]))
        return false;
    if ((!strcmp(name, "rt") || !strcmp(name, "rp")) && strcmp(inside, "ruby") != 0)
        return false;
    for (size_t i = 0; !is_span && i < w->inline_count; i++)
        if (!strcmp(w->inlines[i].name, name))
            return false;
    return true;
}

struct html_mark html_open_inline(struct html_writer *w, const char *name,
                                  const struct html_attributes *attributes)
{
    if (!is_allowed_inline(w, name, attributes))
        return (struct html_mark){0};
    struct html_element *element = &w->inlines[w->inline_count++];
    *element = (struct html_element){.name = name, .serial = ++w->last_serial};
    if (!strcmp(name, "a"))
        element->attributes = *attributes;
    else if (!strcmp(name, "span"))
        memcpy(element->attributes.classes, attributes->classes, sizeof attributes->classes);
    return (struct html_mark){element->serial, false};
}

void html_close(struct html_writer *w, const struct html_mark *mark)
{
    if (!mark->serial)
        return;
    if (!mark->is_block) { /* input elements are nested: it is the last one */
        if (w->inline_count && w->inlines[w->inline_count - 1].serial == mark->serial)
            write_end(w, &w->inlines[--w->inline_count]);
        return;
    }
    size_t i = w->block_count;
    while (i > 0 && w->blocks[i - 1].serial != mark->serial)
        i--;
    while (i > 0 && w->block_count >= i)
        end_block(w);
    end_inlines(w);
}

/* Inside a list, but in no item: it gets one. */
static void enter_item(struct html_writer *w)
{
    if (!is_list(block_now(w)))
        return;
    if (w->block_count < HTML_BLOCK_MAX)
        (void)push_block(w, "li", NULL);
    else
        end_block(w);
}

void html_break(struct html_writer *w)
{
    enter_item(w);
    write_open(w);
    buf_str(w->out, w->form == HTML_AS_TEXT ? "\n" : "<br>");
}

/* ---- text ---- */

static bool is_white(ucs4_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* Never wanted: C0 and C1 controls, and in plain text what turns its direction around. */
static bool is_unwanted(const struct html_writer *w, ucs4_t c)
{
    if ((c < ' ' && c != '\t' && c != '\n') || (c >= 0x7F && c < 0xA0))
        return true;
    return w->form == HTML_AS_TEXT &&
           ((c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069));
}

static void write_character(struct html_writer *w, const char *text, size_t n)
{
    char one[8] = {0};
    memcpy(one, text, n);
    if (w->form == HTML_AS_TEXT)
        buf_add(w->out, one, n);
    else
        html_escape(one, w->out);
}

void html_text(struct html_writer *w, const char *text, size_t n)
{
    for (size_t i = 0; i < n;) {
        ucs4_t c;
        int width = u8_mbtouc(&c, (const uint8_t *)text + i, n - i);
        size_t length = width > 0 ? (size_t)width : 1;
        bool is_leading = is_white(c) && !w->has_text && strcmp(block_now(w), "pre") != 0;
        if (!is_leading && !is_unwanted(w, c)) {
            enter_item(w);
            write_open(w);
            write_character(w, text + i, length);
        }
        i += length;
    }
}

void html_writer_finish(struct html_writer *w, bool is_cut)
{
    if (is_cut) {
        html_text(w, "…", strlen("…"));
    }
    end_inlines(w);
    while (w->block_count)
        end_block(w);
    while (w->form == HTML_AS_TEXT && w->out->n && w->out->p[w->out->n - 1] == '\n')
        w->out->p[--w->out->n] = '\0';
}
