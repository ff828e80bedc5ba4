/*
 * markup - what a local author types (Markdown or plain text, @mentions, #hashtags, URLs) becomes
 * HTML.
 *
 * Scan first: it finds the mentions and tags, outside code. The caller looks the mentions up and
 * fills in what it found; render links those and leaves the rest as text. The result has been
 * through sanitize_html.
 *
 * Memory   results live in the caller's arena
 * Source   CommonMark by md4c (raw HTML off); hashtag folding by libunistring (NFKC, case folded)
 */
#ifndef WARD_FEDERATION_MARKUP_H
#define WARD_FEDERATION_MARKUP_H

#include "storage/base/arena.h"
#include "storage/base/buf.h"

#define MARKUP_MENTIONS_MAX 64
#define MARKUP_TAGS_MAX 64
#define MARKUP_URL_CHARACTERS 23 /* what any address counts for in the length of a text */

enum markup_syntax {
    MARKUP_MARKDOWN,
    MARKUP_PLAIN, /* shown as typed: only mentions, hashtags, addresses and line ends mean something
                   */
};

struct markup_mention {
    const char *handle; /* as typed, without the first @: "bob", "bob@host:8443" */
    const char *url;    /* set by the caller; NULL: not found, stays text */
};

struct markup {
    const char *source;
    enum markup_syntax syntax;
    struct markup_mention mentions[MARKUP_MENTIONS_MAX];
    size_t mention_count;
    const char *tags[MARKUP_TAGS_MAX];        /* as typed, first spelling */
    const char *folded_tags[MARKUP_TAGS_MAX]; /* tag_fold of the same */
    size_t tag_count;
};

/* Markdown, or (plain) text that is shown as it was typed. */
MUST_CHECK enum err markup_scan(const char *source, struct arena *arena, struct markup *out);
MUST_CHECK enum err markup_scan_plain(const char *source, struct arena *arena, struct markup *out);
/* `tag_base`: "https://host/tags/" */
MUST_CHECK enum err markup_render(const struct markup *markup, const char *tag_base,
                                  struct buf *html, struct why *why);

/* NFKC, case-folded, without '#'; NULL when it is no tag (empty, digits only, over 100 characters).
 */
const char *tag_fold(const char *tag, struct arena *arena);
/* A folded tag as the last part of an address, percent-encoded. */
void markup_tag_path(const char *folded, struct buf *out);
/* The characters a text counts for: what a reader sees as one is one, an address is
 * MARKUP_URL_CHARACTERS, and a mention of somebody elsewhere is as long as their name. */
size_t markup_count(const char *text);

#endif
