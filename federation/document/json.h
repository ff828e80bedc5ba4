/*
 * json - JSON written straight into a buf: commas and escapes, no tree.
 *
 *     struct jw w = {.buf = out};
 *     jw_object(&w, NULL);
 *     jw_text(&w, "type", "Note");
 *     jw_list(&w, "to");
 *     jw_text(&w, NULL, AS2_PUBLIC);
 *     jw_list_end(&w);
 *     jw_object_end(&w);
 *     return jw_finish(&w);
 *
 * The name is NULL for items of a list and for the outermost value. Text must be UTF-8.
 *
 * Errors   none until jw_finish: ERR_LIMIT the buf is full
 */
#ifndef WARD_FEDERATION_DOCUMENT_JSON_H
#define WARD_FEDERATION_DOCUMENT_JSON_H

#include "storage/base/buf.h"

struct jw {
    struct buf *buf;
    bool follows; /* something stands before the next value: a comma is needed */
};

void jw_object(struct jw *w, const char *name);
void jw_object_end(struct jw *w);
void jw_list(struct jw *w, const char *name);
void jw_list_end(struct jw *w);

void jw_text(struct jw *w, const char *name, const char *text);
/* Nothing at all when the text is NULL or "". */
void jw_text_if(struct jw *w, const char *name, const char *text);
/* prefix and text as one string. */
void jw_text2(struct jw *w, const char *name, const char *prefix, const char *text);
void jw_number(struct jw *w, const char *name, int64_t n);
/* Four decimals, whatever the locale. */
void jw_fraction(struct jw *w, const char *name, float n);
void jw_bool(struct jw *w, const char *name, bool v);
void jw_null(struct jw *w, const char *name);
/* RFC 3339, UTC, milliseconds: posts of one second keep their order. */
void jw_time(struct jw *w, const char *name, int64_t ms);
/* JSON we wrote ourselves. */
void jw_raw(struct jw *w, const char *name, const char *json);
/* JSON that was parsed before: a received activity that is handed on as it came. */
void jw_raw_bytes(struct jw *w, const char *name, struct bytes json);

MUST_CHECK enum err jw_finish(const struct jw *w);

#endif
