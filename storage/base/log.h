/*
 * log - the call. What becomes of a line is the sink's business (node/log.c).
 *
 *     log_info("delivery.sent", STR("peer", host), INT("job", seq), INT("status", 202));
 *
 * Event name first, then typed fields, so that the sink can quote and cut remote
 * text. Error: an operator must act. Warn: something was dropped or degraded.
 * Info: one line per accepted or delivered item. Never: bodies, tokens, keys,
 * patient text.
 *
 * Threads  any; without a sink nothing is written
 */
#ifndef WARD_STORAGE_BASE_LOG_H
#define WARD_STORAGE_BASE_LOG_H

#include "storage/base/base.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_field {
    const char *name; /* NULL ends the list */
    const char *text; /* NULL: `number` counts */
    int64_t number;
};

/* A function, so that an array is no "always true" to the compiler. */
static inline const char *log_text(const char *value)
{
    return value ? value : "";
}

#define STR(field, value) ((struct log_field){(field), log_text(value), 0})
#define INT(field, value) ((struct log_field){(field), NULL, (int64_t)(value)})

typedef void log_sink(enum log_level level, const char *event, const struct log_field *fields);
void log_set_sink(log_sink *sink); /* before the first thread; NULL: silence */

void log_event(enum log_level level, const char *event, const struct log_field *fields);

#define LOG_AT(level, event, ...)                                                                  \
    log_event((level), (event),                                                                    \
              (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){NULL, NULL, 0}})
#define log_debug(event, ...) LOG_AT(LOG_DEBUG, event, __VA_ARGS__)
#define log_info(event, ...) LOG_AT(LOG_INFO, event, __VA_ARGS__)
#define log_warn(event, ...) LOG_AT(LOG_WARN, event, __VA_ARGS__)
#define log_error(event, ...) LOG_AT(LOG_ERROR, event, __VA_ARGS__)

#endif
