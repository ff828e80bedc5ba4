#include "node/cli/output.h"

#include "node/text.h"
#include "storage/base/clock.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define OUTPUT_MAX_BYTES ((size_t)64 << 20)
#define CELL_MAX_BYTES (256 << 10)
#define CELL_WIDTH_MAX 60 /* a wider cell pushes its row, not the whole column */

void output_init(struct output *out, FILE *file, bool is_json)
{
    *out = (struct output){
        .file = file, .is_json = is_json, .cells = (struct buf)BUF_INIT(OUTPUT_MAX_BYTES)};
}

void output_clear(struct output *out)
{
    buf_clear(&out->cells);
}

/* ---- for a person --------------------------------------------------------------------------- */

/* Columns on a terminal: characters, not bytes. Wide ones are counted as one. */
static size_t width(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += (*text & 0xC0) != 0x80;
    return n;
}

static const char *next_cell(const char *cell)
{
    return cell + strlen(cell) + 1;
}

static void put_padded(struct output *out, const char *text, size_t to)
{
    fputs(text, out->file);
    for (size_t n = width(text); n < to; n++)
        putc(' ', out->file);
}

static void write_heading(struct output *out, const size_t *widths)
{
    for (size_t c = 0; c < out->columns; c++) {
        char name[64];
        size_t i = 0;
        for (; out->name[c][i] && i + 1 < sizeof name; i++)
            name[i] = out->name[c][i] >= 'a' && out->name[c][i] <= 'z' ? out->name[c][i] - 32
                      : out->name[c][i] == '_'                         ? ' '
                                                                       : out->name[c][i];
        name[i] = '\0';
        put_padded(out, name, c + 1 < out->columns ? widths[c] + 2 : 0);
    }
    putc('\n', out->file);
}

static void write_table(struct output *out)
{
    size_t widths[OUTPUT_COLUMNS_MAX] = {0};
    const char *cell = buf_text(&out->cells);
    for (size_t c = 0; c < out->columns; c++)
        widths[c] = width(out->name[c]);
    for (size_t i = 0; i < out->rows * out->columns; i++, cell = next_cell(cell)) {
        size_t w = width(cell);
        if (w > widths[i % out->columns] && w <= CELL_WIDTH_MAX)
            widths[i % out->columns] = w;
    }
    if (!out->has_heading)
        write_heading(out, widths);
    out->has_heading = true;
    cell = buf_text(&out->cells);
    for (size_t i = 0; i < out->rows * out->columns; i++, cell = next_cell(cell)) {
        bool is_last = (i + 1) % out->columns == 0;
        put_padded(out, cell, is_last ? 0 : widths[i % out->columns] + 2);
        if (is_last)
            putc('\n', out->file);
    }
}

static void write_thing(struct output *out)
{
    size_t widest = 0;
    for (size_t c = 0; c < out->columns; c++)
        if (width(out->name[c]) > widest)
            widest = width(out->name[c]);
    const char *cell = buf_text(&out->cells);
    for (size_t c = 0; c < out->columns; c++, cell = next_cell(cell)) {
        size_t n = width(out->name[c]);
        fprintf(out->file, "%s:%*s %s\n", out->name[c], (int)(widest - n), "", cell);
    }
}

static void flush_rows(struct output *out)
{
    if (out->rows && out->columns) {
        if (out->shape == OUTPUT_LIST)
            write_table(out);
        else
            write_thing(out);
    }
    buf_reset(&out->cells);
    out->rows = 0;
}

/* ---- rows ----------------------------------------------------------------------------------- */

static void row_end(struct output *out)
{
    if (!out->is_in_row)
        return;
    out->is_in_row = false;
    if (out->is_json) {
        buf_char(&out->cells, '}');
        fprintf(out->file, "%s\n", buf_text(&out->cells));
        buf_reset(&out->cells);
        return;
    }
    assert(out->column == out->columns); /* every row has the same fields */
    out->rows++;
    if (out->rows == OUTPUT_ROWS_AT_ONCE && out->shape == OUTPUT_LIST)
        flush_rows(out);
}

