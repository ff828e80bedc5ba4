#include "node/text.h"

#include <stdio.h>
#include <string.h>

#define SUGGEST_MAX_BYTES 32

/* Reads one character of well-formed UTF-8; 0 bytes when the bytes are none. */
static size_t text_next(struct bytes in, uint32_t *out)
{
    size_t n = in.p[0] < 0x80 ? 1 : in.p[0] < 0xE0 ? 2 : in.p[0] < 0xF0 ? 3 : 4;
    if (n > in.n || !utf8_check((struct bytes){in.p, n}))
        return 0;
    uint32_t c = n == 1 ? in.p[0] : in.p[0] & (0xFFu >> (n + 1));
    for (size_t i = 1; i < n; i++)
        c = c << 6 | (in.p[i] & 0x3Fu);
    *out = c;
    return n;
}

/* Characters that act on a terminal or on their neighbours instead of being seen. */
static bool text_is_hidden(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } hidden[] = {
        {0x00, 0x1F},       {0x7F, 0x9F},       {0xAD, 0xAD},         {0x61C, 0x61C},
        {0x180E, 0x180E},   {0x200B, 0x200F},   {0x2028, 0x202E},     {0x2060, 0x206F},
        {0xFEFF, 0xFEFF},   {0xFFF9, 0xFFFB},   {0x1BCA0, 0x1BCA3},   {0x1D173, 0x1D17A},
        {0xE0000, 0xE0FFF}, {0xF0000, 0xFFFFF}, {0x100000, 0x10FFFF},
    };
    for (size_t i = 0; i < COUNT(hidden); i++)
        if (c >= hidden[i].first && c <= hidden[i].last)
            return true;
    return false;
}

static int escape_json(char *out, size_t room, uint32_t c)
{
    switch (c) {
    case '\n':
        return snprintf(out, room, "\\n");
    case '\r':
        return snprintf(out, room, "\\r");
    case '\t':
        return snprintf(out, room, "\\t");
    default:
        break;
    }
    if (c < 0x10000)
        return snprintf(out, room, "\\u%04x", c);
    c -= 0x10000;
    return snprintf(out, room, "\\u%04x\\u%04x", 0xD800 + (c >> 10), 0xDC00 + (c & 0x3FF));
}

static int escape_terminal(char *out, size_t room, uint32_t c)
{
    switch (c) {
    case '\n':
        return snprintf(out, room, "\\n");
    case '\r':
        return snprintf(out, room, "\\r");
    case '\t':
        return snprintf(out, room, "\\t");
    default:
        return snprintf(out, room, c < 0x80 ? "\\x%02x" : "\\u{%x}", c);
    }
}

/* One character of `in` as it will be written: the number of bytes read; `piece` holds the rest. */
static size_t text_piece(struct bytes in, enum text_style style, char piece[16])
{
    uint32_t c = 0;
    size_t n = text_next(in, &c);
    if (n == 0) {
        if (style == TEXT_JSON)
            memcpy(piece, "\xEF\xBF\xBD", 4);
        else
            snprintf(piece, 16, "\\x%02x", in.p[0]);
        return 1;
    }
    if (text_is_hidden(c)) {
        if (style == TEXT_JSON)
            escape_json(piece, 16, c);
        else
            escape_terminal(piece, 16, c);
        return n;
    }
    bool needs_backslash = style != TEXT_TERMINAL && (c == '"' || c == '\\');
    snprintf(piece, 16, "%s%.*s", needs_backslash ? "\\" : "", (int)n, (const char *)in.p);
    return n;
}

void text_escape(struct buf *out, struct bytes in, enum text_style style, size_t max_bytes)
{
    size_t written = 0;
    while (in.n > 0) {
        char piece[16];
        size_t n = text_piece(in, style, piece);
        size_t len = strlen(piece);
        if (written + len > max_bytes) {
            buf_str(out, "...");
            return;
        }
        buf_add(out, piece, len);
        written += len;
        in.p += n;
        in.n -= n;
    }
}

void text_json(struct buf *out, const char *text)
{
    if (!text) {
        buf_str(out, "null");
        return;
    }
    buf_char(out, '"');
    text_escape(out, bytes_of(text), TEXT_JSON, SIZE_MAX);
    buf_char(out, '"');
}

/* Levenshtein distance of two short words. */
static size_t distance(const char *a, const char *b)
{
    size_t row[SUGGEST_MAX_BYTES + 1];
    size_t na = strlen(a), nb = strlen(b);
    for (size_t j = 0; j <= nb; j++)
        row[j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[nb];
}

const char *text_suggest(const char *word, const char *const *words)
{
    const char *best = NULL;
    size_t best_distance = strlen(word) / 3 + 1; /* further away is no slip of the finger */
    if (strlen(word) > SUGGEST_MAX_BYTES)
        return NULL;
    for (; *words; words++) {
        if (strlen(*words) > SUGGEST_MAX_BYTES)
            continue;
        size_t d = distance(word, *words);
        if (d <= best_distance && (!best || d < best_distance)) {
            best = *words;
            best_distance = d;
        }
    }
    return best;
}
