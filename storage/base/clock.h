/*
 * clock - milliseconds; tests set it.
 *
 * clock_ms() is wall-clock Unix time and goes into records. clock_mono_ms() only
 * moves forward, survives clock changes and measures waits; it means nothing in
 * another process.
 *
 * Threads  any
 */
#ifndef WARD_STORAGE_BASE_CLOCK_H
#define WARD_STORAGE_BASE_CLOCK_H

#include "storage/base/base.h"

int64_t clock_ms(void);
int64_t clock_mono_ms(void);

/* From now on both clocks stand at `ms`; negative gives the real clocks back. Tests only. */
void clock_set(int64_t ms);

/* "2026-11-22T09:30:00.123Z" (RFC 3339); out of range years are clamped to 0000 and 9999. */
#define CLOCK_RFC3339_BYTES 25
void clock_format_rfc3339(int64_t ms, char out[CLOCK_RFC3339_BYTES]);

/*
 * Reads RFC 3339 loosely: "T" or space, any fraction, any offset, none at all (taken as UTC).
 * ERR_INVALID when it is no date or the year is outside 1..9999.
 */
MUST_CHECK enum err clock_parse_rfc3339(const char *text, int64_t *out_ms);

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7 IMF-fixdate). */
#define CLOCK_HTTP_BYTES 30
void clock_format_http(int64_t ms, char out[CLOCK_HTTP_BYTES]);

/* Reads an IMF-fixdate, with the weekday optional and GMT, UTC or a numeric zone; four-digit
 * years only. ERR_INVALID for anything else. */
MUST_CHECK enum err clock_parse_http(const char *text, int64_t *out_ms);

#endif
