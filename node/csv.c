#include "node/csv.h"

#include <string.h>

struct csv csv_open(struct bytes text)
{
    static const uint8_t mark[] = {0xEF, 0xBB, 0xBF};
    if (text.n >= sizeof mark && memcmp(text.p, mark, sizeof mark) == 0)
        text = (struct bytes){text.p + sizeof mark, text.n - sizeof mark};
    return (struct csv){.rest = text, .next_line = 1};
}

static int peek(const struct csv *csv)
{
    return csv->rest.n ? *csv->rest.p : -1;
}

static void step(struct csv *csv)
{
    csv->next_line += *csv->rest.p == '\n';
    csv->rest.p++;
    csv->rest.n--;
}

/* Past CR LF or LF; true when there was one, or the text is at its end. */
static bool end_line(struct csv *csv)
{
    bool has_return = peek(csv) == '\r' && csv->rest.n > 1 && csv->rest.p[1] == '\n';
    if (has_return)
        step(csv);
    bool ends = peek(csv) == '\n' || peek(csv) < 0;
    if (peek(csv) == '\n')
        step(csv);
    return ends;
}

static void skip_line(struct csv *csv)
{
    while (peek(csv) >= 0 && peek(csv) != '\n')
        step(csv);
    (void)end_line(csv);
}

/* From the opening quote to after the closing one. */
static enum err read_quoted(struct csv *csv, struct buf *out)
{
    step(csv);
    for (;;) {
        int c = peek(csv);
        if (c < 0 || out->is_full)
            return ERR_INVALID;
        step(csv);
        if (c == '"') {
            if (peek(csv) != '"')
                return OK;
            step(csv);
        }
        buf_char(out, (char)c);
    }
}

static bool ends_field(const struct csv *csv)
{
    int c = peek(csv);
    return c < 0 || c == ',' || c == '\n' ||
           (c == '\r' && csv->rest.n > 1 && csv->rest.p[1] == '\n');
}

static enum err read_field(struct csv *csv, struct arena *arena, const char **out)
{
    AUTO(buf_clear) struct buf text = BUF_INIT(CSV_FIELD_MAX_BYTES);
    if (peek(csv) == '"') {
        enum err e = read_quoted(csv, &text);
        if (e)
            return e;
    }
    while (!ends_field(csv)) {
        if (peek(csv) == '"') /* neither around the whole field nor doubled in it */
            return ERR_INVALID;
        buf_char(&text, (char)peek(csv));
        step(csv);
    }
    struct bytes bytes = buf_bytes(&text);
    if (text.is_full || !utf8_check(bytes) || (bytes.n && memchr(bytes.p, '\0', bytes.n)))
        return ERR_INVALID;
    *out = arena_strndup(arena, bytes.p ? (const char *)bytes.p : "", bytes.n);
    return *out ? OK : ERR_LIMIT;
}

static enum err read_row(struct csv *csv, struct arena *arena, struct csv_row *out)
{
    for (;;) {
        const char *field;
        enum err e = read_field(csv, arena, &field);
        if (e)
            return e;
        if (out->n < CSV_FIELDS_MAX)
            out->field[out->n++] = field;
        if (end_line(csv))
            return OK;
        step(csv); /* the comma */
    }
}

enum err csv_next(struct csv *csv, struct arena *arena, struct csv_row *out)
{
    while (csv->rest.n && ends_field(csv) && peek(csv) != ',')
        (void)end_line(csv);
    if (csv->rest.n == 0)
        return ERR_NOTFOUND;
    struct csv begin = *csv;
    *out = (struct csv_row){.n = 0};
    csv->line = csv->next_line;
    enum err e = read_row(csv, arena, out);
    if (e) { /* a quote that is never closed must not take the rest of the file with it */
        *csv = begin;
        csv->line = begin.next_line;
        skip_line(csv);
    }
    return e;
}

void csv_add(struct buf *out, const char *const *field, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *text = field[i];
        bool is_quoted = strpbrk(text, ",\"\r\n") || text[0] == ' ' || !text[0];
        if (i)
            buf_char(out, ',');
        if (!text[0])
            continue; /* nothing between the commas */
        if (is_quoted)
            buf_char(out, '"');
        for (; *text; text++) {
            if (*text == '"')
                buf_char(out, '"');
            buf_char(out, *text);
        }
        if (is_quoted)
            buf_char(out, '"');
    }
    buf_char(out, '\n');
}