static void row_begin(struct output *out)
{
    row_end(out);
    out->is_in_row = true;
    out->column = 0;
    if (out->is_json)
        buf_char(&out->cells, '{');
}

void output_begin(struct output *out, enum output_shape shape)
{
    out->shape = shape;
    out->columns = out->rows = 0;
    out->has_heading = false;
    out->is_in_row = false;
    buf_reset(&out->cells);
    if (shape == OUTPUT_THING)
        row_begin(out);
}

void output_row(struct output *out)
{
    assert(out->shape == OUTPUT_LIST);
    row_begin(out);
}

void output_end(struct output *out)
{
    row_end(out);
    if (!out->is_json)
        flush_rows(out);
}

/* ---- values --------------------------------------------------------------------------------- */

static void name_add(struct output *out, const char *name)
{
    assert(out->is_in_row && out->column < OUTPUT_COLUMNS_MAX);
    if (out->is_json) {
        buf_printf(&out->cells, "%s\"%s\":", out->column ? "," : "", name);
    } else if (out->column == out->columns) {
        out->name[out->columns++] = name;
    }
    out->column++;
}

static void cell_end(struct output *out)
{
    if (!out->is_json)
        buf_add(&out->cells, "", 1);
}

void output_str(struct output *out, const char *name, const char *text)
{
    name_add(out, name);
    if (out->is_json)
        text_json(&out->cells, text);
    else
        text_escape(&out->cells, bytes_of(text && *text ? text : "-"), TEXT_TERMINAL,
                    CELL_MAX_BYTES);
    cell_end(out);
}

void output_json(struct output *out, const char *name, const char *json)
{
    assert(out->is_json);
    name_add(out, name);
    buf_str(&out->cells, json);
}

void output_int(struct output *out, const char *name, int64_t v)
{
    name_add(out, name);
    buf_printf(&out->cells, "%" PRId64, v);
    cell_end(out);
}

/* JSON numbers lose precision over 2^53 in many readers. */
void output_id(struct output *out, const char *name, uint64_t id)
{
    name_add(out, name);
    buf_printf(&out->cells, out->is_json ? "\"%" PRIu64 "\"" : "%" PRIu64, id);
    cell_end(out);
}

void output_bool(struct output *out, const char *name, bool v)
{
    name_add(out, name);
    if (out->is_json)
        buf_str(&out->cells, v ? "true" : "false");
    else
        buf_str(&out->cells, v ? "yes" : "no");
    cell_end(out);
}

void output_time(struct output *out, const char *name, int64_t ms)
{
    char text[CLOCK_RFC3339_BYTES];
    clock_format_rfc3339(ms, text);
    output_str(out, name, ms ? text : NULL);
}

void output_size(struct output *out, const char *name, uint64_t bytes)
{
    static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    name_add(out, name);
    double v = (double)bytes;
    size_t u = 0;
    for (; v >= 1024 && u + 1 < COUNT(unit); u++)
        v /= 1024;
    if (out->is_json)
        buf_printf(&out->cells, "%" PRIu64, bytes);
    else
        buf_printf(&out->cells, u ? "%.1f %s" : "%.0f %s", v, unit[u]);
    cell_end(out);
}

void output_texts(struct output *out, const char *name, char *const *text, size_t n)
{
    name_add(out, name);
    if (out->is_json)
        buf_char(&out->cells, '[');
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_str(&out->cells, out->is_json ? "," : ", ");
        if (out->is_json)
            text_json(&out->cells, text[i]);
        else
            text_escape(&out->cells, bytes_of(text[i]), TEXT_TERMINAL, CELL_MAX_BYTES);
    }
    if (out->is_json)
        buf_char(&out->cells, ']');
    else if (n == 0)
        buf_char(&out->cells, '-');
    cell_end(out);
}
