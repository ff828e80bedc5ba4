/*
 * log (sink) - one line per event on standard error.
 *
 *     text   time=2026-11-22T09:30:00.123Z level=info event=delivery.sent peer=a.example job=17
 *     json   {"time":"2026-11-22T09:30:00.123Z","level":"info","event":"delivery.sent",...}
 *
 * Values may come from strangers: they are quoted, escaped and cut (text.h), so
 * that one event is one line whatever it holds. Under systemd (JOURNAL_STREAM names our
 * standard error) each line carries its syslog priority ("<4>").
 *
 * Threads  log_start before the first thread; the sink from any thread: one write(2) a line
 */
#ifndef WARD_NODE_LOG_H
#define WARD_NODE_LOG_H

#include "storage/base/buf.h"
#include "storage/base/log.h"

enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

#define LOG_VALUE_MAX_BYTES 512 /* of one field, after escaping */
#define LOG_LINE_MAX_BYTES 8192

/* From now on events of `level` and above are written. */
void log_start(enum log_level level, enum log_format format);

/* The line without its end, as the sink writes it; for tests. */
void log_render(struct buf *line, enum log_format format, int64_t time_ms, enum log_level level,
                const char *event, const struct log_field *fields);

const char *log_level_name(enum log_level level);

#endif
