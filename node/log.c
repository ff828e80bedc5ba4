#include "node/log.h"

#include "node/text.h"
#include "storage/base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Set by log_start, then constant. */
static enum log_level least_level;
static enum log_format line_format;
static bool is_journal;

const char *log_level_name(enum log_level level)
{
    static const char *const name[] = {"debug", "info", "warn", "error"};
    return (size_t)level < COUNT(name) ? name[level] : "error";
}

static bool needs_quotes(const char *text)
{
    if (!*text)
        return true;
    for (const char *p = text; *p; p++)
        if (*p <= ' ' || *p == '"' || *p == '=' || *p == '\\' || *p >= 0x7F)
            return true;
    return false;
}

static void render_text(struct buf *line, const struct log_field *field)
{
    buf_printf(line, " %s=", field->name);
    if (!field->text) {
        buf_printf(line, "%" PRId64, field->number);
    } else if (needs_quotes(field->text)) {
        buf_char(line, '"');
        text_escape(line, bytes_of(field->text), TEXT_QUOTED, LOG_VALUE_MAX_BYTES);
        buf_char(line, '"');
    } else {
        text_escape(line, bytes_of(field->text), TEXT_QUOTED, LOG_VALUE_MAX_BYTES);
    }
}

static void render_json(struct buf *line, const struct log_field *field)
{
    buf_printf(line, ",\"%s\":", field->name);
    if (!field->text) {
        buf_printf(line, "%" PRId64, field->number);
        return;
    }
    buf_char(line, '"');
    text_escape(line, bytes_of(field->text), TEXT_JSON, LOG_VALUE_MAX_BYTES);
    buf_char(line, '"');
}

void log_render(struct buf *line, enum log_format format, int64_t time_ms, enum log_level level,
                const char *event, const struct log_field *fields)
{
    /* The last bytes are kept for the end, so that a cut line is still a JSON object. */
    size_t end = line->n + LOG_LINE_MAX_BYTES - 2 * LOG_VALUE_MAX_BYTES;
    char time[CLOCK_RFC3339_BYTES];
    clock_format_rfc3339(time_ms, time);

    bool is_json = format == LOG_FORMAT_JSON;
    buf_printf(line,
               is_json ? "{\"time\":\"%s\",\"level\":\"%s\",\"event\":\"%s\""
                       : "time=%s level=%s event=%s",
               time, log_level_name(level), event);
    for (; fields->name && line->n < end; fields++) {
        if (is_json)
            render_json(line, fields);
        else
            render_text(line, fields);
    }
    if (is_json)
        buf_char(line, '}');
}

/* Nobody is left to tell when standard error fails. */
static void write_line(struct bytes line)
{
    while (line.n > 0) {
        ssize_t n = write(STDERR_FILENO, line.p, line.n);
        if (n <= 0)
            return;
        line.p += n;
        line.n -= (size_t)n;
    }
}

static void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    static const int priority[] = {7, 6, 4, 3}; /* syslog(3) */
    if (level < least_level)
        return;
    AUTO(buf_clear) struct buf line = BUF_INIT(LOG_LINE_MAX_BYTES + 16);
    if (is_journal)
        buf_printf(&line, "<%d>", priority[level]);
    log_render(&line, line_format, clock_ms(), level, event, fields);
    buf_char(&line, '\n');
    write_line(buf_bytes(&line));
}

/* systemd.exec(5) $JOURNAL_STREAM: only when it names what standard error really is. */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat st;
    if (!stream || fstat(STDERR_FILENO, &st))
        return false;
    char ours[64];
    snprintf(ours, sizeof ours, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    return !strcmp(stream, ours);
}

void log_start(enum log_level level, enum log_format format)
{
    least_level = level;
    line_format = format;
    is_journal = stderr_is_journal();
    log_set_sink(log_write);
}
