#include "node/http/chunk.h"

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum err read_size(struct chunk_reader *r, uint8_t c)
{
    int digit = hex_digit(c);
    if (digit >= 0) {
        if (++r->digits > CHUNK_SIZE_MAX_DIGITS)
            return ERR_INVALID;
        r->left = r->left * 16 + (uint64_t)digit;
        return OK;
    }
    if (c != '\r' || r->digits == 0)
        return ERR_INVALID;
    r->state = CHUNK_SIZE_LF;
    return OK;
}

static enum err read_trailer(struct chunk_reader *r, uint8_t c)
{
    if (++r->trailer_bytes > CHUNK_TRAILER_MAX_BYTES)
        return ERR_INVALID;
    if (c == '\r') {
        r->state = CHUNK_TRAILER_LF;
        return OK;
    }
    r->line_bytes++;
    return (c < ' ' && c != '\t') || c == 0x7f ? ERR_INVALID : OK;
}

static enum err read_line_end(struct chunk_reader *r, uint8_t c)
{
    if (c != '\n')
        return ERR_INVALID;
    switch (r->state) {
    case CHUNK_SIZE_LF:
        r->state = r->left ? CHUNK_DATA : CHUNK_TRAILER;
        r->digits = 0;
        return OK;
    case CHUNK_DATA_LF:
        r->state = CHUNK_SIZE;
        return OK;
    default: /* CHUNK_TRAILER_LF: an empty line ends it all */
        r->state = r->line_bytes ? CHUNK_TRAILER : CHUNK_DONE;
        r->line_bytes = 0;
        return OK;
    }
}

static enum err read_framing(struct chunk_reader *r, uint8_t c)
{
    switch (r->state) {
    case CHUNK_SIZE:
        return read_size(r, c);
    case CHUNK_TRAILER:
        return read_trailer(r, c);
    case CHUNK_DATA_CR:
        r->state = CHUNK_DATA_LF;
        return c == '\r' ? OK : ERR_INVALID;
    default:
        return read_line_end(r, c);
    }
}

enum err chunk_read(struct chunk_reader *reader, struct bytes in, size_t *used, struct bytes *data)
{
    *data = (struct bytes){NULL, 0};
    size_t i = 0;
    while (i < in.n && reader->state != CHUNK_DONE) {
        if (reader->state == CHUNK_DATA) {
            size_t n = in.n - i < reader->left ? in.n - i : (size_t)reader->left;
            *data = (struct bytes){in.p + i, n};
            *used = i + n;
            reader->left -= n;
            if (reader->left == 0)
                reader->state = CHUNK_DATA_CR;
            return ERR_LATER;
        }
        enum err e = read_framing(reader, in.p[i++]);
        if (e)
            return e;
    }
    *used = i;
    return reader->state == CHUNK_DONE ? OK : ERR_LATER;
}
