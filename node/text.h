/*
 * text - words of strangers on their way to a terminal, a log line or a JSON document.
 *
 * Whatever comes in, what goes out is valid UTF-8 on one line: controls (C0, C1,
 * DEL), line and paragraph separators, direction marks and other invisible
 * characters are written as escapes, bytes that are no UTF-8 too. So a display
 * name can neither move the cursor, nor turn a line around, nor begin a new one.
 *
 * Threads  pure
 * Source   threats T83; Unicode bidirectional algorithm (UAX #9) for the marks
 */
#ifndef WARD_NODE_TEXT_H
#define WARD_NODE_TEXT_H

#include "storage/base/base.h"
#include "storage/base/buf.h"

enum text_style {
    TEXT_TERMINAL, /* "\n", "\x1b", "\u{202e}"; quotes and backslashes stay */
    TEXT_QUOTED,   /* the same, and '"' and '\' get a backslash */
    TEXT_JSON,     /* JSON escapes; a bad byte becomes U+FFFD */
};

/*
 * Appends `in`, escaped. Characters that would take the appended part past
 * `max_bytes` are left out and "..." stands for them (beyond the maximum).
 */
void text_escape(struct buf *out, struct bytes in, enum text_style style, size_t max_bytes);

/* A JSON string with its quotes; NULL gives null. */
void text_json(struct buf *out, const char *text);

/* The entry of `words` (NULL at the end) most like `word`; NULL when none is close. */
const char *text_suggest(const char *word, const char *const *words);

#endif
