/*
 * translate - the same words in other languages: contentMap.
 */
#include "federation/act/post.h"

#include <string.h>
#include <strings.h>

#define LANGUAGE_MAX_BYTES 35 /* BCP 47 */

/* Letters, digits and hyphens, a letter first. */
bool act_is_language(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char rest[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    size_t n = strlen(text);
    return n >= 2 && n <= LANGUAGE_MAX_BYTES && strspn(text, letters) >= 2 &&
           strspn(text, rest) == n;
}

static enum err check_language(const struct post_draft *draft, size_t i, struct why *why)
{
    const char *language = draft->translations[i].language;
    if (!act_is_language(language))
        return why_set(why, ERR_INVALID, "\"%.40s\" is no language; write for example de",
                       language);
    for (size_t j = 0; j < i; j++)
        if (strcasecmp(language, draft->translations[j].language) == 0)
            return why_set(why, ERR_INVALID, "two translations are in %s", language);
    return OK;
}

static enum err translate(struct federation *fed, const struct post_translation *from,
                          act_resolve *resolve, struct arena *arena, LanguageText **out,
                          struct why *why)
{
    struct markup *markup = arena_calloc(arena, 1, sizeof *markup);
    actor_id mentioned[MARKUP_MENTIONS_MAX]; /* linked, but nobody is addressed by a translation */
    size_t mentioned_count = 0;
    const char *html;
    LanguageText *text = arena_alloc(arena, sizeof *text);
    if (!markup || !text)
        return why_set(why, ERR_LIMIT, "the text is too long");
    if (!*from->source)
        return why_set(why, ERR_INVALID, "the text is empty");
    enum err e = act_markup(fed, from->source, resolve, arena, markup, mentioned, &mentioned_count,
                            &html, why);
    if (e)
        return e;
    language_text__init(text);
    text->language = (char *)from->language;
    text->content_html = (char *)html;
    *out = text;
    return OK;
}

enum err act_translate(struct federation *fed, const struct post_draft *draft, act_resolve *resolve,
                       struct arena *arena, LanguageText ***out, struct why *why)
{
    size_t n = draft->translation_count;
    if (n > AS2_LANGUAGES_MAX)
        return why_set(why, ERR_INVALID, "more than %d translations", AS2_LANGUAGES_MAX);
    *out = arena_calloc(arena, n + 1, sizeof **out);
    enum err e = *out ? OK : ERR_LIMIT;
    for (size_t i = 0; !e && i < n; i++) {
        e = check_language(draft, i, why);
        if (!e)
            e = translate(fed, &draft->translations[i], resolve, arena, &(*out)[i], why);
    }
    return e;
}
