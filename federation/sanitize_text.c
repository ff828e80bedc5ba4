#include "federation/sanitize.h"

#include <string.h>
#include <unistr.h>

void html_escape(const char *text, struct buf *out)
{
    for (; *text; text++) {
        switch (*text) {
        case '&':
            buf_str(out, "&amp;");
            break;
        case '<':
            buf_str(out, "&lt;");
            break;
        case '>':
            buf_str(out, "&gt;");
            break;
        case '"':
            buf_str(out, "&quot;");
            break;
        case '\'':
            buf_str(out, "&#39;");
            break;
        default:
            buf_char(out, *text);
        }
    }
}

static bool is_white(ucs4_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
           c == 0x205F || c == 0x3000;
}

/* Controls, and what is invisible or turns the direction of what follows (T73, T83). Joiners
 * stay: scripts and emoji need them. */
static bool is_unwanted(ucs4_t c)
{
    return c < ' ' || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x61C || c == 0x200B ||
           c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) ||
           (c >= 0xE0000 && c <= 0xE007F);
}

const char *sanitize_line(const char *text, size_t max, struct arena *arena)
{
    size_t n = text ? strlen(text) : 0, used = 0, characters = 0;
    bool is_space_due = false;
    uint8_t *line = arena_alloc(arena, n * 3 + 1); /* a wrong byte becomes U+FFFD */
    if (!line)
        return NULL;
    for (size_t i = 0; i < n && characters < max;) {
        ucs4_t c;
        int width = u8_mbtouc(&c, (const uint8_t *)text + i, n - i);
        i += width > 0 ? (size_t)width : 1;
        if (is_white(c)) {
            is_space_due = characters > 0;
            continue;
        }
        if (is_unwanted(c))
            continue;
        if (is_space_due && characters + 1 >= max)
            break;
        if (is_space_due) {
            line[used++] = ' ';
            characters++;
        }
        is_space_due = false;
        int written = u8_uctomb(line + used, c, (ptrdiff_t)(n * 3 - used));
        if (written <= 0)
            break;
        used += (size_t)written;
        characters++;
    }
    line[used] = '\0';
    return (const char *)line;
}
