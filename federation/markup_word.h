/*
 * markup_word - where in a text mentions, hashtags and addresses begin and end; for markup.c.
 *
 * Threads  pure
 */
#ifndef WARD_FEDERATION_MARKUP_WORD_H
#define WARD_FEDERATION_MARKUP_WORD_H

#include "storage/base/base.h"

#define WORD_URL_MAX_BYTES 2048

/* Length of the mention or tag whose sign stands at text[at], without the sign; 0: none. */
size_t word_special(const char *text, size_t n, size_t at);
/* Length of the http or https address that begins at text[at]; 0: none. */
size_t word_url(const char *text, size_t n, size_t at);

#endif
