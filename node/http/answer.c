#include "node/http/answer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void end_head(struct answer *a)
{
    if (a->status == 101) {
        a->state = ANSWER_UPGRADED;
    } else if (a->status < 200) { /* 100 Continue: the answer itself is still to come */
        *a = (struct answer){.is_to_head = a->is_to_head};
    } else if (a->is_to_head || a->status == 204 || a->status == 304) {
        a->state = ANSWER_DONE;
    } else if (a->is_chunked) {
        a->state = ANSWER_CHUNKED;
    } else if (a->has_length) {
        a->state = a->left ? ANSWER_LENGTH : ANSWER_DONE;
    } else {
        a->state = ANSWER_UNTIL_CLOSE;
        a->wants_close = true;
    }
}

static const char *value_of(const char *line, const char *name)
{
    size_t n = strlen(name);
    return strncasecmp(line, name, n) == 0 ? line + n : NULL;
}

static void end_line(struct answer *a)
{
    size_t n = a->line_bytes < sizeof(a->line) - 1 ? a->line_bytes : sizeof(a->line) - 1;
    a->line[n] = '\0';
    a->line_bytes = 0;

    const char *value;
    if (a->status == 0) {
        a->status = n > 12 ? (int)strtol(a->line + 9, NULL, 10) : 500;
        if (n > 7 && a->line[7] == '0')
            a->wants_close = true;
    } else if (n == 0) {
        end_head(a);
    } else if ((value = value_of(a->line, "content-length:"))) {
        a->has_length = true;
        a->left = strtoull(value, NULL, 10);
    } else if ((value = value_of(a->line, "transfer-encoding:"))) {
        a->is_chunked = strcasestr(value, "chunked") != NULL;
    } else if ((value = value_of(a->line, "connection:"))) {
        a->wants_close |= strcasestr(value, "close") != NULL;
    }
}

static void read_head_byte(struct answer *a, uint8_t c)
{
    a->has_begun = true;
    if (c == '\n') {
        end_line(a); /* an interim answer's end makes it not begun again */
    } else if (c != '\r') {
        if (a->line_bytes < sizeof(a->line) - 1)
            a->line[a->line_bytes] = (char)c;
        a->line_bytes++;
    }
}

static size_t read_chunked(struct answer *a, struct bytes in)
{
    size_t all = 0;
    while (all < in.n) {
        size_t used = 0;
        struct bytes data;
        enum err e = chunk_read(&a->chunks, (struct bytes){in.p + all, in.n - all}, &used, &data);
        if (e == ERR_INVALID) {
            a->state = ANSWER_UNTIL_CLOSE; /* cannot happen; if it does, end with the connection */
            a->wants_close = true;
            return in.n;
        }
        all += used;
        if (e == OK) {
            a->state = ANSWER_DONE;
            break;
        }
    }
    return all;
}

size_t answer_feed(struct answer *answer, struct bytes in)
{
    size_t i = 0;
    while (i < in.n && answer->state == ANSWER_HEAD)
        read_head_byte(answer, in.p[i++]);

    struct bytes rest = {in.p + i, in.n - i};
    switch (answer->state) {
    case ANSWER_LENGTH: {
        size_t n = rest.n < answer->left ? rest.n : (size_t)answer->left;
        answer->left -= n;
        if (answer->left == 0)
            answer->state = ANSWER_DONE;
        return i + n;
    }
    case ANSWER_CHUNKED:
        return i + read_chunked(answer, rest);
    case ANSWER_UNTIL_CLOSE:
    case ANSWER_UPGRADED:
        return in.n;
    default:
        return i;
    }
}
