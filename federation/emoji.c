#include "federation/emoji.h"

#include <string.h>
#include <unictype.h>
#include <unistr.h>

#define ZERO_WIDTH_JOINER 0x200D
#define EMOJI_STYLE 0xFE0F
#define KEYCAP 0x20E3
#define FLAG_A 0x1F1E6 /* regional indicators */
#define FLAG_Z 0x1F1FF
#define TAG_FIRST 0xE0020
#define TAG_LAST 0xE007E
#define TAG_END 0xE007F

/* Takes the character at *at off when it is one of first..last. */
static bool take(const uint8_t **at, ucs4_t first, ucs4_t last)
{
    ucs4_t c;
    const uint8_t *next = u8_next(&c, *at);
    if (!next || c < first || c > last)
        return false;
    *at = next;
    return true;
}

static bool take_flag(const uint8_t **at)
{
    const uint8_t *p = *at;
    if (!take(&p, FLAG_A, FLAG_Z) || !take(&p, FLAG_A, FLAG_Z))
        return false;
    *at = p;
    return true;
}

static bool take_keycap(const uint8_t **at)
{
    const uint8_t *p = *at;
    if (!take(&p, '0', '9') && !take(&p, '#', '#') && !take(&p, '*', '*'))
        return false;
    (void)take(&p, EMOJI_STYLE, EMOJI_STYLE);
    if (!take(&p, KEYCAP, KEYCAP))
        return false;
    *at = p;
    return true;
}

/* One emoji character with its style, skin tone or tags. */
static bool take_character(const uint8_t **at)
{
    ucs4_t c = 0;
    const uint8_t *p = u8_next(&c, *at);
    bool is_half_a_flag = c >= FLAG_A && c <= FLAG_Z;
    if (!p || c < 0x80 || is_half_a_flag || !uc_is_property(c, UC_PROPERTY_EMOJI))
        return false;
    ucs4_t modifier;
    const uint8_t *after = u8_next(&modifier, p);
    if (after && uc_is_property(modifier, UC_PROPERTY_EMOJI_MODIFIER))
        p = after;
    else
        (void)take(&p, EMOJI_STYLE, EMOJI_STYLE);
    if (take(&p, TAG_FIRST, TAG_LAST)) {
        while (take(&p, TAG_FIRST, TAG_LAST))
            ;
        if (!take(&p, TAG_END, TAG_END))
            return false;
    }
    *at = p;
    return true;
}

bool emoji_is_unicode(const char *text)
{
    const uint8_t *p = (const uint8_t *)text;
    size_t n = strlen(text);
    if (n == 0 || n > EMOJI_MAX_BYTES || u8_check(p, n))
        return false;
    do {
        if (!take_keycap(&p) && !take_flag(&p) && !take_character(&p))
            return false;
    } while (take(&p, ZERO_WIDTH_JOINER, ZERO_WIDTH_JOINER));
    return *p == '\0';
}

const char *emoji_shortcode(const char *text, struct arena *arena)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "_+-";
    bool has_colon = *text == ':';
    text += has_colon;
    size_t n = strspn(text, allowed);
    const char *rest = text + n;
    if (n == 0 || n > EMOJI_SHORTCODE_MAX)
        return NULL;
    if (*rest == '@') /* where Misskey found it */
        rest += strcspn(rest, ":");
    if (strcmp(rest, has_colon ? ":" : "") != 0)
        return NULL;
    return arena_strndup(arena, text, n);
}
