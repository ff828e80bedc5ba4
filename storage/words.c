#include "storage/words.h"

#include "storage/base/buf.h"

#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include <stdlib.h>
#include <string.h>

/* ---- folding ---- */

/* Letters that no normal form takes apart, and what people type for them. */
static const struct {
    ucs4_t from;
    const char *to;
} plain_letter[] = {
    {0x0131, "i"}, /* dotless i */
    {0x00E6, "ae"}, {0x00F8, "o"},  {0x0111, "d"}, {0x0127, "h"},
    {0x0142, "l"},  {0x0153, "oe"}, {0x2019, "'"},
};

/* Accents; points of Hebrew and Arabic, and what is put above or below an alef. */
static bool is_accent(ucs4_t c)
{
    return (c >= 0x0300 && c <= 0x036F) || (c >= 0x0591 && c <= 0x05BD) || c == 0x05BF ||
           c == 0x05C1 || c == 0x05C2 || c == 0x05C4 || c == 0x05C5 || c == 0x05C7 ||
           (c >= 0x0610 && c <= 0x061A) || c == 0x0640 || (c >= 0x064B && c <= 0x065F) ||
           c == 0x0670;
}

static bool is_ascii(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] >= 0x80)
            return false;
    return true;
}

/* What remains of taken-apart text: to one buffer, in place. */
static void plain(const uint8_t *text, size_t n, struct buf *out)
{
    size_t i = 0;
    while (i < n) {
        ucs4_t c;
        int width = u8_mbtouc(&c, text + i, n - i);
        const char *other = NULL;
        for (size_t k = 0; c >= 0x80 && !other && k < COUNT(plain_letter); k++)
            if (plain_letter[k].from == c)
                other = plain_letter[k].to;
        if (other)
            buf_str(out, other);
        else if (c < 0x80 || !(is_accent(c) || uc_is_property_default_ignorable_code_point(c)))
            buf_add(out, text + i, (size_t)width);
        i += (size_t)width;
    }
}

/* Malloc'd; NULL when it cannot be folded (it is not UTF-8). */
static uint8_t *fold(const char *text, size_t n, size_t *out_n)
{
    if (is_ascii(text, n)) {
        uint8_t *lower = xcalloc(n + 1, 1);
        for (size_t i = 0; i < n; i++)
            lower[i] = (uint8_t)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]);
        *out_n = n;
        return lower;
    }
    size_t apart_n;
    AUTO(xfree)
    uint8_t *apart = u8_casefold((const uint8_t *)text, n, NULL, UNINORM_NFKD, NULL, &apart_n);
    AUTO(buf_clear) struct buf kept = BUF_INIT(8 * WORDS_TEXT_MAX_BYTES);
    if (!apart)
        return NULL;
    plain(apart, apart_n, &kept);
    return u8_normalize(UNINORM_NFC, kept.n ? kept.p : (const uint8_t *)"", kept.n, NULL, out_n);
}

/* ---- cutting ---- */

enum letter { BREAK, LETTER, DIGIT, MARK, UNSPACED, SYMBOL };

static bool is_unspaced(ucs4_t c)
{
    return (c >= 0x0E00 && c <= 0x0EFF) ||
           (c >= 0x1000 && c <= 0x11FF && !(c > 0x109F && c < 0x1100)) ||
           (c >= 0x1780 && c <= 0x17FF) || (c >= 0x3005 && c <= 0x3007) ||
           (c >= 0x3040 && c <= 0x318F) || (c >= 0x31F0 && c <= 0x31FF) ||
           (c >= 0x3400 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7FF) ||
           (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x20000 && c <= 0x3FFFF);
}

static enum letter letter_of(ucs4_t c)
{
    if (c < 0x80)
        return c >= '0' && c <= '9' ? DIGIT : c >= 'a' && c <= 'z' ? LETTER : BREAK;
    if (uc_is_general_category_withtable(c, UC_CATEGORY_MASK_M))
        return MARK;
    if (uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_N))
        return is_unspaced(c)                                             ? UNSPACED
               : uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Nd) ? DIGIT
                                                                          : LETTER;
    return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_So) ? SYMBOL : BREAK;
}

struct cutting {
    struct words *words;
    const uint8_t *text;
    size_t n;
};

static enum letter letter_at(const struct cutting *cut, size_t at, size_t *out_width)
{
    ucs4_t c;
    if (at >= cut->n)
        return *out_width = 0, BREAK;
    *out_width = (size_t)u8_mbtouc(&c, cut->text + at, cut->n - at);
    return letter_of(c);
}

static enum err add(struct words *words, const uint8_t *text, size_t n)
{
    if (words->n == words->max)
        return OK;
    if (n > WORD_MAX_BYTES)
        for (n = WORD_MAX_BYTES; (text[n] & 0xC0) == 0x80; n--)
            ;
    if (words->n == words->room) {
        size_t room = words->room ? 2 * words->room : 32;
        const char **item = arena_calloc(words->arena, room, sizeof *item);
        if (!item)
            return ERR_LIMIT;
        if (words->n)
            memcpy(item, words->item, words->n * sizeof *item);
        words->item = item;
        words->room = room;
    }
    words->item[words->n] = arena_strndup(words->arena, text, n);
    return words->item[words->n] ? (words->n++, OK) : ERR_LIMIT;
}

/* One character and the marks that belong to it. */
static size_t cluster_end(const struct cutting *cut, size_t at)
{
    size_t width;
    letter_at(cut, at, &width);
    for (at += width; letter_at(cut, at, &width) == MARK; at += width)
        ;
    return at;
}

