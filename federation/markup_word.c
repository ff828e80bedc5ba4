#include "federation/markup_word.h"

#include "federation/markup.h"

#include <string.h>
#include <strings.h>
#include <unicase.h>
#include <unictype.h>
#include <unigbrk.h>
#include <uninorm.h>
#include <unistr.h>

#define TAG_MAX_CHARACTERS 100
#define HANDLE_MAX_BYTES 400

static bool is_ascii_word(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_';
}

/* ASCII is answered without libunistring's tables: most text never brings them into memory. */
static bool is_word(ucs4_t c)
{
    if (c < 0x80)
        return is_ascii_word((char)c);
    return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M |
                                                   UC_CATEGORY_MASK_N);
}

static bool is_number(ucs4_t c)
{
    if (c < 0x80)
        return c >= '0' && c <= '9';
    return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_N);
}

/* The bytes of word characters at the start of `text`. */
static size_t word_length(const char *text, size_t n, bool *out_has_letter)
{
    size_t i = 0;
    *out_has_letter = false;
    while (i < n) {
        ucs4_t c;
        int width = u8_mbtouc(&c, (const uint8_t *)text + i, n - i);
        if (width <= 0 || !is_word(c))
            break;
        *out_has_letter |= !is_number(c) && c != '_';
        i += (size_t)width;
    }
    return i;
}

/* NFKC, case-folded: malloc'd; NULL when it cannot be. */
static uint8_t *fold(const char *text, size_t n, size_t *out_n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] >= 0x80)
            return u8_casefold((const uint8_t *)text, n, NULL, UNINORM_NFKC, NULL, out_n);
    uint8_t *folded = xcalloc(n + 1, 1);
    for (size_t i = 0; i < n; i++)
        folded[i] = (uint8_t)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 32 : text[i]);
    *out_n = n;
    return folded;
}

const char *tag_fold(const char *tag, struct arena *arena)
{
    if (!tag)
        return NULL;
    tag += *tag == '#';
    size_t n = strlen(tag), folded_n = 0;
    bool has_letter;
    if (n > TAG_MAX_CHARACTERS * 4 || !utf8_check(bytes_of(tag)))
        return NULL;
    uint8_t *folded = fold(tag, n, &folded_n);
    const char *result = NULL;
    if (folded && folded_n && u8_mbsnlen(folded, folded_n) <= TAG_MAX_CHARACTERS &&
        word_length((const char *)folded, folded_n, &has_letter) == folded_n && has_letter)
        result = arena_strndup(arena, folded, folded_n);
    xfree(&folded);
    return result;
}

/* Name of a mention or host: letters and digits, with . and - between them. */
static size_t name_length(const char *text, size_t n, bool is_host)
{
    size_t i = 0, good = 0;
    for (; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (is_ascii_word(text[i]) || (is_host && c >= 0x80))
            good = i + 1;
        else if ((c != '.' && c != '-') || i == 0)
            break;
    }
    return good;
}

/* "name", "name@host", "name@host:8443" at the start of `text`; 0: none. */
static size_t handle_length(const char *text, size_t n)
{
    size_t name = name_length(text, n, false);
    if (!name || name + 1 >= n || text[name] != '@')
        return name;
    size_t host = name_length(text + name + 1, n - name - 1, true);
    if (!host)
        return name;
    size_t end = name + 1 + host, port = 0;
    while (end + 1 + port < n && port < 6 && text[end + 1 + port] >= '0' &&
           text[end + 1 + port] <= '9')
        port++;
    return end < n && text[end] == ':' && port > 0 && port < 6 ? end + 1 + port : end;
}

void markup_tag_path(const char *folded, struct buf *out)
{
    for (const char *p = folded; *p; p++) {
        if (is_ascii_word(*p))
            buf_char(out, *p);
        else
            buf_printf(out, "%%%02X", (unsigned char)*p);
    }
}

/* A mention or tag cannot begin inside a word, a path or another one. */
static bool may_begin(const char *text, size_t at)
{
    if (!at)
        return true;
    const uint8_t *start = (const uint8_t *)text, *before = start + at;
    ucs4_t c;
    do
        before--;
    while (before > start && (*before & 0xC0) == 0x80);
    (void)u8_mbtouc(&c, before, (size_t)(start + at - before));
    return !is_word(c) && c != '/' && c != '@' && c != '#' && c != '&';
}

size_t word_special(const char *text, size_t n, size_t at)
{
    bool has_letter;
    if ((text[at] != '@' && text[at] != '#') || !may_begin(text, at))
        return 0;
    if (text[at] == '@') {
        size_t length = handle_length(text + at + 1, n - at - 1);
        return length <= HANDLE_MAX_BYTES ? length : 0;
    }
    size_t length = word_length(text + at + 1, n - at - 1, &has_letter);
    return has_letter && length <= TAG_MAX_CHARACTERS * 4 ? length : 0;
}

/* What ends a sentence ends no address; a bracket does when it was opened before. */
static size_t without_tail(const char *text, size_t n)
{
    while (n) {
        char last = text[n - 1];
        size_t opened = 0, closed = 0;
        for (size_t i = 0; i < n; i++) {
            opened += text[i] == '(';
            closed += text[i] == ')';
        }
        if (!strchr(".,:;!?'\"*_~", last) && !(last == ')' && closed > opened))
            break;
        n--;
    }
    return n;
}

size_t word_url(const char *text, size_t n, size_t at)
{
    size_t scheme = 0, end;
    if (n - at > 8 && strncasecmp(text + at, "https://", 8) == 0)
        scheme = 8;
    else if (n - at > 7 && strncasecmp(text + at, "http://", 7) == 0)
        scheme = 7;
    if (!scheme || !may_begin(text, at))
        return 0;
    for (end = at + scheme; end < n && end - at < WORD_URL_MAX_BYTES; end++)
        if ((unsigned char)text[end] <= ' ' || strchr("<>\"`|{}\\^", text[end]))
            break;
    end = at + without_tail(text + at, end - at);
    return end > at + scheme ? end - at : 0;
}

/* ---- how long a text is, as its author is told ---- */

/* All breaks at once: what joins emoji is seen only from further back. */
static size_t graphemes(const char *text, size_t n)
{
    AUTO(xfree) char *breaks = xcalloc(n + 1, 1);
    size_t count = 0;
    u8_grapheme_breaks((const uint8_t *)text, n, breaks);
    for (size_t i = 0; i < n; i++)
        count += breaks[i] != 0;
    return count;
}

size_t markup_count(const char *text)
{
    size_t n = strlen(text), count = 0, plain = 0;
    for (size_t i = 0; i < n; i++) {
        size_t url = word_url(text, n, i);
        size_t special = url || text[i] != '@' ? 0 : word_special(text, n, i);
        const char *host = special ? memchr(text + i + 1, '@', special) : NULL;
        if (!url && !host)
            continue;
        count += graphemes(text + plain, i - plain);
        count += url ? MARKUP_URL_CHARACTERS : (size_t)(host - text) - i;
        plain = i + (url ? url : special + 1);
        i = plain - 1;
    }
    return count + graphemes(text + plain, n - plain);
}
