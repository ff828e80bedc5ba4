#include "node/api/multipart.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

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

/* What is there from `at` on, `want` bytes at most; of a file at most a window, until the next
 * look.
 */
static struct bytes look(const struct multipart *m, uint64_t at, size_t want)
{
    uint64_t left = at < m->size ? m->size - at : 0;
    size_t n = left < want ? (size_t)left : want;
    if (m->memory)
        return (struct bytes){m->memory + at, n};
    n = n < MULTIPART_WINDOW_BYTES ? n : MULTIPART_WINDOW_BYTES;
    ssize_t done = n ? pread(m->file, m->window, n, (off_t)at) : 0;
    return (struct bytes){m->window, done > 0 ? (size_t)done : 0};
}

/* Where the next delimiter begins; false: nowhere. */
static bool find_delimiter(const struct multipart *m, uint64_t from, uint64_t *out)
{
    for (uint64_t at = from;;) {
        struct bytes seen = look(m, at, SIZE_MAX);
        if (seen.n < m->delimiter_n)
            return false;
        const uint8_t *hit = memmem(seen.p, seen.n, m->delimiter, m->delimiter_n);
        if (hit) {
            *out = at + (uint64_t)(hit - seen.p);
            return true;
        }
        at += seen.n - m->delimiter_n + 1;
    }
}

static enum err open_body(const char *type, struct multipart *m, struct why *why)
{
    AUTO(arena_clear) struct arena arena = ARENA_INIT(16 * 1024);
    const char *boundary = parameter(&arena, bytes_of(type), "boundary");
    size_t n = boundary ? strlen(boundary) : 0;
    if (n == 0 || n > MULTIPART_BOUNDARY_MAX_BYTES)
        return why_set(why, ERR_INVALID, "multipart/form-data without a usable boundary");
    memcpy(m->delimiter, "\r\n--", 4);
    memcpy(m->delimiter + 4, boundary, n + 1);
    m->delimiter_n = n + 4;
    /* The first delimiter may stand at the very beginning, without its line end. */
    struct bytes first = look(m, 0, m->delimiter_n - 2);
    m->at = m->delimiter_n - 2;
    if (first.n == m->at && memcmp(first.p, m->delimiter + 2, first.n) == 0)
        return OK;
    if (!find_delimiter(m, 0, &m->at))
        return why_set(why, ERR_INVALID, "multipart/form-data without its boundary");
    m->at += m->delimiter_n;
    return OK;
}

enum err multipart_open(const char *type, struct bytes body, struct multipart *out, struct why *why)
{
    static const uint8_t nothing[1] = {0};
    *out = (struct multipart){.memory = body.p ? body.p : nothing, .file = -1, .size = body.n};
    return open_body(type, out, why);
}

enum err multipart_open_file(const char *type, int file, uint64_t size, struct arena *arena,
                             struct multipart *out, struct why *why)
{
    *out = (struct multipart){
        .file = file, .size = size, .window = arena_alloc(arena, MULTIPART_WINDOW_BYTES)};
    return out->window ? open_body(type, out, why) : ERR_LIMIT;
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
    struct bytes rest = look(m, m->at, MULTIPART_HEAD_MAX_BYTES);
    uint64_t end;
    *out = (struct multipart_part){0};
    if (rest.n >= 2 && memcmp(rest.p, "--", 2) == 0)
        return ERR_NOTFOUND;
    while (rest.n && (*rest.p == ' ' || *rest.p == '\t')) {
        rest.p++;
        rest.n--;
        m->at++;
    }
    if (rest.n < 2 || memcmp(rest.p, "\r\n", 2) != 0)
        return why_set(why, ERR_INVALID, "the form ends in the middle");
    const uint8_t *blank = memmem(rest.p, rest.n, "\r\n\r\n", 4);
    if (!blank)
        return why_set(why, ERR_INVALID, "a part of the form has no end of head");
    size_t head_n = (size_t)(blank - rest.p);
    enum err e =
        read_head((struct bytes){rest.p + 2, head_n > 2 ? head_n - 2 : 0}, arena, out, why);
    if (e)
        return e;
    out->at = m->at + head_n + 4;
    if (!find_delimiter(m, out->at - 2, &end)) /* an empty part: its line end is the head's */
        return why_set(why, ERR_INVALID, "the form ends in the middle");
    out->size = end > out->at ? end - out->at : 0;
    m->at = end + m->delimiter_n;
    return OK;
}

char *multipart_copy(const struct multipart *m, const struct multipart_part *part,
                     struct arena *arena)
{
    char *out = part->size < arena->max_bytes ? arena_alloc(arena, (size_t)part->size + 1) : NULL;
    for (uint64_t done = 0; out && done < part->size;) {
        struct bytes piece = look(m, part->at + done, (size_t)(part->size - done));
        if (!piece.n)
            return NULL;
        memcpy(out + done, piece.p, piece.n);
        done += piece.n;
    }
    if (out)
        out[part->size] = '\0';
    return out;
}
