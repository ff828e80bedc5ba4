#include "storage/base/log.h"

static log_sink *current_sink;

void log_set_sink(log_sink *sink)
{
    current_sink = sink;
}

void log_event(enum log_level level, const char *event, const struct log_field *fields)
{
    if (current_sink)
        current_sink(level, event, fields);
}
