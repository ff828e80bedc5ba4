/*
 * output - what a command answers: for a person, or one JSON object a line.
 *
 *     output_begin(out, OUTPUT_LIST);
 *     while (...) {
 *         output_row(out);
 *         output_str(out, "host", peer->host);
 *         output_int(out, "waiting", waiting);
 *     }
 *     output_end(out);
 *
 * The same calls give a table with a heading (OUTPUT_LIST), lines of "name: value"
 * (OUTPUT_THING), or JSON. Text is escaped (text.h), so remote text cannot act on
 * the terminal. Every row of a list names the same fields in the same order.
 *
 * Units    output_time takes Unix milliseconds; 0 is "-" or null
 * Memory   nothing given is kept
 */
#ifndef WARD_NODE_CLI_OUTPUT_H
#define WARD_NODE_CLI_OUTPUT_H

#include "storage/base/buf.h"

#include <stdio.h>

enum output_shape { OUTPUT_THING, OUTPUT_LIST };

#define OUTPUT_COLUMNS_MAX 40
#define OUTPUT_ROWS_AT_ONCE 200 /* a longer table is aligned piece by piece */

struct output {
    FILE *file;
    bool is_json;
    /* output.c alone */
    enum output_shape shape;
    struct buf cells; /* NUL-separated values of the rows not yet written */
    const char *name[OUTPUT_COLUMNS_MAX];
    size_t columns, column, rows;
    bool is_in_row, has_heading;
};

void output_init(struct output *out, FILE *file, bool is_json);
void output_clear(struct output *out);

void output_begin(struct output *out, enum output_shape shape);
void output_row(struct output *out); /* the next thing of a list begins */
void output_str(struct output *out, const char *name, const char *text); /* NULL: "-" or null */
void output_int(struct output *out, const char *name, int64_t v);
void output_id(struct output *out, const char *name, uint64_t id); /* a string in JSON */
void output_bool(struct output *out, const char *name, bool v);
void output_time(struct output *out, const char *name, int64_t ms);
/* "4.0 MiB" for a person, the number in JSON. */
void output_size(struct output *out, const char *name, uint64_t bytes);
void output_texts(struct output *out, const char *name, char *const *text, size_t n);
/* Ready JSON: for what is no row of values. A person does not see it. */
void output_json(struct output *out, const char *name, const char *json);
void output_end(struct output *out);

#endif
