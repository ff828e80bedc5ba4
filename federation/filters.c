#include "federation/filters.h"

#include "federation/sanitize.h"

#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>
#include <uniwbrk.h>

/* ---- text ---- */

/* malloc'd; NULL when it cannot be, or is empty. */
static uint8_t *fold(const char *text, size_t n, size_t *out_n)
{
    uint8_t *folded = u8_casefold((const uint8_t *)text, n, NULL, UNINORM_NFKC, NULL, out_n);
    if (folded && *out_n == 0)
        xfree(&folded);
    return folded;
}

static bool is_word(ucs4_t c)
{
    return c == '_' || uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M |
                                                               UC_CATEGORY_MASK_N);
}

static bool is_word_at(const uint8_t *p, size_t n)
{
    ucs4_t c;
    return n && u8_mbtouc(&c, p, n) > 0 && is_word(c);
}

static bool is_word_before(const uint8_t *start, const uint8_t *p)
{
    ucs4_t c;
    return u8_prev(&c, p, start) && is_word(c);
}

/* What a post says, folded; the word breaks are found when first asked for. */
struct text {
    uint8_t *p;
    size_t n;
    char *breaks;
};

static void text_clear(struct text *text)
{
    xfree(&text->p);
    xfree(&text->breaks);
}

static void add_part(struct buf *buf, const char *part)
{
    if (part && *part) {
        buf_str(buf, part);
        buf_char(buf, '\n');
    }
}

static void text_of(const Post *post, struct text *out)
{
    AUTO(buf_clear) struct buf buf = BUF_INIT(FILTERS_TEXT_MAX_BYTES);
    AUTO(buf_clear) struct buf content = BUF_INIT(FILTERS_TEXT_MAX_BYTES);
    add_part(&buf, post->name);
    add_part(&buf, post->summary);
    for (size_t i = 0; post->poll && i < post->poll->n_options; i++)
        add_part(&buf, post->poll->options[i]->name);
    for (size_t i = 0; i < post->n_attachments; i++)
        add_part(&buf, post->attachments[i]->description);
    if (sanitize_to_text(post->content_html, &content) == OK)
        add_part(&buf, buf_text(&content));
    size_t n = strlen(buf_text(&buf));
    while (n && u8_check((const uint8_t *)buf_text(&buf), n)) /* cut inside a character */
        n--;
    out->p = n ? fold(buf_text(&buf), n, &out->n) : NULL;
}

static bool breaks_at(struct text *text, size_t at)
{
    if (at == 0 || at == text->n)
        return true;
    if (!text->breaks) {
        text->breaks = xcalloc(text->n, 1);
        u8_wordbreaks(text->p, text->n, text->breaks);
    }
    return text->breaks[at];
}

static bool stands_alone(struct text *text, const struct filter_word *word, size_t at)
{
    size_t end = at + word->folded.n;
    bool starts =
        !word->needs_start || !is_word_before(text->p, text->p + at) || breaks_at(text, at);
    return starts &&
           (!word->needs_end || !is_word_at(text->p + end, text->n - end) || breaks_at(text, end));
}

static bool is_in(struct text *text, const struct filter_word *word)
{
    if (!text->p || !word->folded.n)
        return false;
    for (size_t from = 0; from + word->folded.n <= text->n;) {
        const uint8_t *found =
            memmem(text->p + from, text->n - from, word->folded.p, word->folded.n);
        if (!found)
            return false;
        size_t at = (size_t)(found - text->p);
        if (stands_alone(text, word, at))
            return true;
        from = at + 1;
    }
    return false;
}

/* ---- filters ---- */

/* White space around a keyword means nothing; of nothing but that, nothing is left. */
static struct bytes trim(struct bytes text)
{
    while (text.n && text.p[0] <= ' ') {
        text.p++;
        text.n--;
    }
    while (text.n && text.p[text.n - 1] <= ' ')
        text.n--;
    return text;
}

static enum err add_word(const FilterKeyword *keyword, struct arena *arena, struct filter_word *out)
{
    size_t n = 0;
    AUTO(xfree)
    uint8_t *folded =
        utf8_check(bytes_of(keyword->text)) ? fold(keyword->text, strlen(keyword->text), &n) : NULL;
    struct bytes word = trim((struct bytes){folded, folded ? n : 0});
    if (!word.n)
        return OK; /* matches nothing */
    out->folded = arena_bytes(arena, word);
    out->needs_start = keyword->is_whole_word && is_word_at(word.p, word.n);
    out->needs_end = keyword->is_whole_word && is_word_before(word.p, word.p + word.n);
    return out->folded.p ? OK : ERR_LIMIT;
}

