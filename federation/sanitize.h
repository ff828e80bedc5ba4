/*
 * sanitize - foreign HTML becomes harmless HTML, rebuilt from an allowlist.
 *
 * Parsed by libxml2 and written anew: only p br a span del s u b strong i em code pre blockquote
 * ul ol li h1-h6 ruby rt rp; only href (http, https, mailto), and the classes microformats need
 * (mention, hashtag, u-url, h-card, ellipsis, invisible, quote-inline); every link gets
 * rel="nofollow noopener noreferrer" target="_blank". Text is always escaped. Comments, raw-text
 * and foreign elements are never written. Sanitising twice changes nothing.
 *
 * Threads  pure (libxml2 is initialised by main before the first thread)
 * Errors   ERR_INVALID not UTF-8; ERR_LIMIT the buf is full
 * Source   threats T71-T73; libxml2 rows of its section 1
 */
#ifndef WARD_FEDERATION_SANITIZE_H
#define WARD_FEDERATION_SANITIZE_H

#include "storage/base/arena.h"
#include "storage/base/buf.h"

#define SANITIZE_IN_MAX_BYTES 65536

MUST_CHECK enum err sanitize_html(const char *html, struct buf *out, struct why *why);
/* Markup removed, entities decoded, <br> and </p> as newlines: for terminals and excerpts. */
MUST_CHECK enum err sanitize_to_text(const char *html, struct buf *out);
/* Text into HTML: & < > " ' escaped. */
void html_escape(const char *text, struct buf *out);
/* A name or title: control and bidi characters out, white space folded, cut at `max` characters. */
const char *sanitize_line(const char *text, size_t max, struct arena *arena);

#endif
