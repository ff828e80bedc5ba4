/*
 * csv - comma-separated values, as people take them from one server to another.
 *
 * Fields may be quoted; a quote in them is doubled; a quoted field may hold line ends. Lines end in
 * CR LF or LF; empty ones are passed over. A byte order mark at the beginning is no text.
 *
 * Memory   fields live in the caller's arena
 * Threads  pure
 * Source   RFC 4180
 */
#ifndef WARD_NODE_CSV_H
#define WARD_NODE_CSV_H

#include "storage/base/arena.h"
#include "storage/base/buf.h"

#define CSV_FIELDS_MAX 16 /* of a row; what is over is left out */
#define CSV_FIELD_MAX_BYTES ((size_t)16 * 1024)

struct csv {
    struct bytes rest;
    unsigned line; /* where the row that was read last begins, from 1 */
    unsigned next_line;
};

struct csv_row {
    const char *field[CSV_FIELDS_MAX];
    size_t n;
};

struct csv csv_open(struct bytes text);
/*
 * OK            *out is set
 * ERR_NOTFOUND  there are no more
 * ERR_INVALID   this row is no CSV, or no UTF-8: the next call goes on after its line
 * ERR_LIMIT     the arena is full
 */
MUST_CHECK enum err csv_next(struct csv *csv, struct arena *arena, struct csv_row *out);

/* A row, its fields quoted where they must be. */
void csv_add(struct buf *out, const char *const *field, size_t n);

#endif
