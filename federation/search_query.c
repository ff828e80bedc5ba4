#include "federation/search_query.h"

#include "storage/base/clock.h"
#include "storage/word.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DAY_MS ((int64_t)86400000)

struct reading {
    struct search_query *query;
    struct arena *arena;
};

static enum err add(struct reading *r, enum search_term_kind kind, bool is_unwanted,
                    const char *text)
{
    if (!text || r->query->n == SEARCH_TERMS_MAX)
        return ERR_LIMIT;
    r->query->term[r->query->n++] = (struct search_term){kind, is_unwanted, text};
    return OK;
}

/* ---- days ---- */

/* Days from 1970-01-01 to the first of that month (Gregorian; month 13 is the next January). */
static int64_t days_before(int64_t year, int64_t month)
{
    year += (month - 1) / 12;
    month = (month - 1) % 12 + 1;
    int64_t y = year - (month <= 2), era = y / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* "2026", "2026-11", "2026-11-22": [from, until). False: it is no date. */
static bool read_date(const char *text, int64_t *out_from_ms, int64_t *out_until_ms)
{
    unsigned year, month = 1, day = 1;
    int end = 0;
    int n = sscanf(text, "%4u%n-%2u%n-%2u%n", &year, &end, &month, &end, &day, &end);
    if (n < 1 || text[end] || year < 1970 || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    int64_t from = days_before(year, month) + (n == 3 ? (int64_t)day - 1 : 0);
    int64_t until = n == 3   ? from + 1
                    : n == 2 ? days_before(year, (int64_t)month + 1)
                             : days_before((int64_t)year + 1, 1);
    *out_from_ms = from * DAY_MS;
    *out_until_ms = until * DAY_MS;
    return true;
}

static bool narrow(struct search_query *query, int64_t from_ms, int64_t until_ms)
{
    if (from_ms > query->from_ms)
        query->from_ms = from_ms;
    if (until_ms < query->until_ms)
        query->until_ms = until_ms;
    return true;
}

static bool take_date(struct search_query *query, const char *name, const char *value)
{
    int64_t from_ms, until_ms;
    if (!read_date(value, &from_ms, &until_ms))
        return false;
    if (strcmp(name, "before") == 0)
        return narrow(query, INT64_MIN, from_ms);
    if (strcmp(name, "after") == 0)
        return narrow(query, until_ms, INT64_MAX);
    return strcmp(name, "during") == 0 && narrow(query, from_ms, until_ms);
}

/* ---- operators ---- */

static const struct {
    const char *name, *value, *word;
} features[] = {
    {"has", "media", WORD_HAS_MEDIA}, {"has", "image", WORD_HAS_IMAGE},
    {"has", "poll", WORD_HAS_POLL},   {"has", "link", WORD_HAS_LINK},
    {"is", "reply", WORD_IS_REPLY},   {"is", "sensitive", WORD_IS_SENSITIVE},
};

static const struct {
    const char *value;
    enum search_in in;
} places[] = {{"all", SEARCH_IN_ALL}, {"library", SEARCH_IN_LIBRARY}, {"public", SEARCH_IN_PUBLIC}};

static bool take_place(struct search_query *query, const char *value)
{
    for (size_t i = 0; i < COUNT(places); i++)
        if (strcmp(places[i].value, value) == 0) {
            query->in = places[i].in;
            return true;
        }
    return false;
}

/* ERR_NOTFOUND: not an operator that we know. */
static enum err take_operator(struct reading *r, bool is_unwanted, const char *name,
                              const char *value)
{
    for (size_t i = 0; i < COUNT(features); i++)
        if (strcmp(features[i].name, name) == 0 && strcmp(features[i].value, value) == 0)
            return add(r, SEARCH_IS, is_unwanted, features[i].word);
    if (strcmp(name, "from") == 0 && *value)
        return add(r, SEARCH_FROM, is_unwanted, value + (*value == '@'));
    size_t letters = strspn(value, "abcdefghijklmnopqrstuvwxyz");
    if (strcmp(name, "language") == 0 && letters >= 2)
        return add(r, SEARCH_IS, is_unwanted,
                   arena_printf(r->arena, "%s%.*s", WORD_LANGUAGE, (int)letters, value));
    if (!is_unwanted && strcmp(name, "in") == 0 && take_place(r->query, value))
        return OK;
    return !is_unwanted && take_date(r->query, name, value) ? OK : ERR_NOTFOUND;
}

static enum err take_word(struct reading *r, bool is_unwanted, char *word)
{
    char *colon = strchr(word, ':');
    if (colon && colon != word) {
        const char *name = arena_strndup(r->arena, word, (size_t)(colon - word));
        enum err e = name ? take_operator(r, is_unwanted, name, colon + 1) : ERR_LIMIT;
        if (e != ERR_NOTFOUND)
            return e;
    }
    return add(r, SEARCH_WORDS, is_unwanted, word);
}

/* A phrase's closing quote may be missing, while it is typed. */
enum err search_query_parse(const char *text, struct arena *arena, struct search_query *out)
{
    static const char blanks[] = " \t\r\n";
    *out = (struct search_query){.from_ms = INT64_MIN, .until_ms = INT64_MAX};
    struct reading r = {out, arena};
    enum err e = OK;
    for (text += strspn(text, blanks); !e && *text; text += strspn(text, blanks)) {
        bool is_unwanted = *text == '-';
        text += is_unwanted;
        bool is_phrase = *text == '"';
        text += is_phrase;
        size_t n = strcspn(text, is_phrase ? "\"" : blanks);
        char *term = arena_strndup(arena, text, n);
        text += n + (is_phrase && text[n]);
        if (!term)
            return ERR_LIMIT;
        if (n)
            e = is_phrase ? add(&r, SEARCH_PHRASE, is_unwanted, term)
                          : take_word(&r, is_unwanted, term);
    }
    return e;
}
