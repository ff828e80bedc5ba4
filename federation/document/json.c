#include "federation/document/json.h"

#include "storage/base/clock.h"

#include <inttypes.h>
#include <string.h>

static void add_escaped(struct buf *buf, const char *text)
{
    const char *start = text;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c >= ' ' && c != '"' && c != '\\' && c != 0x7F)
            continue;
        buf_add(buf, start, (size_t)(text - start));
        start = text + 1;
        if (c == '"' || c == '\\')
            buf_printf(buf, "\\%c", c);
        else if (c == '\n')
            buf_str(buf, "\\n");
        else
            buf_printf(buf, "\\u%04x", c);
    }
    buf_add(buf, start, (size_t)(text - start));
}

static void add_string(struct buf *buf, const char *prefix, const char *text)
{
    buf_char(buf, '"');
    add_escaped(buf, prefix);
    add_escaped(buf, text);
    buf_char(buf, '"');
}

static void begin_value(struct jw *w, const char *name)
{
    if (w->follows)
        buf_char(w->buf, ',');
    w->follows = true;
    if (!name)
        return;
    add_string(w->buf, "", name);
    buf_char(w->buf, ':');
}

static void begin_inside(struct jw *w, const char *name, char bracket)
{
    begin_value(w, name);
    buf_char(w->buf, bracket);
    w->follows = false;
}

static void end_inside(struct jw *w, char bracket)
{
    buf_char(w->buf, bracket);
    w->follows = true;
}

void jw_object(struct jw *w, const char *name)
{
    begin_inside(w, name, '{');
}

void jw_object_end(struct jw *w)
{
    end_inside(w, '}');
}

void jw_list(struct jw *w, const char *name)
{
    begin_inside(w, name, '[');
}

void jw_list_end(struct jw *w)
{
    end_inside(w, ']');
}

void jw_text2(struct jw *w, const char *name, const char *prefix, const char *text)
{
    begin_value(w, name);
    add_string(w->buf, prefix, text);
}

void jw_text(struct jw *w, const char *name, const char *text)
{
    jw_text2(w, name, "", text);
}

void jw_text_if(struct jw *w, const char *name, const char *text)
{
    if (text && *text)
        jw_text(w, name, text);
}

void jw_number(struct jw *w, const char *name, int64_t n)
{
    begin_value(w, name);
    buf_printf(w->buf, "%" PRId64, n);
}

void jw_fraction(struct jw *w, const char *name, float n)
{
    bool is_negative = n < 0;
    float size = is_negative ? -n : n;
    uint32_t whole = size < 100000 ? (uint32_t)(size * 10000 + 0.5F) : 0; /* NaN: 0 */
    begin_value(w, name);
    buf_printf(w->buf, "%s%" PRIu32 ".%04" PRIu32, is_negative && whole ? "-" : "", whole / 10000,
               whole % 10000);
}

void jw_bool(struct jw *w, const char *name, bool v)
{
    jw_raw(w, name, v ? "true" : "false");
}

void jw_null(struct jw *w, const char *name)
{
    jw_raw(w, name, "null");
}

void jw_time(struct jw *w, const char *name, int64_t ms)
{
    char text[CLOCK_RFC3339_BYTES];
    clock_format_rfc3339(ms, text);
    jw_text(w, name, text);
}

void jw_raw(struct jw *w, const char *name, const char *json)
{
    begin_value(w, name);
    buf_str(w->buf, json);
}

void jw_raw_bytes(struct jw *w, const char *name, struct bytes json)
{
    begin_value(w, name);
    buf_add(w->buf, json.p, json.n);
}

enum err jw_finish(const struct jw *w)
{
    return w->buf->is_full ? ERR_LIMIT : OK;
}
