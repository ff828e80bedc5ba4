/*
 * sanitize_writer - writes well-formed HTML out of elements that come in any order.
 *
 * For sanitize.c only. It keeps the content model that every parser agrees on, so that what it
 * writes is read back as exactly the same elements (sanitising twice changes nothing):
 *
 *     root, blockquote, li   hold blocks, inline elements and text
 *     ul, ol                 hold li
 *     p, h1-h6, pre          hold inline elements and text
 *     inline elements        hold inline elements and text; none inside itself but span
 *
 * A block inside inline elements ends them and they go on inside it. Nothing is written before
 * it holds text or a line break, so nothing empty ever is.
 *
 * Memory   one value; text is written to the buf at once
 * Threads  pure
 */
#ifndef WARD_FEDERATION_SANITIZE_WRITER_H
#define WARD_FEDERATION_SANITIZE_WRITER_H

#include "storage/base/buf.h"

#define HTML_HREF_BYTES 2049
#define HTML_INLINE_MAX 16
#define HTML_BLOCK_MAX 16

enum html_form {
    HTML_AS_MARKUP,
    HTML_AS_TEXT, /* blocks and <br> become newlines, control and bidi characters go */
};

struct html_attributes {
    char href[HTML_HREF_BYTES]; /* "" none; already judged */
    char classes[64];
};

struct html_element {
    const char *name; /* static */
    uint32_t serial;
    bool is_written;
    struct html_attributes attributes;
};

struct html_writer {
    struct buf *out;
    enum html_form form;
    struct html_element blocks[HTML_BLOCK_MAX], inlines[HTML_INLINE_MAX];
    size_t block_count, inline_count;
    uint32_t last_serial;
    bool has_text; /* since the last boundary of a block: white space counts */
};

/* What an opened element became: html_close() takes it. Zeros: nothing. */
struct html_mark {
    uint32_t serial;
    bool is_block;
};

void html_writer_init(struct html_writer *w, enum html_form form, struct buf *out);
struct html_mark html_open_block(struct html_writer *w, const char *name,
                                 const struct html_attributes *attributes);
struct html_mark html_open_inline(struct html_writer *w, const char *name,
                                  const struct html_attributes *attributes);
void html_close(struct html_writer *w, const struct html_mark *mark);
void html_break(struct html_writer *w);
void html_text(struct html_writer *w, const char *text, size_t n);
/* Closes what is open; `is_cut` adds an ellipsis, so that a reader knows. */
void html_writer_finish(struct html_writer *w, bool is_cut);

#endif
