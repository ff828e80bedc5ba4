#include "node/api/multipart.h"

#include <string.h>
#include <strings.h>

/* The value of `name=` in a header's parameters: quoted or a token. NULL: not there. */
static char *parameter(struct arena *arena, struct bytes line, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i + n + 1 < line.n; i++) {
        if (line.p[i] != ';')
            continue;
        size_t at = i + 1;
        while (at < line.n && (line.p[at] == ' ' || line.p[at] == '\t'))
            at++;
        if (at + n >= line.n || strncasecmp((const char *)line.p + at, name, n) != 0 ||
            line.p[at + n] != '=')
            continue;
        at += n + 1;
        bool is_quoted = at < line.n && line.p[at] == '"';
        size_t from = is_quoted ? ++at : at;
        while (at < line.n && (is_quoted ? line.p[at] != '"' : line.p[at] != ';'))
            at += is_quoted && line.p[at] == '\\' && at + 1 < line.n ? 2 : 1;
        if (at > line.n || (is_quoted && at == line.n))
            return NULL;
        return arena_strndup(arena, line.p + from, at - from);
    }
    return NULL;
}

enum err multipart_open(const char *type, struct bytes body, struct multipart *out, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(16 * 1024);
    const char *boundary = parameter(&arena, bytes_of(type), "boundary");
    size_t n = boundary ? strlen(boundary) : 0;
    if (n == 0 || n > MULTIPART_BOUNDARY_MAX_BYTES)
        return why_set(why, ERR_INVALID, "multipart/form-data without a usable boundary");
    memcpy(out->delimiter, "\r\n--", 4);
    memcpy(out->delimiter + 4, boundary, n + 1);
    out->delimiter_n = n + 4;
    out->rest = body;
    /* The first delimiter may stand at the very beginning, without its line end. */
    if (body.n >= out->delimiter_n - 2 &&
        memcmp(body.p, out->delimiter + 2, out->delimiter_n - 2) == 0) {
        out->rest.p += out->delimiter_n - 2;
        out->rest.n -= out->delimiter_n - 2;
        return OK;
    }
    const uint8_t *first = memmem(body.p, body.n, out->delimiter, out->delimiter_n);
    if (!first)
        return why_set(why, ERR_INVALID, "multipart/form-data without its boundary");
    out->rest.n -= (size_t)(first - body.p) + out->delimiter_n;
    out->rest.p = first + out->delimiter_n;
    return OK;
}

static struct bytes next_line(struct bytes *head)
{
    const uint8_t *end = memmem(head->p, head->n, "\r\n", 2);
    struct bytes line = {head->p, end ? (size_t)(end - head->p) : head->n};
    size_t step = line.n + (end ? 2 : 0);
    head->p += step;
    head->n -= step;
    return line;
}

static enum err read_head(struct bytes head, struct arena *arena, struct multipart_part *out,
                          struct why *why)
{
    static const char disposition[] = "content-disposition:";
    while (head.n) {
        struct bytes line = next_line(&head);
        if (line.n < sizeof disposition - 1 ||
            strncasecmp((const char *)line.p, disposition, sizeof disposition - 1) != 0)
            continue;
        out->name = parameter(arena, line, "name");
        out->file_name = parameter(arena, line, "filename");
    }
    return out->name && utf8_check(bytes_of(out->name))
               ? OK
               : why_set(why, ERR_INVALID, "a part of the form has no name");
}

enum err multipart_next(struct multipart *m, struct arena *arena, struct multipart_part *out,
                        struct why *why)
{
    struct bytes rest = m->rest;
    *out = (struct multipart_part){0};
    if (rest.n >= 2 && memcmp(rest.p, "--", 2) == 0)
        return ERR_NOTFOUND;
    while (rest.n && (*rest.p == ' ' || *rest.p == '\t')) {
        rest.p++;
        rest.n--;
    }
    if (rest.n < 2 || memcmp(rest.p, "\r\n", 2) != 0)
        return why_set(why, ERR_INVALID, "the form ends in the middle");
    size_t window = rest.n < MULTIPART_HEAD_MAX_BYTES ? rest.n : MULTIPART_HEAD_MAX_BYTES;
    const uint8_t *blank = memmem(rest.p, window, "\r\n\r\n", 4);
    if (!blank)
        return why_set(why, ERR_INVALID, "a part of the form has no end of head");
    struct bytes head = {rest.p + 2, blank > rest.p ? (size_t)(blank - rest.p) - 2 : 0};
    const uint8_t *from = blank + 4, *all_end = rest.p + rest.n;
    const uint8_t *end =
        memmem(from - 2, (size_t)(all_end - from) + 2, m->delimiter, m->delimiter_n);
    if (!end)
        return why_set(why, ERR_INVALID, "the form ends in the middle");
    out->bytes = (struct bytes){from, end > from ? (size_t)(end - from) : 0};
    m->rest = (struct bytes){end + m->delimiter_n, (size_t)(all_end - end) - m->delimiter_n};
    return read_head(blank > rest.p ? head : (struct bytes){0}, arena, out, why);
}
