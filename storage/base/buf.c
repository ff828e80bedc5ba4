#include "storage/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(struct buf *buf, size_t more)
{
    if (buf->is_full || more > buf->max_bytes || buf->n > buf->max_bytes - more) {
        buf->is_full = true;
        return false;
    }
    size_t need = buf->n + more + 1;
    if (need <= buf->room)
        return true;
    size_t room = buf->room ? buf->room : 256;
    while (room < need)
        room *= 2;
    buf->p = xrealloc(buf->p, room);
    buf->room = room;
    return true;
}

void buf_add(struct buf *buf, const void *p, size_t n)
{
    if (!reserve(buf, n))
        return;
    if (n)
        memcpy(buf->p + buf->n, p, n);
    buf->n += n;
    buf->p[buf->n] = '\0';
}

void buf_str(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_char(struct buf *buf, char c)
{
    buf_add(buf, &c, 1);
}

void buf_printf(struct buf *buf, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n >= 0 && reserve(buf, (size_t)n)) {
        vsnprintf((char *)buf->p + buf->n, (size_t)n + 1, fmt, again);
        buf->n += (size_t)n;
    }
    va_end(again);
}

struct bytes buf_bytes(const struct buf *buf)
{
    return (struct bytes){buf->p, buf->n};
}

const char *buf_text(const struct buf *buf)
{
    return buf->p ? (const char *)buf->p : "";
}

char *buf_take(struct buf *buf)
{
    if (!buf->p)
        buf_add(buf, "", 0);
    char *taken = buf->p ? (char *)buf->p : xstrdup("");
    *buf = (struct buf){.max_bytes = buf->max_bytes};
    return taken;
}

void buf_reset(struct buf *buf)
{
    buf->n = 0;
    buf->is_full = false;
    if (buf->p)
        buf->p[0] = '\0';
}

void buf_clear(struct buf *buf)
{
    free(buf->p);
    *buf = (struct buf){.max_bytes = buf->max_bytes};
}