/* A dot or comma between digits belongs to the number. */
static bool is_in_number(const struct cutting *cut, size_t at)
{
    size_t width;
    return at + 1 < cut->n && (cut->text[at] == '.' || cut->text[at] == ',') &&
           letter_at(cut, at + 1, &width) == DIGIT;
}

static size_t word_end(const struct cutting *cut, size_t at)
{
    enum letter before = BREAK;
    for (size_t width;; at += width) {
        enum letter now = letter_at(cut, at, &width);
        if (now == BREAK && before == DIGIT && is_in_number(cut, at))
            width = 1;
        else if (now != LETTER && now != DIGIT && now != MARK)
            return at;
        before = now;
    }
}

static size_t run_end(const struct cutting *cut, size_t at)
{
    size_t width;
    while (letter_at(cut, at, &width) == UNSPACED)
        at = cluster_end(cut, at);
    return at;
}

/* A run of a script without spaces. */
static enum err add_run(struct cutting *cut, size_t start, size_t end)
{
    enum words_use use = cut->words->use;
    enum err e = OK;
    if (use == WORDS_OF_TYPED)
        return add(cut->words, cut->text + start, end - start);
    for (size_t at = start, next; !e && at < end; at = next) {
        next = cluster_end(cut, at);
        bool is_alone = at == start && next == end;
        if (use == WORDS_OF_NAME)
            e = add(cut->words, cut->text + at, end - at);
        else if (use != WORDS_ASKED || is_alone)
            e = add(cut->words, cut->text + at, next - at);
        if (!e && next < end && (use == WORDS_STORED || use == WORDS_ASKED))
            e = add(cut->words, cut->text + at, cluster_end(cut, next) - at);
    }
    return e;
}

static enum err cut_words(struct cutting *cut)
{
    enum err e = OK;
    size_t at = 0, end, width;
    while (!e && at < cut->n && cut->words->n < cut->words->max) {
        switch (letter_at(cut, at, &width)) {
        case LETTER:
        case DIGIT:
            end = word_end(cut, at);
            e = add(cut->words, cut->text + at, end - at);
            break;
        case UNSPACED:
            end = run_end(cut, at);
            e = add_run(cut, at, end);
            break;
        case SYMBOL:
            end = at + width;
            e = add(cut->words, cut->text + at, width);
            break;
        default:
            end = at + width;
        }
        at = end;
    }
    return e;
}

static enum err add_text(struct words *words, const char *text, size_t n)
{
    if (n > WORDS_TEXT_MAX_BYTES)
        for (n = WORDS_TEXT_MAX_BYTES; n && ((unsigned char)text[n] & 0xC0) == 0x80; n--)
            ;
    size_t folded_n;
    AUTO(xfree) uint8_t *folded = fold(text, n, &folded_n);
    if (!folded)
        return OK;
    return cut_words(&(struct cutting){words, folded, folded_n});
}

enum err words_add(struct words *words, const char *text)
{
    return add_text(words, text, strlen(text));
}

/* ---- markup ---- */

/* Does what this element holds stand apart from its neighbours? */
static bool is_inline(const char *name, size_t n)
{
    static const char *const names[] = {"a", "b",   "code", "del",    "em",  "i", "ins",
                                        "s", "sub", "span", "strong", "sup", "u"};
    for (size_t i = 0; i < COUNT(names); i++)
        if (strlen(names[i]) == n && memcmp(names[i], name, n) == 0)
            return true;
    return false;
}

/* Past a tag; what it leaves in the text goes to `out`. */
static const char *skip_tag(const char *p, struct buf *out)
{
    const char *name = p + 1 + (p[1] == '/');
    if (!is_inline(name, strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789")))
        buf_char(out, ' ');
    p += strcspn(p, ">");
    return *p ? p + 1 : p;
}

/* Past a reference the sanitiser writes; others stand for a blank. */
static const char *skip_reference(const char *p, struct buf *out)
{
    static const struct {
        const char *name, *text;
    } known[] = {{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}};
    for (size_t i = 0; i < COUNT(known); i++)
        if (strncmp(p, known[i].name, strlen(known[i].name)) == 0) {
            buf_str(out, known[i].text);
            return p + strlen(known[i].name);
        }
    buf_char(out, ' ');
    return p + 1;
}

enum err words_add_html(struct words *words, const char *html)
{
    AUTO(buf_clear) struct buf text = BUF_INIT(WORDS_TEXT_MAX_BYTES + 16);
    while (*html && text.n <= WORDS_TEXT_MAX_BYTES) {
        size_t n = strcspn(html, "<&"), room = WORDS_TEXT_MAX_BYTES + 4 - text.n;
        buf_add(&text, html, n < room ? n : room); /* what is over is cut below, between letters */
        html += n;
        if (*html == '<')
            html = skip_tag(html, &text);
        else if (*html == '&')
            html = skip_reference(html, &text);
    }
    return text.n ? add_text(words, buf_text(&text), text.n) : OK;
}

/* ---- sets ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void words_sort(struct words *words)
{
    size_t n = 0;
    if (words->n)
        qsort(words->item, words->n, sizeof *words->item, by_text);
    for (size_t i = 0; i < words->n; i++)
        if (i == 0 || strcmp(words->item[i], words->item[n - 1]) != 0)
            words->item[n++] = words->item[i];
    words->n = n;
}

bool words_contain(const struct words *words, const char *word)
{
    for (size_t i = 0; i < words->n; i++)
        if (strcmp(words->item[i], word) == 0)
            return true;
    return false;
}
