#include "node/http/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum range { RANGE_NONE, RANGE_PART, RANGE_OUTSIDE };

/* Digits only; false: none, or too many. */
static bool read_number(const char **text, uint64_t *out)
{
    size_t n = strspn(*text, "0123456789");
    *out = n ? strtoull(*text, NULL, 10) : 0;
    *text += n;
    return n > 0 && n < 19;
}

/* "bytes=5-9", "bytes=5-", "bytes=-5"; what is none of these is as if not sent. */
static enum range read_range(const char *text, uint64_t size, uint64_t *from, uint64_t *n)
{
    uint64_t first = 0, last = 0;
    if (!text || strncmp(text, "bytes=", 6) != 0)
        return RANGE_NONE;
    text += 6;
    bool has_first = read_number(&text, &first);
    if (*text++ != '-')
        return RANGE_NONE;
    bool has_last = read_number(&text, &last);
    if (*text || (!has_first && !has_last) || (has_first && has_last && last < first))
        return RANGE_NONE;
    if (!has_first) { /* so many at the end */
        *n = last < size ? last : size;
        *from = size - *n;
        return *n ? RANGE_PART : RANGE_OUTSIDE;
    }
    *from = first;
    *n = has_last && last < size ? last - first + 1 : size - first;
    return first < size ? RANGE_PART : RANGE_OUTSIDE;
}

static struct response *outside(const struct file_answer *file)
{
    char text[64];
    struct response *response = response_error(416, NULL);
    snprintf(text, sizeof text, "bytes */%" PRIu64, file->size);
    response_set(response, "Content-Range", text);
    close(file->fd);
    return response;
}

struct response *file_answer(const struct request *request, const struct file_answer *file)
{
    char text[96];
    uint64_t from = 0, n = file->size;
    enum range range = read_range(request_header(request, "range"), file->size, &from, &n);
    if (range == RANGE_OUTSIDE)
        return outside(file);
    struct response *response =
        response_file(range == RANGE_PART ? 206 : 200, file->type, file->fd, n);
    response->file_from = file->from + from;
    if (range == RANGE_PART) {
        snprintf(text, sizeof text, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, from, from + n - 1,
                 file->size);
        response_set(response, "Content-Range", text);
    }
    response_set(response, "Accept-Ranges", "bytes");
    response_set(response, "Access-Control-Allow-Origin", "*");
    response_set(response, "Content-Security-Policy", "default-src 'none'; sandbox");
    return response;
}
