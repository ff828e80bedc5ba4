/*
 * buf - growing bytes with a maximum given at creation.
 *
 * An append that would pass the maximum adds nothing and sets `is_full`; later
 * appends add nothing either, so a renderer may check once at its end.
 *
 * Memory   buf_clear frees; buf_take hands the bytes over
 * Threads  one owner at a time
 */
#ifndef WARD_STORAGE_BASE_BUF_H
#define WARD_STORAGE_BASE_BUF_H

#include "storage/base/base.h"

struct buf {
    uint8_t *p; /* always NUL-terminated once anything was appended; the NUL is not counted */
    size_t n;
    size_t room;
    size_t max_bytes;
    bool is_full;
};

#define BUF_INIT(maximum)                                                                          \
    {                                                                                              \
        .max_bytes = (maximum)                                                                     \
    }

void buf_add(struct buf *buf, const void *p, size_t n);
void buf_str(struct buf *buf, const char *text);
void buf_char(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *fmt, ...) PRINTF_LIKE(2, 3);

struct bytes buf_bytes(const struct buf *buf);
/* The text so far, "" when empty. Dies with the next append. */
const char *buf_text(const struct buf *buf);
/* Hands over the malloc'd, NUL-terminated bytes and leaves the buf empty. */
char *buf_take(struct buf *buf);
/* Forgets the contents, keeps the memory. */
void buf_reset(struct buf *buf);
void buf_clear(struct buf *buf);

#endif
