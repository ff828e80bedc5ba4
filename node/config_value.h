/*
 * config_value - one value of ward.conf: text to number, time, size, address, range.
 *
 * Threads  pure
 * Errors   ERR_INVALID, and `why` says what would be right
 */
#ifndef WARD_NODE_CONFIG_VALUE_H
#define WARD_NODE_CONFIG_VALUE_H

#include "node/config.h"

MUST_CHECK enum err config_value_bool(const char *text, bool *out, struct why *why);
/* "4096" */
MUST_CHECK enum err config_value_count(const char *text, int64_t *out, struct why *why);
/* "1 MiB", "32KiB", "512" (bytes) */
MUST_CHECK enum err config_value_size(const char *text, int64_t *out_bytes, struct why *why);
/* "500 ms", "10 s", "5 m", "3 h", "30 d": the unit is required */
MUST_CHECK enum err config_value_time(const char *text, int64_t *out_ms, struct why *why);
/* Fills everything but `text`. Names other than numbers are refused: no look-up at start. */
MUST_CHECK enum err config_value_address(const char *text, struct config_address *out,
                                         struct why *why);
/* Fills everything but `text`. Bits below the prefix must be zero. */
MUST_CHECK enum err config_value_range(const char *text, struct config_range *out, struct why *why);

/* The shortest exact form: "1 MiB", "90 s". */
#define CONFIG_VALUE_BYTES 32
void config_value_format_size(int64_t bytes, char out[CONFIG_VALUE_BYTES]);
void config_value_format_time(int64_t ms, char out[CONFIG_VALUE_BYTES]);

#endif
