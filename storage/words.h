/*
 * words - the words a text is found by, the same whoever wrote it and whoever looks for it.
 *
 * Text is folded first: compatibility forms, case, accents, vowel points and what cannot be seen
 * are no difference ("Straße", "STRASSE"; "Müller", "muller"; "ISTANBUL", "ıstanbul"). A word is a
 * run of letters, marks and digits: it ends where UAX #29 ends one, and also at apostrophes,
 * underscores and dots, but for those inside a number ("3.5"). Scripts that set no spaces (Chinese,
 * Japanese, Thai, Lao, Khmer, Burmese; Korean too, whose words carry their particles) have
 * characters for words, and pairs of neighbours. A symbol or emoji is a word.
 *
 * Bounds   the first WORDS_TEXT_MAX_BYTES of a text; words are cut to WORD_MAX_BYTES; words.max
 * Memory   in words.arena
 * Threads  pure
 * Errors   ERR_LIMIT: the arena is full. More words than the maximum are left out.
 * Source   UAX #15 (NFKC), UAX #29; folding by libunistring
 */
#ifndef WARD_STORAGE_WORDS_H
#define WARD_STORAGE_WORDS_H

#include "storage/base/arena.h"

#define WORD_MAX_BYTES 48
#define WORDS_TEXT_MAX_BYTES ((size_t)128 * 1024)

enum words_use {
    WORDS_STORED,   /* of a text that is to be found: characters and pairs where there are no spaces
                     */
    WORDS_ASKED,    /* what it is asked for: pairs alone, or a single character */
    WORDS_SPOKEN,   /* in order, nothing twice: to compare phrases */
    WORDS_OF_NAME,  /* of a name that is to be found by how a word begins */
    WORDS_OF_TYPED, /* the beginnings that were typed */
};

struct words {
    struct arena *arena;
    enum words_use use;
    size_t max;
    const char **item;
    size_t n, room;
};

/* Adds the words of a text, in order; a word that comes twice is added twice. */
MUST_CHECK enum err words_add(struct words *words, const char *text);
/* The same of sanitised HTML, without its markup. */
MUST_CHECK enum err words_add_html(struct words *words, const char *html);
/* Sorted, each once. */
void words_sort(struct words *words);
bool words_contain(const struct words *words, const char *word); /* in any order */

#endif