static enum err add_rule(struct filters *filters, const Filter *filter, struct arena *arena)
{
    struct filter_rule *rule = &filters->rules[filters->n];
    *rule =
        (struct filter_rule){filter, arena_calloc(arena, filter->n_keywords, sizeof *rule->words)};
    enum err e = rule->words ? OK : ERR_LIMIT;
    for (size_t i = 0; !e && i < filter->n_keywords; i++)
        e = add_word(filter->keywords[i], arena, &rule->words[i]);
    filters->n += !e;
    return e;
}

enum err filters_load(struct txn *txn, actor_id owner, int64_t now_ms, struct arena *arena,
                      struct filters **out)
{
    struct filters *filters = arena_alloc(arena, sizeof *filters);
    Filter *filter;
    enum err e = OK;
    if (filters)
        filters->rules = arena_calloc(arena, FILTERS_MAX, sizeof *filters->rules);
    if (!filters || !filters->rules)
        return ERR_LIMIT;
    filters->owner = owner;
    for (uint64_t id = 0;
         owner.v && filters->n < FILTERS_MAX && !(e = filter_next(txn, owner, id, arena, &filter));
         id = filter->id)
        if ((!filter->expires_ms || filter->expires_ms > now_ms) &&
            (e = add_rule(filters, filter, arena)))
            return e;
    if (e && e != ERR_NOTFOUND)
        return e;
    *out = filters;
    return OK;
}

static bool names(const Filter *filter, size_t i, const Post *post)
{
    return filter->posts[i]->post == post->id;
}

static bool applies(const struct filters *filters, const Filter *filter, unsigned contexts,
                    const Post *post)
{
    return filter->contexts & contexts && post->author != filters->owner.v;
}

static enum err match_rule(const struct filter_rule *rule, struct text *text, const Post *post,
                           struct arena *arena, struct filter_hit *hit)
{
    const Filter *filter = rule->filter;
    *hit = (struct filter_hit){.filter = filter,
                               .keywords = arena_calloc(arena, filter->n_keywords, sizeof(size_t)),
                               .posts = arena_calloc(arena, filter->n_posts, sizeof(size_t))};
    if (!hit->keywords || !hit->posts)
        return ERR_LIMIT;
    for (size_t i = 0; i < filter->n_keywords; i++)
        if (is_in(text, &rule->words[i]))
            hit->keywords[hit->n_keywords++] = i;
    for (size_t i = 0; i < filter->n_posts; i++)
        if (names(filter, i, post))
            hit->posts[hit->n_posts++] = i;
    return OK;
}

enum err filters_match(const struct filters *filters, unsigned contexts, const Post *post,
                       struct arena *arena, struct filter_hit **out, size_t *out_n)
{
    AUTO(text_clear) struct text text = {NULL, 0, NULL};
    *out_n = 0;
    *out = NULL;
    for (size_t i = 0; i < filters->n; i++) {
        if (!applies(filters, filters->rules[i].filter, contexts, post))
            continue;
        if (!*out) {
            *out = arena_calloc(arena, filters->n, sizeof **out);
            if (!*out)
                return ERR_LIMIT;
            text_of(post, &text);
        }
        struct filter_hit *hit = &(*out)[*out_n];
        enum err e = match_rule(&filters->rules[i], &text, post, arena, hit);
        if (e)
            return e;
        *out_n += hit->n_keywords || hit->n_posts;
    }
    return OK;
}

bool filters_hide(const struct filters *filters, unsigned contexts, const Post *post)
{
    AUTO(text_clear) struct text text = {NULL, 0, NULL};
    for (size_t r = 0; r < filters->n; r++) {
        const struct filter_rule *rule = &filters->rules[r];
        if (rule->filter->action != FILTER_ACTION__HIDE ||
            !applies(filters, rule->filter, contexts, post))
            continue;
        if (!text.p)
            text_of(post, &text);
        for (size_t i = 0; i < rule->filter->n_keywords; i++)
            if (is_in(&text, &rule->words[i]))
                return true;
        for (size_t i = 0; i < rule->filter->n_posts; i++)
            if (names(rule->filter, i, post))
                return true;
    }
    return false;
}
