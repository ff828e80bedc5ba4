/*
 * emoji - is this text one emoji?
 *
 * Threads  pure
 * Source   UTS #51 (possible emoji, by the properties of libunistring); FEP-c0e0
 */
#ifndef WARD_FEDERATION_EMOJI_H
#define WARD_FEDERATION_EMOJI_H

#include "storage/base/arena.h"

#define EMOJI_MAX_BYTES 64     /* a family of four with skin tones has 41 */
#define EMOJI_SHORTCODE_MAX 64 /* characters between the colons */

/* One Unicode emoji: a character, a flag, a keycap, or several of them joined; nothing else. */
bool emoji_is_unicode(const char *text);

/* ":name:", "name" and Misskey's ":name@host:" give "name"; NULL when that is no shortcode. */
const char *emoji_shortcode(const char *text, struct arena *arena);

#endif
